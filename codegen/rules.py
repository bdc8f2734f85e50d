"""What a model must not say although each of its traits is known: no Python could be generated that honours it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen import ir
from codegen.errors import ModelError
from codegen.graph import endless_collections

if TYPE_CHECKING:
    from collections.abc import Iterable


def check(service: ir.Service) -> None:
    """Raise unless the service keeps all rules.

    Raises:
        ModelError: naming the shape or operation that breaks one.
    """
    for name in sorted(endless_collections(service.shapes)):
        raise ModelError(f"{service.config.name}.{name}", "contains itself without a structure or union between")
    for shape in service.shapes.values():
        where = f"{service.config.name}.{shape.name}"
        if isinstance(shape, ir.Enum):
            _unique(where, "enum value", shape.values)
        if isinstance(shape, ir.Structure | ir.Union):
            _unique(where, "member name on the wire", (m.wire_name for m in shape.members))


def _unique(where: str, what: str, found: Iterable[str]) -> None:
    seen: set[str] = set()
    for text in found:
        if text in seen:
            raise ModelError(where, f"has the {what} {text!r} twice")
        seen.add(text)
