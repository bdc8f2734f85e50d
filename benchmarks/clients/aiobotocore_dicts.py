"""aiobotocore: concurrent paginators, one for each catalog; stock, and with a faster timestamp parser."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiobotocore.session import AioSession

from benchmarks.clients import Dicts, count_pages, total
from benchmarks.clients.settings import SERVICE, aio_config, connection
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence


class Paginated(Dicts):
    """Collects with the paginators of one client; `Any` because aiobotocore makes its clients at run time."""

    def __init__(self, client: Any, open_another: Callable[[str], Any]) -> None:  # noqa: ANN401 - see the class
        self._client = client
        self._open_another = open_another

    def pages(self, catalog: str, size: int = ITEMS_PER_PAGE) -> AsyncIterator[dict[str, Any]]:
        """Yield the pages of a catalog."""
        return _pages(self._client, catalog, size)

    async def call(self, catalog: str) -> int:
        """Ask for one item."""
        return len((await self._client.list_connections(Catalog=catalog, MaxResults=1))["ConnectionSummaries"])

    async def accounts(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count items with a client for each account; all of them share the session."""
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(self._open_another(catalog)) for catalog in catalogs]
            return await total(
                count_pages(_pages(client, catalog, 1), page_done)
                for client, catalog in zip(clients, catalogs, strict=True)
            )


def _pages(client: Any, catalog: str, size: int) -> AsyncIterator[dict[str, Any]]:  # noqa: ANN401 - as above
    paginator = client.get_paginator("list_connections")
    return aiter(paginator.paginate(Catalog=catalog, PaginationConfig={"PageSize": size}))


@asynccontextmanager
async def open_stock(url: str, session: AioSession | None = None) -> AsyncIterator[Paginated]:
    """Open a stock aiobotocore client."""
    session = session or AioSession()

    def opened(key: str) -> Any:  # noqa: ANN401 - as above
        return session.create_client(SERVICE, **connection(url, key), config=aio_config())

    async with opened("any") as client:
        yield Paginated(client, opened)


@asynccontextmanager
async def open_tuned(url: str) -> AsyncIterator[Paginated]:
    """Open a client that parses timestamps with the standard library."""
    session = AioSession()
    factory: Any = session.get_component("response_parser_factory")
    factory.set_parser_defaults(timestamp_parser=datetime.fromisoformat)
    async with open_stock(url, session) as client:
        yield client
