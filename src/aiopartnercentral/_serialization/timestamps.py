"""Converters between timestamps on the wire and aware UTC datetimes."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiopartnercentral._serialization.conversion_errors import expected
from aiopartnercentral.errors import DecodeError, EncodeError

if TYPE_CHECKING:
    import cattrs

    from aiopartnercentral._serialization.encode import Encode
    from aiopartnercentral.types import JsonValue

# The forms that the standard library reads as botocore does. It also accepts `20240501` as a date, fractions of minutes
# as fractions of seconds, and anything after six digits of a fraction.
_ISO = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?", re.ASCII)


def decode_timestamp(value: JsonValue, _: object = datetime) -> datetime:
    """Return the aware UTC datetime of a timestamp in any form that botocore accepts.

    ISO 8601 is parsed by the standard library, and other forms (RFC 822, seconds since the epoch, rare ISO forms) by
    botocore. A timestamp without a zone is UTC, as in botocore; a datetime is returned unchanged.

    Raises:
        DecodeError: the value is not a timestamp.
    """
    if isinstance(value, str):
        if _ISO.fullmatch(value):
            with suppress(ValueError, OverflowError):
                return _utc(datetime.fromisoformat(value))
        return _by_botocore(value)
    if isinstance(value, datetime):
        with suppress(OverflowError):
            return _utc(value)
        raise DecodeError("expected timestamp, got one out of range")
    if isinstance(value, int | float) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError, OSError):
            return from_epoch(value)
        return _by_botocore(value)
    raise expected("timestamp", value)


def encode_timestamp(value: datetime) -> str:
    """Return the timestamp as botocore's serializer writes it: ISO 8601 in UTC, microseconds unless they are zero.

    Raises:
        EncodeError: the value is not a datetime, or has no zone.
    """
    aware = check_timestamp(value).astimezone(UTC)
    return datetime.isoformat(aware).removesuffix("+00:00") + "Z"


def from_epoch(value: float) -> datetime:
    """Return the aware UTC datetime of seconds since the epoch, to the microsecond, as botocore rounds it.

    Raises:
        ValueError, OverflowError, OSError: the number is out of range.
    """
    return datetime.fromtimestamp(value, UTC)


def timestamp_encoder(converter: cattrs.Converter, form: str) -> Encode[datetime]:
    """Return the hook of timestamps with another format than ISO 8601: `unixTimestamp` or `rfc822`.

    A user's hook for `datetime` takes precedence, and botocore's dicts always have datetimes.
    """
    hook: Encode[datetime] = converter.get_unstructure_hook(datetime)
    return FORMS[form] if hook is encode_timestamp else hook


def encode_epoch(value: datetime) -> float:
    """Return seconds since the epoch: an integer, unless there are microseconds.

    Raises:
        EncodeError: the value is not a datetime, or has no zone.
    """
    seconds = check_timestamp(value).timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def encode_http_date(value: datetime) -> str:
    """Return the timestamp in the form of RFC 822 that HTTP has, with a fraction of the second unless it is zero.

    Raises:
        EncodeError: the value is not a datetime, or has no zone.
    """
    from email.utils import format_datetime  # noqa: PLC0415 - slow to load

    aware = check_timestamp(value).astimezone(UTC)
    text = format_datetime(aware, usegmt=True)
    return text if aware.microsecond == 0 else f"{text.removesuffix(' GMT')}.{aware.microsecond:06} GMT"


FORMS: dict[str, Encode[datetime]] = {"unixTimestamp": encode_epoch, "rfc822": encode_http_date}


def check_timestamp(value: datetime) -> datetime:
    """Return the value if it is an aware datetime.

    Raises:
        EncodeError: the value is not an aware datetime; one without a zone is ambiguous.
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

    # Raised outside the handler: botocore's message quotes the value, and must not be the context.
    text: Any = value  # its stubs accept only strings
    with suppress(ValueError, RuntimeError, OverflowError, OSError):
        parsed: datetime = parse_timestamp(text)
        return _utc(parsed)
    found = "another string" if isinstance(value, str) else "a number out of range"
    raise DecodeError(f"expected timestamp, got {found}")
