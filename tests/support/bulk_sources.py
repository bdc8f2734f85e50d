"""Sources of emulators, limits that hold nobody up, and the listing that most collections are of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral import account
from aiopartnercentral.bulk import Limits, Source

if TYPE_CHECKING:
    from aiopartnercentral.emulator import Emulator

LISTING = account.listings.list_connections(page_size=10)
FAST = Limits(rate=10_000, backoff=0.001)


def of(emulator: Emulator, label: str, catalog: str = "AWS") -> Source:
    return Source(catalog, endpoint_url=emulator.endpoint_url, label=label, account=label)


async def take(collection: Any, count: int) -> list[str]:
    """Take so many items, and ask for the next one, and leave."""
    taken: list[str] = []
    async with collection as stream:
        async for _, item in stream:
            taken.append(item.id)
            if len(taken) == count:
                break
    return taken
