"""Newline-delimited JSON: each item on a line of its own, byte for byte as the service sent it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from aiopartnercentral.sinks.file_sink import MAX_BYTES, MAX_ROWS, FileSink, wanting

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from aiopartnercentral.sinks.base import Page

__all__ = ["NdjsonSink"]


class NdjsonSink(FileSink):
    """A file of one JSON text on each line, compressed or not.

    A `flush` ends a gzip member or a zstd frame; readers of either take a file of many for one.
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
        """Name the output; nothing is touched until `open`.

        Arguments:
            output: the file.
            compression: `gzip`, `zstd` or None.
            envelope: whether each line is `{"label": ..., "catalog": ..., "operation": ..., "item": ...}`, so that a
                file of many sources says where each item is from; otherwise it is the item as served.
            max_rows: how many items are gathered before they are written.
            max_bytes: how many bytes of them.

        Raises:
            ValueError, ImportError: as `FileSink`.
        """
        super().__init__(output, compression=compression, max_rows=max_rows, max_bytes=max_bytes)
        self.envelope = envelope

    @property
    def wants(self) -> Literal["raw"]:
        """What it needs of a page."""
        return "raw"

    def _form(self) -> str:
        return "+".join(["ndjson", *(["envelope"] if self.envelope else []), *filter(None, [self._compression])])

    def _size(self, page: Page) -> tuple[int, int]:
        raw = wanting(page, "raw")
        if any(b"\n" in item for item in raw):
            raise ValueError("an item of the page is more than one line")
        return len(raw), sum(map(len, raw))

    def _encoded(self, pages: Sequence[Page]) -> Iterator[bytes]:
        for page in pages:
            before, after = _envelope(page) if self.envelope else (b"", b"\n")
            # A page is in memory already; what is made of it at a time is bounded.
            for start in range(0, len(page.raw), self.max_rows):
                yield b"".join([before + item + after for item in page.raw[start : start + self.max_rows]])


def _envelope(page: Page) -> tuple[bytes, bytes]:
    source = {"label": page.label, "catalog": page.catalog, "operation": page.operation}
    return json.dumps(source, separators=(",", ":"))[:-1].encode() + b',"item":', b"}\n"
