"""What gives a new stream each time it is entered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio

if TYPE_CHECKING:
    from types import TracebackType

    from aiopartnercentral._pagination.merge import FanOut

__all__ = ["Reentrant"]

StreamT = TypeVar("StreamT", bound="FanOut[Any, Any]")


class Reentrant(Generic[StreamT]):
    """Something that opens a new, independent stream each time it is entered.

    It may be entered again, within itself, and by several tasks at once.
    """

    def __init__(self) -> None:
        """Prepare to be entered."""
        self._entered: dict[int, list[StreamT]] = {}

    def _stream(self) -> StreamT:
        """Give a new stream."""
        raise NotImplementedError

    async def __aenter__(self) -> StreamT:
        """Open a new stream and begin to fetch."""
        stream = await self._stream().__aenter__()
        self._entered.setdefault(anyio.get_current_task().id, []).append(stream)
        return stream

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Close the stream that this task entered last; an exception of the block passes on as it is.

        Raises:
            RuntimeError: this task has not entered it.
        """
        task = anyio.get_current_task().id
        streams = self._entered.get(task)
        if not streams:
            raise RuntimeError("a stream must be left by the task that entered it")
        stream = streams.pop()
        if not streams:
            del self._entered[task]
        await stream.__aexit__(exc_type, exc, tb)
