"""What is shown while sources are collected."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import time
from datetime import UTC, datetime

import anyio
import anyio.to_thread
import pytest
from rich.console import Console

from aiopartnercentral._pagination.report import Outcome, Report, SourceReport
from aiopartnercentral.bulk import (
    Origin,
    PageFetched,
    RunFinished,
    RunStarted,
    Source,
    SourceFinished,
    SourceRestarted,
    SourceStarted,
    Throttled,
)
from aiopartnercentral.cli.progress import (
    Progress,
    _drawn as drawn,
    _totals as totals,
    _waiting as waiting,
    progress_lines,
)
from aiopartnercentral.emulator import Emulator
from tests.cli.processes import LIVE, seen, shown_until, terminal, until
from tests.cli.service import connection, page, serving, sources_file

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections")


async def test_however_many_sources_there_are_it_fits_the_window(started, environment, tmp_path):
    release = anyio.Event()

    async def answer(_operation, sent):
        if sent.get("NextToken"):
            await release.wait()
            return page([])
        return page([connection(number) for number in range(3)], "more")

    async with serving(answer) as url:
        names = {f"partner-with-a-rather-long-name-{number:02}": url for number in range(40)}
        sources = sources_file(tmp_path / "s.toml", names, ["AWS"])
        with terminal(environment, 60, 10) as (ours, theirs):
            arguments = (*COLLECT, "--sources", sources, "--concurrency", 12, "--output", tmp_path / "o.ndjson")
            async with started(*arguments, "--summary", stderr=theirs) as process:
                shown = await shown_until(ours, b"partner-with-a-rather-long-name-00/AWS: 1 page, 3 items")
                shown += await shown_until(ours, b"more running")
                release.set()
                shown += await seen(ours, theirs)
                assert await process.wait() == 0
    frames = [LIVE.sub(b"", frame) for frame in shown.replace(b"\r", b"").split(b"\x1b[2K")]
    assert max(frame.count(b"\n") for frame in frames[:-1]) <= 9
    assert max(len(line) for frame in frames[:-1] for line in frame.decode().splitlines()) <= 60
    plain = LIVE.sub(b"", shown).decode()
    assert re.search(
        r"0 of 40 sources finished in 0:00:\d\d\n\d+ pages, \d+ items, \d+\.\d pages/s", plain.replace("\r", "")
    )
    assert "40 sources: 120 items, 80 pages" in plain


async def test_throttling_and_failures_show(started, environment, tmp_path):
    throttled = 0

    def answer(_operation, sent):
        nonlocal throttled
        if sent["Catalog"] == "Sandbox":
            return 400, b'{"__type":"AccessDeniedException","Message":"no"}'
        if throttled < 3:
            throttled += 1
            return 400, b'{"__type":"ThrottlingException","Message":"slower"}'
        return page([connection(1)])

    async with serving(answer) as url:
        sources = sources_file(tmp_path / "s.toml", {"ada": url})
        with terminal(environment) as (ours, theirs):
            arguments = (*COLLECT, "--sources", sources, "--rate", 10, "--output", tmp_path / "o.ndjson")
            async with started(*arguments, "--no-summary", stderr=theirs) as process:
                shown = LIVE.sub(b"", await seen(ours, theirs)).decode()
                assert await process.wait() == 1
    assert "ada/AWS: 0 pages, 0 items, throttled to 1.2 requests per second" in shown
    assert "1 of 2 sources finished (1 failed) in 0:00:0" in shown
    assert "throttled 3 times" in shown
    assert "ada/Sandbox: AccessDeniedException" in shown


async def test_elsewhere_there_is_a_line_if_asked_for(run, tmp_path):
    async with Emulator({"AWS": 30, "Sandbox": 5}) as emulator:
        sources = sources_file(tmp_path / "s.toml", {"ada": emulator.endpoint_url})
        ended = await run(*COLLECT, "--sources", sources, "--progress")
    assert ended.code == 0
    assert re.fullmatch(
        r"aiopartnercentral: 2 of 2 sources finished in 0:00:\d\d, 2 pages, 35 items, \d+\.\d pages/s\n", ended.err
    )


async def test_interrupting_gives_the_terminal_back_and_promises_nothing_unsaved(started, environment, tmp_path):
    asked = 0

    async def answer(_operation, _sent):
        nonlocal asked
        asked += 1
        await anyio.sleep_forever()

    async with serving(answer) as url:
        sources = sources_file(tmp_path / "s.toml", {"ada": url})
        with terminal(environment) as (ours, theirs):
            arguments = (*COLLECT, "--sources", sources, "--checkpoint", tmp_path / "c", "--output", tmp_path / "o.csv")
            async with started(*arguments, stderr=theirs) as process:
                shown = await shown_until(ours, b"0 of 2 sources finished")
                await until(lambda: asked)
                process.send_signal(signal.SIGINT)
                shown += await seen(ours, theirs)
                assert await process.wait() == 130
    assert shown.rindex(b"\x1b[?25h") < shown.index(b"2 sources: 0 items") < shown.index(b"stopped by SIGINT")
    assert b"to resume" not in shown


@pytest.mark.parametrize("bulk", [True, False])
async def test_a_terminal_that_goes_away_takes_nothing_with_it(started, environment, tmp_path, bulk):
    release = anyio.Event()

    async def answer(_operation, sent):
        if sent.get("NextToken") is None:
            return page([connection(1)], "more")
        await release.wait()
        return page([connection(2)])

    file = tmp_path / "o.ndjson"
    async with serving(answer) as url:
        arguments = (*COLLECT, "--catalog", "AWS", "--endpoint-url", url, "--output", file)
        rate = ("--rate", 9) if bulk else ()
        with terminal(environment) as (ours, theirs):
            async with started(*arguments, *rate, stderr=theirs) as process:
                os.close(theirs)
                await shown_until(ours, b"1 item")
                nothing = os.open(os.devnull, os.O_RDONLY)
                os.dup2(nothing, ours)
                os.close(nothing)
                await anyio.sleep(0.3)  # as long as two frames take
                release.set()
                assert await process.wait() == 0
    assert file.read_bytes().count(b"\n") == 2


def test_the_events_are_counted(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = Progress(began=clock[0])
    origins = tuple(Origin(source=Source(name), service="s", listing="l", operation="L") for name in "ABCDEFGHIJ")
    one, two, *_ = origins
    progress.observe(RunStarted(run="r", services=("s",), origins=origins[:6], finished=origins[6:]))
    assert (progress.sources, progress.finished, progress.left) == (10, 4, None)
    progress.observe(SourceStarted(run="r", origin=one, resumed=True))
    progress.observe(SourceStarted(run="r", origin=two, resumed=False))
    progress.observe(Throttled(run="r", origin=one, attempt=1, rate=2.5, retry_after=None, request_id=None))
    assert (progress.throttled, progress.running[one].rate) == (1, 2.5)
    for number, items in enumerate((3, 4), 1):
        timed = {"attempts": 1, "seconds": 0.1, "waited": 0.0}
        progress.observe(
            PageFetched(
                run="r",
                origin=one,
                page=number,
                items=items,
                malformed=0,
                request_id=None,
                endpoint_url="http://x",
                **timed,
            )
        )
    assert (progress.running[one].pages, progress.running[one].items, progress.running[one].rate) == (2, 7, None)
    progress.observe(SourceRestarted(run="r", origin=one))
    assert (progress.running[one].pages, progress.pages, progress.items) == (0, 2, 7)
    assert progress.rate == 2.0
    for origin, outcome in ((one, Outcome.FAILED), (two, Outcome.COMPLETE), (two, Outcome.SKIPPED)):
        progress.observe(SourceFinished(run="r", origin=origin, report=SourceReport(outcome=outcome)))
    assert (progress.finished, progress.failed, dict(progress.running)) == (7, 1, {})
    # Three of six that were left are over: as long again.
    clock[0] += 5
    assert (progress.elapsed, progress.left) == (5, pytest.approx(5))
    # The run ends before the others have started: nothing is left to wait for.
    sources = {origin: SourceReport(outcome=Outcome.CANCELLED) for origin in origins[2:5]}
    report = Report(sources=sources, elapsed=1.0, run_id="r", started_at=datetime.now(UTC))
    progress.observe(RunFinished(run="r", report=report, error=None))
    assert (progress.finished, progress.failed, progress.cancelled, progress.left) == (7, 1, 3, 0.0)
    assert totals(progress)[0].startswith("7 of 10 sources finished (1 failed, 3 cancelled) in ")


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (60.0, ["", "", "about 0:03:00 left", "about 0:02:00 left", "about 0:01:00 left", ""]),
        (0.4, ["", "", "about 0:00:01 left", "", "", ""]),
    ],
)
def test_the_time_that_is_left_is_shown_if_it_is_a_second_or_more(monkeypatch, seconds, expected):
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = Progress(began=clock[0])
    origins = tuple(Origin(source=Source(name), service="s", listing="l", operation="L") for name in "ABCDEF")
    progress.observe(RunStarted(run="r", services=("s",), origins=origins, finished=()))
    shown = []
    for origin in origins:
        clock[0] += seconds
        progress.observe(SourceFinished(run="r", origin=origin, report=SourceReport(outcome=Outcome.COMPLETE)))
        shown.append(totals(progress)[0].partition(" in ")[2].partition(", ")[2])
    assert shown == expected


def test_while_nothing_arrives_no_end_is_promised_and_those_that_wait_are_named(monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    progress = Progress(began=clock[0])
    origins = tuple(Origin(source=Source(name), service="s", listing="l", operation="L") for name in "ABCDEF")
    progress.observe(RunStarted(run="r", services=("s",), origins=origins, finished=()))
    for origin in origins:
        progress.observe(SourceStarted(run="r", origin=origin, resumed=False))
    clock[0] += 5
    for origin in origins[:4]:
        progress.observe(SourceFinished(run="r", origin=origin, report=SourceReport(outcome=Outcome.COMPLETE)))
    clock[0] += 4
    assert "left" in totals(progress)[0]
    assert waiting(progress, str) == ""
    clock[0] += 7
    assert "left" not in totals(progress)[0]
    assert waiting(progress, lambda origin: origin.catalog) == ", no page for 10 seconds: E, F"
    assert next(iter(progress_lines(progress))).endswith("0 pages, 0 items, no page for 0:00:16")
    fetched = {"page": 1, "items": 1, "malformed": 0, "request_id": None, "endpoint_url": "http://x"}
    progress.observe(PageFetched(run="r", origin=origins[5], attempts=1, seconds=0.1, waited=0.0, **fetched))
    assert "left" in totals(progress)[0]
    assert waiting(progress, lambda origin: origin.catalog) == ", no page for 10 seconds: E"


@pytest.mark.parametrize("width", [30, 60, 80])
def test_a_narrow_terminal_shows_the_totals_whole(width):
    progress = Progress(began=time.monotonic() - 100)
    origins = tuple(Origin(source=Source(f"C-{n}"), service="s", listing="l", operation="L") for n in range(100))
    progress.observe(RunStarted(run="r", services=("s",), origins=origins, finished=()))
    for origin in origins[:20]:
        progress.observe(SourceStarted(run="r", origin=origin, resumed=False))
        progress.observe(Throttled(run="r", origin=origin, attempt=1, rate=1.0, retry_after=None, request_id=None))
    for origin in origins[:10]:
        progress.observe(SourceFinished(run="r", origin=origin, report=SourceReport(outcome=Outcome.COMPLETE)))
    console = Console(width=width, height=12, file=io.StringIO(), force_terminal=False)
    console.print(drawn(progress, lambda origin: f"a-source-with-a-very-long-name-{origin.catalog}", console))
    lines = console.file.getvalue().splitlines()
    assert len(lines) < 12
    assert max(map(len, lines)) <= width
    shown = " ".join(" ".join(lines).split())
    assert all(each in shown for each in totals(progress))


async def test_a_silent_endpoint_is_given_up_after_the_time_limit(run, tmp_path):
    async def answer(_operation, _sent):
        await anyio.sleep_forever()

    async with serving(answer) as silent, serving(lambda *_: page([connection(1)])) as url:
        sources = sources_file(tmp_path / "s.toml", {"ada": url, "silent": silent}, ["AWS"])
        limits = ("--timeout", 2, "--max-attempts", 2)
        ended = await run(*COLLECT, "--sources", sources, *limits, "--report", tmp_path / "r.json")
    assert ended.code == 1
    assert len(ended.items) == 1
    assert "silent/AWS" in ended.err
    assert "did not answer within 2 s" in ended.err
    (states,) = [json.loads((tmp_path / "r.json").read_text())["sources"]]
    assert [each["retries"] for each in states] == [0, 1]


def test_runs_one_after_the_other_have_one_report():
    progress = Progress(sources=2)
    origins = [Origin(source=Source(name), service="s", listing="l", operation="L") for name in "AB"]
    for seconds, origin in enumerate(origins, 1):
        report = Report(
            sources={origin: SourceReport(items=seconds)},
            elapsed=float(seconds),
            run_id="r",
            started_at=datetime.now(UTC),
        )
        progress.observe(RunStarted(run="r", services=("s",), origins=(origin,), finished=()))
        assert progress.sources == 2
        progress.observe(SourceFinished(run="r", origin=origin, report=report.sources[origin]))
        progress.observe(RunFinished(run="r", report=report, error=None))
    assert list(progress.report.sources) == origins
    assert (progress.sources, progress.report.items, progress.report.elapsed) == (2, 3, 3.0)
