"""boto3: one client, and a thread for each catalog."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from benchmarks.clients.settings import POOL_SIZE, RETRY_MODE, SERVICE, connection
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

MAX_THREADS = 16
_PAGING = {"PageSize": ITEMS_PER_PAGE}


class Threads:
    """Collects dicts in threads; `Any` because boto3 makes its clients at run time."""

    def __init__(self, client: Any, threads: ThreadPoolExecutor) -> None:  # noqa: ANN401 - see the class
        self._client = client
        self._threads = threads

    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count the items of catalogs; `page_done` is called in the event loop's thread, after all pages."""
        loop = asyncio.get_running_loop()
        counts = await asyncio.gather(*(loop.run_in_executor(self._threads, self._count, name) for name in catalogs))
        for _ in range(sum(counts) // ITEMS_PER_PAGE):
            page_done()
        return sum(counts)

    def _count(self, catalog: str) -> int:
        items = 0
        for page in self._pages(catalog):
            for _ in page["ConnectionSummaries"]:
                items += 1
        return items

    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""
        return [item["Id"] for page in self._pages(catalog) for item in page["ConnectionSummaries"]]

    def _pages(self, catalog: str) -> Iterator[dict[str, Any]]:
        paginator = self._client.get_paginator("list_connections")
        pages: Iterator[dict[str, Any]] = iter(paginator.paginate(Catalog=catalog, PaginationConfig=_PAGING))
        return pages


@asynccontextmanager
async def open_threads(port: int) -> AsyncIterator[Threads]:
    """Open a client and a pool of threads."""
    retries: Any = {"mode": RETRY_MODE}
    config = Config(max_pool_connections=POOL_SIZE, retries=retries)
    client: Any = boto3.Session().client(SERVICE, **connection(port), config=config)
    with ThreadPoolExecutor(MAX_THREADS) as threads:
        yield Threads(client, threads)
    client.close()
