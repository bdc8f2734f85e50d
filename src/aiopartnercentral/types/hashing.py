"""Hashes of objects with lists and maps, which attrs cannot hash."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import attrs


class HashedByValue:
    """Base of attrs classes whose objects can be in a set, unless a list in one of them is changed later."""

    __slots__ = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401 - as `object` has it
        super().__init_subclass__(**kwargs)
        # attrs has set its own in the class, and again in every class derived from it.
        cls.__hash__ = HashedByValue.__hash__  # type: ignore[method-assign]

    def __hash__(self) -> int:
        cls: Any = type(self)
        return hash((cls, *(_hashable(getattr(self, field.name)) for field in attrs.fields(cls) if field.eq)))


def _hashable(value: object) -> Hashable:
    """Return something with the same hash for equal values, whatever they consist of."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes | bytearray):
        return bytes(value)
    if isinstance(value, Sequence):
        return tuple(map(_hashable, value))
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(part)) for key, part in value.items())
    return value
