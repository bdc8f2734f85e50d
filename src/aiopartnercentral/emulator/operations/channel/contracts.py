"""Channel contracts: attestations of managed services, which a person at the end customer signs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import FieldProblem, invalid_state, validation_failed
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.channel.relationships import RELATIONSHIPS, by_update, find_relationship
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.resources import Resource, response
from aiopartnercentral.emulator.state.clock import format_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

Item = dict[str, Any]

CONTRACTS: Final = Resource("channel-contract", "cc", "id")
# As long as it can be canceled, which AWS documents.
_VALID_FOR: Final = timedelta(days=30)
_KIND: Final = "managedServicesAttestation"
_IS_LIVE: Final = ("PENDING", "ACCEPTED")
_SANDBOX: Final = "Sandbox"


def _shown(context: RequestContext, record: Record) -> Item:
    """Return a contract as it is now.

    It is signed after the time that tasks take, unless the address of the signatory is in the domain `.invalid`, and at
    once in the Sandbox catalog.
    """
    item = record.item
    for status, at in _steps(context, item):
        if context.now >= at:
            item = {**item, "status": status, "updatedAt": format_timestamp(at)}
            item |= {"respondedAt": item["updatedAt"]} if status == "ACCEPTED" else {}
    return item


def _steps(context: RequestContext, item: Item) -> list[tuple[str, datetime]]:
    """Return the statuses that a contract gets without a request, and when."""
    if item["status"] != "PENDING":
        return []
    created, details = moment(item["createdAt"]), item["details"][f"{_KIND}Details"]
    if details["signatoryEmail"].endswith(".invalid"):
        return [("EXPIRED", created + _VALID_FOR)]
    step = timedelta(0) if item["catalog"] == _SANDBOX else context.state.task_time
    return [("ACCEPTED", created + step), ("INACTIVE", moment(details["endDate"]))]


def _next_step(context: RequestContext, item: Item) -> datetime | None:
    """Return when a contract gets its next status without a request."""
    return min((at for _, at in _steps(context, item) if at > context.now), default=None)


def create_channel_contract(context: RequestContext) -> bytes:
    """Send an attestation about a relationship to its signatory."""
    request = context.request
    given: Item = request["payload"][f"{_KIND}Payload"]
    owner, identifier = given["programManagementAccountIdentifier"], given["relationshipIdentifier"]
    relationship = find_relationship(context, owner, identifier)
    if wrong := list(_problems(context, given, relationship.item)):
        raise validation_failed(wrong)
    before = relationship.item.get("channelContractId")
    latest = CONTRACTS.records(context).get(before) if before else None
    if latest is not None and _shown(context, latest)["status"] in _IS_LIVE:
        raise CONTRACTS.refusal("CONTRACT_EXISTS", latest)
    now = format_timestamp(context.now)
    details = given | {
        "relationshipIdentifier": identifier_of(identifier),
        "programManagementAccountIdentifier": identifier_of(owner),
    }
    item = CONTRACTS.add(
        context,
        {
            "contractType": request["contractType"],
            "status": "PENDING",
            "createdAt": now,
            "updatedAt": now,
            "details": {f"{_KIND}Details": details},
        },
        tags=request.get("tags", ()),
    )
    RELATIONSHIPS.change(relationship, {"channelContractId": item["id"], "updatedAt": now})
    return response(context, {"channelContractDetail": item})


def _problems(context: RequestContext, given: Item, relationship: Item) -> Iterator[FieldProblem]:
    """Yield what is wrong with an attestation about a relationship."""
    path = f"payload.{_KIND}Payload."
    if relationship["associationType"] != "MANAGED_SERVICES_END_CUSTOMER":
        message = "must be a relationship with an end customer of managed services"
        yield FieldProblem(f"{path}relationshipIdentifier", message, "INVALID_VALUE")
    # One of the whole organization may be stored without a scope.
    is_whole = relationship.get("accountScope", "ENTIRE_ORGANIZATION") == "ENTIRE_ORGANIZATION"
    if is_whole and "memberAccountIds" in given:
        message = "must be absent, as the relationship is with an entire organization"
        yield FieldProblem(f"{path}memberAccountIds", message, "INVALID_VALUE")
    if not is_whole and not given.get("memberAccountIds"):
        yield FieldProblem(f"{path}memberAccountIds", "is required by the relationship", "REQUIRED_FIELD_MISSING")
    if moment(given["endDate"]) <= max(moment(relationship["startDate"]), context.now):
        message = "must be in the future, and after the start of the relationship"
        yield FieldProblem(f"{path}endDate", message, "INVALID_VALUE")


def get_channel_contract(context: RequestContext) -> bytes:
    """Return one contract."""
    record = CONTRACTS.find(context, context.request["identifier"])
    return response(context, {"channelContractDetail": _shown(context, record)})


def cancel_channel_contract(context: RequestContext) -> bytes:
    """Cancel a contract that is not signed yet."""
    record = CONTRACTS.find(context, context.request["identifier"])
    status = _shown(context, record)["status"]
    if status != "PENDING":
        raise invalid_state("identifier", f"is of a contract that is {status}")
    changes: Item = {"status": "CANCELED", "updatedAt": format_timestamp(context.now)}
    if "reason" in context.request:
        changes["cancellationReason"] = context.request["reason"]
    return response(context, {"channelContractDetail": CONTRACTS.change(record, changes)})


def list_channel_contracts(context: RequestContext) -> bytes:
    """Return a page of the caller's contracts of a type."""
    request = context.request
    filters: Item = next(iter(request.get("contractTypeFilters", {}).values()), {})
    order: dict[str, str] = next(iter(request.get("contractTypeSort", {}).values()), {})
    relationships = {identifier_of(each) for each in filters.get("relationshipIdentifiers", ())}

    def keep(item: Item) -> bool:
        details = item["details"][f"{_KIND}Details"]
        return (
            item["contractType"] == request["contractType"]
            and is_one_of(item["status"], request.get("statuses"))
            and is_one_of(details["relationshipIdentifier"], relationships)
            and is_one_of(details["legalEntityName"], filters.get("legalEntityNames"))
        )

    return CONTRACTS.listed(
        context,
        result_key="items",
        shape="ChannelContractSummary",
        keep=keep,
        order=by_update if order else None,
        descending=order.get("sortOrder") == "Descending",
        shown=lambda record: _shown(context, record),
        due=lambda record: _next_step(context, record.item),
    )
