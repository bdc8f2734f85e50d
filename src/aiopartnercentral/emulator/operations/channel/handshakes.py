"""Channel handshakes: an account sends one about a resource, and the account of that resource answers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import invalid_field, invalid_state
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.channel.relationships import ACCOUNTS, RELATIONSHIPS, by_update
from aiopartnercentral.emulator.operations.matching import is_one_of
from aiopartnercentral.emulator.operations.resources import Resource, response
from aiopartnercentral.emulator.seed.records import VALID_DAYS
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

HANDSHAKES: Final = Resource("channel-handshake", "ch", "id")
_VALID_FOR: Final = timedelta(days=VALID_DAYS)
_OF_ACCOUNT: Final = "PROGRAM_MANAGEMENT_ACCOUNT"
_PAYLOADS: Final = {
    "START_SERVICE_PERIOD": ("startServicePeriodPayload", "startServicePeriodHandshakeDetail"),
    "REVOKE_SERVICE_PERIOD": ("revokeServicePeriodPayload", "revokeServicePeriodHandshakeDetail"),
}


def create_channel_handshake(context: RequestContext) -> bytes:
    """Send a handshake to the account of a program management account, or of a relationship."""
    request, kind = context.request, context.request["handshakeType"]
    resource = ACCOUNTS if kind == _OF_ACCOUNT else RELATIONSHIPS
    associated = identifier_of(request["associatedResourceIdentifier"])
    if not associated.startswith(f"{resource.prefix}-"):
        message = f"must be a {resource.path.replace('-', ' ')}"
        raise invalid_field("associatedResourceIdentifier", message)
    about = resource.find(context, associated).item
    receiver = about.get("accountId" if kind == _OF_ACCOUNT else "associatedAccountId")
    if receiver is None:
        raise invalid_state("associatedResourceIdentifier", "has no associated account")
    records = HANDSHAKES.records(context)
    for other in map(records.at, records.of(context.account)):
        same = (other.item["handshakeType"], other.item["associatedResourceId"]) == (kind, associated)
        if same and _status(other, context.now) == "PENDING":
            raise HANDSHAKES.refusal("HANDSHAKE_IS_PENDING", other)
    now = format_timestamp(context.now)
    item = HANDSHAKES.add(
        context,
        {
            "handshakeType": kind,
            "ownerAccountId": context.account,
            "senderAccountId": context.account,
            "senderDisplayName": f"Account {context.account}",
            "receiverAccountId": receiver,
            "associatedResourceId": associated,
            "detail": _detail(context, about),
            "createdAt": now,
            "updatedAt": now,
            "status": "PENDING",
        },
        tags=request.get("tags", ()),
    )
    return encode({"channelHandshakeDetail": {"id": item["id"], "arn": item["arn"]}})


def _detail(context: RequestContext, about: dict[str, Any]) -> dict[str, Any]:
    """Return what a handshake is about, or raise EmulatedServiceError if its payload is of another kind."""
    kind, payload = context.request["handshakeType"], context.request.get("payload", {})
    if kind == _OF_ACCOUNT:
        if payload:
            raise invalid_field("payload", f"must be absent for {_OF_ACCOUNT}")
        return {"programManagementAccountHandshakeDetail": {"program": about["program"]}}
    name, detail = _PAYLOADS[kind]
    if name not in payload:
        raise invalid_field("payload", f"must have {name}", "REQUIRED_FIELD_MISSING")
    if identifier_of(payload[name]["programManagementAccountIdentifier"]) != about["programManagementAccountId"]:
        field = f"payload.{name}.programManagementAccountIdentifier"
        raise invalid_field(field, "must be the program management account of the relationship")
    told = {key: value for key, value in payload[name].items() if key != "programManagementAccountIdentifier"}
    return {detail: told}


def _status(record: Record, now: datetime) -> str:
    """Return the status of a handshake at a time."""
    status: str = record.item["status"]
    return "EXPIRED" if status == "PENDING" and now >= _expires(record) else status


def _expires(record: Record) -> datetime:
    """Return when a handshake expires if it is still pending then."""
    return datetime.fromisoformat(record.item["createdAt"]) + _VALID_FOR


def _close(context: RequestContext, member: str, status: str) -> bytes:
    """Set the final status of a pending handshake, which only the account in a member of it may do."""
    record = HANDSHAKES.find(context, context.request["identifier"], ("receiverAccountId",))
    if record.item[member] != context.account:
        raise invalid_field(
            "identifier", "is of a handshake that another account has to answer", "ACTION_NOT_PERMITTED"
        )
    before = _status(record, context.now)
    if before != "PENDING":
        raise invalid_state("identifier", f"is of a handshake that is {before}")
    now = format_timestamp(context.now)
    item = HANDSHAKES.change(record, {"status": status, "updatedAt": now})
    if status == "ACCEPTED" and item["handshakeType"] == _OF_ACCOUNT:
        about = ACCOUNTS.records(context).get(item["associatedResourceId"])
        if about is not None:
            ACCOUNTS.change(about, {"status": "ACTIVE", "startDate": now, "updatedAt": now})
    return response(context, {"channelHandshakeDetail": item})


def accept_channel_handshake(context: RequestContext) -> bytes:
    """Accept a handshake; one about a program management account makes it active."""
    return _close(context, "receiverAccountId", "ACCEPTED")


def reject_channel_handshake(context: RequestContext) -> bytes:
    """Reject a handshake."""
    return _close(context, "receiverAccountId", "REJECTED")


def cancel_channel_handshake(context: RequestContext) -> bytes:
    """Cancel a handshake that the caller has sent."""
    return _close(context, "senderAccountId", "CANCELED")


def list_channel_handshakes(context: RequestContext) -> bytes:
    """Return a page of the handshakes of a type that the caller has sent, or of those that it has received."""
    request = context.request
    member = "senderAccountId" if request["participantType"] == "SENDER" else "receiverAccountId"
    associated = {identifier_of(each) for each in request.get("associatedResourceIdentifiers", ())}
    filters: dict[str, Any] = next(iter(request.get("handshakeTypeFilters", {}).values()), {})
    order: dict[str, str] = next(iter(request.get("handshakeTypeSort", {}).values()), {})

    def is_visible(record: Record) -> bool:
        return bool(record.item[member] == context.account)

    def keep(item: dict[str, Any]) -> bool:
        (detail,) = item["detail"].values()
        return (
            item["handshakeType"] == request["handshakeType"]
            and is_one_of(item["status"], request.get("statuses"))
            and is_one_of(item["associatedResourceId"], associated)
            and is_one_of(detail.get("servicePeriodType"), filters.get("servicePeriodTypes"))
            and is_one_of(detail.get("program"), filters.get("programs"))
        )

    return HANDSHAKES.listed(
        context,
        result_key="items",
        shape="ChannelHandshakeSummary",
        keep=keep,
        order=by_update if order else None,
        descending=order.get("sortOrder") == "Descending",
        is_visible=is_visible,
        shown=lambda record: {**record.item, "status": _status(record, context.now)},
        due=lambda record: _expires(record) if _status(record, context.now) == "PENDING" else None,
    )
