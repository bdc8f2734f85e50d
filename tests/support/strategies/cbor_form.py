"""A value of the JSON form of a CBOR service as the CBOR that it stands for, in any spelling that CBOR allows."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random

_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", re.ASCII)
_INDEFINITE, _BREAK = 31, b"\xff"
_SIMPLE = {False: b"\xf4", True: b"\xf5", None: b"\xf6"}


class Tagged(NamedTuple):
    """A value with a tag."""

    tag: int
    value: Any


def cbor_form(value: Any, name: str, shapes: Mapping[str, Any]) -> Any:
    """Return the value with tagged seconds for timestamps, bytes for blobs, and numbers for the names of some.

    What is not as the shape says stays as it is.
    """
    shape = shapes[name]
    kind = shape["type"]
    if isinstance(value, str):
        return _scalar(value, kind)
    if isinstance(value, dict) and kind == "structure" and not shape.get("document"):
        inner = {key: member["shape"] for key, member in shape["members"].items()}
        return {key: cbor_form(each, inner[key], shapes) if key in inner else each for key, each in value.items()}
    if isinstance(value, dict) and kind == "map":
        return {key: cbor_form(each, shape["value"]["shape"], shapes) for key, each in value.items()}
    if isinstance(value, list) and kind == "list":
        return [cbor_form(each, shape["member"]["shape"], shapes) for each in value]
    return value


def _scalar(value: str, kind: str) -> Any:
    if kind == "timestamp" and _TIMESTAMP.fullmatch(value):
        seconds = datetime.fromisoformat(value).timestamp()
        return Tagged(1, int(seconds) if seconds.is_integer() else seconds)
    if kind == "blob":
        with suppress(binascii.Error, ValueError):
            return base64.b64decode(value, validate=True)
    if kind in ("float", "double"):
        return _NUMBERS.get(value, value)
    return value


def spelled(value: Any, random: Random) -> bytes:
    """Return the CBOR of a value: strings, arrays and maps of indefinite length, and heads and numbers of any size."""
    match value:
        case None | bool():
            made = _SIMPLE[value]
        case int():
            made = _head(0, value, random) if value >= 0 else _head(1, -1 - value, random)
        case float():
            made = random.choice(list(_floats(value)))
        case Tagged():
            made = _head(6, value.tag, random) + spelled(value.value, random)
        case bytes() | str():
            made = _text(2 if isinstance(value, bytes) else 3, value, value, random)
        case _:
            made = _parts(value, random)
    return made


def _parts(value: list[Any] | dict[str, Any], random: Random) -> bytes:
    kind = 5 if isinstance(value, dict) else 4
    parts = b"".join(spelled(each, random) for each in _flat(value))
    if random.random() < 0.3:
        return bytes([kind << 5 | _INDEFINITE]) + parts + _BREAK
    return _head(kind, len(value), random) + parts


def _flat(value: list[Any] | dict[str, Any]) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    else:
        for key, each in value.items():
            yield from (key, each)


def _text(kind: int, text: str | bytes, rest: str | bytes, random: Random) -> bytes:
    if random.random() < 0.8:
        return _chunk(kind, text, random)
    chunks = []
    while rest:
        size = random.randrange(len(rest) + 1)
        chunks.append(_chunk(kind, rest[:size], random))
        rest = rest[size:]
    return bytes([kind << 5 | _INDEFINITE]) + b"".join(chunks) + _BREAK


def _chunk(kind: int, text: str | bytes, random: Random) -> bytes:
    content = text.encode() if isinstance(text, str) else text
    return _head(kind, len(content), random) + content


def _head(kind: int, number: int, random: Random) -> bytes:
    """Return a head, which has more bytes than necessary now and then."""
    sizes = [size for size in range(4) if number < 1 << (8 << size)]
    if number < 24:
        sizes = [-1, *sizes]
    size = sizes[0] if random.random() < 0.8 else random.choice(sizes)
    if size < 0:
        return bytes([kind << 5 | number])
    return bytes([kind << 5 | 24 + size]) + number.to_bytes(1 << size, "big")


def _floats(value: float) -> Iterator[bytes]:
    """Yield the spellings that lose nothing."""
    for head, form in ((b"\xf9", ">e"), (b"\xfa", ">f"), (b"\xfb", ">d")):
        with suppress(OverflowError):
            packed = struct.pack(form, value)
            if struct.unpack(form, packed)[0] == value or value != value:  # noqa: PLR0124 - of NaN
                yield head + packed
