"""This library: typed objects, and the raw bytes of items."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Credentials, Limits, Source
from benchmarks.clients import Collector, count_items
from benchmarks.clients.settings import POOL_SIZE, aio_config, connection
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from aiopartnercentral._pagination.paginator import Paginator
    from aiopartnercentral.account import ConnectionSummary, ListConnectionsResponse
    from aiopartnercentral.bulk import CredentialsProvider

_UNLIMITED = 100_000  # requests per second


class Typed(Collector):
    """Collects typed items."""

    def __init__(self, client: account.Client, url: str, options: dict[str, Any]) -> None:
        self._client = client
        self._url = url
        self._options = options

    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count the items of catalogs."""
        async with self._paginator(catalogs) as stream:
            return await count_items(stream, page_done)

    async def call(self, catalog: str) -> int:
        """Ask for one item."""
        return len((await self._client.list_connections(catalog=catalog, max_results=1)).connection_summaries)

    async def accounts(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count items with a collection, whose sources have credentials of their own."""
        sources = [
            Source(name, endpoint_url=self._url, credentials=_provider(name), label=name, account=name)
            for name in catalogs
        ]
        limits = Limits(rate=_UNLIMITED, sources=len(sources), concurrency=POOL_SIZE)
        listing = account.listings.list_connections(page_size=1)
        async with Collection(listing, sources, limits=limits, **self._options) as stream:
            return await count_items(stream, page_done, 1)

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
        async with self._paginator(catalogs).raw() as stream:
            return await count_items(stream, page_done)

    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""
        async with self._paginator([catalog]).raw() as stream:
            return [orjson.loads(item)["Id"] async for _, item in stream]


@asynccontextmanager
async def open_typed(url: str, **options: Any) -> AsyncIterator[Typed]:  # noqa: ANN401 - of `connect`
    """Open a client for typed items."""
    async with account.connect(**connection(url), config=aio_config(), **options) as client:
        yield Typed(client, url, options)


@asynccontextmanager
async def open_raw(url: str) -> AsyncIterator[Raw]:
    """Open a client for raw items."""
    async with account.connect(**connection(url), config=aio_config()) as client:
        yield Raw(client, url, {})


def _provider(key: str) -> CredentialsProvider:
    async def credentials() -> Credentials:
        return Credentials(access_key_id=key, secret_access_key="any")  # noqa: S106 - it opens nothing

    return credentials
