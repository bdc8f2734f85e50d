"""CSV: a row for each item, or for each entry of one of its lists or maps; `docs/sinks.md` says how it is flattened."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Literal

from aiopartnercentral._utils.text import replace_surrogates
from aiopartnercentral.sinks.base import SOURCE
from aiopartnercentral.sinks.columns import quoted, table
from aiopartnercentral.sinks.file_sink import MAX_BYTES, MAX_ROWS, FileSink, wanting
from aiopartnercentral.sinks.schema import free_name

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from aiopartnercentral.sinks.base import Page
    from aiopartnercentral.sinks.columns import Formulas

__all__ = ["CsvSink"]

# An empty line would be no row, where a table has a single column.
_NOTHING = '""'


class CsvSink(FileSink):
    """A CSV file of items of one class, in UTF-8; its header is there before the first item is."""

    def __init__(
        self,
        output: str | os.PathLike[str],
        cls: Any,  # noqa: ANN401 - a union is no class
        *,
        compression: str | None = None,
        source: bool = True,
        explode: str | None = None,
        formulas: Formulas = "escape",
        max_rows: int = MAX_ROWS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Name the output; nothing is touched until `open`.

        Arguments:
            output: the file.
            cls: the class of the items.
            compression: `gzip`, `zstd` or None.
            source: whether columns `source_label` and `source_catalog` come first.
            explode: a member, a list or a map, of which each entry gets a row; None for one row for each item.
            formulas: `escape` puts an apostrophe before text that a spreadsheet would take for a formula; `keep` not.
            max_rows: how many items are gathered before they are written.
            max_bytes: the same in bytes, where their size is known.

        Raises:
            TypeError: it is no generated class.
            ValueError: a bound is not positive, or there is no such compression, list or map.
            ImportError: the compression's package is not installed.
        """
        super().__init__(output, compression=compression, max_rows=max_rows, max_bytes=max_bytes)
        if formulas not in ("escape", "keep"):
            raise ValueError(f"formulas can be escape or keep, not {formulas!a}")
        self.cls = cls
        self.formulas: Formulas = formulas
        self._table = table(cls, explode=explode, formulas=formulas)
        taken = set(self._table.columns)
        self.columns: tuple[str, ...] = (*(free_name(name, taken) for name in SOURCE if source), *self._table.columns)
        self._source = source

    @property
    def wants(self) -> Literal["items"]:
        """What it needs of a page."""
        return "items"

    def _form(self) -> str:
        columns = zlib.crc32(f"{self.formulas} {self._head()!r}".encode())
        return "+".join([f"csv of {columns:08x}", *filter(None, [self._compression])])

    def _size(self, page: Page) -> tuple[int, int]:
        return len(wanting(page, "items")), 0

    def _head(self) -> bytes:
        return _line(map(quoted, self.columns)).encode()

    def _encoded(self, pages: Sequence[Page]) -> Iterator[bytes]:
        for page in pages:
            before = [self._table.text(page.label), self._table.text(page.catalog)] if self._source else []
            for start in range(0, len(page.items), self.max_rows):
                items = page.items[start : start + self.max_rows]
                text = "".join(_line([*before, *row]) for item in items for row in self._table.rows(item))
                yield replace_surrogates(text).encode()


def _line(cells: Iterator[str] | list[str]) -> str:
    return (",".join(cells) or _NOTHING) + "\n"
