"""Campaigns, which stay drafts: nothing activates their assets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import FieldProblem, validation_failed
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.resources import Resource, chosen
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

_CAMPAIGNS: Final = Resource("campaign", "camp", "CampaignId")
_STORED: Final = (
    "Name", "SenderEmail", "PrivacyPolicyUrl", "PartnerAddress", "EmailTargetEngagementGroupIds", "TargetAudience",
    "EstimatedBudget", "TotalBudget", "StartOn", "EndOn",
)  # fmt: skip


def _check(request: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Raise EmulatedServiceError for references to what does not exist here, and for an end before the start."""
    problems = [
        FieldProblem(name, "refers to a file, and the emulator has none", "FILE_REFERENCE_INVALID")
        for name in ("PartnerBadge", "EmailTarget")
        if name in request
    ]
    if request.get("SocialConnections"):
        problems.append(
            FieldProblem("SocialConnections", "refers to a connection that does not exist", "INVALID_VALUE")
        )
    starts, ends = (request.get(name, before.get(name)) for name in ("StartOn", "EndOn"))
    if starts is not None and ends is not None and ends < starts:
        problems.append(FieldProblem("EndOn", "must not be before StartOn", "INVALID_VALUE"))
    if problems:
        raise validation_failed(problems)


def create_campaign(context: RequestContext) -> bytes:
    """Create a draft. Its template is not checked: the emulator has none."""
    request, now = context.request, format_timestamp(context.now)
    _check(request, {})
    members = {
        **chosen(context, "CampaignTemplateId", *_STORED),
        "State": "DRAFT",
        "CreatedAt": now,
        "UpdatedAt": now,
        "ActivationIssues": [],
    }
    item = _CAMPAIGNS.add(context, members, tags=request.get("Tags", ()))
    return encode({"Id": item["CampaignId"], "Arn": item["Arn"]})


def get_campaign(context: RequestContext) -> bytes:
    """Return one campaign."""
    record = _CAMPAIGNS.find(context, context.request["CampaignIdentifier"])
    return encode(context.service.validator.known("GetCampaignResponse", {"Campaign": record.item}))


def update_campaign(context: RequestContext) -> bytes:
    """Change members of a campaign; those that the request does not have stay as they are."""
    record = _CAMPAIGNS.find(context, context.request["CampaignIdentifier"])
    _check(context.request, record.item)
    item = _CAMPAIGNS.change(record, chosen(context, *_STORED) | {"UpdatedAt": format_timestamp(context.now)})
    return encode({"Id": item["CampaignId"]})


def delete_campaign(context: RequestContext) -> bytes:
    """Delete a campaign."""
    _CAMPAIGNS.remove(context, _CAMPAIGNS.find(context, context.request["CampaignIdentifier"]))
    return encode({})


def list_campaigns(context: RequestContext) -> bytes:
    """Return a page of the caller's campaigns."""
    request = context.request
    wanted = {identifier_of(each) for each in request.get("CampaignIdentifiers", ())}

    def keep(item: dict[str, Any]) -> bool:
        return (
            is_one_of(item["CampaignId"], wanted)
            and item["Name"] == request.get("Name", item["Name"])
            and is_one_of(item["State"], request.get("States"))
        )

    return _CAMPAIGNS.listed(
        context,
        result_key="Items",
        shape="CampaignSummary",
        keep=keep,
        order=_ORDERS[request["Sort"]["SortBy"]] if "Sort" in request else None,
        descending=request.get("Sort", {}).get("SortOrder") == "DESCENDING",
    )


_ORDERS: Final[Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    "NAME": lambda item: (item["Name"], item["CampaignId"]),
    "STATE": lambda item: (item["State"], item["CampaignId"]),
    "START_ON": lambda item: (item.get("StartOn", ""), item["CampaignId"]),
    "CREATED_AT": lambda item: (moment(item["CreatedAt"]), item["CampaignId"]),
}
