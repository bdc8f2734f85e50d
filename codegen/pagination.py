"""Read how responses are paginated; an operation whose pages cannot be followed gets no paginator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from . import ir, traits
from .errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .services import TimeFilter


class UnsupportedError(Exception):
    """No paginator here can follow the pagination; the message says why."""


def read(
    paginator: Mapping[str, Any],
    request: ir.Structure,
    response: ir.Structure,
    shapes: Mapping[str, ir.Shape],
    where: str,
) -> ir.Pagination:
    """Return how an operation with this request and response is paginated, without what it fans out over.

    Raises:
        ModelError: an unknown trait.
        UnsupportedError: no paginator follows it.
    """
    traits.check(paginator, traits.PAGINATOR, where)
    reader = _Reader(paginator, shapes)
    limit = reader.member("limit_key", request) if "limit_key" in paginator else None
    # Some services take the number as a string: there it is a filter like any other.
    is_number = limit is not None and reader.is_plain(limit, ir.Kind.INTEGER, ir.Kind.LONG)
    return ir.Pagination(
        input_token=reader.plain("input_token", request, ir.Kind.STRING),
        output_token=reader.plain("output_token", response, ir.Kind.STRING),
        limit_key=limit.name if limit is not None and is_number else None,
        more_results=reader.plain("more_results", response, ir.Kind.BOOLEAN) if "more_results" in paginator else None,
        result_key=reader.list("result_key", response),
        fan_out=None,
    )


def fans_out(request: ir.Structure, member: str | None, token: str, shapes: Mapping[str, ir.Shape]) -> str | None:
    """Return the request's member of this name, over whose values one may fan out, or None where it has none.

    Raises:
        UnsupportedError: it is neither a plain string nor an enum, or is the member that takes the page token.
    """
    found = next((m for m in request.members if m.name == member), None)
    if found is None:
        return None
    if not (isinstance(shapes[found.target], ir.Enum) or _Reader({}, shapes).is_plain(found, ir.Kind.STRING)):
        raise UnsupportedError(f"fan-out {found.name} of {request.name} must be a string or an enum")
    if found.name == token:
        raise UnsupportedError(f"fan-out {found.name} of {request.name} takes the page token")
    return found.name


@attrs.frozen
class _Reader:
    paginator: Mapping[str, Any]
    shapes: Mapping[str, ir.Shape]

    def member(self, key: str, side: ir.Structure) -> ir.Member:
        """Return the member that the paginator names."""
        value = self.paginator[key]
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        found = next((m for m in side.members if m.name == value), None)
        if found is None:
            raise UnsupportedError(f"{key} must name one member of {side.name}, not {value!r}")
        return found

    def is_plain(self, member: ir.Member, *kinds: ir.Kind) -> bool:
        """Tell whether the member is a scalar of one of the kinds."""
        shape = self.shapes[member.target]
        return isinstance(shape, ir.Scalar) and shape.kind in kinds

    def plain(self, key: str, side: ir.Structure, kind: ir.Kind) -> str:
        """Return the name of the member that the paginator names, a scalar of this kind."""
        found = self.member(key, side)
        if not self.is_plain(found, kind):
            raise UnsupportedError(f"{key} {found.name} of {side.name} must be a plain {kind.value}")
        return found.name

    def list(self, key: str, side: ir.Structure) -> str:
        """Return the name of the member that the paginator names, a list."""
        found = self.member(key, side)
        if not isinstance(self.shapes[found.target], ir.List):
            raise UnsupportedError(f"{key} {found.name} is not a list")
        return found.name


def check_time_filter(
    found: TimeFilter, request: ir.Structure, response: ir.Structure, result: str, shapes: Mapping[str, ir.Shape]
) -> None:
    """Compare a filter by time of modification with the model.

    Raises:
        ModelError: the model has no such filter, or its items no such time.
    """
    holder = _target(request, found.member, shapes)
    bound = _target(holder, found.bound, shapes)
    if found.field is not None and found.all_of is not None:
        key = _target(bound, "Key", shapes)
        if not isinstance(key, ir.Enum) or found.field not in key.values:
            raise ModelError(f"{bound.name}.Key", f"{found.field} is not a value of it")
        combined = _target(holder, found.all_of, shapes)
        if not isinstance(combined, ir.List) or combined.element != holder.name:
            raise ModelError(f"{holder.name}.{found.all_of}", "does not combine several filters")
        bound = _target(_target(bound, "Value", shapes), "DateValue", shapes)
    items = _target(response, result, shapes)
    item = shapes[items.element] if isinstance(items, ir.List) else items
    for time in (bound, _target(item, found.item, shapes)):
        if not isinstance(time, ir.Scalar) or time.kind is not ir.Kind.TIMESTAMP:
            raise ModelError(f"{request.name}.{found.member}", f"{time.name} is not a timestamp")


def _target(shape: ir.Shape, member: str, shapes: Mapping[str, ir.Shape]) -> ir.Shape:
    members: Iterable[ir.Member] = shape.members if isinstance(shape, ir.Structure | ir.Union) else ()
    for each in members:
        if each.name == member:
            return shapes[each.target]
    raise ModelError(f"{shape.name}.{member}", "a time filter names it, and it does not exist")
