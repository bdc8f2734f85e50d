"""Values that the service knows and the model does not: members of open enums and of unions."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self, TypeAlias

import attrs

from aiopartnercentral._utils.text import REDACTED

JsonValue: TypeAlias = Any
"""Anything that JSON can hold. The standard library has no better type for it."""


def redacted(value: object) -> str:
    """Stand in for the repr of a sensitive value; only its absence shows."""
    return "None" if value is None else REDACTED


class OpenEnum(StrEnum):
    """An enum to which the service may add: a value without a member is kept, exactly, and says so.

    A value that is not known compares equal to its string, hashes and encodes like it, and has `is_unknown` set. It is
    a new object each time, so compare by `==`, not by `is`.
    """

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


@attrs.frozen
class UnknownMember:
    """A union member that the service knows and this version of the model does not.

    Attributes:
        tag: its name on the wire.
        value: its JSON, as Python reads it; None where botocore has dropped it, and such an object has no JSON. Not
            shown in repr, since it may be sensitive. A request cannot hold an unknown member: botocore, which sends it,
            does not know it either.
    """

    tag: str
    value: JsonValue = attrs.field(default=None, repr=redacted)
