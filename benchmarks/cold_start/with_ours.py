"""The first page by this library."""

import asyncio
import sys
from typing import Any

from aiopartnercentral import account

_OPTIONS: dict[str, dict[str, Any]] = {"--through-botocore": {"direct": False}, "--ry": {"http_client": "ry"}}


async def main(url: str, catalog: str, flag: str = "") -> None:
    """Get one page."""
    async with account.connect(endpoint_url=url, **_OPTIONS.get(flag, {})) as client:
        page = await client.list_connections(catalog=catalog, max_results=100)
    if len(page.connection_summaries) != 100:  # noqa: PLR2004 - what was asked for
        sys.exit("not a whole page")


asyncio.run(main(*sys.argv[1:]))
