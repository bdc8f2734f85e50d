"""Values between the spelling of the files and botocore's dicts."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.types import OpenEnum, UnknownMember

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

_SPECIAL = ("NaN", "Infinity", "-Infinity")


def params(shape: Shape | None, told: Any) -> Any:
    """Return the parameters that a case's `params` stand for: bytes for blobs, datetimes, and floats that are none."""
    if shape is None or told is None or getattr(shape, "is_document_type", False):
        return told
    kind = shape.type_name
    if kind == "structure" and isinstance(told, dict):
        members = shape.members
        return {name: params(members.get(name), value) for name, value in told.items()}
    if kind == "list" and isinstance(told, list):
        return [params(shape.member, value) for value in told]
    if kind == "map" and isinstance(told, dict):
        return {key: params(shape.value, value) for key, value in told.items()}
    return _scalar(kind, told)


def _scalar(kind: str, told: Any) -> Any:
    if kind == "blob" and isinstance(told, str):
        return told.encode()
    if kind == "timestamp" and isinstance(told, int | float):
        return datetime.fromtimestamp(told, UTC)
    return float(told) if kind in ("float", "double") and told in _SPECIAL else told


def spelled(value: Any) -> Any:
    """Return a value of botocore's dicts as the files spell it: what botocore's own runner changes, and nothing else.

    Bytes are text in UTF-8, datetimes seconds since the epoch, and floats that are no numbers their names.
    """
    if isinstance(value, dict):
        return {key: spelled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [spelled(item) for item in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, datetime):
        return value.timestamp()
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def without_payloads(value: Any) -> Any:
    """Return a value of botocore's dicts without what those of botocore itself do not have of unknown union members."""
    if isinstance(value, dict):
        kept = {key: without_payloads(item) for key, item in value.items()}
        if isinstance(marker := kept.get("SDK_UNKNOWN_MEMBER"), dict):
            kept["SDK_UNKNOWN_MEMBER"] = {"name": marker.get("name")}
        return kept
    return [without_payloads(item) for item in value] if isinstance(value, list) else value


def unknown(value: Any, path: str = "") -> Iterator[str]:
    """Yield the attribute path of everything in a typed object that says of itself that the model does not know it."""
    if isinstance(value, UnknownMember) or (isinstance(value, OpenEnum) and value.is_unknown):
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from unknown(item, f"{path}[{key!r}]")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unknown(item, f"{path}[{index}]")
    elif attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield from unknown(getattr(value, field.name), f"{path}.{field.name}" if path else field.name)
