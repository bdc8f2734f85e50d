"""The file that an emulator's state is kept in: lines that are only ever added."""

from __future__ import annotations

import os
import stat
import zlib
from contextlib import ExitStack
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral._utils.file_lock import acquire_lock
from aiopartnercentral.emulator.persistence.records import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# What was sent to the emulator is nobody else's business.
_MODE = 0o600
# How many bytes are read at once. A thread that reads more often than CPython's switch interval keeps the interpreter
# to itself: each read looks like a turn for the others, and is over before they wake.
_BLOCK = 1 << 20
_SUM = b',"sum":"'


@attrs.define(eq=False)
class Journal:
    """An open journal, which nobody else has open.

    What counts is whole lines: one that its writer could not end, because it was killed or the disk was full, is no
    part of the journal and is cut off by the next one that is added. Each line is a JSON object, and the last of its
    members is the checksum of all objects up to it.

    Attributes:
        path: the file.
        cut_short: whether the last line could not be added, and none was since.
        rest: what stands behind the last whole line, after `objects` was read to its end.
    """

    path: Path
    _file: int
    _closing: ExitStack = attrs.field(repr=False)
    cut_short: bool = attrs.field(default=False, init=False)
    rest: bytes = attrs.field(default=b"", init=False, repr=False)
    _whole: int = attrs.field(default=0, init=False)
    _sum: int = attrs.field(default=0, init=False)

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
                stack.callback(acquire_lock(path).release)
                opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), _MODE)
            except BlockingIOError:
                raise StateError(f"{path} is in use by another emulator") from None
            except FileNotFoundError:
                raise StateError(f"{path} cannot be opened: its directory does not exist") from None
            except OSError as error:
                raise StateError(f"{path} cannot be opened: {error.strerror}") from error
            stack.callback(os.close, opened)
            return cls(path, opened, stack.pop_all())

    @property
    def is_empty(self) -> bool:
        """Whether it has no whole line, after `objects` was read to its end."""
        return self._whole == 0

    def close(self) -> None:
        """Give the file up."""
        self._closing.close()

    def objects(self) -> Iterator[tuple[bytes, bool]]:
        """Yield what the whole lines say from the beginning on, and whether it is as it was added up to there.

        Read to its end, the journal knows where that is.

        Raises:
            StateError: the file cannot be read.
        """
        self._whole, self._sum, self.rest = 0, 0, b""
        try:
            with open(self._file, "rb", buffering=_BLOCK, closefd=False) as reader:
                reader.seek(0)
                for line in reader:
                    said = _said(line)
                    right, total = _summed(said, self._sum)
                    if line.endswith(b"\n"):
                        self._whole, self._sum = self._whole + len(line), total
                        yield said, line == right
                    elif line[:-1] == right[:-1]:
                        # A writer that is stopped leaves less than this: the line's end has become something else.
                        yield said, False
                    else:
                        self.rest = line
        except OSError as error:
            raise StateError(f"{self.path} cannot be read: {error.strerror}") from error

    def protect(self) -> None:
        """Let nobody else read the file."""
        if stat.S_IMODE(os.fstat(self._file).st_mode) != _MODE:
            self.path.chmod(_MODE)

    def begins_with(self, said: bytes) -> bool:
        """Tell whether what stands behind the last whole line may be the beginning of a first line that says this."""
        return _summed(said, 0)[0].startswith(self.rest)

    def add(self, said: bytes) -> None:
        """Add a line: it outlives this process from now on, though not a failure of the machine.

        Arguments:
            said: a JSON object with a member, without spaces.

        Raises:
            StateError: it cannot be written. The journal is what it was before.
        """
        line, total = _summed(said, self._sum)
        try:
            self._cut()
            self.cut_short = True
            written = 0
            while written < len(line):
                written += os.write(self._file, line[written:])
        except OSError as error:
            raise StateError(f"{self.path} cannot be written: {error.strerror}") from error
        self.cut_short = False
        self._whole, self._sum = self._whole + len(line), total

    def _cut(self) -> None:
        """Take away what stands behind the last whole line."""
        if os.fstat(self._file).st_size > self._whole:
            os.ftruncate(self._file, self._whole)


def _summed(said: bytes, before: int) -> tuple[bytes, int]:
    """Return the line that says something after a checksum, and the checksum after it."""
    total = zlib.crc32(said, before)
    return b'%b%b%08x"}\n' % (said[:-1], _SUM, total), total


def _said(line: bytes) -> bytes:
    """Return what a line says beside its checksum; all of it if there is none."""
    said, mark, _ = line.rpartition(_SUM)
    return said + b"}" if mark else line
