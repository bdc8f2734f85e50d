"""What the consumer of a stream has got, source by source; it counts, and knows nothing of tasks or requests."""

from __future__ import annotations

import time
from collections.abc import Hashable
from itertools import repeat
from operator import length_hint
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import attrs

from aiopartnercentral._pagination.report import Outcome, Report, SourceReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from aiopartnercentral.types import MalformedItem

__all__ = ["Batch", "ProgressTracker"]

KeyT = TypeVar("KeyT", bound=Hashable)
EntryT = TypeVar("EntryT")


@attrs.frozen(kw_only=True, eq=False)
class Batch(Generic[KeyT, EntryT]):
    """What goes from a source to the consumer in one piece: a page, or the error that the source failed with.

    Attributes:
        source: where it comes from.
        entries: what the consumer is to get, one after the other.
        weight: how many items of the service one entry stands for.
        malformed: items of the page that are not among the entries, because they cannot be decoded.
        restarts: whether this is the first page of a source that has started again, so that nothing before it counts.
        pages: 1 for a page, 0 for an error.
        retries: how often its request was sent again.
        next_token: where the source resumes once all of the page has been handed over; an error leaves that as it was.
        outcome: how the source ends with this batch; None where more follows.
        error: what it failed with, or None.
    """

    source: KeyT
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
class _Progress:
    """What is counted of one source; times are seconds of the monotonic clock."""

    outcome: Outcome = Outcome.PENDING
    pages: int = 0
    items: int = 0
    malformed: tuple[MalformedItem, ...] = ()
    retries: int = 0
    restarted: bool = False
    error: Exception | None = None
    next_token: str | None = attrs.field(default=None, repr=False)
    started: float | None = None
    ended: float | None = None

    @classmethod
    def resumed(cls, earlier: SourceReport, now: float) -> Self:
        """Resume from what an earlier collection has brought; it is over if that had come to its end."""
        over = None if earlier.outcome is Outcome.PENDING else now
        return cls(
            outcome=earlier.outcome,
            pages=earlier.pages,
            items=earlier.items,
            malformed=earlier.malformed,
            retries=earlier.retries,
            next_token=earlier.next_token,
            started=over,
            ended=over,
        )

    def end(self, outcome: Outcome, now: float) -> None:
        self.outcome = outcome
        self.ended = now

    def report(self, now: float, in_hand: int, throttled: int) -> SourceReport:
        until = now if self.ended is None else self.ended
        return SourceReport(
            outcome=self.outcome,
            pages=self.pages,
            items=self.items + in_hand,
            malformed=self.malformed,
            retries=self.retries,
            throttled=throttled,
            restarted=self.restarted,
            elapsed=0.0 if self.started is None else until - self.started,
            error=self.error,
            next_token=self.next_token,
        )


class ProgressTracker(Generic[KeyT, EntryT]):
    """Counts each batch as it is handed over.

    At most one batch is in hand at a time. How much of it the consumer has got is read from its iterator when somebody
    asks, so that an item costs no counting.
    """

    def __init__(
        self,
        sources: Iterable[KeyT],
        *,
        earlier: Mapping[KeyT, SourceReport] | None = None,
        on_acknowledged: Callable[[KeyT, SourceReport], None] | None = None,
    ) -> None:
        """Begin to count; the time of the collection starts here.

        Arguments:
            sources: where batches come from.
            earlier: what an earlier collection has brought of some of them; one that is over is not started again.
            on_acknowledged: called by `acknowledge` for each source of which a page was handed over.
        """
        self._started = time.monotonic()
        self._ended: float | None = None
        self._progress = {source: _Progress() for source in sources}
        for source, report in (earlier or {}).items():
            self._progress[source] = _Progress.resumed(report, self._started)
        self._on_acknowledged = on_acknowledged
        self._unacknowledged: dict[KeyT, None] = {}
        self._throttled: dict[KeyT, int] = {}
        self._batch: Batch[KeyT, EntryT] | None = None
        self._rest: Iterator[EntryT] = iter(())

    def start(self, source: KeyT) -> None:
        """Note that the first page of the source is being requested."""
        progress = self._progress[source]
        progress.started = time.monotonic()
        progress.outcome = Outcome.RUNNING

    def throttled(self, source: KeyT) -> None:
        """Note that the service asked for fewer requests."""
        self._throttled[source] = self._throttled.get(source, 0) + 1

    def restarted(self, source: KeyT) -> None:
        """Note that the source starts again from its first page."""
        self._progress[source].restarted = True

    def hand_over(self, batch: Batch[KeyT, EntryT]) -> Iterator[tuple[KeyT, EntryT]]:
        """Take a batch in hand instead of the one before; gives its entries, each with its source."""
        self.discard()
        progress = self._progress[batch.source]
        if batch.restarts:
            progress.pages, progress.items, progress.malformed = 0, 0, ()
        progress.pages += batch.pages
        progress.retries += batch.retries
        progress.malformed += batch.malformed
        self._batch = batch
        self._rest = iter(batch.entries)
        return zip(repeat(batch.source), self._rest, strict=False)

    def holds(self, source: KeyT) -> bool:
        """Tell whether the batch in hand is of this source."""
        return self._batch is not None and self._batch.source == source

    def commit(self) -> None:
        """Count the batch in hand for good if all of it has been handed over; otherwise it stays in hand."""
        batch = self._batch
        if batch is None or length_hint(self._rest):
            return
        self._batch = None
        progress = self._progress[batch.source]
        progress.items += batch.items
        if batch.pages:
            progress.next_token = batch.next_token
        if batch.outcome is not None:
            progress.error = batch.error
            progress.end(batch.outcome, time.monotonic())
        if self._on_acknowledged is not None:
            self._unacknowledged[batch.source] = None

    def acknowledge(self) -> None:
        """Take what was handed over for processed: the consumer asks for more, so it is done with that."""
        while self._unacknowledged and self._on_acknowledged is not None:
            source, _ = self._unacknowledged.popitem()
            self._on_acknowledged(source, self._report(source, time.monotonic()))

    def discard(self) -> None:
        """Count what was handed over of the batch in hand, and give up the rest: the source has not passed it."""
        self.commit()
        if self._batch is not None:
            self._progress[self._batch.source].items += self._handed_over()
            self._batch = None

    def close(self) -> None:
        """End the collection: what has not ended by now is cancelled."""
        self.discard()
        self._ended = time.monotonic()
        for progress in self._progress.values():
            if progress.ended is None:
                progress.end(Outcome.CANCELLED, self._ended)

    @property
    def ended(self) -> bool:
        """Whether every source has come to its end, and all of it was handed over."""
        self.commit()
        return all(progress.ended is not None for progress in self._progress.values())

    @property
    def report(self) -> Report[KeyT]:
        """The state of all sources at this moment."""
        self.commit()
        now = time.monotonic()
        return Report(
            sources={source: self._report(source, now) for source in self._progress},
            elapsed=(now if self._ended is None else self._ended) - self._started,
        )

    def is_over(self, source: KeyT) -> bool:
        """Tell whether the source has come to its end."""
        return self._progress[source].ended is not None

    def _report(self, source: KeyT, now: float) -> SourceReport:
        in_hand = self._handed_over() if self.holds(source) else 0
        return self._progress[source].report(now, in_hand, self._throttled.get(source, 0))

    def _handed_over(self) -> int:
        if self._batch is None:
            return 0
        return self._batch.weight * (len(self._batch.entries) - length_hint(self._rest))
