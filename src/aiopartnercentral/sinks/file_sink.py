"""The base of the file sinks: buffers pages, writes them in a thread, and tracks the position."""

from __future__ import annotations

import abc
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import anyio
import anyio.lowlevel

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.paths import real_path
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.errors import PositionError, SinkError
from aiopartnercentral.sinks.base import MISMATCHES, mismatch_text
from aiopartnercentral.sinks.compression import compressor_factory, decompressed
from aiopartnercentral.sinks.left_over import describe_change
from aiopartnercentral.sinks.partial_file import (
    FilePosition,
    LostPartialFileError,
    PartialFile,
    os_errors_as_sink_errors,
    other_output,
)
from aiopartnercentral.sinks.path_template import path_text
from aiopartnercentral.sinks.schema import class_mismatch

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from aiopartnercentral.sinks.base import Page
    from aiopartnercentral.sinks.compression import Compressor
    from aiopartnercentral.types import JsonValue

__all__ = ["MAX_BYTES", "MAX_ROWS", "FileSink"]

T = TypeVar("T")

MAX_ROWS = 1000
MAX_BYTES = 1 << 20
_HEADER_BYTES = 1 << 18  # of a file, in which its header ends
_POSITION_VERSION = 2
_POSITION_KEYS = {"version", "format", "output", "file", "bytes", "crc32", "items"}


class FileSink(abc.ABC):
    """A sink that writes one file.

    Pages are buffered until they have `max_rows` items or `max_bytes` of JSON, and then written in a thread. A call
    returns only when its thread has finished, even if it is cancelled, so the thread has the state to itself.

    Attributes:
        output: the file's path.
        cls: the class of the items; None if the sink writes any.
        max_rows: how many items are buffered before they are written.
        max_bytes: how many bytes are buffered, if the size of the items is known.
        format_id: the format and the options that change a file's content; a file is only resumed by a sink of the
            same one. Each subclass sets it.
    """

    cls: Any = None
    format_id: str

    def __init__(
        self,
        output: str | os.PathLike[str],
        *,
        compression: str | None = None,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Configure the sink; nothing is created before `open`.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: the compression is unknown, or a maximum is below 1.
            ImportError: the compression's package is not installed.
        """
        self.output: str = path_text("output", output)
        self.max_rows: int = validators.count("max_rows", max_rows)
        self.max_bytes: int = validators.count("max_bytes", max_bytes)
        self._compression = compression
        self._new_block = compressor_factory(compression)
        self._file: PartialFile | None = None
        self._forget()
        self._guard = threading.Lock()
        self._limiter = anyio.CapacityLimiter(1)

    def _forget(self) -> None:
        """Forget an earlier run."""
        self._block: Compressor | None = None
        self._buffer: list[Page] = []
        self._buffered_rows = 0
        self._buffered_bytes = 0
        self._items = 0
        self._can_resume = False
        self._failure: SinkError | None = None

    # Each format overrides these.

    @property
    @abc.abstractmethod
    def wants(self) -> Literal["raw", "items"]:
        """The attribute of a page that the sink writes."""

    @abc.abstractmethod
    def _encode(self, pages: Sequence[Page]) -> Iterator[bytes]:
        """Yield the pages as the file has them, in chunks of bounded size.

        Raises:
            TypeError, ValueError, AttributeError: an item does not match its class.
        """

    def _byte_size(self, items: Sequence[Any]) -> int:
        """Return how many bytes a page's items count for in the buffer; 0 if that is unknown.

        Raises:
            ValueError: the items cannot be written.
        """
        del items
        return 0

    def header(self) -> bytes:
        """Return the beginning of the file."""
        return b""

    def _commit_file(self, file: PartialFile) -> None:
        """Turn the partial file into the output.

        Raises:
            SinkError, OSError: that failed.
        """
        file.commit()

    def _restore_file(self, file: PartialFile, position: FilePosition, items: int) -> bool:
        """Rebuild the partial file from the committed output; return False if that is another output.

        Raises:
            SinkError, OSError: that failed.
        """
        del items
        return file.restore_from_target(position)

    def _columns_in(self, header: bytes) -> Mapping[str, object]:
        """Return the columns and their types, by the beginning of a file; empty for a format without columns.

        Raises:
            Exception: it is not the beginning of such a file.
        """
        del header
        return {}

    def _columns_of(self, path: Path) -> Mapping[str, object]:
        """Return the columns of a file, partial or committed, and their types.

        Raises:
            Exception: it cannot be read, or is not of this format.
        """
        with path.open("rb") as file:
            return self._columns_in(decompressed(file.read(_HEADER_BYTES), self._compression))

    def encode(self, pages: Sequence[Page]) -> Iterator[bytes]:
        """Yield the pages as the file has them after its header, in chunks of bounded size.

        Raises:
            SinkError: an item does not match its class.
        """
        problem = None
        try:
            yield from self._encode(pages)
        except MISMATCHES as error:
            problem = mismatch_text(error)
        if problem is not None:  # raised outside of the handler, since the messages of such errors quote values
            operations = ", ".join(sorted({page.operation for page in pages}))
            raise SinkError(self.output, f"an item of {operations} does not match its class ({problem})")

    def check_classes(self, classes: Mapping[str, Any]) -> None:
        """Check whether the items of listings can be written; see `Sink`.

        Raises:
            TypeError: those of a listing are of another class.
        """
        for listing, found in classes.items() if self.cls is not None else ():
            mismatch = class_mismatch(self.cls, found)
            if mismatch is not None:
                raise TypeError(
                    f"the sink cannot write the items of {listing}: {mismatch}; cls=collection.item_classes has the "
                    "class for each listing"
                )

    def paths(self, pages: Iterable[Page]) -> Sequence[str]:
        """Return the paths of the files that pages would be written to."""
        del pages
        return [self.output]

    # The sink's methods, in the event loop.

    async def open(self, position: JsonValue | None = None, *, run_id: str | None = None) -> None:
        """Start a new file, or resume one; see `Sink.open`."""
        if self._file is None:
            self._forget()
        await self._run(partial(self._open, position, run_id))

    async def write(self, page: Page) -> None:
        """Write a page; see `Sink.write`."""
        items, other = (page.raw, page.items) if self.wants == "raw" else (page.items, page.raw)
        if other and not items:
            raise ValueError(f"the page has no {self.wants}, which this sink wants")
        size = self._byte_size(items)
        self._check_open()
        await anyio.lowlevel.checkpoint()
        self._buffer.append(page)
        self._buffered_rows += len(items)
        self._buffered_bytes += size
        if self._buffered_rows >= self.max_rows or self._buffered_bytes >= self.max_bytes:
            await self._run(self._write_buffer)

    async def flush(self) -> JsonValue:
        """Write the buffer, and return the position after it; see `Sink.flush`."""
        self._check_open()
        return await self._run(self._flush)

    async def commit(self) -> None:
        """Complete the file and move it to its final path; see `Sink.commit`."""
        self._check_open()
        await self._run(self._commit)

    async def suspend(self) -> None:
        """Write the buffer and close the file until the next write, so that fewer files are open.

        Raises:
            SinkError: as for `write`.
        """
        self._check_open()
        await self._run(self._suspend)

    async def abort(self, *, keep: bool) -> None:
        """Close the file; see `Sink.abort`."""
        await run_to_completion(partial(self._abort, keep), limiter=self._limiter)

    def _check_open(self) -> None:
        if self._failure is not None:
            raise SinkError(*self._failure.args)
        if self._file is None:
            raise RuntimeError("the sink is not open")

    async def _run(self, function: Callable[[], T]) -> T:
        await anyio.lowlevel.checkpoint_if_cancelled()
        return await run_to_completion(partial(self._run_guarded, function), limiter=self._limiter)

    # In the thread.

    def _run_guarded(self, function: Callable[[], T]) -> T:
        with self._guard:
            if self._failure is not None:
                raise SinkError(*self._failure.args)
            try:
                with os_errors_as_sink_errors(self.output):
                    return function()
            except SinkError as error:
                self._failure = error
                raise
            except BaseException:
                self._failure = SinkError(self.output, "an earlier call failed")
                raise

    @property
    def _opened(self) -> PartialFile:
        if self._file is None:
            raise RuntimeError("the sink is not open")
        return self._file

    def _open(self, position: JsonValue | None, run_id: str | None) -> None:
        if self._file is not None:
            raise RuntimeError("the sink is already open")
        if position is None:
            self._file = PartialFile.create(self.output, run_id)
            if header := self.header():
                self._append(header)
            return
        at, items = self._parse_position(position)
        file = PartialFile.at(self.output, at)
        try:
            try:
                file.resume(at)
            except LostPartialFileError:
                file.close()
                if not self._restore_file(file, at, items):
                    raise
        except BaseException:
            file.close()
            raise
        self._file, self._items, self._can_resume = file, items, True

    def _parse_position(self, position: JsonValue) -> tuple[FilePosition, int]:
        """Return the position in the file, and the number of items before it.

        Raises:
            PositionError: it is not a position of this output, or of a file with another format.
        """
        at = None
        with suppress(TypeError, ValueError, AttributeError, KeyError):
            is_ours = position["version"] == _POSITION_VERSION and position.keys() == _POSITION_KEYS
            if is_ours and type(position["items"]) is int:
                at = FilePosition(position["output"], position["file"], position["bytes"], position["crc32"])
        if at is None:
            raise other_output(self.output)
        if position.get("format") != self.format_id:
            own = self._columns_in(self.header())
            reason = describe_change(position.get("format"), self.format_id, self._written_columns(at), own)
            raise PositionError(self.output, reason)
        return at, position["items"]

    def _written_columns(self, at: FilePosition) -> Mapping[str, object] | None:
        """Return the columns of the partial file of a position, or of the output; None if they cannot be read."""
        target = Path(real_path(self.output))
        for path in (target.parent / at.name, target):
            with suppress(Exception):
                return self._columns_of(path)
        return None

    def _write_buffer(self) -> None:
        pages, rows = self._buffer, self._buffered_rows
        if not pages:
            return
        self._buffer, self._buffered_rows, self._buffered_bytes = [], 0, 0
        for data in self.encode(pages):
            self._append(data)
        self._items += rows

    def _append(self, data: bytes) -> None:
        if self._block is None:
            self._block = self._new_block()
        if compressed := self._block.compress(data):
            self._opened.append(compressed)

    def _end_block(self) -> None:
        if self._block is not None:
            rest, self._block = self._block.flush(), None
            if rest:
                self._opened.append(rest)

    def _flush(self) -> JsonValue:
        self._write_buffer()
        self._end_block()
        file = self._opened
        file.sync()
        self._can_resume = True
        return {
            "version": _POSITION_VERSION,
            "format": self.format_id,
            "output": file.output_name,
            "file": file.path.name,
            "bytes": file.size,
            "crc32": file.checksum,
            "items": self._items,
        }

    def _suspend(self) -> None:
        self._write_buffer()
        self._end_block()
        self._opened.close()

    def _commit(self) -> None:
        self._write_buffer()
        file = self._opened
        if file.size == 0 and self._block is None:
            self._append(b"")  # an empty file is not a valid gzip or zstd file
        self._end_block()
        self._commit_file(file)
        self._file = None

    def _abort(self, keep: bool) -> None:  # noqa: FBT001 - from a thread's arguments
        with self._guard, os_errors_as_sink_errors(self.output):
            file, self._file = self._file, None
            self._buffer.clear()
            self._block = None
            if file is not None:
                # Without a position, no later run could resume the file.
                file.close() if keep and self._can_resume else file.abort()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.output!r})"
