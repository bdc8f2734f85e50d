"""Rows under heads, a line each: what has no room is left out and named, and nothing but prose is ever cut."""

from __future__ import annotations

import io
import textwrap
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

import attrs
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Column", "Item", "Part", "render"]

_GAP = "  "
# Of prose that is cut, so many characters at least say something.
_LEAST = 14

Item: TypeAlias = "Sequence[Sequence[str]]"
"""The rows of one item: one, or one for each of its entries."""


class Part(Enum):
    """What a column speaks of."""

    ITEM = auto()
    """The whole item; it is the same in each of its rows."""
    KEY = auto()
    """Which of the item's entries the row is about."""
    ENTRY = auto()
    """That entry, which means nothing without its key."""


@attrs.frozen
class Column:
    """A column of single-line cells.

    Attributes:
        head: what is above it.
        rank: the columns of the highest rank are the first to be left out.
        part: what it speaks of.
        prose: whether its cells may be cut, as a name may; an identifier, a number or a time may not.
        numeric: whether its cells are aligned to the right.
    """

    head: str
    rank: int = 0
    part: Part = attrs.field(default=Part.ITEM, kw_only=True)
    prose: bool = attrs.field(default=False, kw_only=True)
    numeric: bool = attrs.field(default=False, kw_only=True)


def render(columns: Sequence[Column], items: Sequence[Item], *, width: int | None) -> str:
    """Return the items as text, and below it what was left out.

    Where the key of the entries has no room, an item has one row, without anything of its entries.

    Arguments:
        columns: from left to right.
        items: the cells of each row of each item.
        width: of the terminal; None for text as wide as it needs to be, with everything and without colours.
    """
    every = [row for item in items for row in item]
    needs = [max((cell_len(row[index]) for row in every), default=0) for index in range(len(columns))]
    widths = _fit(columns, needs, width)
    keyed = any(column.part is Part.KEY for column in columns)
    if keyed and not any(columns[index].part is Part.KEY for index in widths):
        every = [row for item in items for row in item[:1]]
    heads = "\n".join(_heads(columns, widths))
    body = "".join(f"{_line(columns, widths, row)}\n" for row in every)
    return (heads if width is None else _bold(heads)) + "\n" + body + _left_out(columns, widths, width)


def _fit(columns: Sequence[Column], needs: Sequence[int], room: int | None) -> Mapping[int, int]:
    """Return the width of each column that there is room for, by its place from left to right."""
    whole = [max(need, cell_len(column.head)) for column, need in zip(columns, needs, strict=True)]
    if room is None or sum(whole) + len(_GAP) * (len(whole) - 1) <= room:
        return dict(enumerate(whole))
    given: dict[int, int] = {}
    rest = room + len(_GAP)
    for index in sorted(range(len(columns)), key=lambda index: columns[index].rank):
        column, need = columns[index], needs[index]
        if column.part is Part.ENTRY and all(columns[other].part is not Part.KEY for other in given):
            continue
        word = max(map(cell_len, column.head.split()))
        width = max(word, min(need, _LEAST) if column.prose else need)
        # The first is there whatever the room: a terminal breaks a line, but loses nothing of it.
        if not given or width + len(_GAP) <= rest:
            given[index] = width
            rest -= width + len(_GAP)
    for index in sorted(given):
        more = max(0, min(rest, needs[index] - given[index]))
        given[index] += more
        rest -= more
    return {index: given[index] for index in sorted(given)}


def _heads(columns: Sequence[Column], widths: Mapping[int, int]) -> list[str]:
    """Return the lines of the heads, which stand on the last one and are broken between words only."""
    stacks = [textwrap.wrap(columns[index].head, width, break_long_words=False) for index, width in widths.items()]
    height = max(map(len, stacks), default=0)
    padded = [[""] * (height - len(stack)) + stack for stack in stacks]
    chosen = [columns[index] for index in widths]
    places = dict(enumerate(widths.values()))
    return [_line(chosen, places, cells) for cells in zip(*padded, strict=True)]


def _line(columns: Sequence[Column], widths: Mapping[int, int], cells: Sequence[str]) -> str:
    return _GAP.join(_cell(columns[index], cells[index], width) for index, width in widths.items()).rstrip()


def _cell(column: Column, text: str, width: int) -> str:
    length = cell_len(text)
    if length > width:
        text = set_cell_size(text, width - 1).rstrip() + "…"
        length = cell_len(text)
    padding = " " * (width - length)
    return padding + text if column.numeric else text + padding


def _bold(text: str) -> str:
    """Return the text as a terminal shows it in bold, if this one can."""
    shown = io.StringIO()
    Console(file=shown, force_terminal=True, legacy_windows=False).print(Text(text, style="bold"), soft_wrap=True)
    return shown.getvalue().removesuffix("\n")


def _left_out(columns: Sequence[Column], widths: Mapping[int, int], width: int | None) -> str:
    missing = [column.head for index, column in enumerate(columns) if index not in widths]
    if width is None or not missing:
        return ""
    return textwrap.fill(f"(no room at {width} columns for: {', '.join(missing)})", width) + "\n"
