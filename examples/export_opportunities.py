"""Writes the opportunities of many accounts to CSV files, one for each account and catalog.

    python export_opportunities.py sources.toml exports

The first argument lists the accounts, as docs/sources.md describes. Run the same command again after a crash or a
failure: it resumes. Exit codes: 0 complete, 1 some sources failed, 2 it could not run.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import anyio

from aiopartnercentral import AioPartnerCentralError, selling
from aiopartnercentral.bulk import Collection, Limits, load_sources
from aiopartnercentral.sinks import open_sink


async def export(sources: Path, directory: Path) -> int:
    collection = Collection(
        selling.listings.list_opportunities(),
        load_sources(sources),
        limits=Limits(rate=5),  # requests per second of each account
        on_error="report",
        checkpoint=directory / "checkpoint.json",
    )
    sink = open_sink(str(directory / "{label}.csv"), cls=selling.OpportunitySummary)
    report = await collection.into(sink)
    for origin, source in report.sources.items():
        error = source.as_json()["error"]  # in words that quote neither the request nor the response
        reason = "" if error is None else f": {error['message']}"
        print(f"{origin.label}: {source.outcome}, {source.items} opportunities{reason}")
    return 0 if report.complete else 1


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the opportunities of many accounts to CSV files.")
    parser.add_argument("sources", type=Path)
    parser.add_argument("directory", type=Path)
    arguments = parser.parse_args()
    try:
        arguments.directory.mkdir(parents=True, exist_ok=True)
        return anyio.run(export, arguments.sources, arguments.directory)
    except (AioPartnerCentralError, OSError) as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
