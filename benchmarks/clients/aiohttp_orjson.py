"""The lower bound: POST requests of aiohttp, decoded by orjson; unsigned, untyped, without retries."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson

from benchmarks.clients import Dicts
from benchmarks.clients.settings import KEEPALIVE_SECONDS, POOL_SIZE, endpoint_url
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "PartnerCentralAccount.ListConnections",
}


@asynccontextmanager
async def open_bare(port: int) -> AsyncIterator[Dicts]:
    """Open a session of aiohttp."""
    connector = aiohttp.TCPConnector(limit=POOL_SIZE, keepalive_timeout=KEEPALIVE_SECONDS)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def pages(catalog: str) -> AsyncIterator[dict[str, Any]]:
            request = {"Catalog": catalog, "MaxResults": ITEMS_PER_PAGE}
            while True:
                sent = orjson.dumps(request)
                async with session.post(endpoint_url(port), data=sent, headers=_HEADERS) as response:
                    response.raise_for_status()
                    page: dict[str, Any] = orjson.loads(await response.read())
                yield page
                if "NextToken" not in page:
                    return
                request["NextToken"] = page["NextToken"]

        yield Dicts(pages)
