"""Parquet, whose footer comes last: an Arrow stream grows beside the output, and becomes the Parquet file at the end.

An Arrow stream is a schema and any number of batches behind it, so it can be cut behind any batch and gone on with, as
a text file can. However small the batches are, the Parquet file gets row groups of a sensible size.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, Any, Literal

from aiopartnercentral._utils.optional_imports import import_optional
from aiopartnercentral.sinks.arrow import BATCH_BYTES, arrow_schema, batch_of, bounded
from aiopartnercentral.sinks.base import SOURCE
from aiopartnercentral.sinks.file_sink import MAX_BYTES, MAX_ROWS, FileSink, wanting
from aiopartnercentral.sinks.partial_file import MADE, create, put_in_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiopartnercentral.sinks.base import Page
    from aiopartnercentral.sinks.partial_file import Draft, Mark

__all__ = ["ParquetSink"]

_GROUP_ROWS = 1 << 16
_GROUP_BYTES = 32 << 20
_DRAFT = b"aiopartnercentral.draft"
_READ_ROWS = 4096


class ParquetSink(FileSink):
    """A Parquet file of items of one class."""

    def __init__(
        self,
        output: str | os.PathLike[str],
        cls: Any,  # noqa: ANN401 - a union is no class
        *,
        source: bool = True,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Name the output; nothing is touched until `open`.

        Arguments:
            output: the file.
            cls: the class of the items.
            source: whether columns `source_label` and `source_catalog` come first.
            max_rows: how many items are gathered before they are written.
            max_bytes: the same in bytes, where their size is known.

        Raises:
            TypeError: it is no generated class.
            ValueError: a bound is not positive.
            ImportError: pyarrow is not installed.
        """
        super().__init__(output, max_rows=max_rows, max_bytes=max_bytes)
        self.cls = cls
        self._source = SOURCE if source else ()
        self._schema = arrow_schema(cls, beside=self._source)

    @property
    def wants(self) -> Literal["items"]:
        """What it needs of a page."""
        return "items"

    def _form(self) -> str:
        return f"parquet of {zlib.crc32(self._schema.serialize()):08x}"

    def _size(self, page: Page) -> tuple[int, int]:
        return len(wanting(page, "items")), 0

    def _head(self) -> bytes:
        head: bytes = self._schema.serialize().to_pybytes()
        return head

    def _encoded(self, pages: Sequence[Page]) -> Iterator[bytes]:
        rows = [(page.label, page.catalog, item) for page in pages for item in page.items]
        for start in range(0, len(rows), self.max_rows):
            labels, catalogs, items = zip(*rows[start : start + self.max_rows], strict=True)
            batch = batch_of(items, self.cls, dict(zip(self._source, (labels, catalogs), strict=False)))
            for part in bounded(batch, self.max_rows, BATCH_BYTES):
                yield part.serialize().to_pybytes()

    def _settle(self, draft: Draft) -> None:
        pa, pq = import_optional("pyarrow", extra="arrow"), import_optional("pyarrow.parquet", extra="arrow")
        # Of the draft's own name, so that a later process finds what an earlier one has left of it.
        made = draft.path.with_suffix(MADE)
        fd = create(made, draft.place)
        try:
            os.ftruncate(fd, 0)
            # The name tells a later process, which finds the draft gone, whether this is what became of it.
            schema = self._schema.with_metadata({_DRAFT: draft.path.name})
            with pa.OSFile(str(draft.path)) as spool, pq.ParquetWriter(str(made), schema, compression="zstd") as writer:
                for table in _row_groups(pa.ipc.open_stream(spool), schema):
                    writer.write_table(table, row_group_size=max(table.num_rows, 1))
            put_in_place(made, draft.place, fd)
        except BaseException:
            made.unlink(missing_ok=True)
            raise
        draft.discard()

    def _take_back(self, draft: Draft, mark: Mark, items: int) -> bool:
        pq = import_optional("pyarrow.parquet", extra="arrow")
        pa = import_optional("pyarrow", extra="arrow")
        if not draft.place.is_file():
            return False
        try:
            finished = pq.ParquetFile(str(draft.place))
        except pa.ArrowInvalid:
            return False
        with finished:
            metadata = finished.schema_arrow.metadata or {}
            if metadata.get(_DRAFT) != mark.name.encode() or finished.metadata.num_rows < items:
                return False
            draft.rebuild(self._stream(finished.iter_batches(_READ_ROWS), items))
        return True

    def _stream(self, batches: Iterator[Any], rows: int) -> Iterator[bytes]:
        """Yield an Arrow stream of the first rows of the batches."""
        pa = import_optional("pyarrow", extra="arrow")
        yield self._head()
        for batch in batches:
            part = pa.RecordBatch.from_arrays(batch.columns, schema=self._schema).slice(0, rows)
            rows -= part.num_rows
            if part.num_rows:
                yield part.serialize().to_pybytes()


def _row_groups(batches: Any, schema: Any) -> Iterator[Any]:  # noqa: ANN401 - pyarrow has no types
    """Yield the batches of a stream as tables, each of as many as make a row group."""
    pa = import_optional("pyarrow", extra="arrow")
    waiting: list[Any] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(waiting).cast(schema)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting).cast(schema)
