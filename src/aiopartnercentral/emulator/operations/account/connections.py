"""Connections between two accounts; each type of a connection is active or canceled independently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.errors import conflict, not_found, quota_exceeded
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from datetime import datetime

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.catalog import AccountCatalog

ACTIVE = frozenset({"ACTIVE"})


@attrs.frozen
class Party:
    """One of the two accounts of a connection.

    Attributes:
        catalog: its catalog.
        participant: the account as the other one sees it.
    """

    catalog: AccountCatalog
    participant: dict[str, Any]


def connection_of(catalog: AccountCatalog, account: str) -> dict[str, Any] | None:
    """Return the only connection with an account; None if there is none."""
    indices = catalog.connections.matching(frozenset(), frozenset({account}))
    return catalog.connections.item(indices[0]) if indices else None


def is_active(connection: dict[str, Any] | None, connection_type: str) -> bool:
    """Return whether a type of a connection is active."""
    return connection is not None and connection["ConnectionTypes"].get(connection_type, {}).get("Status") == "ACTIVE"


def check_room(catalog: AccountCatalog, limit: int) -> None:
    """Raise EmulatedServiceError if an account has as many active connections as its quota allows."""
    # Counting active connections visits all of them, which is not needed where there are few.
    if len(catalog.connections) >= limit and len(catalog.connections.matching(ACTIVE)) >= limit:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_ACTIVE_CONNECTION")


def connect(context: RequestContext, own: Party, other: Party, invitation: dict[str, Any]) -> dict[str, Any]:
    """Add a connection, or a type of an existing one, for both accounts, and return the caller's view of it."""
    existing = connection_of(own.catalog, other.catalog.account) or connection_of(other.catalog, own.catalog.account)
    identifier = existing["Id"] if existing else context.state.identifier("pac")
    views = [
        _make_connection(one.catalog, another, identifier, invitation, context.now)
        for one, another in ((other, own), (own, other))
    ]
    return views[-1]


def _make_connection(
    catalog: AccountCatalog, other: Party, identifier: str, invitation: dict[str, Any], now: datetime
) -> dict[str, Any]:
    kind = {
        "CreatedAt": format_timestamp(now),
        "InviterEmail": invitation["InviterEmail"],
        "InviterName": invitation["InviterName"],
        "Status": "ACTIVE",
        "OtherParticipant": other.participant,
    }
    before = catalog.connections.find(identifier)
    connection = {
        "Catalog": catalog.name,
        "Id": identifier,
        "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{catalog.name}/connection/{identifier}",
        "OtherParticipantAccountId": other.catalog.account,
        "UpdatedAt": format_timestamp(now),
        "ConnectionTypes": {**(before["ConnectionTypes"] if before else {}), invitation["ConnectionType"]: kind},
    }
    if before:
        catalog.connections.change(connection)
    else:
        catalog.connections.add(connection)
    return connection


def get_connection(context: RequestContext) -> bytes:
    """Return one connection."""
    return encode(_find(context))


def cancel_connection(context: RequestContext) -> bytes:
    """Cancel one type of a connection for both accounts. The reason is dropped: no operation returns it."""
    connection = _find(context)
    connection_type = context.request["ConnectionType"]
    if not is_active(connection, connection_type):
        raise conflict("INCOMPATIBLE_CONNECTION_STATE")
    other = context.state.catalog(context.catalog.name, connection["OtherParticipantAccountId"], context.now)
    for catalog in (other, context.catalog):
        seen = catalog.connections.find(connection["Id"])
        # The other account of a seeded connection has no data.
        if seen is not None:
            catalog.connections.change(_canceled(seen, connection_type, context))
    return encode(context.catalog.connections.find(connection["Id"]))


def _find(context: RequestContext) -> dict[str, Any]:
    connection = context.catalog.connections.find(context.request["Identifier"])
    if connection is None:
        raise not_found("CONNECTION_NOT_FOUND")
    return connection


def _canceled(connection: dict[str, Any], connection_type: str, context: RequestContext) -> dict[str, Any]:
    types = connection["ConnectionTypes"]
    ended = types[connection_type] | {
        "Status": "CANCELED",
        "CanceledAt": format_timestamp(context.now),
        "CanceledBy": context.account,
    }
    return connection | {
        "UpdatedAt": format_timestamp(context.now),
        "ConnectionTypes": types | {connection_type: ended},
    }
