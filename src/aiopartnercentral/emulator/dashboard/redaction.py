"""Hides sensitive values: those of members that the models call sensitive, and messages, e-mail addresses and codes."""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.services import SERVICES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiopartnercentral.emulator.protocol import RecordedRequest
    from aiopartnercentral.emulator.services import Service

HIDDEN: Final = "(hidden)"
"""What is shown instead of a sensitive value."""
# The history of next steps repeats them, and the model calls only the latest ones sensitive.
_HIDDEN_NAMES: Final = re.compile(
    r".*(email|message|completionurl|secret|password|verificationcode|nextstepshistory)", re.IGNORECASE
)


def redacted(service: Service, value: Any, shape: str | None, name: str = "") -> Any:  # noqa: ANN401 - of any shape
    """Return a value as JSON without sensitive values.

    Arguments:
        service: the service whose model describes the value.
        value: a value of JSON or CBOR.
        shape: the name of its shape; None if the model does not have it. Then members are hidden by their names.
        name: the name of the member that has the value.
    """
    described: Mapping[str, Any] = service.shapes.get(shape, {}) if shape else {}
    if (
        described.get("sensitive")
        or _is_hidden(name)
        or (not described and name in _sensitive_names(service.name))
        or service.shapes.get(described.get("key", {}).get("shape"), {}).get("sensitive")
    ):
        return HIDDEN
    if isinstance(value, dict):
        return {
            str(key): redacted(
                service, item, _member(described, key), "" if described.get("type") == "map" else str(key)
            )
            for key, item in value.items()
        }
    if isinstance(value, list):
        item_shape = described.get("member", {}).get("shape")
        return [redacted(service, item, item_shape, "" if item_shape else name) for item in value]
    return _as_json(value)


@lru_cache(maxsize=4096)
def _is_hidden(name: str) -> bool:
    return _HIDDEN_NAMES.fullmatch(name) is not None


def _as_json(value: Any) -> Any:  # noqa: ANN401 - of any shape
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, bytes):
        return f"({len(value)} bytes)"
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _member(shape: Mapping[str, Any], name: object) -> str | None:
    """Return the shape of a member of a structure, or of the values of a map; None if it is unknown."""
    member: Mapping[str, str] = shape.get("value") or shape.get("members", {}).get(name, {})
    return member.get("shape")


@cache
def _sensitive_names(service: str) -> frozenset[str]:
    """Return the names of the members that are sensitive anywhere in a model."""
    shapes = SERVICES[service].shapes
    return frozenset(
        name
        for shape in shapes.values()
        for name, member in shape.get("members", {}).items()
        if any(shapes[each].get("sensitive") for each in _inside(shapes, member["shape"]))
    )


def _inside(shapes: Mapping[str, Any], name: str) -> Iterator[str]:
    """Yield the names of a shape, and of the shapes of its elements, keys and values."""
    yield name
    for part in ("member", "key", "value"):
        if part in shapes[name]:
            yield from _inside(shapes, shapes[name][part]["shape"])


@cache
def shape_of_item(service: str, members: frozenset[str]) -> str | None:
    """Return the structure of a model that has the most of these members, and the fewest others; None if none has."""
    found = {
        name: (len(members & shape["members"].keys()), -len(shape["members"].keys() - members))
        for name, shape in SERVICES[service].shapes.items()
        if shape["type"] == "structure" and not shape.get("exception")
    }
    best = max(found, key=found.__getitem__)
    return best if found[best][0] else None


def redacted_item(service: Service, item: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return an item of the state without sensitive values."""
    return redacted(service, dict(item), shape_of_item(service.name, frozenset(item)))


def redacted_request(service: Service, record: RecordedRequest) -> Any:  # noqa: ANN401 - JSON of any shape
    """Return the body of a request without sensitive values; None if no model describes it."""
    described = service.validator.operations.get(record.operation)
    if described is None:
        return None
    return redacted(service, dict(record.body), described["input"]["shape"])


def redacted_response(service: Service, record: RecordedRequest, *, is_own: bool) -> Any:  # noqa: ANN401 - JSON
    """Return the body of a response without sensitive values; None if it is neither JSON nor CBOR, or not recorded.

    Arguments:
        service: the service of the request.
        record: the request.
        is_own: whether the emulator has written the response: its errors contain no value of a request.
    """
    if not record.response:
        return None
    try:
        value = service.decode(record.response)
    except ValueError:
        return None
    if record.error is None:
        return redacted(service, value, service.output_shape(record.operation))
    return _as_plain(value) if is_own else redacted(service, value, record.error)


def _as_plain(value: Any) -> Any:  # noqa: ANN401 - of any shape
    if isinstance(value, dict):
        return {str(key): _as_plain(item) for key, item in value.items()}
    return [_as_plain(item) for item in value] if isinstance(value, list) else _as_json(value)
