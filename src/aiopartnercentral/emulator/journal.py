"""The file that an emulator's state is kept in: lines that are only ever added."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from typing import TYPE_CHECKING

import attrs
from filelock import FileLock, Timeout

from aiopartnercentral.emulator.entries import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What was sent to the emulator is nobody else's business.
_MODE = 0o600
# How many bytes are read at once. A thread that reads more often than CPython's switch interval keeps the interpreter
# to itself: each read looks like a turn for the others, and is over before they wake.
_BLOCK = 1 << 20


@attrs.define(eq=False)
class Journal:
    """An open journal, which nobody else has open.

    What counts is whole lines: one that its writer could not end, because it was killed or the disk was full, is no
    part of the journal and is cut off by the next one that is added.

    Attributes:
        path: the file.
        cut_short: whether the last line could not be added, and none was since.
        rest: what stands behind the last whole line, after `lines` was read to its end.
    """

    path: Path
    _file: int
    _closing: ExitStack = attrs.field(repr=False)
    cut_short: bool = attrs.field(default=False, init=False)
    rest: bytes = attrs.field(default=b"", init=False, repr=False)
    _whole: int = attrs.field(default=0, init=False)

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Open a journal, or create an empty one; nothing is written yet.

        Raises:
            StateError: it is in use, no regular file, or cannot be opened.
        """
        with ExitStack() as stack:
            try:
                if path.exists() and not path.is_file():
                    raise StateError(f"{path} is no regular file")
                stack.callback(_locked(path).release)
                opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), _MODE)
            except OSError as error:
                raise StateError(f"{path} cannot be opened: {error.strerror}") from error
            stack.callback(os.close, opened)
            return cls(path, opened, stack.pop_all())

    @property
    def is_empty(self) -> bool:
        """Whether it has no whole line, after `lines` was read to its end."""
        return self._whole == 0

    def close(self) -> None:
        """Give the file up."""
        self._closing.close()

    def lines(self) -> Iterator[bytes]:
        """Yield the whole lines from the beginning on, and know then where they end.

        Raises:
            StateError: the file cannot be read.
        """
        self._whole, self.rest = 0, b""
        try:
            with open(self._file, "rb", buffering=_BLOCK, closefd=False) as reader:
                reader.seek(0)
                for line in reader:
                    if line.endswith(b"\n"):
                        self._whole += len(line)
                        yield line
                    else:
                        self.rest = line
        except OSError as error:
            raise StateError(f"{self.path} cannot be read: {error.strerror}") from error

    def protect(self) -> None:
        """Let nobody else read the file."""
        if stat.S_IMODE(os.fstat(self._file).st_mode) != _MODE:
            self.path.chmod(_MODE)

    def add(self, line: bytes) -> None:
        """Add a line: it outlives this process from now on, though not a failure of the machine.

        Raises:
            StateError: it cannot be written. The journal is what it was before.
        """
        try:
            self._cut()
            self.cut_short = True
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError as error:
            raise StateError(f"{self.path} cannot be written: {error.strerror}") from error
        self.cut_short = False
        self._whole += len(line)

    def _cut(self) -> None:
        """Take away what stands behind the last whole line."""
        if os.fstat(self._file).st_size > self._whole:
            os.ftruncate(self._file, self._whole)


def _locked(path: Path) -> FileLock:
    """Lock a file by another one beside it, by whatever name the file goes.

    Raises:
        StateError: it is locked.
        OSError: it cannot be.
    """
    if not path.parent.is_dir():
        # The lock would make it.
        raise StateError(f"{path} cannot be opened: its directory does not exist")
    lock = FileLock(f"{path.resolve()}.lock", timeout=0, thread_local=False)
    try:
        lock.acquire()
    except Timeout:
        raise StateError(f"{path} is in use by another emulator") from None
    return lock
