"""Merges many sources into one stream.

    workers, one task each               the consumer's task
    PageIterator of source A ──┐
    PageIterator of source B ──┼─ Channel ──> Stream.__anext__ ──> (source, entry)
    PageIterator of source C ──┘              ProgressTracker: what was handed over

All workers share one channel; an ordered stream has one channel for each source. Entering the stream opens a task group
around the consumer's block. Its only task, `_produce`, runs the workers in their own cancel scope, so that a failure
cancels them without interrupting the consumer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Mapping
from itertools import chain, islice
from typing import TYPE_CHECKING, Generic, Literal, Self, TypeAlias, TypeVar, get_args

import anyio
import anyio.lowlevel
import attrs

from aiopartnercentral._pagination.channel import Channel
from aiopartnercentral._pagination.progress import Batch, ProgressTracker
from aiopartnercentral._pagination.report import Outcome, Report
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.needs_block import RefusesFor
from aiopartnercentral._utils.text import state_text

if TYPE_CHECKING:
    from types import TracebackType

    from anyio.abc import TaskGroup

    from aiopartnercentral._pagination.progress import Beginning

__all__ = ["Feed", "OnError", "Plan", "Stream", "take_turn"]

_SLICE = 1000  # entries after which other tasks may run, even if the consumer never waits

KeyT = TypeVar("KeyT", bound=Hashable)
EntryT = TypeVar("EntryT")

OnError: TypeAlias = Literal["raise", "finish", "report"]
"""What the failure of a source does: cancel the others, raise once the others are complete, or only be reported."""


@attrs.frozen(kw_only=True)
class Plan(Generic[KeyT]):
    """The sources of a stream, and how they are collected; everything but the sources is checked here.

    Attributes:
        sources: the keys of the sources, each once.
        versions: the versions of this library and of the model, for the report.
        ordered: whether each source is completed before the next one; otherwise pages come as they arrive.
        concurrency: maximum sources that are fetched at the same time.
        buffer_pages: maximum pages that wait for the consumer, plus one for each worker.
        on_error: what the failure of a source does.
    """

    sources: tuple[KeyT, ...]
    versions: Mapping[str, str] = attrs.field(factory=dict)
    ordered: bool = attrs.field(default=False, validator=validators.flag)
    concurrency: int = attrs.field(validator=validators.count)
    buffer_pages: int = attrs.field(validator=validators.integer(least=0))
    on_error: OnError = attrs.field(validator=validators.one_of(get_args(OnError)))


@attrs.frozen
class Feed(Generic[KeyT, EntryT]):
    """One source, and the channel that takes its batches to the consumer."""

    source: KeyT
    channel: Channel[KeyT, EntryT]


class Stream(RefusesFor, Generic[KeyT, EntryT]):
    """The entries of all sources, each with the key of its source, while its `async with` block is open.

    The key is the name of a catalog for `client.paginate`, and an `Origin` for `bulk.Collection`. Several tasks may
    share one stream: each entry goes to one of them. Fetching stays one page ahead of the consumer for each source that
    is being fetched, plus the buffer.
    """

    _usage = "`async for catalog, entry in stream:`"

    def __init__(
        self,
        plan: Plan[KeyT],
        open_source: Callable[[KeyT], AsyncIterator[Batch[KeyT, EntryT]]],
        beginning: Beginning | None = None,
    ) -> None:
        """Prepare the stream; it opens when it is entered, once.

        Arguments:
            plan: the sources, and how they are collected.
            open_source: returns the batches of a source; called in the worker of that source.
            beginning: when the run began; now by default.
        """
        self._plan = plan
        self._open_source = open_source
        self._progress: ProgressTracker[KeyT, EntryT] = ProgressTracker(
            plan.sources, beginning=beginning, versions=plan.versions
        )
        self._channels: deque[Channel[KeyT, EntryT]] = deque()
        self._feeds: list[Feed[KeyT, EntryT]] = []
        self._page: Iterator[tuple[KeyT, EntryT]] = iter(())
        self._slice: Iterator[tuple[KeyT, EntryT]] = iter(())
        self._has_runes = False
        self._failure: Batch[KeyT, EntryT] | None = None
        self._group: TaskGroup | None = None
        self._producers = anyio.CancelScope()
        self._turn = anyio.Semaphore(1)
        self._open = False
        self._over = False

    def __repr__(self) -> str:
        """Return whether it is open, and the totals of what has been handed over so far."""
        state = state_text(was_opened=self._group is not None, is_open=self._open)
        return f"<{type(self).__name__}, {state}: {self.report.totals}>"

    @property
    def report(self) -> Report[KeyT]:
        """A snapshot of what has been handed over so far."""
        return self._progress.report

    async def __aenter__(self) -> Self:
        """Open the stream and begin to fetch.

        Raises:
            RuntimeError: the stream was entered before.
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
        """Cancel all fetching, and wait for all tasks to end; a cancellation does not shorten this."""
        self._leave()
        if self._group is None:
            return
        self._group.cancel_scope.cancel()
        error = None
        try:
            # The group would wrap the block's own exception, so it is not passed; Python propagates it.
            await self._group.__aexit__(None, None, None)
        except BaseExceptionGroup as group:
            error = _sole(group)
        if error is not None:
            raise error

    def __aiter__(self) -> Self:
        """Return the stream itself; each entry is yielded once, however many loops iterate over it."""
        return self

    async def __anext__(self) -> tuple[KeyT, EntryT]:
        """Return the next entry with the key of its source; a cancellation loses no entry.

        Raises:
            StopAsyncIteration: everything has been handed over, or a failure was raised before.
            Exception: with `"raise"`, the error of the first source that failed.
            SourcesFailedError: with `"finish"`, after everything else has been handed over, if sources failed; a stream
                with one source raises that source's error.
            RuntimeError: the stream is not open.
        """
        for entry in self._slice:
            return entry
        return await self._advance()

    async def next_page(self) -> Iterator[tuple[KeyT, EntryT]]:
        """Return an iterator over entries that have been fetched; it has none once everything has been handed over.

        Raises:
            Exception: as iterating over the stream.
        """
        try:
            entry = await self._advance()
        except StopAsyncIteration:
            return iter(())
        return chain((entry,), self._slice)

    async def _advance(self) -> tuple[KeyT, EntryT]:
        __tracebackhide__ = True  # as in `ServiceClient.call`
        await take_turn(self._turn)
        try:
            # Another task may have received a new page while this one waited for its turn.
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
        finally:
            self._turn.release()

    async def _next_batch(self) -> Batch[KeyT, EntryT]:
        __tracebackhide__ = True  # as in `ServiceClient.call`
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
            # If a cancellation ended the sources, it ends this task too, and is not mistaken for a fault of theirs.
            await anyio.lowlevel.checkpoint_if_cancelled()
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
        if plan.ordered:
            self._channels.extend(Channel(plan.buffer_pages, 1) for _ in sources)
            return list(map(Feed, sources, self._channels))
        channel: Channel[KeyT, EntryT] = Channel(plan.buffer_pages, len(sources))
        self._channels.append(channel)
        return [Feed(source, channel) for source in sources]

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
        """Collect one source; returns whether the worker should collect another one."""
        if not self._open or self._failure is not None:
            return False
        try:
            try:
                await self._send_batches(feed)
            finally:
                feed.channel.end_sender()
            if self._plan.ordered:
                # Otherwise this worker would fill the next channel, too, while pages wait in the buffer of this one.
                await feed.channel.source_ended.wait()
        except anyio.BrokenResourceError:  # the consumer has left the stream
            return False
        return True

    async def _send_batches(self, feed: Feed[KeyT, EntryT]) -> None:
        self._progress.start(feed.source)
        async for batch in self._open_source(feed.source):
            if batch.outcome is Outcome.FAILED and self._plan.on_error == "raise":
                self._abort(batch)
                return
            await feed.channel.send(batch)

    def _abort(self, failure: Batch[KeyT, EntryT]) -> None:
        if self._failure is not None:
            return
        self._failure = failure
        # Pages that its own source fetched before the failure are handed over first; all others are discarded.
        if not self._progress.holds(failure.source):
            self._page = self._slice = iter(())
        self._producers.cancel()
        self._close_channels()

    def _end(self) -> Exception:
        """Stop counting, and return the exception that ends the consumer's iteration."""
        self._over = True
        broken = self._failure is None and not self._progress.ended
        self._close_progress()
        if self._failure is not None and self._failure.error is not None:
            return self._failure.error
        if broken:
            # A worker raised something other than a failure of its source; leaving the block raises that.
            return RuntimeError("the collection stopped before all sources were complete")
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


async def take_turn(turn: anyio.Semaphore) -> None:
    """Acquire a semaphore; if no other task has it, in a tenth of the time that a lock of anyio takes."""
    try:
        turn.acquire_nowait()
    except anyio.WouldBlock:
        await turn.acquire()


def _sole(group: BaseExceptionGroup) -> BaseException:
    """Return the only exception inside nested groups, or the innermost group that has several."""
    exc: BaseException = group
    while isinstance(exc, BaseExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    return exc
