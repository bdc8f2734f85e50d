from __future__ import annotations

import os
import re
import signal
import socket
import sys
from contextlib import suppress

import anyio
import pytest

from tests.cli.processes import GUARD, HOW_FAR, PYTHON, everything, until
from tests.cli.service import connection, page, serving

pytestmark = pytest.mark.anyio

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as it is below nohup, which the command respects
    SIGNALS.append((signal.SIGHUP, 129))


class Slow:
    """Gives one page at once, and the one after it never."""

    def __init__(self):
        self.waiting = 0

    async def __call__(self, _operation, sent):
        if sent.get("NextToken") is None:
            return page([connection(number, sent["Catalog"]) for number in range(100)], "more")
        self.waiting += 1
        try:
            await anyio.sleep_forever()
        finally:
            self.waiting -= 1


@pytest.mark.parametrize(("sent", "code"), SIGNALS)
async def test_a_signal_mid_way_ends_cleanly(started, sent, code):
    slow = Slow()
    async with (
        serving(slow) as url,
        started(
            *("collect", "list-connections", "--catalog", "AWS", "--catalog", "Sandbox", "--endpoint-url", url)
        ) as process,
    ):
        out = b""
        # The next pages are asked for ahead of the writing, so neither tells that the other has happened.
        while out.count(b"\n") < 200:
            out += await process.stdout.receive()
        await until(lambda: slow.waiting == 2)
        process.send_signal(sent)
        assert await everything(process.stdout) == b""
        err = await everything(process.stderr)
        assert await process.wait() == code
        assert out.count(b"\n") == 200
        assert out.endswith(b"}\n")
        assert re.fullmatch(HOW_FAR + f"aiopartnercentral: stopped by {sent.name}\n".encode(), err)
        await until(lambda: slow.waiting == 0)


@pytest.mark.parametrize(("sent", "code"), SIGNALS)
async def test_a_signal_leaves_the_earlier_file_and_no_other(started, tmp_path, sent, code):
    file = tmp_path / "items.ndjson"
    file.write_text("earlier\n")
    slow = Slow()
    async with (
        serving(slow) as url,
        started("collect", "list-connections", "--catalog", "AWS", "--endpoint-url", url, "--output", file) as process,
    ):
        await until(lambda: slow.waiting)
        assert len(list(tmp_path.iterdir())) == 2
        process.send_signal(sent)
        err = (await everything(process.stderr)).decode()
        assert await process.wait() == code
    line = f"aiopartnercentral: {file} was not written: the run was stopped, so 100 items are not in it"
    assert [line, f"aiopartnercentral: stopped by {sent.name}"] == err.splitlines()[-2:]
    assert [path.name for path in tmp_path.iterdir()] == ["items.ndjson"]
    assert file.read_text() == "earlier\n"


async def test_what_a_killed_run_leaves_is_removed_by_the_next(started, run, emulator, tmp_path):
    slow, files = Slow(), ("--output", tmp_path / "items.ndjson", "--report", tmp_path / "report.json")
    command = ("collect", "list-connections", "--catalog", "AWS", *files, "--endpoint-url")
    for ordered in ((), ("--ordered",)):  # by a sink, and as a stream
        async with serving(slow) as url, started(*command, url, *ordered) as process:
            await until(lambda: slow.waiting)
            process.kill()
            await process.wait()
        assert len(list(tmp_path.glob(".*.part"))) == 2
        assert (await run(*command, emulator.endpoint_url, *ordered)).code == 0
        assert sorted(path.name for path in tmp_path.iterdir()) == ["items.ndjson", "report.json"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
@pytest.mark.parametrize("name", ["--sources", "AWS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE"])
async def test_a_file_that_never_comes_can_be_given_up(started, environment, tmp_path, name):
    """It is read in a thread of ours, in one of asyncio's, or by botocore in the event loop."""
    pipe, writer = tmp_path / "pipe", None
    os.mkfifo(pipe)
    options = ("--catalog", "AWS", "--endpoint-url", "https://127.0.0.1:9")
    if name == "--sources":
        options = (name, pipe)
    elif name == "AWS_WEB_IDENTITY_TOKEN_FILE":
        environment["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/name"
        del environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    environment[name] = str(pipe)
    async with started("collect", "list-connections", *options) as process:
        while writer is None:
            await anyio.sleep(0.01)
            with suppress(OSError):  # nobody reads yet
                writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        process.send_signal(signal.SIGTERM)
        err = await everything(process.stderr)
        assert re.fullmatch(b"(?:" + HOW_FAR + b")?aiopartnercentral: stopped by SIGTERM\n", err)
        assert await process.wait() == 143
    os.close(writer)


INTERRUPTED_IMPORT = """
import os, signal, sys, time

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it

class Interrupting:
    def __set_name__(self, owner, name):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(30)

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "rich.live":
            type("Made", (), {"field": Interrupting()})

sys.meta_path.insert(0, Finder())
from aiopartnercentral.cli import main
sys.exit(main())
"""


async def test_interrupting_while_a_class_is_imported_is_no_fault(environment):
    arguments = ("collect", "list-connections", "--catalog", "AWS")
    ended = await anyio.run_process(
        [sys.executable, "-c", INTERRUPTED_IMPORT, *arguments], check=False, env=environment
    )
    assert (ended.returncode, ended.stderr) == (130, b"aiopartnercentral: stopped by SIGINT\n")


async def test_interrupting_twice_changes_nothing(started):
    slow = Slow()
    async with (
        serving(slow) as url,
        started("collect", "list-connections", "--catalog", "AWS", "--endpoint-url", url) as process,
    ):
        await until(lambda: slow.waiting)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        err = await everything(process.stderr)
        # The second one may find a process that has cleaned up and listens no more: it then ends it the plain way.
        assert await process.wait() in (130, 143, -signal.SIGTERM)
    assert re.fullmatch(b"(?:(?:" + HOW_FAR + rb")?aiopartnercentral: stopped by SIG(?:INT|TERM)\n)?", err)


STUCK_DISK = """
import os, sys, time

def stuck(fd):
    print("stuck", flush=True)
    time.sleep(600)

os.fsync = os.fdatasync = stuck
from aiopartnercentral.cli import main
sys.exit(main())
"""


async def test_signals_end_a_process_whose_disk_does_not_answer(environment, tmp_path):
    files = ("--output", tmp_path / "items.ndjson", "--checkpoint", tmp_path / "run.json")
    command = ("-c", STUCK_DISK, "collect", "list-connections", "--catalog", "AWS", *files)
    process = await anyio.open_process([*PYTHON, *map(str, command)], env=environment)
    async with process:
        try:
            with anyio.fail_after(GUARD):
                assert await process.stdout.receive() == b"stuck\n"
                while process.returncode is None:  # the first one lets it clean up; a later one ends it
                    process.send_signal(signal.SIGTERM)
                    await anyio.sleep(0.5)
                assert await everything(process.stderr) == b"aiopartnercentral: stopped by SIGTERM\n"
        finally:
            if process.returncode is None:
                process.kill()
    assert process.returncode == 143


async def test_a_reader_that_has_stopped_reading_does_not_hold_up_the_end(started):
    fetched = 0

    def answer(_operation, _sent):
        nonlocal fetched
        fetched += 1
        return page([connection(index) for index in range(100)], str(fetched))

    reader, writer = socket.socketpair()
    with reader, writer:
        async with (
            serving(answer) as url,
            started("collect", "list-connections", "--catalog", "AWS", "--endpoint-url", url, stdout=writer) as process,
        ):
            await until(lambda: fetched)
            before = -1
            while fetched != before:  # nothing is read: pages are fetched until pipe and buffers are full
                before = fetched
                await anyio.sleep(1)
            process.send_signal(signal.SIGINT)
            err = await everything(process.stderr)
            assert await process.wait() == 130
    assert re.fullmatch(HOW_FAR + b"aiopartnercentral: stopped by SIGINT\n", err)


async def test_a_slow_reader_stops_the_fetching(started):
    fetched = 0

    def answer(_operation, _sent):
        nonlocal fetched
        fetched += 1
        return page([connection(index) for index in range(100)], str(fetched))

    reader, writer = socket.socketpair()
    with reader, writer:
        async with (
            serving(answer) as url,
            started("collect", "list-connections", "--catalog", "AWS", "--endpoint-url", url, stdout=writer),
        ):
            await until(lambda: fetched)
            before = -1
            # Endless as the listing is, the fetching comes to rest.
            while fetched != before:
                before = fetched
                await anyio.sleep(1)
    assert fetched < 500


async def test_a_demo_can_be_interrupted(started):
    async with started("demo", "--latency", "60") as process:
        await process.stderr.receive()
        process.send_signal(signal.SIGINT)
        err, out = await everything(process.stderr), await everything(process.stdout)
        assert await process.wait() == 130
    assert out == b""
    assert err.endswith(b"aiopartnercentral: stopped by SIGINT\n")
    assert b"Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="has no signals")
@pytest.mark.parametrize("command", ["collect", "check", "describe"])
@pytest.mark.parametrize(
    "module",
    ["logging", "attrs", "typer", *(f"aiopartnercentral.cli.{name}" for name in ("terminal", "app", "COMMAND"))],
)
async def test_ctrl_c_while_the_command_starts(environment, module, command):
    """It arrives when the module is first imported by the command."""
    module = module.replace("COMMAND", command)
    program = f"""if True:
        import os, signal, sys

        class Finder:
            def find_spec(name, *_):
                if name == {module!r}:
                    os.kill(os.getpid(), signal.SIGINT)

        for each in [each for each in sys.modules if (each + ".").startswith({module + "."!r})]:
            del sys.modules[each]
        sys.meta_path.insert(0, Finder)
        from aiopartnercentral.cli import main
        sys.exit(main())
    """
    arguments = {"collect": ("list-connections", "--catalog", "AWS"), "check": ("none.toml",), "describe": ()}
    ended = await anyio.run_process(
        [*PYTHON, "-c", program, command, *arguments[command]], env=environment, check=False
    )
    assert (ended.returncode, ended.stderr) == (130, b"aiopartnercentral: stopped by SIGINT\n")
