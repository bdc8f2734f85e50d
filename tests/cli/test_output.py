from __future__ import annotations

import os
import shlex
import shutil
import stat
import subprocess

import anyio
import anyio.to_thread
import pytest

from aiopartnercentral.cli.writer import Target, write_once
from tests.cli.processes import COMMAND, GUARD, everything
from tests.cli.service import connection, page, serving
from tests.support.power_failure import forgetting_disk

pytestmark = pytest.mark.anyio

COLLECT = ("collect", "list-connections", "--catalog", "Sandbox")
BOTH = (*COLLECT, "--catalog", "Denied")


@pytest.fixture
def pipe():
    """Return both ends of a pipe; whoever closes one sets it to None."""
    ends = list(os.pipe())
    yield ends
    for end in ends:
        if end is not None:
            os.close(end)


def close(pipe, end):
    os.close(pipe[end])
    pipe[end] = None


@pytest.mark.parametrize("form", ["ndjson", "table"])
async def test_a_reader_that_is_gone_before_the_first_line_is_no_fault(started, emulator, pipe, form):
    close(pipe, 0)
    async with started(*COLLECT, "--format", form, "--endpoint-url", emulator.endpoint_url, stdout=pipe[1]) as process:
        assert await everything(process.stderr) == b""
        assert await process.wait() == 141


async def test_a_reader_that_is_gone_ends_the_wait_for_a_silent_server(started, pipe):
    async def answer(_operation, sent):
        if sent.get("NextToken") is None:
            return page([connection(number) for number in range(100)], "more")
        return await anyio.sleep_forever()

    close(pipe, 0)
    async with serving(answer) as url, started(*COLLECT, "--endpoint-url", url, stdout=pipe[1]) as process:
        assert await everything(process.stderr) == b""
        assert await process.wait() == 141


async def test_a_reader_that_leaves_half_way_is_no_fault(started, pipe):
    async def answer(_operation, sent):
        number = int(sent.get("NextToken") or 0)
        return page([connection(index) for index in range(100)], str(number + 1))

    async with serving(answer) as url, started(*COLLECT, "--endpoint-url", url, stdout=pipe[1]) as process:
        assert await anyio.to_thread.run_sync(os.read, pipe[0], 1000)
        close(pipe, 1)
        close(pipe, 0)
        assert await everything(process.stderr) == b""
        assert await process.wait() == 141


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with PIPESTATUS")
async def test_head(environment, emulator):
    script = '"$@" | head -1; exit ${PIPESTATUS[0]}'
    ended = await anyio.run_process(
        [
            *("bash", "-c", script, "bash", *COMMAND, "collect", "list-connections"),
            *("--catalog", "AWS", "--endpoint-url", emulator.endpoint_url, "--page-size", "1"),
        ],
        env=environment,
        check=False,
    )
    assert ended.stderr == b""
    assert ended.stdout.count(b"\n") == 1
    assert ended.returncode == 141


@pytest.mark.parametrize(
    ("command", "code"), [(f"{' '.join(COLLECT)} --endpoint-url URL", 1), ("demo", 1), ("--version", None)]
)
async def test_closed_stdout(environment, emulator, command, code):
    arguments = command.replace("URL", emulator.endpoint_url).split()
    ended = await anyio.run_process(
        ["sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *arguments], env=environment, check=False
    )
    assert b"Traceback" not in ended.stderr
    if code is not None:
        assert ended.returncode == code
        assert ended.stderr == b"aiopartnercentral: standard output is closed: name a file\n"


async def test_closed_stderr_keeps_the_data_clean(environment, emulator):
    ended = await anyio.run_process(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND, *BOTH, "--endpoint-url", emulator.endpoint_url, "--summary"],
        env=environment, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stdout.count(b"\n") == 30


async def test_closed_stderr_changes_no_exit_code(environment):
    ended = await anyio.run_process(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *COMMAND, *COLLECT, "--profile", "nope"], env=environment, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, b"")


async def test_a_file_appears_whole(run, emulator, tmp_path):
    file = tmp_path / "items.ndjson"
    ended = await run(*COLLECT, "--endpoint-url", emulator.endpoint_url, "--output", file)
    assert (ended.code, ended.out, ended.err) == (0, b"", "")
    assert file.read_bytes().count(b"\n") == 30
    assert [path.name for path in tmp_path.iterdir()] == ["items.ndjson"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~umask


async def test_a_file_that_is_replaced_keeps_its_mode_and_its_link(run, emulator, tmp_path):
    real, link = tmp_path / "real.ndjson", tmp_path / "link.ndjson"
    real.write_text("earlier")
    real.chmod(0o640)
    link.symlink_to(real)
    ended = await run(*COLLECT, "--endpoint-url", emulator.endpoint_url, "--output", link)
    assert ended.code == 0
    assert link.is_symlink()
    assert real.read_bytes().count(b"\n") == 30
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


async def test_a_table_in_a_file_is_plain_and_as_wide_as_it_needs_to_be(run, emulator, tmp_path):
    file = tmp_path / "items.txt"
    ended = await run(
        *COLLECT, "--endpoint-url", emulator.endpoint_url, "--output", file, "--format", "table", COLUMNS="20"
    )
    assert ended.code == 0
    lines = file.read_text().splitlines()
    assert lines[0].split()[:2] == ["catalog", "id"]
    rows = lines[1:]
    assert all(line.startswith("Sandbox  pac-") for line in rows)
    assert len({line.split()[1] for line in rows}) == 30
    assert any("SUBSIDIARY" in line for line in rows)
    assert "\x1b" not in file.read_text()


async def test_what_succeeded_is_kept(run, emulator, tmp_path):
    file = tmp_path / "items.ndjson"
    ended = await run(*BOTH, "--endpoint-url", emulator.endpoint_url, "--output", file)
    assert ended.code == 1
    assert "Denied" in ended.complaint
    assert file.read_bytes().count(b"\n") == 30


@pytest.mark.parametrize("arguments", [("--catalog", "Denied"), ("--catalog", "Denied", "--on-error", "report")])
async def test_where_nothing_succeeded_the_earlier_file_stays(run, emulator, tmp_path, arguments):
    file = tmp_path / "items.ndjson"
    file.write_text("earlier")
    ended = await run(
        "collect", "list-connections", *arguments, "--endpoint-url", emulator.endpoint_url, "--output", file
    )
    assert ended.code == 1
    assert file.read_text() == "earlier"
    assert [path.name for path in tmp_path.iterdir()] == ["items.ndjson"]


async def test_raise_keeps_nothing(run, emulator, tmp_path):
    file = tmp_path / "items.ndjson"
    ended = await run(
        *BOTH, "--on-error", "raise", "--ordered", "--endpoint-url", emulator.endpoint_url, "--output", file
    )
    assert ended.code == 1
    assert list(tmp_path.iterdir()) == []


async def test_an_unknown_profile_leaves_no_file(run, tmp_path):
    ended = await run(*COLLECT, "--profile", "nope", "--output", tmp_path / "items.ndjson")
    assert ended.code == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "code", "reason"),
    [
        (("--output", "none/items.ndjson"), 2, "its directory does not exist"),
        (("--output", "none/a-{{}}.ndjson"), 2, "its directory does not exist"),
        (("--output", "none/{date}.txt"), 2, "none does not exist"),
        (("--output", ""), 2, "Is a directory"),
        (("--output", "file/items.ndjson"), 2, "Not a directory"),
        (("--report", "none/report.json"), 2, "its directory does not exist"),
        (("--malformed", "none/{date}/items.ndjson"), 2, "none does not exist"),
    ],
)
async def test_a_place_that_cannot_be_written(run, tmp_path, given, code, reason):
    option, place = given
    (tmp_path / "file").touch()
    form = ("--format", "ndjson" if place.endswith("json") and option != "--malformed" else "table")
    ended = await run(*COLLECT, option, tmp_path / place, *form)
    assert ended.code == code
    assert reason in ended.complaint
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
async def test_a_file_that_may_not_be_written(run, tmp_path):
    file = tmp_path / "items.ndjson"
    file.touch(0o400)
    ended = await run(*COLLECT, "--output", file)
    assert ended.code == 1
    assert "Permission denied" in ended.complaint


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")  # noqa: PTH112 - at import
async def test_a_written_file_survives_a_power_failure(tmp_path):
    with forgetting_disk(tmp_path) as disk:
        with await Target.open(str(tmp_path / "report.json")) as target:
            await write_once(target, b"content")
            await target.keep()
        assert disk.synced == {"report.json": b"content"}


async def test_a_named_pipe_is_written_not_replaced(started, emulator, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    async with started(
        *COLLECT, "--endpoint-url", emulator.endpoint_url, "--output", pipe, stdout=subprocess.DEVNULL
    ) as process:
        data = await anyio.Path(pipe).read_bytes()
        assert await process.wait() == 0
    assert data.count(b"\n") == 30
    assert stat.S_ISFIFO(pipe.stat().st_mode)


async def test_lines_are_there_before_the_next_page_is(started):
    release = anyio.Event()

    async def answer(_operation, sent):
        if sent.get("NextToken") is not None:
            await release.wait()
            return page([])
        return page([connection(number) for number in range(3)], "more")

    async with serving(answer) as url, started(*COLLECT, "--endpoint-url", url) as process:
        got = b""
        while got.count(b"\n") < 3:
            got += await process.stdout.receive()
        release.set()
        assert await process.wait() == 0


async def test_a_pipe_of_the_shell_is_written(environment, emulator):
    line = shlex.join([*COMMAND, *COLLECT, "--endpoint-url", emulator.endpoint_url, "--output"])
    with anyio.fail_after(GUARD):
        ended = await anyio.run_process(["bash", "-c", f"{line} >(wc -l) | cat"], env=environment, check=False)
    assert ended.stderr.decode() == ""
    assert ended.stdout.strip().isdigit()
    assert int(ended.stdout) > 0
