"""The journal of a run that writes: which rows were sent, and their outcomes.

A text file to which lines are only appended. The first names the operation, the source and the first run. Every other
line is about one row: that it is about to be sent, or its outcome. It has the row's key, a digest of its request, error
codes and the identifiers in responses, but no other member of a request or response, and no credentials. The digest is
keyed with the id of the first run, which the first line has, so it does not protect a request that can be guessed as a
whole: only the file's owner can read it.

Each line begins with a checksum. A line counts once it is synced to disk, and nothing is sent before that. So an
unfinished line at the end of the file, which a killed process or a power failure may leave, has caused no request, and
is removed. An outcome, too, is reported only after its line is synced, with one exception: if the service has executed
a request, but the journal can no longer be written, as on a full disk, the row is reported as written. The run then
ends with an error, and the next run treats that row as in flight.
"""

from __future__ import annotations

import os
import zlib
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from hashlib import blake2b
from typing import IO, TYPE_CHECKING, Self, TypeVar

import anyio
import attrs
import msgspec

from aiopartnercentral import __version__
from aiopartnercentral._pagination.report import EarlierRun
from aiopartnercentral._utils.atomic_files import lock_file, sync_data
from aiopartnercentral._utils.file_lock import release_lock
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.bulk.checkpoint_storage import in_use, lock_checkpoint
from aiopartnercentral.errors import CheckpointError, SinkError
from aiopartnercentral.sinks.partial_file import PartialFile

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

__all__ = ["Journal", "JournalEntry", "JournalHeader", "State", "fingerprint"]

_FORMAT = "aiopartnercentral write journal"
_VERSION = 1
_CHECKSUM_SIZE = 9  # eight hexadecimal digits and a space

StructT = TypeVar("StructT", bound=msgspec.Struct)


class State(StrEnum):
    """What a line says about its row."""

    SENDING = "sending"
    """It is about to be sent; without a later line, its outcome is unknown."""
    WRITTEN = "written"
    """The service has executed its request."""
    NOT_WRITTEN = "not written"
    """The service has not executed its request."""


class JournalEntry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A line about a row.

    Attributes:
        row: the row's key.
        state: what it says.
        digest: a digest of the row's request.
        at: when it was written.
        ids: the identifiers in the response.
        error: the code or the class of the error.
    """

    row: str
    state: State
    digest: str
    at: datetime
    ids: dict[str, str] = {}
    error: str | None = None

    @classmethod
    def of(
        cls, row: str, state: State, digest: str, *, ids: dict[str, str] | None = None, error: str | None = None
    ) -> Self:
        """Return a line that is written now."""
        return cls(row, state, digest, datetime.now(UTC), ids or {}, error)


class JournalHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first line: what is written, and by which run.

    Attributes:
        service: the name of the service.
        operation: the wire name of the operation.
        source: the label of the source.
        catalog: its catalog.
        run_id: the id of the first run, from which idempotency tokens are derived.
        began: when that run began.
    """

    service: str
    operation: str
    source: str
    catalog: str
    run_id: str
    began: datetime
    format: str = _FORMAT
    version: int = _VERSION
    library: str = __version__


class _Version(msgspec.Struct, frozen=True):
    """What the header of every version has."""

    format: str
    version: int


_ENTRY = msgspec.json.Decoder(JournalEntry)
_HEADER = msgspec.json.Decoder(JournalHeader)
_ANY_HEADER = msgspec.json.Decoder(_Version)


def fingerprint(row: str) -> bytes:
    """Return a short digest of a row's key, which takes little memory and stands for the key."""
    return blake2b(row.encode(), digest_size=12).digest()


@attrs.define(eq=False)
class Journal:
    """An open journal, locked against other processes.

    Attributes:
        path: the file, or a link to it.
        header: its first line.
        is_resumed: whether an earlier run has created it.
        earlier: where the last line about each row of the earlier runs begins, by the fingerprint of the row's key.
    """

    path: Path
    header: JournalHeader
    is_resumed: bool
    earlier: dict[bytes, int]
    _file: IO[bytes] = attrs.field(alias="file")
    _fd: int = attrs.field(alias="fd")
    _lock: BaseFileLock | None = attrs.field(alias="lock")
    _has_links: bool = attrs.field(init=False)  # some file systems do not count them
    _pending: list[bytes] = attrs.field(factory=list, init=False)
    _appended: int = attrs.field(default=0, init=False)
    _synced: int = attrs.field(default=0, init=False)
    _writing: anyio.Lock = attrs.field(factory=anyio.Lock, init=False)
    _failure: str | None = attrs.field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        """Note whether a deletion of the file can be noticed."""
        self._has_links = os.fstat(self._fd).st_nlink > 0

    @classmethod
    async def open(cls, path: Path, header: JournalHeader) -> Self:
        """Open a journal, whether the file exists or not; a header for other rows is an error.

        Raises:
            CheckpointError: it cannot be read or written, is in use or damaged, has another version, or belongs to
                another operation or source.
        """
        return await run_to_completion(partial(cls._open, path, header), undo=cls._close)

    @classmethod
    def _open(cls, path: Path, header: JournalHeader) -> Self:
        with ExitStack() as stack:
            lock = lock_checkpoint(path)
            stack.callback(release_lock, lock)
            try:
                is_resumed = path.exists()
                if not is_resumed:
                    _create(path, header)
                fd = os.open(path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
                stack.callback(os.close, fd)
                file = stack.enter_context(path.open("rb"))
                if lock is not None:
                    lock_file(fd)  # by whatever link it is opened
            except BlockingIOError:
                raise in_use(path) from None
            except OSError as error:
                raise CheckpointError(f"the checkpoint {path} cannot be used: {error.strerror}") from error
            found, earlier = _read(path, file, fd)
            _check(path, found, header)
            stack.pop_all()
        return cls(path=path, header=found, is_resumed=is_resumed, earlier=earlier, file=file, fd=fd, lock=lock)

    @property
    def resumes(self) -> EarlierRun | None:
        """The first run, if an earlier process has begun it."""
        first = EarlierRun(run_id=self.header.run_id, started_at=self.header.began)
        return first if self.is_resumed else None

    async def take(self, key: bytes) -> JournalEntry | None:
        """Return the last line that earlier runs have about a row, once; None if they have none."""
        place = self.earlier.pop(key, None)
        if place is None:
            return None
        async with self._writing:
            return await run_to_completion(partial(self._entry_at, place))

    async def append(self, entry: JournalEntry) -> None:
        """Append a line, and return once it is on disk; lines that are appended at the same time share one sync.

        A cancellation does not interrupt this.

        Raises:
            CheckpointError: it cannot be written; then nothing can be appended any more.
        """
        self._pending.append(_line(entry))
        self._appended += 1
        number = self._appended
        with anyio.CancelScope(shield=True):
            async with self._writing:
                if self._synced < number:
                    lines, upto = b"".join(self._pending), self._appended
                    self._pending.clear()
                    await run_to_completion(partial(self._append, lines))
                    self._synced = upto
        if self._failure is not None:
            raise CheckpointError(f"the checkpoint {self.path} cannot be written: {self._failure}")

    async def close(self) -> None:
        """Close and unlock the file."""
        await run_to_completion(self._close)

    def _append(self, lines: bytes) -> None:
        if self._failure is not None:
            return
        status = os.fstat(self._fd)
        if self._has_links and not status.st_nlink:
            self._failure = "it was deleted"
            return
        try:
            rest = memoryview(lines)
            while rest:
                rest = rest[os.write(self._fd, rest) :]
            sync_data(self._fd)
        except OSError as error:
            self._failure = error.strerror or type(error).__name__
            with suppress(OSError):
                os.ftruncate(self._fd, status.st_size)

    def _entry_at(self, place: int) -> JournalEntry:
        self._file.seek(place)
        return _ENTRY.decode(self._file.readline()[_CHECKSUM_SIZE:])

    def _close(self) -> None:
        try:
            self._append(b"".join(self._pending))  # of a native cancellation, which no scope shields
            self._file.close()
            os.close(self._fd)
        finally:
            release_lock(self._lock)


def _create(path: Path, header: JournalHeader) -> None:
    try:
        PartialFile.replace(os.path.realpath(path), _line(header), _FORMAT, private=True)
    except SinkError as error:
        raise CheckpointError(f"the checkpoint {path} cannot be written: {error.reason}") from error


def _line(struct: msgspec.Struct) -> bytes:
    text = msgspec.json.encode(struct)
    return b"%08x %b\n" % (zlib.crc32(text), text)


def _text(line: bytes) -> bytes | None:
    """Return what a line says; None if it is unfinished or damaged."""
    text = line[_CHECKSUM_SIZE:-1]
    return text if line == b"%08x %b\n" % (zlib.crc32(text), text) else None


def _read(path: Path, file: IO[bytes], fd: int) -> tuple[JournalHeader, dict[bytes, int]]:
    """Return the header of a journal and the last place of each row, and cut off what is unfinished at its end.

    Raises:
        CheckpointError: it is not a journal, damaged, or of another version.
    """
    first = file.readline()
    if not first:  # a new one appears with its first line, so what was here is lost, or nothing ever was
        raise CheckpointError(f"the checkpoint {path} is empty: delete it if no row was written with it")
    header = _header(path, first)
    places: dict[bytes, int] = {}
    place, unfinished = file.tell(), None
    for line in file:
        text = _text(line)
        if text is None:
            unfinished = place if unfinished is None else unfinished
        elif unfinished is not None:
            raise CheckpointError(f"the checkpoint {path} is damaged at byte {unfinished}: a checksum does not match")
        else:
            places[fingerprint(_entry(path, text).row)] = place
        place += len(line)
    if unfinished is not None:
        os.ftruncate(fd, unfinished)
        sync_data(fd)
    return header, places


def _header(path: Path, line: bytes) -> JournalHeader:
    text = _text(line)
    try:
        version = _ANY_HEADER.decode(text or b"")
        if version.format != _FORMAT:
            raise CheckpointError(f"{path} is not a checkpoint of rows that are written")
        if version.version != _VERSION:
            raise CheckpointError(
                f"the checkpoint {path} has version {version.version}, not {_VERSION}, as another release of "
                "aiopartnercentral wrote it"
            )
        return _HEADER.decode(text or b"")
    except msgspec.MsgspecError:
        raise CheckpointError(
            f"{path} is not a checkpoint of rows that are written, or its beginning is damaged"
        ) from None


def _entry(path: Path, text: bytes) -> JournalEntry:
    try:
        return _ENTRY.decode(text)
    except msgspec.MsgspecError as error:
        raise CheckpointError(f"the checkpoint {path} is damaged: {error}") from None


def _check(path: Path, found: JournalHeader, wanted: JournalHeader) -> None:
    """Raise an error if a journal belongs to another operation or source."""
    for name in ("service", "operation", "source", "catalog"):
        before, now = getattr(found, name), getattr(wanted, name)
        if before != now:
            raise CheckpointError(
                f"the checkpoint {path} belongs to other writes: its {name} is {before}, not {now}; "
                "use another file for these"
            )
