"""The first page by this library."""

import asyncio
import sys
from typing import Any

from aiopartnercentral import account


async def main(url: str, catalog: str, *flags: str) -> None:
    """Get one page."""
    options: dict[str, Any] = {"direct": False} if flags else {}
    async with account.connect(endpoint_url=url, **options) as client:
        page = await client.list_connections(catalog=catalog, max_results=100)
    if len(page.connection_summaries) != 100:  # noqa: PLR2004 - what was asked for
        sys.exit("not a whole page")


asyncio.run(main(*sys.argv[1:]))
