"""An unfinished file: bytes are appended, what lies beyond a position can be dropped, and at the end it is renamed.

Everything here blocks, and runs in a thread. A draft lies beside the file that it becomes, under a name made up once,
so that nobody else's draft is ever taken for it. Its length and checksum are known at all times, which lets a later
process see that it goes on with the very same bytes.
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
except ImportError:  # pragma: no cover - Windows has no such locks
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MADE", "Draft", "LostDraftError", "Mark", "create", "put_in_place", "reported", "resolved"]

AGAIN, MADE = ".again", ".made"
"""The endings of a draft that is being made again, and of what is being made of it."""

_NAME = re.compile(r"\.aiopartnercentral-[0-9a-f]{16}\.part")
_CHUNK = 1 << 20
_FLAGS = os.O_RDWR | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
_START_AGAIN = "start anew without the checkpoint"


class LostDraftError(PositionError):
    """An unfinished output is not what it should be."""


@attrs.frozen
class Mark:
    """How far a draft has come.

    Attributes:
        name: of the draft's file.
        size: in bytes.
        checksum: CRC-32 of these bytes.
    """

    name: str = attrs.field(validator=attrs.validators.matches_re(_NAME))
    size: int = attrs.field(validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])
    checksum: int = attrs.field(validator=attrs.validators.instance_of(int))


@contextmanager
def reported(output: str) -> Iterator[None]:
    """Raise what the system refuses in the `with` block as a `SinkError` about the output.

    Raises:
        SinkError: in place of an `OSError`, and of a `ValueError` for a path that cannot be one.
    """
    try:
        yield
    except OSError as error:
        folder_is_missing = isinstance(error, FileNotFoundError) and not Path(os.path.realpath(output)).parent.exists()
        reason = error.strerror or str(error) or type(error).__name__
        raise SinkError(output, "its folder does not exist" if folder_is_missing else reason) from error


def resolved(output: str) -> Path:
    """Return the file that is to be written or replaced: a link stays a link, what it leads to is replaced.

    Raises:
        OSError: it is no file that could be replaced, or must not be written.
        SinkError: it is something else than a file.
    """
    if "\0" in output:
        raise SinkError(output.replace("\0", "\\0"), "no file can be called so")
    place = Path(os.path.realpath(output))
    if place.exists():
        if not place.is_file():
            raise SinkError(output, "it is there and no regular file")
        if not os.access(place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return place


def create(path: Path, place: Path) -> int:
    """Create a file that will replace `place`, and that nobody may read who may not read that; returns its fd.

    One that is there already is opened, and not yet emptied: somebody may be writing it.

    Raises:
        OSError: it cannot be created.
    """
    replaces = place.exists()
    fd = os.open(path, _FLAGS | os.O_CREAT, 0o600 if replaces else 0o666)
    if replaces:
        with suppress(OSError):
            shutil.copymode(place, path)
    return fd


def put_in_place(path: Path, place: Path, fd: int) -> None:
    """Rename a file to its place, once its bytes are on the disk; closes the descriptor.

    Raises:
        OSError: it cannot be done, and the place is as it was.
    """
    try:
        if place.exists():
            shutil.copymode(place, path)
        os.fsync(fd)
    finally:
        os.close(fd)
    path.replace(place)
    # The folder holds the new name, and is written to the disk separately; some file systems cannot.
    with suppress(OSError):
        folder = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@attrs.define
class Draft:
    """The unfinished form of one file.

    Attributes:
        output: the file, as the caller named it.
        place: where it will be.
        path: where the draft is.
        size: how many bytes it has.
        checksum: their CRC-32.
    """

    output: str
    place: Path
    path: Path
    size: int = 0
    checksum: int = 0
    _fd: int | None = None

    @classmethod
    def begin(cls, output: str, token: str | None = None) -> Self:
        """Create an empty draft.

        Arguments:
            output: the file that it will be.
            token: what its name is made of, together with the output's; by default something new.

        Raises:
            SinkError, OSError: it cannot be created.
        """
        place = resolved(output)
        seed = os.fsencode(f"{token or secrets.token_hex()} {place}")
        name = hashlib.blake2b(seed, digest_size=8).hexdigest()
        self = cls(output, place, place.parent / f".aiopartnercentral-{name}.part")
        self._fd = create(self.path, place)
        self._lock()
        os.ftruncate(self._fd, 0)
        return self

    @classmethod
    def at(cls, output: str, mark: Mark) -> Self:
        """Return the draft of a mark, which may be there or not, closed.

        Raises:
            SinkError, OSError: the output cannot be written.
        """
        place = resolved(output)
        return cls(output, place, place.parent / mark.name)

    def go_on(self, mark: Mark) -> None:
        """Open the draft and drop what lies beyond the mark.

        Raises:
            LostDraftError: it is not there, or shorter, or other than it was.
            SinkError: another process writes it.
            OSError: the system refuses.
        """
        if not self.path.exists():
            raise self._lost("is not there any more")
        fd = self._reopen()
        found = os.fstat(fd).st_size
        if found < mark.size:
            raise self._lost(f"has {found} bytes and should have {mark.size}")
        if _checksum(fd, mark.size) != mark.checksum:
            raise self._lost("is not what it was")
        os.ftruncate(fd, mark.size)
        os.lseek(fd, mark.size, os.SEEK_SET)
        self.size, self.checksum = mark.size, mark.checksum

    def take_back(self, mark: Mark) -> bool:
        """Make the draft again of the finished file, if that begins with what the mark promises; tells whether it does.

        The process may have ended after the draft was renamed and before anybody noted that.

        Raises:
            OSError: the system refuses.
        """
        if not self.place.is_file() or self.place.stat().st_size < mark.size:
            return False
        with self.place.open("rb") as finished:
            # Before anything is made: what there is of the draft, however little it is good for, is not ours to remove.
            if _checksum(finished.fileno(), mark.size) != mark.checksum:
                return False
            finished.seek(0)
            self.rebuild(_pieces(finished, mark.size))
        return True

    def rebuild(self, pieces: Iterator[bytes]) -> None:
        """Make the draft again; it appears whole or not at all.

        Raises:
            SinkError: another process writes it.
            OSError: the system refuses.
        """
        self.close()
        self.size = self.checksum = 0
        whole = self.path.with_suffix(AGAIN)
        self._fd = create(whole, self.place)
        try:
            self._lock()
            os.ftruncate(self._fd, 0)
            for piece in pieces:
                self.append(piece)
            whole.replace(self.path)
        except BaseException:
            self.close()
            whole.unlink(missing_ok=True)
            raise

    def mark(self) -> Mark:
        """Return how far it has come."""
        return Mark(self.path.name, self.size, self.checksum)

    def append(self, data: bytes | memoryview) -> None:
        """Write the data behind what is there.

        Raises:
            OSError: it cannot be written; the draft may hold a part of it, beyond `size`.
        """
        fd = self._reopen()
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]
        self.checksum = zlib.crc32(data, self.checksum)
        self.size += len(data)

    def settle(self) -> None:
        """Put it in its place.

        Raises:
            OSError, SinkError: it cannot be done; the draft is still there, and an earlier file is as it was.
        """
        fd = self._reopen()
        self._fd = None
        put_in_place(self.path, self.place, fd)

    def close(self) -> None:
        """Close it; it stays where it is, and opens itself again when it is written."""
        if self._fd is not None:
            fd, self._fd = self._fd, None
            os.close(fd)

    def discard(self) -> None:
        """Close and remove it, and what may have been left of an attempt to make it or something of it."""
        self.close()
        for path in (self.path, self.path.with_suffix(AGAIN), self.path.with_suffix(MADE)):
            path.unlink(missing_ok=True)

    def _lost(self, why: str) -> LostDraftError:
        return LostDraftError(self.output, f"its unfinished {self.path.name} {why}: {_START_AGAIN}")

    def _reopen(self) -> int:
        """Open it at its end unless it is open, and return its descriptor.

        Raises:
            OSError: it cannot be opened.
            SinkError: another process writes it.
        """
        if self._fd is None:
            self._fd = os.open(self.path, _FLAGS)
            self._lock()
            os.lseek(self._fd, self.size, os.SEEK_SET)
        return self._fd

    def _lock(self) -> None:
        """Let no other process write it: two that go on at one position would spoil each other's file."""
        if fcntl is None:  # pragma: no cover - Windows
            return
        locks: Any = fcntl  # has no such members in the stubs of every platform
        try:
            locks.flock(self._fd, locks.LOCK_EX | locks.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise SinkError(self.output, "another process is writing it") from None
        except OSError:
            return  # some network file systems have no locks


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield the first bytes of a file."""
    while size and (data := file.read(min(_CHUNK, size))):
        size -= len(data)
        yield data


def _checksum(fd: int, size: int) -> int:
    """Return the CRC-32 of the first bytes of a file."""
    os.lseek(fd, 0, os.SEEK_SET)
    checksum, rest = 0, size
    while rest and (data := os.read(fd, min(_CHUNK, rest))):
        checksum = zlib.crc32(data, checksum)
        rest -= len(data)
    return checksum
