"""Many sources at once, as one stream.

    workers, one task each                 the consumer's task
    Walk of source A ──> sender ─┐
    Walk of source B ──> sender ─┼─ Lane ──> FanOut.__anext__ ──> (source, entry)
    Walk of source C ──> sender ─┘           Ledger: what was handed over

All workers share one lane, or have one each where the sources' order is kept. Entering the stream opens a task group
around the consumer's block; its one task, `_produce`, runs the workers in a cancel scope of their own, so that a
failure stops them without interrupting the consumer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Generic, Literal, Self, TypeAlias, TypeVar

import anyio
import anyio.lowlevel
import attrs

from aiopartnercentral._pagination.channel import Lane
from aiopartnercentral._pagination.progress import Batch, Ledger
from aiopartnercentral._pagination.report import Outcome, failures

if TYPE_CHECKING:
    from types import TracebackType

    from anyio.abc import TaskGroup
    from anyio.streams.memory import MemoryObjectSendStream

__all__ = ["FanOut", "OnError", "Plan", "Walker", "Way"]

_STRETCH = 1000  # entries that a consumer who never waits gets before other tasks have their turn

SourceT = TypeVar("SourceT")
EntryT = TypeVar("EntryT")

OnError: TypeAlias = Literal["raise", "finish", "report"]
"""What the failure of a source does: stop everything, let the others finish and raise then, or only be reported."""

Walker: TypeAlias = Callable[[SourceT], AsyncIterator[Batch[SourceT, EntryT]]]
"""Begins the walk over one source."""


@attrs.frozen(kw_only=True)
class Plan(Generic[SourceT]):
    """What is to be collected, and how.

    Attributes:
        sources: none twice.
        ordered: whether all of a source comes before the next one, rather than what arrives first.
        max_concurrency: how many sources are fetched at the same time.
        buffer_pages: how many pages may wait for the consumer beside the one that each worker may hold.
        on_error: what the failure of a source does.
    """

    sources: tuple[SourceT, ...]
    ordered: bool = False
    max_concurrency: int
    buffer_pages: int
    on_error: OnError


@attrs.frozen
class Way(Generic[SourceT, EntryT]):
    """The way from a source to the consumer."""

    source: SourceT
    lane: Lane[SourceT, EntryT]
    sender: MemoryObjectSendStream[Batch[SourceT, EntryT]]


class FanOut(Generic[SourceT, EntryT]):
    """The entries of all sources, each beside its source, while its `async with` block is open.

    Several tasks may share one stream: each entry goes to one of them. Fetching stays one page ahead of the consumer
    for each worker, plus the buffer.
    """

    def __init__(
        self, plan: Plan[SourceT], walker: Walker[SourceT, EntryT], ledger: Ledger[SourceT, EntryT] | None = None
    ) -> None:
        """Prepare the stream; it opens when it is entered, once."""
        self._plan = plan
        self._walker = walker
        self._ledger: Ledger[SourceT, EntryT] = Ledger(plan.sources) if ledger is None else ledger
        self._lanes: deque[Lane[SourceT, EntryT]] = deque()
        self._ways: list[Way[SourceT, EntryT]] = []
        self._page: Iterator[tuple[SourceT, EntryT]] = iter(())
        self._stretch: Iterator[tuple[SourceT, EntryT]] = iter(())
        self._has_stretches = False
        self._failure: Batch[SourceT, EntryT] | None = None
        self._group: TaskGroup | None = None
        self._producers = anyio.CancelScope()
        self._turn = anyio.Lock(fast_acquire=True)
        self._open = False
        self._over = False

    def _failed(self, failures: Mapping[SourceT, Exception]) -> Exception:
        """Give what is raised under `"finish"` once all that succeeded has been handed over."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        """Open the stream and begin to fetch.

        Raises:
            RuntimeError: it has been entered before.
        """
        if self._group is not None:
            raise RuntimeError("a stream can be entered only once; enter its paginator again for a new one")
        self._group = await anyio.create_task_group().__aenter__()
        self._open = True
        self._ways = self._lay_out()
        self._group.start_soon(self._produce)
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Stop all fetching and wait until no task is left; cancelling it does not shorten that wait."""
        self._leave()
        if self._group is None:
            return
        self._group.cancel_scope.cancel()
        crash = None
        try:
            # The block's own exception is kept from the group, which would wrap it; it passes on from here by itself.
            await self._group.__aexit__(None, None, None)
        except BaseExceptionGroup as group:
            crash = _sole(group)
        if crash is not None:
            raise crash

    def __aiter__(self) -> Self:
        """Give the stream itself: an entry that one iteration has got comes in no other."""
        return self

    async def __anext__(self) -> tuple[SourceT, EntryT]:
        """Give the next entry, beside its source; cancelling it loses none.

        Raises:
            StopAsyncIteration: all has been handed over, or a failure has been raised before.
            Exception: under `"raise"`, what the first source to fail has failed with.
            ExceptionGroup: under `"finish"`, what failed, once everything else has been handed over.
            RuntimeError: the stream is not open.
        """
        for entry in self._stretch:
            return entry
        return await self._advance()

    async def _advance(self) -> tuple[SourceT, EntryT]:
        async with self._turn:
            # Another task may have brought a new page while this one waited for its turn.
            for entry in self._stretch:
                return entry
            if self._has_stretches:
                await anyio.lowlevel.checkpoint()
            while True:
                self._stretch = islice(self._page, _STRETCH)
                for entry in self._stretch:
                    return entry
                batch = await self._next_batch()
                self._page, self._has_stretches = self._ledger.take(batch), len(batch.entries) > _STRETCH

    async def _next_batch(self) -> Batch[SourceT, EntryT]:
        if self._over:
            raise StopAsyncIteration
        self._ledger.settle()
        self._ledger.confirm()
        batch = await self._receive() if self._open else None
        if not self._open:
            raise RuntimeError("the stream is open only inside its `async with` block")
        if self._failure is not None and (batch is None or batch.source != self._failure.source):
            batch = self._lanes[0].claim_of(self._failure.source) if self._lanes else None
        if batch is None:
            raise self._end()
        return batch

    async def _receive(self) -> Batch[SourceT, EntryT] | None:
        while self._lanes and self._failure is None:
            try:
                return await self._lanes[0].take()
            except anyio.EndOfStream:
                self._lanes.popleft().close()
            except anyio.ClosedResourceError:
                return None
        return None

    def _lay_out(self) -> list[Way[SourceT, EntryT]]:
        plan = self._plan
        sources = [source for source in plan.sources if not self._ledger.is_over(source)]
        self._lanes.extend(Lane(plan.buffer_pages) for _ in (sources if plan.ordered else [plan]))
        lanes = self._lanes if plan.ordered else [self._lanes[0]] * len(sources)
        ways = [Way(source, lane, lane.sender()) for source, lane in zip(sources, lanes, strict=True)]
        for lane in self._lanes:
            lane.seal()
        return ways

    async def _produce(self) -> None:
        queue = iter(self._ways)
        with self._producers:
            async with anyio.create_task_group() as workers:
                for number in range(min(len(self._ways), self._plan.max_concurrency)):
                    workers.start_soon(self._work, queue, name=f"collect, worker {number}")

    async def _work(self, queue: Iterator[Way[SourceT, EntryT]]) -> None:
        for way in queue:
            if not await self._go(way):
                return

    async def _go(self, way: Way[SourceT, EntryT]) -> bool:
        """Collect one source; tells whether there is anybody to collect a further one for."""
        if not self._open or self._failure is not None:
            return False
        try:
            with way.sender:
                await self._collect(way)
            if self._plan.ordered:
                # Pages left in the buffer of this lane count for this worker: it must not fill the next one too.
                await way.lane.taken_to_end.wait()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            # The stream was stopped at the consumer's end: there is nobody left to work for.
            return False
        return True

    async def _collect(self, way: Way[SourceT, EntryT]) -> None:
        self._ledger.start(way.source)
        async for batch in self._walker(way.source):
            if batch.outcome is Outcome.FAILED and self._plan.on_error == "raise":
                self._abort(batch)
                return
            await way.lane.put(way.sender, batch)

    def _abort(self, failure: Batch[SourceT, EntryT]) -> None:
        if self._failure is not None:
            return
        self._failure = failure
        # What its own source brought before the failure still comes before it; anything else is given up.
        if not self._ledger.holds(failure.source):
            self._page = self._stretch = iter(())
        self._producers.cancel()
        self._close_lanes()

    def _end(self) -> Exception:
        """Close the books while the consumer is still there; gives what tells it how the stream ended."""
        self._over = True
        broken = self._failure is None and not self._ledger.ended
        self._close_books()
        if self._failure is not None and self._failure.error is not None:
            return self._failure.error
        if broken:
            # A worker died of something that is no failure of its source; leaving the block raises that.
            return RuntimeError("the collection broke down before its sources had come to their end")
        failed = failures(self._ledger.progress())
        if failed and self._plan.on_error == "finish":
            return self._failed(failed)
        return StopAsyncIteration()

    def _close_books(self) -> None:
        self._ledger.drop()
        if self._failure is not None:
            self._ledger.take(self._failure)
        self._ledger.close()

    def _leave(self) -> None:
        if not self._over:
            self._close_books()
        self._open = False
        self._page = self._stretch = iter(())
        self._close_lanes()

    def _close_lanes(self) -> None:
        for lane in self._lanes:
            lane.close()
        # Not every anyio wakes a receiver when its own end is closed, but each does when the last sender is.
        for way in self._ways:
            way.sender.close()


def _sole(group: BaseExceptionGroup) -> BaseException:
    """Give the exception that a task died of, out of the groups around it, if it is the only one."""
    exc: BaseException = group
    while isinstance(exc, BaseExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    return exc
