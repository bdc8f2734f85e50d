"""Objects in S3, or in another store that speaks its protocol, as the destination of spooled files.

A file becomes an object by one request, or by a multipart upload if it is larger than a part. All multipart uploads of
a run are complete but for their last request before the first object changes. Their ids are in a journal next to the
spool directory, so that the next run of the output aborts those that a killed process has left.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.atomic_files import LOGGER, sync_data
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks.base import EarlierFile, Page
from aiopartnercentral.sinks.compression import split_extension
from aiopartnercentral.sinks.path_template import SCHEME, PathTemplate, is_template, split_url
from aiopartnercentral.sinks.upload_journal import UploadJournal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from aiopartnercentral._transport.s3 import S3Store, UploadedPart
    from aiopartnercentral._transport.s3_options import S3Options
    from aiopartnercentral.sinks.partitioned import PartitionedSink
    from aiopartnercentral.sinks.spool import Spool

__all__ = ["ObjectStorage"]

T = TypeVar("T")

_CONCURRENCY = 4  # requests that send data
_MAX_PARTS = 10_000
_BEGIN_SECONDS = 60.0
_LIST_SECONDS = 30.0
_MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
}
_COMPRESSED: Final[Mapping[str, str]] = {"gzip": "application/gzip", "zstd": "application/zstd"}


@attrs.frozen
class ObjectStorage:
    """Objects of one bucket whose keys are those of the spooled files.

    Attributes:
        bucket: the bucket.
        key: their key, or its template.
        options: how they are written.
    """

    bucket: str
    key: str
    options: S3Options

    @classmethod
    def parse(cls, url: str, options: S3Options | None) -> ObjectStorage:
        """Return the destination of a URL.

        Raises:
            TypeError: the options are no `S3Options`.
            ValueError: see `split_url`.
        """
        from aiopartnercentral._transport.s3_options import S3Options  # noqa: PLC0415 - local files do not need it

        bucket, key = split_url(url)
        if options is None:
            options = S3Options()
        return cls(bucket, key, validators.instance_of(S3Options, "S3Options")("s3", options))

    @property
    def base(self) -> str:
        """What the URLs of all objects begin with."""
        return f"{SCHEME}{self.bucket}/"

    @asynccontextmanager
    async def _store(self) -> AsyncIterator[S3Store]:
        from aiopartnercentral._transport.s3 import open_store  # noqa: PLC0415 - loads botocore

        async with open_store(self.bucket, self.options, name=f"{self.base}{self.key}") as store:
            yield store

    async def read(self) -> bytes | None:
        """Return the content of the object; None if there is no object.

        Raises:
            SinkError: it cannot be read.
        """
        async with self._store() as store:
            found = await store.get(self.key.format())
            return None if found is None else found.data

    async def replace(self, content: bytes, *, replaces: str | bool = True) -> str:
        """Write the object at once, and return its ETag.

        Arguments:
            content: the content.
            replaces: the ETag of the object that may be replaced; True for any.

        Raises:
            SinkError: that failed, and the object is unchanged.
        """
        key = self.key.format()
        async with self._store() as store:
            return await store.put(key, content, self._media_type(key), replaces=replaces)

    async def check(self, spool: Spool) -> None:
        """Begin and abort a multipart upload, which needs the permissions of a delivery; see `Destination.check`.

        The uploads in the journal are aborted, too.
        """
        journal = await UploadJournal.read(spool)
        key = self.key
        if is_template(key):  # one that the policy for the objects applies to
            key = PathTemplate.parse(key).expand(Page("", "", ""))
        async with self._store() as store:
            try:
                await journal.find(store)
                for upload in list(journal.uploads):
                    await journal.abort(upload, store)
                await journal.abort(await self._begin(store, journal, key), store)
                if journal.begun:  # one more, as a response was lost
                    await journal.abort_all(store)
            except BaseException:
                await journal.abort_all(store)
                raise

    async def deliver(
        self, spool: Spool, files: Mapping[str, Path], outputs: PartitionedSink | None
    ) -> Sequence[EarlierFile]:
        """Upload files; see `Destination.deliver`."""
        if not files and outputs is None:
            return ()
        sizes = {key: (await anyio.Path(path).stat()).st_size for key, path in files.items()}
        small = {key: path for key, path in files.items() if sizes[key] <= self.options.part_size}
        journal = await UploadJournal.read(spool)
        async with self._store() as store:
            try:
                parts = {}
                for key in files.keys() - small.keys():
                    parts[key] = await self._upload(store, journal, key, files[key], sizes[key])
                for key, (upload, uploaded) in parts.items():
                    await store.complete_upload(key, upload, uploaded)
                    await journal.remove(upload)
                await self._put(store, small, sizes)
                if journal.begun:  # others of the same keys, as a response was lost
                    await journal.abort_all(store)
            except BaseException:
                await journal.abort_all(store)
                raise
            return await self._earlier(store, files, spool, outputs)

    async def _begin(self, store: S3Store, journal: UploadJournal, key: str) -> str:
        """Begin a multipart upload, note it in the journal, and return its id."""
        begun: list[str] = []

        async def begin(key: str) -> None:
            # Otherwise, a cancellation could leave an upload whose id nobody knows.
            with anyio.move_on_after(_BEGIN_SECONDS, shield=True):
                await journal.begin(key)
                try:
                    upload = await store.create_upload(key, self._media_type(key))
                except SinkError as error:
                    if store.has_refused(error):
                        await journal.refused(key)
                    raise
                await journal.add(upload, key)
                begun.append(upload.id)

        await _concurrently(begin, [key])  # in a task of its own, which asyncio's native cancellation does not reach
        if not begun:
            raise SinkError(f"{self.base}{key}", f"the store did not begin an upload in {_BEGIN_SECONDS:g} s")
        return begun[0]

    async def _upload(
        self, store: S3Store, journal: UploadJournal, key: str, path: Path, size: int
    ) -> tuple[str, Sequence[UploadedPart]]:
        """Upload the parts of a file, and return the id of the upload and its parts."""
        part_size = max(self.options.part_size, -(-size // _MAX_PARTS))
        upload = await self._begin(store, journal, key)
        count = -(-size // part_size)
        parts: dict[int, UploadedPart] = {}

        from aiopartnercentral._transport.file_part import FileRange  # noqa: PLC0415 - completion does not need the transport

        async def send(number: int) -> None:
            offset = number * part_size
            part = FileRange(path, offset, min(part_size, size - offset))
            parts[number] = await store.upload_part(key, upload, number + 1, part)

        await _concurrently(send, range(count))
        return upload, [parts[number] for number in range(count)]

    async def _put(self, store: S3Store, files: Mapping[str, Path], sizes: Mapping[str, int]) -> None:
        from aiopartnercentral._transport.file_part import FileRange  # noqa: PLC0415 - completion does not need the transport

        async def send(key: str) -> None:
            data = FileRange(files[key], 0, sizes[key])
            await store.put(key, data if data.size else b"", self._media_type(key))

        await _concurrently(send, files)

    async def _earlier(
        self, store: S3Store, files: Mapping[str, Path], spool: Spool, outputs: PartitionedSink | None
    ) -> Sequence[EarlierFile]:
        """Return the objects of earlier runs that are not among the files; none if the caller may not list them."""
        if outputs is None:
            return ()
        names = outputs.dated.outputs(outputs.services, outputs.operations)

        def is_earlier(key: str) -> bool:
            return key not in files and names.fullmatch(f"{spool.directory}/{key}") is not None

        prefix = outputs.dated.beginning.removeprefix(f"{spool.directory}/")
        reason = f"not listed in {_LIST_SECONDS:g} s"
        with anyio.move_on_after(_LIST_SECONDS):
            try:
                found = await store.modified(prefix, is_earlier)
                return [EarlierFile(f"{self.base}{key}", found[key]) for key in sorted(found)]
            except SinkError as error:
                reason = error.reason
        LOGGER.warning("objects of earlier runs below %s%s are not known: %s", self.base, prefix, reason)
        return ()

    async def fetch(self, key: str, path: Path) -> None:
        """Download an object; see `Destination.fetch`."""
        async with self._store() as store:
            chunks = await store.read(key)
            if chunks is None:
                return
            await anyio.Path(path.parent).mkdir(parents=True, exist_ok=True)
            fetched = anyio.Path(path.with_name(f"{path.name}.fetched"))
            async with await anyio.open_file(fetched, "wb") as file:
                async for chunk in chunks:
                    await file.write(chunk)
                await file.flush()
                await run_to_completion(partial(sync_data, file.wrapped.fileno()))
            await fetched.rename(path)

    def _media_type(self, key: str) -> str:
        if self.options.content_type is not None:
            return self.options.content_type
        extension, compression = split_extension(key)
        return _COMPRESSED.get(str(compression)) or _MEDIA_TYPES.get(extension, "application/octet-stream")


async def _concurrently(send: Callable[[T], Awaitable[None]], arguments: Iterable[T]) -> None:
    """Call a function with each argument, a few at once; the first error cancels the others and is raised."""
    waiting, failures = iter(arguments), list[Exception]()

    async def work() -> None:
        try:
            for argument in waiting:
                await send(argument)
        except Exception as error:  # noqa: BLE001 - raised below, as the task group would wrap it
            failures.append(error)
            tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        for _ in range(_CONCURRENCY):
            tasks.start_soon(work)
    if failures:
        raise failures[0]
