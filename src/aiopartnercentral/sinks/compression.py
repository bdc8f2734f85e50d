"""Compression in blocks that stand for themselves, so that a file can be cut between two of them and gone on with."""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiopartnercentral._utils.optional_imports import import_optional

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ENDINGS", "Compressor", "compressor"]

ENDINGS: Final[Mapping[str, str]] = {".gz": "gzip", ".zst": "zstd"}
"""The compression that a file's ending asks for."""

_GZIP_LEVEL = 6
_ZSTD_LEVEL = 3
_WITH_GZIP_HEADER = 31


class Compressor(Protocol):
    """One block, a gzip member or a zstd frame, being written."""

    def compress(self, data: bytes, /) -> bytes:
        """Return what can be written so far."""
        ...

    def flush(self) -> bytes:
        """Return the rest of the block, which ends here."""
        ...


class _Plain:
    """No compression."""

    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def compressor(name: str | None) -> Callable[[], Compressor]:
    """Return what begins a block of a compression, or of none.

    Raises:
        ValueError: there is no such compression.
        ImportError: what does it is not installed.
    """
    match name:
        case None:
            return _Plain
        case "gzip":
            # Without the time, which would make each run's file another.
            return lambda: zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _WITH_GZIP_HEADER)
        case "zstd":
            return _zstd()
    raise ValueError(f"there is no compression {name!a}: it can be {', '.join(ENDINGS.values())}")


def _zstd() -> Callable[[], Compressor]:
    try:  # the standard library's, from Python 3.14 on
        own: Any = import_module("compression.zstd")
    except ImportError:
        library: Any = import_optional("zstandard", extra="zstd")

        def begin() -> Compressor:
            found: Compressor = library.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
            return found

        return begin

    def begin_own() -> Compressor:
        found: Compressor = own.ZstdCompressor(level=_ZSTD_LEVEL)
        return found

    return begin_own
