"""Encodes objects as JSON text or botocore's parameters, by functions that are generated at first use, as attrs does.

The function of a class has one expression for each member. For JSON text it accepts only the usual values: of exactly
the member's class, and timestamps in UTC, which msgspec writes as the converters do. For parameters it accepts what
users write: tuples, and the strings of enums. For anything else it raises an exception. Then a converter encodes the
object, or reports the error. The members are those that the converters' hooks have.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, get_args, get_origin

from aiopartnercentral._serialization.encode import (
    check_document,
    check_float,
    encode_boolean,
    encode_bytes,
    encode_document,
    encode_integer,
    encode_string,
)
from aiopartnercentral._serialization.fast_decode import fall_back
from aiopartnercentral._serialization.jsontext import ENCODER
from aiopartnercentral._serialization.members import ISO_8601, generated_base, members, union_name, without_none
from aiopartnercentral._serialization.timestamps import FORMS, check_timestamp
from aiopartnercentral.types import OpenEnum, Structure, Variant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._serialization.encode import Encode
    from aiopartnercentral._serialization.members import Member
    from aiopartnercentral.types import JsonValue

_TESTS: Mapping[Any, str] = {
    str: "type({0}) is str",
    bool: "type({0}) is bool",
    int: "type({0}) is int",
    bytes: "type({0}) is bytes",
    float: "type({0}) is float and isfinite({0})",
    datetime: "type({0}) is datetime and {0}.tzinfo is UTC",
}
_CHECKS: Mapping[Any, Encode[Any]] = {
    Any: check_document,
    bool: encode_boolean,
    bytes: encode_bytes,
    datetime: check_timestamp,
    float: check_float,
    int: encode_integer,
    str: encode_string,
}
_NAMES: Mapping[str, Any] = {
    **{check.__name__: check for check in _CHECKS.values()},
    "UTC": UTC,
    "datetime": datetime,
    "encode_document": encode_document,
    "fall_back": fall_back,
    "isfinite": isfinite,
    "text": str.__str__,
    **FORMS,
}


def dumps(obj: Any) -> bytes | None:  # noqa: ANN401 - any object
    """Return the compact JSON text of an object in UTF-8; None if a converter must encode it, or report the error."""
    cls: Any = type(obj)  # classes are hashable
    try:
        return ENCODER.encode(encoder(cls, is_botocore=False)(obj))
    except Exception:  # noqa: BLE001 - a converter must decide
        return None


@cache
def encoder(cls: type, *, is_botocore: bool) -> Encode[Any]:
    """Return the function that encodes objects of exactly this class.

    Its result is botocore's parameters, or what msgspec writes as JSON. It raises an exception of any class for an
    object that a converter must encode.
    """
    if generated_base(cls) is not cls or not issubclass(cls, Structure | Variant):
        return fall_back
    return _Source(cls, is_botocore=is_botocore).function()


class _Source:
    """The source of the function of one class, and what the names in it stand for."""

    def __init__(self, cls: type, *, is_botocore: bool) -> None:
        self._cls = cls
        self._is_botocore = is_botocore
        self._names: dict[str, Any] = {**_NAMES, "cls": cls}

    def function(self) -> Encode[Any]:
        """Return the function."""
        lines = ["def encode(obj):", "    if type(obj) is not cls: fall_back(obj)"]
        required, optional = [], []
        for number, member in enumerate(members(self._cls, is_botocore=self._is_botocore)):
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
        function = self._function(of, member)
        if function is not None:
            return f"{function}({value})"
        if of in _TESTS:
            return _if(_TESTS[of].format(value), value, value)
        if get_origin(of) in (list, dict):
            return self._encoded_parts(of, value, member)
        if union_name(of) is not None:
            functions = {cls: self._part(cls, member) for cls in get_args(of)}
            return f"{self._name(functions)}[type({value})]({value})"
        if _is_enum(of):
            return _if(f"type({value}) is {self._name(of)}", f"text({value})", value)
        return f"{self._name(self._part(of, member))}({value})"

    def _function(self, of: Any, member: Member) -> str | None:  # noqa: ANN401 - any type form
        """Return the name of the function that encodes values of a type, if there is one."""
        if self._is_botocore:
            check = _CHECKS.get(str if _is_enum(of) else of)
            return None if check is None else check.__name__
        if of is datetime and member.timestamp_format != ISO_8601:
            return member.timestamp_format
        return "encode_document" if of is Any else None

    def _encoded_parts(self, of: Any, value: str, member: Member) -> str:  # noqa: ANN401 - as above
        """Return the expression for a list or a map, whose elements or values may be None if it is sparse."""
        *key, part = get_args(of)
        item = self._encoded(without_none(part), f"{value}_item", member)
        if without_none(part) != part:
            item = f"(None if {value}_item is None else {item})"
        if not key:
            result = f"[{item} for {value}_item in {value}]"
            is_list = f"type({value}) in (list, tuple)" if self._is_botocore else f"type({value}) is list"
            return _if(is_list, result, value)
        name = self._encoded(key[0], f"{value}_key", member)
        entries = f"{{{name}: {item} for {value}_key, {value}_item in {value}.items()}}"
        return _if(f"type({value}) is dict", entries, value)

    def _part(self, cls: type, member: Member) -> Encode[Any]:
        """Return the function of a class that is somewhere in a member."""
        is_botocore = self._is_botocore
        if not member.recursive:
            return encoder(cls, is_botocore=is_botocore)

        def encode(value: object) -> JsonValue:  # in Python, as its calls in each other take no space of the C stack
            return encoder(cls, is_botocore=is_botocore)(value)

        return encode

    def _name(self, value: object) -> str:
        """Return a new name for a value."""
        name = f"name_{len(self._names)}"
        self._names[name] = value
        return name


def _is_enum(of: Any) -> bool:  # noqa: ANN401 - any type form
    return isinstance(of, type) and issubclass(of, OpenEnum)


def _if(condition: str, encoded: str, value: str) -> str:
    return f"({encoded} if {condition} else fall_back({value}))"
