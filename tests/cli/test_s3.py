"""Outputs and reports of the command in S3, whose part moto's server plays."""

from __future__ import annotations

import json
import signal

import anyio
import pytest

from aiopartnercentral.emulator import Emulator
from tests.cli.processes import everything, until
from tests.cli.service import connection, page, serving, sources_file
from tests.support.object_store import BUCKET, relaying

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections")


@pytest.fixture
def s3(store, tmp_path):
    """Return the options of the store."""
    return ("--s3-endpoint-url", store.url, "--spool", tmp_path / "spool")


def report_in(store, key="report.json"):
    return json.loads(store.get(key))


async def test_a_spool_may_be_named_relative_to_the_working_directory(run, store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with Emulator({"AWS": 3}) as emulator:
        ended = await run(
            *(*COLLECT, "--catalog", "AWS", "--endpoint-url", emulator.endpoint_url, "--spool", "spool"),
            *("--output", f"s3://{BUCKET}/{{operation}}.ndjson", "--report", f"s3://{BUCKET}/{{date}}/report.json"),
            *("--s3-endpoint-url", store.url, "--checkpoint", "checkpoint.json"),
        )
    assert (ended.code, ended.err) == (0, "")
    output, report = sorted(store.keys(), reverse=True)
    assert (output, report_in(store, report)["output_written"]) == ("list_connections.ndjson", True)
    assert list((tmp_path / "spool").iterdir()) == []


async def test_two_accounts_are_written_with_a_report(run, store, s3, tmp_path):
    async with Emulator({"AWS": 3}) as ada, Emulator({"AWS": 5}) as bob:
        urls = {"ada": ada.endpoint_url, "bob": bob.endpoint_url}
        sources = sources_file(tmp_path / "sources.toml", urls, ["AWS"])
        output = f"s3://{BUCKET}/{{date}}/{{label}}-{{operation}}.ndjson.gz"
        report = f"s3://{BUCKET}/report.json"
        for _ in range(2):  # an object is replaced by the next run
            ended = await run(*COLLECT, "--sources", sources, "--output", output, "--report", report, *s3)
            assert (ended.code, ended.err) == (0, "")
    keys = store.keys()
    assert [key.partition("/")[2] for key in keys] == [
        "ada%2FAWS-list_connections.ndjson.gz",
        "bob%2FAWS-list_connections.ndjson.gz",
        "",
    ]
    assert store.head(keys[0])["ContentType"] == "application/gzip"
    assert report_in(store)["output_written"] is True
    assert report_in(store)["earlier_files"] == []
    assert store.head("report.json")["ContentType"] == "application/json"
    assert store.uploads() == []


@pytest.mark.parametrize("form", [("table",), ("ndjson", "--ordered")])
async def test_a_table_and_ordered_lines_are_written_too(run, store, s3, emulator, tmp_path, form):  # noqa: PLR0917 - fixtures
    command = (*COLLECT, "--catalog", "Sandbox", "--endpoint-url", emulator.endpoint_url, "--format", *form)
    ended = await run(*command, "--output", f"s3://{BUCKET}/out", *s3)
    assert (ended.code, ended.err) == (0, "")
    assert (await run(*command, "--output", tmp_path / "out")).code == 0
    assert store.get("out") == (tmp_path / "out").read_bytes()


async def test_a_bucket_that_cannot_be_written_is_known_before_the_collection(run, s3):
    asked = []

    async def answer(*request):
        asked.append(request)

    async with serving(answer) as url:
        for option, name in (("--output", "s3://nowhere/a.ndjson"), ("--report", "s3://nowhere/a.json")):
            ended = await run(*COLLECT, "--catalog", "AWS", "--endpoint-url", url, option, name, *s3)
            assert ended.code == 1
            assert f"cannot write {name}: there is no such bucket" in ended.complaint
    assert asked == []


async def test_a_run_without_success_keeps_the_old_object(run, store, s3, emulator):
    store.put("out.csv", b"old")
    files = ("--output", f"s3://{BUCKET}/out.csv", "--report", f"s3://{BUCKET}/report.json")
    ended = await run(*COLLECT, "--catalog", "Denied", "--endpoint-url", emulator.endpoint_url, *files, *s3)
    assert ended.code == 1
    assert "AccessDenied" in ended.err
    assert store.get("out.csv") == b"old"
    assert report_in(store)["output_written"] is False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_a_run_that_is_stopped_resumes_from_its_spool(run, started, store, s3, tmp_path, number):  # noqa: PLR0917 - as above
    is_silent = True

    async def answer(_operation, sent):
        number = int(sent.get("NextToken") or 0)
        if number == 1:
            await anyio.sleep(1.1)  # longer than the time between two checkpoints
        if number == 2 and is_silent:
            await anyio.sleep_forever()
        return page([connection(number * 50 + one) for one in range(50)], str(number + 1) if number < 2 else None)

    store.put("out.ndjson", b"old")
    checkpoint = tmp_path / "checkpoint.json"
    async with serving(answer) as url:
        files = ("--output", f"s3://{BUCKET}/out.ndjson", "--report", f"s3://{BUCKET}/report.json")
        command = (*COLLECT, "--catalog", "AWS", "--endpoint-url", url, *files, "--checkpoint", checkpoint, *s3)
        async with started(*command) as process:
            await until(lambda: checkpoint.exists() and b'"pages":2' in checkpoint.read_bytes())
            await until(lambda: "report.json" in [*store.keys()])
            process.send_signal(number)
            await everything(process.stderr)
            await process.wait()
        assert store.get("out.ndjson") == b"old"
        is_killed = number == signal.SIGKILL
        assert (report_in(store)["finished_at"] is None) == is_killed
        assert report_in(store)["sources"][0]["outcome"] == ("pending" if is_killed else "cancelled")
        is_silent = False
        ended = await run(*command)
    assert ended.code == 0, ended.err
    assert [json.loads(line)["Id"] for line in store.get("out.ndjson").splitlines()] == [
        f"pac-{one:013d}" for one in range(150)
    ]
    assert report_in(store)["sources"][0]["resumed_items"] == 100
    assert store.uploads() == []
    assert not checkpoint.exists()


async def test_a_checkpoint_in_s3_is_resumed_and_names_the_run_that_uses_it(run, started, store, s3, tmp_path):
    is_silent, reached = True, anyio.Event()

    async def answer(_operation, sent):
        number = int(sent.get("NextToken") or 0)
        if number == 2 and is_silent:
            reached.set()
            await anyio.sleep_forever()
        return page([connection(number * 50 + one) for one in range(50)], str(number + 1) if number < 2 else None)

    async with serving(answer) as url:
        files = ("--output", tmp_path / "out.ndjson", "--checkpoint", f"s3://{BUCKET}/run.json", *s3[:2])
        command = (*COLLECT, "--catalog", "AWS", "--endpoint-url", url, *files)
        async with started(*command) as process:
            await until(lambda: store.keys() == ["run.json"])
            ended = await run(*command)
            assert ended.code == 2
            assert f"s3://{BUCKET}/run.json is in use by another run" in ended.complaint
            assert f"of process {process.pid} on " in ended.complaint
            await until(lambda: [*tmp_path.glob(".*.part")])
            await reached.wait()
            await anyio.sleep(1)  # until the command has processed the pages that it got
            process.send_signal(signal.SIGTERM)
            errors = await everything(process.stderr)
            await process.wait()
        hint = f"progress saved in s3://{BUCKET}/run.json: 100 items, 0 of 1 source finished; to resume: "
        assert hint in errors.decode()
        is_silent = False
        ended = await run(*command)
    assert ended.code == 0, ended.err
    assert "resumes the run of" in ended.err
    assert len({*(tmp_path / "out.ndjson").read_bytes().splitlines()}) == 150
    assert store.keys() == []


async def test_a_command_killed_while_it_uploads_is_run_again(run, started, store, s3, emulator, tmp_path):  # noqa: PLR0917 - as above
    reached, is_killed = anyio.Event(), False

    async def hang(_, what):
        if what == "put" and not is_killed:
            reached.set()
            await anyio.sleep_forever()

    async with relaying(store, hang) as url:
        command = (
            *(*COLLECT, "--catalog", "AWS", "--endpoint-url", emulator.endpoint_url),
            *("--output", f"s3://{BUCKET}/out.parquet", "--checkpoint", tmp_path / "checkpoint.json"),
            *("--s3-endpoint-url", url, *s3[2:]),
        )
        async with started(*command) as process:
            await reached.wait()
            process.kill()
            await process.wait()
        assert store.keys() == []
        is_killed = True
        ended = await run(*command)
    assert ended.code == 0, ended.err
    assert store.get("out.parquet").startswith(b"PAR1")
    assert list((tmp_path / "spool").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--s3-profile", "acme"), "--s3-profile needs an --output, --report or --checkpoint that begins with s3://"),
        (("--spool", "spool"), "--spool needs an --output or --report that begins with s3://"),
        (("--output", "s3://bucket"), "must name a bucket and a key"),
        (("--output", "s3://bucket/a\nb.csv"), "it must not contain control characters"),
        (("--output", "gs://bucket/a.csv"), "must be that of a file or begin with s3://"),
        (("--output", "s3://bucket/a.csv", "--s3-acl", "x y"), "--s3-acl must be a canned ACL"),
        (("--output", "s3://bucket/a.zip"), "as .zip is not supported"),
        (("--report", "s3://bucket/a.csv"), "--report must end in .json or .html"),
        (("--output", "s3://bucket/a.csv", "--malformed", "s3://bucket/b.ndjson"), "it must name a local file"),
        (("--output", "a.csv", "--checkpoint", "s3://b/c", "--spool", "d"), "--spool needs an --output or --report"),
        (("--output", "a.csv", "--checkpoint", "s3://b"), "must name a bucket and a key"),
        (
            ("--output", "s3://b/a.csv", "--checkpoint", "s3://b/a.csv"),
            "--output and --checkpoint name the same object",
        ),
        (("--since", "s3://bucket/report.json"), "it must name a local file"),
        (("--output", "s3://b/a", "--format", "csv", "--report", "s3://b/a"), "--output and --report name the same"),
    ],
)
def test_a_mistake_is_named(run_here, options, message):
    ended = run_here(*COLLECT, "--catalog", "AWS", *options)
    assert ended.code == 2
    assert message in " ".join(ended.err.replace("│", "").split())
