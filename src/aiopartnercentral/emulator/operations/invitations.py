"""Connection invitations: one account asks, the other one answers, and each sees its own side."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import (
    business_rules_broken,
    conflict,
    invalid_field,
    not_found,
    quota_exceeded,
)
from aiopartnercentral.emulator.operations.connections import Party, check_room, connect, connection_of, is_active
from aiopartnercentral.emulator.seed.companies import shown_as
from aiopartnercentral.emulator.state.clock import stamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import Call
    from aiopartnercentral.emulator.state.catalog import Catalog

# AWS does not publish how long an invitation can be answered; the seeded ones last as long.
VALID_FOR: Final = timedelta(days=15)
_SENT: Final = "invitations"


def create_connection_invitation(call: Call) -> bytes:
    """Invite an account, by its number or by its profile, and return the sender's view.

    Neither side needs to be a partner: a participant can be a bare account.
    """
    sender, identifier = call.catalog, call.request["ReceiverIdentifier"]
    account = call.world.account_behind(identifier, sender, call.now)
    if account is None:
        raise not_found("RECEIVER_PROFILE_NOT_FOUND")
    if account == call.account:
        raise business_rules_broken({"INCOMPATIBLE_CONNECTION_INVITATION_REQUEST": "An account cannot invite itself"})
    receiver = call.world.side(sender.name, account, call.now)
    profile = call.world.profile_id(call.account, receiver, call.now)
    _check_receiver(receiver, {call.account, profile})
    _check_new(call, account)
    expires_at = call.now + VALID_FOR
    invitation = _made(call, expires_at)
    as_received = {"OtherParticipantIdentifier": profile or call.account, "ParticipantType": "RECEIVER"}
    sender.add_invitation(invitation, account, expires_at)
    receiver.add_invitation(invitation | as_received, call.account, expires_at)
    sender.used[_SENT].add(call.now)
    return encode(invitation)


def _check_receiver(receiver: Catalog, senders: set[str | None]) -> None:
    """Raise ServiceFaultError if the receiver's preferences do not allow the sender."""
    preferences = receiver.preferences
    denied = preferences["AccessType"] == "DENY_ALL" or (
        preferences["AccessType"] == "ALLOW_BY_DEFAULT_DENY_SOME"
        and not senders.isdisjoint(preferences.get("ExcludedParticipantIds", ()))
    )
    if denied:
        raise conflict("INCOMPATIBLE_CONNECTION_INVITATION_RECEIVER")


def _check_new(call: Call, account: str) -> None:
    """Raise ServiceFaultError if there is such an invitation or connection, or too many."""
    sender, quotas = call.catalog, call.world.quotas
    connection_type = call.request["ConnectionType"]
    if is_active(connection_of(sender, account), connection_type):
        raise conflict("DUPLICATE_CONNECTION")
    others = frozenset({account, call.request["ReceiverIdentifier"]})
    # One open invitation of a type is enough, whoever of the two sent it.
    if sender.invitations.matching(frozenset({"PENDING", connection_type}), others):
        raise conflict("DUPLICATE_CONNECTION_INVITATION")
    if sender.used[_SENT].at(call.now) >= quotas.invitations_a_day:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_CONNECTION_INVITATION_PER_DAY")
    if len(sender.invitations.matching(frozenset({"PENDING", "SENDER"}))) >= quotas.open_invitations:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_OPEN_CONNECTION_INVITATION")


def _made(call: Call, expires_at: datetime) -> dict[str, Any]:
    request, name = call.request, call.catalog.name
    identifier = call.world.identifier("pacinv")
    return {
        "Catalog": name,
        "Id": identifier,
        "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{name}/connection-invitation/{identifier}",
        "Status": "PENDING",
        "ParticipantType": "SENDER",
        "InvitationMessage": request["Message"],
        "ConnectionType": request["ConnectionType"],
        "CreatedAt": stamp(call.now),
        "UpdatedAt": stamp(call.now),
        "ExpiresAt": stamp(expires_at),
        "OtherParticipantIdentifier": request["ReceiverIdentifier"],
        "InviterEmail": request["Email"],
        "InviterName": request["Name"],
    }


def get_connection_invitation(call: Call) -> bytes:
    """Return one invitation."""
    return encode(_find(call))


def accept_connection_invitation(call: Call) -> bytes:
    """Accept an invitation, and return the connection that it led to, as the receiver sees it."""
    invitation = _open(call, "RECEIVER")
    own = Party(call.catalog, call.world.participant(call.account, call.catalog.name, call.now))
    other = _other_party(call, invitation)
    for party in (own, other):
        check_room(party.side, call.world.quotas.active_connections)
    if is_active(connection_of(own.side, other.side.account), invitation["ConnectionType"]):
        raise conflict("DUPLICATE_CONNECTION")
    connection = connect(call, own, other, invitation)
    _close(call, invitation, "ACCEPTED", {"ConnectionId": connection["Id"]})
    return encode({"Connection": connection})


def reject_connection_invitation(call: Call) -> bytes:
    """Decline an invitation. The reason goes nowhere: no operation tells it."""
    return encode(_close(call, _open(call, "RECEIVER"), "REJECTED"))


def cancel_connection_invitation(call: Call) -> bytes:
    """Take back an invitation."""
    return encode(_close(call, _open(call, "SENDER"), "CANCELED"))


def _find(call: Call) -> dict[str, Any]:
    invitation = call.catalog.invitations.find(call.request["Identifier"])
    if invitation is None:
        raise not_found("CONNECTION_INVITATION_NOT_FOUND")
    return invitation


def _open(call: Call, role: str) -> dict[str, Any]:
    """Return a pending invitation of which the caller is the sender or the receiver."""
    invitation = _find(call)
    if invitation["ParticipantType"] != role:
        message = f"is of an invitation that only its {role.lower()} can do this with"
        raise invalid_field("Identifier", message, "ACTION_NOT_PERMITTED")
    if invitation["Status"] != "PENDING":
        raise conflict("INCOMPATIBLE_CONNECTION_INVITATION_STATE")
    return invitation


def _other_party(call: Call, invitation: dict[str, Any]) -> Party:
    catalog = call.catalog
    account = catalog.counterparts.get(invitation["Id"])
    if account is not None:
        return Party(
            call.world.side(catalog.name, account, call.now), call.world.participant(account, catalog.name, call.now)
        )
    company = catalog.seeded_company(invitation["Id"])
    if company is None:
        raise LookupError("a pending invitation has somebody on its other side")
    return Party(
        call.world.side(catalog.name, company.account_id, call.now),
        shown_as(company, invitation["OtherParticipantIdentifier"]),
    )


def _close(call: Call, invitation: dict[str, Any], status: str, more: dict[str, str] | None = None) -> dict[str, Any]:
    """Give an invitation its last status on both sides, and return the caller's view."""
    catalog = call.catalog
    sides = [catalog]
    if invitation["Id"] in catalog.counterparts:
        sides.append(call.world.side(catalog.name, catalog.counterparts[invitation["Id"]], call.now))
    for side in sides:
        seen = side.invitations.find(invitation["Id"])
        if seen is not None:
            kept = {name: value for name, value in seen.items() if name != "ExpiresAt"}
            side.invitations.change(kept | {"Status": status, "UpdatedAt": stamp(call.now)} | (more or {}))
    return _find(call)
