"""What `describe` says, held against the generated package, the pinned model and the installed botocore."""

from __future__ import annotations

import gzip
import inspect
import json
import re
from datetime import datetime
from importlib.resources import files
from typing import get_args, get_type_hints

import anyio
import attrs
import pytest
from rich.cells import cell_len

from aiopartnercentral import account
from aiopartnercentral._utils import model_data
from aiopartnercentral.account import enums, errors, operations, unions
from aiopartnercentral.account.client import Client, Paginate
from aiopartnercentral.cli import describe
from aiopartnercentral.cli.runner import CommandError
from aiopartnercentral.types import Operation
from tests.cli.processes import LIVE, PYTHON, Ended, seen, terminal

pytestmark = pytest.mark.anyio

SERVICE = operations.SERVICE
MODEL = model_data.load(SERVICE.name, SERVICE.api_version)
SHAPES = MODEL["shapes"]
# The shapes that are classes; the others show where a member has them.
TYPES = [name for name, shape in SHAPES.items() if shape["type"] == "structure" or "enum" in shape]
NAMES = [*MODEL["operations"], *TYPES]
# What `eval` turns types into: those of the package.
CLASSES = {name: getattr(account, name) for name in TYPES} | {"datetime": datetime}
# However narrow the terminal: the deepest indent, and the room for text that is always there.
NARROWEST = 4 + 10


@pytest.fixture(scope="module")
def botocore_model():
    """Return the model of the installed botocore, whose texts no test may repeat."""
    folder = files("botocore") / "data" / SERVICE.name / SERVICE.api_version
    packed, unpacked = folder / "service-2.json.gz", folder / "service-2.json"
    if packed.is_file():
        return json.loads(gzip.decompress(packed.read_bytes()))
    if unpacked.is_file():
        return json.loads(unpacked.read_bytes())
    pytest.skip("the installed botocore does not have the service")


def described(name, *, docs=False):
    return json.loads(json.dumps(describe._described(name, docs=docs)))


def words(text):
    return text.split()


def without_tags(html):
    return words(re.sub(r"<[^>]*>", "", html))


def check_members(members, shape):
    """Hold members against the model: names, what is required and sensitive, and what the service checks."""
    model = SHAPES[shape]
    assert {member["wire_name"] for member in members} == set(model["members"])
    for member in members:
        reference = model["members"][member["wire_name"]]
        target = SHAPES[reference["shape"]]
        required = member["wire_name"] in model.get("required", ()) and not reference.get("idempotencyToken")
        assert member["required"] == (required and not model.get("exception"))
        assert member["about"].startswith(f"`{member['wire_name']}` on the wire")
        assert ("generated where left out" in member["about"]) == bool(reference.get("idempotencyToken"))
        assert ("sensitive" in member["about"]) == member["sensitive"]
        if target.get("sensitive"):
            assert member["sensitive"]
        for key in ("min", "max", "pattern"):
            assert key not in target or target.get("enum") or str(target[key]) in member["about"]


def hints_of(cls):
    if attrs.has(cls):
        return get_type_hints(cls)

    return get_type_hints(
        cls.__init__, vars(errors) | {"enums": enums, "unions": unions, "Mapping": dict, "Any": object}
    )


def check_types(cls, members):
    hints = hints_of(cls)
    for member in members:
        kind = eval(member["type"], dict(CLASSES))  # noqa: S307 - types of the package
        assert hints[member["name"]] in (kind, kind | None)


@pytest.mark.parametrize("name", MODEL["operations"])
def test_every_operation_is_described_as_it_was_generated(name):
    found = described(name)
    made = {value.name: value for value in vars(operations).values() if isinstance(value, Operation)}[name]
    method = getattr(Client, found["python"].removeprefix("client."))
    assert inspect.iscoroutinefunction(method)
    assert f"`{name}`" in method.__doc__
    assert found["reference"] in method.__doc__.split()
    assert (found["readonly"], found["idempotent"]) == (made.readonly, made.readonly or made.idempotent)
    assert found["errors"] == [error.__name__ for error in made.errors]
    for role, cls in (("request", made.input), ("response", made.output)):
        assert getattr(account, found[role].removeprefix("account.")) is cls
        check_members(found[f"{role}_members"], cls.__name__)
        check_types(cls, found[f"{role}_members"])


def test_the_paginated_operations_are_those_of_the_paginator():
    made = {one.operation.name: one for one in SERVICE.paginations}
    assert {name for name in MODEL["operations"] if described(name)["paginator"]} == set(made)
    for name, pagination in made.items():
        found = described(name)
        assert found["paginator"] == f"client.paginate.{pagination.method}"
        assert f"`{name}`" in getattr(Paginate, pagination.method).__doc__
        assert found["items"] == pagination.result_key


@pytest.mark.parametrize("name", TYPES)
def test_every_type_is_described_as_it_was_generated(name):
    found = described(name)
    cls = eval(found["python"], {"account": account})  # noqa: S307 - a type of the package
    if found["kind"] == "enum":
        assert found["values"] == SHAPES[name]["enum"] == [member.value for member in cls]
    elif found["kind"] == "tagged union":
        *variants, unknown = get_args(cls)
        *members, last = found["members"]
        assert last["name"] == unknown.__name__
        assert [member["name"] for member in members] == [variant.__name__ for variant in variants]
        for variant, member in zip(variants, members, strict=True):
            check_types(variant, [member | {"name": "value"}])
        check_members(members, name)
    else:
        assert found["kind"] == ("error" if SHAPES[name].get("exception") else "structure")
        check_members(found["members"], name)
        check_types(cls, found["members"])
    if found["kind"] != "tagged union":
        assert found["reference"] in cls.__doc__


def test_every_use_is_told_at_what_is_used():
    uses = {name: set(described(name)["used_by"]) for name in TYPES}
    for operation in MODEL["operations"]:
        found = described(operation)
        for name in (found["request"][8:], found["response"][8:], *found["errors"]):
            assert operation in uses[name]
    for name in TYPES:
        for member in described(name).get("members", ()):
            for used in set(re.findall(r"\w+", member.get("type", ""))) & set(TYPES):
                assert f"{name}.{member['name']}" in uses[used]
    assert uses["ConnectionSummary"] == {"ListConnectionsResponse.connection_summaries"}
    assert uses["ListConnectionsResponse"] == {"ListConnections"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        *((each, "ListConnections") for each in ("ListConnections", "list_connections", "list-connections")),
        *((each, "ListConnections") for each in ("LISTCONNECTIONS", "client.paginate.list_connections()")),
        *((each, "ConnectionSummary") for each in ("connection_summary", "account.ConnectionSummary")),
        *((each, "Participant") for each in ("Participant", "ParticipantPartnerProfile", "participant-unknown")),
        ("throttling_exception", "ThrottlingException"),
    ],
)
def test_a_name_is_found_in_any_spelling(typed, name):
    assert describe._find(typed) == name


@pytest.mark.parametrize("typed", ["", "-", "client."])
def test_what_is_no_name_is_not_found(typed):
    with pytest.raises(CommandError):
        describe._find(typed)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_hidden_by_another(name):
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    spellings = [name, name.lower(), name.upper(), snake, snake.replace("_", "-"), describe._python(name)]
    assert {describe._find(each) for each in spellings} == {name}


@pytest.mark.parametrize("width", [None, 200, 60, 5])
def test_every_text_has_all_members_and_words_whatever_the_room(width):
    for name in NAMES:
        found = describe._described(name, docs=True)
        plain = LIVE.sub(b"", describe._laid_out(found, width).encode()).decode()
        assert words(plain) == words(describe._laid_out(found, None))
        assert found["reference"] in plain.split()
        for member in [
            *found.get("members", ()),
            *found.get("request_members", ()),
            *found.get("response_members", ()),
        ]:
            assert re.search(rf"^  {member['name']}\b", plain, re.MULTILINE)
            assert " ".join(words(member["about"])) in " ".join(words(plain))
        for broken in plain.splitlines():
            assert width is None or cell_len(broken) <= max(width, NARROWEST) or len(broken.split()) == 1, broken


async def test_an_operation_in_a_pipe(run, botocore_model):
    ended = await run("describe", "list-connections", FORCE_COLOR="1", COLUMNS="20")
    assert (ended.code, ended.err) == (0, "")
    out = ended.out.decode()
    assert "\x1b" not in out
    lines = out.splitlines()
    assert lines[:4] == [
        "name: ListConnections",
        "kind: operation",
        "python: client.list_connections",
        "reference: https://docs.aws.amazon.com/goto/WebAPI/partnercentral-account-2025-04-04/ListConnections",
    ]
    assert without_tags(botocore_model["operations"]["ListConnections"]["documentation"]) == words(lines[5])
    assert {"readonly: True", "idempotent: True", "paginator: client.paginate.list_connections"} <= set(lines)
    assert "items: ConnectionSummaries" in lines
    assert "  connection_summaries: list[ConnectionSummary], required" in lines
    assert "    `MaxResults` on the wire, 1 to 100." in lines
    assert lines[-4:] == [f"  {error.__name__}" for error in operations.LIST_CONNECTIONS.errors]
    member = botocore_model["shapes"]["ListConnectionsRequest"]["members"]["Catalog"]["documentation"]
    assert " ".join(without_tags(member)) not in out
    told = (await run("describe", "ListConnections", "--docs")).out.decode()
    assert f"    {' '.join(without_tags(member))}\n" in told


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("connection-type", ["kind: enum", "values", "  SUBSIDIARY"]),
        (
            "participant",
            ["kind: tagged union", "  ParticipantAccount: AccountSummary, optional"],
        ),
        ("ThrottlingException", ["kind: error", "  service_code: str, optional", "used by"]),
        ("CreatePartner", ["readonly: False", "idempotent: True", "paginator: none"]),
        ("SendEmailVerificationCode", ["response_members: none".replace("_", " ")]),
        ("get-connection", ["    `Identifier` on the wire, "]),
    ],
)
def test_what_is_said_of_each_kind(name, lines):
    shown = describe._laid_out(describe._described(describe._find(name), docs=False), None).splitlines()
    for line in lines:
        assert any(one == line or (line.startswith("    ") and one.startswith(line)) for one in shown), line


def test_sensitive_and_generated_members_are_marked():
    shown = describe._laid_out(describe._described("CreatePartner", docs=False), None)
    members = dict(re.findall(r"^  (\w+): .*\n    (.*)$", shown, re.MULTILINE))
    assert "sensitive" in members["legal_name"]
    assert "generated where left out" in members["client_token"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("ListConection", "ListConnections"), ("list-conections", "ListConnections"), ("Throttling", "ThrottlingExc")],
)
def test_an_unknown_name_is_one_line_with_what_is_near(run_here, typed, meant):
    ended = run_here("describe", typed, "--format", "json")
    assert (ended.code, ended.out) == (2, b"")
    assert ended.complaint.startswith(f"aiopartnercentral: there is no operation or type {typed!r}: did you mean ")
    assert meant in ended.complaint


@pytest.mark.parametrize("typed", ["", "--", "zzzzzzzzzz", "\x1b[31mred\nsecond", "x" * 5000])
def test_a_name_that_is_near_nothing_is_one_line(run_here, typed):
    ended = run_here("describe", "--", typed)
    assert (ended.code, ended.out) == (2, b"")
    assert "there is no operation or type" in ended.complaint
    assert "\x1b" not in ended.complaint
    assert len(ended.complaint) < 700


def test_members_texts_of_no_name_are_a_usage_error(run_here):
    ended = run_here("describe", "--docs")
    assert (ended.code, ended.out) == (2, b"")
    assert "it needs the NAME" in ended.err


async def test_without_a_name_everything_is_listed_operations_first(run):
    ended = await run("describe")
    assert (ended.code, ended.err) == (0, "")
    assert b"\x1b" not in ended.out
    rows = [row.split() for row in ended.out.decode().splitlines()]
    assert rows[0] == ["name", "kind", "Python", "pages"]
    assert sorted(row[0] for row in rows[1:]) == sorted(NAMES)
    assert {row[0] for row in rows[1 : len(MODEL["operations"]) + 1]} == set(MODEL["operations"])
    assert ["ListPartners", "operation", "client.list_partners", "paginated"] in rows
    listed = json.loads((await run("describe", "--format", "json")).out)
    assert [entry["name"] for entry in listed] == [row[0] for row in rows[1:]]
    assert {entry["name"] for entry in listed if entry["paginated"]} == {
        one.operation.name for one in SERVICE.paginations
    }


async def test_the_same_as_json(run, botocore_model):
    ended = await run("describe", "ListConnections", "--format", "json", "--docs")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    for role, shape in (("request", "ListConnectionsRequest"), ("response", "ListConnectionsResponse")):
        members = botocore_model["shapes"][shape]["members"]
        for member in found[f"{role}_members"]:
            text = member.pop("documentation")
            assert words(text) == without_tags(members[member["wire_name"]]["documentation"])
    text = botocore_model["operations"]["ListConnections"]["documentation"]
    assert words(found["documentation"]) == without_tags(text)
    assert found == described("ListConnections")


def test_what_botocore_has_no_text_about():
    assert described("ConnectionType")["documentation"] == "(botocore has no text about ConnectionType)"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({}, "has no model of"),
        ({"2001-01-01/service-2.json": b"{}"}, "has no model of"),
        ({"2025-04-04/service-2.json": b"{}"}, "has no text about ListConnections"),
        ({"2025-04-04/service-2.json": b"no json"}, "has no model of"),
        ({"2025-04-04/service-2.json.gz": b"no gzip"}, "has no model of"),
        ({"2025-04-04/service-2.json.gz": gzip.compress(b"{}" * 9, mtime=0)[:-9]}, "has no model of"),
    ],
)
async def test_a_botocore_without_the_texts_is_one_line_and_the_rest_is_there(
    environment, tmp_path, content, complaint
):
    for name, data in content.items():
        place = tmp_path / "data" / SERVICE.name / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    code = (
        "import importlib.resources as resources, pathlib, sys\n"
        f"resources.files = lambda package: pathlib.Path({str(tmp_path)!r})\n"
        "sys.argv[1:] = 'describe ListConnections --docs --format json'.split()\n"
        "from aiopartnercentral.cli import main; sys.exit(main())"
    )
    done = await anyio.run_process([*PYTHON, "-c", code], env=environment, check=False)
    ended = Ended(done.returncode, done.stdout, done.stderr.decode())
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    missing = found.pop("documentation")
    assert missing.startswith("(")
    assert complaint in missing
    if "model" in complaint:
        assert missing.endswith("of partnercentral-account 2025-04-04 that can be read)")
    here = described("ListConnections")
    del here["documentation"]
    assert found == here


def test_a_members_text_may_be_that_of_its_type():
    shapes = {
        "ListConnectionsRequest": {"members": {"Catalog": {"shape": "C"}, "NextToken": {"shape": "E"}}},
        "C": {"documentation": "<p>of C</p>"},
    }
    members = {one["name"]: one for one in describe._members(account.ListConnectionsRequest, shapes)}
    assert members["catalog"]["documentation"] == "of C"
    assert "documentation" not in members["next_token"]


@pytest.mark.parametrize("columns", [30, 80])
async def test_on_a_terminal_it_fits_and_says_the_same(started, environment, columns):
    with terminal(environment, columns) as (ours, theirs):
        async with started("describe", "get-partner", "--docs", stdout=theirs) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    assert b"\x1b[1mname\x1b[0m: GetPartner" in shown
    plain = LIVE.sub(b"", shown).decode()
    piped = describe._laid_out(describe._described("GetPartner", docs=True), None)
    assert words(plain) == words(piped)
    assert plain.count("\n") > piped.count("\n")
    for row in plain.splitlines():
        assert cell_len(row) <= columns or len(row.split()) == 1, row


def test_nothing_in_a_text_can_control_the_terminal():
    found = {"name": "\x1b[31mred", "documentation": "\u009b", "errors": ["\x07"]}
    assert describe._laid_out(found, None) == "name: \\x1b[31mred\n\n\\x9b\n\nerrors\n  \\x07\n"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p> </p>", ""),
        ("no tags &amp; &lt;entities&gt;", "no tags & <entities>"),
        ("<p>one\n   line</p><p>two</p>", "one line\n\ntwo"),
        ("<p>a <b>bold</b> <i>word</i> and <code>code</code>.</p>", "a bold word and `code`."),
        ('see <a href="https://example.com/x">the guide</a>.', "see the guide (https://example.com/x)."),
        ('see <a href="#here">here</a> or <a>there</a>', "see here or there"),
        ("<ul><li>one</li><li><p>two</p><p>more</p></li></ul>end", "- one\n\n- two\n\nmore\n\nend"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "- a\n\n- b\n\n- c"),
        ("<dl><dt>term</dt><dd>meaning</dd></dl>", "term\n\nmeaning"),
        ("<note><p>mind</p></note><important>this</important>", "Note: mind\n\nImportant: this"),
        ("<table><tr><th>x</th><td>y</td></tr></table>", "x\n\ny"),
        ("arn:aws:x:<region>:<account>/y</account>", "arn:aws:x:<region>:<account>/y</account>"),
        ("</ul></p></a>stray</li>", "stray"),
        ("<p>open <code>end", "open `end"),
        ("a < b and c &unknown; d <", "a < b and c &unknown; d <"),
    ],
)
def test_html_is_readable(html, text):
    assert describe.plain(html) == text
