"""JSON text to plain values and back, without losing anything on the way.

msgspec does the work. The few texts that it refuses and botocore takes (an escaped lone surrogate), and the few values
that it refuses (the same, and integers beyond 64 bits), go through the standard library.
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import msgspec

from aiopartnercentral.converting.failures import expected, missing
from aiopartnercentral.errors import DecodeError

if TYPE_CHECKING:
    from aiopartnercentral.shapes import JsonValue

_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


def loads(data: bytes | str) -> JsonValue:
    """Return the value of a JSON text.

    Raises:
        DecodeError: the text is no JSON, or holds a number that no float can hold. The text is not quoted.
    """
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        return msgspec.json.decode(data)
    position = ""
    # Raised outside of the handlers: the standard library's exception holds the whole text.
    try:
        return json.loads(data, parse_float=_finite, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        position = f" at character {error.pos}"
    except (ValueError, RecursionError):
        pass
    raise DecodeError(f"not JSON{position}")


def dumps(value: JsonValue) -> bytes:
    """Return the compact JSON text of a plain value, in UTF-8."""
    try:
        return msgspec.json.encode(value)
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def split_page(body: bytes, result_key: str, token_key: str) -> tuple[list[bytes], str | None]:
    """Return a page's items, each as its own JSON text on one line exactly as in the body, and the next page's token.

    Raises:
        DecodeError: the body is no JSON object, or has no list of items, or its token is no string.
    """
    try:
        page = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        items = msgspec.json.decode(page[result_key], type=list[msgspec.Raw] | None)
        token = msgspec.json.decode(page[token_key], type=str | None) if token_key in page else None
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError):
        return _split_slowly(body, result_key, token_key)
    if items is None:
        raise missing().within(f".{result_key}")
    # A line break inside a JSON text can only be white space: in a string it is escaped.
    return [bytes(item).translate(_ONE_LINE) for item in items], token


def _split_slowly(body: bytes, result_key: str, token_key: str) -> tuple[list[bytes], str | None]:
    """Do the same for a page that msgspec refuses, or find out what is wrong with it."""
    page = loads(body)
    if not isinstance(page, dict):
        raise expected("object", page)
    items, token = page.get(result_key), page.get(token_key)
    if items is None:
        raise missing().within(f".{result_key}")
    if not isinstance(items, list):
        raise expected("array", items).within(f".{result_key}")
    if token is not None and not isinstance(token, str):
        raise expected("string", token).within(f".{token_key}")
    return [dumps(item) for item in items], token


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("number out of range")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
