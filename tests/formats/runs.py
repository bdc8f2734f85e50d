"""Runs that are interrupted, so that they leave files, and what each file must still give to a later release.

`python -m tests.formats.runs` writes the files of today's versions to `tests/formats/files/`, where those of earlier
releases stay.
"""

from __future__ import annotations

import json
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from aiopartnercentral import account, selling
from aiopartnercentral._pagination import report as report_format
from aiopartnercentral.bulk import Source, Writes, checkpoint_file, write_journal
from aiopartnercentral.cli.recording import Forwarder
from aiopartnercentral.emulator import Clock, Emulator, Recorder, recording
from aiopartnercentral.emulator.persistence import records
from aiopartnercentral.sinks import file_sink, partitioned, spool
from tests.formats.outputs import (
    begin_collection,
    begin_files,
    begin_partitions,
    begin_spool,
    resume_collection,
    resume_files,
    resume_partitions,
    resume_spool,
)
from tests.formats.reports import begin_report, resume_report
from tests.formats.service import FOREVER, LIMITS, PAGES, Kind, listings
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.servers import Received

FILES = Path(__file__).with_name("files")
CREDENTIALS: dict[str, Any] = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
ROWS = [(f"row-{number}", {"Project": {"Title": f"project {number}"}}) for number in range(4)]


async def write(directory: Path, *, failing: str | None) -> dict[str, str]:
    """Write the rows, and return the token of each row that the server has got."""

    def answer(received: Received) -> Reply:
        title = received.body["Project"]["Title"]
        if title == failing:
            return Reply({"__type": "InternalServerException", "Message": "no"}, status=500)
        return Reply({"Id": f"O-{title}", "PartnerOpportunityIdentifier": title, "LastModifiedDate": 1.0})

    with scripted_server() as server:
        server.answer = answer
        source, journal = Source("AWS", endpoint_url=server.url), directory / "rows.journal"
        options: dict[str, Any] = {
            "limits": LIMITS,
            "on_error": "report",
            "checkpoint": journal,
            "token_max_age": FOREVER,
        }
        async with Writes(selling.CreateOpportunityRequest, ROWS, source, **options) as stream:
            results = [result async for _, result in stream]
    assert len(results) == len(ROWS)
    return {each.body["Project"]["Title"]: each.body["ClientToken"] for each in server.received}


async def begin_writes(directory: Path) -> None:
    tokens = await write(directory, failing="project 2")
    (directory / "tokens.json").write_text(json.dumps(tokens, indent=1), encoding="utf-8")


async def resume_writes(directory: Path) -> None:
    """Send the row that failed again, with the token of its first attempt, and no other row."""
    tokens = json.loads((directory / "tokens.json").read_bytes())
    assert await write(directory, failing=None) == {"project 2": tokens["project 2"]}


@asynccontextmanager
async def emulator(directory: Path) -> AsyncIterator[account.Client]:
    async with (
        Emulator({"AWS": 0}, state=directory / "state.jsonl", clock=Clock(running=False)) as running,
        account.connect(endpoint_url=running.endpoint_url, **CREDENTIALS) as client,
    ):
        yield client


async def begin_emulator(directory: Path) -> None:
    async with emulator(directory) as client:
        sent = await client.create_connection_invitation(
            catalog="AWS",
            connection_type="SUBSIDIARY",
            receiver_identifier="444455556666",
            email="ada@example.com",
            name="Ada",
            message="Hello",
        )
    (directory / "invitation.json").write_text(json.dumps({"Id": sent.id}), encoding="utf-8")


async def resume_emulator(directory: Path) -> None:
    async with emulator(directory) as client:
        page = await client.list_connection_invitations(catalog="AWS")
    (found,) = page.connection_invitation_summaries
    assert found.id == json.loads((directory / "invitation.json").read_bytes())["Id"]


async def begin_recording(directory: Path) -> None:
    with listings() as server, Recorder(directory / "answers.ndjson", Forwarder(server.url)) as recorder:
        async with Emulator({"AWS": 0}, upstream=recorder) as proxy:
            await replay(proxy)


async def resume_recording(directory: Path) -> None:
    async with Emulator({"AWS": 0}, replay=directory / "answers.ndjson") as recorded:
        await replay(recorded)


async def replay(answering: Emulator) -> None:
    async with account.connect(endpoint_url=answering.endpoint_url, **CREDENTIALS) as client:
        found = {item.id async for item in client.paginate.list_connections(catalog="Sandbox", page_size=2)}
    assert len(found) == 2 * PAGES


KINDS = {
    "checkpoint": Kind(checkpoint_file.VERSION, begin_collection, resume_collection),
    "output": Kind(file_sink._POSITION_VERSION, begin_files, resume_files),
    "partitioned-output": Kind(partitioned._POSITION_VERSION, begin_partitions, resume_partitions),
    "spool": Kind(spool._POSITION_VERSION, begin_spool, resume_spool),
    "report": Kind(report_format.VERSION, begin_report, resume_report),
    "write-journal": Kind(write_journal._VERSION, begin_writes, resume_writes),
    "emulator-state": Kind(records.VERSION, begin_emulator, resume_emulator),
    "recording": Kind(recording._HEADER["version"], begin_recording, resume_recording),
}


async def main() -> None:
    os.environ.update(AWS_ACCESS_KEY_ID="any", AWS_SECRET_ACCESS_KEY="any")
    for name, kind in KINDS.items():
        directory = FILES / f"{name}-{kind.version}"
        if not directory.exists():
            directory.mkdir(parents=True)
            await kind.begin(directory)
            print(f"wrote {directory.relative_to(FILES.parent)}")  # noqa: T201 - a script


if __name__ == "__main__":
    anyio.run(main)
