"""The first page by aiohttp and orjson, without a signature."""

import asyncio
import sys

import aiohttp
import orjson


async def main(url: str, catalog: str) -> None:
    """Get one page."""
    request = orjson.dumps({"Catalog": catalog, "MaxResults": 100})
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "X-Amz-Target": "PartnerCentralAccount.ListConnections",
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=request, headers=headers) as response,
    ):
        page = orjson.loads(await response.read())
    if len(page["ConnectionSummaries"]) != 100:  # noqa: PLR2004 - what was asked for
        sys.exit("not a whole page")


asyncio.run(main(*sys.argv[1:]))
