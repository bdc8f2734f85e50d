"""Newline-delimited JSON: each item on a line, byte for byte as the service sent it."""

from __future__ import annotations

import json
from itertools import repeat
from operator import contains
from typing import TYPE_CHECKING, Literal

from aiopartnercentral._utils import validators
from aiopartnercentral.sinks.file_sink import MAX_BYTES, MAX_ROWS, FileSink

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from aiopartnercentral.sinks.base import Page

__all__ = ["NdjsonSink"]


class NdjsonSink(FileSink):
    """Writes JSON lines, compressed or not.

    Each `flush` ends a gzip member or a zstd frame; readers accept a file of many.
    """

    def __init__(
        self,
        output: str | os.PathLike[str],
        *,
        compression: str | None = None,
        envelope: bool = False,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Configure the sink; nothing is created before `open`.

        Arguments:
            output: the file's path.
            compression: `gzip`, `zstd` or None.
            envelope: whether each line is `{"label": ..., "catalog": ..., "operation": ..., "item": ...}`, so that a
                file of several sources shows where each item is from; otherwise it is the item alone. For an item of a
                nested listing, `"parent": {...}` comes before the item.
            max_rows: how many items are buffered before they are written.
            max_bytes: how many bytes are buffered.

        Raises:
            TypeError, ValueError, ImportError: as for `FileSink`.
        """
        super().__init__(output, compression=compression, max_rows=max_rows, max_bytes=max_bytes)
        self.envelope: bool = validators.flag("envelope", envelope)
        options = [*(["envelope"] if envelope else []), *filter(None, [compression])]
        self.format_id: str = "+".join(["ndjson", *options])

    @property
    def wants(self) -> Literal["raw"]:
        """The attribute of a page that the sink writes."""
        return "raw"

    def _byte_size(self, items: Sequence[bytes]) -> int:
        if any(map(contains, items, repeat(b"\n"))):
            raise ValueError("an item of the page has more than one line")
        return sum(map(len, items))

    def _encode(self, pages: Sequence[Page]) -> Iterator[bytes]:
        for page in pages:
            before, after = _envelope(page) if self.envelope else (b"", b"\n")
            # In slices, since a page may have any number of items.
            for start in range(0, len(page.raw), self.max_rows):
                yield b"".join([before + item + after for item in page.raw[start : start + self.max_rows]])


def _envelope(page: Page) -> tuple[bytes, bytes]:
    source: dict[str, object] = {"label": page.label, "catalog": page.catalog, "operation": page.operation}
    if page.parent is not None:
        source["parent"] = dict(page.parent)
    return json.dumps(source, separators=(",", ":"))[:-1].encode() + b',"item":', b"}\n"
