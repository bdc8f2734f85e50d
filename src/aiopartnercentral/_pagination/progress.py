"""The account of what the consumer of a stream has got; it counts, and knows nothing of tasks or requests."""

from __future__ import annotations

import time
from itertools import repeat
from operator import length_hint
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import attrs

from aiopartnercentral._pagination.report import MalformedItem, Outcome, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = ["Batch", "Ledger"]

SourceT = TypeVar("SourceT")
EntryT = TypeVar("EntryT")


@attrs.frozen(kw_only=True, eq=False)
class Batch(Generic[SourceT, EntryT]):
    """What goes from a source to the consumer in one piece: a page, or the news that the source failed.

    Attributes:
        source: where it comes from.
        entries: what the consumer is to get, one after the other.
        weight: how many items of the service one entry stands for.
        malformed: items of the page that are not among the entries, because they cannot be decoded.
        restarts: whether this is the first page of a source that has begun anew, so that nothing before it counts.
        pages: 1 for a page, 0 for the news of a failure.
        retries: how often the request behind it was sent again.
        next_token: where the source goes on once the whole page has been handed over; a failure leaves that as it was.
        outcome: how the source ends with this batch; None where it goes on.
        error: what it failed with, or None.
    """

    source: SourceT
    entries: tuple[EntryT, ...] = attrs.field(default=(), repr=False)
    weight: int = 1
    malformed: tuple[MalformedItem, ...] = ()
    restarts: bool = False
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
    """One source's part of the ledger; times are seconds of the monotonic clock."""

    outcome: Outcome = Outcome.PENDING
    pages: int = 0
    items: int = 0
    malformed: tuple[MalformedItem, ...] = ()
    retries: int = 0
    error: Exception | None = None
    next_token: str | None = attrs.field(default=None, repr=False)
    started: float | None = None
    ended: float | None = None

    @classmethod
    def resumed(cls, earlier: Progress, now: float) -> Self:
        """Go on with what an earlier collection has brought; it is over if that had come to its end."""
        told = attrs.asdict(earlier, recurse=False)
        del told["elapsed"]
        over = None if earlier.outcome is Outcome.PENDING else now
        return cls(**told, started=over, ended=over)

    def end(self, outcome: Outcome, now: float) -> None:
        self.outcome = outcome
        self.ended = now

    def progress(self, now: float, in_hand: int = 0) -> Progress:
        until = now if self.ended is None else self.ended
        return Progress(
            outcome=self.outcome,
            pages=self.pages,
            items=self.items + in_hand,
            malformed=self.malformed,
            retries=self.retries,
            elapsed=0.0 if self.started is None else until - self.started,
            error=self.error,
            next_token=self.next_token,
        )


class Ledger(Generic[SourceT, EntryT]):
    """Books each batch as it is handed over.

    At most one batch is in hand at a time. How much of it the consumer has got is read from its iterator when somebody
    asks, so that an item costs no counting.
    """

    def __init__(
        self,
        sources: Iterable[SourceT],
        *,
        earlier: Mapping[SourceT, Progress] | None = None,
        when_taken: Callable[[SourceT, Progress], None] | None = None,
    ) -> None:
        """Open an account for each source; the time of the whole starts here.

        Arguments:
            sources: where batches come from.
            earlier: what some of them have brought before; one that is over by that is not started again.
            when_taken: is told of each source of which a page has been taken over, by `confirm`.
        """
        self._started = time.monotonic()
        self._ended: float | None = None
        self._accounts = {source: _Account() for source in sources}
        for source, progress in (earlier or {}).items():
            self._accounts[source] = _Account.resumed(progress, self._started)
        self._when_taken = when_taken
        self._unconfirmed: dict[SourceT, None] = {}
        self._hand: Batch[SourceT, EntryT] | None = None
        self._rest: Iterator[EntryT] = iter(())

    def start(self, source: SourceT) -> None:
        """Note that the first page of the source is being asked for."""
        account = self._accounts[source]
        account.started = time.monotonic()
        account.outcome = Outcome.RUNNING

    def take(self, batch: Batch[SourceT, EntryT]) -> Iterator[tuple[SourceT, EntryT]]:
        """Take a batch in hand in place of the one before; gives its entries, each beside its source."""
        self.drop()
        account = self._accounts[batch.source]
        if batch.restarts:
            account.pages, account.items, account.malformed = 0, 0, ()
        account.pages += batch.pages
        account.retries += batch.retries
        account.malformed += batch.malformed
        self._hand = batch
        self._rest = iter(batch.entries)
        return zip(repeat(batch.source), self._rest, strict=False)

    def holds(self, source: SourceT) -> bool:
        """Tell whether the batch in hand is of this source."""
        return self._hand is not None and self._hand.source == source

    def settle(self) -> None:
        """Book the batch in hand for good if all of it has been handed over; otherwise it stays in hand."""
        batch = self._hand
        if batch is None or length_hint(self._rest):
            return
        self._hand = None
        account = self._accounts[batch.source]
        account.items += batch.items
        if batch.pages:
            account.next_token = batch.next_token
        if batch.outcome is not None:
            account.error = batch.error
            account.end(batch.outcome, time.monotonic())
        if self._when_taken is not None:
            self._unconfirmed[batch.source] = None

    def confirm(self) -> None:
        """Take what has been handed over for taken over: the consumer asks for more, so it is done with that."""
        while self._unconfirmed and self._when_taken is not None:
            source, _ = self._unconfirmed.popitem()
            self._when_taken(source, self._accounts[source].progress(time.monotonic()))

    def drop(self) -> None:
        """Book what has been handed over of the batch in hand, and give up the rest: the source has not passed it."""
        self.settle()
        if self._hand is not None:
            self._accounts[self._hand.source].items += self._handed()
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
        """Whether every source has come to its end, and all of it was handed over."""
        self.settle()
        return all(account.ended is not None for account in self._accounts.values())

    @property
    def elapsed(self) -> float:
        """Seconds from the opening of the ledger to its end, or to now."""
        return (time.monotonic() if self._ended is None else self._ended) - self._started

    def progress(self) -> dict[SourceT, Progress]:
        """Give the state of each source at this moment."""
        self.settle()
        now = time.monotonic()
        return {
            source: account.progress(now, self._handed() if self.holds(source) else 0)
            for source, account in self._accounts.items()
        }

    def is_over(self, source: SourceT) -> bool:
        """Tell whether the source has come to its end."""
        return self._accounts[source].ended is not None

    def _handed(self) -> int:
        if self._hand is None:
            return 0
        return self._hand.weight * (len(self._hand.entries) - length_hint(self._rest))
