"""Partial files: unfinished outputs that are appended to, cut back to a position, and renamed when they are complete.

All functions here block, so they run in a thread. A partial file lies next to its output. Its name is random, or
derived from the run's id, so it is never mistaken for that of another run. Its length and checksum are tracked while
it is written, so a later process can verify that it resumes the same bytes.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import shutil
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import attrs

from aiopartnercentral.errors import PositionError, SinkError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CONVERTED",
    "FilePosition",
    "LostPartialFileError",
    "PartialFile",
    "create_file",
    "os_errors_as_sink_errors",
    "replace_file",
]

REBUILT, CONVERTED = ".rebuilt", ".converted"
"""The extensions of a partial file while it is rebuilt, and of the final file while it is made from the partial one."""

_NAME = re.compile(r"\.aiopartnercentral-[0-9a-f]{16}\.part")
_CHUNK_BYTES = 1 << 20
_FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)


class LostPartialFileError(PositionError):
    """The partial file is missing, too short or was changed."""


@attrs.frozen
class FilePosition:
    """A position in a partial file.

    Attributes:
        name: the partial file's name.
        size: how many bytes precede the position.
        checksum: CRC-32 of these bytes.
    """

    name: str = attrs.field(validator=attrs.validators.matches_re(_NAME))
    size: int = attrs.field(validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])
    checksum: int = attrs.field(validator=attrs.validators.instance_of(int))


@contextmanager
def os_errors_as_sink_errors(output: str) -> Iterator[None]:
    """Raise a `SinkError` about the output for each `OSError` of the `with` block.

    Raises:
        SinkError: instead of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        no_directory = isinstance(error, FileNotFoundError) and not Path(os.path.realpath(output)).parent.exists()
        reason = error.strerror or str(error) or type(error).__name__
        raise SinkError(output, "its directory does not exist" if no_directory else reason) from error


def create_file(path: Path, target: Path) -> int:
    """Create a file that will replace the target, and return its descriptor; it has the target's permissions.

    A file that exists already is opened and not truncated, since another process may be writing it.

    Raises:
        OSError: the file cannot be created.
    """
    replaces = target.exists()
    fd = os.open(path, _FLAGS | os.O_CREAT, 0o600 if replaces else 0o666)
    if replaces:
        with suppress(OSError):
            shutil.copymode(target, path)
    return fd


def replace_file(path: Path, target: Path, fd: int) -> None:
    """Sync a file to disk, close its descriptor, and rename it to the target.

    Raises:
        OSError: that failed, and the target is unchanged.
    """
    try:
        if target.exists():
            shutil.copymode(target, path)
        os.fsync(fd)
    finally:
        os.close(fd)
    path.replace(target)
    # The rename is in the directory, which is synced separately; some file systems cannot.
    with suppress(OSError):
        directory = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


@attrs.define
class PartialFile:
    """The unfinished form of one output.

    Attributes:
        output: the output's path as the caller gave it.
        target: the real path that the output is renamed to; a link is kept, and the file that it points to replaced.
        path: the partial file's path.
        size: its size in bytes.
        checksum: the CRC-32 of these bytes.
    """

    output: str
    target: Path
    path: Path
    size: int = 0
    checksum: int = 0
    _fd: int | None = None

    @classmethod
    def create(cls, output: str, run_id: str | None = None) -> Self:
        """Create an empty partial file for an output, whose name is derived from the run's id, or random without one.

        Raises:
            SinkError, OSError: the file cannot be created.
        """
        target = _writable_target(output)
        seed = os.fsencode(f"{run_id or secrets.token_hex()} {target}")
        name = hashlib.blake2b(seed, digest_size=8).hexdigest()
        self = cls(output, target, target.parent / f".aiopartnercentral-{name}.part")
        self._fd = create_file(self.path, target)
        self._lock()
        os.ftruncate(self._fd, 0)
        return self

    @classmethod
    def named(cls, output: str, name: str) -> Self:
        """Return the closed partial file of this name, which need not exist.

        Raises:
            SinkError, OSError: the output cannot be written.
        """
        target = _writable_target(output)
        return cls(output, target, target.parent / name)

    def resume(self, position: FilePosition) -> None:
        """Open the file and drop what follows the position.

        Raises:
            LostPartialFileError: the file is missing, too short or was changed.
            SinkError: another process is writing it.
            OSError: the system refuses.
        """
        if not self.path.exists():
            raise self._lost("no longer exists")
        fd = self._open()
        size = os.fstat(fd).st_size
        if size < position.size:
            raise self._lost(f"has {size} bytes instead of {position.size}")
        if _checksum(fd, position.size) != position.checksum:
            raise self._lost("was changed")
        os.ftruncate(fd, position.size)
        os.lseek(fd, position.size, os.SEEK_SET)
        self.size, self.checksum = position.size, position.checksum

    def restore_from_target(self, position: FilePosition) -> bool:
        """Rebuild the file up to the position from the committed output; return False if that is another output.

        An earlier process may have ended after `commit` and before that was recorded anywhere.

        Raises:
            OSError: the system refuses.
        """
        if not self.target.is_file() or self.target.stat().st_size < position.size:
            return False
        with self.target.open("rb") as committed:
            # Checked before anything is created, so that an existing partial file is not deleted.
            if _checksum(committed.fileno(), position.size) != position.checksum:
                return False
            committed.seek(0)
            self.rebuild(_chunks(committed, position.size))
        return True

    def rebuild(self, chunks: Iterator[bytes]) -> None:
        """Replace the file's content, atomically.

        Raises:
            SinkError: another process is writing it.
            OSError: the system refuses.
        """
        self.close()
        self.size = self.checksum = 0
        rebuilt = self.path.with_suffix(REBUILT)
        self._fd = create_file(rebuilt, self.target)
        try:
            self._lock()
            os.ftruncate(self._fd, 0)
            for chunk in chunks:
                self.append(chunk)
            rebuilt.replace(self.path)
        except BaseException:
            self.close()
            rebuilt.unlink(missing_ok=True)
            raise

    def append(self, data: bytes) -> None:
        """Append data.

        Raises:
            OSError: the data cannot be written; a part of it may be in the file, after `size`.
        """
        fd = self._open()
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]
        self.checksum = zlib.crc32(data, self.checksum)
        self.size += len(data)

    def commit(self) -> None:
        """Rename the file to its target, once it is on disk.

        Raises:
            OSError, SinkError: that failed; the partial file still exists, and an earlier output is unchanged.
        """
        fd = self._open()
        self._fd = None
        replace_file(self.path, self.target, fd)

    def close(self) -> None:
        """Close the file and keep it; the next write opens it again."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)

    def abort(self) -> None:
        """Close and delete the file, and temporary files of an interrupted `rebuild` or `commit`."""
        self.close()
        for path in (self.path, self.path.with_suffix(REBUILT), self.path.with_suffix(CONVERTED)):
            path.unlink(missing_ok=True)

    def _lost(self, problem: str) -> LostPartialFileError:
        reason = f"its partial file {self.path.name} {problem}: start over without the checkpoint"
        return LostPartialFileError(self.output, reason)

    def _open(self) -> int:
        """Return the descriptor; opens the file at its end if it is closed.

        Raises:
            OSError: the file cannot be opened.
            SinkError: another process is writing it.
        """
        if self._fd is None:
            self._fd = os.open(self.path, _FLAGS)
            self._lock()
            os.lseek(self._fd, self.size, os.SEEK_SET)
        return self._fd

    def _lock(self) -> None:
        """Lock the file: two processes that resume at the same position would corrupt it."""
        if fcntl is None:  # pragma: no cover - Windows
            return
        locks: Any = fcntl  # the stubs of some platforms lack these members
        try:
            locks.flock(self._fd, locks.LOCK_EX | locks.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise SinkError(self.output, "another process is writing it") from None
        except OSError:
            return  # some network file systems have no locks


def _writable_target(output: str) -> Path:
    """Return the file that will be written or replaced.

    Raises:
        OSError: the file must not be written.
        SinkError: the path is not that of a regular file.
    """
    try:
        usable = b"\0" not in os.fsencode(output)
    except UnicodeEncodeError:  # no file name can contain a lone surrogate
        usable = False
    if not usable:
        raise SinkError(output.encode(errors="backslashreplace").decode().replace("\0", "\\0"), "not a valid file name")
    target = Path(os.path.realpath(output))
    if target.exists():
        if not target.is_file():
            raise SinkError(output, "not a regular file")
        if not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return target


def _chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield the first bytes of a file."""
    while size and (data := file.read(min(_CHUNK_BYTES, size))):
        size -= len(data)
        yield data


def _checksum(fd: int, size: int) -> int:
    """Return the CRC-32 of the first bytes of a file."""
    os.lseek(fd, 0, os.SEEK_SET)
    checksum, rest = 0, size
    while rest and (data := os.read(fd, min(_CHUNK_BYTES, rest))):
        checksum = zlib.crc32(data, checksum)
        rest -= len(data)
    return checksum
