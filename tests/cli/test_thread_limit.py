"""The command at the limit of threads that the system or a container sets."""

from __future__ import annotations

import sys

import anyio
import pytest

pytestmark = pytest.mark.anyio

PROGRAM = """
import sys, threading
import anyio, anyio.to_thread
from aiopartnercentral.cli.runner import CommandError, run

def reach_limit():
    def refuse(*_, **__):
        raise RuntimeError("can't start new thread")

    for name in ("_start_new_thread", "_start_joinable_thread"):
        if hasattr(threading, name):
            setattr(threading, name, refuse)

async def complete():
    reach_limit()
    return 0

async def report_failures():
    reach_limit()
    return 1

async def fail():
    reach_limit()
    raise CommandError("wrong usage", exit_code=2)

async def need_thread():
    reach_limit()
    await anyio.to_thread.run_sync(print)

async def need_thread_in_group():
    async with anyio.create_task_group() as group:
        group.start_soon(need_thread)

async def never():
    raise AssertionError

if sys.argv[1] == "never":
    reach_limit()
sys.exit(run(globals()[sys.argv[1]]))
"""
LINE = "aiopartnercentral: no more threads can be started: the limit of processes and threads is reached"


@pytest.mark.parametrize(
    ("command", "code", "line"),
    [
        ("complete", 0, LINE),
        ("report_failures", 1, LINE),
        ("fail", 2, "aiopartnercentral: wrong usage"),
        ("need_thread", 1, LINE),
        ("need_thread_in_group", 1, LINE),
        ("never", 1, LINE),
    ],
)
async def test_it_has_its_own_exit_code_and_one_line(environment, command, code, line):
    program = [sys.executable, "-c", PROGRAM, command]
    ended = await anyio.run_process(program, check=False, env=environment)
    assert (ended.returncode, ended.stdout, ended.stderr.count(b"\n")) == (code, b"", 1), ended.stderr.decode()
    assert ended.stderr.decode().startswith(line)


async def test_a_whole_collection_at_the_limit_has_exit_code_0(emulator, environment, tmp_path):
    reach = """
from aiopartnercentral.cli import main, progress, runner
conclude = runner.asyncio.BaseEventLoop.shutdown_default_executor

async def shutdown(loop):
    reach_limit()
    await conclude(loop)

runner.asyncio.BaseEventLoop.shutdown_default_executor = shutdown
sys.exit(main())
"""
    program = PROGRAM.partition("async def complete")[0] + reach
    where = ("--catalog", "AWS", "--endpoint-url", emulator.endpoint_url, "--output", str(tmp_path / "a.ndjson"))
    command = [sys.executable, "-c", program, "collect", "list-connections", *where]
    ended = await anyio.run_process(command, check=False, env=environment)
    assert ended.returncode == 0
    assert ended.stderr.decode().startswith(LINE)
    assert (tmp_path / "a.ndjson").read_bytes().count(b"\n") == 250
