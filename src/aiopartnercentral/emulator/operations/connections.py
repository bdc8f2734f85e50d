"""Connections: what two accounts agreed on, each type of it by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.errors import conflict, not_found, quota_exceeded
from aiopartnercentral.emulator.state.clock import stamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from datetime import datetime

    from aiopartnercentral.emulator.operations.context import Call
    from aiopartnercentral.emulator.state.catalog import Catalog

ACTIVE = frozenset({"ACTIVE"})


@attrs.frozen
class Party:
    """One of the two accounts of a connection.

    Attributes:
        side: what it has.
        shown: how the other one sees it: a Participant.
    """

    side: Catalog
    shown: dict[str, Any]


def connection_of(side: Catalog, account: str) -> dict[str, Any] | None:
    """Return the connection with an account, of which there is at most one; None if there is none."""
    indices = side.connections.matching(frozenset(), frozenset({account}))
    return side.connections.item(indices[0]) if indices else None


def is_active(connection: dict[str, Any] | None, connection_type: str) -> bool:
    """Tell whether there is a connection and a type of it is active."""
    return connection is not None and connection["ConnectionTypes"].get(connection_type, {}).get("Status") == "ACTIVE"


def check_room(side: Catalog, limit: int) -> None:
    """Raise ServiceFaultError if an account can have no further active connection."""
    # Counting the active ones walks all of them, which is for nothing where there are few.
    if len(side.connections) >= limit and len(side.connections.matching(ACTIVE)) >= limit:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_ACTIVE_CONNECTION")


def connect(call: Call, own: Party, other: Party, invitation: dict[str, Any]) -> dict[str, Any]:
    """Make a connection, or a type of an existing one, on both sides, and return the caller's view of it."""
    existing = connection_of(own.side, other.side.account) or connection_of(other.side, own.side.account)
    identifier = existing["Id"] if existing else call.world.identifier("pac")
    views = [
        _connected(one.side, another, identifier, invitation, call.now) for one, another in ((other, own), (own, other))
    ]
    return views[-1]


def _connected(
    side: Catalog, other: Party, identifier: str, invitation: dict[str, Any], now: datetime
) -> dict[str, Any]:
    kind = {
        "CreatedAt": stamp(now),
        "InviterEmail": invitation["InviterEmail"],
        "InviterName": invitation["InviterName"],
        "Status": "ACTIVE",
        "OtherParticipant": other.shown,
    }
    before = side.connections.find(identifier)
    connection = {
        "Catalog": side.name,
        "Id": identifier,
        "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{side.name}/connection/{identifier}",
        "OtherParticipantAccountId": other.side.account,
        "UpdatedAt": stamp(now),
        "ConnectionTypes": {**(before["ConnectionTypes"] if before else {}), invitation["ConnectionType"]: kind},
    }
    if before:
        side.connections.change(connection)
    else:
        side.connections.add(connection)
    return connection


def get_connection(call: Call) -> bytes:
    """Return one connection."""
    return encode(_find(call))


def cancel_connection(call: Call) -> bytes:
    """End one type of a connection, for both sides. The reason goes nowhere: no operation tells it."""
    connection = _find(call)
    connection_type = call.request["ConnectionType"]
    if not is_active(connection, connection_type):
        raise conflict("INCOMPATIBLE_CONNECTION_STATE")
    other = call.world.side(call.catalog.name, connection["OtherParticipantAccountId"], call.now)
    for side in (other, call.catalog):
        seen = side.connections.find(connection["Id"])
        # The other side of a seeded connection has nothing.
        if seen is not None:
            side.connections.change(_canceled(seen, connection_type, call))
    return encode(call.catalog.connections.find(connection["Id"]))


def _find(call: Call) -> dict[str, Any]:
    connection = call.catalog.connections.find(call.request["Identifier"])
    if connection is None:
        raise not_found("CONNECTION_NOT_FOUND")
    return connection


def _canceled(connection: dict[str, Any], connection_type: str, call: Call) -> dict[str, Any]:
    types = connection["ConnectionTypes"]
    ended = types[connection_type] | {
        "Status": "CANCELED",
        "CanceledAt": stamp(call.now),
        "CanceledBy": call.account,
    }
    return connection | {"UpdatedAt": stamp(call.now), "ConnectionTypes": types | {connection_type: ended}}
