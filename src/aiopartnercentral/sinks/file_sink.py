"""What every sink of one file does: gather pages, have a thread write them, and know the position after them."""

from __future__ import annotations

import abc
import os
import threading
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import anyio
import anyio.lowlevel

from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.errors import PositionError, SinkError
from aiopartnercentral.sinks.compression import compressor
from aiopartnercentral.sinks.partial_file import Draft, LostDraftError, Mark, reported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from aiopartnercentral.sinks.base import Page
    from aiopartnercentral.sinks.compression import Compressor
    from aiopartnercentral.types import JsonValue

__all__ = ["MAX_BYTES", "MAX_ROWS", "FileSink"]

T = TypeVar("T")

MAX_ROWS = 1000
MAX_BYTES = 1 << 20
_VERSION = 1


class FileSink(abc.ABC):
    """A sink whose output is one file.

    Pages are gathered until they are `max_rows` items or `max_bytes` of JSON, and written in one go, in a thread. The
    state that the thread uses is its own while it runs: a call returns when it is done, cancelled or not.

    Attributes:
        output: the file.
        max_rows: how many items are gathered before they are written.
        max_bytes: how many bytes of them, where their size is known.
    """

    def __init__(
        self,
        output: str | os.PathLike[str],
        *,
        compression: str | None = None,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Name the output; nothing is touched until `open`.

        Raises:
            ValueError: there is no such compression, or a bound is not positive.
            ImportError: the compression's package is not installed.
        """
        if max_rows < 1 or max_bytes < 1:
            raise ValueError("max_rows and max_bytes must be positive")
        self.output: str = os.fspath(output)
        self.max_rows = max_rows
        self.max_bytes = max_bytes
        self._compression = compression
        self._new_block = compressor(compression)
        self._block: Compressor | None = None
        self._waiting: deque[Page] = deque()
        self._waiting_rows = 0
        self._waiting_bytes = 0
        self._items = 0
        self._draft: Draft | None = None
        self._is_promised = False
        self._failure: SinkError | None = None
        self._guard = threading.Lock()
        self._limiter = anyio.CapacityLimiter(1)

    # What a kind of file is.

    @property
    @abc.abstractmethod
    def wants(self) -> Literal["raw", "items"]:
        """What it needs of a page."""

    @abc.abstractmethod
    def _form(self) -> str:
        """Return what the file is, in a word: a position goes with files of the same form alone."""

    @abc.abstractmethod
    def _size(self, page: Page) -> tuple[int, int]:
        """Return how many rows and bytes a page counts for.

        Raises:
            ValueError: the page does not hold what the sink wants.
        """

    @abc.abstractmethod
    def _encoded(self, pages: Sequence[Page]) -> Iterator[bytes]:
        """Yield what the pages are in the file, in pieces of bounded size.

        Raises:
            TypeError, ValueError, AttributeError: an item is not what its class says.
        """

    def _head(self) -> bytes:
        """Return what the file begins with."""
        return b""

    def _settle(self, draft: Draft) -> None:
        """Make the output of the draft.

        Raises:
            SinkError, OSError: it cannot be done.
        """
        draft.settle()

    def _take_back(self, draft: Draft, mark: Mark, items: int) -> bool:
        """Make the draft again, up to the mark, of the finished output, if it is the draft's; tells whether it is.

        Raises:
            SinkError, OSError: it cannot be done.
        """
        del items
        return draft.take_back(mark)

    # What is called.

    async def open(self, position: JsonValue | None = None, *, token: str | None = None) -> None:
        """Begin anew, or go on at a position; see `Sink.open`."""
        await self._run(partial(self._open, position, token))

    async def write(self, page: Page) -> None:
        """Take the page over; see `Sink.write`."""
        rows, size = self._size(page)
        self._check()
        await anyio.lowlevel.checkpoint()
        self._waiting.append(page)
        self._waiting_rows += rows
        self._waiting_bytes += size
        if self._waiting_rows >= self.max_rows or self._waiting_bytes >= self.max_bytes:
            await self._run(self._drain)

    async def flush(self) -> JsonValue:
        """Write what is waiting, and return the position after it; see `Sink.flush`."""
        self._check()
        return await self._run(self._flush)

    async def finish(self) -> None:
        """Complete the file and put it in its place; see `Sink.finish`."""
        self._check()
        await self._run(self._finish)

    async def park(self) -> None:
        """Write what is waiting and close the file until it is next written, to have fewer files open.

        Raises:
            SinkError: as `write`.
        """
        self._check()
        await self._run(self._park)

    async def abandon(self, *, keep: bool) -> None:
        """Close; see `Sink.abandon`."""
        await run_to_completion(partial(self._abandon, keep), limiter=self._limiter)

    # What runs in the thread.

    async def _run(self, job: Callable[[], T]) -> T:
        await anyio.lowlevel.checkpoint_if_cancelled()
        return await run_to_completion(partial(self._guarded, job), limiter=self._limiter)

    def _guarded(self, job: Callable[[], T]) -> T:
        with self._guard:
            if self._failure is not None:
                raise SinkError(*self._failure.args)
            try:
                with reported(self.output):
                    return job()
            except SinkError as error:
                self._failure = error
                raise
            except BaseException:
                self._failure = SinkError(self.output, "a call before this one failed")
                raise

    def _check(self) -> None:
        if self._failure is not None:
            raise SinkError(*self._failure.args)
        if self._draft is None:
            raise RuntimeError("the sink is not open")

    def _opened(self) -> Draft:
        if self._draft is None:
            raise RuntimeError("the sink is not open")
        return self._draft

    def _open(self, position: JsonValue | None, token: str | None) -> None:
        if self._draft is not None:
            raise RuntimeError("the sink is open already")
        if position is None:
            self._draft = Draft.begin(self.output, token)
            if head := self._head():
                self._append(head)
            return
        mark, items = self._read(position)
        draft = Draft.at(self.output, mark)
        try:
            try:
                draft.go_on(mark)
            except LostDraftError:
                draft.close()
                if not self._take_back(draft, mark, items):
                    raise
        except BaseException:
            draft.close()
            raise
        self._draft, self._items, self._is_promised = draft, items, True

    def _drain(self) -> None:
        while self._waiting:
            pages = []
            while self._waiting:
                pages.append(self._waiting.popleft())
            self._waiting_rows = self._waiting_bytes = 0
            problem = None
            try:
                for data in self._encoded(pages):
                    self._append(data)
            except (TypeError, ValueError, AttributeError, ArithmeticError, NotImplementedError) as error:
                problem = type(error).__name__
            if problem is not None:  # raised outside of the handler: such messages quote values
                operations = ", ".join(sorted({page.operation for page in pages}))
                raise SinkError(self.output, f"an item of {operations} is not what its class says ({problem})")
            self._items += sum(self._size(page)[0] for page in pages)

    def _append(self, data: bytes) -> None:
        if self._block is None:
            self._block = self._new_block()
        if compressed := self._block.compress(data):
            self._opened().append(compressed)

    def _end_block(self) -> None:
        if self._block is not None:
            rest, self._block = self._block.flush(), None
            if rest:
                self._opened().append(rest)

    def _flush(self) -> JsonValue:
        self._drain()
        self._end_block()
        mark = self._opened().mark()
        self._is_promised = True
        return {
            "version": _VERSION,
            "form": self._form(),
            "file": mark.name,
            "bytes": mark.size,
            "crc32": mark.checksum,
            "items": self._items,
        }

    def _read(self, position: JsonValue) -> tuple[Mark, int]:
        """Return the mark and the number of items of a position.

        Raises:
            PositionError: it is none, or one of another form of file.
        """
        mark = None
        if isinstance(position, dict) and position.get("version") == _VERSION and type(position.get("items")) is int:
            try:
                mark = Mark(position.get("file", ""), position.get("bytes", -1), position.get("crc32", ""))
            except (TypeError, ValueError):
                mark = None
        if mark is None:
            raise PositionError(self.output, "the run to go on with had another output: name the same one")
        if position.get("form") != self._form():
            raise PositionError(
                self.output,
                f"it was begun as {position.get('form')} and cannot be gone on with as {self._form()}: "
                "format, compression, class and options must stay the same",
            )
        return mark, position["items"]

    def _park(self) -> None:
        self._drain()
        self._end_block()
        self._opened().close()

    def _finish(self) -> None:
        self._drain()
        draft = self._opened()
        if draft.size == 0 and self._block is None:
            self._append(b"")  # an empty file is no gzip or zstd file
        self._end_block()
        self._settle(draft)
        self._draft = None

    def _abandon(self, keep: bool) -> None:  # noqa: FBT001 - from a thread's arguments
        with self._guard, reported(self.output):
            draft, self._draft = self._draft, None
            self._waiting.clear()
            self._block = None
            if draft is not None:
                # What no position leads to, nobody could go on with.
                draft.close() if keep and self._is_promised else draft.discard()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.output!r})"


def wanting(page: Page, wants: Literal["raw", "items"]) -> Sequence[Any]:
    """Return what a sink wants of a page.

    Raises:
        ValueError: the page has the other alone.
    """
    wanted, other = (page.raw, page.items) if wants == "raw" else (page.items, page.raw)
    if other and not wanted:
        raise ValueError(f"the page has no {wants}, and the sink wants them")
    return wanted
