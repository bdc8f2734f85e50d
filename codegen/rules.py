"""Rejects models for which no correct Python can be generated although all traits are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import ir
from .errors import ModelError
from .graph import deep_collections

if TYPE_CHECKING:
    from collections.abc import Iterable

# Python compiles no code that is nested deeper than about twice this; no model of botocore has more than four.
_DEPTH = 8
# Beside a union's member, the name of its shape.
_TYPE_MARKER = "__type"


def check(service: ir.Service) -> None:
    """Raise if the service breaks a rule.

    Raises:
        ModelError: a rule is broken; the message names the shape or operation.
    """
    for name in sorted(deep_collections(service.shapes, _DEPTH)):
        reason = f"more than {_DEPTH} lists and maps within each other, without a structure or union between"
        raise ModelError(f"{service.config.name}.{name}", reason)
    for shape in service.shapes.values():
        where = f"{service.config.name}.{shape.name}"
        _plain(where, shape)
        if isinstance(shape, ir.Enum):
            _unique(where, "enum value", shape.values)
        if isinstance(shape, ir.Structure | ir.Union):
            _unique(where, "member name on the wire", (m.wire_name for m in shape.members))
        if isinstance(shape, ir.Union) and any(m.wire_name == _TYPE_MARKER for m in shape.members):
            raise ModelError(where, f"a union's member cannot be {_TYPE_MARKER!r}, which counts as none")


def _plain(where: str, shape: ir.Shape) -> None:
    """Raise if a value, limit, pattern or name has an unexpected JSON type."""
    texts: list[tuple[str, object]] = []
    if isinstance(shape, ir.Structure | ir.Union):
        texts += [("locationName", text) for m in shape.members for text in (m.wire_name, m.location_name)]
    else:
        texts.append(("pattern", shape.constraints.pattern))
        for trait, limit in (("min", shape.constraints.minimum), ("max", shape.constraints.maximum)):
            if not isinstance(limit, int | float | None):
                raise ModelError(where, f"{trait} is not a number: {limit!r}")
    if isinstance(shape, ir.Enum):
        for value in shape.values:
            if not isinstance(value, str):
                raise ModelError(where, f"an enum value is not a string: {value!r}")
    for trait, text in texts:
        if not isinstance(text, str | None):
            raise ModelError(where, f"{trait} is not a string: {text!r}")


def _unique(where: str, what: str, found: Iterable[str]) -> None:
    seen: set[str] = set()
    for text in found:
        if text in seen:
            raise ModelError(where, f"has the {what} {text!r} twice")
        seen.add(text)
