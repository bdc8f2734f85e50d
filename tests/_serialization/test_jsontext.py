"""The two ways to a page's items as JSON give the same bytes, wherever the faster one gives any."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from aiopartnercentral._serialization import jsontext

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(
    items=st.lists(VALUES, max_size=5),
    more=st.dictionaries(st.text(max_size=3), VALUES, max_size=2),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1]),
    key=st.sampled_from(["Items", "items", 'o"d d\\', "ä"]),
)
def test_items_in_place_are_those_of_a_split_page(items, more, ascii_only, indent, key):
    page = {**more, key: items}
    body = json.dumps(page, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")
    found = jsontext.raw_items(body, key)
    if found is not None:
        assert [bytes(item) for item in found] == jsontext.split_page(body, key, "no such token")[0]
    elif indent is None and '"' not in key:
        # What msgspec refuses and the standard library reads, as half of a surrogate pair.
        assert "\\ud" in body.decode(errors="replace").lower() or not _is_utf8(body) or _has_large_number(page)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _has_large_number(value: object) -> bool:
    return any(abs(number) >= 2**63 for number in _numbers(value))


def _numbers(value: object):
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _numbers(each)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"Items": 3}', b'{"Items":\n[]}', b'{"Items": [\r]}'])
def test_what_is_not_such_a_page_has_none(body):
    assert jsontext.raw_items(body, "Items") is None
