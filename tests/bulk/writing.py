"""Rows for tests of writing, and the writes of them to a server of opportunities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral import selling
from aiopartnercentral.bulk import Limits, Source, Writes

if TYPE_CHECKING:
    from tests.support.opportunity_server import Opportunities

FAST = Limits(rate=10_000, concurrency=4, backoff=0.001, attempts=4)


def created(title: object) -> dict[str, Any]:
    return {"Project": {"Title": str(title)}}


def creations(server: Opportunities, rows: Any, **options: Any) -> Writes[selling.CreateOpportunityResponse]:
    options = {"limits": FAST, "on_error": "report", **options}
    return Writes(selling.CreateOpportunityRequest, rows, Source("AWS", endpoint_url=server.url), **options)


async def results_of(writes: Writes[Any]) -> dict[str, Any]:
    async with writes as stream:
        return {key: result async for key, result in stream}
