"""File extensions, and the format and the compression that each one stands for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from aiopartnercentral.sinks.compression import EXTENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["KNOWN", "Format", "format_of"]

Format: TypeAlias = Literal["ndjson", "csv", "parquet"]

_FORMATS: Final[Mapping[str, Format]] = {
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".csv": "csv",
    ".parquet": "parquet",
}

KNOWN: Final = ".ndjson, .jsonl, .csv (each also with .gz or .zst) or .parquet"
"""The extensions that there are, for messages."""


def format_of(path: str) -> tuple[Format | None, str | None]:
    """Return the format and the compression of a path's extension; None for each that it does not have."""
    stem, extension = os.path.splitext(path)  # noqa: PTH122 - the path may be a template
    compression = EXTENSIONS.get(extension.lower())
    if compression is not None:
        extension = os.path.splitext(stem)[1]  # noqa: PTH122 - as above
    return _FORMATS.get(extension.lower()), compression
