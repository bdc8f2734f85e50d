"""Items gathered for tables: one for each class of items, since other items have other columns."""

from __future__ import annotations

from functools import partial

import anyio.to_thread

from aiopartnercentral.cli.grid import Column, Item, render
from aiopartnercentral.cli.table import cells, columns_of
from aiopartnercentral.cli.text import clean

__all__ = ["Rows"]


class Rows:
    """The cells of all items so far."""

    def __init__(self) -> None:
        """Begin with none."""
        self._items: dict[type, list[Item]] = {}
        self._has_sources = False

    def add(self, item: object, source: str | None = None) -> None:
        """Add an item, and what its source is called if that is to be shown."""
        rows: Item = cells(item)
        if source is not None:
            self._has_sources = True
            rows = [[clean(source), *row] for row in rows]
        self._items.setdefault(type(item), []).append(rows)

    async def text(self, width: int | None) -> str:
        """Return the tables, one below the other; nothing if there are no items.

        In a thread, for a table of thousands of rows takes a while, and Ctrl-C must not wait for it.

        Arguments:
            width: of the terminal that shows them, or None.
        """
        return await anyio.to_thread.run_sync(partial(self._text, width), abandon_on_cancel=True)

    def _text(self, width: int | None) -> str:
        before = [Column("source", 0)] if self._has_sources else []
        return "\n".join(render([*before, *columns_of(cls)], items, width=width) for cls, items in self._items.items())
