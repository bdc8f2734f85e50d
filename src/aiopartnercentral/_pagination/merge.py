"""Many sources at once, as one stream.

    workers, one task each                         the consumer's task
    PageIterator of source A ──> sender ─┐
    PageIterator of source B ──> sender ─┼─ Channel ──> Stream.__anext__ ──> (source, entry)
    PageIterator of source C ──> sender ─┘              ProgressTracker: what was handed over

All workers share one channel, or have one each where the sources' order is kept. Entering the stream opens a task group
around the consumer's block; its one task, `_produce`, runs the workers in a cancel scope of their own, so that a
failure stops them without interrupting the consumer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Generic, Literal, Self, TypeAlias, TypeVar

import anyio
import anyio.lowlevel
import attrs

from aiopartnercentral._pagination.channel import Channel
from aiopartnercentral._pagination.progress import Batch, ProgressTracker
from aiopartnercentral._pagination.report import Outcome, Report

if TYPE_CHECKING:
    from types import TracebackType

    from anyio.abc import TaskGroup
    from anyio.streams.memory import MemoryObjectSendStream

__all__ = ["Feed", "OnError", "Plan", "Stream"]

_SLICE = 1000  # entries that a consumer which never waits gets before other tasks may run

KeyT = TypeVar("KeyT", bound=Hashable)
EntryT = TypeVar("EntryT")

OnError: TypeAlias = Literal["raise", "finish", "report"]
"""What the failure of a source does: stop everything, let the others finish and raise then, or only be reported."""


@attrs.frozen(kw_only=True)
class Plan(Generic[KeyT]):
    """What is to be collected, and how.

    Attributes:
        sources: the keys of the sources, none twice.
        ordered: whether all of a source comes before the next one, rather than what arrives first.
        concurrency: how many sources are fetched at the same time.
        buffer_pages: how many pages may wait for the consumer, besides the one that each worker may hold.
        on_error: what the failure of a source does.
    """

    sources: tuple[KeyT, ...]
    ordered: bool = False
    concurrency: int
    buffer_pages: int
    on_error: OnError


@attrs.frozen
class Feed(Generic[KeyT, EntryT]):
    """One source, and how its batches get to the consumer."""

    source: KeyT
    channel: Channel[KeyT, EntryT]
    sender: MemoryObjectSendStream[Batch[KeyT, EntryT]]


class Stream(Generic[KeyT, EntryT]):
    """The entries of all sources, each with the key of its source, while its `async with` block is open.

    The key is the name of a catalog for `client.paginate`, and an `Origin` for `bulk.Collection`. Several tasks may
    share one stream: each entry goes to one of them. Fetching stays one page ahead of the consumer for each source that
    is being fetched, plus the buffer.
    """

    def __init__(self, plan: Plan[KeyT], open_source: Callable[[KeyT], AsyncIterator[Batch[KeyT, EntryT]]]) -> None:
        """Prepare the stream; it opens when it is entered, once.

        Arguments:
            plan: what is to be collected, and how.
            open_source: returns the batches of a source; called in the worker of that source.
        """
        self._plan = plan
        self._open_source = open_source
        self._progress: ProgressTracker[KeyT, EntryT] = ProgressTracker(plan.sources)
        self._channels: deque[Channel[KeyT, EntryT]] = deque()
        self._feeds: list[Feed[KeyT, EntryT]] = []
        self._page: Iterator[tuple[KeyT, EntryT]] = iter(())
        self._slice: Iterator[tuple[KeyT, EntryT]] = iter(())
        self._has_runes = False
        self._failure: Batch[KeyT, EntryT] | None = None
        self._group: TaskGroup | None = None
        self._producers = anyio.CancelScope()
        self._lock = anyio.Lock(fast_acquire=True)
        self._open = False
        self._over = False

    @property
    def report(self) -> Report[KeyT]:
        """What has been handed over up to now, as a snapshot."""
        return self._progress.report

    async def __aenter__(self) -> Self:
        """Open the stream and begin to fetch.

        Raises:
            RuntimeError: it has been entered before.
        """
        if self._group is not None:
            raise RuntimeError("a stream can be entered only once; enter its paginator again for a new one")
        self._group = await anyio.create_task_group().__aenter__()
        self._open = True
        self._feeds = self._open_channels()
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
            # The block's own exception is kept from the group, which would wrap it; Python passes it on.
            await self._group.__aexit__(None, None, None)
        except BaseExceptionGroup as group:
            crash = _sole(group)
        if crash is not None:
            raise crash

    def __aiter__(self) -> Self:
        """Give the stream itself: each entry comes in one iteration only."""
        return self

    async def __anext__(self) -> tuple[KeyT, EntryT]:
        """Give the next entry with the key of its source; cancelling it loses none.

        Raises:
            StopAsyncIteration: all has been handed over, or a failure has been raised before.
            Exception: under `"raise"`, what the first source to fail has failed with.
            SourcesFailedError: under `"finish"`, what failed, once everything else has been handed over; a stream of
                one source raises its own error.
            RuntimeError: the stream is not open.
        """
        for entry in self._slice:
            return entry
        return await self._advance()

    async def _advance(self) -> tuple[KeyT, EntryT]:
        async with self._lock:
            # Another task may have received a new page while this one waited for the lock.
            for entry in self._slice:
                return entry
            if self._has_runes:
                await anyio.lowlevel.checkpoint()
            while True:
                self._slice = islice(self._page, _SLICE)
                for entry in self._slice:
                    return entry
                batch = await self._next_batch()
                self._page, self._has_runes = self._progress.hand_over(batch), len(batch.entries) > _SLICE

    async def _next_batch(self) -> Batch[KeyT, EntryT]:
        if self._over:
            raise StopAsyncIteration
        self._progress.commit()
        self._progress.acknowledge()
        batch = await self._receive() if self._open else None
        if not self._open:
            raise RuntimeError("the stream is open only inside its `async with` block")
        if self._failure is not None and (batch is None or batch.source != self._failure.source):
            batch = self._channels[0].receive_from(self._failure.source) if self._channels else None
        if batch is None:
            raise self._end()
        return batch

    async def _receive(self) -> Batch[KeyT, EntryT] | None:
        while self._channels and self._failure is None:
            try:
                return await self._channels[0].receive()
            except anyio.EndOfStream:
                self._channels.popleft().close()
            except anyio.ClosedResourceError:
                return None
        return None

    def _open_channels(self) -> list[Feed[KeyT, EntryT]]:
        plan = self._plan
        sources = [source for source in plan.sources if not self._progress.is_over(source)]
        self._channels.extend(Channel(plan.buffer_pages) for _ in (sources if plan.ordered else [plan]))
        channels = self._channels if plan.ordered else [self._channels[0]] * len(sources)
        feeds = [Feed(source, channel, channel.sender()) for source, channel in zip(sources, channels, strict=True)]
        for channel in self._channels:
            channel.seal()
        return feeds

    async def _produce(self) -> None:
        queue = iter(self._feeds)
        with self._producers:
            async with anyio.create_task_group() as workers:
                for number in range(min(len(self._feeds), self._plan.concurrency)):
                    workers.start_soon(self._work, queue, name=f"collect, worker {number}")

    async def _work(self, queue: Iterator[Feed[KeyT, EntryT]]) -> None:
        for feed in queue:
            if not await self._finish_source(feed):
                return

    async def _finish_source(self, feed: Feed[KeyT, EntryT]) -> bool:
        """Collect one source; returns whether there is still a consumer to collect another one for."""
        if not self._open or self._failure is not None:
            return False
        try:
            with feed.sender:
                await self._send_batches(feed)
            if self._plan.ordered:
                # Pages left in the buffer of this channel count for this worker: it must not fill the next one too.
                await feed.channel.source_ended.wait()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            # The stream was stopped at the consumer's end.
            return False
        return True

    async def _send_batches(self, feed: Feed[KeyT, EntryT]) -> None:
        self._progress.start(feed.source)
        async for batch in self._open_source(feed.source):
            if batch.outcome is Outcome.FAILED and self._plan.on_error == "raise":
                self._abort(batch)
                return
            await feed.channel.send(feed.sender, batch)

    def _abort(self, failure: Batch[KeyT, EntryT]) -> None:
        if self._failure is not None:
            return
        self._failure = failure
        # What its own source brought before the failure still comes before it; everything else is discarded.
        if not self._progress.holds(failure.source):
            self._page = self._slice = iter(())
        self._producers.cancel()
        self._close_channels()

    def _end(self) -> Exception:
        """Stop counting while the consumer is still there; returns what tells it how the stream ended."""
        self._over = True
        broken = self._failure is None and not self._progress.ended
        self._close_progress()
        if self._failure is not None and self._failure.error is not None:
            return self._failure.error
        if broken:
            # A worker died of something other than a failure of its source; leaving the block raises that.
            return RuntimeError("the collection broke down before its sources had come to their end")
        error = self.report.as_error() if self._plan.on_error == "finish" else None
        return StopAsyncIteration() if error is None else error

    def _close_progress(self) -> None:
        self._progress.discard()
        if self._failure is not None:
            self._progress.hand_over(self._failure)
        self._progress.close()

    def _leave(self) -> None:
        if not self._over:
            self._close_progress()
        self._open = False
        self._page = self._slice = iter(())
        self._close_channels()

    def _close_channels(self) -> None:
        for channel in self._channels:
            channel.close()
        # Not every anyio wakes a receiver when its own end is closed, but each does when the last sender is.
        for feed in self._feeds:
            feed.sender.close()


def _sole(group: BaseExceptionGroup) -> BaseException:
    """Return the exception that a task died of, out of the groups around it, if it is the only one."""
    exc: BaseException = group
    while isinstance(exc, BaseExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    return exc
