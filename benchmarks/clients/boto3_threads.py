"""boto3: one client, and a thread for each catalog."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from benchmarks.clients import Collector
from benchmarks.clients.settings import POOL_SIZE, RETRY_MODE, SERVICE, connection
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

MAX_THREADS = 16


class Threads(Collector):
    """Collects dicts in threads; `Any` because boto3 makes its clients at run time."""

    def __init__(self, open_another: Callable[[str], Any], threads: ThreadPoolExecutor) -> None:
        self._client = open_another("any")
        self._open_another = open_another
        self._threads = threads

    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count the items of catalogs; `page_done` is called in the event loop's thread, after all pages."""
        return await self._count([self._client] * len(catalogs), catalogs, ITEMS_PER_PAGE, page_done)

    async def call(self, catalog: str) -> int:
        """Ask for one item, in the event loop's thread: boto3's user has none."""
        return len(self._client.list_connections(Catalog=catalog, MaxResults=1)["ConnectionSummaries"])

    async def accounts(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count items with a client for each account; all of them share the session."""
        clients = [self._open_another(catalog) for catalog in catalogs]
        items = await self._count(clients, catalogs, 1, page_done)
        for client in clients:
            client.close()
        return items

    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""
        pages = _pages(self._client, catalog, ITEMS_PER_PAGE)
        return [item["Id"] for page in pages for item in page["ConnectionSummaries"]]

    async def _count(
        self, clients: Sequence[Any], catalogs: Sequence[str], size: int, page_done: Callable[[], None]
    ) -> int:
        loop = asyncio.get_running_loop()
        each = zip(clients, catalogs, strict=True)
        items = sum(await asyncio.gather(*(loop.run_in_executor(self._threads, _count, *one, size) for one in each)))
        for _ in range(items // size):
            page_done()
        return items


def _count(client: Any, catalog: str, size: int) -> int:  # noqa: ANN401 - as above
    items = 0
    for page in _pages(client, catalog, size):
        for _ in page["ConnectionSummaries"]:
            items += 1
    return items


def _pages(client: Any, catalog: str, size: int) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - as above
    paginator = client.get_paginator("list_connections")
    return iter(paginator.paginate(Catalog=catalog, PaginationConfig={"PageSize": size}))


@asynccontextmanager
async def open_threads(url: str) -> AsyncIterator[Threads]:
    """Open a client and a pool of threads."""
    retries: Any = {"mode": RETRY_MODE}
    session, config = boto3.Session(), Config(max_pool_connections=POOL_SIZE, retries=retries)

    def opened(key: str) -> Any:  # noqa: ANN401 - as above
        return session.client(SERVICE, **connection(url, key), config=config)

    with ThreadPoolExecutor(MAX_THREADS) as threads:
        yield Threads(opened, threads)
