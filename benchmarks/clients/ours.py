"""This library: typed objects, and the raw bytes of items."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import orjson

from aiopartnercentral import account
from benchmarks.clients.settings import aio_config, connection
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from aiopartnercentral._pagination.paginator import Collectable, Paginator
    from aiopartnercentral.account import ConnectionSummary, ListConnectionsResponse


class Typed:
    """Collects typed items."""

    def __init__(self, client: account.Client) -> None:
        self._client = client

    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count the items of catalogs."""
        return await _count(self._paginator(catalogs), page_done)

    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items, after checking their class."""
        collected = await self._paginator([catalog]).collect()
        if not all(type(item) is account.ConnectionSummary for _, item in collected):
            raise TypeError("the items are not ConnectionSummary objects")
        return [item.id for _, item in collected]

    def _paginator(self, catalogs: Sequence[str]) -> Paginator[ListConnectionsResponse, ConnectionSummary]:
        return self._client.paginate.list_connections(
            catalogs=catalogs, page_size=ITEMS_PER_PAGE, concurrency=len(catalogs)
        )


class Raw(Typed):
    """Collects each item as the bytes of the response."""

    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count the items of catalogs."""
        return await _count(self._paginator(catalogs).raw(), page_done)

    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""
        async with self._paginator([catalog]).raw() as stream:
            return [orjson.loads(item)["Id"] async for _, item in stream]


async def _count(
    source: Collectable[str, bytes] | Collectable[str, ConnectionSummary], page_done: Callable[[], None]
) -> int:
    items = 0
    async with source as stream:
        async for _ in stream:
            items += 1
            if items % ITEMS_PER_PAGE == 0:
                page_done()
    return items


@asynccontextmanager
async def open_typed(port: int) -> AsyncIterator[Typed]:
    """Open a client for typed items."""
    async with account.connect(**connection(port), config=aio_config()) as client:
        yield Typed(client)


@asynccontextmanager
async def open_raw(port: int) -> AsyncIterator[Raw]:
    """Open a client for raw items."""
    async with account.connect(**connection(port), config=aio_config()) as client:
        yield Raw(client)
