"""The report of an earlier run, once a later run fails or is killed before it has collected anything."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from aiopartnercentral._pagination.report import Report
from aiopartnercentral.bulk import load_report
from aiopartnercentral.cli import report_file
from aiopartnercentral.cli.report_file import EarlierReport
from aiopartnercentral.cli.runner import CommandError
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks.partial_file import PartialFile
from tests.cli.processes import COMMAND
from tests.cli.service import page, serving
from tests.support.object_store import BUCKET

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections", "--catalog", "AWS")


def empty(_operation: str, _sent: Any) -> bytes:
    return page([])


@pytest.fixture
async def url():
    async with serving(empty) as address:
        yield address


@pytest.fixture
async def earlier(run, url, tmp_path) -> Path:
    """The complete report of an earlier run."""
    report = tmp_path / "report.json"
    files = ("--output", tmp_path / "earlier.ndjson", "--report", report)
    ended = await run(*COLLECT, "--endpoint-url", url, *files)
    assert ended.code == 0
    assert load_report(report).complete
    return report


def is_unfinished(content: bytes) -> bool:
    report = json.loads(content)
    outcomes = {source["outcome"] for source in report["sources"]}
    return (report["complete"], report["finished_at"], report["output_written"], outcomes) == (
        False, None, None, {"pending"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        ("--output", "s3://nowhere/a.ndjson"),
        ("--output", "s3://nowhere/a.ndjson", "--s3-profile", "unknown"),
        ("--output", "/sys/kernel/a.ndjson"),
        ("--output", "HERE/items.ndjson", "--checkpoint", "/sys/kernel/run.json"),
        ("--output", "HERE/items.ndjson", "--log-file", "/sys/kernel/run.log"),
        ("--output", "HERE/items.csv", "--malformed", "/sys/kernel/bad.ndjson"),
    ],
)
async def test_a_run_that_fails_before_it_begins_leaves_no_complete_report(run, url, earlier, store, options):
    s3 = ("--s3-endpoint-url", store.url) if "s3://" in options[1] else ()
    files = [each.replace("HERE", str(earlier.parent)) for each in options]
    ended = await run(*COLLECT, "--endpoint-url", url, "--report", earlier, *files, *s3)
    assert ended.code == 1, ended.err
    assert not load_report(earlier).complete
    if "/sys/kernel/a.ndjson" not in options and "--malformed" not in options:  # known only when the sink is opened
        assert is_unfinished(earlier.read_bytes())


async def test_a_run_that_is_killed_while_a_store_does_not_answer_leaves_no_complete_report(started, url, earlier):
    asked = anyio.Event()

    async def hang(stream) -> None:
        async with stream:
            asked.set()
            await anyio.sleep_forever()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)  # noqa: S610 - not Django's
    address = f"http://127.0.0.1:{port}"
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, hang)
        files = ("--output", f"s3://{BUCKET}/a.ndjson", "--s3-endpoint-url", address, "--report", earlier)
        async with started(*COLLECT, "--endpoint-url", url, *files) as process:
            await asked.wait()
            process.kill()
            await process.wait()
        assert is_unfinished(earlier.read_bytes())
        tasks.cancel_scope.cancel()


async def test_a_run_that_is_refused_as_wrong_usage_leaves_the_report(run, url, earlier, tmp_path):
    before = earlier.read_bytes()
    (tmp_path / "run.json").write_text("not a checkpoint")
    for options in (
        ("--output", tmp_path / "none" / "a.ndjson"),
        ("--output", tmp_path / "a.ndjson", "--log-file", tmp_path / "none" / "a.log"),
        ("--output", tmp_path / "a.ndjson", "--checkpoint", tmp_path / "run.json"),
    ):
        ended = await run(*COLLECT, "--endpoint-url", url, "--report", earlier, *options)
        assert ended.code == 2, ended.err
        assert earlier.read_bytes() == before


async def test_a_dry_run_leaves_the_report(run, url, earlier):
    before = earlier.read_bytes()
    assert (await run(*COLLECT, "--endpoint-url", url, "--report", earlier, "--dry-run")).code == 0
    assert earlier.read_bytes() == before


async def test_without_an_earlier_report_a_run_that_fails_early_leaves_none(run, url, tmp_path, store):
    report = tmp_path / "report.json"
    files = ("--output", "s3://nowhere/a.ndjson", "--report", report, "--s3-endpoint-url", store.url)
    assert (await run(*COLLECT, "--endpoint-url", url, *files)).code == 1
    assert not report.exists()


async def test_an_incremental_run_that_fails_early_keeps_its_position(run, tmp_path):
    async with serving(lambda *_: b'{"OpportunitySummaries":[]}') as url:
        report = tmp_path / "report.json"
        command = ("collect", "list-opportunities", "--catalog", "AWS", "--endpoint-url", url)
        files = ("--since", report, "--report", report, "--output")
        assert (await run(*command, *files, tmp_path / "a.ndjson")).code == 0
        before = load_report(report)
        assert (await run(*command, *files, "/sys/kernel/a.ndjson")).code == 1
    after = load_report(report)
    assert (before.complete, after.complete) == (True, False)
    assert [each.cursor for each in after.sources.values()] == [each.cursor for each in before.sources.values()]


async def test_the_report_in_a_store_is_replaced_early_and_put_back_after_wrong_usage(run, store, url, tmp_path):
    name = f"s3://{BUCKET}/report.json"
    options = ("--endpoint-url", url, "--report", name, "--s3-endpoint-url", store.url, "--spool", tmp_path / "spool")
    assert (await run(*COLLECT, *options, "--output", tmp_path / "a.ndjson")).code == 0
    before = store.get("report.json")
    (tmp_path / "run.json").write_text("not a checkpoint")
    files = ("--output", tmp_path / "a.ndjson", "--checkpoint", tmp_path / "run.json")
    assert (await run(*COLLECT, *options, *files)).code == 2
    assert store.get("report.json") == before
    assert (await run(*COLLECT, *options, "--output", "s3://nowhere/a.ndjson")).code == 1
    assert is_unfinished(store.get("report.json"))


async def test_the_report_of_another_day_is_left(run, url, tmp_path, store):
    other = tmp_path / "2026-01-01.json"
    other.write_text("{}")
    files = ("--output", "s3://nowhere/a", "--format", "csv", "--report", tmp_path / "{date}.json")
    files = (*files, "--s3-endpoint-url", store.url)
    assert (await run(*COLLECT, "--endpoint-url", url, *files)).code == 1
    assert [path.name for path in tmp_path.glob("*.json")] == [other.name]
    assert other.read_text() == "{}"


@pytest.fixture
def report() -> Report[Any]:
    from datetime import UTC, datetime  # noqa: PLC0415 - only here

    return Report(sources={}, elapsed=0.0, run_id="r", started_at=datetime.now(UTC))


def refusing(*_: object, **__: object) -> None:
    raise SinkError("report.json", "No space left on device") from OSError(28, "No space left on device")


async def test_on_a_full_disk_it_is_overwritten_in_place(tmp_path, monkeypatch, report):
    path = tmp_path / "report.json"
    path.write_text('{"complete": true}' * 1000)
    number = path.stat().st_ino
    monkeypatch.setattr(PartialFile, "replace", refusing)
    await EarlierReport(str(path), None).replace(report)
    assert (path.stat().st_ino, json.loads(path.read_bytes())["finished_at"]) == (number, None)


async def test_on_a_full_disk_it_is_put_back_in_place(tmp_path, monkeypatch, report):
    path = tmp_path / "report.json"
    path.write_text("of the first run")
    monkeypatch.setattr(PartialFile, "replace", refusing)
    earlier = EarlierReport(str(path), None)
    await earlier.replace(report)
    await earlier.restore()
    assert path.read_text() == "of the first run"


async def test_one_that_may_not_be_replaced_is_not_overwritten(tmp_path, monkeypatch, report):
    path = tmp_path / "report.json"
    path.write_text("of the first run")

    def mounted(*_: object) -> None:
        raise SinkError("report.json", "it is a mount point")

    monkeypatch.setattr(PartialFile, "replace", mounted)
    with pytest.raises(CommandError, match="it is a mount point"):
        await EarlierReport(str(path), None).replace(report)
    assert path.read_text() == "of the first run"


async def test_another_name_of_it_is_not_overwritten(tmp_path, monkeypatch, report):
    path, copy = tmp_path / "report.json", tmp_path / "copy.json"
    copy.write_text('{"complete": true}')
    path.hardlink_to(copy)
    monkeypatch.setattr(PartialFile, "replace", refusing)
    await EarlierReport(str(path), None).replace(report)
    assert (path.exists(), copy.read_text()) == (False, '{"complete": true}')


async def test_it_is_deleted_if_it_cannot_be_overwritten_either(tmp_path, monkeypatch, report):
    path, link = tmp_path / "report.json", tmp_path / "link.json"
    path.write_text('{"complete": true}')
    link.symlink_to(path)
    monkeypatch.setattr(PartialFile, "replace", refusing)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(report_file, "_overwrite", full)
    await EarlierReport(str(link), None).replace(report)
    assert (path.exists(), link.is_symlink()) == (False, True)


async def test_one_that_is_protected_is_an_error(tmp_path, monkeypatch, report):
    path = tmp_path / "report.json"
    path.write_text('{"complete": true}')
    monkeypatch.setattr(PartialFile, "replace", refusing)

    def protected(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(report_file, "_overwrite", protected)
    with pytest.raises(CommandError, match=r"cannot write .*report\.json: Permission denied"):
        await EarlierReport(str(path), None).replace(report)
    assert path.exists()


async def test_one_that_another_run_has_replaced_is_not_put_back(tmp_path, report):
    path = tmp_path / "report.json"
    path.write_text("of the first run")
    earlier = EarlierReport(str(path), None)
    await earlier.replace(report)
    path.write_text("of the second run")
    await earlier.restore()
    assert path.read_text() == "of the second run"


async def test_a_full_disk_on_which_nothing_can_be_written(environment, url, earlier):
    files = ("--output", earlier.parent / "a.ndjson", "--report", earlier)
    command = [*COMMAND, *COLLECT, "--endpoint-url", url, *map(str, files)]
    ended = await anyio.run_process(
        ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *command], check=False, env=environment, stdout=subprocess.DEVNULL
    )
    assert (ended.returncode, earlier.exists()) == (1, False)
    assert b"File too large" in ended.stderr
