"""What a collection has brought so far, catalog by catalog."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["CatalogReport", "Outcome", "Report"]


class Outcome(StrEnum):
    """How far one catalog has come."""

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
    CANCELLED = "cancelled"
    """It was given up, because the stream was left early or another catalog failed."""


@attrs.frozen(kw_only=True)
class CatalogReport:
    """What one catalog has brought so far; counts are of what was handed to the consumer, not of what was fetched.

    Attributes:
        catalog: name of the catalog.
        outcome: how far it has come.
        pages: pages that the consumer has begun or finished.
        items: items that the consumer has got.
        retries: how often the requests behind those pages, or behind the failure, were sent again.
        elapsed: seconds from its first request to its end, or to now while it has not ended.
        error: what it failed with, or None.
        next_token: page token of the first page that was not wholly handed over, to go on from there. None stands for
            the first page, or for nowhere once the outcome is complete. After a `PaginationError` it is None too, as
            only a new start can help.
    """

    catalog: str
    outcome: Outcome = Outcome.PENDING
    pages: int = 0
    items: int = 0
    retries: int = 0
    elapsed: float = 0.0
    error: Exception | None = None
    next_token: str | None = attrs.field(default=None, repr=False)

    def __str__(self) -> str:
        """Give a table of one line, below its head."""
        return _table([self])


@attrs.frozen(kw_only=True)
class Report:
    """What a collection has brought up to one moment; a snapshot that no longer changes.

    Attributes:
        catalogs: for each catalog, in the order in which they were asked for, its own report.
        elapsed: seconds from the opening of the stream to its end, or to now while it has not ended.
    """

    catalogs: Mapping[str, CatalogReport]
    elapsed: float

    @property
    def pages(self) -> int:
        """Pages of all catalogs together."""
        return sum(catalog.pages for catalog in self.catalogs.values())

    @property
    def items(self) -> int:
        """Items of all catalogs together."""
        return sum(catalog.items for catalog in self.catalogs.values())

    @property
    def retries(self) -> int:
        """Retries of all catalogs together."""
        return sum(catalog.retries for catalog in self.catalogs.values())

    @property
    def complete(self) -> bool:
        """Whether every catalog has been handed over to its end: none limited, failed, given up or still running."""
        return all(catalog.outcome is Outcome.COMPLETE for catalog in self.catalogs.values())

    @property
    def failures(self) -> Mapping[str, Exception]:
        """For each catalog that failed what it failed with."""
        return {name: catalog.error for name, catalog in self.catalogs.items() if catalog.error is not None}

    def __str__(self) -> str:
        """Give a table of one line for each catalog, and a line of totals."""
        total = (
            f"{len(self.catalogs)} catalog(s): {self.items} items, {self.pages} pages, "
            f"{self.retries} retries in {self.elapsed:.2f} s"
        )
        return f"{_table(list(self.catalogs.values()))}\n{total}"


_HEAD = ("catalog", "outcome", "items", "pages", "retries", "seconds", "error")
_NUMBERS = range(2, 6)


def _table(catalogs: Sequence[CatalogReport]) -> str:
    rows = [_HEAD, *map(_row, catalogs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if index in _NUMBERS else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def _row(report: CatalogReport) -> tuple[str, ...]:
    counts = (str(count) for count in (report.items, report.pages, report.retries))
    return (report.catalog, report.outcome.value, *counts, f"{report.elapsed:.2f}", _one_line(report.error))


def _one_line(error: Exception | None) -> str:
    if error is None:
        return ""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
