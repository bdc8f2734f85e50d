"""Nights of a command that collects only what has changed."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import pytest

from aiopartnercentral.bulk import load_report
from tests.cli.processes import GUARD, until
from tests.support.changing_service import ChangingService
from tests.support.servers import scripted_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.processes import Ended

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parents[2] / "docs"


@attrs.define
class Job:
    """The same command every night: its output, and the report that the next night begins at."""

    service: ChangingService
    url: str
    folder: Path
    run: Any
    listing: str = "list-opportunities"

    @property
    def report(self) -> Path:
        return self.folder / "last.json"

    @property
    def output(self) -> Path:
        return self.folder / "changes.ndjson"

    @property
    def command(self) -> list[object]:
        catalogs = ["--catalog", "AWS", "--catalog", "Sandbox", "--endpoint-url", self.url, "--rate", "10000"]
        return ["collect", self.listing, *catalogs, "--since", self.report, "--report", self.report]

    async def night(self, *more: object, code: int = 0) -> list[str]:
        """Run the command, and return the identifiers in its output."""
        ended: Ended = await self.run(*self.command, "--output", self.output, *more)
        assert ended.code == code, ended.err
        self.service.now += timedelta(days=1)
        return self.items

    @property
    def items(self) -> list[str]:
        return sorted(json.loads(line)["Id"] for line in self.output.read_bytes().splitlines())

    @property
    def since(self) -> list[datetime | None]:
        return [state.since for state in load_report(self.report).sources.values()]


def cursors(path: Path) -> dict[str, Any]:
    report = load_report(path)
    return {origin.label: report.cursor(origin) for origin in report.sources}


@pytest.fixture
def job(tmp_path: Path, run: Any) -> Iterator[Job]:
    service = ChangingService()
    for number in range(5):
        service.change("AWS", f"O{number}")
    service.change("Sandbox", "S0")
    with scripted_server() as server:
        server.answer = service
        yield Job(service, server.url, tmp_path, run)


async def test_each_night_has_what_changed_since_the_night_before(job: Job) -> None:
    assert await job.night() == ["O0", "O1", "O2", "O3", "O4", "S0"]
    assert job.since == [None, None]
    assert await job.night() == []
    job.service.change("AWS", "O3")
    job.service.denied = {"AWS"}
    job.service.change("Sandbox", "S1")
    assert await job.night(code=1) == ["S1"]
    first, second = job.since
    job.service.denied = set()
    assert await job.night() == ["O3"]
    assert job.since[0] == first  # as it was denied
    assert second is not None
    assert job.since[1] is not None
    assert job.since[1] > second


async def test_the_summary_says_since_when(job: Job) -> None:
    await job.night()
    ended = await job.run(*job.command, "--summary", "--ordered", "--catalog", "New")
    assert (ended.code, ended.out) == (0, b"")
    head, *lines = ended.err.splitlines()
    assert " since (UTC) " in head
    found = {line.split()[0]: line for line in lines}
    assert f"{job.since[0]:%Y-%m-%d %H:%M:%S}" in found["AWS"]
    assert " whole " in found["New"]


@pytest.mark.parametrize("more", [(), ("--checkpoint", "run.json")])
async def test_a_killed_night_keeps_the_cursors(job: Job, started: Any, more: tuple[str, ...]) -> None:
    options = [job.folder / each if each.endswith(".json") else each for each in more]
    await job.night(*options)
    before = cursors(job.report)
    for number in range(5):
        job.service.change("AWS", f"O{number}")
    asked, job.service.seconds = len(job.service.asked), 0.2
    async with started(*job.command, "--output", job.output, *options) as process:
        await until(lambda: len(job.service.asked) > asked + 2)  # the second page of AWS is on its way
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
    job.service.seconds = 0.0
    assert not load_report(job.report).complete
    assert cursors(job.report) == before
    assert len(job.items) == 6  # of the night before
    assert await job.night(*options) == ["O0", "O1", "O2", "O3", "O4"]
    assert await job.night(*options) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_after_the_report_is_too_late(job: Job, started: Any, number: signal.Signals) -> None:
    def is_written() -> bool:
        return job.report.exists() and json.loads(job.report.read_bytes())["finished_at"] is not None

    async with started(*job.command, "--output", job.output) as process:
        while not is_written():
            await anyio.sleep(0.001)
        while process.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)  # as `send_signal` may take the exit code before asyncio does
            await anyio.sleep(0.01)
    assert process.returncode == 0
    assert load_report(job.report).complete
    assert len(job.items) == 6


async def test_the_documented_script_merges_what_a_killed_command_has_written(
    job: Job, environment: dict[str, str]
) -> None:
    documented = re.search(r"```sh\n(# nightly\.sh.*?)```", (DOCS / "cli.md").read_text(), re.DOTALL)
    assert documented is not None
    script = documented[1].replace("--sources partners.toml", f"--catalog AWS --endpoint-url {job.url}")
    (job.folder / "nightly.sh").write_text(script.replace("changes.parquet", job.output.name))
    (job.folder / "merge.py").write_text(f"open('merged', 'a').write(open('{job.output.name}').read())")
    for name, command in {
        "python": sys.executable,
        "aiopartnercentral": f"{sys.executable} -m aiopartnercentral",
    }.items():
        (job.folder / name).write_text(f'#!/bin/sh\necho $$ > {name}.pid\nexec {command} "$@"\n')
        (job.folder / name).chmod(0o755)
    new, last = job.folder / "new.json", job.folder / "last.json"
    path = f"{job.folder}:{os.environ['PATH']}"

    async def night(*, is_killed: bool) -> int | None:
        with anyio.fail_after(GUARD):
            async with await anyio.open_process(
                ["sh", "nightly.sh"], cwd=job.folder, env={**environment, "PATH": path}, stdout=None, stderr=None
            ) as process:
                if is_killed:
                    while not (new.exists() and json.loads(new.read_bytes())["finished_at"]):
                        await anyio.sleep(0.001)
                    with suppress(ProcessLookupError):
                        os.kill(int((job.folder / "aiopartnercentral.pid").read_text()), signal.SIGKILL)
                return await process.wait()

    assert await night(is_killed=True) in {128 + signal.SIGKILL, 0}  # which one depends on the machine
    assert not new.exists()
    assert load_report(last).complete
    job.service.now += timedelta(days=1)
    job.service.change("AWS", "O9")
    assert await night(is_killed=False) == 0
    merged = [json.loads(line)["Id"] for line in (job.folder / "merged").read_text().splitlines()]
    assert merged == ["O0", "O1", "O2", "O3", "O4", "O9"]


async def test_a_cursor_in_the_future_is_said(job: Job) -> None:
    await job.night()
    told = json.loads(job.report.read_bytes())
    told["sources"][1]["cursor"]["time"] = "2136-11-20T00:00:00Z"
    job.report.write_text(json.dumps(told))
    ended = await job.run(*job.command, "--output", job.output)
    assert ended.code == 0
    assert ended.complaint.startswith("aiopartnercentral: Sandbox: the cursor of the earlier run lies in the future")
    assert job.since[0] is not None
    assert job.since[1] is None


async def test_an_edited_report_is_wrong_usage(job: Job) -> None:
    await job.night()
    told = json.loads(job.report.read_bytes())
    for time in ("2026-11-20T00:00:00", "9999-12-31T23:59:59-12:00"):
        told["sources"][0]["cursor"]["time"] = time
        job.report.write_text(edited := json.dumps(told))
        ended = await job.run(*job.command, "--output", job.output)
        assert ended.code == 2
        assert str(job.report) in ended.complaint
        assert job.report.read_text() == edited


async def test_a_night_that_failed_is_resumed_by_the_same_command(job: Job) -> None:
    resumable = ("--checkpoint", job.folder / "run.json")
    await job.night()
    for number in range(5):
        job.service.change("AWS", f"O{number}")
    job.service.change("Sandbox", "S0")
    job.service.failing = {"AWS"}
    assert await job.night(*resumable, code=1) == ["O0", "O1", "O2", "S0"]
    first, asked = job.since, len(job.service.asked)
    job.service.failing = set()
    assert await job.night(*resumable) == ["O0", "O1", "O2", "O3", "O4", "S0"]
    assert job.since == first
    assert [catalog for catalog, _ in job.service.asked[asked:]] == ["AWS"]
    assert await job.night(*resumable) == []


async def test_without_a_checkpoint_a_second_run_replaces_what_the_first_one_got(job: Job) -> None:
    """So docs/cli.md recommends one."""
    await job.night()
    job.service.change("Sandbox", "S0")
    job.service.denied = {"AWS"}
    assert await job.night(code=1) == ["S0"]
    assert await job.night(code=1) == []


async def test_an_output_that_was_not_written_does_not_count(job: Job) -> None:
    await job.night()
    job.service.change("Sandbox", "S0")
    for number in range(5):
        job.service.change("AWS", f"O{number}")
    job.service.failing = {"AWS"}
    ended = await job.run(*job.command, "--output", job.output, "--on-error", "raise", "--concurrency", "1")
    assert ended.code == 1
    assert len(job.items) == 6
    job.service.failing = set()
    assert await job.night() == ["O0", "O1", "O2", "O3", "O4", "S0"]


async def test_other_listings_are_collected_whole(job: Job) -> None:
    job.report.unlink(missing_ok=True)
    folder = ("--format", "ndjson", "--whole", "list-partners")
    for opportunities in (6, 0):
        ended = await job.run(*job.command, "list-partners", "--output", job.folder / "{operation}.ndjson", *folder)
        assert (ended.code, ended.err) == (0, "")
        assert len((job.folder / "list_opportunities.ndjson").read_bytes().splitlines()) == opportunities
        assert len((job.folder / "list_partners.ndjson").read_bytes().splitlines()) == 2


OPPORTUNITIES = ("collect", "list-opportunities", "--catalog", "AWS")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([*OPPORTUNITIES, "--since", "2999-01-01"], "since must not be in the future: 2999-01-01 00:00:00 UTC"),
        ([*OPPORTUNITIES, "--since", "2026-13-01"], "is not a time such as 2026-11-01T00:00:00Z"),
        ([*OPPORTUNITIES, "--since", ""], "it must be a time such as"),
        ([*OPPORTUNITIES, "--since", "none.json"], "cannot read none.json: No such file or directory; a run whose "),
        ([*OPPORTUNITIES, "--since", "none.json", "--report", "other.json"], "cannot read none.json: No such file"),
        ([*OPPORTUNITIES, "--since", "."], "cannot read .: Is a directory"),
        ([*OPPORTUNITIES, "--since", "foreign.json"], "foreign.json is not a report of a collection: Object missing"),
        ([*OPPORTUNITIES, "--since", "foreign.json", "--output", "foreign.json", "--format", "csv"], "foreign.json"),
        ([*OPPORTUNITIES, "--overlap", "1h"], "--overlap needs --since"),
        ([*OPPORTUNITIES, "--since", "2026-01-01", "--overlap", "5"], "is not a duration such as 90m"),
        ([*OPPORTUNITIES, "--whole", "list-opportunities"], "--whole needs --since"),
        ([*OPPORTUNITIES, "--since", "2026-01-01", "--whole", "list-x"], "--whole list-x is not a listing of this"),
        (
            ["collect", "list-partners", "--catalog", "AWS", "--since", "2026-01-01"],
            "--since is not possible for list-partners: the service cannot filter it by time",
        ),
        (
            [
                *OPPORTUNITIES,
                "--since",
                "2026-01-01",
                "--last-modified-date",
                '{"BeforeLastModifiedDate": "2026-01-01"}',
            ],
            "its filter by last_modified_date is set",
        ),
    ],
)
async def test_wrong_usage(run: Any, tmp_path: Path, options: list[str], words: str) -> None:
    (tmp_path / "foreign.json").write_text('{"complete": true}')
    arguments = [str(tmp_path / each) if each in ("foreign.json", ".") else each for each in options]
    ended = await run(*arguments)
    assert ended.code == 2
    assert words.replace("foreign.json", str(tmp_path / "foreign.json")).replace("read .", f"read {tmp_path}") in (
        " ".join(ended.err.split())
    )
    assert (tmp_path / "foreign.json").read_text() == '{"complete": true}'


async def test_the_report_of_another_filter_is_refused(job: Job) -> None:
    await job.night()
    ended = await job.run(*job.command, "--output", job.output, "--life-cycle-stage", "Launched")
    assert ended.code == 2
    assert "--since is a report of another list-opportunities: it differs in LifeCycleStage" in ended.complaint
    assert load_report(job.report).complete
