"""Arbitrary JSON: what unknown members carry, and one strategy per JSON type."""

from __future__ import annotations

from functools import cache
from typing import TypeAlias

from hypothesis import strategies as st

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

LONG_MIN = -(2**63)
LONG_MAX = 2**63 - 1

# A payload that nobody knows may well contain the very keys that the layers in between treat specially.
_SPECIAL_KEYS = ("__type", "SDK_UNKNOWN_MEMBER", "")


@cache
def text() -> st.SearchStrategy[str]:
    """Draw any text that UTF-8 can carry: no lone surrogates."""
    return st.text(alphabet=st.characters(codec="utf-8"), max_size=20)


@cache
def longs() -> st.SearchStrategy[int]:
    """Draw 64-bit integers, often at their edges and where a double stops being exact."""
    edges = (LONG_MIN, LONG_MIN + 1, -(2**53) - 1, -1, 0, 1, 2**31, 2**53 + 1, LONG_MAX - 1, LONG_MAX)
    return st.integers(LONG_MIN, LONG_MAX) | st.sampled_from(edges)


@cache
def floats() -> st.SearchStrategy[float]:
    """Draw the doubles that JSON can spell."""
    return st.floats(allow_nan=False, allow_infinity=False)


@cache
def json_values() -> st.SearchStrategy[JsonValue]:
    """Draw any JSON value, nested some levels deep."""
    return st.none() | non_null_values()


@cache
def non_null_values() -> st.SearchStrategy[JsonValue]:
    """Draw any JSON value but null; null may be inside."""
    scalars: st.SearchStrategy[JsonValue] = st.one_of(st.booleans(), longs(), floats(), text())
    return st.one_of(scalars, arrays(), objects())


@cache
def _nested() -> st.SearchStrategy[JsonValue]:
    leaves: st.SearchStrategy[JsonValue] = st.one_of(st.none(), st.booleans(), longs(), floats(), text())
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys(), inner, max_size=3)),
        max_leaves=6,
    )


@cache
def keys() -> st.SearchStrategy[str]:
    """Draw any object key."""
    return st.one_of(text(), st.sampled_from(_SPECIAL_KEYS))


@cache
def arrays() -> st.SearchStrategy[JsonValue]:
    """Draw any JSON array."""
    return st.lists(_nested(), max_size=3)


@cache
def objects() -> st.SearchStrategy[JsonValue]:
    """Draw any JSON object."""
    return st.dictionaries(keys(), _nested(), max_size=3)
