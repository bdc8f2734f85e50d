"""Times in requests, for versions of botocore that cannot write all of them.

Some write only whole seconds of times that are numbers, and in CBOR none before 1970.
"""

from __future__ import annotations

from copy import copy
from datetime import UTC, datetime
from typing import Any

__all__ = ["with_exact_times"]

_HALF = datetime(1970, 1, 1, microsecond=500_000, tzinfo=UTC)


def with_exact_times(serializer: Any) -> Any:  # noqa: ANN401 - botocore's, without types
    """Return a serializer that writes times as newer versions of botocore do: the same one, if it does so itself.

    Arguments:
        serializer: botocore's serializer, or its decorator that validates the parameters first.
    """
    inner = getattr(serializer, "_serializer", serializer)
    if getattr(inner, "_timestamp_precision", None) != "default" or inner._timestamp_unixtimestamp(_HALF):  # noqa: SLF001 - nothing else tells
        return serializer
    exact = copy(inner)
    exact._timestamp_unixtimestamp = _seconds  # noqa: SLF001 - as above
    if hasattr(exact, "TAG_MAJOR_TYPE"):  # CBOR's, which otherwise expects a natural number
        exact._serialize_type_timestamp = _write_cbor  # noqa: SLF001 - as above
    if inner is serializer:
        return exact
    decorator = copy(serializer)
    decorator._serializer = exact  # noqa: SLF001 - as above
    return decorator


def _seconds(moment: datetime) -> float:
    """Return the seconds since the epoch: an integer if they are whole."""
    seconds = moment.timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def _write_cbor(serialized: bytearray, value: Any, *_: object) -> None:  # noqa: ANN401 - what botocore takes for a time
    """Append a time, as botocore's method of this name does; it may also be a string or a number."""
    from botocore.utils import parse_to_aware_datetime  # noqa: PLC0415 - no call without botocore comes here

    from aiopartnercentral._serialization import cbor  # noqa: PLC0415 - few services speak CBOR

    serialized.extend(cbor.dumps(parse_to_aware_datetime(value)))
