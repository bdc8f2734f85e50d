"""The seeded items of `benefits`, `channel`, `marketing` and `revenue-measurement`, as functions of their index.

They refer to each other and to the opportunities of `selling`. Benefits and campaign templates are AWS's: all accounts
see them, and their number does not depend on the size of the catalog.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.seed import vocabulary
from aiopartnercentral.emulator.seed.companies import Company, make_company
from aiopartnercentral.emulator.seed.items import SEED_DATE
from aiopartnercentral.emulator.seed.random import DeterministicRandom, index_of, make_identifier, timestamp
from aiopartnercentral.emulator.seed.selling import LONGER_SALT, SeededSelling, arn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Item = dict[str, Any]

OF_AWS: Final = ""
"""The account of what AWS publishes."""
MONEY: Final = "USD"
FREE_DAYS: Final = 365
"""How many days a benefit allocation can be used."""
VALID_DAYS: Final = 15
"""How many days a channel handshake is valid; AWS does not publish it."""

_DAY: Final = 24 * 60 * 60
_OLDEST_DAYS: Final = 900
_PER_ATTRIBUTION, _PER_SHARE, _PER_ACCOUNT, _PER_CAMPAIGN = 2, 2, 4, 5
_BENEFITS, _TEMPLATES, _CONNECTIONS = 10, 12, 4
# Of so many program management accounts, one waits for the answer to its handshake.
_PER_PENDING = 4
# Of a program management account or a relationship.
_LONGEST_NAME = 30
_GOALS: Final = ("Migration", "Modernization", "Data Analytics", "Generative AI", "Security", "Resilience")
_FULFILLMENTS: Final = (["CREDITS", "CASH", "ACCESS"], ["CREDITS"], ["CASH"], ["ACCESS"], ["CREDITS", "CASH"])
_PROGRAMS: Final = ("MAP", "POC", "MDF", "ISV_ACCELERATE", "TRAINING")
_APPLIED: Final = ("APPROVED", "PENDING_SUBMISSION", "IN_REVIEW", "APPROVED", "ACTION_REQUIRED", "REJECTED",
                   "APPROVED", "CANCELED", "PENDING_SUBMISSION")  # fmt: skip
_REASONS: Final = {"ACTION_REQUIRED": "The contact cannot be reached", "REJECTED": "The amount is zero"}
_INDUSTRIES: Final = ("FINANCIAL_SERVICES", "HEALTHCARE", "MANUFACTURING", "RETAIL", "ENERGY", "EDUCATION")
_SEGMENTS: Final = ("ENTERPRISE", "SMB", "PUBLIC_SECTOR", "ISV")
_THEMES: Final = ("AI", "MIGRATION_MODERNIZATION", "SECURITY", "DATA_ANALYTICS")
_AWS_SERVICES: Final = ("Amazon Bedrock", "Amazon Redshift", "Amazon EC2", "AWS Backup", "Amazon EKS")
_PLATFORMS: Final = ("LINKEDIN", "FACEBOOK", "X", "LINKEDIN")
_SUPPORT: Final = ("MONITORING", "PATCHING", "SECURITY", "WELL_ARCHITECTED")


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


@attrs.frozen
class SeededKind:
    """The seeded items of one kind.

    Arguments:
        count: their number.
        make: makes the revisions of the item at an index, the latest last.
        account: the account that owns them.
        identify: returns the identifier of the item at an index.
        parents: the kind above it, if it has one.
        per_parent: how many items are below each of the kind above.
    """

    count: int
    make: Callable[[int], list[Item]]
    account: str
    identify: Callable[[int], str]
    parents: SeededKind | None = None
    per_parent: int = 0

    def index(self, identifier: str) -> int | None:
        """Return the index of the item with an identifier, or None."""
        index = index_of(identifier)
        return index if index < self.count and self.identify(index) == identifier else None

    def below(self, parent: str) -> range:
        """Return the indices of the items below the one with an identifier."""
        index = None if self.parents is None else self.parents.index(parent)
        return range(0) if index is None else range(index * self.per_parent, (index + 1) * self.per_parent)


NOTHING: Final = SeededKind(0, lambda _: [], OF_AWS, str)
"""The kind of which nothing is seeded."""


def month(now: datetime, offset: int, length: int = 1) -> tuple[str, str]:
    """Return the first and the last day of some months, so many months after that of a time."""
    first, last = now.year * 12 + now.month - 1 + offset, now.year * 12 + now.month - 2 + offset + length
    until = (last // 12, last % 12 + 1)
    return f"{first // 12:04d}-{first % 12 + 1:02d}-01", f"{until[0]:04d}-{until[1]:02d}-{monthrange(*until)[1]:02d}"


def money(amount: float) -> Item:
    """Return an amount of money."""
    return {"Amount": f"{amount:.2f}", "CurrencyCode": MONEY}


def fulfillment(kind: str, account: str, amount: float, times: tuple[str, str], random: DeterministicRandom) -> Item:
    """Return how an allocation of a benefit is fulfilled between two times."""
    value, (created, expires) = money(amount), times
    if kind == "ACCESS":
        return {"AccessDetails": {"Description": "Access to the benefit"}}
    if kind == "CASH":
        issued = {"IssuanceId": f"iss-{random.text(13)}", "IssuanceAmount": value, "IssuedAt": created}
        return {"DisbursementDetails": {"DisbursedAmount": value, "IssuanceDetails": issued}}
    code = {
        "AwsAccountId": account, "Value": value, "AwsCreditCode": f"EMULATED-{random.text(12).upper()}",
        "Status": "ACTIVE", "IssuedAt": created, "ExpiresAt": expires,
    }  # fmt: skip
    return {"CreditDetails": {"AllocatedAmount": value, "IssuedAmount": value, "Codes": [code]}}


@attrs.frozen(slots=False)
class SeededRecords:
    """The seeded items of one catalog.

    Arguments:
        seed: seed of the generated data.
        catalog: the catalog's name.
        account_id: the AWS account that owns the items.
        size: the number of opportunities that the account has; the other numbers follow from it.
    """

    seed: int
    catalog: str
    account_id: str
    size: int

    def of(self, service: str) -> Mapping[str, SeededKind]:
        """Return the kinds of a service by the path that ARNs have for them."""
        kinds: Mapping[str, SeededKind] = getattr(self, service.removeprefix("partnercentral-").replace("-", "_"), {})
        return kinds

    def _random(self, kind: str, index: int) -> DeterministicRandom:
        return DeterministicRandom(f"{self.seed}/{self.catalog}/{kind}/{index}")

    def _kind(
        self, prefix: str, count: int, make: Callable[[int], list[Item]], *, salt: int = 8, account: str | None = None,
        parents: SeededKind | None = None, per_parent: int = 0,
    ) -> SeededKind:  # fmt: skip
        def identify(index: int) -> str:
            return make_identifier(prefix, self._random(f"id-{prefix}", index), index, salt)

        owner = self.account_id if account is None else account
        return SeededKind(count, make, owner, identify, parents, per_parent)

    def _every(self, number: int) -> int:
        return -(-self.size // number)

    def _times(self, random: DeterministicRandom, revisions: int = 1) -> list[str]:
        """Return when an item was created and then changed, in order."""
        age = timedelta(seconds=random.below(_OLDEST_DAYS * _DAY) + _DAY)
        return [timestamp(SEED_DATE - age * (1 - step / (revisions + 1)), random) for step in range(revisions)]

    def _begin(self, path: str, kind: SeededKind, index: int, **names: str) -> Item:
        """Return identifier, ARN and catalog of an item, in PascalCase or under other names."""
        identifier = kind.identify(index)
        return {
            names.get("id", "Id"): identifier,
            names.get("arn", "Arn"): arn(kind.account, self.catalog, path, identifier),
            names.get("catalog", "Catalog"): self.catalog,
        }

    @cached_property
    def _selling(self) -> SeededSelling:
        return SeededSelling(self.seed, self.catalog, self.account_id, self.size)

    # The service `revenue-measurement`.

    @cached_property
    def revenue_measurement(self) -> Mapping[str, SeededKind]:
        """The kinds of this service."""
        above = self._kind("ra", self._every(4), self._attribution)
        shares = self._kind("mrs", self._every(10), self._share)
        return {
            "revenue-attribution": above,
            "revenue-attribution-allocation": self._kind(
                "alloc", above.count * _PER_ATTRIBUTION, self._allocation, parents=above, per_parent=_PER_ATTRIBUTION
            ),
            "marketplace-revenue-share": shares,
            "allocation": self._kind(
                "mrsa", shares.count * _PER_SHARE, self._share_allocation, parents=shares, per_parent=_PER_SHARE
            ),
        }

    def _attribution(self, index: int) -> list[Item]:
        random = self._random("attribution", index)
        made = self._begin("revenue-attribution", self.revenue_measurement["revenue-attribution"], index)
        goal = random.choice(_GOALS)
        made |= {
            "Name": f"{goal} {index}",
            "TenancyModel": ("MULTI_TENANT", "SINGLE_TENANT")[random.below(2)],
            "MarketplaceProduct": {"ProductId": f"prod-{random.text(13)}"},
            "Context": {"team": random.choice(vocabulary.FIELDS)},
        }
        times = self._times(random, 1 + random.below(3))
        return [
            {**made, "Revision": str(number), "Description": f"{goal}, version {number}", "CreatedDate": times[0],
             "LastModifiedDate": changed}
            for number, changed in enumerate(times, 1)
        ]  # fmt: skip

    def _allocation(self, index: int) -> list[Item]:
        random, above = self._random("allocation", index), index // _PER_ATTRIBUTION
        created = self._attribution(above)[0]["CreatedDate"]
        # The first one is over, and the second one is in the future, where it can be changed.
        begins, until = month(datetime.fromisoformat(created), 0, 3) if index % 2 == 0 else month(SEED_DATE, 2, 6)
        kinds = self.revenue_measurement
        return [
            {
                "RevenueAttributionAllocationId": kinds["revenue-attribution-allocation"].identify(index),
                "RevenueAttributionIdentifier": kinds["revenue-attribution"].identify(above),
                "EntityType": "OPPORTUNITY",
                "EntityIdentifier": self._selling.opportunity_ids.make(above * 4),
                "CustomerAwsAccountId": make_company(self._random("customer", above)).account_id,
                "RevenueSharePercent": f"{5 * (1 + random.below(20))}",
                "EffectiveFrom": begins,
                "EffectiveUntil": until,
                "Status": "ACTIVE",
                "CreatedDate": created,
                "LastModifiedDate": created,
                "RevenueAttributionRevision": "1",
            }
        ]

    def _share(self, index: int) -> list[Item]:
        random = self._random("share", index)
        (created,) = self._times(random)
        products = [
            {
                "ProductId": f"prod-{random.text(13)}",
                "Accounts": [
                    {"AccountType": "DEPLOYMENT", "AccountIds": [make_company(random).account_id], "Count": 1}
                ],
            }
            for _ in range(1 + random.below(2))
        ]
        members = {"Revision": "1", "Products": products, "CreatedDate": created, "LastModifiedDate": created}
        made = self._begin("marketplace-revenue-share", self.revenue_measurement["marketplace-revenue-share"], index)
        return [made | members]

    def _share_allocation(self, index: int) -> list[Item]:
        random, above = self._random("share-allocation", index), index // _PER_SHARE
        created = self._share(above)[0]["CreatedDate"]
        begins, until = month(datetime.fromisoformat(created), 0, 3) if index % 2 == 0 else month(SEED_DATE, 2, 6)
        kinds = self.revenue_measurement
        return [
            {
                "MarketplaceRevenueShareAllocationId": kinds["allocation"].identify(index),
                "MarketplaceRevenueShareIdentifier": kinds["marketplace-revenue-share"].identify(above),
                "EffectiveFrom": begins,
                "EffectiveUntil": until,
                "RevenueSharePercent": f"{5 * (1 + random.below(20))}",
                "Status": ("ACTIVE", "ACTIVE", "INACTIVE")[random.below(3)],
                "CreatedDate": created,
                "LastModifiedDate": created,
            }
        ]

    # The service `channel`.

    @cached_property
    def channel(self) -> Mapping[str, SeededKind]:
        """The kinds of this service."""
        accounts = self._kind("pma", self._every(10), self._management_account)
        return {
            "program-management-account": accounts,
            "relationship": self._kind(
                "rs", accounts.count * _PER_ACCOUNT, self._relationship, parents=accounts, per_parent=_PER_ACCOUNT
            ),
            "channel-handshake": self._kind("ch", accounts.count, self._handshake),
            # For the first relationship of every second account.
            "channel-contract": self._kind("cc", -(-accounts.count // 2), self._contract),
        }

    def _manager(self, index: int) -> tuple[Company, bool, datetime]:
        """Return the company of an account, whether it is active, and when the account was created."""
        random = self._random("manager", index)
        company, is_active = make_company(random), index % _PER_PENDING != _PER_PENDING - 1
        age = _DAY + random.below((_OLDEST_DAYS if is_active else VALID_DAYS - 2) * _DAY)
        return company, is_active, SEED_DATE - timedelta(seconds=age)

    def _management_account(self, index: int) -> list[Item]:
        random, (company, is_active, created) = self._random("management", index), self._manager(index)
        managed = index % 2 == 0
        made = self._begin(
            "program-management-account", self.channel["program-management-account"], index,
            id="id", arn="arn", catalog="catalog",
        ) | {
            "program": "MANAGED_SERVICES_PROVIDER" if managed else random.choice(("SOLUTION_PROVIDER", "DISTRIBUTION")),
            "type": "MANAGED_SERVICES" if managed else "RESALE_BILLING_TRANSFER",
            "displayName": company.name[:_LONGEST_NAME],
            "accountId": company.account_id,
            "createdAt": timestamp(created, random),
        }  # fmt: skip
        first = {**made, "revision": "1", "status": "PENDING", "updatedAt": made["createdAt"]}
        if not is_active:
            return [first]
        accepted = timestamp(created + timedelta(days=1), random)
        changes = {"revision": "2", "status": "ACTIVE", "startDate": accepted, "updatedAt": accepted}
        return [first, first | changes]

    def _relationship(self, index: int) -> list[Item]:
        random, above = self._random("relationship", index), index // _PER_ACCOUNT
        managed, kinds = above % 2 == 0 and index % _PER_ACCOUNT == 0, self.channel
        customer, (_, _, created) = make_company(random), self._manager(above)
        at = timestamp(created + (SEED_DATE - created) * (random.below(90) / 100), random)
        owner = kinds["program-management-account"].identify(above)
        path = f"program-management-account/{owner}/relationship"
        item = self._begin(path, kinds["relationship"], index, id="id", arn="arn", catalog="catalog") | {
            "revision": "1",
            "associationType": "MANAGED_SERVICES_END_CUSTOMER"
            if managed
            else random.choice(("END_CUSTOMER", "INTERNAL")),
            "associatedAccountId": customer.account_id,
            "displayName": customer.name[:_LONGEST_NAME],
            "sector": "COMMERCIAL",
            "programManagementAccountId": owner,
            "createdAt": at,
            "updatedAt": at,
            "startDate": at,
        }
        if managed:
            contract = kinds["channel-contract"].identify(above // 2)
            item |= {"accountScope": "ENTIRE_ORGANIZATION", "channelContractId": contract}
        return [item]

    def _handshake(self, index: int) -> list[Item]:
        random, (_, is_active, created) = self._random("handshake", index), self._manager(index)
        account = self._management_account(index)[-1]
        sent = timestamp(created + timedelta(minutes=5), random)
        names = {"id": "id", "arn": "arn", "catalog": "catalog"}
        return [
            self._begin("channel-handshake", self.channel["channel-handshake"], index, **names)
            | {
                "handshakeType": "PROGRAM_MANAGEMENT_ACCOUNT",
                "ownerAccountId": self.account_id,
                "senderAccountId": self.account_id,
                "senderDisplayName": f"Account {self.account_id}",
                "receiverAccountId": account["accountId"],
                "associatedResourceId": account["id"],
                "detail": {"programManagementAccountHandshakeDetail": {"program": account["program"]}},
                "createdAt": sent,
                "updatedAt": account["startDate"] if is_active else sent,
                "status": "ACCEPTED" if is_active else "PENDING",
            }
        ]

    def _contract(self, index: int) -> list[Item]:
        random, customer = self._random("contract", index), make_company(self._random("contract-customer", index))
        (relationship,) = self._relationship(2 * index * _PER_ACCOUNT)
        name, email = customer.contact
        ends = datetime.fromisoformat(relationship["startDate"]) + timedelta(days=365 * (1 + random.below(3)))
        details = {
            "legalEntityName": customer.name,
            "relationshipIdentifier": relationship["id"],
            "programManagementAccountIdentifier": relationship["programManagementAccountId"],
            "endDate": timestamp(ends, random),
            "supportedServices": [random.choice(_SUPPORT)],
            "signatoryName": name,
            "signatoryEmail": email,
        }
        names = {"id": "id", "arn": "arn", "catalog": "catalog"}
        return [
            self._begin("channel-contract", self.channel["channel-contract"], index, **names)
            | {
                "contractType": "MANAGED_SERVICES_ATTESTATION",
                "status": "PENDING",
                "createdAt": relationship["createdAt"],
                "updatedAt": relationship["createdAt"],
                "details": {"managedServicesAttestationDetails": details},
            }
        ]

    # The service `benefits`.

    @cached_property
    def benefits(self) -> Mapping[str, SeededKind]:
        """The kinds of this service."""
        applications = self._kind("benappl", self._every(5), self._application, salt=LONGER_SALT)
        granted = -(-applications.count // 3)
        return {
            "benefit": self._kind("ben", _BENEFITS, self._benefit, salt=LONGER_SALT, account=OF_AWS),
            "benefit-application": applications,
            # Every third application is approved.
            "benefit-allocation": self._kind("benalloc", granted, self._benefit_allocation, salt=LONGER_SALT),
        }

    def _benefit(self, index: int) -> list[Item]:
        goal, program = _GOALS[index % len(_GOALS)], _PROGRAMS[index % len(_PROGRAMS)]
        kinds = _FULFILLMENTS[index % len(_FULFILLMENTS)]
        properties = {"Amount": {"type": "number", "minimum": 0}, "Purpose": {"type": "string"}}
        members = {
            "Name": f"{goal} {program} {index + 1}",
            "Description": f"Supports projects about {goal.lower()}",
            "Programs": [program],
            "FulfillmentTypes": kinds,
            "BenefitRequestSchema": {"type": "object", "properties": properties},
            "Status": "INACTIVE" if index == _BENEFITS - 1 else "ACTIVE",
        }
        return [self._begin("benefit", self.benefits["benefit"], index) | members]

    def _application(self, index: int) -> list[Item]:
        random, kinds = self._random("application", index), self.benefits
        (benefit,) = self._benefit(random.below(_BENEFITS - 1))
        company, status, times = make_company(random), _APPLIED[index % len(_APPLIED)], self._times(random, 3)
        given, family = company.contact[0].rsplit(" ", 1)
        opportunity = self._selling.opportunity_ids.make(index * 5)
        first = self._begin("benefit-application", kinds["benefit-application"], index) | {
            "Name": f"{benefit['Name']} for {company.name}",
            "BenefitId": benefit["Id"],
            "Programs": benefit["Programs"],
            "FulfillmentTypes": [random.choice(benefit["FulfillmentTypes"])],
            "BenefitApplicationDetails": {
                "Amount": 0 if status == "REJECTED" else 100 * (1 + random.below(500)),
                "Purpose": random.choice(_GOALS),
            },
            "PartnerContacts": [{"Email": company.contact[1], "FirstName": given, "LastName": family}],
            "AssociatedResources": [arn(self.account_id, self.catalog, "opportunity", opportunity)],
            "Revision": "1",
            "Status": "PENDING_SUBMISSION",
            "CreatedAt": times[0],
            "UpdatedAt": times[0],
        }
        states = {"PENDING_SUBMISSION": (), "IN_REVIEW": ("IN_REVIEW",), "CANCELED": ("CANCELED",)}
        revisions = [first]
        for number, each in enumerate(states.get(status, ("IN_REVIEW", status)), 1):
            reason = {"StatusReason": _REASONS[each]} if each in _REASONS else {}
            changes = {"Revision": str(number + 1), "Status": each, "UpdatedAt": times[number], **reason}
            revisions.append(first | changes)
        return revisions

    def _benefit_allocation(self, index: int) -> list[Item]:
        kinds, application = self.benefits, self._application(3 * index)[-1]
        kind, at = application["FulfillmentTypes"][0], application["UpdatedAt"]
        expires = timestamp(datetime.fromisoformat(at) + timedelta(days=FREE_DAYS), self._random("expires", index))
        amount, random = application["BenefitApplicationDetails"]["Amount"], self._random("fulfillment", index)
        members = {
            "Name": application["Name"][:255],
            "Status": "FULFILLED" if kind == "CASH" else "ACTIVE",
            "BenefitApplicationId": application["Id"],
            "BenefitId": application["BenefitId"],
            "FulfillmentType": kind,
            "FulfillmentTypes": [kind],
            "ApplicableBenefitIds": [application["BenefitId"]],
            "FulfillmentDetail": fulfillment(kind, self.account_id, amount, (at, expires), random),
            "CreatedAt": at,
            "UpdatedAt": at,
            "StartsAt": at,
            "ExpiresAt": expires,
        }
        return [self._begin("benefit-allocation", kinds["benefit-allocation"], index) | members]

    # The service `marketing`.

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
        random, goal = self._random("template", index), _GOALS[index % len(_GOALS)]
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
        ends = begins + timedelta(days=30 + random.below(_OLDEST_DAYS)) if index % 3 == 0 else SEED_DATE + timedelta(90)
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
