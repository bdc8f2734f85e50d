"""File extensions, and compression in independent blocks: a file can be cut between two, and resumed there."""

from __future__ import annotations

import os
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral._utils.validators import one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "EXTENSIONS",
    "KNOWN",
    "Compressor",
    "Format",
    "compressor_factory",
    "decompressed",
    "format_of",
    "is_supported",
    "split_extension",
]

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


Format: TypeAlias = Literal["ndjson", "csv", "parquet"]

_FORMATS: Final[Mapping[str, Format]] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".parquet": "parquet",
}

_UNSUPPORTED: Final = frozenset(
    f".{name}"
    for name in (
        *("7z", "br", "bz2", "gzip", "lz", "lz4", "lzma", "lzo", "rar", "snappy", "sz"),
        *("tar", "tbz2", "tgz", "txz", "xz", "z", "zip", "zstd"),
    )
)
"""The extensions of unsupported compressions; each is also the name of its compression."""

KNOWN: Final = ".ndjson, .jsonl, .csv (each also with .gz or .zst) or .parquet"
"""The extensions that there are, for messages."""


def split_extension(path: str) -> tuple[str, str | None]:
    """Return the extension without that of a compression, and the compression; `("", None)` if there is neither."""
    stem, extension = os.path.splitext(path)  # noqa: PTH122 - the path may be a template
    extension = extension.lower()
    compression = EXTENSIONS.get(extension, extension if extension in _UNSUPPORTED else None)
    if compression is not None:
        extension = os.path.splitext(stem)[1].lower()  # noqa: PTH122 - as above
    return extension, compression


def format_of(path: str) -> tuple[Format | None, str | None]:
    """Return the format and the compression of a path's extension; None for each that it does not have."""
    extension, compression = split_extension(path)
    return _FORMATS.get(extension), compression


def is_supported(compression: str | None) -> bool:
    """Return whether a path's compression is supported."""
    return compression not in _UNSUPPORTED
