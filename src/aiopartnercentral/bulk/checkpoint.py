"""How far a bulk collection has come, in a file from which a later run goes on.

The file is one JSON object, replaced as a whole each time: what was asked (as digests), for each source and listing its
outcome, counts and next page token, and the position of the sink that the same pages went into, with fingerprints of
what it has of unfinished sources. It holds no item, no argument and no credentials. Page tokens are opaque, but the
service's; so only the owner may read the file.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import anyio
import attrs
import msgspec

from aiopartnercentral._pagination.report import ENDED_WELL, MalformedItem, Outcome, Progress
from aiopartnercentral._utils.file_lock import acquire_lock, release_lock
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.bulk.dedup import Written
from aiopartnercentral.bulk.instrumentation.events import error_text
from aiopartnercentral.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from filelock import BaseFileLock

    from aiopartnercentral.bulk.origin import Origin
    from aiopartnercentral.types import JsonValue

__all__ = ["Checkpoint", "Question", "digests"]

_FORMAT = "aiopartnercentral checkpoint"
_VERSION = 1


class _Malformed(msgspec.Struct, frozen=True):
    path: str
    reason: str
    request_id: str | None


class _Entry(msgspec.Struct, frozen=True, omit_defaults=True):
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
    met: bytes = b""
    left: bytes = b""


class _Listing(msgspec.Struct, frozen=True):
    """What is asked, as digests of the parameters."""

    operation: str
    parameters: dict[str, str]


class _Header(msgspec.Struct, frozen=True):
    """What every version has."""

    format: str
    version: int


class _File(msgspec.Struct, frozen=True):
    format: str
    version: int
    run: str
    service: str
    listings: dict[str, _Listing]
    output: Any
    sources: list[_Entry]


@attrs.frozen(kw_only=True)
class Question:
    """What a collection asks; a checkpoint is good for the same question only.

    Attributes:
        service: the service's name.
        listings: for each listing the operation and the digests of its parameters.
        origins: all sources and listings.
    """

    service: str
    listings: Mapping[str, tuple[str, Mapping[str, str]]]
    origins: Sequence[Origin]


def digests(parameters: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return a digest for each parameter of a request: what was asked is compared, and not kept."""
    return {
        name: hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]
        for name, value in sorted(parameters.items())
    }


@attrs.define(eq=False)
class Checkpoint:
    """An open checkpoint, which no other process has open.

    Attributes:
        path: the file, or a link to it, which stays one.
        question: what is asked.
        earlier: what an earlier run has brought, by source and listing.
        position: where the sink of the earlier run was; None if there was none.
        run: what this run and those that go on with it are called, and no other.
        written: what of each unfinished source is in the output; nobody but who writes one keeps that.
    """

    path: Path
    question: Question
    earlier: Mapping[Origin, Progress]
    position: JsonValue | None
    run: str
    written: dict[Origin, Written]
    _lock: BaseFileLock = attrs.field(alias="lock")
    _entries: dict[Origin, _Entry] = attrs.field(alias="entries")
    _place: Path = attrs.field(init=False)
    _writing: anyio.Lock = attrs.field(factory=anyio.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self._place = Path(os.path.realpath(self.path))

    @classmethod
    async def open(cls, path: Path, question: Question) -> Self:
        """Open a checkpoint, which is there or not.

        Raises:
            CheckpointError: it cannot be read, is in use, damaged, of another version or of another collection.
        """
        return await run_to_completion(partial(cls._open, path, question), undo=partial(cls._close, remove=False))

    @classmethod
    def _open(cls, path: Path, question: Question) -> Self:
        lock = _locked(path)
        try:
            found = _read(path)
            entries = {} if found is None else _entries(path, found, question)
            written = {
                origin: _written(path, entry) for origin, entry in entries.items() if entry.outcome not in ENDED_WELL
            }
        except BaseException:
            lock.release()
            raise
        return cls(
            path=path,
            question=question,
            earlier={origin: _progress(entry) for origin, entry in entries.items()},
            position=None if found is None else found.output,
            run=secrets.token_hex(8) if found is None else found.run,
            written=written,
            lock=lock,
            entries={origin: entries.get(origin) or _entry(origin, Progress()) for origin in question.origins},
        )

    def note(self, origin: Origin, progress: Progress) -> None:
        """Take in how far a source has come; written with the next `save`."""
        self._entries[origin] = _entry(origin, progress)
        if progress.outcome in ENDED_WELL:
            self.written.pop(origin, None)

    async def save(self, position: JsonValue | None = None) -> None:
        """Write everything that was noted, and the position of the sink; cancelling it does not interrupt it.

        Raises:
            CheckpointError: it cannot be written; the file is as it was.
        """
        entries = [self._whole(origin, entry) for origin, entry in self._entries.items()]
        with anyio.CancelScope(shield=True):
            async with self._writing:
                await run_to_completion(partial(self._write, entries, position))

    async def close(self, *, remove: bool = False) -> None:
        """Give the file up, and remove it if nothing is left to be gone on with."""
        await run_to_completion(partial(self._close, remove=remove))

    def _whole(self, origin: Origin, entry: _Entry) -> _Entry:
        written = self.written.get(origin)
        if written is None:
            return entry
        return msgspec.structs.replace(entry, met=bytes(written.met), left=written.left_over)

    def _write(self, entries: list[_Entry], position: JsonValue | None) -> None:
        question = self.question
        listings = {name: _Listing(operation, dict(asked)) for name, (operation, asked) in question.listings.items()}
        file = _File(_FORMAT, _VERSION, self.run, question.service, listings, position, entries)
        data, place = msgspec.json.encode(file), self._place
        draft = place.with_name(f"{place.name}.part")
        try:
            with open(draft, "wb", opener=partial(os.open, mode=0o600)) as writer:
                writer.write(data)
                writer.flush()
                os.fsync(writer.fileno())
            draft.replace(place)
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise CheckpointError(f"the checkpoint {self.path} cannot be written: {error.strerror}") from error

    def _close(self, *, remove: bool) -> None:
        try:
            if remove:
                self._place.unlink(missing_ok=True)
        except OSError as error:
            raise CheckpointError(f"the checkpoint {self.path} cannot be removed: {error.strerror}") from error
        finally:
            release_lock(self._lock)


def _locked(path: Path) -> BaseFileLock:
    try:
        return acquire_lock(path)
    except BlockingIOError:
        raise CheckpointError(f"the checkpoint {path} is in use by another run") from None
    except FileNotFoundError:
        raise CheckpointError(f"the checkpoint {path} cannot be used: its folder does not exist") from None
    except OSError as error:
        raise CheckpointError(f"the checkpoint {path} cannot be used: {error.strerror}") from error


def _read(path: Path) -> _File | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"the checkpoint {path} cannot be read: {error.strerror}") from error
    again = "remove it to begin anew"
    try:
        header = msgspec.json.decode(data, type=_Header)
        if header.format != _FORMAT:
            raise CheckpointError(f"{path} is no checkpoint")
        if header.version != _VERSION:
            raise CheckpointError(f"the checkpoint {path} is of version {header.version}, not {_VERSION}: {again}")
        return msgspec.json.decode(data, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # The decoder's messages name the place and the types, and quote nothing.
        raise CheckpointError(f"{path} is no checkpoint, or a damaged one: {error}") from None


def _entries(path: Path, found: _File, question: Question) -> dict[Origin, _Entry]:
    """Return what was found of each origin.

    Raises:
        CheckpointError: it is of another question.
    """

    def refused(what: str) -> CheckpointError:
        return CheckpointError(f"the checkpoint {path} is of another collection: {what}; remove it to begin anew")

    if found.service != question.service:
        raise refused(f"of {found.service}, not {question.service}")
    for name in (*found.listings, *question.listings):
        if name not in found.listings or name not in question.listings:
            there = "now and not then" if name in question.listings else "then and not now"
            raise refused(f"{name} is listed {there}")
        (operation, asked), before = question.listings[name], found.listings[name]
        if operation != before.operation:
            raise refused(f"{name} was {before.operation} and is {operation}")
        changed = {key for key in (*asked, *before.parameters) if asked.get(key) != before.parameters.get(key)}
        if changed:
            raise refused(f"{name} asks otherwise by {', '.join(sorted(changed))}")
    origins = {(origin.label, origin.listing): origin for origin in question.origins}
    entries: dict[Origin, _Entry] = {}
    for entry in found.sources:
        origin = origins.get((entry.label, entry.listing))
        if origin is None:
            raise refused(f"there was a source {entry.label}")
        if origin.catalog != entry.catalog:
            raise refused(f"the source {entry.label} was catalog {entry.catalog} and is {origin.catalog}")
        entries[origin] = entry
    return entries


def _entry(origin: Origin, progress: Progress) -> _Entry:
    return _Entry(
        label=origin.label,
        catalog=origin.catalog,
        listing=origin.listing,
        outcome=progress.outcome,
        pages=progress.pages,
        items=progress.items,
        retries=progress.retries,
        next_token=progress.next_token,
        error=None if progress.error is None else error_text(progress.error),
        malformed=[_Malformed(item.path, item.reason, item.request_id) for item in progress.malformed],
    )


def _written(path: Path, entry: _Entry) -> Written:
    try:
        return Written.read(entry.met, entry.left)
    except ValueError as error:
        raise CheckpointError(f"{path} is no checkpoint, or a damaged one: {error}") from None


def _progress(entry: _Entry) -> Progress:
    """Return what an earlier run has brought: what had not come to its end, or failed, goes on."""
    return Progress(
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
