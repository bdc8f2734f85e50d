"""Progress, summary and table depend on where they go."""

from __future__ import annotations

import os
import re

import anyio
import anyio.to_thread
import pytest
from rich.cells import cell_len

from tests.cli.processes import LIVE, everything, seen, shown_until, terminal
from tests.cli.service import connection, page, serving

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections", "--catalog", "AWS")
MOVED = re.compile(rb"\x1b\[[0-9;?]*[A-HJKSThl]")


@pytest.fixture
async def url():
    async def answer(_operation, _sent):
        await anyio.sleep(0.3)
        return page([connection(number) for number in range(3)])

    async with serving(answer) as address:
        yield address


async def test_progress_and_report_appear_on_a_terminal_and_the_data_stays_pure(started, environment):
    release = anyio.Event()

    async def answer(_operation, _sent):
        await release.wait()
        return page([connection(number) for number in range(3)])

    async with serving(answer) as url:
        with terminal(environment) as (ours, theirs):
            async with started(*COLLECT, "--endpoint-url", url, stderr=theirs) as process:
                shown = await shown_until(ours, b"AWS: 0 pages, 0 items")
                release.set()
                shown += await seen(ours, theirs)
                out = await everything(process.stdout)
                assert await process.wait() == 0
    assert out.splitlines() == [connection(number) for number in range(3)]
    assert LIVE.search(shown)
    assert b"1 source: 3 items, 1 page, 0 retries" in shown


async def test_neither_appears_elsewhere(run, url):
    ended = await run(*COLLECT, "--endpoint-url", url)
    assert (ended.code, ended.err) == (0, "")


async def test_both_appear_elsewhere_if_asked_for_in_plain_lines(run, url):
    ended = await run(*COLLECT, "--endpoint-url", url, "--progress", "--summary")
    assert ended.code == 0
    assert "\x1b" not in ended.err
    assert re.match(r"aiopartnercentral: 1 of 1 source finished in 0:00:0\d, 1 page, 3 items, .*\n", ended.err)
    assert "1 source: 3 items, 1 page, 0 retries" in ended.err
    assert len(ended.items) == 3


async def test_neither_appears_on_a_terminal_if_unwanted(started, environment, url):
    with terminal(environment) as (ours, theirs):
        async with started(*COLLECT, "--endpoint-url", url, "--no-progress", "--no-summary", stderr=theirs) as process:
            assert await seen(ours, theirs) == b""
            assert await process.wait() == 0


async def test_a_person_at_a_terminal_sees_a_table_then_the_report(started, environment, url):
    with terminal(environment, 85) as (ours, theirs):
        async with started(*COLLECT, "--endpoint-url", url, stdout=theirs, stderr=theirs) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    plain = LIVE.sub(b"", shown)
    row = next(line for line in plain.splitlines() if b"Company 2" in line)
    assert row.split() == [b"AWS", b"pac-0000000000002", b"123456789012", b"SUBSIDIARY", b"ACTIVE", b"Company", b"2"]
    assert b"(no room at 85 columns for: other participant kind, updated at)" in plain
    assert b'{"Catalog"' not in plain
    assert plain.index(b"Company 2") < plain.index(b"\nsource ") < plain.index(b"1 source: 3 items")
    assert b"\n\nsource  outcome" in plain  # an empty line between the items and the summary
    # The progress has been erased before: it would take lines of the table with it.
    assert MOVED.search(shown)
    assert not MOVED.search(shown[shown.index(b"Company 0") :])


async def test_lines_of_data_on_a_terminal_are_not_drawn_over(started, environment, url):
    with terminal(environment) as (ours, theirs):
        async with started(
            *COLLECT, "--endpoint-url", url, "--format", "ndjson", stdout=theirs, stderr=theirs
        ) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    assert not MOVED.search(shown)
    assert b"aiopartnercentral: " not in shown
    assert [line for line in shown.splitlines() if line.startswith(b"{")] == [connection(n) for n in range(3)]


async def test_a_dumb_terminal_is_not_drawn_on(started, environment, url):
    with terminal(environment) as (ours, theirs):
        environment["TERM"] = "dumb"
        async with started(*COLLECT, "--endpoint-url", url, stderr=theirs) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    assert not LIVE.search(shown)


async def test_interrupting_gives_the_terminal_back_in_order(started, environment):
    async def answer(_operation, _sent):
        await anyio.sleep_forever()

    with terminal(environment) as (ours, theirs):
        async with serving(answer) as url, started(*COLLECT, "--endpoint-url", url, stderr=theirs) as process:
            shown = b""
            while b"AWS: 0 pages" not in shown:
                shown += await anyio.to_thread.run_sync(os.read, ours, 65536)
            process.send_signal(2)
            shown += await seen(ours, theirs)
            assert await process.wait() == 130
    assert b"\x1b[?25l" in shown
    # The cursor that the display hid is shown again before the last word.
    assert shown.rindex(b"\x1b[?25h") < shown.index(b"stopped by SIGINT")


@pytest.mark.parametrize("columns", [40, 80])
async def test_a_demo_fits_the_terminal(started, environment, columns):
    with terminal(environment, columns) as (ours, theirs):
        async with started("demo", "--latency", "0", stdout=theirs) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    lines = LIVE.sub(b"", shown).decode().splitlines()
    ids = [word for line in lines for word in line.split() if word.startswith("pac-")]
    assert len(set(ids)) == 20
    assert all(re.fullmatch("pac-[a-z0-9]{13}", one) for one in ids)
    # The last line is the totals' sentence, which a terminal may break.
    assert max(map(cell_len, lines[:-1])) <= columns
    missing = {40: "type,", 80: "participant, updated)"}
    assert f"(no room at {columns} columns for: {missing[columns]}" in lines


async def test_the_report_fits_the_terminal_though_the_data_goes_elsewhere(started, environment, url):
    with terminal(environment, 40) as (ours, theirs):
        async with started(*COLLECT, "--no-progress", "--endpoint-url", url, stderr=theirs) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    assert b"(no room at 40 columns for: fetched (UTC), retries)" in shown.replace(b"fetched\n", b"fetched ")


async def test_a_person_who_starts_the_emulator_learns_how_to_use_it(started, environment):
    with terminal(environment) as (ours, theirs):
        options = ("emulator", "--catalog", "AWS=3", "--catalog", "Other=3", "--deny", "AWS")
        async with started(*options, stderr=theirs) as process:
            address = (await process.stdout.receive()).decode().split()[-1]
            shown = b""
            while b"\n" not in shown:
                shown += await anyio.to_thread.run_sync(os.read, ours, 65536)
            process.send_signal(2)
            assert await seen(ours, theirs) == b""
            assert await process.wait() == 0
    assert "any credentials are accepted" in shown.decode()
    hinted = shown.decode().split("aiopartnercentral collect ")[1].split()
    assert hinted == ["list-connections", "--catalog", "Other", "--endpoint-url", address]
