"""The account of what the consumer of a stream has got; it counts, and knows nothing of tasks or requests."""

from __future__ import annotations

import time
from itertools import repeat
from operator import length_hint
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from aiopartnercentral.report import CatalogReport, Outcome, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Batch", "Ledger"]

EntryT = TypeVar("EntryT")


@attrs.frozen(kw_only=True, eq=False)
class Batch(Generic[EntryT]):
    """What goes from a catalog to the consumer in one piece: a page, or the news that the catalog failed.

    Attributes:
        catalog: where it comes from.
        entries: what the consumer is to get, one after the other.
        weight: how many items of the service one entry stands for.
        pages: 1 for a page, 0 for the news of a failure.
        retries: how often the request behind it was sent again.
        next_token: where the catalog goes on once the whole page has been handed over; a failure leaves that as it was.
        outcome: how the catalog ends with this batch; None where it goes on.
        error: what it failed with, or None.
    """

    catalog: str
    entries: tuple[EntryT, ...] = attrs.field(default=(), repr=False)
    weight: int = 1
    pages: int = 1
    retries: int = 0
    next_token: str | None = attrs.field(default=None, repr=False)
    outcome: Outcome | None = None
    error: Exception | None = None

    @property
    def items(self) -> int:
        """How many items of the service it stands for."""
        return self.weight * len(self.entries)


@attrs.define(eq=False)
class _Account:
    """One catalog's part of the ledger; times are seconds of the monotonic clock."""

    catalog: str
    started: float | None = None
    ended: float | None = None
    pages: int = 0
    items: int = 0
    retries: int = 0
    outcome: Outcome = Outcome.PENDING
    error: Exception | None = None
    next_token: str | None = attrs.field(default=None, repr=False)

    def end(self, outcome: Outcome, now: float) -> None:
        self.outcome = outcome
        self.ended = now

    def report(self, now: float, in_hand: int) -> CatalogReport:
        until = now if self.ended is None else self.ended
        return CatalogReport(
            catalog=self.catalog,
            outcome=self.outcome,
            pages=self.pages,
            items=self.items + in_hand,
            retries=self.retries,
            elapsed=0.0 if self.started is None else until - self.started,
            error=self.error,
            next_token=self.next_token,
        )


class Ledger(Generic[EntryT]):
    """Books each batch as it is handed over.

    At most one batch is in hand at a time. How much of it the consumer has got is read from its iterator when somebody
    asks, so that an item costs no counting.
    """

    def __init__(self, catalogs: Iterable[str]) -> None:
        """Open an account for each catalog; the time of the whole starts here."""
        self._accounts = {catalog: _Account(catalog) for catalog in catalogs}
        self._started = time.monotonic()
        self._ended: float | None = None
        self._hand: Batch[EntryT] | None = None
        self._rest: Iterator[EntryT] = iter(())

    def start(self, catalog: str) -> None:
        """Note that the first page of the catalog is being asked for."""
        account = self._accounts[catalog]
        account.started = time.monotonic()
        account.outcome = Outcome.RUNNING

    def take(self, batch: Batch[EntryT]) -> Iterator[tuple[str, EntryT]]:
        """Take a batch in hand in place of the one before; gives its entries, each beside the catalog's name."""
        self.drop()
        account = self._accounts[batch.catalog]
        account.pages += batch.pages
        account.retries += batch.retries
        self._hand = batch
        self._rest = iter(batch.entries)
        return zip(repeat(batch.catalog), self._rest, strict=False)

    def holds(self, catalog: str) -> bool:
        """Tell whether the batch in hand is of this catalog."""
        return self._hand is not None and self._hand.catalog == catalog

    def settle(self) -> None:
        """Book the batch in hand for good if all of it has been handed over; otherwise it stays in hand."""
        batch = self._hand
        if batch is None or length_hint(self._rest):
            return
        self._hand = None
        account = self._accounts[batch.catalog]
        account.items += batch.items
        if batch.pages:
            account.next_token = batch.next_token
        if batch.outcome is not None:
            account.error = batch.error
            account.end(batch.outcome, time.monotonic())

    def drop(self) -> None:
        """Book what has been handed over of the batch in hand, and give up the rest: the catalog has not passed it."""
        self.settle()
        if self._hand is not None:
            self._accounts[self._hand.catalog].items += self._handed()
            self._hand = None

    def close(self) -> None:
        """End the account of the whole: what has not ended by now is cancelled."""
        self.drop()
        self._ended = time.monotonic()
        for account in self._accounts.values():
            if account.ended is None:
                account.end(Outcome.CANCELLED, self._ended)

    @property
    def ended(self) -> bool:
        """Whether every catalog has come to its end, and all of it was handed over."""
        self.settle()
        return all(account.ended is not None for account in self._accounts.values())

    def report(self) -> Report:
        """Give the state of this moment."""
        self.settle()
        now = time.monotonic()
        return Report(
            catalogs={
                catalog: account.report(now, self._handed() if self.holds(catalog) else 0)
                for catalog, account in self._accounts.items()
            },
            elapsed=(now if self._ended is None else self._ended) - self._started,
        )

    def _handed(self) -> int:
        if self._hand is None:
            return 0
        return self._hand.weight * (len(self._hand.entries) - length_hint(self._rest))
