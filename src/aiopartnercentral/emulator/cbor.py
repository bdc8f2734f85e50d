"""Smithy RPC v2 CBOR: what the protocol makes of the values that handlers take and return.

Handlers know JSON only, in which a timestamp is a text. In CBOR it is a number with the tag 1, which `cbor2` reads and
writes as a datetime.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import cbor2

if TYPE_CHECKING:
    from collections.abc import Mapping

CONTENT_TYPE: Final = "application/cbor"
PROTOCOL_HEADER: Final = "smithy-protocol"
PROTOCOL: Final = "rpc-v2-cbor"


def decode(raw: bytes) -> object:
    """Return the value of a body; an empty body is an empty map, as the protocol allows.

    Raises:
        ValueError: the body is not exactly one CBOR value.
    """
    if not raw:
        return {}
    source = BytesIO(raw)
    try:
        value: object = cbor2.CBORDecoder(source).decode()
    except (cbor2.CBORDecodeError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError, OSError):
        raise ValueError("the body is not CBOR") from None
    if source.tell() != len(raw):
        raise ValueError("the body is more than one CBOR value")
    return value


def encode(value: object) -> bytes:
    """Return a value as CBOR."""
    return cbor2.dumps(value, datetime_as_timestamp=True, timezone=UTC)


def as_wire(shapes: Mapping[str, Any], name: str, value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return the JSON value of a shape with its timestamps as datetimes."""
    shape = shapes[name]
    match shape["type"]:
        case "structure":
            members = shape["members"]
            return {
                key: as_wire(shapes, members[key]["shape"], item) if key in members else item
                for key, item in value.items()
            }
        case "list":
            return [as_wire(shapes, shape["member"]["shape"], item) for item in value]
        case "map":
            return {key: as_wire(shapes, shape["value"]["shape"], item) for key, item in value.items()}
        case "timestamp":
            return datetime.fromisoformat(value)
    return value
