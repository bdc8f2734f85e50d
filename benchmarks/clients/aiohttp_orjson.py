"""The lower bound: POST requests of aiohttp, decoded by orjson; unsigned, untyped, without retries."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from benchmarks.clients import Dicts, count_pages, total
from benchmarks.clients.settings import KEEPALIVE_SECONDS, POOL_SIZE
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "PartnerCentralAccount.ListConnections",
}


class Posts(Dicts):
    """Collects with one session of aiohttp."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def _page(self, request: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(self._url, data=orjson.dumps(request), headers=_HEADERS) as response:
            response.raise_for_status()
            page: dict[str, Any] = orjson.loads(await response.read())
        return page

    async def pages(self, catalog: str, size: int = ITEMS_PER_PAGE) -> AsyncIterator[dict[str, Any]]:
        """Yield the pages of a catalog."""
        request: dict[str, Any] = {"Catalog": catalog, "MaxResults": size}
        while True:
            page = await self._page(request)
            yield page
            if "NextToken" not in page:
                return
            request["NextToken"] = page["NextToken"]

    async def call(self, catalog: str) -> int:
        """Ask for one item."""
        return len((await self._page({"Catalog": catalog, "MaxResults": 1}))["ConnectionSummaries"])

    async def accounts(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count items; unsigned requests of several accounts are those of one."""
        return await total(count_pages(self.pages(catalog, 1), page_done) for catalog in catalogs)


@asynccontextmanager
async def open_bare(url: str) -> AsyncIterator[Posts]:
    """Open a session of aiohttp."""
    connector = aiohttp.TCPConnector(limit=POOL_SIZE, keepalive_timeout=KEEPALIVE_SECONDS)
    async with aiohttp.ClientSession(connector=connector) as session:
        yield Posts(session, url)
