"""What follows from how shapes refer to each other: which members are sensitive, which are recursive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codegen import ir

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def _targets(shape: ir.Shape) -> Iterator[str]:
    if isinstance(shape, ir.List):
        yield shape.element
    elif isinstance(shape, ir.Map):
        yield shape.key
        yield shape.value
    elif isinstance(shape, ir.Structure | ir.Union):
        for member in shape.members:
            yield member.target


def sensitive_shapes(shapes: Mapping[str, ir.Shape]) -> frozenset[str]:
    """Return the shapes whose whole value is hidden: sensitive themselves, or lists and maps of such.

    A structure is not among them: it is shown, with its sensitive members hidden.
    """

    def hidden(name: str, seen: frozenset[str]) -> bool:
        shape = shapes[name]
        if isinstance(shape, ir.Structure | ir.Union) or name in seen:
            return False
        return shape.sensitive or any(hidden(target, seen | {name}) for target in _targets(shape))

    return frozenset(name for name in shapes if hidden(name, frozenset()))


def recursive_members(shapes: Mapping[str, ir.Shape]) -> frozenset[tuple[str, str]]:
    """Return the (shape, member) pairs through which a structure or union reaches itself again."""
    reachable: dict[str, frozenset[str]] = {}
    for name in shapes:
        found: set[str] = set()
        pending = [name]
        while pending:
            new = set(_targets(shapes[pending.pop()])) - found
            found |= new
            pending.extend(new)
        reachable[name] = frozenset(found)
    return frozenset(
        (name, member.name)
        for name, shape in shapes.items()
        if isinstance(shape, ir.Structure | ir.Union)
        for member in shape.members
        if member.target == name or name in reachable[member.target]
    )
