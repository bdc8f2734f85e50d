"""The seeded items of `marketing`. Campaign templates are AWS's: all accounts see them, and there are always twelve."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral.emulator.seed.companies import make_company
from aiopartnercentral.emulator.seed.items import OLDEST_DAYS, SEED_DATE
from aiopartnercentral.emulator.seed.kinds import GOALS, OF_AWS, Item, SeededItems, SeededKind, money
from aiopartnercentral.emulator.seed.random import timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TEMPLATES, _CONNECTIONS, _PER_CAMPAIGN = 12, 4, 5
_INDUSTRIES: Final = ("FINANCIAL_SERVICES", "HEALTHCARE", "MANUFACTURING", "RETAIL", "ENERGY", "EDUCATION")
_SEGMENTS: Final = ("ENTERPRISE", "SMB", "PUBLIC_SECTOR", "ISV")
_THEMES: Final = ("AI", "MIGRATION_MODERNIZATION", "SECURITY", "DATA_ANALYTICS")
_AWS_SERVICES: Final = ("Amazon Bedrock", "Amazon Redshift", "Amazon EC2", "AWS Backup", "Amazon EKS")
_PLATFORMS: Final = ("LINKEDIN", "FACEBOOK", "X", "LINKEDIN")


def _text(field: str, label: str, most: int, *, required: bool = True, **more: str) -> Item:
    return {"FieldId": field, "Label": label, "Required": required, "Type": {"Text": {"MaxLength": most, **more}}}


BLUEPRINTS: Final[Sequence[Item]] = (
    {
        "Id": "document", "Type": "DOCUMENT", "Label": "eBook", "DisplayOrder": 1,
        "Fields": [_text("Title", "Title", 80), _text("Summary", "Summary", 400, required=False)],
    },
    {
        "Id": "landing-page", "Type": "LANDING_PAGE", "Label": "Landing page", "DisplayOrder": 2,
        "Fields": [
            _text("Headline", "Headline", 80),
            {"FieldId": "Download", "Label": "Download", "Required": False,
             "Type": {"AssetLink": {"Category": "DOCUMENT"}}},
        ],
    },
    {
        "Id": "email", "Type": "EMAIL", "Label": "Invitation", "DisplayOrder": 3,
        "PrerequisiteAssetTemplateIds": ["landing-page"],
        "Fields": [
            _text("Subject", "Subject", 120),
            {"FieldId": "Body", "Label": "Body", "Required": True,
             "Type": {"RichText": {"MaxLength": 2000, "AllowedTags": ["p", "b", "i", "a", "br"]}}},
            {**_text("Address", "Address", 200), "CampaignSetting": "PARTNER_ADDRESS"},
        ],
    },
    {
        "Id": "social-post", "Type": "SOCIAL_POST", "Label": "Social post", "DisplayOrder": 4,
        "SocialPlatform": "LINKEDIN", "Fields": [_text("Post", "Post", 700)],
    },
    {
        "Id": "banner", "Type": "BANNER_AD", "Label": "Banner", "DisplayOrder": 5,
        "Fields": [
            _text("Link", "Link", 200, Pattern="https://.+"),
            {"FieldId": "Picture", "Label": "Picture", "Required": False,
             "Type": {"Image": {"AllowedFormats": ["PNG", "JPEG"]}}},
        ],
    },
)  # fmt: skip
"""The asset templates of every campaign template, prerequisites first."""
_VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "document": {"Title": "What to know before you start"},
    "landing-page": {"Headline": "Read the eBook"},
    "email": {"Subject": "An eBook for you", "Body": "<p>Please read it.</p>"},
    "social-post": {"Post": "Our eBook is out."},
    "banner": {"Link": "https://www.looms.example/ebook"},
}


@attrs.frozen(slots=False)
class SeededMarketing(SeededItems):
    """The seeded items of `marketing` in one catalog."""

    @cached_property
    def marketing(self) -> Mapping[str, SeededKind]:
        """The kinds of this service."""
        campaigns = self._kind("camp", self._every(10), self._campaign)
        return {
            "campaign-template": self._kind("tmpl", _TEMPLATES, self._template, account=OF_AWS),
            "campaign": campaigns,
            "campaign-asset": self._kind(
                "ast", campaigns.count * _PER_CAMPAIGN, self._asset, parents=campaigns, per_parent=_PER_CAMPAIGN
            ),
            "social-connection": self._kind("sc", min(self.size, _CONNECTIONS), self._connection),
        }

    def _template(self, index: int) -> list[Item]:
        random, goal = self._random("template", index), GOALS[index % len(GOALS)]
        # The last one becomes available later.
        begins = SEED_DATE + timedelta(days=30 if index == _TEMPLATES - 1 else -100 - index)
        return [
            {
                "Id": self.marketing["campaign-template"].identify(index),
                "Arn": "",
                "Name": f"{goal} with {random.choice(_AWS_SERVICES)} {index + 1}",
                "Description": f"Introduces customers to {goal.lower()} on AWS",
                "Industry": random.choice(_INDUSTRIES),
                "UseCase": goal,
                "LanguageCode": ("en", "de", "ja")[index % 3],
                "Collection": ("GENERAL", "BUILD_WITH_AI")[index % 4 == 0],
                "AwsServices": [random.choice(_AWS_SERVICES)],
                "CustomerSegments": [random.choice(_SEGMENTS)],
                "Themes": [random.choice(_THEMES)],
                "SetupDuration": "PT2H",
                "EffectiveDateBegin": timestamp(begins, random),
                "AssetTemplates": list(BLUEPRINTS),
                "CreatedAt": timestamp(begins - timedelta(days=5), random),
                "UpdatedAt": timestamp(begins - timedelta(days=1), random),
            }
        ]

    def _campaign(self, index: int) -> list[Item]:
        random = self._random("campaign", index)
        (template,) = self._template(random.below(_TEMPLATES - 1))
        times, company = self._times(random, 2), make_company(random)
        begins = datetime.fromisoformat(times[1])
        # Every third one has been activated, and is over or still active.
        ends = begins + timedelta(days=30 + random.below(OLDEST_DAYS)) if index % 3 == 0 else SEED_DATE + timedelta(90)
        made = self._begin("campaign", self.marketing["campaign"], index, id="CampaignId") | {
            "Name": f"{template['UseCase']} at {company.name}",
            "CampaignTemplateId": template["Id"],
            "Language": template["LanguageCode"],
            "PrivacyPolicyUrl": f"https://www.{company.domain}/privacy",
            "TotalBudget": money(100 * (1 + random.below(100))),
            "StartOn": f"{begins:%Y-%m-%d}",
            "CreatedAt": times[0],
            "UpdatedAt": times[0],
        }
        return [made, made | {"EndOn": f"{ends:%Y-%m-%d}", "UpdatedAt": times[1]}]

    def _asset(self, index: int) -> list[Item]:
        above, kinds, blueprint = index // _PER_CAMPAIGN, self.marketing, BLUEPRINTS[index % _PER_CAMPAIGN]
        campaign = self._campaign(above)[-1]
        item: Item = {
            "Id": kinds["campaign-asset"].identify(index),
            "Arn": "",
            "CampaignId": campaign["CampaignId"],
            "SourceAssetTemplateId": blueprint["Id"],
            "State": "INACTIVE",
            "Values": {},
            "CreatedAt": campaign["CreatedAt"],
            "UpdatedAt": campaign["UpdatedAt"],
        }
        if above % 3 == 0:
            at = campaign["UpdatedAt"]
            values = {name: {"Text": text} for name, text in _VALUES[blueprint["Id"]].items()}
            item |= {"State": "ACTIVE", "LastActivationStatus": "SUCCEEDED", "StartedAt": at, "Values": values}
            if blueprint["Type"] in ("EMAIL", "SOCIAL_POST"):
                item |= {"SendMode": "ON_ACTIVATION", "SendAt": at}
        return [item]

    def _connection(self, index: int) -> list[Item]:
        random, platform = self._random("connection", index), _PLATFORMS[index]
        age = 20 * (1 + random.below(3))
        item = self._begin("social-connection", self.marketing["social-connection"], index) | {
            "Platform": platform,
            "AccountName": make_company(random).name,
            "ConnectedAt": timestamp(SEED_DATE - timedelta(days=age), random),
        }
        if platform != "X":
            # Some have expired, so that tests can see it.
            item["ExpiresAt"] = timestamp(SEED_DATE + timedelta(days=60 * (index % 2 * 2 - 1) + index), random)
        return [item | ({"PageName": item["AccountName"]} if platform == "FACEBOOK" else {})]
