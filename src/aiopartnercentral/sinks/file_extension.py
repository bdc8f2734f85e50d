"""File extensions, and the format and the compression that each one stands for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aiopartnercentral.sinks.compression import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KNOWN", "Format", "format_of", "is_supported", "split_extension"]

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
