"""Decodes JSON text into objects, by wire classes and functions that are made when a class is first decoded.

Decoding has two steps. msgspec reads the JSON text, or the values of CBOR, into objects of wire classes, which checks
the types, and generated functions convert the values that differ in the classes; see `decoder_source`.

The source of the functions is registered where tracebacks and debuggers look for it.
"""

from __future__ import annotations

import linecache
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
from msgspec import Raw

from aiopartnercentral._serialization.decode import decode_base64
from aiopartnercentral._serialization.decoder_source import DecoderSource
from aiopartnercentral._serialization.members import ISO_8601
from aiopartnercentral._serialization.timestamps import from_epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_decode_moment = msgspec.json.Decoder(datetime | None).decode
_LONGEST_MOMENT = len('"2024-05-01T12:00:00.123456Z"')


class FallbackRequired(Exception):  # noqa: N818 - not an error: a converter converts the value instead
    """A converter must convert the value, or report the error."""


def decode_iso8601(text: Raw) -> datetime:
    """Return the datetime of a timestamp in UTC, whose fraction has at most six digits.

    msgspec reads such a timestamp as botocore does. It rounds a longer fraction, which botocore truncates.
    """
    moment: datetime | None = _decode_moment(text)
    if moment is None or moment.tzinfo is not UTC or len(text) > _LONGEST_MOMENT:
        raise FallbackRequired
    return moment


def decode_optional_iso8601(text: Raw | None) -> datetime | None:
    """Return the datetime of a timestamp as `decode_iso8601` does; None if it is absent or null."""
    moment: datetime | None = None if text is None else _decode_moment(text)
    if text is None or moment is None:
        return None
    if moment.tzinfo is not UTC or len(text) > _LONGEST_MOMENT:
        raise FallbackRequired
    return moment


def decode_timestamp(value: Any) -> datetime:  # noqa: ANN401 - as below
    """Return the datetime of a timestamp of CBOR, or of the JSON that stands for it."""
    if type(value) is str:
        return decode_iso8601(Raw(msgspec.json.encode(value)))
    if type(value) is not datetime or value.tzinfo is not UTC:
        raise FallbackRequired
    return value


def decode_blob(value: Any) -> bytes:  # noqa: ANN401 - bytes, or anything that is wrong
    """Return the bytes of a blob of CBOR, or of the JSON that stands for it."""
    return value if type(value) is bytes else decode_base64(value)


def fall_back(_: object = None) -> NoReturn:
    """Leave a value to the converter."""
    raise FallbackRequired


# By the type of a value, what msgspec reads, and the function that converts it.
_JSON: Mapping[Any, tuple[Any, str]] = {
    bytes: (str, "decode_base64"),
    ISO_8601: (Raw, "decode_iso8601"),
    "unixTimestamp": (float, "decode_epoch"),
    "rfc822": (str, "fall_back"),
}
# They decode values of CBOR, and strings of the JSON that stands for it. A document could have either anywhere.
_CBOR: Mapping[Any, tuple[Any, str]] = {
    bytes: (Any, "decode_blob"),
    Any: (Any, "fall_back"),
    **dict.fromkeys((ISO_8601, "unixTimestamp", "rfc822"), (Any, "decode_timestamp")),
}
_FUNCTIONS: Mapping[str, Any] = {"decode_epoch": from_epoch} | {
    each.__name__: each
    for each in (decode_base64, decode_blob, decode_iso8601, decode_optional_iso8601, decode_timestamp, fall_back)
}


class Decoders:
    """The wire classes and functions of one service; those of a class are made with those of all classes in it."""

    def __init__(self, *, is_cbor: bool) -> None:
        """Make functions that decode values of JSON, or of CBOR too."""
        self._converted = _CBOR if is_cbor else _JSON
        self._wires: dict[Any, Any] = {}
        self._called: set[Any] = set()
        self._namespace: dict[str, Any] = dict(_FUNCTIONS)

    def of(self, cls: type) -> tuple[type, Callable[[Any], Any]]:
        """Return the wire class of a class, and the function that turns its objects into those of the class.

        Raises:
            UnusualError: the class has names or types that msgspec does not take.
        """
        if cls not in self._called:
            source = DecoderSource(self._converted, self._wires, self._called)
            source.add(cls)
            text = "\n".join(source.lines)
            file = f"<decoders of {cls.__module__}.{cls.__name__}>"
            linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
            self._namespace |= source.namespace
            exec(compile(text, file, "exec"), self._namespace)  # noqa: S102 - what the model names is in it by its repr
            self._wires |= source.wires
            self._called |= source.written
        return self._wires[cls], self._namespace[f"decode_{cls.__name__}"]
