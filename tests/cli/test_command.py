"""What can be typed, and what it costs to ask."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import get_args

import anyio
import attrs
import pytest

import aiopartnercentral
from aiopartnercentral.account import operations, structures
from aiopartnercentral.account.client import Paginate
from aiopartnercentral.cli import subcommands
from aiopartnercentral.types import Operation, Pagination
from tests.cli.processes import COMMAND, PYTHON

pytestmark = pytest.mark.anyio


async def python(code, environment):
    return await anyio.run_process([*PYTHON, "-c", code], env=environment, check=False)


async def test_version(run):
    ended = await run("--version")
    assert (ended.code, ended.out.decode()) == (0, f"aiopartnercentral {aiopartnercentral.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["-h"], ["--version"], ["demo", "--help"], ["emulator", "--help"], ["describe", "--help"]],
)
async def test_help_is_quick_because_nothing_heavy_is_imported(environment, arguments):
    code = (
        f"import sys; sys.argv[1:] = {arguments!r}\n"
        "from aiopartnercentral.cli import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        "heavy = {'botocore', 'aiobotocore', 'aiohttp', 'cattrs', 'msgspec', 'anyio'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    ended = await python(code, environment)
    assert ended.returncode == 0, ended.stderr.decode()


@pytest.mark.parametrize("package", ["typer", "rich", "aiohttp"])
async def test_without_the_extra_there_is_one_line(environment, package):
    code = (
        f"import sys; sys.modules[{package!r}] = None; sys.argv[1:] = ['demo']\n"
        "from aiopartnercentral.cli import main; sys.exit(main())"
    )
    ended = await python(code, environment)
    assert ended.returncode == 2
    assert ended.stdout == b""
    hint = f"this needs {package}: pip install aiohttp jinja2 rich typer (the extra 'cli' of aiopartnercentral)"
    assert ended.stderr.decode() == f"aiopartnercentral: {hint}\n"


async def test_help_to_a_reader_that_goes_away(environment):
    ended = await anyio.run_process(
        ["sh", "-c", '"$@" --help | true', "sh", *PYTHON, "-m", "aiopartnercentral"],
        env=environment, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["collect", "list-connections", "--help"]])
async def test_help_to_a_disk_that_is_full(environment, arguments):
    async with await anyio.open_file("/dev/full", "wb") as full:
        ended = await anyio.run_process([*COMMAND, *arguments], env=environment, stdout=full, check=False)
    line = b"aiopartnercentral: cannot write standard output: No space left on device\n"
    assert (ended.returncode, ended.stderr) == (1, line)


@pytest.mark.parametrize("arguments", [["--help"], ["collect", "--help"]])
async def test_no_summary_is_cut_off(run, arguments):
    ended = await run(*arguments)
    assert ended.code == 0
    assert "..." not in ended.out.decode().partition("Commands:")[2]


@pytest.mark.parametrize(
    ("arguments", "meant"), [(["colect"], "'collect'"), (["collect", "list-conections"], "'list-connections'")]
)
async def test_a_misspelt_command_is_recognised(run, arguments, meant):
    ended = await run(*arguments)
    assert ended.code == 2
    assert f"Did you mean {meant}" in ended.err


@pytest.mark.parametrize(
    "command", ["demo", "describe", "emulator", *(f"collect {one.command}" for one in subcommands.subcommands())]
)
async def test_help_names_values_alike(run, command):
    ended = await run(*command.split(), "--help")
    values = re.findall(r"^  --[a-z-]+ ([^\s<]+)", ended.out.decode(), re.MULTILINE)
    assert set(values) <= {
        "NAME",
        "NAME,...",
        "NAME=NUMBER",
        "NUMBER",
        "SECONDS",
        "DURATION",
        "URL",
        "FILE",
        "ID",
        "CODE",
        "/",
    }


async def test_every_paginated_operation_has_its_command_and_words_of_its_own(run):
    methods = {name for name in vars(Paginate) if not name.startswith("_")}
    found = {listing.method: listing for listing in subcommands.subcommands()}
    assert set(found) == methods == set(subcommands._SUMMARIES)
    filters = {(listing.method, name) for listing in found.values() for name in listing.filters}
    assert {name for _, name in filters} == {key for key in subcommands._FILTERS if "(" not in key}
    assert {f"{method}({name})" for method, name in filters} >= {key for key in subcommands._FILTERS if "(" in key}
    ended = await run("collect", "--help")
    assert ended.code == 0
    for listing in found.values():
        assert listing.command in ended.out.decode()


@attrs.frozen(kw_only=True)
class ListThingsRequest:
    catalog: str
    colour: str
    limit: int | None = None
    flags: list[bool] | None = None
    next_token: str | None = None


@pytest.fixture
def further(monkeypatch):
    """Add a paginated operation to the generated package, as a newer model would."""

    def add(request):
        operation = Operation(
            name="ListConnections", classes=lambda: (request, structures.ListConnectionsResponse),
            errors=(), readonly=True, idempotent=True,
        )  # fmt: skip
        pagination = Pagination(
            operation=operation,
            method="list_connections",
            catalog="catalog",
            token="next_token",
            item=lambda: object,
            items=list,
            next_token=str,
            result_key="Things",
            output_token="NextToken",
        )
        monkeypatch.setattr(operations, "SERVICE", attrs.evolve(operations.SERVICE, paginations=(pagination,)))

    return add


def test_a_further_listing_gets_its_options_from_its_request(further):
    further(ListThingsRequest)
    listing = next(one for one in subcommands.subcommands() if one.method == "list_connections")
    assert listing.page_size is None
    kinds = {name: get_args(hint)[0] for name, hint in listing.filters.items()}
    assert kinds == {"colour": str, "limit": int | None, "flags": list[bool] | None}
    options = {name: get_args(hint)[1] for name, hint in listing.filters.items()}
    assert options["flags"].default == "--flag"
    assert options["colour"].help == "Value of colour in the request."


def test_a_filter_without_an_option_is_a_clear_error(further):
    @attrs.frozen(kw_only=True)
    class Request(ListThingsRequest):
        colour: dict[str, str]

    Request.__annotations__["colour"] = dict[str, str]
    further(Request)
    with pytest.raises(TypeError, match=r"list_connections\(colour\)"):
        subcommands.subcommands()


def test_the_most_important_command_comes_first(run_here):
    commands = run_here("--help").out.decode().partition("Commands:\n")[2]
    assert commands.split()[0] == "collect"


@pytest.mark.parametrize("command", ["", "collect", "collect list-partners", "demo", "emulator", "describe"])
def test_each_help_has_an_example_that_is_accepted(run_here, command):
    shown = run_here(*command.split(), "--help").out.decode()
    examples = re.findall(r"^    (aiopartnercentral .*)$", shown, re.MULTILINE)
    assert examples
    for example in examples:
        # Help is eager: it is printed once everything before it is known.
        ended = run_here(*shlex.split(example)[1:], "--help")
        assert (ended.code, ended.err) == (0, "")


def test_the_help_of_a_listing_groups_its_options_and_has_the_words_that_users_search(run_here):
    shown = run_here("collect", "list-connections", "--help").out.decode()
    groups = re.findall(r"^(\S.*):\n  -", shown, re.MULTILINE)
    assert groups == [
        *("What to collect", "From where", "Output", "Resume", "Limits and retries", "Errors"),
        *("Progress and reports", "Options"),
    ]
    words = " ".join(shown.split())
    for word in ("resume", "retried", "backoff", "throttled", "Save progress", "atomically", "concurrent", "crash"):
        assert word in words
