"""The open stream of a bulk collection: its clients, its checkpoint, and the sources in an order that is fair."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import anyio
import attrs

from aiopartnercentral._pagination.merge import FanOut, Way
from aiopartnercentral._pagination.page_iterator import Reader, Walk
from aiopartnercentral._pagination.progress import Ledger
from aiopartnercentral._pagination.report import Outcome, Progress
from aiopartnercentral.bulk.checkpoint import Checkpoint
from aiopartnercentral.bulk.dedup import Written
from aiopartnercentral.bulk.instrumentation.events import RunFinished, RunStarted, SourceFinished, SourceStarted
from aiopartnercentral.bulk.page_request import Call, Run
from aiopartnercentral.bulk.queue import Queue
from aiopartnercentral.bulk.report import BulkReport, SourceReport
from aiopartnercentral.bulk.seats import Seat
from aiopartnercentral.bulk.spec import fetched
from aiopartnercentral.errors import CheckpointError, SourcesFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from aiopartnercentral.bulk.origin import Origin
    from aiopartnercentral.bulk.spec import Job
    from aiopartnercentral.types import JsonValue

__all__ = ["BulkStream", "View"]

EntryT = TypeVar("EntryT")

_REST = 10  # how many times longer than writing a checkpoint takes nothing is written after it
_UNFINISHED = (Outcome.PENDING, Outcome.FAILED, Outcome.CANCELLED)


@attrs.frozen
class View(Generic[EntryT]):
    """What of each page the consumer gets.

    Attributes:
        read: chooses it.
        raw: whether items stay as the service spelled them.
        into_sink: whether a sink gets it, with whose positions checkpoints are saved.
    """

    read: Reader[Any, Any, EntryT]
    raw: bool = False
    into_sink: bool = False


class BulkStream(FanOut["Origin", EntryT]):
    """The entries of all sources, each beside its origin, while its `async with` block is open.

    Several tasks may share one stream: each entry goes to one of them. With a checkpoint, a page counts as taken over
    when the entry after it is asked for, or the block is left without an exception.
    """

    def __init__(self, job: Job, view: View[EntryT]) -> None:
        """Prepare the stream; it opens when it is entered, once."""
        super().__init__(job.plan, self._walk)
        self._job = job
        self._view = view
        self._stack = AsyncExitStack()
        self._run: Run | None = None
        self._calls: dict[Origin, Call[Any, Any]] = {}
        self._unfinished: dict[Origin, None] = {}  # of those whose start was told
        self._checkpoint: Checkpoint | None = None
        self._noted = anyio.Event()
        self._is_left_well = False

    @property
    def report(self) -> BulkReport:
        """What has been handed over up to now, as a snapshot."""
        return BulkReport(
            sources={origin: self._told(origin, state) for origin, state in self._ledger.progress().items()},
            elapsed=self._ledger.elapsed,
        )

    @property
    def position(self) -> JsonValue | None:
        """Where the sink of an earlier run was, if this one goes on with it."""
        return None if self._checkpoint is None else self._checkpoint.position

    @property
    def run(self) -> str | None:
        """What this run and those that go on with it are called; None without a checkpoint."""
        return None if self._checkpoint is None else self._checkpoint.run

    async def __aenter__(self) -> Self:
        """Open the checkpoint if there is to be one, and begin to fetch.

        Raises:
            CheckpointError: it cannot be read or written, is in use, damaged, or of another collection.
            RuntimeError: the stream has been entered before.
        """
        job = self._job
        async with AsyncExitStack() as stack:
            if job.checkpoint is not None:
                checkpoint = await Checkpoint.open(job.checkpoint, await job.question())
                stack.push_async_exit(self._close_checkpoint)
                self._checkpoint = checkpoint
                self._check_use(checkpoint)
                await checkpoint.save(checkpoint.position)  # it must be writable, or all is in vain
            earlier = {} if self._checkpoint is None else self._checkpoint.earlier
            self._ledger = Ledger(job.plan.sources, earlier=earlier, when_taken=self._taken)
            clients = await stack.enter_async_context(job.clients())
            self._run = Run(job.limits, clients, job.observer)
            self._run.start()
            await super().__aenter__()
            self._stack = stack.pop_all()
            self._tell_start(self._run)
        if self._checkpoint is not None and not self._view.into_sink and self._group is not None:
            self._group.start_soon(self._keep, self._checkpoint)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Stop all fetching, save the checkpoint and close the clients; cancelling it does not shorten that."""
        self._is_left_well = exc_type is None
        error = exc
        try:
            async with self._stack:
                try:
                    await super().__aexit__(exc_type, exc, tb)
                finally:
                    if exc_type is None:
                        self._ledger.confirm()
        except BaseException as failure:
            error = failure
            raise
        finally:
            self._tell_end(error)

    async def save(self, position: JsonValue | None = None) -> None:
        """Save the checkpoint, if there is one; with the position of the sink that has everything handed over so far.

        Raises:
            CheckpointError: it cannot be written.
        """
        if self._checkpoint is not None:
            await self._checkpoint.save(position)

    def written(self, origin: Origin) -> Written | None:
        """Return what of a source is in the output, for a sink to add to; None without a checkpoint."""
        return None if self._checkpoint is None else self._checkpoint.written.setdefault(origin, Written())

    def has_begun_anew(self, origin: Origin) -> bool:
        """Tell whether a source comes from its first page once more, as an earlier run has left no good token."""
        call = self._calls.get(origin)
        return call is not None and call.restarted

    def settle(self) -> None:
        """Note the page in hand as taken over, if all of it was handed over."""
        self._ledger.settle()
        self._ledger.confirm()

    def _check_use(self, checkpoint: Checkpoint) -> None:
        begun = any(progress.pages for progress in checkpoint.earlier.values())
        if checkpoint.position is not None and not self._view.into_sink:
            raise CheckpointError(f"the checkpoint {checkpoint.path} belongs to an output: only into that can it go on")
        if checkpoint.position is None and begun and self._view.into_sink:
            raise CheckpointError(f"the checkpoint {checkpoint.path} belongs to no output: its pages went elsewhere")

    async def _close_checkpoint(self, *_: object) -> None:
        checkpoint = self._checkpoint
        if checkpoint is None:
            return
        over = all(state.outcome not in _UNFINISHED for state in self._ledger.progress().values())
        # Whoever left by an exception may have got the last page and not kept it.
        is_done = over and self._is_left_well and self._run is not None
        try:
            if self._run is not None and not self._view.into_sink:
                await checkpoint.save()
        finally:
            await checkpoint.close(remove=is_done)

    async def _keep(self, checkpoint: Checkpoint) -> None:
        """Save the checkpoint whenever something was noted; what is noted meanwhile comes with the next time."""
        while True:
            await self._noted.wait()
            self._noted = anyio.Event()
            began = anyio.current_time()
            await checkpoint.save()
            await anyio.sleep(_REST * (anyio.current_time() - began))

    def _taken(self, origin: Origin, progress: Progress) -> None:
        if self._checkpoint is not None:
            self._checkpoint.note(origin, progress)
            self._noted.set()
        if self._ledger.is_over(origin):
            self._tell_finished(origin, progress)

    def _tell_start(self, run: Run) -> None:
        origins = tuple(way.source for way in self._ways)
        finished = tuple(origin for origin in self._job.plan.sources if self._ledger.is_over(origin))
        service = self._job.client_class.service.name
        run.tell(RunStarted(run=run.name, service=service, origins=origins, finished=finished))

    def _tell_finished(self, origin: Origin, progress: Progress) -> None:
        if self._run is not None and origin in self._unfinished:
            del self._unfinished[origin]
            self._run.tell(SourceFinished(run=self._run.name, origin=origin, progress=progress))

    def _tell_end(self, error: BaseException | None) -> None:
        if self._run is None:
            return
        progress = self._ledger.progress()
        for origin in list(self._unfinished):
            self._tell_finished(origin, progress[origin])
        self._run.tell(RunFinished(run=self._run.name, report=self.report, error=error))

    def _told(self, origin: Origin, progress: Progress) -> SourceReport:
        call = self._calls.get(origin)
        return SourceReport(
            origin=origin,
            throttled=0 if call is None else call.throttled,
            restarted=self.has_begun_anew(origin),
            **attrs.asdict(progress, recurse=False),
        )

    def _failed(self, failures: Mapping[Origin, Exception]) -> Exception:
        return SourcesFailedError(failures, self.report)

    async def _produce(self) -> None:
        run = self._run
        if run is None:
            return
        queue = Queue(self._ways, lambda way: way.source.account, self._job.limits.account_concurrency)
        with self._producers:
            async with anyio.create_task_group() as workers:
                while (way := await queue.next()) is not None:
                    seat = Seat(run.seats)
                    try:
                        await seat.take()
                    except BaseException:
                        seat.leave()
                        raise
                    workers.start_soon(self._work_at, run, way, seat, queue, name=f"collect {way.source}")

    async def _work_at(self, run: Run, way: Way[Origin, EntryT], seat: Seat, queue: Queue[Way[Origin, EntryT]]) -> None:
        try:
            earlier = None if self._checkpoint is None else self._checkpoint.earlier.get(way.source)
            send = partial(fetched, self._job, way.source, raw=self._view.raw)
            resumed = None if earlier is None else earlier.next_token
            call = self._calls[way.source] = Call(run, way.source, seat, send, resumed)
            self._unfinished[way.source] = None
            run.tell(SourceStarted(run=run.name, origin=way.source, resumed=resumed is not None))
            if earlier is not None and earlier.pages and resumed is None:
                call.begin_anew()  # its tokens went in a circle, or its last page was one malformed item too many
            await self._go(way)
        finally:
            seat.leave()
            queue.done(way)

    def _walk(self, origin: Origin) -> Walk[Origin, Any, Any, EntryT]:
        call = self._calls[origin]
        earlier = None if self._checkpoint is None else self._checkpoint.earlier.get(origin)
        return Walk(
            origin,
            name=f"source {origin}",
            fetch=call.fetch,
            read=self._view.read,
            max_items=self._job.max_items[origin.listing],
            ignored=self._job.ignored,
            restarted=lambda: call.restarted,
            repeated=lambda: call.repetitions,
            token=call.resumed,
            items=0 if earlier is None else earlier.items,
        )
