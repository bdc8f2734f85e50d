"""Writes the data to stdout or a file, in order and in a thread, so that a slow reader never blocks the event loop.

A regular file is written atomically: as a partial file that is renamed at the end. Bytes are written to the file
descriptor without Python's buffers, so that no data is left in them when a stuck write is abandoned.
"""

from __future__ import annotations

import errno
import os
import select
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import attrs

from aiopartnercentral._utils.atomic_files import LOGGER, make_directory
from aiopartnercentral._utils.paths import descriptor_of, is_directory
from aiopartnercentral._utils.text import clean
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.cli.runner import PIPE_CLOSED, CommandError
from aiopartnercentral.cli.terminal import STDOUT
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks.file_object import Remote
from aiopartnercentral.sinks.partial_file import PartialFile, os_errors_as_sink_errors
from aiopartnercentral.sinks.path_template import PathTemplate, is_url, literal

if TYPE_CHECKING:
    import logging
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from typing import Self

    from aiopartnercentral.sinks import S3Options

__all__ = [
    "STDOUT",
    "Target",
    "Writer",
    "create_directories",
    "deliver",
    "is_replaceable",
    "warnings_of_files",
    "write_once",
]

# Bytes of one write, so that it is worth a switch to a thread; at most twice as many wait in memory.
_ENOUGH = 1 << 18


def is_replaceable(path: str | Path) -> bool:
    """Return whether a path is a file or does not exist yet, rather than a device, a pipe or a directory.

    The path of a file descriptor, such as /dev/fd/3, is not replaceable, even if a file is open there. A path that
    cannot be examined counts as one that does not exist; opening it then raises the error.
    """
    if descriptor_of(path) is not None:
        return False
    try:
        return Path(path).is_file() or not Path(path).exists()
    except OSError:
        return True


def create_directories(template: str, path: str) -> None:
    """Create the directory of a path, if it contains the `{date}` of its template; the directory before must exist.

    Raises:
        OSError: it cannot be created.
    """
    parsed = PathTemplate.parse(template)
    if "date" in parsed.fields and is_directory(parsed.directory):
        make_directory(Path(path).parent)


class Writer:
    """Writes bytes in order to a file descriptor, while its `pump` runs in another task."""

    def __init__(self, fd: int) -> None:
        """Write to the descriptor, which is not closed."""
        self._fd = fd
        self._chunks: list[bytes] = []
        self._size = 0
        self._filled = anyio.Event()
        self._taken = anyio.Event()
        self._ending = False
        self.error: OSError | None = None

    async def write(self, data: bytes) -> None:
        """Queue the data; waits while the queue is full, and a cancelled wait loses no data."""
        self._chunks.append(data)
        self._size += len(data)
        self._filled.set()
        while self._size >= _ENOUGH:
            await self._taken.wait()

    def end(self) -> None:
        """Make `pump` return once everything is written."""
        self._ending = True
        self._filled.set()

    async def pump(self, scope: anyio.CancelScope) -> None:
        """Write queued data until `end`; a cancellation may leave data partly written.

        Arguments:
            scope: cancelled when a write fails; `error` is then the reason.
        """
        try:
            while not self._ending or self._chunks:
                await self._filled.wait()
                data = b"".join(self._chunks)
                self._chunks.clear()
                self._size = 0
                self._filled, taken, self._taken = anyio.Event(), self._taken, anyio.Event()
                taken.set()
                await anyio.to_thread.run_sync(self._write_all, data, abandon_on_cancel=True)
        except OSError as error:
            self.error = error
            scope.cancel()

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._fd, rest) :]
            except BlockingIOError:
                # Another process may make a shared terminal or pipe non-blocking.
                select.select([], [self._fd], [])


async def deliver(target: Target, work: Callable[[Writer], Awaitable[None]]) -> None:
    """Write the output of the work; a cancellation may leave data partly written.

    Arguments:
        target: the file or stdout.
        work: called with the writer to use; cancelled when a write fails.

    Raises:
        CommandError: the target cannot be written.
    """
    writer = Writer(target.fd)
    async with anyio.create_task_group() as group:
        group.start_soon(writer.pump, group.cancel_scope)
        await work(writer)
        writer.end()
    if writer.error is not None:
        raise target.failure(writer.error)


async def write_once(target: Target, data: bytes) -> None:
    """Write the data; see `deliver`."""
    await deliver(target, lambda writer: writer.write(data))


@attrs.define
class Target:
    """An open file or stdout. If its block is left without `keep`, an earlier file is unchanged.

    Attributes:
        name: its name in messages.
        fd: its file descriptor.
    """

    name: str
    fd: int
    _is_owned: bool = attrs.field(default=False, alias="is_owned")
    _file: PartialFile | None = attrs.field(default=None, alias="file")
    _remote: Remote | None = attrs.field(default=None, alias="remote")

    @classmethod
    async def open(
        cls, output: str, *, template: str | None = None, s3: S3Options | None = None, spool: Path | None = None
    ) -> Self:
        """Open stdout for `-`, otherwise the file, or the spool file of a URL; a cancellation leaves no file behind.

        Arguments:
            output: its path.
            template: the option that gave the path; see `create_directories`.
            s3: the options of a URL.
            spool: the spool directory of a URL, or None.

        Raises:
            CommandError: the target cannot be written.
        """
        if output == STDOUT:
            if sys.stdout is None:
                raise CommandError("standard output is closed: name a file")
            return cls("standard output", sys.stdout.fileno())
        try:
            if is_url(output):
                return await cls._open_remote(Remote.object_storage(literal(output), s3, spool))
            with os_errors_as_sink_errors(output):
                # Checked before links are resolved, as a shell's pipe is a link to something without a path.
                if is_replaceable(output):
                    if template is not None:
                        await run_to_completion(partial(create_directories, template, output))
                    file = await run_to_completion(partial(PartialFile.create, output), undo=PartialFile.abort)
                    return cls(clean(output), file.fileno(), file=file)
                if (descriptor := descriptor_of(output)) is not None:
                    _check_open(descriptor)
                    return cls(clean(output), descriptor)
                # A device or named pipe is written in place. Opening a pipe waits for its reader, hence the thread.
                fd = await anyio.to_thread.run_sync(os.open, output, os.O_WRONLY, abandon_on_cancel=True)
        except SinkError as error:
            raise _failure(clean(output), error.reason) from error
        return cls(clean(output), fd, is_owned=True)

    @classmethod
    async def _open_remote(cls, remote: Remote) -> Self:
        """Open the spool file of an output, once it is known that it can be delivered.

        Raises:
            SinkError: it cannot be opened or delivered.
        """
        spool, path = remote.spool, remote.spool_path.format()
        await run_to_completion(partial(spool.acquire, str(Path(path).parent)), undo=lambda _: spool.release())
        try:
            with spool.errors_of_output(), os_errors_as_sink_errors(path):
                await remote.destination.check(spool)
                file = await run_to_completion(partial(PartialFile.create, path), undo=PartialFile.abort)
        except BaseException:
            spool.remove([])
            spool.release()
            raise
        return cls(clean(remote.output), file.fileno(), file=file, remote=remote)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_owned:
            os.close(self.fd)
        if self._file is not None:
            self._file.abort()
        if self._remote is not None:
            self._remote.spool.remove([self._remote.spool_path.format()])
            self._remote.spool.release()

    async def keep(self) -> None:
        """Move the file to its final path, or deliver it; only the latter is interrupted by a cancellation.

        Raises:
            CommandError: that failed; an earlier file is unchanged.
        """
        if self._file is None:
            return
        path = self._file.target
        try:
            await run_to_completion(self._file.commit)
            self._file = None
            if self._remote is not None:
                spool = self._remote.spool
                await self._remote.destination.deliver(spool, {spool.key(str(path)): path}, None)
        except OSError as error:
            raise self.failure(error) from error
        except SinkError as error:
            raise _failure(self.name, error.reason) from error

    def failure(self, error: OSError) -> CommandError:
        """Return the error for a failed write, without a message if the reader has closed the pipe."""
        if error.errno in (errno.EPIPE, errno.ECONNRESET):
            return CommandError(exit_code=PIPE_CLOSED)
        return _failure(self.name, error.strerror or type(error).__name__)


@contextmanager
def warnings_of_files() -> Iterator[Sequence[str]]:
    """Gather what is logged about the files, to say it when no progress is shown any more."""
    lines: list[str] = []

    def gather(record: logging.LogRecord) -> bool:
        lines.append(record.getMessage())
        return False

    LOGGER.addFilter(gather)
    try:
        yield lines
    finally:
        LOGGER.removeFilter(gather)


def _check_open(descriptor: int) -> None:
    """Refuse a file descriptor that this process was not started with, or that cannot be written.

    Raises:
        OSError: it is one.
    """
    if not os.get_inheritable(descriptor):  # it is of this process itself
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    os.write(descriptor, b"")


def _failure(name: str, reason: str) -> CommandError:
    return CommandError(f"cannot write {name}: {reason}")
