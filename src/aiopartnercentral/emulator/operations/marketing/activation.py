"""The activation of assets, which a task carries out, and its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import EmulatedServiceError
from aiopartnercentral.emulator.operations.marketing.assets import (
    ASSETS,
    CAMPAIGNS,
    LOCKED,
    SENT,
    asset_issues,
    assets_of,
    blueprints_of,
    campaign_issues,
    check_idle,
    check_not_starting,
    find_asset,
    is_completed,
    needed_by,
    writable_campaign,
)
from aiopartnercentral.emulator.operations.marketing.social_connections import connections
from aiopartnercentral.emulator.operations.matching import moment
from aiopartnercentral.emulator.operations.resources import response
from aiopartnercentral.emulator.state.clock import format_timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

Item = dict[str, Any]

_TASK: Final = "atsk"


def start_campaign_asset_activation_task(context: RequestContext) -> bytes:
    """Activate some assets of a campaign in the order in which they need each other."""
    record = writable_campaign(context)
    check_idle(context, record)
    identifiers: list[str] = list(dict.fromkeys(context.request["CampaignAssetIdentifiers"]))
    issues = [each for each in campaign_issues(context, record) if set(identifiers) & {*each["AffectedAssetIds"]}]
    if issues:
        message = f"The campaign needs {', '.join(each['CampaignSetting'] for each in issues)}"
        raise EmulatedServiceError("ValidationException", message, reason="CAMPAIGN_INCOMPLETE")
    return response(context, _start(context, record, identifiers))


def _start(context: RequestContext, campaign: Record, identifiers: list[str]) -> Item:
    """Start the activation of some assets, and return the task."""
    blueprints, below = blueprints_of(context, campaign.item), assets_of(context, campaign)
    refused = {}
    accepted: list[str] = []
    order = list(blueprints)
    for name, record in sorted(below.items(), key=lambda each: order.index(each[0])):
        identifier = record.item["Id"]
        if identifier not in identifiers:
            continue
        missing = [
            each for each in needed_by(blueprints[name], record.item, below)
            if each["State"] != "ACTIVE" and each["Id"] not in accepted
        ]  # fmt: skip
        reason = "PREREQUISITE_ASSET_NOT_ACTIVE" if missing else None
        reason = _refusal(context, campaign.item, blueprints[name], record.item) or reason
        if reason is None:
            accepted.append(identifier)
        else:
            refused[identifier] = reason
    outcomes = []
    for identifier in identifiers:
        reason = None if identifier in accepted else refused.get(identifier, "ASSET_NOT_FOUND")
        failure = {"Status": "FAILED", "Reason": reason, "Message": f"Not activated: {reason}"}
        outcomes.append({"CampaignAssetId": identifier, **({"Status": "IN_PROGRESS"} if reason is None else failure)})
    for record in below.values():
        if record.item["Id"] in accepted:
            ASSETS.change(record, {"LastActivationStatus": "IN_PROGRESS"})
    task = context.records.tasks[campaign.item["CampaignId"]] = {
        "CampaignId": campaign.item["CampaignId"],
        "TaskId": context.records.identifier(_TASK, ASSETS.salt),
        "TaskStatus": "IN_PROGRESS",
        "StartedAt": format_timestamp(context.now),
        "Assets": outcomes,
    }

    def end(at: datetime) -> None:
        for identifier in accepted:
            _activate(context, identifier, at)
        statuses = {"FAILED"} if refused or len(accepted) < len(identifiers) else set()
        statuses |= {"SUCCEEDED"} if accepted else set()
        task["TaskStatus"] = "PARTIAL_FAILURE" if len(statuses) > 1 else statuses.pop()
        task["EndedAt"] = format_timestamp(at)
        task["Assets"] = [
            each | {"Status": "SUCCEEDED"} if each["CampaignAssetId"] in accepted else each for each in outcomes
        ]

    if accepted:
        context.records.schedule(context.now + context.state.task_time, end)
    else:
        end(context.now)
    return task


def _activate(context: RequestContext, identifier: str, at: datetime) -> None:
    record, now = ASSETS.find(context, identifier), format_timestamp(at)
    changes = {"State": "ACTIVE", "LastActivationStatus": "SUCCEEDED", "UpdatedAt": now}
    changes["StartedAt"] = record.item.get("StartedAt", now)
    if "SendMode" in record.item:
        changes["SendAt"] = record.item.get("ScheduledSendAt", now)
    ASSETS.change(record, changes)


def _refusal(context: RequestContext, campaign: Item, blueprint: Item, asset: Item) -> str | None:
    """Return why an asset cannot be activated now; None if it can."""
    if blueprint["Type"] in SENT and asset["State"] == "ACTIVE":
        return "ASSET_ALREADY_ACTIVE"
    for issue in asset_issues(blueprint, asset):
        return str(issue["Code"])
    if "ScheduledSendAt" in asset and moment(asset["ScheduledSendAt"]) < context.now + LOCKED:
        return "SEND_WINDOW_TOO_SOON"
    platform = blueprint.get("SocialPlatform")
    if platform is None:
        return None
    own = [each for each in connections(context) if each["Platform"] == platform]
    selected = [each for each in own if each["Id"] in campaign.get("SocialConnections", {}).get(platform, ())]
    if not own or (not selected and len(own) > 1):
        return "SOCIAL_CONNECTION_NOT_CHOSEN" if own else "SOCIAL_CONNECTION_MISSING"
    return "SOCIAL_CONNECTION_EXPIRED" if (selected or own)[0]["Status"] == "EXPIRED" else None


def get_campaign_asset_activation_task(context: RequestContext) -> bytes:
    """Return the latest activation task of a campaign."""
    record = CAMPAIGNS.find(context, context.request["CampaignIdentifier"])
    task = context.records.tasks.get(record.item["CampaignId"])
    if task is None:
        raise CAMPAIGNS.missing(record.item["CampaignId"])
    return response(context, task)


def deactivate_campaign_asset(context: RequestContext) -> bytes:
    """Stop an asset: a send more than an hour ahead, or what a completed campaign still publishes."""
    campaign = CAMPAIGNS.find(context, context.request["CampaignIdentifier"])
    record = find_asset(context, campaign)
    check_not_starting(context, record)
    item = record.item
    if item["State"] == "ACTIVE":
        if "SendAt" in item:
            at = moment(item["SendAt"])
            if context.now >= at - LOCKED:
                is_over = context.now >= at
                raise ASSETS.refusal("ASSET_ALREADY_DELIVERED" if is_over else "ASSET_HAS_LOCKED_SENDS", record)
        elif not is_completed(context, campaign.item):
            raise ASSETS.refusal("ASSET_NOT_DEACTIVATABLE", record)
        item = ASSETS.change(record, {"State": "INACTIVE", "SendAt": None, "UpdatedAt": format_timestamp(context.now)})
    return response(context, item)
