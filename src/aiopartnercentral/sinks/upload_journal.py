"""The journal of an output's multipart uploads, by which the next run aborts those that a killed process has left."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Self

import anyio
import attrs

from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks.partial_file import PartialFile, os_errors_as_sink_errors

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral._transport.s3 import BegunUpload, S3Store
    from aiopartnercentral.sinks.spool import Spool

__all__ = ["UploadJournal"]

_ABORT_SECONDS = 30.0
_CLOCK_ERROR = 300.0  # seconds by which the store's clock may differ from this machine's


@attrs.define
class UploadJournal:
    """A file next to the spool directory. It is written only while the directory is locked.

    Attributes:
        path: the file.
        uploads: the key of each upload that may not have ended, by its id.
        begun: when an upload was begun whose id is not known yet, in seconds since the epoch, by its key.
    """

    path: Path
    uploads: dict[str, str] = attrs.field(factory=dict)
    begun: dict[str, float] = attrs.field(factory=dict)

    @classmethod
    async def read(cls, spool: Spool) -> Self:
        """Return the journal of a spool directory; an empty one if there is none that can be read."""
        return await run_to_completion(partial(cls._read, spool))

    @classmethod
    def _read(cls, spool: Spool) -> Self:
        path = spool.directory.with_name(f"{spool.directory.name}.uploads.json")
        with suppress(OSError, ValueError, TypeError, KeyError):
            found = json.loads(path.read_bytes())
            return cls(path, dict(found["uploads"]), dict(found["begun"]))
        return cls(path)

    async def begin(self, key: str) -> None:
        """Note that an upload is about to begin.

        Raises:
            SinkError: the journal cannot be written.
        """
        self.begun[key] = time.time()
        await run_to_completion(self._write)

    async def refused(self, key: str) -> None:
        """Note that an upload has not begun.

        Raises:
            SinkError: the journal cannot be written.
        """
        del self.begun[key]
        await run_to_completion(self._write)

    async def add(self, upload: BegunUpload, key: str) -> None:
        """Note the id of an upload that has begun.

        Raises:
            SinkError: the journal cannot be written.
        """
        self.uploads[upload.id] = key
        if upload.is_only:
            del self.begun[key]
        await run_to_completion(self._write)

    async def remove(self, upload: str) -> None:
        """Forget an upload that has ended.

        Raises:
            SinkError: the journal cannot be written.
        """
        del self.uploads[upload]
        await run_to_completion(self._write)

    async def abort(self, upload: str, store: S3Store) -> None:
        """Abort an upload, and forget it.

        Raises:
            SinkError: the upload cannot be aborted, or the journal cannot be written.
        """
        await store.abort_upload(self.uploads[upload], upload)
        await self.remove(upload)

    async def find(self, store: S3Store) -> None:
        """Look for the uploads whose ids are not known: those of their keys that began in the same minutes.

        Without the permission to list uploads, they are forgotten.

        Raises:
            SinkError: the store did not answer, or the journal cannot be written.
        """
        for key, began in list(self.begun.items()):
            try:
                found = await store.uploads_of(key)
            except SinkError as error:
                if not store.has_refused(error):
                    raise
                found = {}
            for upload, initiated in found.items():
                if abs(initiated.timestamp() - began) <= _CLOCK_ERROR:
                    self.uploads[upload] = key
            del self.begun[key]
            await run_to_completion(self._write)

    async def abort_all(self, store: S3Store) -> None:
        """Abort all uploads, also those whose ids are not known; those for which this fails stay in the journal."""
        with anyio.move_on_after(_ABORT_SECONDS, shield=True):
            with suppress(SinkError):
                await self.find(store)
            for upload in list(self.uploads):
                with suppress(SinkError):
                    await self.abort(upload, store)

    def _write(self) -> None:
        with os_errors_as_sink_errors(str(self.path)):
            if self.uploads or self.begun:
                content = json.dumps({"uploads": self.uploads, "begun": self.begun})
                PartialFile.replace(str(self.path), content.encode(), "uploads", private=True)
            else:
                self.path.unlink(missing_ok=True)
