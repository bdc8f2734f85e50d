"""Connection invitations: one account sends, the other responds, and each sees it from its own point of view."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import (
    business_rule_violation,
    conflict,
    invalid_field,
    not_found,
    quota_exceeded,
)
from aiopartnercentral.emulator.operations.account.connections import (
    Party,
    check_room,
    connect,
    connection_of,
    is_active,
)
from aiopartnercentral.emulator.seed.companies import as_participant
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.steps import interruptible

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.catalog import AccountCatalog

# AWS does not publish when invitations expire; seeded ones expire after the same time.
VALID_FOR: Final = timedelta(days=15)
_SENT: Final = "invitations"


def create_connection_invitation(context: RequestContext) -> bytes:
    """Invite an account by its id or its profile, and return the sender's view.

    Neither account needs to be a partner: a participant can be an account without a profile.
    """
    sender, identifier = context.catalog, context.request["ReceiverIdentifier"]
    with interruptible():
        account = context.state.account_of_participant(identifier, sender, context.now)
        if account is None:
            raise not_found("RECEIVER_PROFILE_NOT_FOUND")
        if account == context.account:
            raise business_rule_violation(
                {"INCOMPATIBLE_CONNECTION_INVITATION_REQUEST": "An account cannot invite itself"}
            )
        receiver = context.state.catalog(sender.name, account, context.now)
        profile = context.state.profile_id(context.account, receiver, context.now)
        _check_receiver(receiver, {context.account, profile})
        _check_new(context, account)
    expires_at = context.now + VALID_FOR
    invitation = _make_invitation(context, expires_at)
    as_received = {"OtherParticipantIdentifier": profile or context.account, "ParticipantType": "RECEIVER"}
    sender.add_invitation(invitation, account, expires_at)
    receiver.add_invitation(invitation | as_received, context.account, expires_at)
    sender.usage[_SENT].add(context.now)
    return encode(invitation)


def _check_receiver(receiver: AccountCatalog, senders: set[str | None]) -> None:
    """Raise EmulatedServiceError if the receiver's preferences do not allow the sender."""
    preferences = receiver.preferences
    denied = preferences["AccessType"] == "DENY_ALL" or (
        preferences["AccessType"] == "ALLOW_BY_DEFAULT_DENY_SOME"
        and not senders.isdisjoint(preferences.get("ExcludedParticipantIds", ()))
    )
    if denied:
        raise conflict("INCOMPATIBLE_CONNECTION_INVITATION_RECEIVER")


def _check_new(context: RequestContext, account: str) -> None:
    """Raise EmulatedServiceError if such an invitation or connection exists, or a quota is reached."""
    sender, quotas = context.catalog, context.state.quotas
    connection_type = context.request["ConnectionType"]
    if is_active(connection_of(sender, account), connection_type):
        raise conflict("DUPLICATE_CONNECTION")
    others = frozenset({account, context.request["ReceiverIdentifier"]})
    # Two accounts have at most one pending invitation of a type, regardless of its sender.
    if sender.invitations.matching(frozenset({"PENDING", connection_type}), others):
        raise conflict("DUPLICATE_CONNECTION_INVITATION")
    if sender.usage[_SENT].count(context.now) >= quotas.invitations_per_day:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_CONNECTION_INVITATION_PER_DAY")
    if len(sender.invitations.matching(frozenset({"PENDING", "SENDER"}))) >= quotas.open_invitations:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_OPEN_CONNECTION_INVITATION")


def _make_invitation(context: RequestContext, expires_at: datetime) -> dict[str, Any]:
    request, name = context.request, context.catalog.name
    identifier = context.state.identifier("pacinv")
    return {
        "Catalog": name,
        "Id": identifier,
        "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{name}/connection-invitation/{identifier}",
        "Status": "PENDING",
        "ParticipantType": "SENDER",
        "InvitationMessage": request["Message"],
        "ConnectionType": request["ConnectionType"],
        "CreatedAt": format_timestamp(context.now),
        "UpdatedAt": format_timestamp(context.now),
        "ExpiresAt": format_timestamp(expires_at),
        "OtherParticipantIdentifier": request["ReceiverIdentifier"],
        "InviterEmail": request["Email"],
        "InviterName": request["Name"],
    }


def get_connection_invitation(context: RequestContext) -> bytes:
    """Return one invitation."""
    return encode(_find(context))


def accept_connection_invitation(context: RequestContext) -> bytes:
    """Accept an invitation, and return the receiver's view of the new connection."""
    with interruptible():
        invitation = _open(context, "RECEIVER")
        own = Party(context.catalog, context.state.participant(context.account, context.catalog.name, context.now))
        other = _other_party(context, invitation)
        for party in (own, other):
            check_room(party.catalog, context.state.quotas.active_connections)
        if is_active(connection_of(own.catalog, other.catalog.account), invitation["ConnectionType"]):
            raise conflict("DUPLICATE_CONNECTION")
    connection = connect(context, own, other, invitation)
    _close(context, invitation, "ACCEPTED", {"ConnectionId": connection["Id"]})
    return encode({"Connection": connection})


def reject_connection_invitation(context: RequestContext) -> bytes:
    """Reject an invitation. The reason is dropped: no operation returns it."""
    return encode(_close(context, _open(context, "RECEIVER"), "REJECTED"))


def cancel_connection_invitation(context: RequestContext) -> bytes:
    """Cancel an invitation."""
    return encode(_close(context, _open(context, "SENDER"), "CANCELED"))


def _find(context: RequestContext) -> dict[str, Any]:
    invitation = context.catalog.invitations.find(context.request["Identifier"])
    if invitation is None:
        raise not_found("CONNECTION_INVITATION_NOT_FOUND")
    return invitation


def _open(context: RequestContext, role: str) -> dict[str, Any]:
    """Return a pending invitation that the caller has sent or received."""
    invitation = _find(context)
    if invitation["ParticipantType"] != role:
        message = f"is of an invitation for which only the {role.lower()} can do this"
        raise invalid_field("Identifier", message, "ACTION_NOT_PERMITTED")
    if invitation["Status"] != "PENDING":
        raise conflict("INCOMPATIBLE_CONNECTION_INVITATION_STATE")
    return invitation


def _other_party(context: RequestContext, invitation: dict[str, Any]) -> Party:
    catalog = context.catalog
    account = catalog.counterparts.get(invitation["Id"])
    if account is not None:
        return Party(
            context.state.catalog(catalog.name, account, context.now),
            context.state.participant(account, catalog.name, context.now),
        )
    company = catalog.seeded_company(invitation["Id"])
    if company is None:
        raise LookupError("a pending invitation has no other account")
    return Party(
        context.state.catalog(catalog.name, company.account_id, context.now),
        as_participant(company, invitation["OtherParticipantIdentifier"]),
    )


def _close(
    context: RequestContext, invitation: dict[str, Any], status: str, more: dict[str, str] | None = None
) -> dict[str, Any]:
    """Set the final status of an invitation for both accounts, and return the caller's view."""
    catalog = context.catalog
    catalogs = [catalog]
    if invitation["Id"] in catalog.counterparts:
        catalogs.append(context.state.catalog(catalog.name, catalog.counterparts[invitation["Id"]], context.now))
    for each in catalogs:
        seen = each.invitations.find(invitation["Id"])
        if seen is not None:
            kept = {name: value for name, value in seen.items() if name != "ExpiresAt"}
            each.invitations.change(
                kept | {"Status": status, "UpdatedAt": format_timestamp(context.now)} | (more or {})
            )
    return _find(context)
