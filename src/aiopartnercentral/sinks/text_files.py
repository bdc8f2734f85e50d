"""Text files: newline-delimited JSON, each item byte for byte as the service sent it, and CSV."""

from __future__ import annotations

import csv
import json
import zlib
from itertools import repeat
from operator import contains
from typing import TYPE_CHECKING, Any, Literal, get_args

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import replace_surrogates
from aiopartnercentral.sinks.base import chosen_columns, origin_cells, origin_columns
from aiopartnercentral.sinks.columns import Formulas, columns_of, text_cells
from aiopartnercentral.sinks.file_sink import MAX_BYTES, MAX_ROWS, FileSink
from aiopartnercentral.sinks.schema import unused_name

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from aiopartnercentral.sinks.base import Page

__all__ = ["CsvSink", "NdjsonSink"]

_check_formulas = validators.one_of(get_args(Formulas))
# With a single column, an empty cell would make an empty line, which readers skip.
_EMPTY_ROW = '""'


class CsvSink(FileSink):
    """Writes items of one class to a CSV file in UTF-8. An empty result has a header, too."""

    def __init__(
        self,
        output: str | os.PathLike[str],
        cls: Any,  # noqa: ANN401 - a union is not a class
        *,
        compression: str | None = None,
        source: bool = True,
        parent: bool = False,
        explode: str | None = None,
        formulas: Formulas = "escape",
        columns: Sequence[str] | None = None,
        bom: bool = False,
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Configure the sink; nothing is created before `open`.

        Arguments:
            output: the file's path.
            cls: the class of the items.
            compression: `gzip`, `zstd` or None.
            source: whether the columns `source_label` and `source_catalog` come first.
            parent: whether the column `source_parent` comes next, for items of a nested listing.
            explode: a list or map member, each element of which gets a row; None for one row per item.
            formulas: `escape` puts an apostrophe before text that a spreadsheet would take for a formula; `keep`
                writes all text unchanged.
            columns: names of the columns to write, in their order; None for all.
            bom: whether the file starts with a byte order mark, by which Excel recognizes UTF-8.
            max_rows: how many items are buffered before they are written.
            max_bytes: how many bytes are buffered, if the size of the items is known.

        Raises:
            TypeError: items cannot be of the type `cls`, or an argument is of a wrong type.
            ValueError: a maximum is below 1, or the class has no such list, map or column, or an argument has no such
                choice.
            ImportError: the compression's package is not installed.
        """
        super().__init__(output, compression=compression, max_rows=max_rows, max_bytes=max_bytes)
        self.cls = cls
        self.formulas: Formulas = _check_formulas("formulas", formulas)
        self._source = validators.flag("source", source)
        self.bom: bool = validators.flag("bom", bom)
        names = columns_of(cls, explode=explode, formulas=formulas).names
        self._parent = validators.flag("parent", parent)
        first = [unused_name(name, set(names)) for name in origin_columns(source=source, parent=parent)]
        self.columns: tuple[str, ...] = chosen_columns(columns, (*first, *names))
        self._columns = columns_of(cls, explode=explode, formulas=formulas, wanted=self.columns)
        available = (*first, *self._columns.names)
        self._positions = [available.index(name) for name in self.columns]
        content = zlib.crc32(f"{formulas} {self.header()!r}".encode())
        self.format_id: str = "+".join([f"csv of {content:08x}", *filter(None, [compression])])

    @property
    def wants(self) -> Literal["items"]:
        """The attribute of a page that the sink writes."""
        return "items"

    def header(self) -> bytes:
        """Return the first line, which has the names of the columns."""
        # In quotes, by which readers that examine only the first rows learn the quote character.
        cells = ('"' + name.replace('"', '""') + '"' for name in self.columns)
        return (("\ufeff" if self.bom else "") + ",".join(cells) + "\n").encode()

    def _columns_in(self, header: bytes) -> Mapping[str, object]:
        line, _, _ = header.decode("utf-8-sig", "replace").partition("\n")
        return dict.fromkeys(next(csv.reader([line])), "text")

    def _encode(self, pages: Sequence[Page]) -> Iterator[bytes]:
        for page in pages:
            source_cells = text_cells(origin_cells(page, source=self._source, parent=self._parent), self.formulas)
            for start in range(0, len(page.items), self.max_rows):
                items = page.items[start : start + self.max_rows]
                own = self._columns.cells(items)
                count = len(own[0]) if own else len(items)  # more than the items if they are exploded
                columns = [*([cell] * count for cell in source_cells), *own]
                chosen = [columns[position] for position in self._positions]
                rows = (row or _EMPTY_ROW for row in map(",".join, zip(*chosen, strict=True)))
                yield replace_surrogates("\n".join(rows) + "\n").encode()


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
