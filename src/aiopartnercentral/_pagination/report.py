"""What a collection has brought so far, catalog by catalog."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeVar

import attrs

from aiopartnercentral.types import MalformedItem

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "ENDED_WELL",
    "CatalogReport",
    "MalformedItem",
    "Outcome",
    "Progress",
    "Report",
    "Totals",
    "failures",
    "table",
]


class Outcome(StrEnum):
    """How far one source has come."""

    PENDING = "pending"
    """Its first page has not been asked for."""
    RUNNING = "running"
    """Its pages are being fetched or handed over."""
    COMPLETE = "complete"
    """All of it has been handed over."""
    LIMITED = "limited"
    """`max_items` of it have been handed over, and there is more."""
    FAILED = "failed"
    """It ended with an error."""
    SKIPPED = "skipped"
    """It ended with an error that was to be ignored."""
    CANCELLED = "cancelled"
    """It was given up, because the stream was left early or another source failed."""


ENDED_WELL: Final = frozenset({Outcome.COMPLETE, Outcome.LIMITED})
"""How a source ends of which nothing more is wanted."""


@attrs.frozen(kw_only=True)
class Progress:
    """What one source has brought so far; counts are of what was handed to the consumer, not of what was fetched.

    Attributes:
        outcome: how far it has come.
        pages: pages that the consumer has begun or finished.
        items: items that the consumer has got.
        malformed: items of those pages that were left out.
        retries: how often the requests behind those pages, or behind the failure, were sent again.
        elapsed: seconds from its first request to its end, or to now while it has not ended.
        error: what it failed with, or what was ignored; None without either.
        next_token: page token of the first page that was not wholly handed over, to go on from there. None stands for
            the first page, or for nowhere once the outcome is complete. After a `PaginationError` it is None too, as
            only a new start can help.
    """

    outcome: Outcome = Outcome.PENDING
    pages: int = 0
    items: int = 0
    malformed: tuple[MalformedItem, ...] = ()
    retries: int = 0
    elapsed: float = 0.0
    error: Exception | None = None
    next_token: str | None = attrs.field(default=None, repr=False)

    @property
    def complete(self) -> bool:
        """Whether every item that the service listed has been handed over."""
        return self.outcome is Outcome.COMPLETE and not self.malformed


@attrs.frozen(kw_only=True)
class CatalogReport(Progress):
    """What one catalog has brought so far; see `Progress` for the other attributes.

    Attributes:
        catalog: name of the catalog.
    """

    catalog: str

    def __str__(self) -> str:
        """Give a table of one line, below its head."""
        return table({self.catalog: self})


class Totals:
    """What several sources have brought together."""

    __slots__ = ()

    @property
    def states(self) -> Collection[Progress]:
        """What each of them has brought."""
        raise NotImplementedError

    @property
    def pages(self) -> int:
        """Pages of all of them together."""
        return sum(state.pages for state in self.states)

    @property
    def items(self) -> int:
        """Items of all of them together."""
        return sum(state.items for state in self.states)

    @property
    def retries(self) -> int:
        """Retries of all of them together."""
        return sum(state.retries for state in self.states)

    @property
    def complete(self) -> bool:
        """Whether every item of each of them has been handed over; none was left out, limited, skipped or given up."""
        return all(state.complete for state in self.states)

    @property
    def lost(self) -> bool:
        """Whether there is nothing to keep: something has failed, and nothing else has come to its end."""
        outcomes = {state.outcome for state in self.states}
        return Outcome.FAILED in outcomes and not outcomes & ENDED_WELL


@attrs.frozen(kw_only=True)
class Report(Totals):
    """What a collection has brought up to one moment; a snapshot that no longer changes.

    Attributes:
        catalogs: for each catalog, in the order in which they were asked for, its own report.
        elapsed: seconds from the opening of the stream to its end, or to now while it has not ended.
    """

    catalogs: Mapping[str, CatalogReport]
    elapsed: float

    @property
    def states(self) -> Collection[Progress]:
        """The reports of all catalogs."""
        return self.catalogs.values()

    @property
    def failures(self) -> Mapping[str, Exception]:
        """For each catalog that failed what it failed with; those that were skipped are not among them."""
        return failures(self.catalogs)

    def __str__(self) -> str:
        """Give a table of one line for each catalog, and a line of totals."""
        total = (
            f"{len(self.catalogs)} catalog(s): {self.items} items, {self.pages} pages, "
            f"{self.retries} retries in {self.elapsed:.2f} s"
        )
        return f"{table(self.catalogs)}\n{total}"


KeyT = TypeVar("KeyT")

_HEAD = ("outcome", "items", "pages", "retries", "seconds", "error")
_NUMBERS = range(-5, -1)


def failures(states: Mapping[KeyT, Progress]) -> Mapping[KeyT, Exception]:
    """Return what each source that failed has failed with."""
    return {
        key: state.error
        for key, state in states.items()
        if state.error is not None and state.outcome is not Outcome.SKIPPED
    }


def table(states: Mapping[str, Progress], name: str = "catalog") -> str:
    """Return a table with a line for each source, below a head that calls the first column by the given name."""
    rows = [(name, *_HEAD), *((key, *_row(state)) for key, state in states.items())]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index - len(row) in _NUMBERS else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(state: Progress) -> tuple[str, ...]:
    counts = (str(count) for count in (state.items, state.pages, state.retries))
    return (state.outcome.value, *counts, f"{state.elapsed:.2f}", _one_line(state))


def _one_line(state: Progress) -> str:
    left_out = f"{len(state.malformed)} malformed item(s) left out" if state.malformed else ""
    if state.error is None:
        return left_out
    message = " ".join(str(state.error).split())
    error = f"{type(state.error).__name__}: {message}" if message else type(state.error).__name__
    return f"{error}; {left_out}" if left_out else error
