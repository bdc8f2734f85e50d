"""Finds every value of a JSON value, with its shape in the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@attrs.frozen
class JsonLocation:
    """A value inside a JSON value.

    Attributes:
        shape: name of its shape.
        value: the value.
        replace: replaces it by another value.
    """

    shape: str
    value: Any
    replace: Callable[[Any], None]


def walk(model: Mapping[str, Any], shape: str, value: object, replace: Callable[[Any], None]) -> Iterator[JsonLocation]:
    """Yield a value and every value inside it, keys of maps included, outer values first.

    Arguments:
        model: a service model in botocore's format.
        shape: name of the value's shape.
        value: the value; what does not fit its shape is left out.
        replace: replaces the value by another one.
    """
    yield JsonLocation(shape, value, replace)
    described = model["shapes"][shape]
    match described["type"], value:
        case "structure", dict():
            members = described["members"]
            for name, item in list(value.items()):
                if name in members and item is not None:
                    yield from walk(model, members[name]["shape"], item, _replace_at(value, name))
        case "list", list():
            for index, item in enumerate(value):
                yield from walk(model, described["member"]["shape"], item, _replace_at(value, index))
        case "map", dict():
            for key, item in list(value.items()):
                yield JsonLocation(described["key"]["shape"], key, _replace_key(value, key))
                yield from walk(model, described["value"]["shape"], item, _replace_at(value, key))


def _replace_at(container: Any, where: Any) -> Callable[[Any], None]:  # noqa: ANN401 - a JSON object or array
    def replace(value: object) -> None:
        container[where] = value

    return replace


def _replace_key(container: dict[str, Any], key: str) -> Callable[[Any], None]:
    def replace(other: str) -> None:
        entries = [(other if name == key else name, item) for name, item in container.items()]
        container.clear()
        container.update(entries)

    return replace
