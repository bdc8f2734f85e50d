"""The protocol of a service, the members outside the body, and the operations that stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import ir
from .errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    Model = Mapping[str, Any]

# Only of a time in a whole body; in a header or query botocore has rules of its own.
_DEFAULT_FORMATS = {
    ir.Protocol.JSON: ir.TimestampFormat.EPOCH_SECONDS,
    ir.Protocol.REST_JSON: ir.TimestampFormat.EPOCH_SECONDS,
}

# botocore takes these from a member's shape if the member lacks them.
_PLACE = ("location", "locationName")


def protocol(metadata: Model, where: str) -> ir.Protocol:
    """Return the protocol that botocore uses for the service: the first one in its order of preference.

    Raises:
        ModelError: botocore supports none of the service's protocols.
    """
    offered = metadata.get("protocols") or [metadata["protocol"]]
    found = next((each for each in ir.Protocol if each.value in offered), None)
    if found is None:
        raise ModelError(f"{where}.metadata", f"unknown protocol {offered[0]!r}")
    return found


def timestamp_format(shape: Model, spoken: ir.Protocol, where: str) -> ir.TimestampFormat:
    """Return the format of a timestamp in JSON.

    Raises:
        ModelError: botocore does not know the format.
    """
    name = None if spoken is ir.Protocol.CBOR else shape.get("timestampFormat")  # CBOR has a type for timestamps
    if name is None:
        return _DEFAULT_FORMATS.get(spoken, ir.TimestampFormat.ISO8601)
    try:
        return ir.TimestampFormat(name)
    except ValueError:
        raise ModelError(where, f"unknown timestampFormat {name!r}") from None


def merged(reference: Model, target: Model) -> Model:
    """Return a member's reference merged with its shape's location, as botocore merges them."""
    return {**{trait: target[trait] for trait in _PLACE if trait in target}, **reference}


def location(reference: Model, where: str) -> ir.Location | None:
    """Return the location of a message's member that is not in the body, or None.

    Raises:
        ModelError: botocore does not know the location.
    """
    name = reference.get("location")
    if name is None:
        return None
    try:
        return ir.Location(name)
    except ValueError:
        raise ModelError(where, f"unknown location {name!r}") from None


def is_json_text(reference: Model, target: Model) -> bool:
    """Tell whether botocore makes JSON text of the member, and a value of the text: it does in headers alone."""
    return bool(reference.get("jsonvalue") and reference.get("location") == "header" and target.get("type") == "string")


def stream(operation: Model, shapes: Model) -> str | None:
    """Return which member of the operation's messages is a stream and by which trait, or None.

    A blob that is a whole response is a stream even if the model does not say so: botocore reads it as it is consumed.
    A blob that is sent is not a stream here: botocore takes it as bytes.
    """
    for end in ("input", "output"):
        name = operation.get(end, {}).get("shape")
        shape = shapes.get(name, {})
        for member, reference in shape.get("members", {}).items():
            target = shapes.get(reference.get("shape"), {})
            if target.get("eventstream"):
                return f"{name}.{member} is a stream of events (trait 'eventstream')"
            if end == "output" and target.get("type") == "blob" and shape.get("payload") == member:
                return f"{name}.{member} is a stream (trait 'payload' on a blob)"
    return None
