"""`check` tries each source of a file, and tells what to do about those that fail."""

from __future__ import annotations

import json
import re
import signal

import anyio
import pytest

from aiopartnercentral.emulator import Emulator
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
