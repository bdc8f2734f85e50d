"""Where in a JSON value something of the model stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@attrs.frozen
class Place:
    """A value in a JSON value.

    Attributes:
        shape: name of its shape.
        value: the value.
        put: puts another one in its place.
    """

    shape: str
    value: Any
    put: Callable[[Any], None]


def places(model: Mapping[str, Any], shape: str, value: object, put: Callable[[Any], None]) -> Iterator[Place]:
    """Yield every value in a value, keys of maps included, from the outside in.

    Arguments:
        model: a service model as botocore spells it.
        shape: name of the value's shape.
        value: the value; what does not fit its shape is passed over.
        put: puts another one in its place.
    """
    yield Place(shape, value, put)
    described = model["shapes"][shape]
    match described["type"], value:
        case "structure", dict():
            members = described["members"]
            for name, item in list(value.items()):
                if name in members and item is not None:
                    yield from places(model, members[name]["shape"], item, _at(value, name))
        case "list", list():
            for index, item in enumerate(value):
                yield from places(model, described["member"]["shape"], item, _at(value, index))
        case "map", dict():
            for key, item in list(value.items()):
                yield Place(described["key"]["shape"], key, _key(value, key))
                yield from places(model, described["value"]["shape"], item, _at(value, key))


def _at(container: Any, where: Any) -> Callable[[Any], None]:  # noqa: ANN401 - a JSON object or array
    def put(value: object) -> None:
        container[where] = value

    return put


def _key(container: dict[str, Any], key: str) -> Callable[[Any], None]:
    def put(other: str) -> None:
        entries = [(other if name == key else name, item) for name, item in container.items()]
        container.clear()
        container.update(entries)

    return put
