"""Campaigns. Their state follows from their assets and from their last day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import FieldProblem, validation_failed
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.marketing import assets
from aiopartnercentral.emulator.operations.marketing.assets import ASSETS, CAMPAIGNS
from aiopartnercentral.emulator.operations.marketing.social_connections import connections
from aiopartnercentral.emulator.operations.marketing.templates import find_template
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.resources import chosen, response
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

Item = dict[str, Any]

_STORED: Final = (
    "Name", "SenderEmail", "PrivacyPolicyUrl", "PartnerAddress", "EmailTargetEngagementGroupIds", "TargetAudience",
    "EstimatedBudget", "TotalBudget", "StartOn", "EndOn", "SocialConnections",
)  # fmt: skip


def _shown(context: RequestContext, record: Record) -> Item:
    """Return a campaign with its state, which is never stored."""
    item = record.item
    if assets.is_completed(context, item):
        state = "COMPLETED"
    else:
        below = ASSETS.children(context, record, "CampaignId")
        state = "ACTIVE" if any(each.item["State"] == "ACTIVE" for each in below) else "DRAFT"
    return item | {"State": state}


def _problems(context: RequestContext, before: Item) -> Iterator[FieldProblem]:
    """Yield what is wrong with the settings of a request.

    Arguments:
        context: the request.
        before: the campaign as it is.
    """
    request, today = context.request, f"{context.now:%Y-%m-%d}"
    for name in ("PartnerBadge", "EmailTarget"):
        if name in request:
            yield FieldProblem(name, "refers to a file, and the emulator has none", "FILE_REFERENCE_INVALID")
    own = {(each["Platform"], each["Id"]) for each in connections(context)}
    wanted = request.get("SocialConnections", {})
    if not own.issuperset((platform, each) for platform, identifiers in wanted.items() for each in identifiers):
        yield FieldProblem("SocialConnections", "refers to a connection that does not exist", "INVALID_VALUE")
    groups = request.get("EmailTargetEngagementGroupIds", ())
    if len(set(groups)) < len(groups):
        yield FieldProblem("EmailTargetEngagementGroupIds", "must name each group once", "INVALID_VALUE")
    starts, ends = (request.get(name, before.get(name)) for name in ("StartOn", "EndOn"))
    if starts is not None and ends is not None and ends < starts:
        yield FieldProblem("EndOn", "must not be before StartOn", "INVALID_VALUE")
    elif request.get("EndOn", today) < today:
        yield FieldProblem("EndOn", "must not be in the past", "INVALID_VALUE")
    partner = context.catalog.partner() if "SenderEmail" in request else None
    if partner is not None and _domain(partner["AllianceLeadContact"]["Email"]) != _domain(request["SenderEmail"]):
        message = "must have the domain of the alliance lead's address"
        yield FieldProblem("SenderEmail", message, "SENDER_DOMAIN_NOT_ALLIANCE_LEAD")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def create_campaign(context: RequestContext) -> bytes:
    """Create a campaign without assets."""
    request, now = context.request, format_timestamp(context.now)
    template = find_template(context, request["CampaignTemplateId"])
    if wrong := list(_problems(context, {})):
        raise validation_failed(wrong)
    members = {
        **chosen(context, "CampaignTemplateId", *_STORED),
        "Language": template["LanguageCode"],
        "CreatedAt": now,
        "UpdatedAt": now,
    }
    item = CAMPAIGNS.add(context, members, tags=request.get("Tags", ()))
    return encode({"Id": item["CampaignId"], "Arn": item["Arn"]})


def get_campaign(context: RequestContext) -> bytes:
    """Return one campaign."""
    record = CAMPAIGNS.find(context, context.request["CampaignIdentifier"])
    item = _shown(context, record) | {"ActivationIssues": assets.campaign_issues(context, record)}
    partner = context.catalog.partner()
    if partner is not None:
        names = ("DisplayName", "WebsiteUrl", "LogoUrl")
        given = {name: partner["Profile"][name] for name in names if name in partner["Profile"]}
        # A profile may have values that campaigns cannot have.
        profile = context.service.validator.fitting("PartnerProfileBranding", given)
        item["PartnerProfile"] = {**profile, "RefreshedAt": format_timestamp(context.now)}
    return response(context, {"Campaign": item})


def update_campaign(context: RequestContext) -> bytes:
    """Change members of a campaign; those that the request does not have stay as they are."""
    record = assets.writable_campaign(context)
    assets.check_idle(context, record)
    if wrong := list(_problems(context, record.item)):
        raise validation_failed(wrong)
    item = CAMPAIGNS.change(record, chosen(context, *_STORED) | {"UpdatedAt": format_timestamp(context.now)})
    return encode({"Id": item["CampaignId"]})


def delete_campaign(context: RequestContext) -> bytes:
    """Delete a campaign and its assets, if none of them is still served or will be sent."""
    record = CAMPAIGNS.find(context, context.request["CampaignIdentifier"])
    assets.check_idle(context, record)
    below = ASSETS.children(context, record, "CampaignId")
    if any(assets.is_in_use(context, each.item) for each in below):
        raise CAMPAIGNS.refusal("CAMPAIGN_HAS_ACTIVE_ASSETS", record)
    for each in below:
        ASSETS.remove(context, each)
    context.records.tasks.pop(record.item["CampaignId"], None)
    CAMPAIGNS.remove(context, record)
    return encode({})


def list_campaigns(context: RequestContext) -> bytes:
    """Return a page of the caller's campaigns."""
    request = context.request
    wanted = {identifier_of(each) for each in request.get("CampaignIdentifiers", ())}

    def keep(item: Item) -> bool:
        return (
            is_one_of(item["CampaignId"], wanted)
            and item["Name"] == request.get("Name", item["Name"])
            and is_one_of(item["State"], request.get("States"))
        )

    return CAMPAIGNS.listed(
        context,
        result_key="Items",
        shape="CampaignSummary",
        keep=keep,
        order=_ORDERS[request["Sort"]["SortBy"]] if "Sort" in request else None,
        descending=request.get("Sort", {}).get("SortOrder") == "DESCENDING",
        shown=lambda record: _shown(context, record),
        # The state is that of the assets, until the last day of a campaign is over.
        depends_on=(ASSETS.records(context).changes, context.now.date()),
    )


_ORDERS: Final[Mapping[str, Callable[[Item], Any]]] = {
    "NAME": lambda item: (item["Name"], item["CampaignId"]),
    "STATE": lambda item: (item["State"], item["CampaignId"]),
    "START_ON": lambda item: (item.get("StartOn", ""), item["CampaignId"]),
    "CREATED_AT": lambda item: (moment(item["CreatedAt"]), item["CampaignId"]),
}
