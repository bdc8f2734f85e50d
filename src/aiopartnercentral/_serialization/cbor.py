"""CBOR as JSON text, so that the converters need to know JSON alone.

botocore's CBOR parser drops unknown members, and entries of maps whose value is null.
"""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec

from aiopartnercentral.errors import DecodeError

# The heads of infinity and of numbers that are none, in two, four and eight bytes. They may also occur in other values,
# but not in text, as UTF-8 has no such bytes.
_MAY_BE_NOT_FINITE = re.compile(rb"\xf9[\x7c-\x7f\xfc-\xff]|\xfa[\x7f\xff][\x80-\xff]|\xfb[\x7f\xff][\xf0-\xff]")


def to_json(body: bytes) -> bytes:
    """Return the JSON text of a CBOR body: base64 for bytes, ISO 8601 for timestamps.

    Raises:
        DecodeError: the body is not CBOR, which is retryable, or has a value that JSON cannot have. It is not quoted.
    """
    import cbor2  # noqa: PLC0415 - few services speak CBOR

    failure = DecodeError("not CBOR, or not of JSON's types")
    try:
        value = cbor2.loads(body) if body else {}
        return _ENCODER.encode(_spelled(value) if _MAY_BE_NOT_FINITE.search(body) else value)
    except Exception as error:  # noqa: BLE001 - of either library; their messages quote values
        failure.is_retryable = isinstance(error, cbor2.CBORDecodeError)
    raise failure


def _spelled(value: Any) -> Any:  # noqa: ANN401 - any value of CBOR
    """Return a value with the name of each number that JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, list):
        return [_spelled(each) for each in value]
    if isinstance(value, dict):
        return {key: _spelled(each) for key, each in value.items()}
    return value


def _null(value: object) -> None:
    """Return null for CBOR's `undefined`, as botocore does."""
    import cbor2  # noqa: PLC0415 - as above

    if value is not cbor2.undefined:
        raise TypeError(type(value).__name__)


_ENCODER = msgspec.json.Encoder(enc_hook=_null, decimal_format="number")
