"""Compare the filters by time of modification that `services.py` lists with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import ir
from .errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .services import TimeFilter


def check(
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
