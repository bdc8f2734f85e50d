"""Objects and JSON in a form in which they can be compared with what botocore makes of the same response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.errors import ServiceError
from aiopartnercentral.types import UnknownMember
from aiopartnercentral.types.short_text import Limits, short_text

if TYPE_CHECKING:
    from aiopartnercentral.types import JsonValue


def comparable(obj: Any) -> Any:
    """Make errors, which compare by identity, comparable by class and members."""
    if isinstance(obj, ServiceError):
        members = {name: value for name, value in vars(obj).items() if name not in {"response", "problems"}}
        return type(obj), members
    return obj


def whole_repr(obj: Any) -> str:
    """Return the repr of an object with all of its members, however long it is."""
    if isinstance(obj, ServiceError):
        return repr(obj)
    return short_text(obj, limits=[Limits(depth=99, elements=10**6, characters=10**6, total=10**9)])


def everything_shown(obj: Any) -> str:
    """Return all that a repr, a text or a notebook shows of an object."""
    table = "" if isinstance(obj, ServiceError) else obj._repr_html_()
    return "\n".join([whole_repr(obj), repr(obj), str(obj), f"{obj}", table])


def without_payloads(obj: Any) -> Any:
    """Drop the payloads of unknown union members, as botocore's parser does."""
    if isinstance(obj, UnknownMember):
        return type(obj)(obj.tag)
    if isinstance(obj, list):
        return [without_payloads(item) for item in obj]
    if isinstance(obj, dict):
        return {key: without_payloads(value) for key, value in obj.items()}
    if isinstance(obj, ServiceError):
        kind, members = comparable(obj)
        return kind, without_payloads(members)
    if attrs.has(type(obj)):
        changes = {a.name: without_payloads(getattr(obj, a.name)) for a in attrs.fields(type(obj))}
        return attrs.evolve(obj, **changes)
    return obj


def without_nulls(wire: JsonValue) -> JsonValue:
    """Drop the null entries of objects, wherever they are."""
    if isinstance(wire, dict):
        return {key: without_nulls(value) for key, value in wire.items() if value is not None}
    if isinstance(wire, list):
        return [without_nulls(item) for item in wire]
    return wire
