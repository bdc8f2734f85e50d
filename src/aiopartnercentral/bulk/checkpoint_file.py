"""The content of a checkpoint: what it holds, and how it is read and checked.

It is one JSON object. It has the time at which its run began; digests of the listings' parameters; the outcome, counts,
times and next page token of each source and listing; the position of the sink; and fingerprints of the items of
unfinished sources that are in the output. For the next incremental run it has the time of each source's first request,
and fingerprints of the items that may come again. Its last member is a checksum of all before it. It holds no item, no
argument and no credentials.
"""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

import msgspec

from aiopartnercentral._pagination.report import ENDED_WELL, Outcome
from aiopartnercentral._utils.text import counted, utc_text
from aiopartnercentral.errors import CheckpointError

__all__ = [
    "FORMAT",
    "START_OVER",
    "VERSION",
    "CheckpointFile",
    "RemoteCheckpoint",
    "StoredListing",
    "StoredMalformed",
    "StoredParent",
    "StoredSource",
    "as_bytes",
    "content_of",
    "parse",
    "read",
    "saved_progress",
]

FORMAT = "aiopartnercentral checkpoint"
VERSION = 6
START_OVER = "restart=True starts over"
_BEGINNING = f'{{"format":"{FORMAT}"'.encode()  # of every version
_CHECKSUM = b',"checksum":"'
_CLOCK_ERROR = timedelta(minutes=5)  # by which clocks of machines that share a disk may differ


class StoredMalformed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a malformed item was, and what is wrong with it."""

    path: str
    reason: str
    request_id: str | None


class StoredParent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A parent that was skipped; sensitive members are redacted."""

    parent: dict[str, str | None]
    reason: str
    vanished: bool
    request_id: str | None


class StoredSource(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One source and listing.

    Attributes:
        written: number of items in the output; None if it is `items`, as the source has not restarted.
        since: the time at which an incremental run began; None for a whole one.
        time: the service's time at the first request; None if the service did not send it.
        comes_again: fingerprints of the items that the next incremental run may get again.
    """

    label: str
    catalog: str
    listing: str
    outcome: Outcome
    pages: int = 0
    items: int = 0
    retries: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    next_token: str | None = None
    error: str | None = None
    malformed: list[StoredMalformed] = []
    skipped: int = 0
    vanished: int = 0
    skipped_parents: list[StoredParent] = []
    seen: bytes = b""
    expected: bytes = b""
    written: int | None = None
    since: datetime | None = None
    time: datetime | None = None
    comes_again: bytes = b""


class StoredListing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A listing, with digests of its parameters."""

    service: str
    operation: str
    parameters: dict[str, str]


class _Header(msgspec.Struct, frozen=True):
    """What every version has after its beginning."""

    version: int


class CheckpointFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything but the checksum.

    Attributes:
        first_run_id: the `run_id` of the run that began; those that resume it keep this one in the file.
        began: when that run began.
        output: the sink's position.
    """

    format: str
    version: int
    library: str
    first_run_id: str
    began: datetime
    listings: dict[str, StoredListing]
    output: Any
    sources: list[StoredSource]


class RemoteCheckpoint(Protocol):
    """A checkpoint that is not a local file."""

    def read(self) -> tuple[bytes, datetime] | None:
        """Return its bytes and the time of their last change; None if there is none.

        Raises:
            CheckpointError: it cannot be read.
        """
        ...


# Made here, as msgspec crashes if two threads make the first decoder of a struct class at once.
_HEADER = msgspec.json.Decoder(_Header)
_FILE = msgspec.json.Decoder(CheckpointFile)


def read(path: Path, max_age: timedelta, *, restart: bool) -> tuple[CheckpointFile | None, str | None]:
    """Return the content of a local checkpoint; see `parse`.

    Raises:
        CheckpointError: it cannot be read, or see `parse`.
    """
    return parse(path, content_of(path), max_age, restart=restart)


def parse(
    name: object, stored: tuple[bytes, datetime] | None, max_age: timedelta, *, restart: bool
) -> tuple[CheckpointFile | None, str | None]:
    """Return the content of a checkpoint, if it has any that is readable, and why it is not to be resumed, or None.

    A file that does not begin like a checkpoint is an error, so that it is never replaced. One that was cut off after
    this beginning is a damaged checkpoint.

    Arguments:
        name: its path or URL, for messages.
        stored: its bytes and the time of their last change; None if there is none.
        max_age: a run that began longer ago is not to be resumed.
        restart: whether no run is to be resumed.

    Raises:
        CheckpointError: it is not a checkpoint; or it is damaged or of another version, and may be young enough to be
            resumed.
    """
    if stored is None or not stored[0]:  # as `touch` and `mktemp` make it
        return None, None
    data, changed = stored
    if not data.startswith(_BEGINNING):
        raise CheckpointError(f"{name} is not a checkpoint, or its beginning is damaged; remove it to start over")
    try:
        found = _decoded(name, data)
    except CheckpointError:
        # Its run began before the file's last change, so it is at least as old.
        discarded = _why_discarded(changed, max_age, restart=restart)
        if discarded is None:
            raise
        return None, discarded
    return found, _why_discarded(found.began, max_age, restart=restart)


def _decoded(path: object, data: bytes) -> CheckpointFile:
    try:
        version = _HEADER.decode(data).version
        if version != VERSION:
            raise CheckpointError(
                f"the checkpoint {path} has version {version}, not {VERSION}, as another release of aiopartnercentral "
                f"wrote it; {START_OVER}"
            )
        content = data.rpartition(_CHECKSUM)[0] + b"}"
        if data != _with_checksum(content):
            raise CheckpointError(f"the checkpoint {path} is damaged: its checksum does not match; {START_OVER}")
        return _FILE.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # The decoder's messages have a path and types, and quote no value.
        raise CheckpointError(f"the checkpoint {path} is damaged: {error}; {START_OVER}") from None


def saved_progress(location: Path | RemoteCheckpoint) -> str | None:
    """Return how much can be resumed from a checkpoint, in words; None if nothing can be."""
    try:
        stored = content_of(location) if isinstance(location, Path) else location.read()
        found, _ = parse(location, stored, timedelta.max, restart=False)
    except CheckpointError:
        return None
    sources = [] if found is None else found.sources
    items, finished = sum(each.items for each in sources), sum(each.outcome in ENDED_WELL for each in sources)
    if not any(each.pages for each in sources):
        return None
    return f"{counted(items, 'item')}, {finished} of {counted(len(sources), 'source')} finished"


def as_bytes(file: CheckpointFile) -> bytes:
    """Return the content of the file, with its checksum."""
    return _with_checksum(msgspec.json.encode(file))


def _why_discarded(began: datetime, max_age: timedelta, *, restart: bool) -> str | None:
    if restart:
        return f"as asked for; the run of {utc_text(began)} is not resumed"
    age = datetime.now(UTC) - began
    if age > max_age:
        return f"the run of {utc_text(began)} is older than {_duration(max_age)}"
    if age < -_CLOCK_ERROR:
        return f"the run of {utc_text(began)} began in the future by this machine's clock"
    return None


def _duration(length: timedelta) -> str:
    units = {"hour": timedelta(hours=1), "minute": timedelta(minutes=1), "second": timedelta(seconds=1)}
    name, unit = next((each for each in units.items() if length >= each[1]), ("second", units["second"]))
    number = f"{length / unit:g}"
    return f"{number} {name}" if number == "1" else f"{number} {name}s"


def content_of(path: Path) -> tuple[bytes, datetime] | None:
    """Return the bytes of a local checkpoint and the time of their last change; None if there is no such file.

    Raises:
        CheckpointError: it cannot be read, or is not a regular file.
    """
    try:
        return _content(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CheckpointError(f"the checkpoint {path} cannot be read: {error.strerror}") from error


def _content(path: Path) -> tuple[bytes, datetime]:
    """Return the content of a regular file and the time of its last change, without waiting for the writer of a pipe.

    Raises:
        OSError: it cannot be read, or is not a regular file.
    """

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))

    with open(path, "rb", opener=opener) as reader:
        status = os.fstat(reader.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return reader.read(), datetime.fromtimestamp(status.st_mtime, UTC)


def _with_checksum(content: bytes) -> bytes:
    """Return the JSON object with the checksum of its bytes as a further member."""
    return b'%b%b%b"}' % (content[:-1], _CHECKSUM, blake2b(content, digest_size=16).hexdigest().encode())
