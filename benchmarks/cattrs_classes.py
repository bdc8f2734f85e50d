"""A page as hand-written attrs classes, structured by a minimal cattrs converter."""

from __future__ import annotations

from datetime import datetime

import attrs
from cattrs import Converter


def _spelled_as_on_the_wire(_: type, members: list[attrs.Attribute[object]]) -> list[attrs.Attribute[object]]:
    return [member.evolve(alias=member.name.title().replace("_", "")) for member in members]


@attrs.frozen(field_transformer=_spelled_as_on_the_wire)
class Other:
    """An account or profile; an account has no identifier."""

    name: str
    id: str | None = None


@attrs.frozen(field_transformer=_spelled_as_on_the_wire)
class Participant:
    """A union, as three optional keys."""

    partner_profile: Other | None = None
    seller_profile: Other | None = None
    account: Other | None = None


@attrs.frozen(field_transformer=_spelled_as_on_the_wire)
class ConnectionType:
    """One type of a connection."""

    status: str
    other_participant: Participant


@attrs.frozen(field_transformer=_spelled_as_on_the_wire)
class Connection:
    """An item."""

    catalog: str
    id: str
    arn: str
    other_participant_account_id: str
    updated_at: datetime
    connection_types: dict[str, ConnectionType]


@attrs.frozen(field_transformer=_spelled_as_on_the_wire)
class Page:
    """A page."""

    connection_summaries: list[Connection]
    next_token: str | None = None


def make_converter() -> Converter:
    """Return a converter for pages."""
    converter = Converter(use_alias=True)
    converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
    return converter
