"""The file of rows of `write`: a JSON object in each line, one member of which is the key of the row."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import attrs

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._serialization.members import members
from aiopartnercentral._utils import validators
from aiopartnercentral.bulk.write_journal import fingerprint
from aiopartnercentral.cli.terminal import clean
from aiopartnercentral.errors import AioPartnerCentralError, DecodeError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiopartnercentral.types import Operation

__all__ = ["RowsError", "open_rows"]

_CHUNK = 1 << 18  # bytes that are read at once


class RowsError(AioPartnerCentralError):
    """The file cannot be read, or a line of it is not a row; the message names the file and the line."""


@asynccontextmanager
async def open_rows(
    path: Path, key: str, operation: Operation[Any, Any]
) -> AsyncIterator[AsyncIterator[tuple[str, dict[str, Any]]]]:
    """Open a file, and give the key and the request of each line.

    A cancellation does not wait for a file that gives nothing, such as a pipe with a silent writer.

    Arguments:
        path: the file, which may be a pipe.
        key: the member that is the key of a row. It is not a part of the request, unless the operation has it.
        operation: the operation.

    Raises:
        RowsError: the file cannot be read; from the rows, a line is not a row.
    """
    name = clean(str(path))
    try:
        reader = _Reader(await anyio.to_thread.run_sync(_open, path, abandon_on_cancel=True))
    except OSError as error:
        raise RowsError(f"cannot read {name}: {error.strerror}") from error
    is_sent = key in {member.key for member in members(operation.input, is_botocore=False)}
    try:
        yield _rows(reader, name, key, is_sent=is_sent)
    finally:
        reader.close()


def _open(path: Path) -> int:
    fd = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    if stat.S_ISDIR(os.fstat(fd).st_mode):
        os.close(fd)
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return fd


@attrs.define
class _Reader:
    """Reads the lines of an open file in threads, which a cancellation abandons."""

    _fd: int
    _is_reading: bool = False

    async def lines(self) -> AsyncIterator[bytes]:
        rest = b""
        while chunk := await self._chunk():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line
        yield rest

    async def _chunk(self) -> bytes:
        self._is_reading = True
        try:
            chunk = await anyio.to_thread.run_sync(os.read, self._fd, _CHUNK, abandon_on_cancel=True)
        except OSError:
            self._is_reading = False
            raise
        self._is_reading = False
        return chunk

    def close(self) -> None:
        """Close the file, unless an abandoned thread still reads it."""
        if not self._is_reading:
            os.close(self._fd)


async def _rows(reader: _Reader, name: str, key: str, *, is_sent: bool) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Yield the key and the request of each line.

    Raises:
        RowsError: the file cannot be read, or a line is not a JSON object with a key of its own.
    """
    numbers: dict[bytes, int] = {}
    number = 0
    try:
        async for line in reader.lines():
            number += 1
            if line.strip():
                where = f"line {number} of {name}"
                row = _parsed(line, where)
                named = _key(row.get(key) if is_sent else row.pop(key, None), key, where)
                first = numbers.setdefault(fingerprint(named), number)
                if first != number:
                    raise RowsError(f"{where} has the same {clean(key)!r} as line {first}, {clean(named)!r}")
                yield named, row
    except OSError as error:
        raise RowsError(f"cannot read {name}: {error.strerror}") from error


def _parsed(line: bytes, where: str) -> dict[str, Any]:
    with suppress(DecodeError):
        if isinstance(row := jsontext.loads(line), dict):
            return row
    raise RowsError(f"{where} is not a JSON object")


def _key(value: object, name: str, where: str) -> str:
    """Return the key of a row; the number 1 and the text "1" are the same key.

    Raises:
        RowsError: it is not a key.
    """
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise RowsError(f"{where} has no member {clean(name)!r} that is a string or a whole number")
    try:
        return validators.text(f"the member {clean(name)!r}", str(value))
    except ValueError as error:
        raise RowsError(f"{where}: {error}") from None
