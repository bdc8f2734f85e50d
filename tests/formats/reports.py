"""Reports: that of a run whose sources were complete or failed, and that of an incremental run with its cursor."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiopartnercentral import selling
from aiopartnercentral.bulk import Collection, Source, load_report
from tests.formats.service import DENIED, LIMITS, collection, listings
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral import Collected
    from tests.support.servers import Received

INCREMENTAL = "incremental.json"


async def begin_report(directory: Path) -> None:
    with listings(DENIED) as server:
        collected = await collection(server, on_error="report").collect()
    save(directory / "report.json", collected)
    collected, _ = await changes(["first", "second"], at=2, since=None)
    save(directory / INCREMENTAL, collected)


async def resume_report(directory: Path) -> None:
    report = load_report(directory / "report.json")
    read = {origin.label: (str(each.outcome), each.items, each.pages) for origin, each in report.sources.items()}
    assert read == {"AWS": ("complete", 6, 3), "Sandbox": ("failed", 2, 1)}
    (failed,) = (each for each in report.sources.values() if each.error is not None)
    assert "AccessDenied" in str(failed.error)
    await resume_incremental(directory / INCREMENTAL)


async def resume_incremental(report: Path) -> None:
    """Collect what has changed since: the request has the cursor, and an item that comes again unchanged is omitted."""
    collected, received = await changes(["first", "changed", "third"], at=20, since=report)
    (source,) = json.loads(report.read_bytes())["sources"]
    bound = datetime.fromisoformat(source["cursor"]["time"]) - timedelta(minutes=5, seconds=1)
    assert received.body["LastModifiedDate"] == {"AfterLastModifiedDate": f"{bound:%Y-%m-%dT%H:%M:%SZ}"}
    assert [item.id for _, item in collected] == ["O1", "O2"]


async def changes(titles: list[str], *, at: int, since: Path | None) -> tuple[Collected[Any, Any], Received]:
    """Collect opportunities at a minute of a day, by the service's clock; return the request, too."""
    items = [
        {
            "Catalog": "AWS",
            "Id": f"O{number}",
            "PartnerOpportunityIdentifier": title,
            "LastModifiedDate": f"2025-01-01T01:00:{number:02}Z",
        }
        for number, title in enumerate(titles)
    ]
    with scripted_server() as server:
        date = {"Date": f"Wed, 01 Jan 2025 01:{at:02}:00 GMT"}
        server.answer = lambda _: Reply({"OpportunitySummaries": items}, headers=date)
        source = Source("AWS", endpoint_url=server.url, account="AWS")
        listing = selling.listings.list_opportunities()
        collected = await Collection(listing, [source], limits=LIMITS, since=since).collect()
    (received,) = server.received
    return collected, received


def save(path: Path, collected: Collected[Any, Any]) -> None:
    path.write_text(json.dumps(collected.report.as_json(), indent=1), encoding="utf-8")
