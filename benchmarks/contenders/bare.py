"""The floor: POST requests of aiohttp, their bodies decoded by orjson; unsigned, untyped, never retried."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from benchmarks.contenders.settings import KEEPALIVE_SECONDS, POOL_SIZE, endpoint_url
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "PartnerCentralAccount.ListConnections",
}


class Bare:
    """Collects what orjson makes of the bodies; `Any` because that is arbitrary JSON."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count the items of catalogs."""
        async with asyncio.TaskGroup() as group:
            counts = [group.create_task(self._count(catalog, page_done)) for catalog in catalogs]
        return sum(count.result() for count in counts)

    async def _count(self, catalog: str, page_done: Callable[[], None]) -> int:
        items = 0
        async for page in self._pages(catalog):
            for _ in page["ConnectionSummaries"]:
                items += 1
            page_done()
        return items

    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""
        return [item["Id"] async for page in self._pages(catalog) for item in page["ConnectionSummaries"]]

    async def _pages(self, catalog: str) -> AsyncIterator[dict[str, Any]]:
        request = {"Catalog": catalog, "MaxResults": ITEMS_PER_PAGE}
        more = True
        while more:
            async with self._session.post(self._url, data=orjson.dumps(request), headers=_HEADERS) as response:
                response.raise_for_status()
                page: dict[str, Any] = orjson.loads(await response.read())
            yield page
            more = "NextToken" in page
            if more:
                request["NextToken"] = page["NextToken"]


@asynccontextmanager
async def open_bare(port: int) -> AsyncIterator[Bare]:
    """Open a session of aiohttp."""
    connector = aiohttp.TCPConnector(limit=POOL_SIZE, keepalive_timeout=KEEPALIVE_SECONDS)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Bare(session, endpoint_url(port))
