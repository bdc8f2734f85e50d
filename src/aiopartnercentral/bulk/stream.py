"""The stream of a bulk collection: its clients, its checkpoint, and its sources in a fair order."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import anyio
import attrs

from aiopartnercentral._pagination.merge import Feed, Stream
from aiopartnercentral._pagination.page_iterator import PageIterator, View
from aiopartnercentral._pagination.progress import ProgressTracker
from aiopartnercentral._pagination.report import Outcome, SourceReport
from aiopartnercentral._utils.paths import real_path
from aiopartnercentral.bulk.checkpoint import Checkpoint
from aiopartnercentral.bulk.checkpoint_file import START_OVER
from aiopartnercentral.bulk.dedup import SeenItems
from aiopartnercentral.bulk.incremental import Increment
from aiopartnercentral.bulk.instrumentation.events import RunFinished, RunStarted, SourceFinished, SourceStarted
from aiopartnercentral.bulk.nested_request import NestedRequest
from aiopartnercentral.bulk.page_request import PageRequest
from aiopartnercentral.bulk.run import Run
from aiopartnercentral.bulk.scheduler import FairQueue, SlotHolder
from aiopartnercentral.bulk.source import Origin
from aiopartnercentral.bulk.spec import question
from aiopartnercentral.errors import CheckpointError
from aiopartnercentral.types import NestedListing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from types import TracebackType

    from aiopartnercentral._pagination.report import EarlierRun, Report
    from aiopartnercentral.bulk.checkpoint import DiscardedRun
    from aiopartnercentral.bulk.spec import Spec
    from aiopartnercentral.sinks.base import EarlierFile
    from aiopartnercentral.types import JsonValue

__all__ = ["CollectionStream", "CollectionView"]

EntryT = TypeVar("EntryT")

_PAUSE = 10  # the pause after writing a checkpoint, as a multiple of the time that it took
_UNFINISHED = (Outcome.PENDING, Outcome.FAILED, Outcome.CANCELLED)


@attrs.frozen
class CollectionView(Generic[EntryT]):
    """The form in which the consumer receives pages.

    Attributes:
        view: selects the consumer's entries of a page.
        raw: whether items stay as the service sent them.
        into_sink: whether the consumer is a sink, whose position each checkpoint saves.
        resume: for a sink, called with the position of the run that would be resumed, or None, and with the run whose
            files it has; returns why that run cannot be resumed, or None.
    """

    view: View[Any, Any, EntryT]
    raw: bool = False
    into_sink: bool = False
    resume: Callable[[JsonValue | None, EarlierRun], Awaitable[str | None]] | None = None


class CollectionStream(Stream[Origin, EntryT]):
    """The entries of all sources, each with its origin, while its `async with` block is open.

    With a checkpoint, a page counts as processed when the next entry is requested, or the block is left without an
    exception.
    """

    _usage = "`async for origin, entry in stream:`"

    def __init__(self, spec: Spec, view: CollectionView[EntryT]) -> None:
        """Prepare the stream; it opens when it is entered, once."""
        super().__init__(spec.plan, self._pages_of, spec.beginning)
        self._spec = spec
        self._view = view
        self._stack = AsyncExitStack()
        self._run: Run | None = None
        self._requests: dict[Origin, PageRequest | NestedRequest] = {}
        self._unfinished: dict[Origin, None] = {}  # sources with a SourceStarted event and no SourceFinished event yet
        self._increments = {origin: Increment(start) for origin, start in spec.starts.items()}
        self._checkpoint: Checkpoint | None = None
        self._noted = anyio.Event()
        self._left_without_error = False

    @property
    def report(self) -> Report[Origin]:
        """A snapshot of what has been handed over so far, and where the next incremental run continues."""
        report = super().report
        sources = {origin: self._with_details(origin, state) for origin, state in report.sources.items()}
        return attrs.evolve(report, sources=sources)

    @property
    def position(self) -> JsonValue | None:
        """The sink's position of the earlier run that this one resumes, or None."""
        return None if self._checkpoint is None else self._checkpoint.position

    @property
    def discarded(self) -> DiscardedRun | None:
        """The earlier run in the checkpoint that is not resumed, or None."""
        return None if self._checkpoint is None else self._checkpoint.discarded

    @property
    def written_by(self) -> str | None:
        """The version of this library that the resumed run used; None if none is resumed."""
        return None if self._checkpoint is None else self._checkpoint.library

    @property
    def first_run(self) -> EarlierRun:
        """This run, or the first of those that it resumes."""
        return self._progress.beginning.run if self._checkpoint is None else self._checkpoint.first_run

    @property
    def first_run_id(self) -> str | None:
        """Identifies this run, or the first of those that it resumes; None without a checkpoint."""
        return None if self._checkpoint is None else self._checkpoint.first_run.run_id

    async def __aenter__(self) -> Self:
        """Open the checkpoint, if there is one, and start to fetch.

        Raises:
            CheckpointError: it cannot be read or written, is in use or damaged, or belongs to another collection.
            RuntimeError: the stream was entered before.
        """
        spec, beginning = self._spec, self._progress.beginning
        async with AsyncExitStack() as stack:
            if spec.checkpoint is not None:
                checkpoint = await Checkpoint.open(
                    spec.checkpoint,
                    question(spec),
                    run=beginning.run,
                    max_age=spec.checkpoint_max_age,
                    restart=spec.restart,
                )
                stack.push_async_exit(self._close_checkpoint)
                self._checkpoint = checkpoint
                self._check_use(checkpoint)
                if self._view.resume is not None and checkpoint.discarded is None:
                    reason = await self._view.resume(checkpoint.position, checkpoint.first_run)
                    if reason is not None:
                        checkpoint.discard(reason, beginning.run)
                self._increments.update(checkpoint.increments(spec.starts))
                if checkpoint.discarded is None or not self._view.into_sink:  # else it names files to remove first
                    await checkpoint.save(checkpoint.position)  # fails now rather than later if it cannot be written
            saved = self._checkpoint
            self._progress = ProgressTracker(
                spec.plan.sources,
                beginning=beginning,
                versions=spec.plan.versions,
                resumes=None if saved is None else saved.resumes,
                earlier={} if saved is None else saved.earlier,
                on_acknowledged=self._acknowledged,
            )
            pool = await stack.enter_async_context(spec.open_pool())
            self._run = Run(
                spec=spec,
                pool=pool,
                raw=self._view.raw,
                keeps_raw=self._view.into_sink and self._checkpoint is not None,
                progress=self._progress,
            )
            self._run.start()
            self._notify_start(self._run)  # before the task group, which nothing would close if the observer raises
            await super().__aenter__()
            self._stack = stack.pop_all()
        if self._checkpoint is not None and self._group is not None:
            self._group.start_soon(self._checkpoint.storage.keep)
            if not self._view.into_sink:
                self._group.start_soon(self._keep_saving, self._checkpoint)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Cancel all fetching, save the checkpoint and close the clients; a cancellation does not shorten this."""
        self._left_without_error = exc_type is None
        error = exc
        try:
            async with self._stack:
                try:
                    await super().__aexit__(exc_type, exc, tb)
                finally:
                    if exc_type is None:
                        self._progress.acknowledge()
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._notify_end(error)

    @property
    def save_every(self) -> float | None:
        """Seconds between two checkpoints, by default; None without a checkpoint."""
        return None if self._checkpoint is None else self._checkpoint.storage.save_every

    async def save(self, position: JsonValue | None = None) -> None:
        """Save the checkpoint, if there is one, with the position of a sink that has everything handed over so far.

        Raises:
            CheckpointError: the checkpoint cannot be written.
        """
        if self._checkpoint is not None:
            await self._checkpoint.save(position)

    def note_output(self, *, is_written: bool, earlier_files: Iterable[EarlierFile]) -> None:
        """Put into the report whether the output was written, and its earlier files except the checkpoint."""
        own = None if self._checkpoint is None else real_path(str(self._checkpoint.path))
        self._progress.output_written = is_written
        self._progress.earlier_files = tuple(file for file in earlier_files if real_path(file.path) != own)

    def seen_items(self, origin: Origin) -> SeenItems | None:
        """Return the mutable set of a source's items that are in the output; None without a checkpoint."""
        return None if self._checkpoint is None else self._checkpoint.seen.setdefault(origin, SeenItems())

    def items_of_earlier_runs(self, origin: Origin) -> int:
        """Return how many items of a source the earlier run has handed over."""
        earlier = None if self._checkpoint is None else self._checkpoint.earlier.get(origin)
        return 0 if earlier is None else earlier.items

    def has_restarted(self, origin: Origin) -> bool:
        """Return whether a source restarts from its first page, as the earlier run has no usable page token."""
        request = self._requests.get(origin)
        return request is not None and request.restarted

    def acknowledge(self) -> None:
        """Acknowledge the page in hand as processed, if all of it was handed over."""
        self._progress.commit()
        self._progress.acknowledge()

    def _check_use(self, checkpoint: Checkpoint) -> None:
        begun = any(report.resumed for report in checkpoint.earlier.values())
        if checkpoint.position is not None and not self._view.into_sink:
            raise CheckpointError(
                f"the checkpoint {checkpoint.path} belongs to an output: only `into` can resume it; {START_OVER}"
            )
        if checkpoint.position is None and begun and self._view.into_sink:
            raise CheckpointError(
                f"the checkpoint {checkpoint.path} has no output: `into` cannot resume it; {START_OVER}"
            )

    async def _close_checkpoint(self, *_: object) -> None:
        checkpoint = self._checkpoint
        if checkpoint is None:
            return
        over = all(state.outcome not in _UNFINISHED for state in self.report.sources.values())
        # After an exception, the consumer may have received the last page without processing it.
        is_done = over and self._left_without_error and self._run is not None
        try:
            if self._run is not None and not self._view.into_sink:
                await checkpoint.save()  # if it cannot be removed, the next run has nothing left to do
        except CheckpointError:
            if not is_done:
                raise
        finally:
            await checkpoint.close(remove=is_done)

    async def _keep_saving(self, checkpoint: Checkpoint) -> None:
        """Save the checkpoint whenever there is new progress."""
        while True:
            await self._noted.wait()
            self._noted = anyio.Event()
            began = anyio.current_time()
            await checkpoint.save()
            await anyio.sleep(max(_PAUSE * (anyio.current_time() - began), checkpoint.storage.pause))

    def _with_details(self, origin: Origin, report: SourceReport) -> SourceReport:
        """Return the report of a source with its cursor, and with the number of items in an output."""
        report = self._increments[origin].report(report)
        return report if self._checkpoint is None else self._checkpoint.with_written(origin, report)

    def _acknowledged(self, origin: Origin, report: SourceReport) -> None:
        increment = self._increments[origin]
        increment.is_processed = report.outcome is Outcome.COMPLETE
        report = increment.report(report)
        if self._checkpoint is not None:
            self._checkpoint.note(origin, report, increment)
            self._noted.set()
        if self._progress.is_over(origin):
            self._notify_finished(origin, self._with_details(origin, report))

    def _notify_start(self, run: Run) -> None:
        sources = self._spec.plan.sources
        finished = tuple(origin for origin in sources if self._progress.is_over(origin))
        origins = tuple(origin for origin in sources if not self._progress.is_over(origin))
        started = RunStarted(run=run.name, services=self._spec.services, origins=origins, finished=finished)
        if (checkpoint := self._checkpoint) is not None:
            started = attrs.evolve(
                started,
                resumes=checkpoint.resumes,
                joined=checkpoint.joined,
                dropped=checkpoint.dropped,
                starts_over=None if checkpoint.discarded is None else checkpoint.discarded.reason,
            )
        run.notify(started)

    def _notify_finished(self, origin: Origin, report: SourceReport) -> None:
        if self._run is not None and origin in self._unfinished:
            del self._unfinished[origin]
            self._run.notify(SourceFinished(run=self._run.name, origin=origin, report=report))

    def _notify_end(self, error: BaseException | None) -> None:
        if self._run is None:
            return
        report = self.report
        for origin in list(self._unfinished):
            self._notify_finished(origin, report.sources[origin])
        self._run.notify(RunFinished(run=self._run.name, report=report, error=error))

    async def _produce(self) -> None:
        run = self._run
        if run is None:
            return
        queue = FairQueue(self._feeds, lambda feed: feed.source.account, run.limits.account_concurrency)
        with self._producers:
            async with anyio.create_task_group() as workers:
                while (feed := await queue.next()) is not None:
                    slots = SlotHolder(run.slots)
                    try:
                        await slots.acquire()
                    except BaseException:
                        slots.release()
                        raise
                    workers.start_soon(self._work_on, run, feed, slots, queue, name=f"collect {feed.source}")

    async def _work_on(
        self, run: Run, feed: Feed[Origin, EntryT], slots: SlotHolder, queue: FairQueue[Feed[Origin, EntryT]]
    ) -> None:
        origin = feed.source
        try:
            earlier = None if self._checkpoint is None else self._checkpoint.earlier.get(origin)
            increment = self._increments[origin]
            listing = increment.start.listing
            request: PageRequest | NestedRequest = (
                NestedRequest(run, origin, slots, listing, earlier)
                if isinstance(listing, NestedListing)
                else PageRequest(run, origin, slots, increment, earlier)
            )
            self._requests[origin] = request
            self._unfinished[origin] = None
            run.notify(SourceStarted(run=run.name, origin=origin, resumed=request.token is not None))
            if earlier is not None and earlier.resumed and request.token is None:
                request.restart()  # its page tokens looped, or it had too many malformed items
            if isinstance(request, NestedRequest):
                await request.work_ahead(partial(self._finish_source, feed))
            else:
                await self._finish_source(feed)
        finally:
            slots.release()
            queue.done(feed)

    def _pages_of(self, origin: Origin) -> PageIterator[Origin, Any, Any, EntryT]:
        return PageIterator(origin, self._requests[origin], self._view.view)
