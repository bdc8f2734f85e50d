"""Rows are written once, however the process that writes them ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.opportunity_server import opportunity_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.opportunity_server import Opportunities
    from tests.support.servers import Received, Reply

SCRIPT = Path(__file__).with_name("write_program.py")
NUMBER = 6
VICTIM = "row-3"
STAGES = ["before sending", "after sending", "request executed", "before written", "after written"]


@pytest.fixture
def server() -> Iterator[Opportunities]:
    with opportunity_server() as state:
        yield state


def run(operation: str, journal: Path, server: Opportunities, stage: str = "-") -> tuple[int, dict[str, Any]]:
    """Run the program to its end, and return its exit code and the outcomes of the rows."""
    command = [sys.executable, str(SCRIPT), operation, str(journal), server.url, str(NUMBER), stage, VICTIM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        if stage == "request executed":  # it is killed while it waits for the answer

            def kill(received: Received) -> Reply | None:
                if "3" in json.dumps([received.body.get("Project"), received.body.get("Identifier")]):
                    process.kill()
                return None

            server.after = kill
        output, _ = process.communicate(timeout=60)
    server.after = lambda _: None
    outcomes = {key: outcome for key, outcome, _ in map(json.loads, output.splitlines())}
    return process.returncode, outcomes


@pytest.mark.parametrize("stage", STAGES)
def test_a_killed_run_creates_nothing_twice_and_loses_nothing(
    tmp_path: Path, server: Opportunities, stage: str
) -> None:
    journal = tmp_path / "run.journal"
    code, _ = run("create", journal, server, stage)
    assert code == -signal.SIGKILL
    code, outcomes = run("create", journal, server)
    assert code == 0
    assert set(outcomes) == {f"row-{index}" for index in range(NUMBER)}
    assert set(outcomes.values()) <= {"written", "done"}
    assert outcomes[VICTIM] == ("done" if stage == "after written" else "written")
    titles = sorted(each["Project"]["Title"] for each in server.kept.values())
    assert titles == [f"project {index}" for index in range(NUMBER)]
    code, outcomes = run("create", journal, server)
    assert (code, set(outcomes.values())) == (0, {"done"})
    assert len(server.kept) == NUMBER


@pytest.mark.parametrize("stage", STAGES)
def test_without_a_token_a_row_in_flight_is_unknown_and_not_sent_again(
    tmp_path: Path, server: Opportunities, stage: str
) -> None:
    journal = tmp_path / "run.journal"
    assert run("assign", journal, server, stage)[0] == -signal.SIGKILL
    code, outcomes = run("assign", journal, server)
    assert code == 0
    expected = {"before sending": "written", "after written": "done"}.get(stage, "unknown")
    assert outcomes[VICTIM] == expected
    assigned = [body["Identifier"] for _, body in server.executed]
    assert len(assigned) == len(set(assigned))
    # Others may have been in flight, too; nothing else is missing.
    missing = {f"O{index}" for index in range(NUMBER)} - set(assigned)
    assert missing <= {f"O{key[-1]}" for key, outcome in outcomes.items() if outcome == "unknown"}
    assert run("assign", journal, server)[1][VICTIM] == ("unknown" if expected == "unknown" else "done")
