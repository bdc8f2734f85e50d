"""The first page by aiobotocore."""

import asyncio
import sys
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session


async def main(url: str, catalog: str) -> None:
    """Get one page."""
    opened: Any = get_session().create_client(
        "partnercentral-account",
        region_name="us-east-1",
        endpoint_url=url,
        config=AioConfig(retries={"mode": "standard"}),
    )
    async with opened as client:
        page = await client.list_connections(Catalog=catalog, MaxResults=100)
    if len(page["ConnectionSummaries"]) != 100:  # noqa: PLR2004 - what was asked for
        sys.exit("not a whole page")


asyncio.run(main(*sys.argv[1:]))
