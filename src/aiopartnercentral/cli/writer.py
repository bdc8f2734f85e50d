"""Where the data goes: stdout or a file, written in order by a thread, so that a slow reader never stalls the loop.

A regular file appears whole or not at all: it is written beside its place and renamed at the end. Bytes go to the
descriptor itself, past Python's own buffers, so that nothing is left in them when a stuck write is given up.
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
from aiopartnercentral.cli.text import clean

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self

__all__ = ["STDOUT", "Outlet", "Target", "deliver", "is_replaceable", "write_once"]

STDOUT = "-"
# Enough for one write to be worth a thread's time; twice this may wait in memory.
_ENOUGH = 1 << 18


def is_replaceable(path: str | Path) -> bool:
    """Tell whether a path leads to a file, or to nothing yet, rather than to a device, a pipe or a folder.

    What cannot be looked at counts as nothing: whoever opens it is told why.
    """
    try:
        return Path(path).is_file() or not Path(path).exists()
    except OSError:
        return True


class Outlet:
    """Bytes in, in order, to a file descriptor; `pump` must run in a task meanwhile."""

    def __init__(self, fd: int) -> None:
        """Write to the descriptor, which stays its owner's."""
        self._fd = fd
        self._chunks: list[bytes] = []
        self._size = 0
        self._filled = anyio.Event()
        self._taken = anyio.Event()
        self._ending = False
        self.error: OSError | None = None

    async def write(self, data: bytes) -> None:
        """Take the data; waits only while much is waiting already, and cancelling that wait loses nothing."""
        self._chunks.append(data)
        self._size += len(data)
        self._filled.set()
        while self._size >= _ENOUGH:
            await self._taken.wait()

    def end(self) -> None:
        """Let `pump` return once everything is written."""
        self._ending = True
        self._filled.set()

    async def pump(self, scope: anyio.CancelScope) -> None:
        """Write what comes, as soon as it comes, until the end; cancelling it may leave a piece half written.

        Arguments:
            scope: is cancelled when nothing can be written any more; `error` then says why.
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
                # Somebody who shares the terminal or pipe has made it non-blocking.
                select.select([], [self._fd], [])


async def deliver(target: Target, work: Callable[[Outlet], Awaitable[None]]) -> None:
    """Let the work write, and write it to the end; cancelling it may leave a piece half written.

    Arguments:
        target: where to.
        work: writes to the outlet that it is given; it is cancelled when nothing can be written any more.

    Raises:
        CommandError: it cannot be written.
    """
    outlet = Outlet(target.fd)
    async with anyio.create_task_group() as group:
        group.start_soon(outlet.pump, group.cancel_scope)
        await work(outlet)
        outlet.end()
    if outlet.error is not None:
        raise target.failure(outlet.error)


async def write_once(target: Target, data: bytes) -> None:
    """Write the data to the end; see `deliver`."""
    await deliver(target, lambda outlet: outlet.write(data))


@attrs.define
class Target:
    """An open place for the data. Leaving its block without `keep` leaves an earlier file as it was.

    Attributes:
        name: what to call it in a message.
        fd: where to write.
    """

    name: str
    fd: int
    _is_owned: bool = attrs.field(default=False, alias="is_owned")
    _place: Path | None = attrs.field(default=None, alias="place")
    _draft: Path | None = attrs.field(default=None, alias="draft")

    @classmethod
    async def open(cls, output: str) -> Self:
        """Open stdout for `-`, otherwise the file; cancelling it leaves nothing behind.

        Raises:
            CommandError: it cannot be written.
        """
        if output == STDOUT:
            if sys.stdout is None:
                raise CommandError("standard output is closed: name a file")
            return cls("standard output", sys.stdout.fileno())
        try:
            regular = cls._open_regular(output)
            if regular is not None:
                return regular
            # A device or a named pipe is no file to be replaced. Opening a pipe waits for its reader, hence the thread.
            fd = await anyio.to_thread.run_sync(os.open, output, os.O_WRONLY, abandon_on_cancel=True)
        except (OSError, ValueError) as error:
            raise CommandError(f"cannot write {clean(output)}: {_reason(error)}") from error
        return cls(clean(output), fd, is_owned=True)

    @classmethod
    def _open_regular(cls, output: str) -> Self | None:
        # Asked before links are resolved: a pipe of the shell's is a link to what has no name of its own.
        if not is_replaceable(output):
            return None
        # A link stays a link: what it leads to is replaced.
        place = Path(os.path.realpath(output))
        if place.exists() and not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        draft = place.parent / f".aiopartnercentral-{secrets.token_hex(8)}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        return cls(clean(output), os.open(draft, flags, 0o666), is_owned=True, place=place, draft=draft)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_owned:
            self._is_owned = False
            os.close(self.fd)
        if self._draft is not None:
            self._draft.unlink(missing_ok=True)
            self._draft = None

    async def keep(self) -> None:
        """Put what was written in its place; cancelling it does not interrupt it half way.

        Raises:
            CommandError: it cannot be done, and an earlier file is left as it was.
        """
        if self._draft is None or self._place is None:
            return
        try:
            await anyio.to_thread.run_sync(self._settle, self._draft, self._place)
        except OSError as error:
            raise self.failure(error) from error
        self._draft = None

    def _settle(self, draft: Path, place: Path) -> None:
        if place.exists():
            shutil.copymode(place, draft)
        os.fsync(self.fd)
        self._is_owned = False
        os.close(self.fd)
        draft.replace(place)

    def failure(self, error: OSError) -> CommandError:
        """Return what to raise when writing has failed; a reader that has gone wants no message."""
        if error.errno in (errno.EPIPE, errno.ECONNRESET):
            return CommandError(exit_code=PIPE_CLOSED)
        return CommandError(f"cannot write {self.name}: {_reason(error)}")


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "its directory does not exist"
    return error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
