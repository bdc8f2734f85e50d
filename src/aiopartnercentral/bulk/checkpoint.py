"""The checkpoint file of a bulk collection, from which a later run resumes.

The file is one JSON object, which is replaced atomically at each save. It has digests of the listings' parameters; the
outcome, counts and next page token of each source and listing; the position of the sink; and fingerprints of the items
of unfinished sources that are in the output. Its last member is a checksum of all before it. It holds no item, no
argument and no credentials. Only the owner may read the file, as page tokens are opaque and may hold anything.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import anyio
import attrs
import msgspec

from aiopartnercentral._pagination.report import ENDED_WELL, Outcome, SourceReport
from aiopartnercentral._utils.atomic_files import sync_directory
from aiopartnercentral._utils.file_lock import acquire_lock, release_lock
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.bulk.dedup import SeenItems
from aiopartnercentral.errors import CheckpointError, SinkError, error_text
from aiopartnercentral.sinks.partial_file import PartialFile, os_errors_as_sink_errors
from aiopartnercentral.types import MalformedItem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from filelock import BaseFileLock

    from aiopartnercentral.bulk.source import Origin
    from aiopartnercentral.bulk.spec import Question
    from aiopartnercentral.types import JsonValue

__all__ = ["Checkpoint"]

_FORMAT = "aiopartnercentral checkpoint"
_VERSION = 4
_CHECKSUM = b',"checksum":"'
_DAMAGED = "is not a checkpoint, or is damaged"
_START_OVER = "remove it to start over"


class _Malformed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    path: str
    reason: str
    request_id: str | None


class _Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One source and listing."""

    label: str
    catalog: str
    listing: str
    outcome: Outcome
    pages: int = 0
    items: int = 0
    retries: int = 0
    next_token: str | None = None
    error: str | None = None
    malformed: list[_Malformed] = []
    seen: bytes = b""
    expected: bytes = b""


class _Listing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A listing, with digests of its parameters."""

    service: str
    operation: str
    parameters: dict[str, str]


class _Header(msgspec.Struct, frozen=True):
    """The members that every version has."""

    format: str
    version: int


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    version: int
    run_id: str
    listings: dict[str, _Listing]
    output: Any
    sources: list[_Entry]


# Made here, as msgspec crashes if two threads make the first decoder of a struct class at once.
_HEADER = msgspec.json.Decoder(_Header)
_FILE = msgspec.json.Decoder(_File)


@attrs.define(eq=False)
class Checkpoint:
    """An open checkpoint, locked against other processes.

    Attributes:
        path: the file, or a link to it, which stays a link.
        question: the listings and sources of the collection.
        earlier: the reports of an earlier run, by source and listing.
        position: the position of the sink of the earlier run; None if there was none.
        run_id: identifies this run and those that resume it.
        seen: the items of each unfinished source that are in the output; empty without an output.
    """

    path: Path
    question: Question
    earlier: Mapping[Origin, SourceReport]
    position: JsonValue | None
    run_id: str
    seen: dict[Origin, SeenItems]
    _lock: BaseFileLock | None = attrs.field(alias="lock")
    _entries: dict[Origin, _Entry] = attrs.field(alias="entries")
    _target: Path = attrs.field(init=False)
    _writing: anyio.Lock = attrs.field(factory=anyio.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self._target = Path(os.path.realpath(self.path))

    @classmethod
    async def open(cls, path: Path, question: Question) -> Self:
        """Open a checkpoint, whether the file exists or not.

        Raises:
            CheckpointError: it cannot be read, is in use or damaged, has another version, or belongs to another
                collection.
        """
        return await run_to_completion(partial(cls._open, path, question), undo=partial(cls._close, remove=False))

    @classmethod
    def _open(cls, path: Path, question: Question) -> Self:
        lock = _locked(path)
        try:
            found = _read(path)
            entries = {} if found is None else _entries(path, found, question)
            seen = {origin: _seen(path, entry) for origin, entry in entries.items() if entry.outcome not in ENDED_WELL}
        except BaseException:
            release_lock(lock)
            raise
        return cls(
            path=path,
            question=question,
            earlier={origin: _earlier(entry) for origin, entry in entries.items()},
            position=None if found is None else found.output,
            run_id=secrets.token_hex(8) if found is None else found.run_id,
            seen=seen,
            lock=lock,
            entries={origin: entries.get(origin) or _entry(origin, SourceReport()) for origin in question.origins},
        )

    def note(self, origin: Origin, report: SourceReport) -> None:
        """Record the progress of a source, which the next `save` writes."""
        self._entries[origin] = _entry(origin, report)
        if report.outcome in ENDED_WELL:
            self.seen.pop(origin, None)

    async def save(self, position: JsonValue | None = None) -> None:
        """Write the recorded progress and the sink's position; a cancellation does not interrupt this.

        Raises:
            CheckpointError: the file cannot be written, and is unchanged.
        """
        entries = [self._whole(origin, entry) for origin, entry in self._entries.items()]
        with anyio.CancelScope(shield=True):
            async with self._writing:
                await run_to_completion(partial(self._write, entries, position))

    async def close(self, *, remove: bool = False) -> None:
        """Unlock the file; `remove` deletes it, as there is nothing left to resume."""
        await run_to_completion(partial(self._close, remove=remove))

    def _whole(self, origin: Origin, entry: _Entry) -> _Entry:
        seen = self.seen.get(origin)
        if seen is None:
            return entry
        return msgspec.structs.replace(entry, seen=bytes(seen.seen), expected=seen.stored_expected)

    def _write(self, entries: list[_Entry], position: JsonValue | None) -> None:
        question = self.question
        listings = {
            name: _Listing(service, operation, dict(parameters))
            for name, (service, operation, parameters) in question.listings.items()
        }
        file = _File(_FORMAT, _VERSION, self.run_id, listings, position, entries)
        output = str(self._target)
        try:
            with os_errors_as_sink_errors(output):
                partial_file = PartialFile.create(output, _FORMAT, mode=0o600)
                try:
                    partial_file.append(_with_checksum(msgspec.json.encode(file)))
                    partial_file.commit()
                except BaseException:
                    partial_file.abort()
                    raise
        except SinkError as error:
            raise CheckpointError(f"the checkpoint {self.path} cannot be written: {error.reason}") from error

    def _close(self, *, remove: bool) -> None:
        try:
            if remove:
                self._target.unlink(missing_ok=True)
                # Otherwise a power failure could bring it back, and the next run would take all for finished.
                sync_directory(self._target.parent)
        except OSError as error:
            raise CheckpointError(f"the checkpoint {self.path} cannot be removed: {error.strerror}") from error
        finally:
            release_lock(self._lock)


def _locked(path: Path) -> BaseFileLock | None:
    try:
        return acquire_lock(path)
    except BlockingIOError:
        raise CheckpointError(f"the checkpoint {path} is in use by another run") from None
    except FileNotFoundError:
        raise CheckpointError(f"the checkpoint {path} cannot be used: its directory does not exist") from None
    except OSError as error:
        raise CheckpointError(f"the checkpoint {path} cannot be used: {error.strerror}") from error


def _read(path: Path) -> _File | None:
    try:
        data = _content(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"the checkpoint {path} cannot be read: {error.strerror}") from error
    try:
        header = _HEADER.decode(data)
        if header.format != _FORMAT:
            raise CheckpointError(f"{path} is not a checkpoint")
        if header.version != _VERSION:
            raise CheckpointError(f"the checkpoint {path} has version {header.version}, not {_VERSION}; {_START_OVER}")
        content = data.rpartition(_CHECKSUM)[0] + b"}"
        if data != _with_checksum(content):
            raise CheckpointError(f"{path} {_DAMAGED}: its checksum does not match; {_START_OVER}")
        return _FILE.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # The decoder's messages have a path and types, and quote no value.
        raise CheckpointError(f"{path} {_DAMAGED}: {error}") from None


def _content(path: Path) -> bytes:
    """Return the content of a regular file, without waiting for the writer of a pipe.

    Raises:
        OSError: it cannot be read, or is not a regular file.
    """

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

    with open(path, "rb", opener=opener) as reader:
        if not stat.S_ISREG(os.fstat(reader.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return reader.read()


def _with_checksum(content: bytes) -> bytes:
    """Return the JSON object with the checksum of its bytes as a further member."""
    return b'%b%b%b"}' % (content[:-1], _CHECKSUM, blake2b(content, digest_size=16).hexdigest().encode())


def _entries(path: Path, found: _File, question: Question) -> dict[Origin, _Entry]:
    """Return the stored entry of each origin.

    Raises:
        CheckpointError: the checkpoint belongs to another collection.
    """

    def refused(what: str) -> CheckpointError:
        return CheckpointError(f"the checkpoint {path} belongs to another collection: {what}; {_START_OVER}")

    for name in (*found.listings, *question.listings):
        if name not in found.listings or name not in question.listings:
            raise refused(f"{name} is {'new' if name in question.listings else 'missing'}")
        (service, operation, parameters), before = question.listings[name], found.listings[name]
        if (service, operation) != (before.service, before.operation):
            raise refused(f"{name} was {before.service} {before.operation} and is {service} {operation}")
        names = (*parameters, *before.parameters)
        changed = {key for key in names if parameters.get(key) != before.parameters.get(key)}
        if changed:
            raise refused(f"{name} differs in {', '.join(sorted(changed))}")
    origins = {(origin.label, origin.listing): origin for origin in question.origins}
    entries: dict[Origin, _Entry] = {}
    for entry in found.sources:
        origin = origins.get((entry.label, entry.listing))
        if origin is None:
            raise refused(f"the source {entry.label} is missing")
        if origin.catalog != entry.catalog:
            raise refused(f"the source {entry.label} was catalog {entry.catalog} and is {origin.catalog}")
        entries[origin] = entry
    return entries


def _entry(origin: Origin, report: SourceReport) -> _Entry:
    return _Entry(
        label=origin.label,
        catalog=origin.catalog,
        listing=origin.listing,
        outcome=report.outcome,
        pages=report.pages,
        items=report.items,
        retries=report.retries,
        next_token=report.next_token,
        error=None if report.error is None else error_text(report.error),
        malformed=[_Malformed(item.path, item.reason, item.request_id) for item in report.malformed],
    )


def _seen(path: Path, entry: _Entry) -> SeenItems:
    try:
        return SeenItems.load(entry.seen, entry.expected)
    except ValueError as error:
        raise CheckpointError(f"{path} {_DAMAGED}: {error}") from None


def _earlier(entry: _Entry) -> SourceReport:
    """Return the report of an earlier run; a source that failed or had not ended counts as pending, and is resumed."""
    return SourceReport(
        outcome=entry.outcome if entry.outcome in ENDED_WELL else Outcome.PENDING,
        pages=entry.pages,
        items=entry.items,
        retries=entry.retries,
        next_token=entry.next_token,
        malformed=tuple(
            MalformedItem(raw=None, path=item.path, reason=item.reason, request_id=item.request_id)
            for item in entry.malformed
        ),
    )
