"""A nested bulk run as a program: `collect_nested_program.py members|details CHECKPOINT OUTPUT URL`."""

from __future__ import annotations

import sys
from typing import Any

import anyio

from aiopartnercentral import selling
from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.sinks import open_sink

LISTINGS = {
    "members": selling.listings.list_engagements().each(selling.listings.list_engagement_members, {"identifier": "id"}),
    "details": selling.listings.list_opportunities().each(selling.Client.get_opportunity, {"identifier": "id"}),
}


async def main(kind: str, checkpoint: str, output: str, url: str) -> None:
    sources = [
        Source(catalog, endpoint_url=url, region_name="us-east-1", label=catalog) for catalog in ("AWS", "Sandbox")
    ]
    limits = Limits(rate=500, concurrency=5)
    collection = Collection[Any](LISTINGS[kind], sources, limits=limits, checkpoint=checkpoint)
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    is_parquet = output.endswith(".parquet")
    options: dict[str, Any] = {"parent": True} if is_parquet else {"envelope": True}
    sink = open_sink(output, cls=collection.item_classes if is_parquet else None, **options)
    report = await collection.into(sink, save_every=0.03)
    sys.stdout.write(f"{report.items}\n")


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
