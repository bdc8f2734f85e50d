"""Validates values of JSON and CBOR against the pinned service models."""

from __future__ import annotations

import math
import re
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.errors import FieldProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# https://datatracker.ietf.org/doc/html/rfc3339#section-5.6, in UTC as the service writes it
_TIMESTAMP = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,9})?Z")

_UTC_OFFSET = timedelta(0)

_BITS = {"integer": 32, "long": 64}


# Unicode categories, as they are inside the brackets of a pattern. Python's patterns have none, so L and N are the
# letters, digits and underscore of a word; wherever a model uses L, it allows all three.
_CATEGORIES = {
    "L": r"\w",
    "N": r"\w",
    "Z": r" \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000",
    "C": r"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\uf8ff",
}
# Parts of patterns that take exponential time for a text that does not match, and equivalent ones that do not: in the
# first, the repeated characters contain the dot that begins a repetition, and in the second, a dot is any character.
_LINEAR = {
    "([.][a-zA-Z0-9(-|/|=|?)??]+?)+?": "[.][a-zA-Z0-9(-|/|=|?)??]+",
    "(?:.[a-zA-Z0-9-]+)*": "(?:[^a-zA-Z0-9\\n-][a-zA-Z0-9-]+)*",
}
_PATTERN_PART = re.compile(r"\\p\{(?P<category>[LNZC])\}|\\.|[\[\]]|.", re.DOTALL)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of a model, whose Unicode categories Python does not know."""
    for slow, fast in _LINEAR.items():
        pattern = pattern.replace(slow, fast)
    parts, in_brackets = [], False
    for found in _PATTERN_PART.finditer(pattern):
        part = found[0]
        if found["category"]:
            characters = _CATEGORIES[found["category"]]
            part = characters if in_brackets else f"[{characters}]"
        elif part in ("[", "]"):
            in_brackets = part == "["
        parts.append(part)
    return re.compile("".join(parts))


@attrs.frozen
class ModelValidator:
    """Finds all problems of a value.

    Arguments:
        model: a service model in botocore's format (`metadata`, `operations`, `shapes`).
    """

    model: Mapping[str, Any] = attrs.field(repr=False)

    @property
    def operations(self) -> Mapping[str, Any]:
        """The operations of the model by name."""
        operations: Mapping[str, Any] = self.model["operations"]
        return operations

    @property
    def target_prefix(self) -> str:
        """The part of `X-Amz-Target` before the dot."""
        prefix: str = self.model["metadata"]["targetPrefix"]
        return prefix

    @property
    def is_cbor(self) -> bool:
        """Whether values are those of CBOR, where a timestamp is a datetime; in JSON, it is a text."""
        return bool(self.model["metadata"].get("protocol") == "smithy-rpc-v2-cbor")

    @property
    def signing_name(self) -> str:
        """The service's name in signatures."""
        name: str = self.model["metadata"]["signingName"]
        return name

    def request_problems(self, operation: str, request: object) -> list[FieldProblem]:
        """Return all problems of a request of an operation; the list is empty if it is valid."""
        return list(self.problems(self.operations[operation]["input"]["shape"], request))

    def known(self, shape_name: str, value: Any) -> Any:  # noqa: ANN401 - JSON of any shape
        """Return a valid value as JSON, without null values and unknown members, at any depth."""
        shape = self.model["shapes"][shape_name]
        match shape["type"]:
            case "timestamp" if isinstance(value, datetime):
                return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            case "structure" if not shape.get("document"):
                members = shape["members"]
                return {
                    name: self.known(members[name]["shape"], item)
                    for name, item in value.items()
                    if name in members and item is not None
                }
            case "list":
                return [self.known(shape["member"]["shape"], item) for item in value]
            case "map":
                return {key: self.known(shape["value"]["shape"], item) for key, item in value.items()}
        return value

    def known_request(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return a valid request of an operation without null values and unknown members."""
        known: dict[str, Any] = self.known(self.operations[operation]["input"]["shape"], request)
        return known

    def fitting(self, shape_name: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return the members that a structure has and whose values are valid there."""
        members = self.model["shapes"][shape_name]["members"]
        return {
            name: item
            for name, item in value.items()
            if name in members and item is not None and not list(self.problems(members[name]["shape"], item))
        }

    def problems(self, shape_name: str, value: object, path: str = "") -> Iterator[FieldProblem]:
        """Yield the problems of a value of a shape.

        Raises:
            NotImplementedError: the model has a type of shape that the emulator does not know.
        """
        shape = self.model["shapes"][shape_name]
        check = _CHECKS.get(shape["type"])
        if check is None:
            raise NotImplementedError(f"shape {shape_name} is a {shape['type']}, which the emulator cannot validate")
        return check(self, shape, value, path)


def _wrong(path: str, message: str, code: str = "INVALID_VALUE") -> FieldProblem:
    return FieldProblem(path or "$", message, code)


def _check_structure(
    validator: ModelValidator, shape: Mapping[str, Any], value: object, path: str
) -> Iterator[FieldProblem]:
    if shape.get("document"):
        return
    if not isinstance(value, dict):
        yield _wrong(path, "must be an object")
        return
    members = shape["members"]
    prefix = f"{path}." if path else ""
    for name in shape.get("required", ()):
        if value.get(name) is None:
            yield _wrong(f"{prefix}{name}", "is required", "REQUIRED_FIELD_MISSING")
    present = [name for name, item in value.items() if item is not None and name != "__type"]
    # Unknown members are ignored in structures; in a union, one counts as a second member.
    if shape.get("union") and (len(present) != 1 or present[0] not in members):
        yield _wrong(path, f"must have exactly one of {', '.join(members)}")
    for name in filter(members.__contains__, present):
        yield from validator.problems(members[name]["shape"], value[name], f"{prefix}{name}")


def _check_list(
    validator: ModelValidator, shape: Mapping[str, Any], value: object, path: str
) -> Iterator[FieldProblem]:
    if not isinstance(value, list):
        yield _wrong(path, "must be a list")
        return
    yield from _check_size(shape, len(value), path, "values", too_many="TOO_MANY_VALUES")
    for index, item in enumerate(value):
        yield from validator.problems(shape["member"]["shape"], item, f"{path}[{index}]")


def _check_map(validator: ModelValidator, shape: Mapping[str, Any], value: object, path: str) -> Iterator[FieldProblem]:
    if not isinstance(value, dict):
        yield _wrong(path, "must be an object")
        return
    yield from _check_size(shape, len(value), path, "entries", too_many="TOO_MANY_VALUES")
    for position, (key, item) in enumerate(value.items()):
        # A key may be sensitive, so an invalid one is named by its position.
        bad_key = list(validator.problems(shape["key"]["shape"], key, f"{path}.key[{position}]"))
        yield from bad_key
        inner = f"{path}[{position}]" if bad_key else f"{path}.{key}"
        yield from validator.problems(shape["value"]["shape"], item, inner)


def _check_string(_: ModelValidator, shape: Mapping[str, Any], value: object, path: str) -> Iterator[FieldProblem]:
    if not isinstance(value, str):
        yield _wrong(path, "must be a string")
        return
    if "enum" in shape and value not in shape["enum"]:
        yield _wrong(path, f"must be one of {', '.join(shape['enum'])}", "INVALID_ENUM_VALUE")
    code = "INVALID_STRING_FORMAT"
    yield from _check_size(shape, len(value), path, "characters", too_many=code, too_few=code)
    if "pattern" in shape and not compiled(shape["pattern"]).fullmatch(value):
        yield _wrong(path, f"must match the pattern {shape['pattern']}", code)


def _check_size(
    shape: Mapping[str, Any], size: int, path: str, unit: str, *, too_many: str, too_few: str = "INVALID_VALUE"
) -> Iterator[FieldProblem]:
    if size < shape.get("min", 0):
        yield _wrong(path, f"must have at least {shape['min']} {unit}", too_few)
    if "max" in shape and size > shape["max"]:
        yield _wrong(path, f"must have at most {shape['max']} {unit}", too_many)


def _check_integer(_: ModelValidator, shape: Mapping[str, Any], value: object, path: str) -> Iterator[FieldProblem]:
    bits = _BITS[shape["type"]]
    if not isinstance(value, int) or isinstance(value, bool) or not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        yield _wrong(path, f"must be an integer of {bits} bits")
        return
    if "min" in shape and value < shape["min"]:
        yield _wrong(path, f"must be at least {shape['min']}")
    if "max" in shape and value > shape["max"]:
        yield _wrong(path, f"must be at most {shape['max']}")


def _check_boolean(_: ModelValidator, __: Mapping[str, Any], value: object, path: str) -> Iterator[FieldProblem]:
    if not isinstance(value, bool):
        yield _wrong(path, "must be true or false")


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _check_double(_: ModelValidator, shape: Mapping[str, Any], value: object, path: str) -> Iterator[FieldProblem]:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        yield _wrong(path, "must be a finite number")
        return
    if "min" in shape and value < shape["min"]:
        yield _wrong(path, f"must be at least {shape['min']}")
    if "max" in shape and value > shape["max"]:
        yield _wrong(path, f"must be at most {shape['max']}")


def _check_timestamp(
    validator: ModelValidator, shape: Mapping[str, Any], value: object, path: str
) -> Iterator[FieldProblem]:
    if validator.is_cbor:
        if not isinstance(value, datetime) or value.utcoffset() != _UTC_OFFSET:
            yield _wrong(path, "must be a timestamp: seconds since 1970, with the tag 1", "INVALID_STRING_FORMAT")
        return
    if shape.get("timestampFormat") != "iso8601":
        raise NotImplementedError(f"the emulator cannot validate the timestamp format of {path}")
    if not isinstance(value, str) or not _TIMESTAMP.fullmatch(value) or not _is_date(value):
        yield _wrong(path, "must be an ISO 8601 timestamp in UTC", "INVALID_STRING_FORMAT")


_CHECKS: Mapping[str, Callable[[ModelValidator, Mapping[str, Any], object, str], Iterator[FieldProblem]]] = {
    "structure": _check_structure,
    "list": _check_list,
    "map": _check_map,
    "string": _check_string,
    "integer": _check_integer,
    "long": _check_integer,
    "double": _check_double,
    "boolean": _check_boolean,
    "timestamp": _check_timestamp,
}
