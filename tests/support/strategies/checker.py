"""A second reading of the model, over botocore's shapes: what is odd in a wire value, and what is wrong, and where.

It shares nothing with the strategies that it judges, neither the walk nor the spelling of paths.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.model import ServiceModel
from botocore.utils import parse_timestamp

from tests.support.account_model import MODEL as ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.model import Shape

SERVICE = ServiceModel(ACCOUNT, "partnercentral-account")
ODDITIES = frozenset(
    {"unknown_members", "unknown_union_members", "unknown_enum_values", "nulls", "type_markers", "timestamp_forms"}
)
_PYTHON_TYPES = {
    "string": (str,),
    "blob": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (str, int, float),
    "list": (list,),
    "map": (dict,),
    "structure": (dict,),
}


def findings(shape: Shape, value: Any, path: str = "$") -> Iterator[tuple[str, str]]:
    """Yield (path, what) for everything in the value that is not canonical."""
    if value is None:
        yield path, "nulls"
        return
    if getattr(shape, "is_document_type", False):
        return
    expected = _PYTHON_TYPES[shape.type_name]
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        yield path, "wrong_type"
        return
    if shape.type_name in _INSIDE:
        yield from _INSIDE[shape.type_name](shape, value, path)


def _in_structure(shape: Any, value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    if shape.is_tagged_union:
        tags = [key for key, item in value.items() if item is not None and key != "__type"]
        if len(tags) != 1:
            yield path, "two_members" if tags else "no_member"
    for member in shape.required_members:
        if value.get(member) is None:
            yield f"{path}.{member}", "missing_required"
    for key, item in value.items():
        if key == "__type":
            yield path, "type_markers"
        elif key not in shape.members:
            yield path, "unknown_union_members" if shape.is_tagged_union else "unknown_members"
        elif not (item is None and key in shape.required_members):
            yield from findings(shape.members[key], item, f"{path}.{key}")


def _in_string(shape: Any, value: str, path: str) -> Iterator[tuple[str, str]]:
    value.encode()
    if shape.enum:
        if value not in shape.enum:
            yield path, "unknown_enum_values"
        return
    yield from _outside(shape, len(value), path)
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not (re.fullmatch(pattern, value) and re.fullmatch(pattern, value, re.ASCII)):
        yield path, "pattern"


def _in_list(shape: Any, value: list[Any], path: str) -> Iterator[tuple[str, str]]:
    yield from _outside(shape, len(value), path)
    for index, item in enumerate(value):
        yield from findings(shape.member, item, f"{path}[{index}]")


def _in_map(shape: Any, value: dict[str, Any], path: str) -> Iterator[tuple[str, str]]:
    for key, item in value.items():
        place = path + ("." + key if re.fullmatch("[A-Za-z_][A-Za-z0-9_-]*", key) else f"[{json.dumps(key)}]")
        yield from findings(shape.key, key, place)
        yield from findings(shape.value, item, place)


def _in_blob(shape: Any, value: str, path: str) -> Iterator[tuple[str, str]]:
    yield from _outside(shape, len(base64.b64decode(value, validate=True)), path)


def _in_timestamp(shape: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if not _is_canonical(shape.serialization.get("timestampFormat"), value):
        parse_timestamp(value)
        yield path, "timestamp_forms"


def _in_number(shape: Any, value: float, path: str) -> Iterator[tuple[str, str]]:
    bits = {"integer": 31, "long": 63}.get(shape.type_name)
    if bits is not None and not -(2**bits) <= value < 2**bits:
        yield path, "range"
    yield from _outside(shape, value, path)


def _outside(shape: Any, size: float, path: str) -> Iterator[tuple[str, str]]:
    if not shape.metadata.get("min", size) <= size <= shape.metadata.get("max", size):
        yield path, "range"


def _is_canonical(wire_format: str | None, value: Any) -> bool:
    if wire_format == "rfc822":
        form = r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d(\.\d{6})? GMT"
        return isinstance(value, str) and re.fullmatch(form, value) is not None
    if wire_format != "iso8601":
        return type(value) is int
    if not isinstance(value, str):
        return False
    if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value):
        return True
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value):
        return False
    return datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%f%z").microsecond != 0


_INSIDE: dict[str, Callable[[Any, Any, str], Iterator[tuple[str, str]]]] = {
    "structure": _in_structure,
    "list": _in_list,
    "map": _in_map,
    "string": _in_string,
    "blob": _in_blob,
    "timestamp": _in_timestamp,
    "integer": _in_number,
    "long": _in_number,
    "float": _in_number,
    "double": _in_number,
}
