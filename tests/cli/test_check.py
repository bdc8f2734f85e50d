"""`check` tries each source of a file, and tells what to do about those that fail."""

from __future__ import annotations

import json
import os
import re
import signal

import anyio
import anyio.to_thread
import pytest

from aiopartnercentral.cli.messages import explain
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import TimeExceededError
from tests.cli.processes import LIVE, everything, seen, terminal
from tests.cli.service import connection, page, serving, sources_file

pytestmark = pytest.mark.anyio


@pytest.fixture
def sources(emulator, tmp_path):
    """Return the path of a file with a source of each kind of outcome."""
    unreachable, url = "http://127.0.0.1:9", emulator.endpoint_url
    tables = [
        f'catalogs = ["AWS", "Sandbox", "Denied"]\nendpoint_url = "{url}"\nlabel = "good {{catalog}}"',
        f'catalogs = ["AWS"]\nendpoint_url = "{unreachable}"\nlabel = "unreachable"',
        'catalogs = ["AWS"]\nprofile = "missing"\nlabel = "no profile"',
    ]
    file = tmp_path / "partners.toml"
    file.write_text("".join(f"[[source]]\n{table}\n" for table in tables))
    return file


async def test_each_source_has_its_result_and_nothing_is_written(run, emulator, sources, tmp_path):
    before = sorted(tmp_path.iterdir())
    ended = await run("check", sources)
    assert (ended.code, ended.err) == (1, "")
    lines = ended.out.decode().splitlines()
    results = {line[:14].strip(): line[14:] for line in lines[1:6]}
    assert "ok" in results["good AWS"]
    assert "ok" in results["good Sandbox"]
    assert "access denied" in results["good Denied"]
    assert "the account's administrator" in results["good Denied"]
    assert "network" in results["unreachable"]
    assert "no valid credentials" in results["no profile"]
    assert lines[-1] == "2 of 5 ok"
    assert "error: no profile: there is no profile 'missing': check its name" in lines
    assert any(line.startswith("access denied: 1 source (good Denied); the account's administrator") for line in lines)
    assert sorted(tmp_path.iterdir()) == before
    sent = [each for each in emulator.requests if each.operation == "ListConnections"]
    assert sorted(each.catalog for each in sent) == ["AWS", "Denied", "Sandbox"]


async def test_results_for_programs_and_a_request_for_each_listing(run, emulator, sources):
    sources.write_text(
        f'[[source]]\ncatalogs = ["AWS", "Denied"]\nendpoint_url = "{emulator.endpoint_url}"\nlabel = "{{catalog}}"\n'
    )
    ended = await run("check", sources, "list-connections", "list-opportunities", "--format", "json")
    assert (ended.code, ended.err) == (1, "")
    content = json.loads(ended.out)
    assert content["ok"] is False
    by_name = {(each["label"], each["operation"]): each for each in content["sources"]}
    assert len(by_name) == 4
    good = by_name["AWS", "ListOpportunities"]
    assert (good["ok"], good["cause"], good["next_step"], good["message"]) == (True, None, None, None)
    bad = by_name["Denied", "ListConnections"]
    assert (bad["ok"], bad["cause"], bad["fixed_by"]) == (False, "access denied", "the account's administrator")
    assert bad["next_step"] == "allow the operation on the catalog"
    assert bad["message"].startswith("AccessDeniedException: the caller's policy must allow ListConnections")
    assert bad["request_id"]


async def test_all_good(run, sources):
    async with Emulator({"AWS": 1}) as emulator:
        sources.write_text(f'[[source]]\ncatalogs = ["AWS"]\nendpoint_url = "{emulator.endpoint_url}"\n')
        ended = await run("check", sources)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith(b"1 of 1 ok\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no-listing"], "no-listing is not a listing of a catalog: collect --help lists them"),
        (["get-opportunity"], "get-opportunity is not a listing of a catalog: collect --help lists them"),
        (
            ["list-engagement-members"],
            "list_engagement_members() needs identifier: only listings without required filters can be checked",
        ),
    ],
)
async def test_wrong_listings(run, sources, arguments, message):
    ended = await run("check", sources, *arguments)
    assert ended.code == 2
    assert ended.complaint == f"aiopartnercentral: {message}\n"


def test_wrong_files(run_here, tmp_path):
    missing = tmp_path / "missing.toml"
    assert (
        run_here("check", missing).complaint == f"aiopartnercentral: cannot read {missing}: No such file or directory\n"
    )
    missing.write_text("[[source]]\nregoin = 'x'\n")
    ended = run_here("check", missing)
    assert ended.code == 2
    assert "source 1: regoin: unknown key" in ended.complaint


@pytest.mark.parametrize("columns", [60, 100, 200])
async def test_the_table_fits_the_terminal(started, environment, sources, columns):
    with terminal(environment, columns) as (ours, theirs):
        async with started("check", sources, stdout=theirs) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 1
    lines = LIVE.sub(b"", shown).decode().splitlines()
    assert all(len(line) <= columns for line in lines[:6])
    assert lines[-1] == "2 of 5 ok"


async def test_a_source_that_does_not_answer_is_named_with_the_time_and_asked_once(run, tmp_path):
    asked = []

    async def answer(_operation, sent):
        asked.append(sent["Catalog"])
        if sent["Catalog"] == "Sandbox":
            await anyio.sleep_forever()
        return page([connection(1)])

    async with serving(answer) as url:
        file = sources_file(tmp_path / "partners.toml", {"acme": url})
        ended = await run("check", file, "--timeout", "2")
        as_json = await run("check", file, "--timeout", "2", "--format", "json")
    assert (ended.code, ended.err, as_json.code) == (1, "", 1)
    said = f"{url} did not answer within 2 s: check the network, the proxy and the address, or try again later"
    lines = ended.out.decode().splitlines()
    assert lines[-2:] == [f"error: acme/Sandbox: {said}", "1 of 2 ok"]
    assert re.match("acme/Sandbox +acme +network +you or your network's administrator ", lines[2])
    assert json.loads(as_json.out)["sources"][1]["message"] == said
    assert sorted(asked) == ["AWS", "AWS", "Sandbox", "Sandbox"]


async def test_credentials_that_do_not_come_are_named(run, tmp_path):
    config, file = tmp_path / "config", tmp_path / "partners.toml"
    config.write_text("[profile slow]\ncredential_process = sleep 600\n")
    file.write_text('[[source]]\ncatalogs = ["AWS"]\nprofile = "slow"\nendpoint_url = "http://127.0.0.1:9"\n')
    ended = await run("check", file, "--timeout", "2", "--format", "json", AWS_CONFIG_FILE=str(config))
    (found,) = json.loads(ended.out)["sources"]
    assert (ended.code, found["cause"]) == (1, "network")
    assert found["message"] == "profile slow: credential_process: time limit exceeded: timeout = 2 s"


async def test_a_source_that_answers_with_a_passing_error_is_asked_again(run, tmp_path):
    answers = iter([(503, b"{}"), (400, b'{"__type": "ThrottlingException"}'), page([connection(1)])])
    async with serving(lambda _operation, _sent: next(answers)) as url:
        file = sources_file(tmp_path / "partners.toml", {"acme": url}, ["AWS"])
        ended = await run("check", file, "--timeout", "60")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, b"1 of 1 ok")


async def test_sources_are_tried_at_the_same_time(run, tmp_path):
    waiting, every = 0, anyio.Event()

    async def answer(_operation, _sent):
        nonlocal waiting
        waiting += 1
        if waiting == 40:
            every.set()
        await every.wait()
        return page([connection(1)])

    async with serving(answer) as url:
        file = sources_file(tmp_path / "partners.toml", {"acme": url, "ajax": url}, [f"C{n}" for n in range(20)])
        ended = await run("check", file, "--rate", "10000", "--timeout", "30")
    assert (ended.code, ended.out.splitlines()[-1]) == (0, b"40 of 40 ok")


def test_an_answer_that_needed_several_attempts_is_not_called_none():
    error = TimeExceededError(3.0, "timeout", 2, "https://partners.example")
    assert explain(error) == (
        "https://partners.example gave no usable answer within 3 s, to 2 attempts: try again later"
    )
    assert explain(TimeExceededError(3.0, "run_seconds")) == "time limit exceeded: run_seconds = 3 s"


@pytest.mark.parametrize("timeout", ["0", "-1", "nan", "x"])
def test_a_wrong_timeout(run_here, tmp_path, timeout):
    ended = run_here("check", tmp_path / "partners.toml", "--timeout", timeout)
    assert ended.code == 2
    assert "Invalid value for '--timeout'" in ended.err


@pytest.mark.parametrize("style", ["table", "json"])
async def test_a_signal_shows_which_sources_were_checked(started, tmp_path, style):
    async def answer(_operation, sent):
        if sent["Catalog"] == "Sandbox":
            await anyio.sleep_forever()
        return page([connection(1)], "more")

    async with serving(answer) as url:
        file = sources_file(tmp_path / "partners.toml", {"acme": url})
        async with started("check", file, "-vv", "--format", style) as process:
            err = b""
            while b"acme/AWS list_connections: limited" not in err:
                err += await process.stderr.receive()
            process.send_signal(signal.SIGINT)
            out = (await everything(process.stdout)).decode()
            err += await everything(process.stderr)
            assert await process.wait() == 130
    assert err.endswith(b"aiopartnercentral: stopped by SIGINT\n")
    lines = [" ".join(line.split()[:4]) for line in out.splitlines()]
    expected = [
        "source account result fixed",
        "acme/AWS acme ok 0",
        "acme/Sandbox acme not checked",
        "1 of 2 ok,",
    ]
    assert [re.sub(r" \d\.\d+$", " 0", line) for line in lines] == (expected if style == "table" else [])


@pytest.mark.parametrize("command", ["check", "dry run"])
async def test_a_terminal_shows_how_many_sources_were_tried_and_what_is_waited_for(
    started, environment, tmp_path, command
):
    shown, go_on = b"", anyio.Event()
    expected = (b"1 of 2 sources tried in 0:00:", b"acme/Sandbox: no answer for 0:00:")

    async def answer(_operation, sent):
        if sent["Catalog"] == "Sandbox":
            await go_on.wait()
        return page([connection(1)], "more")

    async with serving(answer) as url:
        file = sources_file(tmp_path / "partners.toml", {"acme": url})
        arguments = ("check", file) if command == "check" else ("collect", "list-connections", "--sources", file)
        dry_run = () if command == "check" else ("--dry-run",)
        with terminal(environment) as (ours, theirs):
            async with started(*arguments, *dry_run, "--timeout", "50", stderr=theirs) as process:
                while not all(line in shown for line in expected):
                    shown += await anyio.to_thread.run_sync(os.read, ours, 65536)
                go_on.set()
                rest = await seen(ours, theirs)
                out = await everything(process.stdout)
                assert await process.wait() == 0
    assert out.splitlines()[-1] == b"2 of 2 ok"
    assert b"page" not in shown
    assert b"\x1b[?25h" in rest  # the cursor is shown again


async def test_elsewhere_a_check_shows_no_progress(run, emulator, tmp_path):
    file = sources_file(tmp_path / "partners.toml", {"acme": emulator.endpoint_url})
    ended = await run("check", file)
    assert (ended.code, ended.err) == (0, "")
