"""A page as msgspec's own Structs: fast typed objects without open unions, open enums or paths."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec resolves annotations at run time

import msgspec


class Other(msgspec.Struct, frozen=True):
    """An account or profile; an account has no identifier."""

    name: str = msgspec.field(name="Name")
    id: str | None = msgspec.field(name="Id", default=None)


class Participant(msgspec.Struct, frozen=True, rename="pascal"):
    """A union, as three optional keys."""

    partner_profile: Other | None = None
    seller_profile: Other | None = None
    account: Other | None = None


class ConnectionType(msgspec.Struct, frozen=True, rename="pascal"):
    """One type of a connection."""

    status: str
    other_participant: Participant


class Connection(msgspec.Struct, frozen=True, rename="pascal"):
    """An item."""

    catalog: str
    id: str
    arn: str
    other_participant_account_id: str
    updated_at: datetime
    connection_types: dict[str, ConnectionType]


class Page(msgspec.Struct, frozen=True, rename="pascal"):
    """A page."""

    connection_summaries: list[Connection]
    next_token: str | None = None
