"""The assets of campaigns: made from the asset templates of the campaign's template, then filled and activated."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import FieldProblem, conflict, invalid_field, validation_failed
from aiopartnercentral.emulator.operations.marketing.templates import TEMPLATES
from aiopartnercentral.emulator.operations.matching import moment
from aiopartnercentral.emulator.operations.resources import Resource, response
from aiopartnercentral.emulator.seed.random import DeterministicRandom
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

Item = dict[str, Any]

CAMPAIGNS: Final = Resource("campaign", "camp", "CampaignId")
ASSETS: Final = Resource("campaign-asset", "ast", parent_member="CampaignId")
SENT: Final = ("EMAIL", "SOCIAL_POST")
LOCKED: Final = timedelta(hours=1)
_ID_LENGTH: Final = 13
_TAG: Final = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]*)")
# Code, setting, members of the campaign of which one is needed, and the categories that need it.
_SETTINGS: Final = (
    ("END_ON_MISSING", "END_ON", ("EndOn",), ("EMAIL", "SOCIAL_POST", "LANDING_PAGE", "BANNER_AD", "DOCUMENT")),
    ("SENDER_EMAIL_MISSING", "SENDER_EMAIL", ("SenderEmail",), ("EMAIL",)),
    ("RECIPIENT_LIST_MISSING", "EMAIL_TARGET", ("EmailTargetEngagementGroupIds",), ("EMAIL",)),
    ("PRIVACY_POLICY_URL_MISSING", "PRIVACY_POLICY_URL", ("PrivacyPolicyUrl",), ("EMAIL", "LANDING_PAGE")),
    ("PARTNER_ADDRESS_MISSING", "PARTNER_ADDRESS", ("PartnerAddress",), ("EMAIL",)),
)


def is_completed(context: RequestContext, campaign: Item) -> bool:
    """Return whether the last day of a campaign is over."""
    return bool(campaign.get("EndOn", "9999-12-31") < f"{context.now:%Y-%m-%d}")


def writable_campaign(context: RequestContext) -> Record:
    """Return the campaign of a request, or raise EmulatedServiceError if it is completed."""
    record = CAMPAIGNS.find(context, context.request["CampaignIdentifier"])
    if is_completed(context, record.item):
        raise CAMPAIGNS.refusal("CAMPAIGN_COMPLETED", record)
    return record


def running(context: RequestContext, campaign: str) -> Item | None:
    """Return the task that runs on a campaign, or None."""
    task = context.records.tasks.get(campaign)
    return task if task is not None and task["TaskStatus"] == "IN_PROGRESS" else None


def check_idle(context: RequestContext, campaign: Record) -> None:
    """Raise EmulatedServiceError while a task runs on a campaign."""
    task = running(context, campaign.item["CampaignId"])
    if task is not None:
        raise CAMPAIGNS.refusal("CAMPAIGN_ACTIVATION_IN_PROGRESS", campaign, task["TaskId"])


def blueprints_of(context: RequestContext, campaign: Item) -> dict[str, Item]:
    """Return the asset templates of a campaign's template, prerequisites first."""
    found: list[Item] = TEMPLATES.find(context, campaign["CampaignTemplateId"]).item["AssetTemplates"]
    return {each["Id"]: each for each in found}


def _blueprint(context: RequestContext, asset: Item) -> Item:
    return blueprints_of(context, CAMPAIGNS.find(context, asset["CampaignId"]).item)[asset["SourceAssetTemplateId"]]


def assets_of(context: RequestContext, campaign: Record) -> dict[str, Record]:
    """Return the assets of a campaign by their asset template."""
    below = ASSETS.children(context, campaign, "CampaignId")
    return {each.item["SourceAssetTemplateId"]: each for each in below}


def campaign_issues(context: RequestContext, campaign: Record) -> list[Item]:
    """Return the settings that a campaign needs before some of its assets can be activated."""
    blueprints, issues = blueprints_of(context, campaign.item), []
    for code, setting, members, categories in _SETTINGS:
        blocked = [
            each.item["Id"]
            for name, each in assets_of(context, campaign).items()
            if blueprints[name]["Type"] in categories
        ]
        if blocked and not any(campaign.item.get(name) for name in members):
            told = {"Code": code, "CampaignSetting": setting, "AffectedAssetIds": blocked}
            issues.append(told | {"Message": f"Set {', '.join(members)}"})
    return issues


def asset_issues(blueprint: Item, asset: Item) -> list[Item]:
    """Return what an asset needs before it can be activated."""
    issues = [
        {"Code": "REQUIRED_FIELD_MISSING", "FieldId": field["FieldId"], "Message": "The field has no value"}
        for field in blueprint["Fields"]
        if field["Required"] and "CampaignSetting" not in field and field["FieldId"] not in asset["Values"]
    ]
    if blueprint["Type"] in SENT and "SendMode" not in asset:
        issues.append({"Code": "SEND_MODE_MISSING", "Message": "Choose when the asset is sent"})
    return issues


def _is_delivered(context: RequestContext, asset: Item) -> bool:
    return "SendAt" in asset and context.now >= moment(asset["SendAt"]) + context.state.task_time


def is_in_use(context: RequestContext, asset: Item) -> bool:
    """Return whether an asset is active, and not an e-mail or a post that has been delivered."""
    return asset["State"] == "ACTIVE" and not _is_delivered(context, asset)


def _shown(context: RequestContext, asset: Item) -> Item:
    """Return an asset with what follows from its asset template and from the time."""
    blueprint = _blueprint(context, asset)
    members = {
        "Category": blueprint["Type"],
        "Name": blueprint["Label"],
        "ActivationIssues": asset_issues(blueprint, asset),
        "FieldValues": [
            {
                "Field": field,
                **({"Value": asset["Values"][field["FieldId"]]} if field["FieldId"] in asset["Values"] else {}),
            }
            for field in blueprint["Fields"]
        ],
        **({"LinkLabel": blueprint["Label"]} if blueprint["Type"] == "DOCUMENT" else {}),
        **({"SocialPlatform": blueprint["SocialPlatform"]} if "SocialPlatform" in blueprint else {}),
    }
    if asset["State"] == "ACTIVE" and "SendAt" in asset:
        members["DeliveryStatus"] = "DELIVERED" if _is_delivered(context, asset) else "PENDING"
    return asset | members


def find_asset(context: RequestContext, campaign: Record) -> Record:
    """Return the asset of a request, or raise EmulatedServiceError."""
    identifier = context.request["CampaignAssetIdentifier"]
    record = ASSETS.find(context, identifier)
    if record.item["CampaignId"] != campaign.item["CampaignId"]:
        raise ASSETS.missing(identifier)
    return record


def check_not_starting(context: RequestContext, asset: Record) -> None:
    """Raise EmulatedServiceError while a task activates an asset."""
    if running(context, asset.item["CampaignId"]) and asset.item.get("LastActivationStatus") == "IN_PROGRESS":
        raise ASSETS.refusal("ASSET_START_IN_PROGRESS", asset)


def batch_create_campaign_asset(context: RequestContext) -> bytes:
    """Create the assets of some asset templates; those that exist already are returned."""
    campaign = writable_campaign(context)
    blueprints, below = blueprints_of(context, campaign.item), assets_of(context, campaign)
    wanted = [each["SourceAssetTemplateIdentifier"] for each in context.request["Entries"]]
    if len(set(wanted)) < len(wanted):
        raise invalid_field("Entries", "must name each asset template once")
    for name in wanted:
        needed = blueprints.get(name, {}).get("PrerequisiteAssetTemplateIds", ())
        missing = next((each for each in needed if each not in wanted and each not in below), None)
        if missing is not None:
            details = {"ResourceId": missing, "ResourceType": "asset-template"}
            raise conflict("PREREQUISITE_ASSET_MISSING", details)
    now, made, failed = format_timestamp(context.now), [], []
    for name in wanted:
        if name not in blueprints:
            message = "The campaign's template does not have this asset template"
            failed.append({"SourceAssetTemplateId": name, "Code": "ResourceNotFoundException", "Message": message})
            continue
        identifier = _identifier(context, campaign.item["CampaignId"], list(blueprints).index(name))
        if name not in below:
            members = {
                "CampaignId": campaign.item["CampaignId"],
                "SourceAssetTemplateId": name,
                "State": "INACTIVE",
                "Values": {},
                "CreatedAt": now,
                "UpdatedAt": now,
            }
            ASSETS.add(context, members, identifier=identifier)
        made.append({"SourceAssetTemplateId": name, "Id": identifier})
    return response(context, {"Errors": failed, "Successful": made})


def _identifier(context: RequestContext, campaign: str, position: int) -> str:
    """Return the identifier of a campaign's asset, which follows from its asset template."""
    seed = ASSETS.records(context).seed
    seeded = seed.below(campaign)
    random = DeterministicRandom(f"{context.records.key}/{campaign}/{position}")
    return seed.identify(seeded[position]) if seeded else f"{ASSETS.prefix}-{random.text(_ID_LENGTH)}"


def get_campaign_asset(context: RequestContext) -> bytes:
    """Return one asset."""
    record = find_asset(context, CAMPAIGNS.find(context, context.request["CampaignIdentifier"]))
    return response(context, {"Asset": _shown(context, record.item)})


def list_campaign_assets(context: RequestContext) -> bytes:
    """Return a page of the assets of a campaign."""
    campaign = CAMPAIGNS.find(context, context.request["CampaignIdentifier"])
    return ASSETS.listed(
        context,
        result_key="Items",
        shape="CampaignAssetSummary",
        keep=lambda _: True,
        indices=ASSETS.records(context).below(campaign.item["CampaignId"]),
        shown=lambda record: _shown(context, record.item),
        is_passing=True,
    )


def update_campaign_asset(context: RequestContext) -> bytes:
    """Change values of fields, or when an asset is sent; an e-mail or a post that is active cannot be changed."""
    campaign = writable_campaign(context)
    record = find_asset(context, campaign)
    blueprint, request = _blueprint(context, record.item), context.request
    check_not_starting(context, record)
    if blueprint["Type"] in SENT and record.item["State"] == "ACTIVE":
        raise ASSETS.refusal("ASSET_ALREADY_ACTIVE", record)
    problems = [*_schedule_problems(context, campaign.item, record.item, blueprint)]
    if "Layout" in request:
        problems.append(FieldProblem("Layout", "must be absent, as the asset has one layout", "INVALID_VALUE"))
    fields, values = {each["FieldId"]: each for each in blueprint["Fields"]}, dict(record.item["Values"])
    for position, given in enumerate(request.get("FieldValues", ())):
        name = given["FieldId"]
        problem = _value_problem(context, campaign, fields.get(name), given.get("Value"))
        if problem is not None:
            problems.append(FieldProblem(f"FieldValues[{position}]", *problem))
        elif "Value" in given:
            values[name] = given["Value"]
        else:
            values.pop(name, None)
    if problems:
        raise validation_failed(problems)
    changes: Item = {"Values": values, "UpdatedAt": format_timestamp(context.now)}
    if "SendMode" in request:
        changes |= {"SendMode": request["SendMode"], "ScheduledSendAt": request.get("ScheduledSendAt")}
    item = ASSETS.change(record, changes)
    return response(context, _shown(context, item))


def _schedule_problems(context: RequestContext, campaign: Item, asset: Item, blueprint: Item) -> Iterator[FieldProblem]:
    """Yield what is wrong with the mode and the time of a request."""
    mode, at = (context.request.get(name) for name in ("SendMode", "ScheduledSendAt"))
    if mode is None and at is None:
        return
    if blueprint["Type"] not in SENT:
        yield FieldProblem("SendMode", "is for assets that are sent", "NOT_SUPPORTED_FOR_CATEGORY")
    elif (mode == "SCHEDULED") != (at is not None):
        yield FieldProblem("ScheduledSendAt", "is for the mode SCHEDULED, and required there", "INVALID_VALUE")
    elif at is not None and at != asset.get("ScheduledSendAt"):
        if moment(at) < context.now + LOCKED:
            yield FieldProblem("ScheduledSendAt", "must be at least an hour from now", "INVALID_VALUE")
        elif at[:10] > campaign.get("EndOn", at[:10]):
            yield FieldProblem("ScheduledSendAt", "must not be after the campaign's EndOn", "INVALID_VALUE")


def _value_problem(  # noqa: PLR0911 - one for each rule
    context: RequestContext, campaign: Record, field: Item | None, value: Item | None
) -> tuple[str, str] | None:
    """Return message and code if a field cannot have a value, or cannot be cleared."""
    if field is None:
        return "is not a field of the asset", "UNKNOWN_FIELD"
    if "CampaignSetting" in field:
        return "shows a setting of the campaign", "FIELD_SET_ON_CAMPAIGN"
    if value is None:
        return None
    ((kind, rules),) = field["Type"].items()
    ((given, told),) = value.items()
    if kind == "Image" and given in ("ImageReference", "CampaignAssetImage"):
        return "refers to a file, and the emulator has none", "FILE_REFERENCE_INVALID"
    if given != {"Text": "Text", "RichText": "Text", "AssetLink": "LinkedAssetId"}.get(kind):
        return "is of another type than the field", "WRONG_VALUE_TYPE"
    if kind == "AssetLink":
        categories = blueprints_of(context, campaign.item)
        linked = {each.item["Id"]: categories[name]["Type"] for name, each in assets_of(context, campaign).items()}
        is_wrong = linked.get(told) != rules["Category"]
        return ("must be an asset of the campaign with the field's category", "INVALID_VALUE") if is_wrong else None
    if len(told) > rules["MaxLength"]:
        return f"has more than {rules['MaxLength']} characters", "VALUE_TOO_LONG"
    if "Pattern" in rules and not re.fullmatch(rules["Pattern"], told):
        return "does not match the field's pattern", "PATTERN_MISMATCH"
    if not {each.lower() for each in _TAG.findall(told)} <= {*rules.get("AllowedTags", _TAG.findall(told.lower()))}:
        return "has a tag that the field does not allow", "DISALLOWED_HTML_TAG"
    return None


def needed_by(blueprint: Item, asset: Item, below: dict[str, Record]) -> list[Item]:
    """Return the assets that an asset shows or links to."""
    linked = {each["LinkedAssetId"] for each in asset["Values"].values() if "LinkedAssetId" in each}
    names = blueprint.get("PrerequisiteAssetTemplateIds", ())
    return [each.item for name, each in below.items() if name in names or each.item["Id"] in linked]


def delete_campaign_asset(context: RequestContext) -> bytes:
    """Delete an asset that is not active, and that no other asset needs."""
    campaign = writable_campaign(context)
    record = find_asset(context, campaign)
    check_not_starting(context, record)
    if is_in_use(context, record.item):
        raise ASSETS.refusal("ASSET_ALREADY_ACTIVE", record)
    blueprints, below = blueprints_of(context, campaign.item), assets_of(context, campaign)
    for name, other in below.items():
        if any(each["Id"] == record.item["Id"] for each in needed_by(blueprints[name], other.item, below)):
            raise ASSETS.refusal("ASSET_HAS_DEPENDENTS", record)
    ASSETS.remove(context, record)
    return encode({})
