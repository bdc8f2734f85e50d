"""Checkpoints in S3: one object, which is replaced as a whole, and only by the run that has its lease.

The object has the content of a local checkpoint, followed by a line with the lease of the run that uses it. Each write
names the ETag of the one before (`If-Match`). So two runs cannot both begin, and a run whose lease has expired and was
taken over cannot replace what the other run has saved. The lease is a part of the content, because the ETag of equal
contents is the same. Its age is that of the object by the store's clock, so clocks of machines do not matter.
"""

from __future__ import annotations

import math
import os
import secrets
import socket
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
import attrs
import msgspec
from anyio.from_thread import start_blocking_portal

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.atomic_files import LOGGER
from aiopartnercentral._utils.text import utc_text
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.bulk.checkpoint_storage import FileStorage, in_use
from aiopartnercentral.errors import CheckpointError, SinkError
from aiopartnercentral.sinks.path_template import SCHEME, split_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from datetime import datetime

    from aiopartnercentral._transport.s3 import S3Store, StoredObject
    from aiopartnercentral._transport.s3_options import S3Options
    from aiopartnercentral.bulk.checkpoint_storage import CheckpointStorage

__all__ = ["CheckpointObject", "check_checkpoint", "storage_of"]

T = TypeVar("T")

_MEDIA_TYPE: Final = "application/json"
_LEASE_FORMAT: Final = "aiopartnercentral lease"
_LEASE_SECONDS = 60.0
_RENEWALS = 3  # in the time of a lease
_REQUEST_SECONDS = 60.0  # for a write and its retries
_ATTEMPTS = 3  # of a write whose condition was not met, as the response to an earlier one was lost
_NO_ETAG: Final = f'"{"0" * 32}"'


class _Lease(msgspec.Struct, frozen=True):
    """The line after the content.

    Attributes:
        id: identifies one use of the checkpoint.
        number: the number of the write.
        run: the id of the run.
        owner: its host and process, for messages.
        seconds: how long it is valid after the object was written.
    """

    format: str
    id: str
    number: int
    run: str
    owner: str
    seconds: float


_LEASE = msgspec.json.Decoder(_Lease)


@attrs.frozen
class CheckpointObject:
    """A checkpoint in S3.

    Attributes:
        bucket: the bucket.
        key: the key.
        options: the credentials and other options.
    """

    bucket: str
    key: str
    options: S3Options

    def __str__(self) -> str:
        """Return the URL."""
        return f"{SCHEME}{self.bucket}/{self.key}"

    def storage(self, run_id: str) -> CheckpointStorage:
        """Return the storage of this checkpoint for a run."""
        return _ObjectStorage(self, run_id)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[S3Store]:
        """Open a client for the object.

        Raises:
            SinkError: see `open_store`.
        """
        from aiopartnercentral._transport.s3 import open_store  # noqa: PLC0415 - loads botocore

        async with open_store(self.bucket, self.options, name=str(self)) as store:
            yield store

    def read(self) -> tuple[bytes, datetime] | None:
        """Return the content and the time of the last change, whether a run uses it or not; None if there is none.

        It blocks, and works inside a running event loop too.

        Raises:
            CheckpointError: it cannot be read.
        """
        with start_blocking_portal() as portal:
            return portal.call(self._read)

    async def _read(self) -> tuple[bytes, datetime] | None:
        with _errors(self, "read"):
            async with self.store() as store:
                found = await store.get(self.key)
        return None if found is None else (_split(self, found.data)[0], found.modified)


def check_checkpoint(checkpoint: object, checkpoint_s3: object) -> Path | CheckpointObject | None:
    """Return where a checkpoint is, from the arguments of a collection.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the URL names no object, or `checkpoint_s3` is given without a URL.
    """
    given = None if checkpoint is None else validators.path("checkpoint", checkpoint)
    if given is None or not given.startswith("s3:/"):
        if checkpoint_s3 is not None:
            raise ValueError("checkpoint_s3 is an option of a checkpoint that begins with s3://")
        return None if given is None else Path(given)
    if not given.startswith(SCHEME):
        raise ValueError(f"checkpoint must be a string if it is a URL, as a path object drops a slash: {given!a}")
    from aiopartnercentral._transport.s3_options import S3Options  # noqa: PLC0415 - local files do not need it

    try:
        bucket, key = split_url(given)
    except ValueError as error:
        raise ValueError(str(error).replace("path", "checkpoint", 1)) from None
    options = S3Options()
    if checkpoint_s3 is not None:
        options = validators.instance_of(S3Options, "S3Options")("checkpoint_s3", checkpoint_s3)
    # It is replaced often and read back at once, for which the other storage classes are not made.
    return CheckpointObject(bucket, key, attrs.evolve(options, storage_class=None))


def storage_of(location: Path | CheckpointObject, run_id: str) -> CheckpointStorage:
    """Return the storage of a checkpoint for a run."""
    return FileStorage(location) if isinstance(location, Path) else location.storage(run_id)


class _ObjectStorage:
    """The object of a checkpoint, while a run uses it."""

    save_every: float = 10.0  # as each is a request that costs money
    pause: float = 10.0

    def __init__(self, location: CheckpointObject, run_id: str) -> None:
        self._location = location
        self._key = location.key
        self._stack = AsyncExitStack()
        self._store: S3Store | None = None
        self._lease = _Lease(
            format=_LEASE_FORMAT,
            id=secrets.token_hex(8),
            number=0,
            run=run_id,
            owner=f"process {os.getpid()} on {socket.gethostname()}",
            seconds=_LEASE_SECONDS,
        )
        self._is_claimed = False
        self._lost_by: str | None = None  # why this run may not use it any more
        self._content = b""
        self._etag: str | None = None  # of what this run has read or written last
        self._written_at = 0.0
        self._writing = anyio.Lock()

    async def open(self, parse: Callable[[tuple[bytes, datetime] | None], T]) -> T:
        """Read the object, unless another run has its lease; see `CheckpointStorage.open`."""
        try:
            with _errors(self._location, "used"):
                self._store = await self._stack.enter_async_context(self._location.store())
                found = await self._store.get(self._key)
            stored = None
            if found is not None:
                self._content, lease = _split(self._location, found.data)
                _check_free(self._location, found, lease)
                self._etag, stored = found.etag, (self._content, found.modified)
            return await run_to_completion(partial(parse, stored))
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._stack.aclose()
            raise

    async def claim(self) -> None:
        """Write the lease; see `CheckpointStorage.claim`."""
        self._is_claimed = True
        await self._guarded(partial(self._put, self._content), "written")
        await self._guarded(self._probe, "written")

    async def keep(self) -> None:
        """Renew the lease; see `CheckpointStorage.keep`."""
        while True:
            every = _LEASE_SECONDS / _RENEWALS
            waited = anyio.current_time() - self._written_at
            await anyio.sleep(max(every - waited, 0))
            if anyio.current_time() - self._written_at >= every:
                await self._guarded(partial(self._put, None), "written")

    async def write(self, content: bytes) -> None:
        """Replace the object, which renews the lease; see `CheckpointStorage.write`."""
        await self._guarded(partial(self._put, content), "written")

    async def close(self, *, remove: bool) -> None:
        """End the lease, or delete the object; see `CheckpointStorage.close`."""
        try:
            if remove and self._is_claimed:
                await self._guarded(self._delete, "removed")
            elif self._is_claimed:
                try:
                    await self._guarded(partial(self._put, None, is_leased=False), "written")
                except CheckpointError as error:  # the lease ends by itself
                    LOGGER.warning("%s; other runs can use it in %g s", error, self._lease.seconds)
        finally:
            with anyio.CancelScope(shield=True):
                await self._stack.aclose()

    async def _guarded(self, request: Callable[[], Awaitable[None]], what: str) -> None:
        """Send requests one after the other, shielded for a limited time.

        Raises:
            CheckpointError: that failed, or another run has taken the checkpoint over.
        """
        with _errors(self._location, what), anyio.fail_after(_REQUEST_SECONDS, shield=True):
            async with self._writing:
                if self._lost_by is not None:
                    raise CheckpointError(self._lost_by)
                await request()

    async def _put(self, content: bytes | None, *, is_leased: bool = True) -> None:
        """Write the object; None for the content that it has, so as to renew or end the lease."""
        content = self._content if content is None else content
        if not is_leased and not content:
            await self._delete()
            return
        for _ in range(_ATTEMPTS):
            self._lease = msgspec.structs.replace(self._lease, number=self._lease.number + 1)
            line = b"\n%b\n" % msgspec.json.encode(self._lease) if is_leased else b""
            replaces = self._etag or False
            try:
                self._etag = await self._opened.put(self._key, content + line, _MEDIA_TYPE, replaces=replaces)
            except SinkError as error:
                if not _is_condition(error):
                    raise
                found = await self._refresh()
                if found is not None and not is_leased and found.data == content:
                    break
            else:
                break
        else:
            raise self._lost(None)
        self._content, self._written_at = content, anyio.current_time()

    async def _delete(self) -> None:
        for _ in range(_ATTEMPTS):
            if anyio.current_time() - self._written_at > _LEASE_SECONDS / _RENEWALS:
                await self._put(None)  # not every store compares the ETag of what it deletes
            try:
                await self._delete_own()
            except SinkError as error:
                if not _is_condition(error):
                    raise
                if await self._opened.get(self._key) is None:  # the response to an earlier attempt was lost
                    return
                await self._refresh()
            else:
                return
        raise self._lost(None)

    async def _delete_own(self) -> None:
        try:
            await self._opened.delete(self._key, self._etag or _NO_ETAG)
        except SinkError as error:
            if not _is_condition(error, is_supported=False):
                raise
            await self._put(None)  # which says whose the object is
            await self._opened.delete(self._key, None)

    async def _refresh(self) -> StoredObject | None:
        """Read the ETag of this run's last write, the response to which may have been lost.

        Raises:
            CheckpointError: the object is not of this run.
        """
        found = await self._opened.get(self._key)
        lease = None if found is None else _split(self._location, found.data)[1]
        if found is not None and lease is None and found.data == self._content and self._written_at:
            return found
        if found is None or lease is None or lease.id != self._lease.id:
            raise self._lost(lease)
        self._etag = found.etag
        return found

    def _lost(self, lease: _Lease | None) -> CheckpointError:
        """Return the error for a checkpoint that is no longer, or not yet, this run's."""
        error = self._why_lost(lease)
        self._is_claimed, self._lost_by = False, str(error)
        return error

    def _why_lost(self, lease: _Lease | None) -> CheckpointError:
        if not self._written_at:  # another run has begun at the same moment
            return in_use(self._location, "" if lease is None else f", {lease.run} of {lease.owner}")
        if lease is None:
            return CheckpointError(f"the checkpoint {self._location} was replaced or deleted while this run used it")
        return CheckpointError(
            f"the checkpoint {self._location} was taken over by another run, {lease.run} of {lease.owner}: this one "
            f"did not renew its lease in {self._lease.seconds:g} s"
        )

    async def _probe(self) -> None:
        """Check that the store compares ETags, since nothing else keeps two runs apart."""
        line = msgspec.json.encode(self._lease)
        try:
            await self._opened.put(self._key, b"%b\n%b\n" % (self._content, line), _MEDIA_TYPE, replaces=_NO_ETAG)
        except SinkError as error:
            if not _is_condition(error):
                raise
            return
        raise CheckpointError(
            f"the checkpoint {self._location} cannot be locked: its store ignores If-Match, so use a local file"
        )

    @property
    def _opened(self) -> S3Store:
        if self._store is None:
            raise RuntimeError("the checkpoint is not open")
        return self._store


def _is_condition(error: SinkError, *, is_supported: bool = True) -> bool:
    from aiopartnercentral._transport import s3_errors  # noqa: PLC0415 - loads botocore

    return isinstance(error, s3_errors.ConditionError if is_supported else s3_errors.ConditionUnsupportedError)


@contextmanager
def _errors(location: CheckpointObject, what: str) -> Iterator[None]:
    """Raise each failure of a request as a `CheckpointError`.

    Raises:
        CheckpointError: instead of it.
    """
    try:
        yield
    except SinkError as error:
        reason = error.reason
        if _is_condition(error, is_supported=False):
            reason = "its store does not support conditional requests, so use a local file"
        raise CheckpointError(f"the checkpoint {location} cannot be {what}: {reason}") from error
    except TimeoutError as error:
        reason = f"the store did not respond in {_REQUEST_SECONDS:g} s"
        raise CheckpointError(f"the checkpoint {location} cannot be {what}: {reason}") from error


def _split(location: CheckpointObject, data: bytes) -> tuple[bytes, _Lease | None]:
    """Return the content and the lease, if there is one.

    Raises:
        CheckpointError: the lease is damaged.
    """
    content, _, line = data.removesuffix(b"\n").rpartition(b"\n")
    if not line.startswith(f'{{"format":"{_LEASE_FORMAT}"'.encode()):
        return data, None
    try:
        return content, _LEASE.decode(line)
    except msgspec.MsgspecError:
        raise CheckpointError(f"the checkpoint {location} is damaged: delete it to start over") from None


def _check_free(location: CheckpointObject, found: StoredObject, lease: _Lease | None) -> None:
    """Refuse an object that another run uses.

    Raises:
        CheckpointError: the lease of another run is valid.
    """
    if lease is None or (left := lease.seconds - found.age.total_seconds()) <= 0:
        return
    raise in_use(
        location,
        f", {lease.run} of {lease.owner}, which was active at {utc_text(found.modified)}; if it was killed, the "
        f"checkpoint is free in {math.ceil(left)} s",
    )
