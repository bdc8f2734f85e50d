"""`collect --dry-run` tries the sources and listings of the command as `check` does, and writes nothing."""

from __future__ import annotations

import re

import anyio
import pytest

from aiopartnercentral.emulator import Emulator
from tests.cli.service import connection, page, serving, sources_file

pytestmark = pytest.mark.anyio

HEAD = r"source +account +result +fixed by +seconds"


def lines(ended):
    """Return the lines of the table, each with one space between its cells and without the time."""
    return [re.sub(r" \d+\.\d\d$", "", re.sub(" +", " ", line)) for line in ended.out.decode().splitlines()]


async def test_it_says_what_check_says_and_writes_nothing(run, emulator, tmp_path):
    url = emulator.endpoint_url
    file = sources_file(tmp_path / "partners.toml", {"acme": url}, ["AWS", "Denied"])
    (tmp_path / "out").mkdir()
    files = ("--output", tmp_path / "out" / "{label}.csv", "--report", tmp_path / "run.json")
    others = ("--checkpoint", tmp_path / "run.checkpoint", "--malformed", tmp_path / "bad.ndjson")
    before = sorted(tmp_path.rglob("*"))
    tried = await run("collect", "list-connections", "--sources", file, *files, *others, "--dry-run")
    checked = await run("check", file)
    assert (tried.code, checked.code, tried.err, checked.err) == (1, 1, "", "")
    without_id = [re.sub("[0-9a-f-]{36}", "", line) for line in lines(tried)]
    assert without_id == [re.sub("[0-9a-f-]{36}", "", line) for line in lines(checked)]
    assert without_id[-1] == "1 of 2 ok"
    assert sorted(tmp_path.rglob("*")) == before


async def test_the_request_has_the_filters_of_the_command_and_asks_for_one_item(run):
    asked = []

    def answer(operation, sent):
        asked.append((operation, sent))
        return page([connection(1)], "more")

    async with serving(answer) as url:
        given = ("--connection-type", "SUBSIDIARY", "--page-size", "50", "--max-items", "500", "--catalog", "AWS")
        ended = await run("collect", "list-connections", *given, "--endpoint-url", url, "--dry-run")
    assert (ended.code, lines(ended)[-1]) == (0, "1 of 1 ok")
    assert asked == [
        ("ListConnections", {"Catalog": "AWS", "ConnectionType": "SUBSIDIARY", "MaxResults": 1}),
    ]


async def test_listings_below_another_are_tried_for_one_parent(run):
    async with Emulator({"AWS": 30}) as emulator:
        command = ("list-engagements", "list-engagement-members", "--identifier", "each:list-engagements.id")
        detail = ("list-opportunities", "get-opportunity", "--identifier", "each:list-opportunities.id")
        place = ("--catalog", "AWS", "--endpoint-url", emulator.endpoint_url)
        ended = await run("collect", *command, *detail, *place, "--dry-run")
        sent = [each.operation for each in emulator.requests]
    assert (ended.code, lines(ended)[-1]) == (0, "4 of 4 ok")
    assert sent.count("ListEngagementMembers") == sent.count("GetOpportunity") == 1


async def test_an_error_that_the_run_would_ignore_does_not_fail_it(run, emulator):
    place = ("--catalog", "AWS", "--catalog", "Denied", "--endpoint-url", emulator.endpoint_url)
    ended = await run("collect", "list-connections", *place, "--dry-run", "--ignore-errors", "AccessDeniedException")
    assert ended.code == 0
    assert "Denied default access denied, ignored the account's administrator" in lines(ended)
    assert lines(ended)[-2].startswith("skipped: Denied: AccessDeniedException: ")
    assert lines(ended)[-1] == "1 of 2 ok, 1 ignored"


async def test_a_source_that_does_not_answer_ends_it_after_ten_seconds(run):
    async def answer(_operation, _sent):
        await anyio.sleep_forever()

    async with serving(answer) as url:
        ended = await run("collect", "list-connections", "--catalog", "AWS", "--endpoint-url", url, "--dry-run")
    assert ended.code == 1
    assert f"error: AWS: {url} did not answer within 10 s: " in ended.out.decode()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--output", "{directory}/missing/x.csv"), "{directory}/missing"),
        (("--format", "parquet"), "--format parquet needs --output and a file"),
        (("--since", "{directory}/missing.json"), "cannot read {directory}/missing.json"),
    ],
)
async def test_options_and_files_are_checked_first(run, emulator, tmp_path, given, message):
    given = [each.format(directory=tmp_path) for each in given]
    place = ("--catalog", "AWS", "--endpoint-url", emulator.endpoint_url)
    ended = await run("collect", "list-connections", *place, *given, "--dry-run")
    assert (ended.code, ended.out) == (2, b"")
    assert message.format(directory=tmp_path) in ended.complaint
    assert not emulator.requests
