"""Timestamps between their wire forms and aware UTC datetimes."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiopartnercentral.converting.failures import expected
from aiopartnercentral.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    from aiopartnercentral.shapes import JsonValue

_LENGTH_OF_SECONDS = 19  # of 2024-05-01T12:00:00


def decode_timestamp(value: JsonValue, _: object = datetime) -> datetime:
    """Return the aware UTC datetime of a timestamp in any form that botocore accepts.

    ISO 8601 is read by the standard library; what is left (RFC 822, seconds since the epoch, rarer ISO forms) by
    botocore itself. A timestamp without a zone is UTC, as botocore says; a datetime is taken as it is.

    Raises:
        DecodeError: the value is no timestamp.
    """
    if isinstance(value, str):
        # The standard library reads `20240501` as a date, botocore as seconds; only this form means the same to both.
        if len(value) >= _LENGTH_OF_SECONDS and value[4] == "-" and value[7] == "-" and value[10] in "T ":
            with suppress(ValueError, OverflowError):
                return _utc(datetime.fromisoformat(value))
        return _by_botocore(value)
    if isinstance(value, datetime):
        with suppress(OverflowError):
            return _utc(value)
        raise DecodeError("expected timestamp, got one out of range")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _by_botocore(value)
    raise expected("timestamp", value)


def encode_timestamp(value: datetime) -> str:
    """Return the timestamp as botocore's serializer writes it: ISO 8601 in UTC, microseconds unless they are zero.

    Raises:
        EncodeError: the value is no datetime, or has no zone.
    """
    aware = check_timestamp(value).astimezone(UTC)
    fraction = f".{aware.microsecond:06}" if aware.microsecond else ""
    return f"{aware.year:04}-{aware:%m-%dT%H:%M:%S}{fraction}Z"


def check_timestamp(value: datetime) -> datetime:
    """Return the value if it is an aware datetime.

    Raises:
        EncodeError: it is none; a datetime without a zone would be read in whatever zone the reader assumes.
    """
    if not isinstance(value, datetime):
        raise expected("datetime", value, EncodeError)
    if value.tzinfo is None:
        raise EncodeError("expected a datetime with a time zone, got one without")
    return value


def _utc(value: datetime) -> datetime:
    zone = value.tzinfo
    if zone is UTC:
        return value
    return value.replace(tzinfo=UTC) if zone is None else value.astimezone(UTC)


def _by_botocore(value: str | float) -> datetime:
    from botocore.utils import parse_timestamp  # noqa: PLC0415 - costs 100 ms to import, and is hardly ever needed

    # Raised outside of the handler: botocore's message quotes the value, and would come along as the context.
    text: Any = value  # its stubs know of strings alone
    with suppress(ValueError, RuntimeError, OverflowError, OSError):
        parsed: datetime = parse_timestamp(text)
        return _utc(parsed)
    found = "a string that is none" if isinstance(value, str) else "a number out of range"
    raise DecodeError(f"expected timestamp, got {found}")
