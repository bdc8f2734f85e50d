"""The bounded channel from the workers of a stream to its consumer; no cancellation loses a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
import anyio.lowlevel

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectSendStream

    from aiopartnercentral._pagination.progress import Batch

__all__ = ["Channel"]

KeyT = TypeVar("KeyT")
EntryT = TypeVar("EntryT")


class Channel(Generic[KeyT, EntryT]):
    """Batches on their way to the consumer, which receives them one at a time.

    asyncio's native `Task.cancel()`, which `asyncio.timeout` uses, may cancel a task after a memory stream has chosen
    it as the receiver and before it runs again; the stream then drops the batch. So every batch is also listed in
    `_sent` until it is received, and after a cancelled wait the list is read first.
    """

    def __init__(self, buffer_pages: int) -> None:
        """Open a channel for this many batches; each sender may hold one more."""
        self._send, self._receive = anyio.create_memory_object_stream["Batch[KeyT, EntryT]"](buffer_pages)
        self._sent: dict[Batch[KeyT, EntryT], None] = {}
        self._interrupted = False
        self.source_ended: anyio.Event = anyio.Event()
        """Set once the last batch of a source has been received."""

    def sender(self) -> MemoryObjectSendStream[Batch[KeyT, EntryT]]:
        """Return a send stream for one source; the caller closes it."""
        return self._send.clone()

    def seal(self) -> None:
        """Stop creating senders: the channel ends when all existing ones are closed."""
        self._send.close()

    async def send(self, sender: MemoryObjectSendStream[Batch[KeyT, EntryT]], batch: Batch[KeyT, EntryT]) -> None:
        """Send a batch, once the buffer has room for it or the consumer waits for it.

        If this is cancelled, the batch may not have been sent.

        Raises:
            anyio.BrokenResourceError: the channel is closed.
        """
        self._sent[batch] = None
        await sender.send(batch)

    async def receive(self) -> Batch[KeyT, EntryT]:
        """Wait for a batch; cancelling the wait loses none.

        Raises:
            anyio.EndOfStream: all senders are closed, and every batch has been received.
            anyio.ClosedResourceError: the channel is closed.
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
            # A batch that was claimed from the list arrives here again, which unblocks its sender.
            if batch in self._sent:
                return self._claim(batch)

    def receive_from(self, source: KeyT) -> Batch[KeyT, EntryT] | None:
        """Return the next batch of one source if the channel has one, even once it is closed."""
        return next((self._claim(batch) for batch in self._sent if batch.source == source), None)

    def _claim(self, batch: Batch[KeyT, EntryT]) -> Batch[KeyT, EntryT]:
        del self._sent[batch]
        if batch.outcome is not None:
            self.source_ended.set()
        return batch

    def close(self) -> None:
        """End all sending and receiving; tasks that wait for either get an error."""
        self._send.close()
        self._receive.close()
