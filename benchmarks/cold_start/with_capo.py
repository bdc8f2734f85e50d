"""The first page by capo."""

import asyncio
import sys
from typing import Any

from capo_partnercentral_account import AsyncPartnerCentralAccountClient


async def main(url: str, catalog: Any) -> None:  # noqa: ANN401 - its types allow the catalogs AWS and Sandbox only
    """Get one page."""
    async with AsyncPartnerCentralAccountClient(endpoint=url, region="us-east-1") as client:
        page = await client.list_connections(catalog, max_results=100)
    if len(page["connection_summaries"]) != 100:  # noqa: PLR2004 - what was asked for
        sys.exit("not a whole page")


asyncio.run(main(*sys.argv[1:]))
