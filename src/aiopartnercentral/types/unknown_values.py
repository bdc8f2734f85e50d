"""Values that the service knows and the model does not: members of open enums and of unions."""

from __future__ import annotations

from enum import EnumMeta, StrEnum
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import attrs

from aiopartnercentral._utils.text import REDACTED
from aiopartnercentral.types.mixins import HashedByValue, PydanticField, Shown

JsonValue: TypeAlias = Any
"""Any JSON value; the standard library has no type for it."""


def redacted(value: object) -> str:
    """Return the repr of a sensitive value: a placeholder, or `None` if it is absent."""
    return "None" if value is None else REDACTED


class OpenEnumMeta(EnumMeta):
    """The class of the open enums."""

    def __contains__(cls, value: object) -> bool:
        """Return whether the enum has a member for a value, which may be a string; false for an unknown value."""
        return isinstance(value, str) and value in cls._value2member_map_


class OpenEnum(PydanticField, StrEnum, metaclass=OpenEnumMeta):
    """An enum that the service may extend: a value without a member is kept unchanged, and marked as unknown.

    An unknown value compares, hashes and encodes like its string, and has `is_unknown` set. It is a new object each
    time, so compare it with `==`, not with `is`. `value in TheEnum` tells whether a string is a known value.

    Type checkers see one more member, `_UNKNOWN`, which does not exist, so that they demand a `case _` in a `match`.
    There, and after `if status is ...` for every known value, mypy takes `status` for that member: compare
    `status.value == "NEW"`.
    """

    if TYPE_CHECKING:
        # Those of `str`. As methods of this class, they let mypy compare a member that is excluded with any string.
        def __eq__(self, other: object, /) -> bool: ...
        def __hash__(self) -> int: ...

    @property
    def is_unknown(self) -> bool:
        """Whether the service sent a value that the model has no member for."""
        return self.value not in type(self)._value2member_map_

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    def __repr__(self) -> str:
        if self.is_unknown:
            return f"<{type(self).__name__} unknown: {self.value!r}>"
        return f"<{type(self).__name__}.{self.name}: {self.value!r}>"


@attrs.frozen(repr=False)
class UnknownMember(Shown, HashedByValue, PydanticField):
    """A union member that the service knows and this version of the model does not.

    Attributes:
        tag: its name on the wire.
        value: its parsed JSON; None if botocore has dropped it, and then the object cannot be encoded. Not shown in
            repr, since it may be sensitive. A request cannot have an unknown member, since botocore, which sends it,
            does not know it either.
    """

    tag: str
    value: JsonValue = attrs.field(default=None, repr=redacted)
