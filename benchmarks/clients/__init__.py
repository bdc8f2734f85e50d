"""The clients that collect catalogs, one a module; a worker imports only one."""

from __future__ import annotations

import asyncio
import importlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager

OURS = "ours"
OURS_RAW = "ours, raw"
STOCK = "aiobotocore"
TUNED = "aiobotocore, tuned"
THREADS = "boto3, threads"
BARE = "aiohttp + orjson"

_OPENERS = {
    OURS: ("ours", "open_typed"),
    OURS_RAW: ("ours", "open_raw"),
    STOCK: ("aiobotocore_dicts", "open_stock"),
    TUNED: ("aiobotocore_dicts", "open_tuned"),
    THREADS: ("boto3_threads", "open_threads"),
    BARE: ("aiohttp_orjson", "open_bare"),
}


class Collector(Protocol):
    """Collects catalogs through one open client."""

    @abstractmethod
    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Collect catalogs at once, count their items, and return the number.

        Arguments:
            catalogs: the catalogs' names.
            page_done: called after the last item of each page.
        """

    @abstractmethod
    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""


def open_client(name: str, port: int) -> AbstractAsyncContextManager[Collector]:
    """Open a client of the server at a local port."""
    module, function = _OPENERS[name]
    opened: AbstractAsyncContextManager[Collector] = getattr(importlib.import_module(f"{__name__}.{module}"), function)(
        port
    )
    return opened


@attrs.frozen
class Dicts(Collector):
    """Collects dicts, with a task for each catalog.

    Attributes:
        pages: yields the pages of a catalog, as JSON is read.
    """

    pages: Callable[[str], AsyncIterator[dict[str, Any]]]

    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count the items of catalogs."""
        async with asyncio.TaskGroup() as group:
            counts = [group.create_task(self._count(catalog, page_done)) for catalog in catalogs]
        return sum(count.result() for count in counts)

    async def _count(self, catalog: str, page_done: Callable[[], None]) -> int:
        items = 0
        async for page in self.pages(catalog):
            for _ in page["ConnectionSummaries"]:
                items += 1
            page_done()
        return items

    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""
        return [item["Id"] async for page in self.pages(catalog) for item in page["ConnectionSummaries"]]
