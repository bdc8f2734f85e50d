"""Strings that satisfy a model's length and pattern, with next to nothing drawn and thrown away."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import groupby, pairwise

import attrs
from hypothesis import strategies as st

_WIDEST_GAP = 0x20000
_SURROGATES = range(0xD800, 0xE000)
_EVERY_CHARACTER = "".join(chr(point) for point in range(0x110000) if point not in _SURROGATES)

# Of Java alone: a class of Unicode categories, within brackets or without.
_CATEGORY = re.compile(r"\\p\{(?P<category>\w+)\}")
_BRACKETED = re.compile(r"\[(?:\\.|[^\]\\])*\]", re.DOTALL)
# A length that is said in the pattern, and a group around all of it.
_LENGTH = re.compile(r"\^?\(\?=\.\{(?P<low>\d+),(?P<high>\d+)\}\$\)")
_GROUPED = re.compile(r"\((?P<inside>[^()?][^()]*)\)")

_FLAGS = re.compile(r"(?P<dot_all>\(\?s\))?\^?")
# One character, escape or class with its repetition. Groups, alternatives and lazy or possessive repetitions are none.
_PIECE = re.compile(
    r"(?P<unit>\[\^?(?:\\.|[^\]\\])+\]|\\u[0-9A-Fa-f]{4}|\\[dDsSwWnrtf]|\\[^0-9A-Za-z]|[^\\()\[\]{}|^$*+?])"
    r"(?:(?P<simple>[*+?])|\{(?P<low>\d+)(?P<comma>,(?P<high>\d*))?\})?(?![*+?])",
    re.DOTALL,
)
_SIMPLE_REPEATS: dict[str | None, tuple[int, int | None]] = {
    None: (1, 1),
    "?": (0, 1),
    "*": (0, None),
    "+": (1, None),
}


@attrs.frozen
class _Piece:
    """A class of characters, repeated, or one literal character; `high` is `None` where there is no bound."""

    unit: str
    low: int
    high: int | None

    @property
    def is_literal(self) -> bool:
        """Tell whether it is one character that stands for itself, once."""
        return (self.low, self.high) == (1, 1) and (
            (len(self.unit) == 1 and self.unit != ".") or re.fullmatch(r"\\[^0-9A-Za-z]", self.unit) is not None
        )


@cache
def strings(pattern: str | None, minimum: int | None, maximum: int | None) -> st.SearchStrategy[str]:
    r"""Draw strings that the pattern matches in full and whose length lies within the bounds.

    A model's pattern is meant for Java, where `\d`, `\s` and `\w` are ASCII only. What is drawn matches in both
    readings, Java's and Python's, so that a check with either agrees.

    Arguments:
        pattern: the shape's regular expression; `None` when it has none.
        minimum: the least length in characters; `None` is no bound.
        maximum: the greatest length in characters; `None` is no bound.

    Raises:
        ValueError: Python cannot read the pattern, or no length satisfies both pattern and bounds.
    """
    if pattern is not None and (length := _LENGTH.match(pattern)):
        pattern = pattern[length.end() :]
        minimum, maximum = int(length["low"]), int(length["high"])
    if pattern is None:
        return st.text(alphabet=st.characters(codec="utf-8"), min_size=minimum or 0, max_size=maximum)
    if grouped := _GROUPED.fullmatch(pattern):
        pattern = grouped["inside"]
    pattern = _for_python(pattern)
    try:
        unicode_reading, ascii_reading = re.compile(pattern), re.compile(pattern, re.ASCII)
    except re.error as error:
        raise ValueError(f"pattern {pattern!r} is not a regular expression for Python: {error}") from error

    def fits(text: str) -> bool:
        long_enough = (minimum or 0) <= len(text) and (maximum is None or len(text) <= maximum)
        return long_enough and unicode_reading.fullmatch(text) is not None

    dot_all, pieces = _pieces(pattern)
    if pieces is None:
        return st.from_regex(ascii_reading, fullmatch=True, alphabet=st.characters(codec="utf-8")).filter(fits)
    pieces = _steered(pieces, minimum or 0, maximum)
    if pieces is None:
        raise ValueError(f"pattern {pattern!r} has no match of length {minimum or 0} to {maximum}")
    return _sequence(pieces, dot_all=dot_all).filter(fits)


def _for_python(pattern: str) -> str:
    """Spell out the categories of Unicode, which Python's expressions do not know."""
    if _CATEGORY.search(pattern) is None:
        return pattern
    bracketed = _BRACKETED.sub(lambda found: _CATEGORY.sub(lambda each: _members(each["category"]), found[0]), pattern)
    return _CATEGORY.sub(lambda each: f"[{_members(each['category'])}]", bracketed)


@cache
def _members(category: str) -> str:
    """Return the ranges of a category, as between brackets; surrogates are in none."""
    runs: list[list[str]] = []
    for character in _EVERY_CHARACTER:
        if unicodedata.category(character).startswith(category):
            if runs and ord(character) - ord(runs[-1][1]) == 1:
                runs[-1][1] = character
            else:
                runs.append([character, character])
    return "".join(f"{re.escape(first)}-{re.escape(last)}" for first, last in runs)


def _sequence(pieces: list[_Piece], *, dot_all: bool) -> st.SearchStrategy[str]:
    """Draw the pieces one after the other.

    One draw for each run of characters, and none for literal text, is what makes a page quick to draw.
    """
    parts: list[st.SearchStrategy[str]] = []
    for literal, run in groupby(pieces, key=lambda piece: piece.is_literal):
        if literal:
            parts.append(st.just("".join(piece.unit[-1] for piece in run)))
        else:
            parts += [
                st.text(alphabet=_alphabet(piece.unit, dot_all), min_size=piece.low, max_size=piece.high)
                for piece in run
            ]
    return parts[0] if len(parts) == 1 else st.tuples(*parts).map("".join)


def _pieces(pattern: str) -> tuple[bool, list[_Piece] | None]:
    """Read a pattern that is a plain sequence; `None` for pieces when it is anything else."""
    flags = _FLAGS.match(pattern)
    position = flags.end() if flags else 0
    end = len(pattern) - (pattern.endswith("$") and not pattern.endswith(r"\$"))
    pieces: list[_Piece] = []
    while position < end:
        found = _PIECE.match(pattern, position, end)
        if found is None:
            return False, None
        low, high = _SIMPLE_REPEATS[found["simple"]]
        if found["low"] is not None:
            low = int(found["low"])
            high = low if found["comma"] is None else int(found["high"]) if found["high"] else None
        pieces.append(_Piece(found["unit"], low, high))
        position = found.end()
    return bool(flags and flags["dot_all"]), pieces or None


def _steered(pieces: list[_Piece], minimum: int, maximum: int | None) -> list[_Piece] | None:
    """Narrow each piece to the shape's length; `None` when no length is left."""
    least = sum(piece.low for piece in pieces)
    if maximum is not None and least > maximum:
        return None
    narrowed = []
    for piece in pieces:
        others = [other.high for other in pieces if other is not piece]
        bounds = [piece.high] if piece.high is not None else []
        low = piece.low
        if maximum is not None:
            bounds.append(maximum - (least - piece.low))
        if None not in others:
            low = max(low, minimum - sum(high for high in others if high is not None))
        high = min(bounds, default=None)
        if high is not None and high < low:
            return None
        narrowed.append(_Piece(piece.unit, low, high))
    return narrowed


@cache
def _alphabet(unit: str, dot_all: bool) -> st.SearchStrategy[str]:  # noqa: FBT001 - a cache key, positional by nature
    """Draw one character of a class.

    Matching the class, repeated, against all characters in order yields its ranges whatever syntax it is written in.
    """
    flags = "s" if dot_all else ""
    both_readings = re.compile(f"(?:(?=(?a{flags}:{unit}))(?u{flags}:{unit}))+")
    runs = [match.group() for match in both_readings.finditer(_EVERY_CHARACTER)]
    if not runs:
        raise ValueError(f"character class {unit!r} matches no character")
    gaps = [(ord(before[-1]) + 1, ord(after[0])) for before, after in pairwise(runs)]
    # What follows on most of the unassigned characters is not worth excluding each of them.
    if wide := next((number for number, (low, high) in enumerate(gaps) if high - low > _WIDEST_GAP), None):
        gaps, runs = gaps[:wide], runs[: wide + 1]
    holes = "".join(chr(point) for gap in gaps for point in range(*gap) if point not in _SURROGATES)
    return st.characters(
        codec="utf-8", min_codepoint=ord(runs[0][0]), max_codepoint=ord(runs[-1][-1]), exclude_characters=holes
    )
