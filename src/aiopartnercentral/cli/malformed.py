"""The file of malformed items."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.sinks import Page, open_sink
from aiopartnercentral.sinks.rejects import rejects_page

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk import Origin
    from aiopartnercentral.sinks import Sink

__all__ = ["count_malformed", "malformed_sink", "write_malformed"]


def malformed_sink(path: Path) -> Sink:
    """Return the sink for malformed items; the path may contain `{date}`."""
    return open_sink(path, format="ndjson")


def count_malformed(report: Report[Origin]) -> int:
    """Return the number of malformed items of all sources."""
    return sum(len(state.malformed) for state in report.sources.values())


async def write_malformed(sink: Sink, report: Report[Origin]) -> None:
    """Write the malformed items of all sources.

    Raises:
        SinkError: they cannot be written; an earlier file is unchanged.
    """
    for origin, state in report.sources.items():
        page = Page(origin.label, origin.catalog, origin.listing, malformed=state.malformed)
        await sink.write(rejects_page(page))
    await sink.commit()
