"""A run that was stopped, in any way, is resumed by the same command, and ends as if it had not been stopped."""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
import shlex
import signal
import sys

import anyio
import pytest

from aiopartnercentral.bulk.checkpoint_file import saved_progress
from aiopartnercentral.emulator import Emulator
from tests.cli.processes import COMMAND, HOW_FAR, RESUMES, everything, until
from tests.cli.service import connection, page, serving, sources_file

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections", "--page-size", "10")
WRONG = connection(999).replace(b'"2025-01-01T00:00:00Z"', b'"then"')


@pytest.fixture
async def two(tmp_path):
    """Give a file of two accounts, and their emulators, which take their time."""
    async with (
        Emulator({"AWS": 120, "Sandbox": 20}, latency=0.03) as ada,
        Emulator({"AWS": 60}, seed=5, latency=0.03) as bob,
    ):
        (tmp_path / "out").mkdir()
        urls = {"ada": ada.endpoint_url, "bob": bob.endpoint_url}
        yield sources_file(tmp_path / "sources.toml", urls, ["AWS"]), ada, bob


@pytest.mark.parametrize("name", ["items.ndjson.gz", "{label}.csv"])
async def test_killed_at_any_moment_every_item_comes_once(run, started, two, tmp_path, name):
    sources, ada, _ = two
    arguments = (*COLLECT, "--sources", sources, "--rate", 40, "--checkpoint", tmp_path / "run.json")
    arguments = (*arguments, "--output", tmp_path / "out" / name)
    reference = tmp_path / "reference"
    reference.mkdir()
    assert (await run(*arguments[:-4], "--output", reference / name)).code == 0
    dice = random.Random(name)
    for _ in range(3):
        asked = len(ada.requests)
        async with started(*arguments) as process:
            more = dice.randrange(2, 5)
            await until(lambda asked=asked, more=more: len(ada.requests) >= asked + more)
            await anyio.sleep(dice.uniform(0, 0.05))
            process.kill()
            await process.wait()
    assert (tmp_path / "run.json").exists()
    ended = await run(*arguments)
    assert ended.code == 0
    assert re.fullmatch(RESUMES % "[01]", ended.err)
    files = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert files == sorted(path.name for path in reference.iterdir())
    for file in files:
        assert lines(tmp_path / "out" / file) == lines(reference / file)
    assert not (tmp_path / "run.json").exists()


def lines(path):
    data = path.read_bytes()
    return sorted((gzip.decompress(data) if path.suffix == ".gz" else data).splitlines())


class Held:
    """One catalog has pages until it is released; the other one has only its first page until then."""

    def __init__(self):
        self.released = False
        self.tokens = []

    async def __call__(self, _operation, sent):
        catalog, token = sent["Catalog"], sent.get("NextToken")
        self.tokens.append((catalog, token))
        if catalog == "Sandbox":
            if token is None:
                return page([connection(1), WRONG], "more")
            await until(lambda: self.released)
            return page([connection(2)])
        number = int(token or 0)
        await anyio.sleep(0.05)
        return page([connection(number)], None if self.released else str(number + 1))


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_a_signal_saves_and_says_resume_hint(started, environment, tmp_path, sent, code):
    held = Held()
    checkpoint, file, bad = tmp_path / "my run.json", tmp_path / "items.csv", tmp_path / "bad.ndjson"
    file.write_text("earlier")
    async with serving(held) as url:
        async with started(
            *("collect", "list-connections", "--catalog", "AWS", "--catalog", "Sandbox", "--endpoint-url", url),
            *("--output", file, "--checkpoint", checkpoint, "--malformed", bad, "--no-progress"),
        ) as process:
            await until(lambda: checkpoint.exists() and b'"next_token":"more"' in checkpoint.read_bytes())
            process.send_signal(sent)
            err = (await everything(process.stderr)).decode()
            assert await process.wait() == code
        assert re.fullmatch(
            rf"{HOW_FAR.decode()}"
            rf"aiopartnercentral: {re.escape(str(file))} was not written: the run was stopped, so \d+ items "
            r"are not in it\n"
            rf"aiopartnercentral: stopped by {sent.name}\n"
            rf"aiopartnercentral: progress saved in {re.escape(str(checkpoint))}: \d+ items, 0 of 2 sources finished; "
            rf"to resume: [^\n]*\n",
            err,
        )
        assert file.read_text() == "earlier"
        assert not bad.exists()
        assert WRONG not in checkpoint.read_bytes()
        held.tokens.clear()
        held.released = True
        command = shlex.split(err.partition("to resume: ")[2])
        assert command[0] == "aiopartnercentral"
        ended = await anyio.run_process([*COMMAND, *command[1:]], env=environment)
        resumed, omitted = ended.stderr.decode().splitlines()
        assert omitted == f"aiopartnercentral: 1 malformed item omitted: see {bad}"
        assert re.fullmatch(RESUMES % 0, f"{resumed}\n")
        assert sorted(catalog for catalog, _ in held.tokens) == ["AWS", "Sandbox"]
        assert ("Sandbox", "more") in held.tokens
    with file.open(newline="", encoding="utf-8") as lines:
        rows = [(row["source_label"], int(row["id"].removeprefix("pac-"))) for row in csv.DictReader(lines)]
    assert [number for label, number in rows if label == "Sandbox"] == [1, 2]
    pages = [number for label, number in rows if label == "AWS"]
    assert pages == list(range(len(pages)))
    (left_out,) = [json.loads(line) for line in bad.read_bytes().splitlines()]
    assert (left_out["label"], json.dumps(left_out["item"])) == ("Sandbox", WRONG.decode())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.ndjson", "items.csv"]


async def test_sources_that_failed_are_collected_by_the_same_command(run, two, tmp_path):
    sources, ada, bob = two
    bob.denied_catalogs = ["AWS"]
    file, checkpoint = tmp_path / "items.ndjson", tmp_path / "run.json"
    arguments = (*COLLECT, "--sources", sources, "--output", file, "--checkpoint", checkpoint, "--rate", 100)
    ended = await run(*arguments)
    assert ended.code == 1
    failed, more = ended.err.splitlines()
    assert "bob/AWS: AccessDenied" in failed
    saved = f"progress saved in {checkpoint}: 120 items, 1 of 2 sources finished"
    assert f"{saved}; to resume: aiopartnercentral collect" in more
    assert file.read_bytes().count(b"\n") == 120
    bob.denied_catalogs = []
    asked = len(ada.requests)
    ended = await run(*arguments, "--report", tmp_path / "report.json", "--progress")
    assert ended.code == 0
    resumed, totals = ended.err.splitlines()
    assert re.fullmatch(r"aiopartnercentral: 2 of 2 sources finished in 0:00:\d\d, .*", totals)
    assert re.fullmatch(RESUMES % 1, f"{resumed}\n")
    assert len(ada.requests) == asked
    assert file.read_bytes().count(b"\n") == 180
    assert json.loads((tmp_path / "report.json").read_bytes())["complete"]


@pytest.mark.skipif(sys.platform == "win32", reason="has no ulimit")
async def test_a_disk_without_room_leaves_the_earlier_file_and_can_be_resumed(run, environment, two, tmp_path):
    sources, _, _ = two
    file, checkpoint, report = tmp_path / "items.ndjson", tmp_path / "run.json", tmp_path / "report.json"
    file.write_text("earlier")
    arguments = (*COLLECT, "--sources", sources, "--output", file, "--checkpoint", checkpoint, "--rate", 100)
    options = ("--summary", "--report", str(report))
    ended = await anyio.run_process(
        ["sh", "-c", 'ulimit -f 40; exec "$@"', "sh", *COMMAND, *map(str, arguments), *options],
        env=environment,
        check=False,
    )
    assert ended.returncode == 1
    lines = ended.stderr.decode().splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["ada/AWS", "bob/AWS"]
    assert lines[4] == f"aiopartnercentral: cannot write {file}: File too large"
    saved = saved_progress(checkpoint)  # nothing if the disk was full before the first checkpoint
    hints = [] if saved is None else [f"aiopartnercentral: progress saved in {checkpoint}: {saved}; to resume"]
    assert [line.rpartition(": ")[0] for line in lines[5:]] == hints
    content = json.loads(report.read_bytes())
    assert (content["output_written"], content["complete"]) == (False, False)
    assert file.read_text() == "earlier"
    assert (await run(*arguments)).code == 0
    ids = [json.loads(line)["Id"] for line in file.read_bytes().splitlines()]
    assert (len(ids), len(set(ids))) == (180, 180)
