"""The state file: checksummed lines that are only ever appended."""

from __future__ import annotations

import os
import stat
import zlib
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral._utils.file_lock import acquire_lock, release_lock
from aiopartnercentral.emulator.persistence.records import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The requests in the file are private.
_MODE = 0o600
# How many bytes are read at once. If a thread reads more often than CPython's switch interval, other threads never run:
# each read releases the interpreter, but ends before another thread wakes up.
_BLOCK = 1 << 20
_CHECKSUM = b',"crc32":"'


@attrs.define(eq=False)
class StateLog:
    """An open and locked state file.

    Only complete lines count. A line that its writer could not finish, because it was killed or the disk was full, is
    not part of the log; the next append removes it. Each line is a JSON object, and its last member is the checksum of
    all objects up to and including it.

    Attributes:
        path: the file.
        is_truncated: whether the last append failed.
        incomplete_line: the bytes after the last complete line, once `payloads` was read to its end.
    """

    path: Path
    _file: int
    _closing: ExitStack = attrs.field(repr=False)
    is_truncated: bool = attrs.field(default=False, init=False)
    incomplete_line: bytes = attrs.field(default=b"", init=False, repr=False)
    _end: int = attrs.field(default=0, init=False)
    _checksum: int = attrs.field(default=0, init=False)

    @classmethod
    def open(cls, path: Path) -> StateLog:
        """Open and lock a state file, or create an empty one; nothing is written yet.

        Raises:
            StateError: the file is in use, is not a regular file, or cannot be opened.
        """
        with ExitStack() as stack:
            try:
                if path.exists() and not path.is_file():
                    raise StateError(f"{path} is not a regular file")
                stack.callback(release_lock, acquire_lock(path))
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
        """Whether there is no complete line, once `payloads` was read to its end."""
        return self._end == 0

    def close(self) -> None:
        """Close and unlock the file."""
        self._closing.close()

    def payloads(self) -> Iterator[tuple[bytes, bool]]:
        """Yield the object of each complete line, and whether the file is intact up to there.

        Appending works only after this was read to its end, which finds the end of the log.

        Raises:
            StateError: the file cannot be read.
        """
        self._end, self._checksum, self.incomplete_line = 0, 0, b""
        try:
            with open(self._file, "rb", buffering=_BLOCK, closefd=False) as reader:
                reader.seek(0)
                for line in reader:
                    payload = _payload(line)
                    expected, checksum = _with_checksum(payload, self._checksum)
                    if line.endswith(b"\n"):
                        self._end, self._checksum = self._end + len(line), checksum
                        yield payload, line == expected
                    elif line[:-1] == expected[:-1]:
                        # Not an interrupted write, which would be shorter: the line's last byte was changed.
                        yield payload, False
                    else:
                        self.incomplete_line = line
        except OSError as error:
            raise StateError(f"{self.path} cannot be read: {error.strerror}") from error

    def protect(self) -> None:
        """Let only the file's owner read it."""
        if stat.S_IMODE(os.fstat(self._file).st_mode) != _MODE:
            self.path.chmod(_MODE)

    def may_begin_with(self, payload: bytes) -> bool:
        """Return whether the incomplete line may be the beginning of a first line with this object."""
        return _with_checksum(payload, 0)[0].startswith(self.incomplete_line)

    def append(self, *payloads: bytes) -> None:
        """Append some lines. They survive the end of this process from now on, but not a power failure.

        Arguments:
            payloads: for each line a JSON object with at least one member, without spaces.

        Raises:
            StateError: the file cannot be written; the log is unchanged.
        """
        lines, checksum = b"", self._checksum
        for payload in payloads:
            line, checksum = _with_checksum(payload, checksum)
            lines += line
        try:
            self._remove_incomplete_lines()
            self.is_truncated = True
            written = 0
            while written < len(lines):
                written += os.write(self._file, lines[written:])
        except OSError as error:
            with suppress(OSError):  # the next append tries again
                self._remove_incomplete_lines()
            raise StateError(f"{self.path} cannot be written: {error.strerror}") from error
        self.is_truncated = False
        self._end, self._checksum = self._end + len(lines), checksum

    def _remove_incomplete_lines(self) -> None:
        if os.fstat(self._file).st_size > self._end:
            os.ftruncate(self._file, self._end)


def _with_checksum(payload: bytes, before: int) -> tuple[bytes, int]:
    """Return the line of an object, and the checksum up to it, from the checksum before it."""
    checksum = zlib.crc32(payload, before)
    return b'%b%b%08x"}\n' % (payload[:-1], _CHECKSUM, checksum), checksum


def _payload(line: bytes) -> bytes:
    """Return the object of a line without its checksum; the line itself if it has none."""
    payload, found, _ = line.rpartition(_CHECKSUM)
    return payload + b"}" if found else line
