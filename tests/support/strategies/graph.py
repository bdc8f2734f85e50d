"""The shapes of a model as a graph: what leads where, what is recursive, and how a recursion can end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from tests.support.strategies.json_form import wire_name

if TYPE_CHECKING:
    from collections.abc import Mapping

_WITHOUT_END = float("inf")


@attrs.frozen
class ShapeGraph:
    """What the strategies ask of a model's `shapes`.

    Arguments:
        shapes: the `shapes` of a service model; `Any` inside, because that is what a service model is.
    """

    shapes: Mapping[str, Any]
    _heights: dict[str, float] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        """Compute the heights once, and refuse a model with a shape that has no finite value."""
        object.__setattr__(self, "_heights", self._computed_heights())
        endless = sorted(name for name, height in self._heights.items() if height == _WITHOUT_END)
        if endless:
            raise ValueError(f"shapes that no finite value satisfies: {', '.join(endless)}")

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        """Return a shape; `KeyError` naming it when the model has none of this name."""
        shape: Mapping[str, Any] = self.shapes[name]
        return shape

    def members(self, name: str) -> dict[str, str]:
        """Return wire name -> shape name of a structure's or union's members."""
        declared: Mapping[str, Any] = self[name]["members"]
        return {wire_name(member, ref, self.shapes): ref["shape"] for member, ref in declared.items()}

    def required(self, name: str) -> list[str]:
        """Return the wire names of a structure's required members."""
        declared: Mapping[str, Any] = self[name]["members"]
        return [wire_name(member, declared[member], self.shapes) for member in self[name].get("required", ())]

    def is_union(self, name: str) -> bool:
        """Tell whether exactly one of the shape's members must be set."""
        return bool(self[name].get("union"))

    def is_document(self, name: str) -> bool:
        """Tell whether the shape takes any JSON value."""
        return bool(self[name].get("document"))

    def children(self, name: str) -> list[str]:
        """Return the names of the shapes that a value of this shape is made of."""
        shape = self[name]
        if self.is_document(name):
            return []
        if shape["type"] == "structure":
            return list(self.members(name).values())
        return [shape[part]["shape"] for part in ("key", "value", "member") if part in shape]

    def is_recursive(self, name: str) -> bool:
        """Tell whether a value of this shape may contain another value of it."""
        seen: set[str] = set()
        waiting = self.children(name)
        while waiting:
            child = waiting.pop()
            if child == name:
                return True
            if child not in seen:
                seen.add(child)
                waiting.extend(self.children(child))
        return False

    def ends_sooner(self, child: str, parent: str) -> bool:
        """Tell whether the child's smallest value is less deep than the parent's: a way out of a recursion."""
        return self._heights[child] < self._heights[parent]

    def _computed_heights(self) -> dict[str, float]:
        """Compute how deep the smallest value of each shape is, by relaxing until nothing changes."""
        heights = dict.fromkeys(self.shapes, _WITHOUT_END)
        changed = True
        while changed:
            changed = False
            for name in self.shapes:
                height = self._height(name, heights)
                if height != heights[name]:
                    heights[name] = height
                    changed = True
        return heights

    def _height(self, name: str, heights: Mapping[str, float]) -> float:
        shape = self[name]
        if shape["type"] == "structure" and not self.is_document(name):
            members = self.members(name)
            if self.is_union(name):
                return 1 + min((heights[child] for child in members.values()), default=_WITHOUT_END)
            return 1 + max((heights[members[member]] for member in self.required(name)), default=0)
        if shape["type"] in {"list", "map"} and shape.get("min"):
            return 1 + max(heights[child] for child in self.children(name))
        return 0
