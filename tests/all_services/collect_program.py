"""A bulk run as a program: `collect_program.py SERVICE LISTING ARGUMENTS CHECKPOINT OUTPUT URL`, of two catalogs."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import Any

import anyio

from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.sinks import open_sink


async def main(*given: str) -> None:
    service, listing, arguments, checkpoint, output, url = given
    package: Any = import_module(f"aiopartnercentral.{service}")
    made = getattr(package.listings, listing)(**json.loads(arguments))
    sources = [Source(catalog, endpoint_url=url, label=catalog, account="a") for catalog in ("AWS", "Sandbox")]
    collection = Collection[Any](made, sources, limits=Limits(rate=1000), checkpoint=checkpoint)
    report = await collection.into(open_sink(output, cls=collection.item_classes), save_every=0.01)
    sys.stdout.write(f"{report.items}\n")


if __name__ == "__main__":
    anyio.run(main, *sys.argv[1:])
