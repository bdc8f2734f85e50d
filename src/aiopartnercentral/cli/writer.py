"""Writes the data to stdout or a file, in order and in a thread, so that a slow reader never blocks the event loop.

A regular file is written atomically: as a temporary file that is renamed at the end. Bytes are written to the file
descriptor without Python's buffers, so that no data is left in them when a stuck write is abandoned.
"""

from __future__ import annotations

import errno
import os
import secrets
import select
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import attrs

from aiopartnercentral.cli.runner import PIPE_CLOSED, CommandError
from aiopartnercentral.cli.terminal import clean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self

__all__ = ["STDOUT", "Target", "Writer", "deliver", "is_replaceable", "write_once"]

STDOUT = "-"
# Bytes of one write, so that it is worth a switch to a thread; at most twice as many wait in memory.
_ENOUGH = 1 << 18


def is_replaceable(path: str | Path) -> bool:
    """Return whether a path is a file or does not exist yet, rather than a device, a pipe or a directory.

    A path that cannot be examined counts as one that does not exist; opening it then raises the error.
    """
    try:
        return Path(path).is_file() or not Path(path).exists()
    except OSError:
        return True


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
    _path: Path | None = attrs.field(default=None, alias="path")
    _partial: Path | None = attrs.field(default=None, alias="partial")

    @classmethod
    async def open(cls, output: str) -> Self:
        """Open stdout for `-`, otherwise the file; a cancellation leaves no file behind.

        Raises:
            CommandError: the target cannot be written.
        """
        if output == STDOUT:
            if sys.stdout is None:
                raise CommandError("standard output is closed: name a file")
            return cls("standard output", sys.stdout.fileno())
        try:
            regular = cls._open_regular(output)
            if regular is not None:
                return regular
            # A device or named pipe is written in place. Opening a pipe waits for its reader, hence the thread.
            fd = await anyio.to_thread.run_sync(os.open, output, os.O_WRONLY, abandon_on_cancel=True)
        except (OSError, ValueError) as error:
            raise CommandError(f"cannot write {clean(output)}: {_reason(error)}") from error
        return cls(clean(output), fd, is_owned=True)

    @classmethod
    def _open_regular(cls, output: str) -> Self | None:
        # Checked before links are resolved, as a shell's pipe is a link to something without a path.
        if not is_replaceable(output):
            return None
        # A link is kept, and the file that it points to is replaced.
        path = Path(os.path.realpath(output))
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        partial = path.parent / f".aiopartnercentral-{secrets.token_hex(8)}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        return cls(clean(output), os.open(partial, flags, 0o666), is_owned=True, path=path, partial=partial)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_owned:
            self._is_owned = False
            os.close(self.fd)
        if self._partial is not None:
            self._partial.unlink(missing_ok=True)
            self._partial = None

    async def keep(self) -> None:
        """Move the file to its final path; a cancellation does not interrupt this halfway.

        Raises:
            CommandError: that failed; an earlier file is unchanged.
        """
        if self._partial is None or self._path is None:
            return
        try:
            await anyio.to_thread.run_sync(self._settle, self._partial, self._path)
        except OSError as error:
            raise self.failure(error) from error
        self._partial = None

    def _settle(self, partial: Path, path: Path) -> None:
        if path.exists():
            shutil.copymode(path, partial)
        os.fsync(self.fd)
        self._is_owned = False
        os.close(self.fd)
        partial.replace(path)

    def failure(self, error: OSError) -> CommandError:
        """Return the error for a failed write, without a message if the reader has closed the pipe."""
        if error.errno in (errno.EPIPE, errno.ECONNRESET):
            return CommandError(exit_code=PIPE_CLOSED)
        return CommandError(f"cannot write {self.name}: {_reason(error)}")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "its directory does not exist"
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
