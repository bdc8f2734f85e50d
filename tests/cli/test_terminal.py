"""Progress, report and table depend on who looks."""

from __future__ import annotations

import os
import pty
import re
from contextlib import contextmanager

import anyio
import anyio.to_thread
import pytest

from tests.cli.helpers import connection, everything, page, serving

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections", "--catalog", "AWS")
LIVE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


@contextmanager
def terminal(environment):
    """Give the terminal's side and the program's side of a pseudo-terminal."""
    environment["TERM"] = "xterm"
    environment["COLUMNS"] = "120"
    ours, theirs = pty.openpty()
    try:
        yield ours, theirs
    finally:
        os.close(ours)


async def seen(ours: int, theirs: int) -> bytes:
    """Read what is shown until the program has closed its side."""
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = await anyio.to_thread.run_sync(os.read, ours, 65536)
        except OSError:  # how Linux tells that the other side is closed
            chunk = b""
        if not chunk:
            return shown.replace(b"\r\n", b"\n")
        shown += chunk


@pytest.fixture
async def url():
    async def answer(_operation, _sent):
        await anyio.sleep(0.3)
        return page([connection(number) for number in range(3)])

    async with serving(answer) as address:
        yield address


async def test_progress_and_report_appear_on_a_terminal_and_the_data_stays_pure(started, environment, url):
    with terminal(environment) as (ours, theirs):
        async with started(*COLLECT, "--endpoint-url", url, stderr=theirs) as process:
            shown = await seen(ours, theirs)
            out = await everything(process.stdout)
            assert await process.wait() == 0
    assert out.splitlines() == [connection(number) for number in range(3)]
    assert LIVE.search(shown)
    assert b"running" in shown
    assert b"1 catalog: 3 items, 1 pages, 0 retries" in shown


async def test_neither_appears_elsewhere(run, url):
    ended = await run(*COLLECT, "--endpoint-url", url)
    assert (ended.code, ended.err) == (0, "")


async def test_both_appear_elsewhere_if_asked_for_in_plain_lines(run, url):
    ended = await run(*COLLECT, "--endpoint-url", url, "--progress", "--report")
    assert ended.code == 0
    assert "\x1b" not in ended.err
    assert "aiopartnercentral: AWS: complete, 3 items, 1 pages\n" in ended.err
    assert "1 catalog: 3 items, 1 pages, 0 retries" in ended.err
    assert len(ended.items) == 3


async def test_neither_appears_on_a_terminal_if_unwanted(started, environment, url):
    with terminal(environment) as (ours, theirs):
        async with started(*COLLECT, "--endpoint-url", url, "--no-progress", "--no-report", stderr=theirs) as process:
            assert await seen(ours, theirs) == b""
            assert await process.wait() == 0


async def test_a_person_at_a_terminal_sees_a_table_then_the_report(started, environment, url):
    with terminal(environment) as (ours, theirs):
        async with started(*COLLECT, "--endpoint-url", url, stdout=theirs, stderr=theirs) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    plain = LIVE.sub(b"", shown)
    assert b"SUBSIDIARY: ACTIVE Account Company 2" in plain
    assert b'{"Catalog"' not in plain
    assert plain.index(b"Company 2") < plain.index(b"1 catalog: 3 items")


async def test_lines_of_data_on_a_terminal_are_not_drawn_over(started, environment, url):
    with terminal(environment) as (ours, theirs):
        async with started(
            *COLLECT, "--endpoint-url", url, "--format", "ndjson", stdout=theirs, stderr=theirs
        ) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    assert not LIVE.search(shown)
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
            while b"running" not in shown:
                shown += await anyio.to_thread.run_sync(os.read, ours, 65536)
            process.send_signal(2)
            shown += await seen(ours, theirs)
            assert await process.wait() == 130
    assert b"\x1b[?25l" in shown
    # The cursor that the display hid is shown again before the last word.
    assert shown.rindex(b"\x1b[?25h") < shown.index(b"stopped by SIGINT")
