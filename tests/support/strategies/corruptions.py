"""Values with exactly one fault, together with the place where it is."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

import attrs
from hypothesis import strategies as st

from tests.support.strategies.json_values import JsonValue, arrays, longs, non_null_values, objects, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.strategies.graph import ShapeGraph

CorruptionKind: TypeAlias = Literal["wrong_type", "missing_required", "no_member", "two_members"]
Steps: TypeAlias = tuple[str | int, ...]
Values: TypeAlias = st.SearchStrategy[JsonValue]

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_ACCEPTED = {
    "string": {"string"},
    "blob": {"string"},
    "integer": {"integer"},
    "long": {"integer"},
    "float": {"integer", "fraction"},
    "double": {"integer", "fraction"},
    "boolean": {"boolean"},
    "timestamp": {"string", "integer", "fraction"},
    "list": {"array"},
    "map": {"object"},
    "structure": {"object"},
}
# The strings that stand for the doubles JSON cannot spell.
_NUMBER_WORDS = {"NaN", "Infinity", "-Infinity"}


@attrs.frozen
class Corruption:
    """A value with one fault.

    Arguments:
        value: wire JSON that must not decode.
        path: where the fault is, as `$.Items[0].Participant.Account` or `$.Tags["a b"]`. For a missing member the
            path of that member, for a union without or with too many members the path of the union.
        kind: what is wrong there.
    """

    value: JsonValue
    path: str
    kind: CorruptionKind


@attrs.frozen
class _Place:
    steps: Steps
    shape: str
    value: JsonValue


@st.composite
def corruptions(draw: st.DrawFn, graph: ShapeGraph, name: str, valid: Callable[[str], Values]) -> Corruption:
    """Draw a valid value of the shape and break one place in it.

    The kind is drawn first and the shape next, so that the many strings of a page do not crowd out its few unions.

    Arguments:
        draw: given by Hypothesis.
        graph: the model.
        name: the shape's name; no document.
        valid: gives the strategy of any shape's valid values.
    """
    value = draw(valid(name))
    places = list(_places(graph, name, value, ()))
    unions = [place for place in places if graph.is_union(place.shape)]
    candidates: dict[CorruptionKind, list[_Place]] = {
        "wrong_type": places,
        "missing_required": [place for place in places if graph[place.shape].get("required")],
        "no_member": unions,
        "two_members": unions,
    }
    kinds: list[CorruptionKind] = [kind for kind, found in candidates.items() if found]
    kind = draw(st.sampled_from(kinds))
    shape = draw(st.sampled_from(sorted({place.shape for place in candidates[kind]})))
    place = draw(st.sampled_from([place for place in candidates[kind] if place.shape == shape]))
    fault = place.steps
    match kind:
        case "wrong_type":
            broken = draw(_of_another_type(graph[shape]["type"]))
        case "missing_required":
            member = draw(st.sampled_from(graph.required(shape)))
            fault = (*fault, member)
            broken = draw(_without(place.value, member))
        case "no_member":
            broken = draw(_without_members(list(graph.members(shape))))
        case "two_members":
            broken = draw(_with_two_members(graph.members(shape), place.value, valid))
        case _:
            assert_never(kind)
    return Corruption(_replaced(value, place.steps, broken), _path(fault), kind)


def _places(graph: ShapeGraph, name: str, value: JsonValue, steps: Steps) -> Iterator[_Place]:
    """Yield every place in a valid value where something can be wrong, parents first."""
    if graph.is_document(name):
        return
    yield _Place(steps, name, value)
    shape = graph[name]
    match value:
        case dict() if shape["type"] == "structure":
            members = graph.members(name)
            for member, inner in value.items():
                yield from _places(graph, members[member], inner, (*steps, member))
        case dict():
            for key, inner in value.items():
                yield from _places(graph, shape["value"]["shape"], inner, (*steps, key))
        case list():
            for index, inner in enumerate(value):
                yield from _places(graph, shape["member"]["shape"], inner, (*steps, index))


def _of_another_type(expected: str) -> Values:
    """Draw a value of a JSON type that cannot stand for the expected model type; never null."""
    of_type: dict[str, Values] = {
        "string": text().filter(lambda word: word not in _NUMBER_WORDS),
        "integer": longs(),
        # A number like 1.0 is left out: whether it is an integer is a matter of taste.
        "fraction": st.floats(-1e6, 1e6).filter(lambda number: not number.is_integer()),
        "boolean": st.booleans(),
        "array": arrays(),
        "object": objects(),
    }
    return st.one_of([values for kind, values in of_type.items() if kind not in _ACCEPTED[expected]])


def _without(structure: JsonValue, member: str) -> Values:
    """Draw the structure with the member taken out or null."""
    whole = _as_object(structure)
    rest = {key: value for key, value in whole.items() if key != member}
    return st.sampled_from([rest, {**whole, member: None}])


def _without_members(tags: list[str]) -> Values:
    """Draw a union in which nothing is set: nulls and a type marker do not count."""
    nothing: st.SearchStrategy[None] = st.none()
    optional: dict[str, Values] = dict.fromkeys(tags, nothing)
    return st.fixed_dictionaries({}, optional={**optional, "__type": text()})


def _with_two_members(members: dict[str, str], union: JsonValue, valid: Callable[[str], Values]) -> Values:
    """Draw the union with a second member: a valid one of the model, or one with an unknown tag."""
    known: dict[str, Values] = {tag: valid(target) for tag, target in members.items()}
    whole = _as_object(union)
    unknown_tags = text().filter(lambda tag: tag not in {*members, "__type"})
    seconds = [st.fixed_dictionaries({tag: values}) for tag, values in known.items() if tag not in whole] + [
        st.dictionaries(unknown_tags, non_null_values(), min_size=1, max_size=1)
    ]
    return st.builds(
        lambda second, first: {**second, **whole} if first else {**whole, **second}, st.one_of(seconds), st.booleans()
    )


def _as_object(value: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise TypeError(f"a structure's value is drawn as an object, not as {type(value).__name__}")
    return value


def _replaced(value: JsonValue, steps: Steps, new: JsonValue) -> JsonValue:
    """Return a copy of the value with another one at the place that the steps lead to."""
    if not steps:
        return new
    step, rest = steps[0], steps[1:]
    match value, step:
        case dict(), str():
            return {**value, step: _replaced(value[step], rest, new)}
        case list(), int():
            return [*value[:step], _replaced(value[step], rest, new), *value[step + 1 :]]
    raise TypeError(f"no step {step!r} into {type(value).__name__}")


def _path(steps: Steps) -> str:
    return "$" + "".join(_segment(step) for step in steps)


def _segment(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{json.dumps(step)}]"
