"""Compression in independent blocks, so that a file can be cut between two of them and resumed there."""

from __future__ import annotations

import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiopartnercentral._utils.optional_imports import import_optional
from aiopartnercentral._utils.validators import one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["EXTENSIONS", "Compressor", "compressor_factory", "decompressed"]

EXTENSIONS: Final[Mapping[str, str]] = {".gz": "gzip", ".zst": "zstd"}
"""The compression for each file extension."""

_check_compression = one_of(EXTENSIONS.values())
_GZIP_LEVEL = 6
_ZSTD_LEVEL = 3
_WITH_GZIP_HEADER = 31


class Compressor(Protocol):
    """Compresses one block: a gzip member or a zstd frame."""

    def compress(self, data: bytes, /) -> bytes:
        """Return the compressed bytes that are available so far."""
        ...

    def flush(self) -> bytes:
        """End the block, and return the rest of it."""
        ...


class _NoCompression:
    def compress(self, data: bytes, /) -> bytes:
        return data

    def flush(self) -> bytes:
        return b""


def compressor_factory(compression: str | None) -> Callable[[], Compressor]:
    """Return a function that starts a block of this compression, or of none.

    Raises:
        TypeError, ValueError: the compression is unknown.
        ImportError: its package is not installed.
    """
    if compression is None:
        return _NoCompression
    if _check_compression("compression", compression) == "zstd":
        return _zstd_factory()
    # compressobj writes no timestamp, so equal items give equal files.
    return lambda: zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _WITH_GZIP_HEADER)


def decompressed(data: bytes, compression: str | None) -> bytes:
    """Return the decompressed beginning of a file.

    Raises:
        Exception: the file has another compression; each package raises its own errors.
    """
    if compression is None:
        return data
    if compression == "gzip":
        return zlib.decompressobj(_WITH_GZIP_HEADER).decompress(data)
    try:
        decompressor: Any = import_module("compression.zstd").ZstdDecompressor()
    except ImportError:
        decompressor = import_optional("zstandard", extra="zstd").ZstdDecompressor().decompressobj()
    beginning: bytes = decompressor.decompress(data)
    return beginning


def _zstd_factory() -> Callable[[], Compressor]:
    try:  # in the standard library from Python 3.14
        standard: Any = import_module("compression.zstd")
    except ImportError:
        zstandard: Any = import_optional("zstandard", extra="zstd")
        return lambda: zstandard.ZstdCompressor(level=_ZSTD_LEVEL).compressobj()
    return lambda: standard.ZstdCompressor(level=_ZSTD_LEVEL)
