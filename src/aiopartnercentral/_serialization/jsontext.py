"""Lossless conversion between JSON text and plain values.

msgspec converts almost everything. The standard library converts what msgspec rejects and botocore accepts: lone
surrogates, and integers beyond 64 bits. A number that no float can hold, or with more digits than an integer may have,
is a `Decimal`.
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec

from aiopartnercentral._serialization.conversion_errors import expected, missing
from aiopartnercentral.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiopartnercentral.types import JsonValue

_DECODER = json.JSONDecoder()
ENCODER = msgspec.json.Encoder(decimal_format="number")
# A line break inside a JSON text can only be white space: in a string it is escaped.
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


def loads(data: bytes | str) -> JsonValue:
    """Return the value of a JSON text.

    Raises:
        DecodeError: the text is not JSON, which is retryable. The text is not quoted.
    """
    with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.json.decode(data)
    problem, is_damaged = "", False
    # Raised outside the handlers: the standard library's exception has the complete text.
    try:
        text = data if isinstance(data, str) else data.decode()  # lest it be read as UTF-16
        return json.loads(text, parse_int=_integer, parse_float=_number, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        problem, is_damaged = f" at character {error.pos}", True
    except UnicodeDecodeError:
        is_damaged = True
    except RecursionError:
        problem = " that can be read: it is nested too deeply"
    except InvalidOperation:
        problem = " that can be read: it has a number with too large an exponent"
    except ValueError:
        pass
    failure = DecodeError(f"not JSON{problem}")
    failure.is_retryable = is_damaged
    raise failure


def dumps(value: JsonValue) -> bytes:
    """Return the compact JSON text of a plain value, in UTF-8.

    Raises:
        EncodeError: the value is nested too deeply.
    """
    with suppress(OverflowError, UnicodeEncodeError, RecursionError):
        return ENCODER.encode(value)
    with suppress(RecursionError):
        return _text(value).encode()
    raise EncodeError("nested too deeply to be written as JSON")


def _text(value: JsonValue) -> str:
    if isinstance(value, dict):
        return f"{{{','.join(f'{json.dumps(key)}:{_text(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_text, value))}]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, allow_nan=False)


def split_page(
    body: bytes, result_key: str, token_key: str, *, more_key: str | None = None, may_lack_items: bool = False
) -> tuple[list[bytes], str | None]:
    """Return a page's items, each as its own JSON text on one line exactly as in the body, and the next page's token.

    Arguments:
        body: the page.
        result_key: the member that holds the items.
        token_key: the member that holds the token.
        more_key: the member that must be true for the token to count, or None.
        may_lack_items: whether a page without the member `result_key` is valid, and has no items.

    Raises:
        DecodeError: the body is not a JSON object in UTF-8, or has no list of items, or its token is not a string.
    """
    try:
        body.decode()
        page = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        items = msgspec.json.decode(page[result_key], type=list[msgspec.Raw])
        token = msgspec.json.decode(page[token_key], type=str | None) if token_key in page else None
        more = more_key is None or msgspec.json.decode(page[more_key], type=bool)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, RecursionError):
        return _split_slowly(body, result_key, token_key, more_key, may_lack_items=may_lack_items)
    return [bytes(item).translate(_ONE_LINE) for item in items], token if more else None


def one_line(body: bytes) -> bytes:
    """Return a JSON text on one line."""
    return body.translate(_ONE_LINE)


def raw_items(body: bytes, result_key: str) -> Sequence[bytes] | None:
    """Return the JSON of each item of a page that was decoded before, without copying it: what `split_page` returns.

    None stands for a page that msgspec refuses, or in which items have more than one line: `split_page` must split it.

    Arguments:
        body: the page.
        result_key: the member that holds the items.
    """
    if b"\n" in body or b"\r" in body:
        return None
    try:
        found: Sequence[bytes] = _items_decoder(result_key).decode(body).items  # `Raw`, which is as good as bytes here
    except (msgspec.DecodeError, ValueError, RecursionError):  # ValueError: of a key that no struct can have
        return None
    return found


@cache
def _items_decoder(result_key: str) -> msgspec.json.Decoder[Any]:
    page = msgspec.defstruct("Page", [("items", list[msgspec.Raw])], rename=lambda _: result_key)
    return msgspec.json.Decoder(page)


def with_items(body: bytes, result_key: str, items: Sequence[bytes]) -> bytes:
    """Return a page that `split_page` has split, with its items replaced.

    Arguments:
        body: the page.
        result_key: the member that holds the items.
        items: the JSON text of each.
    """
    array = b"[" + b",".join(items) + b"]"
    try:
        body.decode()
        page = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        return msgspec.json.encode(page | {result_key: msgspec.Raw(array)})
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return dumps({**loads(body), result_key: loads(array)})


def _split_slowly(
    body: bytes, result_key: str, token_key: str, more_key: str | None, *, may_lack_items: bool
) -> tuple[list[bytes], str | None]:
    """Split a page that msgspec rejects with the standard library, or raise the error."""
    page = loads(body)
    if not isinstance(page, dict):
        raise expected("object", page)
    items, token = page.get(result_key), page.get(token_key)
    if items is None and not may_lack_items:
        raise missing().within(f".{result_key}")
    if items is not None and not isinstance(items, list):
        raise expected("array", items).within(f".{result_key}")
    if token is not None and not isinstance(token, str):
        raise expected("string", token).within(f".{token_key}")
    more = more_key is None or page.get(more_key)
    if more is not None and not isinstance(more, bool):
        raise expected("boolean", more).within(f".{more_key}")
    token = token if more else None
    if items is None:
        return [], token
    text = body.decode()
    # If a key occurs twice, the last one counts, as in every parser used here.
    *_, start = (value for key, value in _members(text) if key == result_key)
    return [text[a:b].encode().translate(_ONE_LINE) for a, b in _elements(text, start)], token


def _members(text: str) -> Iterator[tuple[str, int]]:
    """Yield each key of the JSON object that the text is, and where its value begins."""
    at = _skip(text, _skip(text, 0) + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        yield key, start
        _, end = _DECODER.raw_decode(text, start)
        at = _after(text, end)


def _elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where each element of the JSON array that begins at `start` begins and ends."""
    at = _skip(text, start + 1)
    while text[at] != "]":
        _, end = _DECODER.raw_decode(text, at)
        yield at, end
        at = _after(text, end)


def _after(text: str, end: int) -> int:
    """Return where the next key or element begins after the value that ends at `end`, or the closing bracket stands."""
    end = _skip(text, end)
    return _skip(text, end + 1) if text[end] == "," else end


def _skip(text: str, at: int) -> int:
    """Return the first place from `at` on that is not white space."""
    while text[at] in " \t\r\n":
        at += 1
    return at


def _integer(text: str) -> int | Decimal:
    try:
        return int(text)
    except ValueError:  # it has more digits than Python converts
        return Decimal(text)


def _number(text: str) -> float | Decimal:
    value = float(text)
    return Decimal(text) if math.isinf(value) else value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
