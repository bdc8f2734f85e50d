"""Checks and serializes the parameters of a call, as botocore does: itself where they are plain and valid.

Plain are strings, integers, booleans, and lists, maps and structures of them, which botocore puts into the JSON as they
are. Whatever is not plain, or looks invalid, is left to botocore's serializer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.types import JsonValue

__all__ = ["serializer"]

_Check: TypeAlias = "Callable[[Any], bool]"
"""Returns whether a value is plain and valid."""

_SCALARS = {"string": str, "integer": int, "long": int, "boolean": bool}


def serializer(client: Any, operation: Any) -> Callable[[Mapping[str, JsonValue]], bytes]:  # noqa: ANN401 - botocore's
    """Return the function that returns the body of a request of an operation.

    It raises `botocore.exceptions.ParamValidationError` if a parameter is missing or invalid.

    Arguments:
        client: botocore's client.
        operation: botocore's model of the operation.
    """
    shape = operation.input_shape
    is_valid = None if shape is None else _check(shape, ())

    def serialize(params: Mapping[str, JsonValue]) -> bytes:
        if is_valid is not None and is_valid(params):
            return json.dumps(params).encode()
        body: bytes = client._serializer.serialize_to_request(params, operation)["body"]  # noqa: SLF001 - as above
        return body

    return serialize


def _check(shape: Any, within: tuple[str, ...]) -> _Check | None:  # noqa: ANN401 - as above
    """Return the check of a shape; None if not all of its values are plain, or if it is within itself."""
    kind = shape.type_name
    if shape.name in within:
        return None
    if kind in _SCALARS:
        return _scalar(_SCALARS[kind], shape.metadata.get("min"))
    within = (*within, shape.name)
    if kind == "list":
        element = _check(shape.member, within)
        return None if element is None else _list(element, shape.metadata.get("min", 0))
    if kind == "map":
        key, value = _check(shape.key, within), _check(shape.value, within)
        return None if key is None or value is None else _map(key, value)
    if kind == "structure" and not shape.is_document_type:
        members = {name: None if each.serialization else _check(each, within) for name, each in shape.members.items()}
        if None not in members.values():
            return _structure(members, frozenset(shape.required_members), is_union=shape.is_tagged_union)
    return None


def _scalar(cls: type, least: float | None) -> _Check:
    if least is None:
        return lambda value: type(value) is cls
    if cls is str:
        return lambda value: type(value) is str and len(value) >= least
    return lambda value: type(value) is int and cls is int and value >= least


def _list(element: _Check, least: int) -> _Check:
    return lambda value: type(value) is list and len(value) >= least and all(map(element, value))


def _map(key: _Check, element: _Check) -> _Check:
    return lambda value: type(value) is dict and all(map(key, value)) and all(map(element, value.values()))


def _structure(members: Mapping[str, Any], required: frozenset[str], *, is_union: bool) -> _Check:
    def check(value: Any) -> bool:  # noqa: ANN401 - any JSON
        if type(value) is not dict or (is_union and len(value) != 1) or not required <= value.keys():
            return False
        for name, member in value.items():
            is_valid = members.get(name)
            if is_valid is None or not is_valid(member):
                return False
        return True

    return check
