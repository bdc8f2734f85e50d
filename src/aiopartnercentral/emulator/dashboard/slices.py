"""A part of a long list, the latest entries first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic, Self, TypeVar

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ROWS: Final = 50
"""How many rows a page has."""


@attrs.frozen(kw_only=True)
class Slice(Generic[T]):
    """The rows of one page.

    Attributes:
        rows: what they show.
        number: the page's number, from 1 on.
        last: the last page's number.
        start: how many rows are on the pages before.
        total: how many rows there are on all pages.
    """

    rows: list[T]
    number: int
    last: int
    start: int
    total: int

    @classmethod
    def of(cls, total: int, make: Callable[[int], T], *, number: int = 1, size: int = ROWS) -> Self:
        """Return a page of a list, making its rows alone.

        Arguments:
            total: how long the list is.
            make: makes the row at an index of the list.
            number: which page; one that there is not stands for the one nearest to it.
            size: how many rows a page has.
        """
        last = max(1, -(-total // size))
        number = min(max(1, number), last)
        start = (number - 1) * size
        rows = [make(total - 1 - place) for place in range(start, min(start + size, total))]
        return cls(rows=rows, number=number, last=last, start=start, total=total)
