"""Rows are written once, however the process that writes them ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bulk.write_program import write
from tests.support.opportunity_server import opportunity_server
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.opportunity_server import Opportunities
    from tests.support.servers import Received, Reply

pytestmark = pytest.mark.anyio
SCRIPT = Path(__file__).with_name("write_program.py")
NUMBER = 6
VICTIM = "row-3"
STAGES = ["before sending", "after sending", "request executed", "before written", "after written"]


@pytest.fixture
def server(aws_environment: None) -> Iterator[Opportunities]:  # noqa: ARG001 - order
    with opportunity_server() as state:
        yield state


def kill(operation: str, journal: Path, server: Opportunities, stage: str) -> None:
    """Run the program until it is killed at a stage of the victim."""
    command = [sys.executable, str(SCRIPT), operation, str(journal), server.url, str(NUMBER), stage, VICTIM]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as process:

        def kill_waiting(received: Received) -> Reply | None:
            if "3" in json.dumps([received.body.get("Project"), received.body.get("Identifier")]):
                process.kill()
            return None

        if stage == "request executed":
            server.after = kill_waiting
        assert process.wait(GUARD) == -signal.SIGKILL
    server.after = lambda _: None


async def resume(operation: str, journal: Path, server: Opportunities) -> dict[str, str]:
    return await write(operation, str(journal), server.url, NUMBER)


@pytest.mark.parametrize("stage", STAGES)
async def test_a_killed_run_creates_nothing_twice_and_loses_nothing(
    tmp_path: Path, server: Opportunities, stage: str
) -> None:
    journal = tmp_path / "run.journal"
    kill("create", journal, server, stage)
    outcomes = await resume("create", journal, server)
    assert set(outcomes) == {f"row-{index}" for index in range(NUMBER)}
    assert set(outcomes.values()) <= {"written", "done"}
    assert outcomes[VICTIM] == ("done" if stage == "after written" else "written")
    titles = sorted(each["Project"]["Title"] for each in server.kept.values())
    assert titles == [f"project {index}" for index in range(NUMBER)]
    assert set((await resume("create", journal, server)).values()) == {"done"}
    assert len(server.kept) == NUMBER


@pytest.mark.parametrize("stage", ["after sending", "request executed", "after written"])
async def test_without_a_token_a_row_in_flight_is_unknown_and_not_sent_again(
    tmp_path: Path, server: Opportunities, stage: str
) -> None:
    journal = tmp_path / "run.journal"
    kill("assign", journal, server, stage)
    outcomes = await resume("assign", journal, server)
    assert outcomes[VICTIM] == ("done" if stage == "after written" else "unknown")
    assigned = [body["Identifier"] for _, body in server.executed]
    assert len(assigned) == len(set(assigned))
    # Others may have been in flight, too; nothing else is missing.
    missing = {f"O{index}" for index in range(NUMBER)} - set(assigned)
    assert missing <= {f"O{key[-1]}" for key, outcome in outcomes.items() if outcome == "unknown"}
    again = {key: "unknown" if outcome == "unknown" else "done" for key, outcome in outcomes.items()}
    assert await resume("assign", journal, server) == again
