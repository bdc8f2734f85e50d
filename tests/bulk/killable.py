"""A bulk run as a program of its own: `killable.py CHECKPOINT OUTPUT URL...` collects two catalogs of each emulator."""

from __future__ import annotations

import sys

import anyio

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.sinks import open_sink


async def main(checkpoint: str, output: str, *urls: str) -> None:
    sources = [
        Source(catalog, endpoint_url=url, label=f"{number}/{catalog}", account=f"{number}")
        for number, url in enumerate(urls)
        for catalog in ("AWS", "Sandbox")
    ]
    listing = account.listings.list_connections(page_size=10)
    limits = Limits(rate=200, concurrency=4)
    collection = Collection(listing, sources, limits=limits, checkpoint=checkpoint)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    report = await collection.into(open_sink(output, cls=account.ConnectionSummary), save_every=0.03)
    sys.stdout.write(f"{report.items}\n")


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
