"""Counts what the consumer of a stream has received of each source; independent of tasks and requests."""

from __future__ import annotations

import secrets
import time
from collections.abc import Hashable
from datetime import UTC, datetime, timedelta
from itertools import repeat
from operator import length_hint
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import attrs

from aiopartnercentral._pagination.report import EarlierRun, Outcome, Report, SourceReport
from aiopartnercentral._pagination.source_report import NONE_SKIPPED, SkippedParents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aiopartnercentral.sinks.base import EarlierFile
    from aiopartnercentral.types import MalformedItem, SkippedParent

__all__ = ["Batch", "Beginning", "ProgressTracker"]

KeyT = TypeVar("KeyT", bound=Hashable)
EntryT = TypeVar("EntryT")


@attrs.define(kw_only=True, eq=False)
class Batch(Generic[KeyT, EntryT]):
    """A page on its way from a source to the consumer, or the error that the source failed with.

    Attributes:
        source: key of the source.
        entries: the entries that the consumer receives, one at a time.
        weight: number of the service's items per entry.
        malformed: items of the page that were omitted because they cannot be decoded.
        restarts: whether this is the first page of a source that has restarted, so that earlier pages do not count.
        pages: 1 for a page, 0 for an error and for a parent without a page of items.
        retries: how often its request was retried.
        next_token: page token to resume at once all of the page has been handed over; an error does not change it.
        outcome: the source's outcome if this is its last batch; otherwise None.
        error: the error that it failed with, or None.
        shown: the key that the consumer receives with the entries; None for that of the source.
        skipped: the parent of a nested listing whose items could not be collected, or None.
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
    shown: KeyT | None = None
    skipped: SkippedParent | None = None

    @property
    def items(self) -> int:
        """Number of the service's items in it."""
        return self.weight * len(self.entries)


@attrs.define(eq=False)
class _Progress:
    """The counters of one source; times are seconds of the monotonic clock."""

    outcome: Outcome = Outcome.PENDING
    pages: int = 0
    items: int = 0
    malformed: tuple[MalformedItem, ...] = ()
    skipped_parents: SkippedParents = NONE_SKIPPED
    retries: int = 0
    restarted: bool = False
    error: Exception | None = None
    next_token: str | None = attrs.field(default=None, repr=False)
    started: float | None = None
    ended: float | None = None
    earlier: SourceReport | None = None

    @classmethod
    def resuming(cls, earlier: SourceReport, now: float) -> Self:
        """Resume from the report of an earlier collection; a source that ended then stays ended."""
        over = None if earlier.outcome is Outcome.PENDING else now
        return cls(
            earlier=earlier if earlier.resumed else None,
            outcome=earlier.outcome,
            pages=earlier.pages,
            items=earlier.items,
            malformed=earlier.malformed,
            skipped_parents=earlier.skipped_parents,
            retries=earlier.retries,
            next_token=earlier.next_token,
            started=over,
            ended=over,
        )

    def end(self, outcome: Outcome, now: float) -> None:
        self.outcome = outcome
        self.ended = now

    def report(self, clock: Beginning, now: float, in_hand: int, throttled: int) -> SourceReport:
        until = now if self.ended is None else self.ended
        earlier = self.earlier
        started_at, finished_at = clock.at(self.started), clock.at(self.ended)
        if earlier is not None:
            started_at, finished_at = earlier.started_at, earlier.finished_at or finished_at
        return SourceReport(
            outcome=self.outcome,
            pages=self.pages,
            items=self.items + in_hand,
            malformed=self.malformed,
            skipped_parents=self.skipped_parents,
            retries=self.retries,
            throttled=throttled,
            restarted=self.restarted,
            elapsed=0.0 if self.started is None else until - self.started,
            started_at=started_at,
            finished_at=finished_at,
            resumed=earlier is not None,
            resumed_items=0 if earlier is None else min(earlier.items, self.items),
            resumed_pages=0 if earlier is None else min(earlier.pages, self.pages),
            error=self.error,
            next_token=self.next_token,
        )


@attrs.frozen
class Beginning:
    """The beginning of a run: the time by both clocks, read once, so that no change of the clock reorders events.

    Attributes:
        run_id: identifies the run in its report, events and log messages.
        moment: when it began, by the monotonic clock.
        wall: the same in UTC.
    """

    run_id: str = attrs.field(factory=lambda: secrets.token_hex(6))
    moment: float = attrs.field(factory=time.monotonic)
    wall: datetime = attrs.field(factory=lambda: datetime.now(UTC))

    @property
    def run(self) -> EarlierRun:
        """The run, as the report of a later run that resumes it names it."""
        return EarlierRun(run_id=self.run_id, started_at=self.wall)

    def at(self, moment: float | None) -> datetime | None:
        """Return the wall clock at a moment of the monotonic clock; None for None."""
        return None if moment is None else self.wall + timedelta(seconds=moment - self.moment)


class ProgressTracker(Generic[KeyT, EntryT]):
    """Counts each batch as it is handed over.

    At most one batch is in hand at a time. How much of it the consumer has received is read from the batch's iterator
    when it is needed, so counting costs nothing per item.

    Attributes:
        beginning: when the run began.
        output_written: as in the report.
        earlier_files: as in the report.
    """

    def __init__(
        self,
        sources: Iterable[KeyT],
        *,
        beginning: Beginning | None = None,
        versions: Mapping[str, str] | None = None,
        resumes: EarlierRun | None = None,
        earlier: Mapping[KeyT, SourceReport] | None = None,
        on_acknowledged: Callable[[KeyT, SourceReport], None] | None = None,
    ) -> None:
        """Start counting.

        Arguments:
            sources: keys of the sources.
            beginning: when the run began; now by default.
            versions: the versions of this library and of the model, for the report.
            resumes: the run that this one resumes, or None.
            earlier: reports of an earlier collection by source; a source that ended then is not collected again.
            on_acknowledged: called by `acknowledge` for each source with a page that was handed over.
        """
        self.beginning: Beginning = Beginning() if beginning is None else beginning
        self.output_written: bool | None = None
        self.earlier_files: Sequence[EarlierFile] = ()
        self._started = self.beginning.moment
        self._ended: float | None = None
        self._versions = versions or {}
        self._resumes = resumes
        self._progress = {source: _Progress() for source in sources}
        for source, report in (earlier or {}).items():
            self._progress[source] = _Progress.resuming(report, self._started)
        self._on_acknowledged = on_acknowledged
        self._unacknowledged: dict[KeyT, None] = {}
        self._throttled: dict[KeyT, int] = {}
        self._batch: Batch[KeyT, EntryT] | None = None
        self._rest: Iterator[EntryT] = iter(())

    def start(self, source: KeyT) -> None:
        """Record that the first page of the source is being requested."""
        progress = self._progress[source]
        progress.started = time.monotonic()
        progress.outcome = Outcome.RUNNING

    def throttled(self, source: KeyT) -> None:
        """Record that the service throttled a request."""
        self._throttled[source] = self._throttled.get(source, 0) + 1

    def restarted(self, source: KeyT) -> None:
        """Record that the source restarts from its first page."""
        self._progress[source].restarted = True

    def hand_over(self, batch: Batch[KeyT, EntryT]) -> Iterator[tuple[KeyT, EntryT]]:
        """Make this the batch in hand, and return its entries, each with its source."""
        self.discard()
        progress = self._progress[batch.source]
        if batch.restarts:
            progress.pages, progress.items, progress.malformed = 0, 0, ()
            progress.skipped_parents = NONE_SKIPPED
            if progress.earlier is not None:  # its times stay, as its items may be in the output
                progress.earlier = attrs.evolve(progress.earlier, items=0, pages=0)
        progress.pages += batch.pages
        progress.retries += batch.retries
        progress.malformed += batch.malformed
        if batch.skipped is not None:
            progress.skipped_parents = progress.skipped_parents.with_one(batch.skipped)
        self._batch = batch
        self._rest = iter(batch.entries)
        return zip(repeat(batch.source if batch.shown is None else batch.shown), self._rest, strict=False)

    def holds(self, source: KeyT) -> bool:
        """Return whether the batch in hand is of this source."""
        return self._batch is not None and self._batch.source == source

    def commit(self) -> None:
        """Count the batch in hand if all of it has been handed over; otherwise it stays in hand."""
        batch = self._batch
        if batch is None or length_hint(self._rest):
            return
        self._batch = None
        progress = self._progress[batch.source]
        progress.items += batch.items
        if batch.error is None:
            progress.next_token = batch.next_token
        if batch.outcome is not None:
            progress.error = batch.error
            progress.end(batch.outcome, time.monotonic())
        if self._on_acknowledged is not None:
            self._unacknowledged[batch.source] = None

    def acknowledge(self) -> None:
        """Acknowledge what was handed over as processed, because the consumer asks for more."""
        while self._unacknowledged and self._on_acknowledged is not None:
            source, _ = self._unacknowledged.popitem()
            self._on_acknowledged(source, self._report(source, time.monotonic()))

    def discard(self) -> None:
        """Count what was handed over of the batch in hand, and drop the rest; its page token stays."""
        self.commit()
        if self._batch is not None:
            self._progress[self._batch.source].items += self._handed_over()
            self._batch = None

    def close(self) -> None:
        """End the collection; sources that have not ended count as cancelled."""
        self.discard()
        self._ended = time.monotonic()
        for progress in self._progress.values():
            if progress.ended is None:
                progress.end(Outcome.CANCELLED, self._ended)

    @property
    def ended(self) -> bool:
        """Whether every source has ended and was handed over completely."""
        self.commit()
        return all(progress.ended is not None for progress in self._progress.values())

    @property
    def report(self) -> Report[KeyT]:
        """The current state of all sources."""
        self.commit()
        now = time.monotonic()
        return Report(
            sources={source: self._report(source, now) for source in self._progress},
            elapsed=(now if self._ended is None else self._ended) - self._started,
            run_id=self.beginning.run_id,
            started_at=self.beginning.wall,
            resumes=self._resumes,
            versions=self._versions,
            output_written=self.output_written,
            earlier_files=self.earlier_files,
        )

    def is_over(self, source: KeyT) -> bool:
        """Return whether the source has ended."""
        return self._progress[source].ended is not None

    def _report(self, source: KeyT, now: float) -> SourceReport:
        in_hand = self._handed_over() if self.holds(source) else 0
        return self._progress[source].report(self.beginning, now, in_hand, self._throttled.get(source, 0))

    def _handed_over(self) -> int:
        if self._batch is None:
            return 0
        return self._batch.weight * (len(self._batch.entries) - length_hint(self._rest))
