"""CBOR: decoding for the fast functions, and the JSON text that stands for it everywhere else.

The fast functions convert the usual values. For everything else, a body becomes JSON text, so that the converters need
to know JSON alone. botocore's parser drops what both keep: unknown members, and entries of maps whose value is null.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias

import cbor2
import msgspec

from aiopartnercentral.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    _TagDecoder: TypeAlias = Callable[[Any, bool], Any]

# The heads of infinity and NaN in two, four and eight bytes. They may also occur in other values, but not in text, as
# UTF-8 has no such bytes.
_MAY_BE_NOT_FINITE = re.compile(rb"\xf9[\x7c-\x7f\xfc-\xff]|\xfa[\x7f\xff][\x80-\xff]|\xfb[\x7f\xff][\xf0-\xff]")
_TIMESTAMP, _DECIMAL = 1, 4  # their tags
_REFERENCES = (25, 28, 29, 256)  # tags of values that others refer to, and of what refers to them
_ADDITIONS = (0, 5, 30, 35, 36, 37, 52, 54, 100, 258, 260, 261, 1004, 43000, 55799)
"""The other tags that cbor2 interprets, but the protocol does not have."""
_PAIR, _END = b"\x82", b"\x46 ended"  # the head of an array of two, and a string of six bytes


def decoder(wire: type) -> Callable[[bytes], Any]:
    """Return the function that decodes a body into an object of a wire class.

    It raises an exception of any class for a body that is not CBOR, or that does not match the wire class.
    """
    types = (bytes, datetime)
    return lambda body: msgspec.convert(_loads(body, _USUAL), wire, builtin_types=types)


def to_json(body: bytes) -> bytes:
    """Return the JSON text of a CBOR body: base64 for bytes, ISO 8601 for timestamps.

    Instead of a timestamp that no `datetime` can hold, the JSON has the number, which a converter reports.

    Raises:
        DecodeError: the body is not CBOR, which is retryable, or has a map key that JSON cannot have. It is not quoted.
    """
    failure = DecodeError("not CBOR, or not of JSON's types")
    try:
        value = _loads_leniently(body) if body else {}
        return _ENCODER.encode(_spelled(value) if _MAY_BE_NOT_FINITE.search(body) else value)
    except Exception as error:  # noqa: BLE001 - of either library; their messages quote values
        failure.is_retryable = isinstance(error, cbor2.CBORDecodeError)
    raise failure


def loads(body: bytes) -> Any:  # noqa: ANN401 - any value of CBOR
    """Return the plain value of a body, of which `dumps` makes an equal body.

    Raises:
        DecodeError: the body is not CBOR.
    """
    with suppress(Exception):  # of cbor2, whose messages quote values
        return _loads(body, _USUAL)
    raise DecodeError("not CBOR")


def dumps(value: object) -> bytes:
    """Return the CBOR of plain values, of which timestamps are seconds since the epoch: integers, if they are whole."""
    return cbor2.dumps(value, datetime_as_timestamp=True)


def _loads(body: bytes, decoders: Mapping[int, _TagDecoder]) -> Any:  # noqa: ANN401 - any value of CBOR
    """Return the value of a body, which has nothing else.

    Arguments:
        body: the body.
        decoders: what decodes the values with these tags.

    Raises:
        cbor2.CBORDecodeError: the body is not CBOR.
    """
    # cbor2 ignores what follows a value. So the body becomes the first of two values, and the second must be ours.
    value, end = cbor2.loads(b"".join((_PAIR, body, _END)), semantic_decoders=decoders)
    if end != _END[1:]:
        raise cbor2.CBORDecodeError("something follows the value")
    return value


def _loads_leniently(body: bytes) -> Any:  # noqa: ANN401 - as above
    try:
        return _loads(body, _EXACT)
    except cbor2.CBORDecodeError:
        return _loads(body, {**_EXACT, _TIMESTAMP: _timestamp})


def _timestamp(value: Any, _: object) -> Any:  # noqa: ANN401 - as above
    """Return the datetime of seconds since the epoch, and anything else as it is."""
    try:
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return value


def _decimal(value: Any, _: object) -> Decimal:  # noqa: ANN401 - as above
    """Return the number of an exponent and a mantissa, of which Python refuses more than some thousand digits."""
    exponent, mantissa = value
    return Decimal(f"{mantissa:d}e{exponent:d}")


def _refused(_value: object, _: object) -> None:
    """Refuse a value that refers to others: a short body may stand for one that fills the memory."""
    raise ValueError("a reference")


def _kept(tag: int) -> _TagDecoder:
    """Return a function that keeps a value with its tag, instead of converting it as cbor2 does."""
    return lambda value, _: cbor2.CBORTag(tag, value)


def _spelled(value: Any) -> Any:  # noqa: ANN401 - as above
    """Return a value with strings for NaN and infinity; in a value with a tag, lists and maps are immutable."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list | tuple):
        return [_spelled(each) for each in value]
    if isinstance(value, Mapping):
        return {key: _spelled(each) for key, each in value.items()}
    return value


def _other(value: object) -> Any:  # noqa: ANN401 - any value of JSON
    """Return None for CBOR's `undefined`, as botocore does, the value of an unknown tag, or the text of any other."""
    if value is cbor2.undefined:
        return None
    if isinstance(value, tuple | Mapping):  # the key of a map
        raise TypeError(type(value).__name__)
    return _spelled(value.value) if isinstance(value, cbor2.CBORTag) else str(value)


# The protocol has timestamps and large numbers. For other tags, cbor2 would do what a response must not be able to
# cause: compile regular expressions, parse e-mails, and multiply values by references.
_EXACT: Mapping[int, _TagDecoder] = {
    **dict.fromkeys(_REFERENCES, _refused),
    **{tag: _kept(tag) for tag in _ADDITIONS},
    _DECIMAL: _decimal,
}
_USUAL: Mapping[int, _TagDecoder] = {**_EXACT, _DECIMAL: _kept(_DECIMAL)}
_ENCODER = msgspec.json.Encoder(enc_hook=_other, decimal_format="number")
