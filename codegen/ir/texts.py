"""The project's own descriptions of what a model has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from .shapes import Member


@attrs.frozen(kw_only=True)
class Texts:
    """One-line descriptions by the model's names: no capital letter at the start, no full stop at the end.

    Attributes:
        operations: by operation.
        shapes: by shape; also of the members with that shape, unless they have another text.
        shared: by the name of members that mean the same in several shapes.
        members: by shape and member.
        values: by enum and value.
    """

    operations: dict[str, str] = attrs.field(factory=dict)
    shapes: dict[str, str] = attrs.field(factory=dict)
    shared: dict[str, str] = attrs.field(factory=dict)
    members: dict[str, dict[str, str]] = attrs.field(factory=dict)
    values: dict[str, dict[str, str]] = attrs.field(factory=dict)

    def of_member(self, shape: str, member: Member) -> str | None:
        """Return the most specific text of a member, if there is one."""
        own = self.members.get(shape, {}).get(member.name)
        return own or self.shared.get(member.name) or self.shapes.get(member.target)

    def of_value(self, enum: str, value: str) -> str | None:
        """Return the text of an enum's value, if there is one."""
        return self.values.get(enum, {}).get(value)
