"""Writes rows, and kills itself at a stage of one of them; for tests of resumption."""

from __future__ import annotations

import os
import signal
import sys

import anyio

from aiopartnercentral import selling
from aiopartnercentral.bulk import Limits, Source, Writes
from aiopartnercentral.bulk.write_journal import Journal

OPERATIONS = {"create": selling.CreateOpportunityRequest, "assign": selling.AssignOpportunityRequest}


def die_at(stage: str, row: str) -> None:
    """Make the journal kill the process before or after it has a line about a row."""
    append = Journal.append

    async def watched(self, entry):
        if f"before {entry.state} {entry.row}" == f"{stage} {row}":
            os.kill(os.getpid(), signal.SIGKILL)
        await append(self, entry)
        if f"after {entry.state} {entry.row}" == f"{stage} {row}":
            os.kill(os.getpid(), signal.SIGKILL)

    Journal.append = watched


async def write(operation: str, journal: str, url: str, number: int) -> dict[str, str]:
    """Write the rows, and return their outcomes."""
    writes = Writes(
        OPERATIONS[operation],
        [(f"row-{index}", request(operation, index)) for index in range(number)],
        Source("AWS", endpoint_url=url),
        limits=Limits(rate=1000, concurrency=3),
        checkpoint=journal,
        on_error="report",
    )
    async with writes as stream:
        return {key: result.outcome async for key, result in stream}


def request(operation: str, index: int) -> dict[str, object]:
    if operation == "create":
        return {"Project": {"Title": f"project {index}"}}
    assignee = {"Email": "a@example.com", "FirstName": "A", "LastName": "B", "BusinessTitle": "PartnerAccountManager"}
    return {"Identifier": f"O{index}", "Assignee": assignee}


if __name__ == "__main__":
    operation, journal, url, number, stage, row = sys.argv[1:]
    die_at(stage, row)
    anyio.run(write, operation, journal, url, int(number))
