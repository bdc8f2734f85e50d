"""What the generated fast decoders are made of.

They are sure of the usual alone: exact JSON types, known enum values and union members, timestamps in the one form
that the service writes. Anything else makes them raise, and the value goes through the converter's own hooks, which
decode it or say what is wrong with it. So nothing here explains itself, and nothing here is lenient.

An attrs class that is frozen sets each attribute through `object.__setattr__`, which costs more than everything else
here. A fast decoder fills a `blank` instead: an object of a class without that guard and with the same slots, which
becomes the frozen class by assignment to `__class__` once it is whole.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiopartnercentral.converting.decode import decode_base64
from aiopartnercentral.shapes import JsonValue as Json

__all__ = ["Json", "Unsure", "blank", "blob", "double", "from_iso", "reversed_array", "structure"]


class Unsure(Exception):  # noqa: N818 - no error: it never leaves the converter
    """The value is not of the usual kind."""


def blank(cls: type) -> type[Any]:
    """Return a class whose objects can become objects of the frozen class."""
    return type(cls.__name__, cls.__bases__, {"__slots__": cls.__slots__})  # type: ignore[attr-defined] # attrs makes them


def structure(value: Json) -> None:
    """Be sure that a structure without members is an object."""
    if type(value) is not dict:
        raise Unsure


def reversed_array(value: Json) -> list[Json]:
    """Be sure of an array; gives it last element first, so that it can be taken from its end."""
    if type(value) is not list:
        raise Unsure
    value.reverse()
    return value


def double(value: Json) -> float:
    """Be sure of a number with a fraction."""
    if type(value) is not float:
        raise Unsure
    return value


def blob(value: Json) -> bytes:
    """Be sure of a base64 string."""
    return decode_base64(value)


from_iso = datetime.fromisoformat
