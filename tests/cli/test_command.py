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
from aiopartnercentral._utils import model_data
from aiopartnercentral.account import operations, structures
from aiopartnercentral.cli import services, subcommands
from aiopartnercentral.cli.options import SHARED, switch_of
from aiopartnercentral.types import Operation, Pagination
from tests.cli.processes import COMMAND, PYTHON
from tests.support.services import NAMES, SIBLINGS, package

pytestmark = pytest.mark.anyio

COMMANDS = ["demo", "describe", "emulator", "emulator-set", "write"]
LISTINGS = [(service, command) for service, found in services.summaries().items() for command in found]


async def python(code, environment):
    return await anyio.run_process([*PYTHON, "-c", code], env=environment, check=False)


async def test_version(run):
    ended = await run("--version")
    assert (ended.code, ended.out.decode()) == (0, f"aiopartnercentral {aiopartnercentral.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["-h"],
        ["--version"],
        ["collect", "--help"],
        ["demo", "--help"],
        ["emulator", "--help"],
        ["emulator-set", "--help"],
        ["describe", "--help"],
        ["write", "--help"],
    ],
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
    usage, _, rest = ended.out.decode().partition("\n\n")
    assert usage.startswith("Usage: ")
    assert not [line for line in rest.splitlines() if line.endswith("...")]


async def test_a_misspelt_command_is_recognised(run):
    ended = await run("colect")
    assert ended.code == 2
    # Versions of typer and click differ in how they suggest several.
    assert "'collect'" in ended.err.partition("Did you mean ")[2]


@pytest.mark.parametrize(
    ("listings", "complaint"),
    [
        (["list-conections"], "No such listing 'list-conections' (did you mean 'list-connections'?): see `collect --"),
        (["list-partners", "--catalog", "AWS", "list_conections"], "No such listing 'list_conections' (did you mean "),
        (["qqqq"], "No such listing 'qqqq': see `collect --help`."),
    ],
)
def test_a_misspelt_listing_is_recognised(run_here, listings, complaint):
    ended = run_here("collect", *listings, COLUMNS="1000")
    assert ended.code == 2
    assert f"Error: {complaint}" in ended.err


def test_an_option_where_a_listing_belongs_is_refused(run_here):
    ended = run_here("collect", "--catalogg", "AWS")
    assert (ended.code, "Error: No such option" in ended.err) == (2, True)


@pytest.mark.parametrize(
    "command",
    ["demo", "describe", "emulator", "emulator-set", "write", *(f"collect {command}" for _, command in LISTINGS)],
)
def test_help_names_values_alike(run_here, command):
    ended = run_here(*command.split(), "--help")
    values = re.findall(r"^  --[a-z0-9-]+ ([^\s<\[]+)", ended.out.decode(), re.MULTILINE)
    assert set(values) <= {
        "NAME",
        "NAME,...",
        "NAME=NUMBER",
        "EMAIL=CODE",
        "NUMBER",
        "SECONDS",
        "DURATION",
        "URL",
        "FILE",
        "DIRECTORY",
        "KEY",
        "ID",
        "CODE",
        "NAME=VALUE,...",
        "TEXT",
        "TIME",
        "TIME|FILE",
        "/",
    }


@pytest.mark.parametrize("service", NAMES)
def test_every_listing_of_a_service_is_a_command_below_its_name(run_here, service):
    methods = {name for name in vars(package(service).Paginate) if not name.startswith("_")}
    commands = {name.replace("_", "-") for name in methods}
    assert set(services.summaries()[service]) == commands
    shown = run_here("collect", "--help").out.decode()
    group = shown.partition(f"Listings of {service}:\n")[2].partition("\n\n")[0]
    assert set(re.findall(r"^  (\S+)", group, re.MULTILINE)) == commands


def test_the_names_of_listings_are_unique_and_the_services_are_those_of_the_library():
    names = [command for _, command in LISTINGS]
    assert len(set(names)) == len(names)
    assert services.SERVICES == NAMES


@pytest.mark.parametrize("command", ["--help", "list-connections --help", "list-connections --catalog AWS --rate 0"])
async def test_only_the_package_of_a_listing_is_imported(environment, command):
    code = (
        f"import sys; sys.argv[1:] = ['collect', *{command.split()!r}]\n"
        "from aiopartnercentral.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"heavy = [name for name in {SIBLINGS!r} if f'aiopartnercentral.{{name}}.operations' in sys.modules]\n"
        "assert not heavy, heavy\n"
        f"assert {command == '--help'} or 'aiopartnercentral.account.operations' in sys.modules\n"
    )
    ended = await python(code, environment)
    assert ended.returncode == 0, ended.stderr.decode()


@pytest.mark.parametrize(("service", "command"), LISTINGS)
def test_each_filter_has_an_option_of_its_own(service, command):
    listing = subcommands.subcommand(service, command)
    known = package(service).Client.service
    (pagination,) = (one for one in known.paginations if one.method == listing.method)
    taken = {field.name for field in attrs.fields(pagination.operation.input)}
    paging = {pagination.catalog, pagination.token, pagination.attributes.get("page_size")}
    attributes = {pagination.attributes.get(each.name, each.name) for each in listing.filters}
    assert attributes == taken - paging
    switches = [get_args(each.option)[1].default for each in listing.filters]
    others = ["--page-size", "--max-items", *map(switch_of, ("catalogs", *SHARED))]
    assert len({*switches, *others}) == len(switches) + len(others)
    assert all(re.fullmatch(r"--[a-z]+(-[a-z]+)*", switch) for switch in switches)
    assert not any(switch.endswith(("statu", "statuse")) for switch in switches)
    assert all(get_args(each.option)[1].help for each in listing.filters)


@attrs.frozen(kw_only=True)
class ListThingsRequest:
    catalog: str
    colour: str
    limit: int | None = None
    flags: list[bool] | None = None
    sizes: dict[str, int] | None = None
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
        shapes = {
            "Text": {"type": "string"},
            "Number": {"type": "integer"},
            "Flags": {"type": "list", "member": {"shape": "Flag"}},
            "Flag": {"type": "boolean"},
            "Sizes": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Number"}},
            "Request": {
                "type": "structure",
                "members": {
                    "Catalog": {"shape": "Text"},
                    "Colour": {"shape": "Text"},
                    "Limit": {"shape": "Number"},
                    "Flags": {"shape": "Flags"},
                    "Sizes": {"shape": "Sizes"},
                    "NextToken": {"shape": "Text"},
                },
            },
        }
        model = {"shapes": shapes, "operations": {"ListConnections": {"input": {"shape": "Request"}}}}
        monkeypatch.setattr(model_data, "load", lambda *_: model)

    return add


def test_a_further_listing_gets_its_options_from_its_request(further):
    further(ListThingsRequest)
    listing = subcommands.subcommand("account", "list-connections")
    assert listing.page_size is None
    assert {each.name: get_args(each.option)[0] for each in listing.filters} == {
        "colour": str,
        "limit": int | None,
        "flags": list[bool] | None,
        "sizes": str | None,
    }
    options = {each.name: get_args(each.option)[1] for each in listing.filters}
    assert options["flags"].default == "--flag"
    assert options["sizes"].help == "NAME=VALUE,... or JSON."
    assert [each.name for each in listing.filters if each.required] == ["colour"]


def test_the_most_important_command_comes_first(run_here):
    commands = run_here("--help").out.decode().partition("Collect and write:\n")[2]
    assert commands.split()[0] == "collect"


@pytest.mark.parametrize(
    "command",
    [
        "",
        "collect",
        "demo",
        "emulator",
        "emulator-set",
        "describe",
        "write",
        *(f"collect {command}" for _, command in LISTINGS),
    ],
)
def test_each_help_has_an_example_that_is_accepted(run_here, command):
    shown = run_here(*command.split(), "--help").out.decode()
    examples = re.findall(r"^    (aiopartnercentral .*)$", shown, re.MULTILINE)
    assert examples
    for example in examples:
        assert "\n" not in example
        # Help is eager: it is printed once everything before it is known.
        ended = run_here(*shlex.split(example)[1:], "--help")
        assert (ended.code, ended.err) == (0, "")


def test_the_help_of_a_listing_groups_its_options_and_has_the_words_that_users_search(run_here):
    shown = run_here("collect", "list-connections", "--help").out.decode()
    groups = re.findall(r"^(\S.*):\n  -", shown, re.MULTILINE)
    assert groups == [
        *("What to collect", "From where", "Output", "Only what has changed", "Resume", "Limits and retries", "Errors"),
        *("Progress and reports", "Output and report in S3", "Options"),
    ]
    words = " ".join(shown.split())
    for word in ("resume", "retried", "backoff", "throttled", "Save progress", "atomically", "concurrent", "crash"):
        assert word in words


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("coll", {"collect"}),
        ("collect list-ca", {"list-campaigns", "list-campaign-assets"}),
        ("collect search-", {"search-campaign-templates", "search-customer-accounts", "search-engagements"}),
        ("collect list-campaigns --so", {"--sort", "--sources"}),
        ("collect list-campaigns --state ENDED list-conn", {"list-connections", "list-connection-invitations"}),
        ("collect list-campaigns list-connections --conn", {"--connection-type"}),
    ],
)
def test_names_and_options_are_completed(run_here, typed, words):
    asked = {"COMP_WORDS": f"aiopartnercentral {typed}", "COMP_CWORD": str(len(typed.split()))}
    ended = run_here(_AIOPARTNERCENTRAL_COMPLETE="complete_bash", **asked)
    assert (ended.code, ended.err) == (0, "")
    assert words <= set(ended.out.decode().split())
    assert all(word.startswith(typed.split()[-1]) for word in ended.out.decode().split())
