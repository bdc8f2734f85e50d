"""Wire JSON for every shape of a service model."""

from __future__ import annotations

import base64
import re
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from hypothesis import strategies as st

from tests.support.strategies.corruptions import Corruption, corruptions
from tests.support.strategies.extras import CANONICAL, Extras
from tests.support.strategies.graph import ShapeGraph
from tests.support.strategies.json_values import (
    LONG_MAX,
    LONG_MIN,
    JsonValue,
    json_values,
    longs,
    non_null_values,
    text,
)
from tests.support.strategies.strings import strings
from tests.support.strategies.timestamps import timestamp_forms, timestamps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_TYPE_MARKER = "__type"
# Above the minimum that a shape asks for; a page of a few items finds what a page of a hundred does.
_SPARE_ITEMS = 4
_INTEGER_RANGES = {"integer": (-(2**31), 2**31 - 1), "long": (LONG_MIN, LONG_MAX)}

Values: TypeAlias = st.SearchStrategy[JsonValue]


class WireStrategies:
    """Strategies for the JSON that the JSON 1.0 protocol carries.

    Arguments:
        model: a botocore service model, the content of a service-2.json.
        max_depth: how many recursive shapes may nest in one value.

    Raises:
        ValueError: the model has a shape that no finite value satisfies.
    """

    def __init__(self, model: Mapping[str, Any], *, max_depth: int = 4) -> None:
        """Take the model; strategies are built when they are asked for."""
        self._graph = ShapeGraph(model["shapes"])
        self._max_depth = max_depth
        self._built: dict[tuple[str, Extras, int], Values] = {}

    def shape(self, name: str, *, extras: Extras = CANONICAL) -> Values:
        """Return the strategy of one shape's values; the same object each time.

        Arguments:
            name: the shape's name in the model.
            extras: which oddities may be mixed in.

        Raises:
            KeyError: the model has no such shape.
            ValueError: the shape has a type, pattern or format that is not understood; the message names the shape.
        """
        return self._shape(name, extras, self._max_depth)

    def corruptions(self, name: str) -> st.SearchStrategy[Corruption]:
        """Return the strategy of values of one shape with exactly one fault in them.

        Arguments:
            name: the shape's name in the model. A document has nothing to break: its strategy is empty.

        Raises:
            KeyError: the model has no such shape.
            ValueError: as for `shape`.
        """
        if self._graph.is_document(name):
            return st.nothing()
        return corruptions(self._graph, name, self.shape)

    def _shape(self, name: str, extras: Extras, budget: int) -> Values:
        """Return the strategy of one shape, of which `budget` more recursive levels may be drawn."""
        key = (name, extras, budget)
        if key not in self._built:
            try:
                self._built[key] = self._build(name, extras, budget)
            except ValueError as error:
                raise ValueError(f"shape {name}: {error}") from error
        return self._built[key]

    def _build(self, name: str, extras: Extras, budget: int) -> Values:
        shape = self._graph[name]
        if self._graph.is_document(name):
            # A null document is no different from an absent member: an oddity, not a value.
            return non_null_values()
        kind: str = shape["type"]
        if kind in {"structure", "list", "map"}:
            # Counting down only at recursive shapes keeps a value of any other shape whole, however deep.
            recursive = self._graph.is_recursive(name)
            ending = recursive and budget == 0
            child = partial(self._shape, extras=extras, budget=max(budget - recursive, 0))
            if kind == "structure":
                build = self._union if self._graph.is_union(name) else self._structure
                return build(name, extras, child, ending=ending)
            if kind == "list":
                return self._list(name, child, ending=ending)
            return self._map(name, extras, child, ending=ending)
        return _scalar(shape, extras)

    def _structure(self, name: str, extras: Extras, child: Callable[[str], Values], *, ending: bool) -> Values:
        members = self._graph.members(name)
        required = self._graph.required(name)
        optional = {
            member: child(target) | st.none() if extras.nulls else child(target)
            for member, target in members.items()
            if member not in required and not (ending and not self._graph.ends_sooner(target, name))
        }
        if extras.type_markers:
            optional[_TYPE_MARKER] = _type_markers()
        known: st.SearchStrategy[dict[str, JsonValue]] = st.fixed_dictionaries(
            {member: child(members[member]) for member in required}, optional=optional
        )
        if not (extras.unknown_members or extras.type_markers):
            return known
        unknown: st.SearchStrategy[dict[str, JsonValue]] = st.just({})
        if extras.unknown_members:
            taken = {*members, _TYPE_MARKER}
            # An error's body may spell its message either way, so there a lower-case message is not unknown.
            taken |= {"message", "Message"} if self._graph[name].get("exception") else set()
            unknown = st.dictionaries(_unknown_names(members, taken), json_values(), max_size=2)
        return st.builds(_mixed, known, unknown, st.integers(0, 3))

    def _union(self, name: str, extras: Extras, child: Callable[[str], Values], *, ending: bool) -> Values:
        members = self._graph.members(name)
        beside: dict[str, Values] = {member: st.none() for member in members} if extras.nulls else {}
        if extras.type_markers:
            beside[_TYPE_MARKER] = _type_markers()
        choices: list[st.SearchStrategy[dict[str, JsonValue]]] = [
            st.fixed_dictionaries(
                {tag: child(target)}, optional={key: value for key, value in beside.items() if key != tag}
            )
            for tag, target in members.items()
            if not ending or self._graph.ends_sooner(target, name)
        ]
        if extras.unknown_union_members:
            tags = _unknown_names(members, {*members, _TYPE_MARKER})
            unknown = st.dictionaries(tags, non_null_values(), min_size=1, max_size=1)
            siblings: st.SearchStrategy[dict[str, JsonValue]] = st.fixed_dictionaries({}, optional=beside)
            choices.append(st.builds(_mixed, unknown, siblings, st.integers(0, 3)))
        return st.one_of(choices)

    def _list(self, name: str, child: Callable[[str], Values], *, ending: bool) -> Values:
        shape = self._graph[name]
        least, most = _sizes(shape, ending=ending)
        if most == 0:
            return st.builds(list)
        elements = child(shape["member"]["shape"])
        return st.lists(elements | st.none() if shape.get("sparse") else elements, min_size=least, max_size=most)

    def _map(self, name: str, extras: Extras, child: Callable[[str], Values], *, ending: bool) -> Values:
        shape = self._graph[name]
        least, most = _sizes(shape, ending=ending)
        if most == 0:
            return st.builds(dict)
        values = child(shape["value"]["shape"])
        values = values | st.none() if extras.nulls or shape.get("sparse") else values
        key_shape = self._graph[shape["key"]["shape"]]
        if "enum" in key_shape and not extras.unknown_enum_values:
            most = min(most, len(key_shape["enum"]))
        return st.dictionaries(_string(key_shape, extras), values, min_size=least, max_size=most)


def _sizes(shape: Mapping[str, Any], *, ending: bool) -> tuple[int, int]:
    """Return the least and greatest number of items to draw."""
    least: int = shape.get("min", 0)
    most = least if ending else least + _SPARE_ITEMS
    return least, min(most, shape.get("max", most))


def _scalar(shape: Mapping[str, Any], extras: Extras) -> Values:
    kind: str = shape["type"]
    match kind:
        case "string":
            return _string(shape, extras)
        case "timestamp":
            wire_format = shape.get("timestampFormat", "unixTimestamp")
            return timestamp_forms() if extras.timestamp_forms else timestamps(wire_format)
        case "boolean":
            return st.booleans()
        case "blob":
            contents = st.binary(min_size=shape.get("min", 0), max_size=shape.get("max"))
            return contents.map(lambda content: base64.b64encode(content).decode())
    return _number(kind, shape.get("min"), shape.get("max"))


def _number(kind: str, low: int | None, high: int | None) -> Values:
    if kind in {"float", "double"}:
        return st.floats(low, high, allow_nan=False, allow_infinity=False, width=32 if kind == "float" else 64)
    if kind not in _INTEGER_RANGES:
        raise ValueError(f"its type {kind!r} is not one that JSON 1.0 carries")
    if kind == "long" and low is None and high is None:
        return longs()
    least, most = _INTEGER_RANGES[kind]
    return st.integers(least if low is None else low, most if high is None else high)


def _string(shape: Mapping[str, Any], extras: Extras) -> st.SearchStrategy[str]:
    values: list[str] | None = shape.get("enum")
    if values is None:
        return strings(shape.get("pattern"), shape.get("min"), shape.get("max"))
    known = st.sampled_from(values)
    return known | _unknown_names(values, set(values)) if extras.unknown_enum_values else known


def _type_markers() -> Values:
    return st.one_of(st.just("com.amazonaws.example#Shape"), text())


def _unknown_names(known: Mapping[str, str] | list[str], taken: set[str]) -> st.SearchStrategy[str]:
    """Draw names that are not taken, among them those that a careless comparison would take for a known one."""
    lookalikes = {
        lookalike for name in known for lookalike in (name.lower(), name.swapcase(), _snake(name), name + " ")
    } - taken
    others = text().filter(lambda name: name not in taken)
    return st.one_of(others, st.sampled_from(sorted(lookalikes))) if lookalikes else others


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _mixed(known: dict[str, JsonValue], others: dict[str, JsonValue], turn: int) -> dict[str, JsonValue]:
    """Join both, beginning at another key: what counts must be found wherever it stands."""
    items = [*known.items(), *others.items()]
    return dict(items[turn:] + items[:turn])
