"""The command as a process, and its texts held against the installed botocore."""

from __future__ import annotations

import gzip
import json
import re
from importlib.resources import files

import anyio
import attrs
import pytest
from aiopartnercentral.cli.describing import describe, entries
from aiopartnercentral.cli.documentation import Texts, installed
from aiopartnercentral.cli.layout import lay_out, line
from rich.cells import cell_len

from aiopartnercentral.account import operations
from aiopartnercentral.cli import api, sheet
from tests.cli.processes import LIVE, PYTHON, Ended, seen, terminal

pytestmark = pytest.mark.anyio

API = api.load()
NAMES = [*API.operations, *API.shapes]
SERVICE = operations.SERVICE
# However narrow the terminal: the deepest indent, and what stands there at least.
NARROWEST = 6 + 10


@pytest.fixture(scope="module")
def botocore_model():
    """Return what the installed botocore says, whose words no test may repeat."""
    folder = files("botocore") / "data" / SERVICE.name / SERVICE.api_version
    packed, unpacked = folder / "service-2.json.gz", folder / "service-2.json"
    if packed.is_file():
        return json.loads(gzip.decompress(packed.read_bytes()))
    if unpacked.is_file():
        return json.loads(unpacked.read_bytes())
    pytest.skip("the installed botocore does not have the service")


def words(text):
    return text.split()


def without_tags(html):
    return words(re.sub(r"<[^>]*>", "", html))


@pytest.mark.parametrize("width", [None, 200, 60, 5])
def test_every_sheet_has_all_members_and_words_whatever_the_room(width):
    texts = installed(SERVICE.name, SERVICE.api_version)
    for name in NAMES:
        facts = describe(API, name)
        text = sheet.sheet_text(facts, texts, docs=True, width=width)
        plain = LIVE.sub(b"", text.encode()).decode()
        assert words(plain) == words(sheet.sheet_text(facts, texts, docs=True, width=None))
        assert facts.reference in plain.split()
        for broken in plain.splitlines():
            assert width is None or cell_len(broken) <= max(width, NARROWEST) or len(broken.split()) == 1, broken


async def test_an_operation_in_a_pipe(run, botocore_model):
    ended = await run("describe", "list-connections", FORCE_COLOR="1", COLUMNS="20")
    assert (ended.code, ended.err) == (0, "")
    out = ended.out.decode()
    assert "\x1b" not in out
    lines = out.splitlines()
    assert lines[:4] == [
        "ListConnections: operation",
        "Python: client.list_connections",
        "paginator: client.paginate.list_connections",
        "reference: https://docs.aws.amazon.com/goto/WebAPI/partnercentral-account-2025-04-04/ListConnections",
    ]
    assert without_tags(botocore_model["operations"]["ListConnections"]["documentation"]) == words(lines[5])
    assert "It only reads, and so is idempotent." in lines
    assert any(
        line.startswith("It is paginated, over any number of catalogs: NextToken of an answer") for line in lines
    )
    assert "  connection_summaries: list[ConnectionSummary], required" in lines
    assert "    MaxResults on the wire, type MaxResults, 1 to 100" in lines
    assert lines[-4:] == [f"  {error.__name__}" for error in operations.LIST_CONNECTIONS.errors]
    member = botocore_model["shapes"]["ListConnectionsRequest"]["members"]["Catalog"]["documentation"]
    assert " ".join(without_tags(member)) not in out
    told = (await run("describe", "ListConnections", "--docs")).out.decode()
    assert f"    {' '.join(without_tags(member))}\n" in told


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("connection-type", ["ConnectionType: enum", "values", "  SUBSIDIARY"]),
        ("participant", ["Participant: tagged union", "one of", "  ParticipantAccount(AccountSummary)"]),
        ("ThrottlingException", ["ThrottlingException: error", "  service_code: str, optional"]),
        ("ConnectionId", ["ConnectionId: string", "Python: str", "constraints", "  pattern pac-[A-Za-z0-9]{13}"]),
        ("legal_name", ["LegalName: string", "constraints"]),
        ("max_results", ["MaxResults: integer", "Python: int", "  1 to 100"]),
        ("CountryCode", ["  exactly 2 characters, pattern [A-Z]{2}"]),
        ("TagKeyList", ["Python: list[str]", "  0 to 50 entries", "entries", "  TagKey"]),
        ("ConnectionTypeDetailMap", ["Python: dict[ConnectionType, ConnectionTypeDetail]", "keys and values"]),
        ("CreatePartner", ["It does not only read, and is idempotent.", "It is not paginated."]),
        ("SendEmailVerificationCode", ["  no members"]),
    ],
)
async def test_what_is_said_of_each_kind(run, name, lines):
    ended = await run("describe", name)
    assert (ended.code, ended.err) == (0, "")
    assert set(lines) <= set(ended.out.decode().splitlines())


async def test_sensitive_and_generated_members_are_marked(run):
    out = (await run("describe", "create-partner")).out.decode()
    members = dict(re.findall(r"^  (\w+): .*\n    (.*)$", out, re.MULTILINE))
    assert members["legal_name"].endswith(", sensitive")
    assert members["client_token"].endswith(", generated if omitted")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ListConection", "ListConnections"), ("list-conections", "ListConnections"), ("Throttling", "ThrottlingExc")],
)
async def test_an_unknown_name_is_one_line_with_what_is_near(run, typed, meant):
    ended = await run("describe", typed, "--format", "json")
    assert (ended.code, ended.out) == (2, b"")
    assert ended.complaint.startswith(f"aiopartnercentral: there is no operation or type {typed!r}: did you mean ")
    assert meant in ended.complaint


@pytest.mark.parametrize("typed", ["", "--", "zzzzzzzzzz", "\x1b[31mred\nsecond", "x" * 5000])
async def test_a_name_that_is_near_nothing_is_one_line(run, typed):
    ended = await run("describe", "--", typed)
    assert (ended.code, ended.out) == (2, b"")
    assert "there is no operation or type" in ended.complaint
    assert "\x1b" not in ended.complaint
    assert len(ended.complaint) < 700


async def test_members_texts_of_no_name_are_a_usage_error(run):
    ended = await run("describe", "--docs")
    assert (ended.code, ended.out) == (2, b"")
    assert "it needs NAME" in ended.err


async def test_without_a_name_everything_is_listed_by_kind(run):
    ended = await run("describe")
    assert (ended.code, ended.err) == (0, "")
    assert b"\x1b" not in ended.out
    groups = [group.splitlines() for group in ended.out.decode().split("\n\n")]
    assert [group[0].split("  ")[0] for group in groups] == list(dict.fromkeys(entry.kind for entry in entries(API)))
    rows = [row.split() for group in groups for row in group[1:]]
    assert sorted(row[0] for row in rows) == sorted(NAMES)
    assert ["ListPartners", "client.list_partners", "paginated"] in rows
    listed = json.loads((await run("describe", "--format", "json")).out)
    assert [entry["name"] for entry in listed] == [row[0] for row in rows]
    assert {entry["name"] for entry in listed if entry["paginated"]} == set(API.paginators)


async def test_the_same_as_json(run, botocore_model):
    ended = await run("describe", "ListConnections", "--format", "json", "--docs")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    facts = json.loads(json.dumps(attrs.asdict(describe(API, "ListConnections"))))
    for body in ("request", "response"):
        members = botocore_model["shapes"][found[body]["name"]]["members"]
        for member in found[body]["members"]:
            text = member.pop("documentation")
            assert words(text) == without_tags(members[member["wire_name"]]["documentation"])
    text = found.pop("documentation")
    assert words(text) == without_tags(botocore_model["operations"]["ListConnections"]["documentation"])
    assert found == facts
    short = json.loads((await run("describe", "ListConnections", "--format", "json")).out)
    assert short == {**facts, "documentation": text}
    assert "documentation" not in json.loads((await run("describe", "ConnectionId", "--format", "json")).out)


async def test_what_botocore_has_no_text_about(run):
    ended = await run("describe", "ConnectionType")
    assert ended.code == 0
    assert re.search(
        r"^\(the installed botocore \S+ has no text about ConnectionType\)$", ended.out.decode(), re.MULTILINE
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({}, "has no service partnercentral-account"),
        ({"2001-01-01/service-2.json": b"{}"}, "has partnercentral-account, but not its version 2025-04-04"),
        ({"2025-04-04/service-2.json": b"{}"}, "has no text about ListConnections"),
        ({"2025-04-04/service-2.json": b"no json"}, "has a model of partnercentral-account that cannot be read"),
        ({"2025-04-04/service-2.json.gz": b"no gzip"}, "has a model of partnercentral-account that cannot be read"),
        ({"2025-04-04/service-2.json.gz": gzip.compress(b"{}" * 9, mtime=0)[:-9]}, "that cannot be read"),
    ],
)
async def test_a_botocore_without_the_texts_is_one_line_and_the_rest_is_there(
    environment, tmp_path, content, complaint
):
    for name, data in content.items():
        place = tmp_path / "data" / SERVICE.name / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)

    async def told(*arguments):
        code = (
            "import importlib.resources as resources, pathlib, sys\n"
            f"resources.files = lambda package: pathlib.Path({str(tmp_path)!r})\n"
            f"sys.argv[1:] = ['describe', 'ListConnections', *{arguments!r}]\n"
            "from aiopartnercentral.cli import main; sys.exit(main())"
        )
        done = await anyio.run_process([*PYTHON, "-c", code], env=environment, check=False)
        return Ended(done.returncode, done.stdout, done.stderr.decode())

    ended = await told("--docs")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.decode().splitlines()
    (missing,) = [line for line in lines if line.startswith("(the installed botocore ")]
    assert missing.endswith(f"{complaint})")
    facts = describe(API, "ListConnections")
    assert (
        lines == sheet.sheet_text(facts, Texts(source="", missing=missing[1:-1]), docs=False, width=None).splitlines()
    )
    as_json = await told("--docs", "--format", "json")
    assert json.loads(as_json.out) == json.loads(json.dumps(attrs.asdict(facts)))


def test_a_members_text_may_be_that_of_its_type():
    shapes = {"A": {"members": {"B": {"shape": "C"}, "D": {"shape": "E"}}}, "C": {"documentation": "<p>of C</p>"}}
    texts = Texts(source="", model={"shapes": shapes})
    assert [block.text for block in texts.of_member("A", "B")] == ["of C"]
    assert texts.of_member("A", "D") == texts.of_member("X", "Y") == texts.of("X") == []


@pytest.mark.parametrize("columns", [30, 80])
async def test_on_a_terminal_it_fits_and_says_the_same(run, started, environment, columns):
    piped = await run("describe", "get-partner", "--docs")
    with terminal(environment, columns) as (ours, theirs):
        async with started("describe", "get-partner", "--docs", stdout=theirs) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    assert b"\x1b[1mGetPartner\x1b[0m" in shown
    plain = LIVE.sub(b"", shown).decode()
    assert words(plain) == words(piped.out.decode())
    assert plain.count("\n") > piped.out.count(b"\n")
    for row in plain.splitlines():
        assert cell_len(row) <= columns or len(row.split()) == 1, row


def test_nothing_in_a_line_can_steer_the_terminal():
    assert lay_out([line("\x1b[31mred", ("\u009b", "bold"))], width=None) == "\\x1b[31mred\\x9b\n"
