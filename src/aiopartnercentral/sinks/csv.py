"""CSV files: a row for each item, or for each entry of one of its lists or maps."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Literal, get_args

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import replace_surrogates
from aiopartnercentral.sinks.base import SOURCE_COLUMNS
from aiopartnercentral.sinks.columns import Formulas, columns_of, text_cells
from aiopartnercentral.sinks.file_sink import MAX_BYTES, MAX_ROWS, FileSink
from aiopartnercentral.sinks.schema import unused_name

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from aiopartnercentral.sinks.base import Page

__all__ = ["CsvSink"]

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
        explode: str | None = None,
        formulas: Formulas = "escape",
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Configure the sink; nothing is created before `open`.

        Arguments:
            output: the file's path.
            cls: the class of the items.
            compression: `gzip`, `zstd` or None.
            source: whether the columns `source_label` and `source_catalog` come first.
            explode: a list or map member, each element of which gets a row; None for one row per item.
            formulas: `escape` puts an apostrophe before text that a spreadsheet would take for a formula; `keep`
                writes all text unchanged.
            max_rows: how many items are buffered before they are written.
            max_bytes: how many bytes are buffered, if the size of the items is known.

        Raises:
            TypeError: items cannot be of the type `cls`, or an argument is of a wrong type.
            ValueError: a maximum is below 1, or the class has no such list or map, or an argument has no such choice.
            ImportError: the compression's package is not installed.
        """
        super().__init__(output, compression=compression, max_rows=max_rows, max_bytes=max_bytes)
        self.cls = cls
        self.formulas: Formulas = _check_formulas("formulas", formulas)
        self._source = validators.flag("source", source)
        self._columns = columns_of(cls, explode=explode, formulas=formulas)
        used = set(self._columns.names)
        first = [unused_name(name, used) for name in SOURCE_COLUMNS if source]
        self.columns: tuple[str, ...] = (*first, *self._columns.names)
        content = zlib.crc32(f"{formulas} {self._header()!r}".encode())
        self.format_id: str = "+".join([f"csv of {content:08x}", *filter(None, [compression])])

    @property
    def wants(self) -> Literal["items"]:
        """The attribute of a page that the sink writes."""
        return "items"

    def _header(self) -> bytes:
        return (",".join(text_cells(self.columns, "keep")) + "\n").encode()

    def _encode(self, pages: Sequence[Page]) -> Iterator[bytes]:
        for page in pages:
            source = [page.label, page.catalog] if self._source else []
            prefix = "".join(f"{cell}," for cell in text_cells(source, self.formulas))
            for start in range(0, len(page.items), self.max_rows):
                columns = self._columns.cells(page.items[start : start + self.max_rows])
                rows = (prefix + row or _EMPTY_ROW for row in map(",".join, zip(*columns, strict=True)))
                yield replace_surrogates("\n".join(rows) + "\n").encode()
