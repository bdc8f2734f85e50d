"""Members that the service model does not know, in the plain values of requests and responses.

A structure that is decoded and encoded again loses them. These functions compare the value that was decoded (`raw`)
with what encoding gives (`known`), and put back what is missing. Values are those of JSON, or of CBOR.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from aiopartnercentral._serialization.conversion_errors import key_segment
from aiopartnercentral.errors import EncodeError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiopartnercentral.types import JsonValue

__all__ = ["is_same", "merged", "unknown_paths", "without_read_only"]

_IDENTIFYING = ("id", "identifier", "arn")  # how the names of members end that say which object something is
_TYPE = "__type"  # which a service may add to any structure, and which names no member


def is_same(one: object, other: object) -> bool:
    """Return whether two plain values are the same on the wire: unlike `==`, 1 is neither `True` nor 1.0."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return type(one) is type(other) and repr(one) == repr(other)
    return one == other


def unknown_paths(raw: JsonValue, known: JsonValue, path: str = "$") -> Iterator[str]:
    """Yield the JSON path of each member of `raw` that `known`, which was made of it, lacks; null counts as absent.

    Arguments:
        raw: the value.
        known: what encoding gave after `raw` was decoded.
        path: where the value is.
    """
    if isinstance(raw, dict) and isinstance(known, dict):
        for key, value in raw.items():
            if key in known:
                yield from unknown_paths(value, known[key], path + key_segment(key))
            elif value is not None and key != _TYPE:
                yield path + key_segment(key)
    elif isinstance(raw, list) and isinstance(known, list):
        for index, (value, each) in enumerate(zip(raw, known, strict=False)):
            yield from unknown_paths(value, each, f"{path}[{index}]")


def without_read_only(raw: JsonValue, read: JsonValue, written: JsonValue) -> JsonValue:
    """Return a value without the members that only its response has, and with those that no model knows.

    Arguments:
        raw: the value as the service sent it.
        read: what encoding gave after it was decoded by the response's class.
        written: what encoding gave after it was decoded by the request's class.
    """
    if isinstance(raw, dict) and isinstance(read, dict) and isinstance(written, dict):
        return {
            key: without_read_only(value, read.get(key), written[key]) if key in written else value
            for key, value in raw.items()
            if key in written or (key not in read and value is not None and key != _TYPE)
        }
    if isinstance(raw, list) and isinstance(read, list) and isinstance(written, list):
        return [without_read_only(*parts) for parts in zip(raw, read, written, strict=True)]
    return raw


def merged(raw: JsonValue, before: JsonValue, after: JsonValue, path: str = "$") -> JsonValue:
    """Return a changed value with the unknown members of what it was changed from.

    What is unchanged is returned as the service sent it. A member that the change removes takes its unknown members
    along; a structure that the change replaces keeps them.

    Arguments:
        raw: the value as the service sent it.
        before: the same value without unknown members.
        after: the changed value, without unknown members.
        path: where the value is.

    Raises:
        EncodeError: items of a list have unknown members, and it is not clear which of the changed items they are.
    """
    if is_same(before, after):
        return raw
    if isinstance(raw, dict) and isinstance(before, dict) and isinstance(after, dict):
        return _merged_members(raw, before, after, path)
    if isinstance(raw, list) and isinstance(before, list) and isinstance(after, list):
        return _merged_items(raw, before, after, path)
    return after


def _merged_members(
    raw: Mapping[str, JsonValue], before: Mapping[str, JsonValue], after: Mapping[str, JsonValue], path: str
) -> dict[str, JsonValue]:
    result = {
        key: merged(raw[key], before[key], value, path + key_segment(key)) if key in before and key in raw else value
        for key, value in after.items()
    }
    unknown = {
        key: value for key, value in raw.items() if key not in before and value is not None and key not in result
    }
    return result | {key: value for key, value in unknown.items() if key != _TYPE}


def _merged_items(raw: list[JsonValue], before: list[JsonValue], after: list[JsonValue], path: str) -> list[JsonValue]:
    """Return the changed list, each item of it as the service sent it if it is unchanged.

    An item that was changed is merged with the one that it was changed from. That is certain if it is the only one,
    has kept its place and all members but one, and that one does not say which object it is.
    """
    origins = _origins(raw, before, after, path)
    lost = [place for place in range(len(before)) if place not in origins.values()]
    new = [place for place in range(len(after)) if place not in origins]
    if any(_has_unknown(raw[place], before[place]) for place in lost) and new:
        has_moved = len(before) != len(after) or any(place != origin for place, origin in origins.items())
        if has_moved or len(new) > 1 or not _is_edit(before[new[0]], after[new[0]]):
            raise _ambiguous(path)
        origins |= {place: place for place in new}
    return [
        merged(raw[origins[place]], before[origins[place]], value, f"{path}[{place}]") if place in origins else value
        for place, value in enumerate(after)
    ]


def _origins(raw: list[JsonValue], before: list[JsonValue], after: list[JsonValue], path: str) -> dict[int, int]:
    """Return, for the place of each item that is unchanged, its place in the list before the change."""
    origins = {
        place: place for place, value in enumerate(after) if place < len(before) and is_same(before[place], value)
    }
    free = [place for place in range(len(before)) if place not in origins]
    for place, value in enumerate(after):
        found = None if place in origins else next((each for each in free if is_same(before[each], value)), None)
        if found is not None:
            origins[place] = found
            free.remove(found)
    if len(after) != len(before) or any(place != origin for place, origin in origins.items()):
        _refuse_twins(raw, before, path)
    return origins


def _refuse_twins(raw: list[JsonValue], before: list[JsonValue], path: str) -> None:
    """Raise an error if items of a list, some of which were moved or removed, differ in unknown members alone."""
    for place, value in enumerate(before):
        for other in range(place):
            if is_same(before[other], value) and not is_same(raw[other], raw[place]):
                raise _ambiguous(path)


def _is_edit(before: JsonValue, after: JsonValue) -> bool:
    """Return whether an item is certainly another revision of the same, rather than a new one in its place."""
    if not (isinstance(before, dict) and isinstance(after, dict)):
        return False
    keys = before.keys() | after.keys()
    changed = [key for key in keys if not (key in before and key in after and is_same(before[key], after[key]))]
    return len(changed) == 1 < len(keys) and not changed[0].lower().endswith(_IDENTIFYING)


def _has_unknown(raw: JsonValue, known: JsonValue) -> bool:
    """Return whether a value has members that are unknown."""
    return next(unknown_paths(raw, known), None) is not None


def _ambiguous(path: str) -> EncodeError:
    return EncodeError(
        "the items have members that the model does not know, and it is not clear which of the changed items they "
        "belong to: in one change, edit one member of one item in its place, or add, remove and move items",
        path=path,
    )
