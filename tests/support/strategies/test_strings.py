from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, strategies as st

from tests.support.account_model import MODEL as ACCOUNT
from tests.support.strategies.sampling import reaches, sample
from tests.support.strategies.strings import strings

BOUNDED = sorted(
    {
        (shape["pattern"], shape.get("min"), shape.get("max"))
        for shape in ACCOUNT["shapes"].values()
        if "pattern" in shape
    },
    key=str,
)
OTHERS = [
    (r"[0-9]+", 6, 6),
    (r"\d+", 3, 40),
    (r"[^\s]{2,}", None, 5),
    (r"^[a-z]+-[0-9]{1,9}$", 11, 12),
    (r"(?s).{1,255}", 250, None),
    (r"\w?", 1, 1),
    (r"a\.b\$", None, None),
    (r"(a|b)*", 2, 4),
]


@pytest.mark.parametrize(("pattern", "minimum", "maximum"), BOUNDED + OTHERS)
@given(data=st.data())
def test_strings_match_in_full_and_keep_to_the_length(pattern, minimum, maximum, data):
    drawn = data.draw(strings(pattern, minimum, maximum))
    assert re.fullmatch(pattern, drawn)
    assert re.fullmatch(pattern, drawn, re.ASCII)
    assert (minimum or 0) <= len(drawn) <= (len(drawn) if maximum is None else maximum)


@given(strings(None, 3, 5))
def test_without_a_pattern_the_length_still_holds(drawn):
    assert 3 <= len(drawn) <= 5
    drawn.encode()


@pytest.mark.parametrize(
    ("pattern", "characters"),
    [
        (r"[a-cx\-]", "abcx-"),
        (r"[\uD7FE-\uE001]", "\ud7fe\ud7ff\ue000\ue001"),
        (r"[^\u0002-\U0010FFFE]", "\0\x01\U0010ffff"),
        (r"\d", "0123456789"),
        (r"[^\S]", " \t\n\r\f\v"),
        (r"\.", "."),
    ],
)
def test_a_class_is_drawn_whole_and_no_further(pattern, characters):
    assert set(sample(strings(pattern, None, None))) == set(characters)


def test_characters_beyond_the_basic_plane_are_drawn_where_they_are_allowed():
    for pattern in (None, r"[\S]+"):
        assert reaches(strings(pattern, 1, 9), lambda drawn: max(drawn) > "\uffff")


def test_bounds_that_leave_no_length_are_an_error():
    with pytest.raises(ValueError, match="no match of length 0 to 3"):
        strings("pac-[a-z]{3}", None, 3)


def test_categories_of_unicode_and_a_length_that_the_pattern_says():
    """Python knows neither of Java's categories, and a group around all is no sequence."""
    for text in sample(strings(r"(?=.{1,9}$)([\p{L}\p{N}_]*)", None, None)):
        assert 1 <= len(text) <= 9
        assert all(unicodedata.category(each)[0] in "LN" or each == "_" for each in text)
    for text in sample(strings(r"\p{Z}*[^\p{C}\p{Z}][^\p{C}]*", 1, 10)):
        assert 1 <= len(text) <= 10
        assert text.strip()
        assert all(unicodedata.category(each)[0] != "C" for each in text)
