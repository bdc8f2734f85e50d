"""Conversion errors, which describe a value by its JSON type and never quote it."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import NoReturn, TypeVar

from aiopartnercentral.errors import DecodeError, EncodeError

ErrorT = TypeVar("ErrorT", DecodeError, EncodeError)

_JSON_TYPES = {
    bool: "boolean",
    int: "number",
    float: "number",
    Decimal: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def expected(what: str, value: object, error: type[ErrorT] = DecodeError) -> ErrorT:  # type: ignore[assignment]
    """Return the error for a value of another type than `what`."""
    kind = type(value)
    found = _JSON_TYPES.get(kind, kind.__name__) if error is DecodeError else kind.__name__
    return error(f"expected {what}, got {found}")


def missing() -> DecodeError:
    """Return the error for a required member that is absent or null."""
    return DecodeError("required member is missing")


def hook_failed(failure: Exception, error: type[ErrorT]) -> ErrorT:
    """Return the error for another exception of a hook, without its message, which may quote the value."""
    return error(f"a converter hook raised {type(failure).__name__}")


def hide(error: DecodeError | EncodeError) -> None:
    """Make an error about a part of a sensitive value one about the value, as keys and tags may reveal it."""
    error.path, error.reason = "$", "the sensitive value does not match the service model"
    error.args = (error.reason,)


def raise_within(failure: Exception, segment: str, error: type[ErrorT]) -> NoReturn:
    """Raise a hook's exception as a conversion error whose path begins with this segment."""
    if isinstance(failure, error):
        raise failure.within(segment)
    raise hook_failed(failure, error).within(segment) from failure


def key_segment(key: object) -> str:
    """Return the part of a JSON path that leads to a map's entry."""
    text = str(key)
    return f".{text}" if _PLAIN_KEY.fullmatch(text) else f"[{json.dumps(text)}]"
