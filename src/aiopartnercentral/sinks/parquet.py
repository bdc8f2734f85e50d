"""Parquet files. A Parquet footer comes last, so the partial file is an Arrow stream that `commit` converts.

An Arrow stream is a schema followed by any number of batches. So it can be cut after any batch and resumed, like a text
file. However small the batches are, the Parquet file gets row groups of a reasonable size.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, Any, Literal

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.atomic_files import create_file, replace_file
from aiopartnercentral._utils.optional_imports import import_optional
from aiopartnercentral.sinks.arrow import BATCH_BYTES, arrow_schema, record_batch, split_batch
from aiopartnercentral.sinks.base import SOURCE_COLUMNS
from aiopartnercentral.sinks.file_sink import MAX_BYTES, MAX_ROWS, FileSink
from aiopartnercentral.sinks.partial_file import CONVERTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from aiopartnercentral.sinks.base import Page
    from aiopartnercentral.sinks.partial_file import FilePosition, PartialFile

__all__ = ["ParquetSink"]

_GROUP_ROWS = 1 << 16
_GROUP_BYTES = 32 << 20
_PARTIAL_FILE = b"aiopartnercentral.partial_file"
_READ_ROWS = 4096


class ParquetSink(FileSink):
    """Writes items of one class to a Parquet file."""

    def __init__(
        self,
        output: str | os.PathLike[str],
        cls: Any,  # noqa: ANN401 - a union is not a class
        *,
        source: bool = True,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Configure the sink; nothing is created before `open`.

        Arguments:
            output: the file's path.
            cls: the class of the items.
            source: whether the columns `source_label` and `source_catalog` come first.
            max_rows: how many items are buffered before they are written.
            max_bytes: how many bytes are buffered, if the size of the items is known.

        Raises:
            TypeError: items cannot be of the type `cls`, or an argument is of a wrong type.
            ValueError: a maximum is below 1.
            ImportError: pyarrow is not installed.
        """
        super().__init__(output, max_rows=max_rows, max_bytes=max_bytes)
        self.cls = cls
        self._source = SOURCE_COLUMNS if validators.flag("source", source) else ()
        self._schema = arrow_schema(cls, text_columns=self._source)
        self.format_id: str = f"parquet of {zlib.crc32(self._schema.serialize()):08x}"

    @property
    def wants(self) -> Literal["items"]:
        """The attribute of a page that the sink writes."""
        return "items"

    def _header(self) -> bytes:
        header: bytes = self._schema.serialize().to_pybytes()
        return header

    def _encode(self, pages: Sequence[Page]) -> Iterator[bytes]:
        rows = [(page.label, page.catalog, item) for page in pages for item in page.items]
        for start in range(0, len(rows), self.max_rows):
            labels, catalogs, items = zip(*rows[start : start + self.max_rows], strict=True)
            batch = record_batch(items, self.cls, dict(zip(self._source, (labels, catalogs), strict=False)))
            for part in split_batch(batch, self.max_rows, BATCH_BYTES):
                yield part.serialize().to_pybytes()

    def _commit_file(self, file: PartialFile) -> None:
        # Named after the partial file, so that a later process finds and deletes what this one may leave behind.
        converted = file.path.with_suffix(CONVERTED)
        fd = create_file(converted, file.target)
        try:
            try:
                self._convert(file, converted)
            except BaseException:
                os.close(fd)
                raise
            replace_file(converted, file.target, fd)
        except BaseException:
            converted.unlink(missing_ok=True)
            raise
        file.abort()

    def _convert(self, file: PartialFile, converted: Path) -> None:
        pa, pq = _pyarrow()
        # If the partial file is missing, its name tells a later process whether this file was made from it.
        schema = self._schema.with_metadata({_PARTIAL_FILE: file.path.name})
        with (
            pa.OSFile(str(file.path)) as stream,
            pq.ParquetWriter(str(converted), schema, compression="zstd") as writer,
        ):
            for table in _row_groups(pa.ipc.open_stream(stream), schema):
                writer.write_table(table, row_group_size=max(table.num_rows, 1))

    def _restore_file(self, file: PartialFile, position: FilePosition, items: int) -> bool:
        pa, pq = _pyarrow()
        if not file.target.is_file():
            return False
        try:
            committed = pq.ParquetFile(str(file.target))
        except pa.ArrowInvalid:
            return False
        with committed:
            metadata = committed.schema_arrow.metadata or {}
            if metadata.get(_PARTIAL_FILE) != position.name.encode() or committed.metadata.num_rows < items:
                return False
            file.rebuild(self._stream(committed.iter_batches(_READ_ROWS), items))
        return True

    def _stream(self, batches: Iterator[Any], rows: int) -> Iterator[bytes]:
        """Yield an Arrow stream of the first rows of the batches."""
        pa, _ = _pyarrow()
        yield self._header()
        for batch in batches:
            part = pa.RecordBatch.from_arrays(batch.columns, schema=self._schema).slice(0, rows)
            rows -= part.num_rows
            if part.num_rows:
                yield part.serialize().to_pybytes()


def _pyarrow() -> tuple[Any, Any]:
    """Return pyarrow and its module for Parquet."""
    return import_optional("pyarrow", extra="arrow"), import_optional("pyarrow.parquet", extra="arrow")


def _row_groups(batches: Any, schema: Any) -> Iterator[Any]:  # noqa: ANN401 - pyarrow has no types
    """Yield the batches of a stream as tables of the size of a row group."""
    pa, _ = _pyarrow()
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
