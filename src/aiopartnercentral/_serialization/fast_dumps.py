"""Encodes objects as JSON text, by functions that are generated at first use, like those of attrs and cattrs.

The function of a class has one expression for each member. It accepts only the usual values: of exactly the member's
class, and timestamps in UTC, which msgspec writes as the converters do. For anything else it raises an exception. Then
a converter encodes the object, or reports the error. The members are those that the converters' hooks have.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, get_args, get_origin

from aiopartnercentral._serialization.encode import encode_document
from aiopartnercentral._serialization.fast import fall_back
from aiopartnercentral._serialization.jsontext import ENCODER
from aiopartnercentral._serialization.members import ISO_8601, generated_base, members, union_name, without_none
from aiopartnercentral._serialization.timestamps import FORMS
from aiopartnercentral.types import OpenEnum, Structure, Variant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._serialization.encode import Encode
    from aiopartnercentral._serialization.members import Member
    from aiopartnercentral.types import JsonValue

__all__ = ["dumps"]

_TESTS: Mapping[Any, str] = {
    str: "type({0}) is str",
    bool: "type({0}) is bool",
    int: "type({0}) is int",
    bytes: "type({0}) is bytes",
    float: "type({0}) is float and isfinite({0})",
    datetime: "type({0}) is datetime and {0}.tzinfo is UTC",
}
_NAMES: Mapping[str, Any] = {
    "UTC": UTC,
    "datetime": datetime,
    "document": encode_document,
    "fall_back": fall_back,
    "isfinite": isfinite,
    "text": str.__str__,
    **FORMS,
}


def dumps(obj: Any) -> bytes | None:  # noqa: ANN401 - any object
    """Return the compact JSON text of an object in UTF-8; None if a converter must encode it, or report the error."""
    try:
        return ENCODER.encode(_encoder(type(obj))(obj))  # type: ignore[arg-type] # classes are hashable
    except Exception:  # noqa: BLE001 - a converter must decide
        return None


@cache
def _encoder(cls: type) -> Encode[Any]:
    """Return the function that encodes objects of exactly this class as what msgspec writes as their JSON."""
    if generated_base(cls) is not cls or not issubclass(cls, Structure | Variant):
        return fall_back
    return _Source(cls).function()


def _part(cls: type, member: Member) -> Encode[Any]:
    """Return the function of a class that is somewhere in a member."""
    if not member.recursive:
        return _encoder(cls)

    def encode(value: object) -> JsonValue:  # in Python, as its calls within each other take no space of the C stack
        return _encoder(cls)(value)

    return encode


class _Source:
    """The source of the function of one class, and what the names in it stand for."""

    def __init__(self, cls: type) -> None:
        self._cls = cls
        self._names: dict[str, Any] = {**_NAMES, "cls": cls}

    def function(self) -> Encode[Any]:
        """Return the function."""
        lines = ["def encode(obj):", "    if type(obj) is not cls: fall_back(obj)"]
        required, optional = [], []
        for number, member in enumerate(members(self._cls, is_botocore=False)):
            value = f"value_{number}"
            lines.append(f"    {value} = obj.{member.field}")
            encoded = self._encoded(member.type, value, member)
            if member.optional:
                optional.append(f"    if {value} is not None: result[{member.key!r}] = {encoded}")
            else:
                required.append(f"{member.key!r}: {encoded}")
        lines += [f"    result = {{{', '.join(required)}}}", *optional, "    return result"]
        exec("\n".join(lines), self._names)  # noqa: S102 - what the model names is in it by its repr
        made: Encode[Any] = self._names["encode"]
        return made

    def _encoded(self, of: Any, value: str, member: Member) -> str:  # noqa: ANN401 - any type form
        """Return the expression that encodes a value of a type, somewhere in a member."""
        if of is Any or (of is datetime and member.timestamp_format != ISO_8601):
            return f"{'document' if of is Any else member.timestamp_format}({value})"
        if of in _TESTS:
            return _if(_TESTS[of].format(value), value, value)
        if get_origin(of) in (list, dict):
            return self._encoded_parts(of, value, member)
        if union_name(of) is not None:
            functions = {cls: _part(cls, member) for cls in get_args(of)}
            return f"{self._name(functions)}[type({value})]({value})"
        if issubclass(of, OpenEnum):
            return _if(f"type({value}) is {self._name(of)}", f"text({value})", value)
        return f"{self._name(_part(of, member))}({value})"

    def _encoded_parts(self, of: Any, value: str, member: Member) -> str:  # noqa: ANN401 - as above
        """Return the expression for a list or a map, whose elements or values may be None if it is sparse."""
        *key, part = get_args(of)
        item = self._encoded(without_none(part), f"{value}_item", member)
        if without_none(part) != part:
            item = f"(None if {value}_item is None else {item})"
        if not key:
            return _if(f"type({value}) is list", f"[{item} for {value}_item in {value}]", value)
        name = self._encoded(key[0], f"{value}_key", member)
        entries = f"{{{name}: {item} for {value}_key, {value}_item in {value}.items()}}"
        return _if(f"type({value}) is dict", entries, value)

    def _name(self, value: object) -> str:
        """Return a new name for a value."""
        name = f"name_{len(self._names)}"
        self._names[name] = value
        return name


def _if(condition: str, encoded: str, value: str) -> str:
    return f"({encoded} if {condition} else fall_back({value}))"
