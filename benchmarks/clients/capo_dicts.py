"""capo-partnercentral-account: a generated client with its own HTTP stack, for dicts in snake case."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from capo_partnercentral_account import AsyncPartnerCentralAccountClient, StaticAwsCredentialsProvider

from benchmarks.clients import Collector, count_items, total
from benchmarks.clients.settings import REGION
from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence


class Capo(Collector):
    """Collects with the item iterators of one client, with a task for each catalog."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401 - its types allow the catalogs AWS and Sandbox only
        self._client = client

    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count the items of catalogs."""
        return await total(count_items(self._items(catalog), page_done) for catalog in catalogs)

    async def call(self, catalog: str) -> int:
        """Ask for one item."""
        return len((await self._client.list_connections(catalog, max_results=1))["connection_summaries"])

    async def accounts(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count items with one client, which is told each call's credentials: the lightest way that it has."""

        def items(account: str) -> AsyncIterator[Any]:
            provider = StaticAwsCredentialsProvider(_credentials(account))
            return self._items(account, max_results=1, config_overrides={"credentials_provider": provider})

        return await total(count_items(items(catalog), page_done, 1) for catalog in catalogs)

    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""
        return [item["id"] async for item in self._items(catalog)]

    def _items(self, catalog: str, **options: Any) -> AsyncIterator[Any]:  # noqa: ANN401 - of its function
        items: AsyncIterator[Any] = self._client.iter_list_connections(
            catalog, **{"max_results": ITEMS_PER_PAGE, **options}
        )
        return items


@asynccontextmanager
async def open_capo(url: str) -> AsyncIterator[Capo]:
    """Open a client with its default HTTP handler."""
    async with AsyncPartnerCentralAccountClient(endpoint=url, region=REGION, credentials=_credentials("any")) as client:
        yield Capo(client)


def _credentials(key: str) -> Any:  # noqa: ANN401 - a TypedDict whose class is not public
    return {"access_key": key, "secret_key": "any"}
