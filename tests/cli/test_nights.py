"""Nights of one job: the same command against accounts whose data have changed since the night before."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow.parquet
import pytest

from aiopartnercentral import __version__
from aiopartnercentral.bulk.checkpoint_file import as_bytes, read
from aiopartnercentral.emulator import Emulator
from tests.cli.processes import everything, until
from tests.cli.service import connection, page, serving, sources_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections", "--rate", "1000")


class Job:
    """A nightly command with constant names of files."""

    def __init__(self, folder: Path, run: Any) -> None:
        self.folder, self.checkpoint, self._run = folder, folder / "partners.json", run
        self.output, self.report_file = folder / "{label}-{operation}.parquet", folder / "report.json"
        self.said = ""

    async def night(self, *more: str, denied: str | None = None, **connections: int) -> int:
        """Run the command; gives its exit code."""
        ada, bob = (Emulator({"AWS": connections.get(name, 0)}) for name in ("ada", "bob"))
        for name, emulator in (("ada", ada), ("bob", bob)):
            emulator.denied_catalogs = ["AWS"] if name == denied else []
        async with ada, bob:
            urls = {name: each.endpoint_url for name, each in (("ada", ada), ("bob", bob)) if name in connections}
            sources = sources_file(self.folder / "sources.toml", urls, ["AWS"])
            files = ("--sources", sources, "--output", self.output, "--checkpoint", self.checkpoint)
            ended = await self._run(*COLLECT, *files, "--report", self.report_file, *more)
        self.said = ended.err
        return ended.code

    def a_day_passes(self) -> None:
        found, _ = read(self.checkpoint, timedelta.max, restart=False)
        assert found is not None
        self.checkpoint.write_bytes(as_bytes(msgspec.structs.replace(found, began=found.began - timedelta(days=1))))

    @property
    def rows(self) -> dict[str, int]:
        return {
            path.name.partition("%2F")[0]: pyarrow.parquet.read_metadata(path).num_rows
            for path in self.folder.glob("*.parquet")
        }

    @property
    def report(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.report_file.read_bytes())
        return report


@pytest.fixture
def job(tmp_path, run) -> Job:
    return Job(tmp_path, run)


async def test_what_one_night_has_collected_never_passes_for_the_next(job):
    assert await job.night(ada=30, bob=20, denied="bob") == 1
    assert job.rows == {"ada": 30}
    job.a_day_passes()
    assert await job.night(ada=50, bob=20) == 0
    assert job.rows == {"ada": 50, "bob": 20}
    assert re.fullmatch(r"aiopartnercentral: starts over: the run of [-0-9: ]+ UTC is older than 12 hours\n", job.said)
    assert (job.report["complete"], job.report["resumed_items"]) == (True, 0)
    assert not job.checkpoint.exists()


async def test_files_that_a_night_has_not_written_are_named(job):
    assert await job.night(ada=30, bob=20) == 0
    assert (job.said, job.report["earlier_files"]) == ("", [])
    path = next(job.folder.glob("bob*.parquet"))
    os.utime(path, (1764300000, 1764300000))
    line = f"earlier files left in place: {path}; written 2025-11-28 03:20:00 UTC"
    ignoring = ("--ignore-errors", "AccessDeniedException", "--summary")
    for options, connections, code in (
        ((), {"ada": 50}, 0),
        (ignoring, {"ada": 50, "bob": 20, "denied": "bob"}, 0),
        ((), {"ada": 50, "bob": 20, "denied": "bob"}, 1),
    ):
        assert await job.night(*options, **connections) == code
        assert job.said.replace("aiopartnercentral: ", "").splitlines().count(line) == 1
        assert job.report["earlier_files"] == [{"path": str(path), "written_at": "2025-11-28T03:20:00.000Z"}]
    assert await job.night(ada=50, bob=20) == 0  # resumes the one before, so that the file of ada is its own, too
    assert (job.rows["ada"], job.rows["bob"], job.report["earlier_files"]) == (50, 20, [])


async def test_an_account_that_is_denied_for_good_keeps_no_other_from_being_collected(job):
    for connections in (30, 50, 70):
        assert await job.night(ada=connections, bob=1, denied="bob") == 1
        assert job.rows == {"ada": connections}
        job.a_day_passes()


async def test_within_a_night_it_is_resumed_and_the_report_says_what_is_of_when(job):
    began = datetime.now(UTC)
    assert await job.night("--summary", ada=30, bob=20, denied="bob") == 1
    first = job.report
    assert "30 items, " in job.said
    assert await job.night("--summary", "--progress", ada=999, bob=20) == 0
    assert "2 sources: 50 items (30 of earlier runs), 2 pages (1 of earlier runs), " in job.said
    minute = r"\d{4}-\d\d-\d\d \d\d:\d\d"
    assert re.search(rf"\nada/AWS +complete +30 +30 +{minute}(?: to \d\d:\d\d)? +1 +0 ", job.said)
    assert re.search(rf"\nbob/AWS +complete +20 +0 +{minute}(?: to \d\d:\d\d)? +1 +0 ", job.said)
    assert job.said.startswith("aiopartnercentral: resumes the run of ")  # before all progress
    assert job.said.count("resumes the run of ") == 1
    report = job.report
    assert report["run_id"] != first["run_id"] == report["resumes"]["run_id"]
    assert (first["resumes"], first["resumed_pages"], report["resumed_pages"]) == (None, 0, 1)
    assert report["versions"] == {"aiopartnercentral": __version__, "partnercentral-account": "2025-04-04"}
    times = {name: datetime.fromisoformat(report[name]) for name in ("started_at", "finished_at")}
    assert began < datetime.fromisoformat(report["resumes"]["started_at"]) < times["started_at"]
    assert began < times["started_at"] < times["finished_at"] < datetime.now(UTC)
    ada, bob = report["sources"]
    before, _ = first["sources"]
    assert (ada["resumed"], ada["resumed_items"], bob["resumed"], bob["resumed_items"]) == (True, 30, False, 0)
    assert (ada["started_at"], ada["finished_at"]) == (before["started_at"], before["finished_at"])
    assert ada["finished_at"] < report["started_at"] < bob["started_at"] < bob["finished_at"]


async def test_the_age_is_an_option_and_so_is_starting_over(job):
    assert await job.night(ada=30, bob=20, denied="bob") == 1
    job.a_day_passes()
    assert await job.night("--checkpoint-max-age", "2d", ada=50, bob=20, denied="bob") == 1
    assert job.rows["ada"] == 30
    assert await job.night("--checkpoint-max-age", "2d", "--restart", ada=50, bob=20, denied="bob") == 1
    assert job.rows["ada"] == 50
    assert "starts over: as asked for" in job.said


async def test_sources_come_and_go(job):
    assert await job.night(ada=30, bob=20, denied="bob") == 1
    assert await job.night(ada=50) == 0  # the one that was denied is gone
    assert "in which 1 source finished; no longer collected: bob/AWS" in job.said
    assert job.rows == {"ada": 30}
    assert await job.night(ada=30, denied="ada") == 1
    assert await job.night(ada=30, bob=20, denied="ada") == 1
    assert "in which 0 sources finished; new: bob/AWS" in job.said
    assert await job.night(ada=30) == 0  # bob's connections are in the output that would be resumed
    assert (
        "starts over: the output has items of sources that are no longer collected; no longer collected: " in job.said
    )
    assert job.rows["ada"] == 30


async def test_an_empty_file_is_a_new_checkpoint(job):
    job.checkpoint.touch()
    assert await job.night(ada=3) == 0
    assert job.said == ""


async def test_a_night_after_an_upgrade(job):
    assert await job.night(ada=30, bob=20, denied="bob") == 1
    job.checkpoint.write_bytes(re.sub(rb'"version":\d+', b'"version":3', job.checkpoint.read_bytes(), count=1))
    before = job.report
    assert await job.night(ada=50, bob=20) == 2
    assert "another release of aiopartnercentral wrote it; --restart starts over" in job.said
    assert job.report == before
    day_before = time.time() - 86400
    os.utime(job.checkpoint, (day_before, day_before))
    assert await job.night(ada=50, bob=20) == 0
    assert job.rows == {"ada": 50, "bob": 20}


async def test_columns_that_an_upgrade_has_changed(job):
    fewer = ("--columns", "source_label,source_catalog,catalog,id,arn,updated_at,connection_types")
    assert await job.night(*fewer, ada=30, bob=20, denied="bob") == 1
    found, _ = read(job.checkpoint, timedelta.max, restart=False)
    assert found is not None
    job.checkpoint.write_bytes(as_bytes(msgspec.structs.replace(found, library="0.0.9")))
    assert await job.night(ada=50, bob=20) == 2
    assert "the columns of the parquet file have changed: new: other_participant_account_id; " in job.said
    assert f"; aiopartnercentral 0.0.9 wrote it, and this is {__version__}; --restart starts over" in job.said
    assert await job.night("--restart", ada=50, bob=20) == 0
    assert job.rows == {"ada": 50, "bob": 20}


async def test_the_names_of_files_may_have_the_day_and_the_account(job):
    job.output = job.folder / "{date}-{account}-{operation}.parquet"
    (job.folder / "2026-01-01-eve-list_connections.parquet").write_text("of another night")
    assert await job.night(ada=30, bob=20, denied="bob") == 1
    assert await job.night(ada=50, bob=20) == 0
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert job.report["earlier_files"] == []
    names = {path.name.replace(today, "DAY") for path in job.folder.glob("*[ab]-list*.parquet")}
    assert names == {f"DAY-{name}-list_connections.parquet" for name in ("ada", "bob")}


async def test_the_report_has_the_day_of_the_run_that_it_completes(job):
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
    job.report_file, bad = job.folder / "{date}" / "r.json", job.folder / "{date}" / "{{bad}}.ndjson"
    assert await job.night("--malformed", bad, ada=30, bob=20, denied="bob") == 1
    assert not json.loads((job.folder / today / "r.json").read_bytes())["complete"]
    job.a_day_passes()
    assert await job.night("--malformed", bad, "--checkpoint-max-age", "2d", ada=50, bob=20) == 0
    first, second = (json.loads((job.folder / day / "r.json").read_bytes()) for day in (today, yesterday))
    assert second["resumes"]["run_id"] == first["run_id"]
    assert (first["complete"], second["complete"]) == (False, True)
    assert (job.folder / today / "{bad}.ndjson").read_bytes() == b""
    assert len(list(job.folder.rglob("*"))) == 8  # and both days, the sources, and a file for each of them


async def test_a_file_for_each_day(run, emulator, tmp_path):
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    skipping = ("--ignore-errors", "AccessDeniedException", "--endpoint-url", emulator.endpoint_url)
    for name, options in (
        ("a-{date}.csv", ()),
        ("b-{date}.csv", ("--ordered",)),
        ("{date}/c.txt", ("--format", "table")),
        ("d-{date}.ndjson.gz", ("--checkpoint", tmp_path / "run.json")),
    ):
        ended = await run(*COLLECT, "--catalog", "Denied", *skipping, "--output", tmp_path / name, *options)
        assert (ended.code, ended.err) == (0, "")
    assert sorted(str(path.relative_to(tmp_path)).replace(today, "DAY") for path in tmp_path.rglob("*.*")) == [
        "DAY/c.txt", "a-DAY.csv", "b-DAY.csv", "d-DAY.ndjson.gz",
    ]  # fmt: skip


async def test_a_run_that_is_stopped_leaves_a_report_and_a_summary_of_its_own(started, tmp_path):
    report = tmp_path / "report.json"
    report.write_text('{"complete": true}')

    def answer(_operation: str, sent: Mapping[str, Any]) -> bytes:
        number = int(sent.get("NextToken") or 0) + 1
        return page([connection(number)], str(number))

    async with serving(answer) as url:
        arguments = ("--catalog", "AWS", "--endpoint-url", url, "--output", tmp_path / "items.ndjson", "--rate", "20")
        async with started(*COLLECT[:2], *arguments, "--report", report, "--progress", "--summary") as process:
            await process.stderr.receive()  # the first line of progress
            first = json.loads(report.read_bytes())  # also left by a run that is killed
            process.send_signal(signal.SIGTERM)
            err = (await everything(process.stderr)).decode()
            assert await process.wait() == 143
    content = json.loads(report.read_bytes())
    assert (content["complete"], content["sources"][0]["outcome"]) == (False, "cancelled")
    assert content["items"] > 0
    assert (first["run_id"], first["versions"]) == (content["run_id"], content["versions"])
    assert (first["complete"], first["finished_at"], first["sources"][0]["outcome"]) == (False, None, "pending")
    assert re.search(rf"\nAWS +cancelled +{content['items']}  \d{{4}}-\d\d-\d\d \d\d:\d\d", err)
    found = re.search(rf"\n1 source: {content['items']} items, .*\n(.*)\n(.*)\n$", err)
    assert found is not None
    assert found[1].endswith(
        f"items.ndjson was not written: the run was stopped, so {content['items']} items are not in it"
    )
    assert found[2] == "aiopartnercentral: stopped by SIGTERM"
    await until(lambda: not list(tmp_path.glob(".*")))
