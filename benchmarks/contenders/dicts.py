"""aiobotocore: one paginator a catalog, all at once; as it comes, and with a faster parser of timestamps."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiobotocore.session import AioSession

from benchmarks.contenders.aio import aio_config
from benchmarks.contenders.settings import SERVICE, connection
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

_PAGING = {"PageSize": ITEMS_PER_PAGE}


class Dicts:
    """Collects dicts; `Any` because aiobotocore makes its clients at run time."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - see the class
        self._client = client

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

    def _pages(self, catalog: str) -> AsyncIterator[dict[str, Any]]:
        paginator = self._client.get_paginator("list_connections")
        pages: AsyncIterator[dict[str, Any]] = aiter(paginator.paginate(Catalog=catalog, PaginationConfig=_PAGING))
        return pages


@asynccontextmanager
async def open_stock(port: int) -> AsyncIterator[Dicts]:
    """Open a client of aiobotocore as it comes."""
    async with AioSession().create_client(SERVICE, **connection(port), config=aio_config()) as client:
        yield Dicts(client)


@asynccontextmanager
async def open_tuned(port: int) -> AsyncIterator[Dicts]:
    """Open a client that parses timestamps with the standard library."""
    session = AioSession()
    factory: Any = session.get_component("response_parser_factory")
    factory.set_parser_defaults(timestamp_parser=datetime.fromisoformat)
    async with session.create_client(SERVICE, **connection(port), config=aio_config()) as client:
        yield Dicts(client)
