"""What a service model says about an operation, as far as requests without botocore depend on it.

Read from the model's own JSON, as botocore's classes of it take half of the time of a start.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from aiopartnercentral._transport.call_context import CBOR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["OperationModel", "operation_model"]

Check: TypeAlias = "Callable[[Any], bool]"
"""Returns whether a value is plain and valid."""
Scalars: TypeAlias = "Mapping[str, Callable[[float | None], Check | None]]"
"""For each type of shape, a function that returns the check of its values, given the least value or length allowed."""

_SERIALIZED = frozenset(
    {
        *("locationName", "queryName", "flattened", "location", "payload", "streaming", "timestampFormat"),
        *("xmlNamespace", "resultWrapper", "xmlAttribute", "eventstream", "event", "eventheader", "eventpayload"),
        *("jsonvalue", "hostLabel"),
    }
)
"""Traits by which botocore would not put a member into the body as it is."""


@attrs.frozen(eq=False, repr=False)
class OperationModel:
    """What the model says about one operation.

    Attributes:
        name: its name.
        tokens: the members that get an idempotency token unless the caller gives one.
        is_valid: returns whether parameters are plain and valid; None if not all can be plain.
        write: returns the body of such parameters, as botocore writes it.
        requires_output: whether a response has members that it cannot lack.
        has_output: whether a response may have members.
        obstacle: why its requests are botocore's; None if they need not be.
    """

    name: str
    tokens: tuple[str, ...]
    is_valid: Check | None
    write: Callable[[Any], bytes]
    requires_output: bool
    has_output: bool
    obstacle: str | None


def operation_model(description: Mapping[str, Any], name: str, protocol: str = "json") -> OperationModel:
    """Return what a service model says about an operation.

    Arguments:
        description: the JSON of the service model.
        name: the operation's name.
        protocol: the protocol: `json` or CBOR's.
    """
    is_cbor = protocol == CBOR
    shapes, operation = description["shapes"], description["operations"][name]
    taken, given = (_merged(shapes, operation[kind]) if kind in operation else None for kind in ("input", "output"))
    members = {} if taken is None else taken["members"]
    returned = {} if given is None else given["members"]
    is_valid: Check | None
    if taken is not None:
        is_valid = _check(shapes, operation["input"], (), _SCALARS_OF_CBOR if is_cbor else _SCALARS)
    else:  # in CBOR, there is no body
        is_valid = None if is_cbor else lambda params: not params
    return OperationModel(
        name=name,
        tokens=tuple(each for each, member in members.items() if _merged(shapes, member).get("idempotencyToken")),
        is_valid=is_valid,
        write=_writer_of_cbor() if is_cbor else _json,
        requires_output=bool(given and given.get("required")),
        has_output=bool(returned),
        obstacle=_obstacle(shapes, operation, [each for each in (taken, given) if each is not None]),
    )


def _json(params: Mapping[str, Any]) -> bytes:
    return json.dumps(params).encode()


def _writer_of_cbor() -> Callable[[Any], bytes]:
    from aiopartnercentral._serialization import cbor  # noqa: PLC0415 - few services speak CBOR

    return cbor.dumps


def _obstacle(shapes: Mapping[str, Any], operation: Mapping[str, Any], structures: list[Any]) -> str | None:
    """Return what gives requests of an operation another form; None if nothing does."""
    members = [_merged(shapes, member) for structure in structures for member in structure["members"].values()]
    if (
        "endpoint" in operation
        or "operationContextParams" in operation
        or any("contextParam" in member for member in members)
    ):
        return "the endpoint depends on the request"
    if any(_streams(shapes, structure) for structure in structures):
        return "it streams"
    if "requestcompression" in operation or "httpChecksum" in operation or operation.get("httpChecksumRequired"):
        return "requests may be compressed or have checksums"
    return None


def _streams(shapes: Mapping[str, Any], structure: Mapping[str, Any]) -> bool:
    members = {name: _merged(shapes, member) for name, member in structure["members"].items()}
    payload = members.get(structure.get("payload", ""), {})
    return payload.get("type") == "blob" or any(member.get("eventstream") for member in members.values())


def _merged(shapes: Mapping[str, Any], reference: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a shape with the traits that a reference to it adds."""
    return {**shapes[reference["shape"]], **reference}


def _check(
    shapes: Mapping[str, Any], reference: Mapping[str, Any], within: tuple[str, ...], scalars: Scalars
) -> Check | None:
    """Return the check of a shape; None if not all of its values are plain, or if it is within itself."""
    shape, name = _merged(shapes, reference), reference["shape"]
    kind = shape["type"]
    if name in within:
        return None
    if kind in scalars:
        return scalars[kind](shape.get("min"))
    within = (*within, name)
    if kind == "list":
        element = _check(shapes, shape["member"], within, scalars)
        return None if element is None else _list(element, shape.get("min", 0))
    if kind == "map":
        key, value = (_check(shapes, shape[each], within, scalars) for each in ("key", "value"))
        return None if key is None or value is None else _map(key, value)
    if kind == "structure" and not shape.get("document"):
        members = dict(_members(shapes, shape, within, scalars))
        if None not in members.values():
            return _structure(members, frozenset(shape.get("required", ())), is_union=bool(shape.get("union")))
    return None


def _members(
    shapes: Mapping[str, Any], shape: Mapping[str, Any], within: tuple[str, ...], scalars: Scalars
) -> Iterator[tuple[str, Check | None]]:
    """Yield the name and the check of each member of a structure."""
    for name, member in shape["members"].items():
        is_plain = _SERIALIZED.isdisjoint(_merged(shapes, member))
        yield name, _check(shapes, member, within, scalars) if is_plain else None


def _scalar(cls: type, least: float | None) -> Check:
    if least is None:
        return lambda value: type(value) is cls
    if cls is str:
        return lambda value: type(value) is str and len(value) >= least
    return lambda value: type(value) is int and cls is int and value >= least


def _integer_of_cbor(least: float | None) -> Check:
    """Return the check of an integer of 64 bits; larger ones are of another type in CBOR."""
    low = -_LARGEST - 1 if least is None else least
    return lambda value: type(value) is int and low <= value <= _LARGEST


def _double(least: float | None) -> Check | None:
    return None if least is not None else lambda value: type(value) is float and isfinite(value)


def _blob(_: float | None) -> Check:
    return lambda value: type(value) is bytes


def _timestamp(_: float | None) -> Check:
    """Return the check of a timestamp of whole seconds in UTC."""
    return lambda value: type(value) is datetime and value.tzinfo is UTC and not value.microsecond


def _list(element: Check, least: int) -> Check:
    return lambda value: type(value) is list and len(value) >= least and all(map(element, value))


def _map(key: Check, element: Check) -> Check:
    return lambda value: type(value) is dict and all(map(key, value)) and all(map(element, value.values()))


def _structure(members: Mapping[str, Any], required: frozenset[str], *, is_union: bool) -> Check:
    def check(value: Any) -> bool:  # noqa: ANN401 - any JSON
        if type(value) is not dict or (is_union and len(value) != 1) or not required <= value.keys():
            return False
        for name, member in value.items():
            is_valid = members.get(name)
            if is_valid is None or not is_valid(member):
                return False
        return True

    return check


_LARGEST = 2**63 - 1
_SCALARS: Scalars = {
    "string": partial(_scalar, str),
    "integer": partial(_scalar, int),
    "long": partial(_scalar, int),
    "boolean": partial(_scalar, bool),
}
_SCALARS_OF_CBOR: Scalars = {
    **_SCALARS,
    "integer": _integer_of_cbor,
    "long": _integer_of_cbor,
    "double": _double,
    "blob": _blob,
    "timestamp": _timestamp,
}
