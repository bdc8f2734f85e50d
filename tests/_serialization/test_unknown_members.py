"""Members that the model does not know are put back at every depth, or the change is refused."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, strategies as st

from aiopartnercentral import EncodeError
from aiopartnercentral._serialization.encode import without_markers
from aiopartnercentral._serialization.unknown_members import merged, unknown_paths, without_read_only
from aiopartnercentral.channel import SupportPlanUnknown, converters

KNOWN = st.recursive(
    st.integers(0, 2) | st.sampled_from(["x", "y"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


def with_unknown(value: Any, numbers: Any) -> Any:
    """Return a value with a member `?` of its own in every object."""
    if isinstance(value, dict):
        return {**{key: with_unknown(each, numbers) for key, each in value.items()}, "?": next(numbers)}
    return [with_unknown(each, numbers) for each in value] if isinstance(value, list) else value


def known(value: Any) -> Any:
    """Return a value as decoding and encoding leave it."""
    if isinstance(value, dict):
        return {key: known(each) for key, each in value.items() if key != "?"}
    return [known(each) for each in value] if isinstance(value, list) else value


def numbers_in(value: Any) -> list[int]:
    if isinstance(value, dict):
        own = [value["?"]] if "?" in value else []
        return own + [each for key, part in value.items() if key != "?" for each in numbers_in(part)]
    return [each for part in value for each in numbers_in(part)] if isinstance(value, list) else []


@given(before=KNOWN, after=KNOWN)
def test_a_change_is_what_was_asked_for_and_no_unknown_member_comes_twice(before: Any, after: Any) -> None:
    raw = with_unknown(before, iter(range(1000)))
    original = deepcopy(raw)
    try:
        result = merged(raw, before, after)
    except EncodeError:  # it is not clear which item is which
        return
    assert known(result) == after
    found = numbers_in(result)
    assert len(found) == len(set(found))
    assert set(found) <= set(numbers_in(raw))
    assert raw == original
    if before == after:
        assert result == raw


@given(value=KNOWN, data=st.data())
def test_a_change_of_one_leaf_keeps_every_unknown_member(value: Any, data: st.DataObject) -> None:
    raw = with_unknown(value, iter(range(1000)))
    after = deepcopy(value)
    at: Any = after
    is_certain = True
    while isinstance(at, dict | list) and at:
        key = data.draw(st.sampled_from(list(at) if isinstance(at, dict) else range(len(at))))
        if not isinstance(at[key], dict | list):
            at[key] = "changed"
            break
        if isinstance(at, list):  # nothing shows that an item without another member is the same one
            is_certain &= isinstance(at[key], dict) and len(at[key]) > 1
        at = at[key]
    try:
        result = merged(raw, value, after)
    except EncodeError:
        assert not is_certain
        return
    assert numbers_in(result) == numbers_in(raw)


@given(value=st.lists(st.dictionaries(st.sampled_from("ab"), st.integers(0, 3)), max_size=4), data=st.data())
def test_items_that_are_moved_or_removed_take_theirs_along(value: list[Any], data: st.DataObject) -> None:
    raw = with_unknown(value, iter(range(1000)))
    places = data.draw(st.permutations(range(len(value))))[: data.draw(st.integers(0, len(value)))]
    distinct = all(value.count(each) == 1 for each in value)
    try:
        result = merged(raw, value, [value[place] for place in places])
    except EncodeError:
        assert not distinct
        return
    if distinct:
        assert result == [raw[place] for place in places]


def test_what_only_the_response_has_is_not_sent_back() -> None:
    raw = {"a": [{"id": 1, "name": "x", "?": 2}], "created": 3, "?": None, "__type": "t", "gone": None}
    read = {"a": [{"id": 1, "name": "x"}], "created": 3}
    written = {"a": [{"name": "x"}]}
    assert without_read_only(raw, read, written) == {"a": [{"name": "x", "?": 2}]}
    assert list(unknown_paths(raw, read)) == ['$.a[0]["?"]']


def test_unknown_union_members_are_on_the_wire_what_they_were() -> None:
    unknown = SupportPlanUnknown("newer", {"x": [1]})
    encoded = converters.botocore_converter.unstructure(unknown)
    assert without_markers({"a": [encoded]}) == {"a": [{"newer": {"x": [1]}}]}
    with pytest.raises(EncodeError, match="payload of the unknown union member newer"):
        without_markers(converters.botocore_converter.unstructure(SupportPlanUnknown("newer")))
