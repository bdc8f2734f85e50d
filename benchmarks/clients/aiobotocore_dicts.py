"""aiobotocore: concurrent paginators, one for each catalog; stock, and with a faster timestamp parser."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aiobotocore.session import AioSession

from benchmarks.clients import Dicts
from benchmarks.clients.settings import SERVICE, aio_config, connection
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_PAGING = {"PageSize": ITEMS_PER_PAGE}


@asynccontextmanager
async def open_stock(port: int, session: AioSession | None = None) -> AsyncIterator[Dicts]:
    """Open a stock aiobotocore client."""
    opened = (session or AioSession()).create_client(SERVICE, **connection(port), config=aio_config())
    async with opened as client:

        def pages(catalog: str) -> AsyncIterator[dict[str, Any]]:
            found: AsyncIterator[dict[str, Any]] = aiter(
                client.get_paginator("list_connections").paginate(Catalog=catalog, PaginationConfig=_PAGING)
            )
            return found

        yield Dicts(pages)


@asynccontextmanager
async def open_tuned(port: int) -> AsyncIterator[Dicts]:
    """Open a client that parses timestamps with the standard library."""
    session = AioSession()
    factory: Any = session.get_component("response_parser_factory")
    factory.set_parser_defaults(timestamp_parser=datetime.fromisoformat)
    async with open_stock(port, session) as dicts:
        yield dicts
