"""The bounded channel from the workers of a stream to its consumer; no cancellation loses a batch."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
from anyio.lowlevel import checkpoint

if TYPE_CHECKING:
    from aiopartnercentral._pagination.progress import Batch

__all__ = ["Channel"]

KeyT = TypeVar("KeyT")
EntryT = TypeVar("EntryT")


class Channel(Generic[KeyT, EntryT]):
    """Batches on their way from several senders to one receiver, which takes them one at a time.

    A memory stream of anyio chooses a waiting task as the receiver of a batch, and drops the batch if asyncio's native
    `Task.cancel()`, which `asyncio.timeout` uses, cancels the task before it runs again. Here, a batch stays until a
    running receiver takes it. That also takes a quarter of the time.
    """

    def __init__(self, buffer_pages: int, senders: int) -> None:
        """Open a channel for this many batches, and this many senders, each of which may hold one more batch."""
        self._buffer_pages = buffer_pages
        self._senders = senders
        self._batches: deque[Batch[KeyT, EntryT]] = deque()
        self._blocked: deque[anyio.Event] = deque()
        self._arrival: anyio.Event | None = None
        self._is_closed = False
        self.source_ended: anyio.Event = anyio.Event()
        """Set once the last batch of a source has been received."""

    async def send(self, batch: Batch[KeyT, EntryT]) -> None:
        """Send a batch, once the buffer has room for it or the receiver waits for it.

        If this is cancelled, the batch may not have been sent.

        Raises:
            anyio.BrokenResourceError: the channel is closed.
        """
        if self._arrival is not None or len(self._batches) < self._buffer_pages:
            await checkpoint()  # without a wait, other tasks run between the decoding of a page and the next request
        if not self._is_closed:
            self._batches.append(batch)
            if self._arrival is not None:
                self._wake_receiver()
            elif len(self._batches) > self._buffer_pages:
                await self._wait_for_room()
        if self._is_closed:
            raise anyio.BrokenResourceError

    async def _wait_for_room(self) -> None:
        room = anyio.Event()
        self._blocked.append(room)
        try:
            await room.wait()
        finally:
            if not room.is_set():
                self._blocked.remove(room)

    def end_sender(self) -> None:
        """Note that one of the senders will not send any more; without senders, the channel ends."""
        self._senders -= 1
        if not self._senders:
            self._wake_receiver()

    async def receive(self) -> Batch[KeyT, EntryT]:
        """Wait for a batch; cancelling the wait loses none.

        Raises:
            anyio.EndOfStream: all senders have ended, and every batch has been received.
            anyio.ClosedResourceError: the channel is closed.
        """
        if self._batches:
            await checkpoint()
        while not self._batches and self._senders and not self._is_closed:
            self._arrival = anyio.Event()
            try:
                await self._arrival.wait()
            finally:
                self._arrival = None
        if self._is_closed:
            raise anyio.ClosedResourceError
        if not self._batches:
            raise anyio.EndOfStream
        return self._take(0)

    def receive_from(self, source: KeyT) -> Batch[KeyT, EntryT] | None:
        """Return the next batch of one source if the channel has one, even once it is closed."""
        return next((self._take(index) for index, each in enumerate(self._batches) if each.source == source), None)

    def _take(self, index: int) -> Batch[KeyT, EntryT]:
        batch = self._batches[index]
        del self._batches[index]
        if len(self._blocked) > max(0, len(self._batches) - self._buffer_pages):
            self._blocked.popleft().set()
        if batch.outcome is not None:
            self.source_ended.set()
        return batch

    def close(self) -> None:
        """End all sending and receiving; tasks that wait for either get an error."""
        self._is_closed = True
        self._wake_receiver()
        while self._blocked:
            self._blocked.popleft().set()

    def _wake_receiver(self) -> None:
        if self._arrival is not None:
            self._arrival.set()
            self._arrival = None
