"""The first page by this library."""

import asyncio
import sys

from aiopartnercentral import account


async def main(url: str, catalog: str) -> None:
    """Get one page."""
    async with account.connect(endpoint_url=url, aws_access_key_id="any", aws_secret_access_key="any") as client:  # noqa: S106 - the server takes any
        page = await client.list_connections(catalog=catalog, max_results=100)
    if len(page.connection_summaries) != 100:  # noqa: PLR2004 - what was asked for
        sys.exit("not a whole page")


asyncio.run(main(*sys.argv[1:]))
