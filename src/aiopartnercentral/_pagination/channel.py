"""The way from the workers of a stream to its consumer: bounded, and nothing on it is lost to a cancellation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectSendStream

    from aiopartnercentral._pagination.progress import Batch

__all__ = ["Lane"]

SourceT = TypeVar("SourceT")
EntryT = TypeVar("EntryT")


class Lane(Generic[SourceT, EntryT]):
    """Batches on their way to the consumer, who takes them one at a time.

    asyncio may cancel a task after a memory stream has chosen it as the receiver and before it runs again (a native
    `Task.cancel()`, as `asyncio.timeout` makes it); the stream then drops what it carried. So every batch is also
    listed in `_sent` until it is taken, and after a cancelled wait the list comes first.
    """

    def __init__(self, buffer_pages: int) -> None:
        """Open the lane for as many batches as the buffer has room for; each sender may hold one more."""
        self._send, self._receive = anyio.create_memory_object_stream["Batch[SourceT, EntryT]"](buffer_pages)
        self._sent: dict[Batch[SourceT, EntryT], None] = {}
        self._interrupted = False
        self.taken_to_end: anyio.Event = anyio.Event()
        """Set once a batch with which a source ends has been taken."""

    def sender(self) -> MemoryObjectSendStream[Batch[SourceT, EntryT]]:
        """Give a send stream of its own to one source; it is the source's to close."""
        return self._send.clone()

    def seal(self) -> None:
        """Give out no more senders: the lane ends when those given out are closed."""
        self._send.close()

    async def put(self, sender: MemoryObjectSendStream[Batch[SourceT, EntryT]], batch: Batch[SourceT, EntryT]) -> None:
        """Send a batch, and wait for room in the buffer or, where there is none, for the consumer to take it.

        Cancelling it may withdraw the batch.

        Raises:
            anyio.BrokenResourceError: the lane is closed.
        """
        self._sent[batch] = None
        await sender.send(batch)

    async def take(self) -> Batch[SourceT, EntryT]:
        """Wait for a batch; cancelling the wait loses none.

        Raises:
            anyio.EndOfStream: all senders are closed, and every batch has been taken.
            anyio.ClosedResourceError: the lane is closed.
        """
        if self._interrupted and self._sent:
            await anyio.lowlevel.checkpoint()
            return self._claim(next(iter(self._sent)))
        self._interrupted = False
        while True:
            try:
                batch = await self._receive.receive()
            except BaseException as exc:
                self._interrupted = not isinstance(exc, Exception)
                raise
            # A batch that was taken from the list arrives here once more, which only lets its sender go on.
            if batch in self._sent:
                return self._claim(batch)

    def claim_of(self, source: SourceT) -> Batch[SourceT, EntryT] | None:
        """Take the next batch of one source if there is any on the lane, even once the lane is closed."""
        return next((self._claim(batch) for batch in self._sent if batch.source == source), None)

    def _claim(self, batch: Batch[SourceT, EntryT]) -> Batch[SourceT, EntryT]:
        del self._sent[batch]
        if batch.outcome is not None:
            self.taken_to_end.set()
        return batch

    def close(self) -> None:
        """Let nobody send or take any more; who waits for either is woken with an error."""
        self._send.close()
        self._receive.close()
