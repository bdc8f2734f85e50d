"""A part of a file as the body of a request: it is read while it is sent, so no more of it is in memory than that."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import zlib
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import anyio
import attrs

from aiopartnercentral._utils.threads import run_to_completion

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path
    from typing import Literal

__all__ = ["FilePart", "FileRange", "checksum", "opened"]

CHUNK_BYTES: Final = 1 << 18


class FilePart(io.RawIOBase):
    """A part of a file as a file. Each attempt of a request reads it from its beginning.

    aiohttp reads it in a thread, and httpx iterates over it.
    """

    def __init__(self, where: FileRange) -> None:
        """Open the file."""
        super().__init__()
        self._file = where.path.open("rb")
        self._offset, self._size = where.offset, where.size
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position in the part."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Change the position in the part, and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - the type of buffers is only in type checkers
        """Read into a buffer, and return how many bytes; 0 at the end of the part.

        Raises:
            OSError: the file cannot be read, or is shorter than it was.
        """
        wanted = memoryview(buffer)[: max(self._size - self._position, 0)]
        self._file.seek(self._offset + self._position)
        count = self._file.readinto(wanted)
        if wanted and not count:
            raise OSError(f"{self._file.name} became shorter while it was sent")
        self._position += count
        return count

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the content from the position on."""
        while chunk := await anyio.to_thread.run_sync(self.read, CHUNK_BYTES):
            yield chunk

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


@attrs.frozen
class FileRange:
    """Where a part of a file is, which is opened only while it is sent.

    Attributes:
        path: the file, which does not change.
        offset: where the part begins.
        size: the bytes of the part.
    """

    path: Path
    offset: int
    size: int


@asynccontextmanager
async def opened(data: bytes | FileRange) -> AsyncIterator[bytes | FilePart]:
    """Yield data as the body of a request.

    Raises:
        OSError: the file cannot be opened.
    """
    if isinstance(data, bytes):
        yield data
        return
    part = await run_to_completion(partial(FilePart, data), undo=FilePart.close)
    try:
        yield part
    finally:
        part.close()


async def checksum(data: bytes | FilePart, kind: Literal["crc32", "md5"]) -> str:
    """Return the checksum of data in Base64; that of a part of a file is computed in a thread."""
    if isinstance(data, bytes):
        return _checksum(io.BytesIO(data), kind)
    return await run_to_completion(partial(_checksum, data, kind))


def _checksum(file: io.RawIOBase | io.BytesIO, kind: Literal["crc32", "md5"]) -> str:
    md5, crc = hashlib.md5(usedforsecurity=False), 0
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        if kind == "md5":
            md5.update(chunk)
        else:
            crc = zlib.crc32(chunk, crc)
    file.seek(0)
    return base64.b64encode(md5.digest() if kind == "md5" else crc.to_bytes(4, "big")).decode()
