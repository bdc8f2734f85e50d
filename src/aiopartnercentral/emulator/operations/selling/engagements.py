"""Engagements: what several accounts work on, with its contexts and its members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import conflict, invalid_field, invalid_state, not_found, quota_exceeded
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.selling.customers import as_engagement_customer, find_customer
from aiopartnercentral.emulator.operations.selling.filters import is_filtered, list_items, list_records
from aiopartnercentral.emulator.seed.selling import LONGER_SALT, arn
from aiopartnercentral.emulator.state.clock import format_timestamp, next_timestamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.selling import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from aiopartnercentral.emulator.operations.context import RequestContext

_MOST_CONTEXTS: Final = 5
_MOST_INTERACTIONS: Final = 10
_MEMBERS_PAGE_SIZE: Final = 10


def find_engagement(context: RequestContext, identifier: str) -> dict[str, Any]:
    """Return an engagement of which the caller is a member, or raise EmulatedServiceError."""
    found = context.selling.engagements.find(identifier_of(identifier))
    if found is None or context.account not in found["Members"]:
        raise not_found("ENGAGEMENT_NOT_FOUND")
    return found


def create_engagement(context: RequestContext) -> bytes:
    """Create an engagement with the caller as its only member."""
    request = context.request
    contexts: list[dict[str, Any]] = []
    for position, given in enumerate(request.get("Contexts", ())):
        if "Payload" not in given:
            raise invalid_field(f"Contexts[{position}].Payload", "is required", "REQUIRED_FIELD_MISSING")
        payload = _filled(context, given["Payload"])
        contexts.append(_context(contexts, given["Type"], payload, f"Contexts[{position}].Payload"))
    item = make_engagement(context, request.get("Title"), request.get("Description"), contexts)
    return encode({"Id": item["Id"], "Arn": item["Arn"], "ModifiedAt": item["ModifiedAt"]})


def make_engagement(
    context: RequestContext,
    title: str | None,
    description: str | None,
    contexts: Sequence[dict[str, Any]],
    **more: str,
) -> dict[str, Any]:
    """Add an engagement, and return it."""
    identifier, now = context.selling.identifier("eng", salt=LONGER_SALT), format_timestamp(context.now)
    item = {
        "Catalog": context.selling.name,
        "Id": identifier,
        "Arn": arn(context.account, context.selling.name, "engagement", identifier),
        **({} if title is None else {"Title": title}),
        **({} if description is None else {"Description": description}),
        "CreatedAt": now,
        "CreatedBy": context.account,
        "ModifiedAt": now,
        "ModifiedBy": context.account,
        "Contexts": list(contexts),
        "Members": [context.account],
        **more,
    }
    context.selling.engagements.add(item)
    return item


def change_engagement(context: RequestContext, engagement: Mapping[str, Any], **changes: object) -> dict[str, Any]:
    """Replace members of an engagement, and return it."""
    modified = next_timestamp(context.now, engagement["ModifiedAt"])
    changed = {**engagement, **changes, "ModifiedAt": modified, "ModifiedBy": context.account}
    context.selling.engagements.change(changed)
    return changed


def get_engagement(context: RequestContext) -> bytes:
    """Return one engagement."""
    found = find_engagement(context, context.request["Identifier"])
    return encode(context.service.validator.known("GetEngagementResponse", counted(found)))


def list_engagements(context: RequestContext) -> bytes:
    """Return a page of the engagements of which the caller is a member."""
    request = context.request
    wanted = {identifier_of(each) for each in request.get("EngagementIdentifier", ())}

    def keep(item: dict[str, Any]) -> bool:
        types = {each["Type"] for each in item["Contexts"]}
        return (
            is_one_of(item["Id"], wanted)
            and is_one_of(item["CreatedBy"], request.get("CreatedBy"))
            and item["CreatedBy"] not in request.get("ExcludeCreatedBy", ())
            and (not request.get("ContextTypes") or not types.isdisjoint(request["ContextTypes"]))
            and types.isdisjoint(request.get("ExcludeContextTypes", ()))
        )

    return list_items(
        context,
        context.selling.engagements,
        result_key="EngagementSummaryList",
        keep=keep if is_filtered(request) else None,
        order=(lambda item: (moment(item["CreatedAt"]), item["Id"])) if "Sort" in request else None,
        may_keep=lambda index: context.selling.is_member(context.account, index),
    )


def list_engagement_members(context: RequestContext) -> bytes:
    """Return a page of the members of an engagement."""
    engagement = find_engagement(context, context.request["Identifier"])
    members = [
        {"AccountId": account, "CompanyName": company_name(context, account)} for account in engagement["Members"]
    ]
    return list_records(
        context, members, result_key="EngagementMemberList", shape="EngagementMember", size=_MEMBERS_PAGE_SIZE
    )


def company_name(context: RequestContext, account: str) -> str:
    """Return the name of an account: that of its partner profile, if it has one."""
    participant = context.state.participant(account, context.selling.name, context.now)
    ((_, named),) = participant.items()
    name: str = named["Name"]
    return name


def create_engagement_context(context: RequestContext) -> bytes:
    """Add a context to an engagement."""
    request = context.request
    engagement = find_engagement(context, request["EngagementIdentifier"])
    changed = add_context(context, engagement, request["Type"], _filled(context, request["Payload"]))
    return _changed_context(changed, changed["Contexts"][-1]["Id"])


def update_engagement_context(context: RequestContext) -> bytes:
    """Replace a context of an engagement; the interaction of a lead is added to those that it has."""
    request = context.request
    engagement = find_engagement(context, request["EngagementIdentifier"])
    before = next((each for each in engagement["Contexts"] if each["Id"] == request["ContextIdentifier"]), None)
    if before is None:
        raise not_found("ENGAGEMENT_CONTEXT_NOT_FOUND")
    if moment(request["EngagementLastModifiedAt"]) != moment(engagement["ModifiedAt"]):
        raise conflict("ENGAGEMENT_HAS_CHANGED_SINCE_ENGAGEMENT_LAST_MODIFIED_AT")
    kind, payload = request["Type"], _filled(context, request["Payload"])
    _check_type(kind, payload, "Payload")
    if kind != before["Type"]:
        raise invalid_state("Type", f"of the context is {before['Type']}", "INVALID_VALUE")
    if kind == "Lead":
        lead = dict(payload["Lead"])
        interactions = [*before["Payload"]["Lead"]["Interactions"], *([lead.pop("Interaction", None)])]
        lead["Interactions"] = [each for each in interactions if each is not None]
        if len(lead["Interactions"]) > _MOST_INTERACTIONS:
            raise quota_exceeded("TOO_MANY_INTERACTIONS")
        payload = {"Lead": lead}
    contexts = [each if each["Id"] != before["Id"] else {**each, "Payload": payload} for each in engagement["Contexts"]]
    return _changed_context(change_engagement(context, engagement, Contexts=contexts), before["Id"])


def _changed_context(engagement: Mapping[str, Any], identifier: str) -> bytes:
    return encode(
        {
            "EngagementId": engagement["Id"],
            "EngagementArn": engagement["Arn"],
            "EngagementLastModifiedAt": engagement["ModifiedAt"],
            "ContextId": identifier,
        }
    )


def _filled(context: RequestContext, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the payload of a context: one about a customer account has the details of that account."""
    told = payload.get("CustomerAccount", {})
    if "AccountIdentifier" not in told:
        return dict(payload)
    customer = as_engagement_customer(find_customer(context, told["AccountIdentifier"]))
    return {"CustomerAccount": {**told, "Customer": customer}}


def add_context(
    context: RequestContext, engagement: Mapping[str, Any], kind: str, payload: Mapping[str, Any]
) -> dict[str, Any]:
    """Add a context to an engagement, and return the engagement."""
    added = _context(engagement["Contexts"], kind, payload, "Payload")
    return change_engagement(context, engagement, Contexts=[*engagement["Contexts"], added])


def _context(
    existing: Sequence[Mapping[str, Any]], kind: str, payload: Mapping[str, Any], field: str
) -> dict[str, Any]:
    """Return a new context, or raise EmulatedServiceError."""
    _check_type(kind, payload, field)
    if len(existing) >= _MOST_CONTEXTS:
        raise quota_exceeded("TOO_MANY_CONTEXTS")
    return {"Id": str(len(existing) + 1), "Type": kind, "Payload": payload}


def _check_type(kind: str, payload: Mapping[str, Any], field: str) -> None:
    if kind not in payload:
        raise invalid_field(field, f"must be a {kind}, which is the type of the context")
