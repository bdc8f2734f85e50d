"""Parquet files. A Parquet footer comes last, so the partial file is an Arrow stream that `commit` converts.

An Arrow stream is a schema followed by any number of batches. So it can be cut after any batch and resumed, like a text
file. However small the batches are, the Parquet file gets row groups of a reasonable size. Its bytes depend on the rows
alone, and not on when they were written.
"""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING, Any, Literal

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.atomic_files import create_file, replace_file
from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral.sinks.arrow import BATCH_BYTES, arrow_schema, record_batch, split_batch
from aiopartnercentral.sinks.base import chosen_columns, origin_cells, origin_columns
from aiopartnercentral.sinks.file_sink import MAX_BYTES, MAX_ROWS, FileSink
from aiopartnercentral.sinks.partial_file import CONVERTED
from aiopartnercentral.sinks.row_checksum import RowChecksum

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from aiopartnercentral.sinks.base import Page
    from aiopartnercentral.sinks.partial_file import FilePosition, PartialFile
    from aiopartnercentral.types import JsonValue

__all__ = ["ParquetSink"]

_BLOCK_ROWS = 1 << 10
_GROUP_ROWS = 1 << 16
_GROUP_BYTES = 32 << 20
_READ_ROWS = 4096
_CHECKSUM = "rows_crc32"


class ParquetSink(FileSink):
    """Writes items of one class to a Parquet file."""

    def __init__(
        self,
        output: str | os.PathLike[str],
        cls: Any,  # noqa: ANN401 - a union is not a class
        *,
        source: bool = True,
        parent: bool = False,
        columns: Sequence[str] | None = None,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Configure the sink; nothing is created before `open`.

        Arguments:
            output: the file's path.
            cls: the class of the items.
            source: whether the columns `source_label` and `source_catalog` come first.
            parent: whether the column `source_parent` comes next, for items of a nested listing.
            columns: names of the columns to write, in their order; None for all.
            max_rows: how many items are buffered before they are written.
            max_bytes: how many bytes are buffered, if the size of the items is known.

        Raises:
            TypeError: items cannot be of the type `cls`, or an argument is of a wrong type.
            ValueError: a maximum is below 1, or the class has no such column.
            ImportError: pyarrow is not installed.
        """
        super().__init__(output, max_rows=max_rows, max_bytes=max_bytes)
        self.cls = cls
        self._source = validators.flag("source", source)
        self._parent = validators.flag("parent", parent)
        self._first = origin_columns(source=source, parent=parent)
        pa, _ = _pyarrow()
        schema = arrow_schema(cls, text_columns=self._first)
        self.columns: tuple[str, ...] = chosen_columns(columns, schema.names)
        self._schema = pa.schema([schema.field(name) for name in self.columns])
        self._checksum = RowChecksum()
        self._checked_bytes = 0
        self._expected: JsonValue = None
        self.format_id: str = f"parquet of {zlib.crc32(self._schema.serialize()):08x}"

    @property
    def wants(self) -> Literal["items"]:
        """The attribute of a page that the sink writes."""
        return "items"

    def header(self) -> bytes:
        """Return the beginning of the partial file, which has the schema."""
        header: bytes = self._schema.serialize().to_pybytes()
        return header

    def _columns_in(self, header: bytes) -> Mapping[str, object]:
        pa, _ = _pyarrow()
        schema = pa.ipc.read_schema(pa.BufferReader(header))
        return dict(zip(schema.names, schema.types, strict=True))

    def _columns_of(self, path: Path) -> Mapping[str, object]:
        _, pq = _pyarrow()
        try:
            schema = pq.read_schema(path)
        except ValueError:  # a partial file is an Arrow stream
            return super()._columns_of(path)
        return dict(zip(schema.names, schema.types, strict=True))

    def _encode(self, pages: Sequence[Page]) -> Iterator[bytes]:
        rows: list[tuple[Any, ...]] = []
        for page in pages:
            origin = origin_cells(page, source=self._source, parent=self._parent)
            rows += [(*origin, item) for item in page.items]
        for start in range(0, len(rows), self.max_rows):
            *origins, items = zip(*rows[start : start + self.max_rows], strict=True)
            batch = record_batch(items, self.cls, dict(zip(self._first, origins, strict=True)))
            batch = batch.select(self.columns)
            for part in split_batch(batch, self.max_rows, BATCH_BYTES):
                yield part.serialize().to_pybytes()

    def _open(self, position: JsonValue | None, run_id: str | None) -> None:
        self._checksum, self._checked_bytes = RowChecksum(), len(self.header())
        super()._open(position, run_id)

    def _flush(self) -> JsonValue:
        # By which a later process recognizes the committed file, if the partial file is missing.
        position = super()._flush()
        self._check_rows(self._opened)
        return {**position, _CHECKSUM: self._checksum.value}

    def _parse_position(self, position: JsonValue) -> tuple[FilePosition, int]:
        if isinstance(position, dict):
            self._expected = position.get(_CHECKSUM)
            position = {key: value for key, value in position.items() if key != _CHECKSUM}
        return super()._parse_position(position)

    def _check_rows(self, file: PartialFile) -> None:
        """Add the rows that were written since the last time to the checksum."""
        pa, _ = _pyarrow()
        with pa.OSFile(str(file.path)) as stream:
            stream.seek(self._checked_bytes)
            while stream.tell() < file.size:
                self._checksum.add(pa.ipc.read_record_batch(pa.ipc.read_message(stream), self._schema))
            self._checked_bytes = file.size

    def _commit_file(self, file: PartialFile) -> None:
        # Named after the partial file, so that a later process finds and deletes what this one may leave behind.
        converted = file.path.with_suffix(CONVERTED)
        fd = create_file(converted, file.target)
        try:
            try:
                self._convert(file, fd)
            except BaseException:
                os.close(fd)
                raise
            replace_file(converted, file.target, fd)
        except BaseException:
            converted.unlink(missing_ok=True)
            raise
        file.abort()

    def _convert(self, file: PartialFile, converted: int) -> None:
        pa, pq = _pyarrow()
        with (
            pa.OSFile(str(file.path)) as stream,
            # Not by its name, as Linux may refuse even root to create a file over that of another owner.
            open(converted, "wb", closefd=False) as output,
            pq.ParquetWriter(output, self._schema, compression="zstd") as writer,
        ):
            for table in _row_groups(pa.ipc.open_stream(stream)):
                writer.write_table(table, row_group_size=max(table.num_rows, 1))

    def _restore_file(self, file: PartialFile, position: FilePosition, items: int) -> bool:
        del position  # the committed file has other bytes than the partial file
        pa, pq = _pyarrow()
        if not file.target.is_file():
            return False
        try:
            committed = pq.ParquetFile(str(file.target))
        except pa.ArrowInvalid:
            return False
        with committed:
            if committed.schema_arrow != self._schema or committed.metadata.num_rows < items:
                return False
            checksum = RowChecksum()
            for batch in self._first_rows(committed.iter_batches(_READ_ROWS), items):
                checksum.add(batch)
            if checksum.value != self._expected:
                return False
            file.rebuild(self._stream(self._first_rows(committed.iter_batches(_READ_ROWS), items)))
        return True

    def _first_rows(self, batches: Iterator[Any], rows: int) -> Iterator[Any]:
        """Yield the first rows of the batches of a Parquet file."""
        pa, _ = _pyarrow()
        for batch in batches:
            part = pa.RecordBatch.from_arrays(batch.columns, schema=self._schema).slice(0, rows)
            rows -= part.num_rows
            if part.num_rows:
                yield part

    def _stream(self, batches: Iterator[Any]) -> Iterator[bytes]:
        """Yield an Arrow stream of the batches."""
        yield self.header()
        for batch in batches:
            yield batch.serialize().to_pybytes()


def _pyarrow() -> tuple[Any, Any]:
    """Return pyarrow and its module for Parquet."""
    return import_optional("pyarrow", extra="arrow"), import_optional("pyarrow.parquet", extra="arrow")


def _row_groups(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the batches of a stream as tables of the size of a row group."""
    pa, _ = _pyarrow()
    waiting: list[Any] = []
    rows = size = 0
    for block in _blocks(batches):
        waiting.append(block)
        rows, size = rows + block.num_rows, size + _size(block)
        if rows >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(waiting).combine_chunks()
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting).combine_chunks()


def _blocks(batches: Iterable[Any]) -> Iterator[Any]:
    """Yield the batches of a stream as batches of the same number of rows; the last one may have fewer."""
    waiting: list[Any] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= _BLOCK_ROWS:
            *blocks, rest = _cut(waiting, rows)
            yield from blocks
            waiting, rows = [rest], rest.num_rows
    if rows:
        yield from _cut(waiting, rows)


def _cut(batches: list[Any], rows: int) -> list[Any]:
    pa, _ = _pyarrow()
    (whole,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return [whole.slice(start, _BLOCK_ROWS) for start in range(0, rows, _BLOCK_ROWS)]


def _size(batch: Any) -> int:  # noqa: ANN401 - pyarrow has no types
    """Return the bytes that the rows of a batch take, wherever the batch was cut from."""
    pa, _ = _pyarrow()
    size: int = pa.ipc.get_record_batch_size(batch.take(pa.array(range(batch.num_rows))))
    return size
