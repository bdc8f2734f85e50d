"""Partial files: unfinished outputs that are appended to, cut back to a position, and renamed when they are complete.

All functions here block, so they run in a thread. A partial file lies next to its output. Its name is derived from the
output and the run's id, or random without an id. So it is never mistaken for that of another run, and the next process
replaces what a killed one has left. Its length and checksum are tracked while it is written, so a later process can
verify that it resumes the same bytes.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import attrs

from aiopartnercentral._utils.atomic_files import (
    OPEN_FLAGS,
    PREFIX,
    create_file,
    digest,
    keep_permissions,
    lock_file,
    remove_left_over,
    replace_file,
    sync_data,
    sync_directory,
)
from aiopartnercentral._utils.paths import descriptor_of, irreplaceable, is_directory, real_path
from aiopartnercentral.errors import PositionError, SinkError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "CONVERTED",
    "NAME",
    "REBUILT",
    "FilePosition",
    "LostPartialFileError",
    "PartialFile",
    "os_errors_as_sink_errors",
    "other_output",
    "partial_name",
    "writable_target",
]

REBUILT, CONVERTED = ".rebuilt", ".converted"
"""The extensions of a partial file while it is rebuilt, and of the final file while it is made from the partial one."""

NAME = re.compile(rf"{re.escape(PREFIX)}([0-9a-f]{{8}}-)?[0-9a-f]{{16}}\.part")
"""The names of partial files."""

_CHUNK_BYTES = 1 << 20


class LostPartialFileError(PositionError):
    """The partial file is missing, too short or was changed."""


@attrs.frozen
class FilePosition:
    """A position in a partial file.

    Attributes:
        output: the output's name.
        name: the partial file's name.
        size: how many bytes precede the position.
        checksum: CRC-32 of these bytes.
    """

    output: str = attrs.field(validator=attrs.validators.instance_of(str))
    name: str = attrs.field(validator=attrs.validators.matches_re(NAME))
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
        reason = error.strerror or str(error) or type(error).__name__
        if isinstance(error, BlockingIOError):
            reason = "another process is writing it"
        elif isinstance(error, FileNotFoundError) and not is_directory(Path(real_path(output)).parent):
            reason = "its directory does not exist"
        raise SinkError(output, reason) from error


def other_output(output: str, wrote: str = "another output") -> PositionError:
    """Return the error for a position of another output."""
    return PositionError(output, f"the saved run wrote {wrote}")


@attrs.define
class PartialFile:
    """The unfinished form of one output.

    Attributes:
        output: the output's path as the caller gave it.
        target: the real path that the output is renamed to; a link is kept, and the file that it points to replaced.
        path: the partial file's path.
        size: its size in bytes.
        checksum: the CRC-32 of these bytes.
        private: whether only the owner may use the file and the output.
    """

    output: str
    target: Path
    path: Path
    size: int = 0
    checksum: int = 0
    private: bool = False
    _fd: int | None = attrs.field(default=None, alias="fd")
    _is_name_synced: bool = attrs.field(default=False, init=False)

    @classmethod
    def create(cls, output: str, run_id: str | None = None, *, private: bool = False) -> Self:
        """Create an empty partial file for an output; it replaces what a killed process has left.

        Arguments:
            output: the output's path.
            run_id: identifies the run, and so the file to replace. Without it, what killed processes without an id have
                left of this output is removed, and the name is random.
            private: whether only the owner may use the file and the output.

        Raises:
            BlockingIOError: another process is writing the file of this run.
            SinkError, OSError: the file cannot be created.
        """
        target = writable_target(output)
        if run_id is None:
            # Another process may be writing this output, too: only a file that is not locked is known to be left over.
            prefix = f"{PREFIX}{digest(str(target), 4)}-"
            for name in os.listdir(target.parent):  # noqa: PTH208 - names are all that is needed
                if name.startswith(prefix):
                    with suppress(OSError):
                        remove_left_over(target.parent / name, even_unlocked=False)
            name = f"{prefix}{secrets.token_hex(8)}.part"
        else:
            name = partial_name(target, run_id)
        path = target.parent / name
        return cls(output, target, path, private=private, fd=create_file(path, target, private=private))

    @classmethod
    def replace(cls, output: str, content: bytes, run_id: str | None = None, *, private: bool = False) -> None:
        """Replace an output by a file with the content; see `create`.

        Raises:
            SinkError: that failed, and the output is unchanged.
        """
        with os_errors_as_sink_errors(output):
            file = cls.create(output, run_id, private=private)
            try:
                file.append(content)
                file.commit()
            except BaseException:
                file.abort()
                raise

    @classmethod
    def at(cls, output: str, position: FilePosition) -> Self:
        """Return the closed partial file of a position, which need not exist.

        Raises:
            PositionError: the position is of another output.
            SinkError, OSError: the output cannot be written.
        """
        target = writable_target(output)
        file = cls(output, target, target.parent / position.name)
        if position.output != file.output_name:
            raise other_output(output, f"{position.output} and not {file.output_name}")
        return file

    @property
    def output_name(self) -> str:
        """The name of the output's file, as text that JSON can hold."""
        return os.fsencode(self.target.name).decode(errors="backslashreplace")

    def resume(self, position: FilePosition) -> None:
        """Open the file and drop what follows the position.

        Raises:
            LostPartialFileError: the file is missing, too short or was changed.
            BlockingIOError: another process is writing it.
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
        keep_permissions(fd, self.target, private=self.private)
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
            BlockingIOError: another process is writing it.
            OSError: the system refuses.
        """
        self.close()
        self.size = self.checksum = 0
        rebuilt = self.path.with_suffix(REBUILT)
        self._fd = create_file(rebuilt, self.target, private=self.private)
        self._is_name_synced = False
        try:
            for chunk in chunks:
                self.append(chunk)
            rebuilt.replace(self.path)
        except BaseException:
            self.close()
            rebuilt.unlink(missing_ok=True)
            raise

    def fileno(self) -> int:
        """Return the descriptor of the open file, for a caller that writes to it and does not `append`."""
        return self._open()

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

    def sync(self) -> None:
        """Sync the file to disk, so that it survives a power failure.

        Raises:
            OSError: that failed.
        """
        sync_data(self._open())
        if not self._is_name_synced:
            sync_directory(self.path.parent)
            self._is_name_synced = True

    def commit(self) -> None:
        """Rename the file to its target, once it is on disk.

        Raises:
            OSError: that failed; the partial file still exists, and an earlier output is unchanged.
        """
        fd = self._open()
        self._fd = None
        replace_file(self.path, self.target, fd, private=self.private)

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
        reason = f"its partial file {self.path.name} {problem}"
        return LostPartialFileError(self.output, reason)

    def _open(self) -> int:
        """Return the descriptor; opens the file at its end if it is closed.

        Raises:
            BlockingIOError: another process is writing it.
            OSError: the file cannot be opened.
        """
        if self._fd is None:
            fd = os.open(self.path, OPEN_FLAGS)
            try:
                # Two processes that resume at the same position would corrupt it.
                lock_file(fd)
            except BlockingIOError:
                os.close(fd)
                raise
            self._fd = fd
            os.lseek(fd, self.size, os.SEEK_SET)
        return self._fd


def partial_name(target: Path, run_id: str) -> str:
    """Return the name of the partial file of an output in a run."""
    return f"{PREFIX}{digest(f'{run_id} {target}', 8)}.part"


def writable_target(output: str) -> Path:
    """Return the file that will be written or replaced.

    Raises:
        OSError: the file must not be written.
        SinkError: the path is not that of a regular file, or the file cannot be replaced.
    """
    _check_name(output)
    target = Path(os.path.realpath(output))
    if target.name.startswith(PREFIX):
        raise SinkError(output, f"names that begin with {PREFIX} are reserved for partial files and locks")
    try:
        status = target.lstat()
    except FileNotFoundError:
        return target
    if stat.S_ISLNK(status.st_mode):  # all others are resolved: it leads to itself
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if not stat.S_ISREG(status.st_mode):
        raise SinkError(output, "not a regular file")
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    if (reason := irreplaceable(target)) is not None:
        # Otherwise known only when everything was collected.
        raise SinkError(output, reason)
    return target


def _check_name(output: str) -> None:
    """Refuse a path that is not the name of a file, whether there is one or not.

    Raises:
        OSError, SinkError: the path cannot be used.
    """
    try:
        usable = b"\0" not in os.fsencode(output)
    except UnicodeEncodeError:  # no file name can contain a lone surrogate
        usable = False
    if not usable:
        raise SinkError(output.encode(errors="backslashreplace").decode().replace("\0", "\\0"), "not a valid file name")
    if not os.path.basename(output):  # noqa: PTH119 - a path object would drop the slash
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if descriptor_of(output) is not None:
        raise SinkError(output, "an open file cannot be replaced: name a file")


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
