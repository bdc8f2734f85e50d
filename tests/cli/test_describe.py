"""What `describe` says, held against the generated package, the pinned model and the installed botocore."""

from __future__ import annotations

import gzip
import inspect
import json
import re
import shlex
import sys
from collections import Counter
from typing import get_args

import anyio
import pytest
from rich.cells import cell_len

from aiopartnercentral._serialization.members import pascal_case
from aiopartnercentral._utils import model_data
from aiopartnercentral.account import operations
from aiopartnercentral.cli import describe
from aiopartnercentral.cli.runner import CommandError
from aiopartnercentral.cli.shapes import Shapes
from aiopartnercentral.cli.shorthand import parse
from aiopartnercentral.types import Request
from tests.cli.processes import LIVE, PYTHON, Ended, seen, terminal
from tests.support.botocore_texts import botocore_model
from tests.support.services import NAMES, SIBLINGS, package

pytestmark = pytest.mark.anyio

SERVICE = operations.SERVICE


def model_of(service):
    known = package(service).Client.service
    return model_data.load(known.name, known.api_version)


def types_of(service):
    """Return the shapes that are classes; the others show where a member has them."""
    shapes = model_of(service)["shapes"].items()
    return [n for n, shape in shapes if (shape["type"] == "structure" and "document" not in shape) or "enum" in shape]


def without_shape(service):
    """Return the classes of the requests and responses for which the model has no shape."""
    operations = model_of(service)["operations"].items()
    ends = (("input", "Request"), ("output", "Response"))
    return [f"{name}{ending}" for name, operation in operations for end, ending in ends if end not in operation]


def sample(service, names):
    """Return all names of one service, and some of each other, as all packages are made of the same parts."""
    return [(service, name) for name in (names if service == "account" else names[::9])]


MODEL = model_of("account")
NAMES_OF = {
    service: [*model_of(service)["operations"], *types_of(service), *without_shape(service)] for service in NAMES
}
EMPTY = {name: {"members": {}} for service in NAMES for name in without_shape(service)}
OPERATIONS = [one for service in NAMES for one in sample(service, [*model_of(service)["operations"]])]
TYPES = [one for service in NAMES for one in sample(service, types_of(service))]


@pytest.fixture(scope="module", name="botocore_model")
def model_of_botocore():
    return botocore_model(SERVICE.name, SERVICE.api_version)


def described(name, *, service="account", docs=False):
    return json.loads(json.dumps(describe._described(describe._package(service), name, docs=docs)))


def words(text):
    return text.split()


def without_tags(html):
    return words(re.sub(r"<[^>]*>", "", html))


def check_members(docstring, shape, shapes):
    """Compare the members of a docstring with the model: names, and the constraints that the service checks."""
    about = dict(re.findall(r"^    (\w+): (.+(?:\n {8}.+)*)", docstring, re.MULTILINE))
    about.pop("response_metadata", None)
    model = shapes[shape]
    names = {name.lower(): name for name in shapes[shape]["members"]}
    told = {names[pascal_case(name).lower()]: (name, " ".join(words(text))) for name, text in about.items()}
    assert set(told) == set(model["members"])
    for wire_name, (_, text) in told.items():
        reference = model["members"][wire_name]
        target = shapes[reference["shape"]]
        assert ("generated if omitted" in text) == bool(reference.get("idempotencyToken"))
        if target.get("sensitive"):
            assert "sensitive" in text
        for key in ("min", "max", "pattern"):
            assert key not in target or target.get("enum") or str(target[key]).replace("`", r"\x60") in text
    return [name for name, _ in told.values()]


@pytest.mark.parametrize(("service", "name"), OPERATIONS)
def test_an_operation_has_its_signatures_and_docstrings(service, name):
    found, shapes, module = described(name, service=service), model_of(service)["shapes"], package(service)
    made = {one.name: one for one in module.Client.service.operations}[name]
    method = getattr(module.Client, found["python"].removeprefix("client."))
    assert inspect.iscoroutinefunction(method)
    (called, said), (returned, response), *paginated = found["docstrings"].items()
    assert called.startswith(f"{found['python']}(")
    assert called.endswith(f" -> {made.output.__name__}")
    assert said == inspect.getdoc(method)
    assert f"`{name}`" in said
    for parameter in inspect.signature(method).parameters:
        assert parameter == "self" or f"{parameter}: " in called
    assert {error.__name__ for error in made.errors} <= set(re.findall(r"\w+", said))
    assert returned.startswith(f"{service}.{made.output.__name__}(")
    for member in check_members(response, made.output.__name__, EMPTY | shapes):
        assert f"{member}: " in returned
    assert bool(paginated) == (name in {one.operation.name for one in module.Client.service.paginations})
    for shown, text in paginated:
        paginate = getattr(module.Paginate, method.__name__)
        assert shown.startswith(f"client.paginate.{method.__name__}(")
        assert text == inspect.getdoc(paginate)


@pytest.mark.parametrize(("service", "name"), TYPES)
def test_a_type_has_its_signatures_and_docstrings(service, name):
    found, shapes = described(name, service=service), model_of(service)["shapes"]
    cls = eval(found["python"], {service: package(service)})  # noqa: S307 - a type of the package
    docstrings = found["docstrings"]
    if found["kind"] == "enum":
        assert found["values"] == shapes[name]["enum"] == [member.value for member in cls]
        ((shown, text),) = docstrings.items()
        assert shown == found["python"]
        assert text.startswith(inspect.getdoc(cls))
        assert set(re.findall(r"^    (\w+): ", text, re.MULTILINE)) <= set(cls.__members__)
    elif found["kind"] == "tagged union":
        assert [one.partition("(")[0] for one in docstrings] == [f"{service}.{one.__name__}" for one in get_args(cls)]
        assert {variant.tag for variant in get_args(cls)[:-1]} == set(shapes[name]["members"])
    else:
        assert found["kind"] == ("error" if shapes[name].get("exception") else "structure")
        (shown, text), *method = docstrings.items()
        assert text.startswith(inspect.getdoc(cls))
        assert bool(method) == issubclass(cls, Request)
        for called, about in method:  # it describes the members of a request
            assert called.partition("(")[0] in text.replace("`Client.", "`client.")
            text = about.partition("\n\nRaises:")[0]
        for member in check_members(text, name, shapes):
            assert f"{member}: " in shown
        assert "= ," not in shown


@pytest.mark.parametrize("service", NAMES)
def test_the_kinds_cover_the_model(service):
    assert set(describe._package(service).kinds) == set(NAMES_OF[service])


@pytest.mark.parametrize(
    ("typed", "service", "name"),
    [
        *((each, "account", "ListConnections") for each in ("ListConnections", "list_connections", "LISTCONNECTIONS")),
        *((each, "account", "ListConnections") for each in ("list-connections", "client.paginate.list_connections()")),
        *((each, "account", "ConnectionSummary") for each in ("connection_summary", "account.ConnectionSummary")),
        *((each, "account", "Participant") for each in ("ParticipantPartnerProfile", "participant-unknown")),
        ("account.throttling_exception", "account", "ThrottlingException"),
        ("aiopartnercentral.selling.ThrottlingException", "selling", "ThrottlingException"),
        ("Selling.tag-resource", "selling", "TagResource"),
        ("list-revenue-attributions", "revenue", "ListRevenueAttributions"),
    ],
)
def test_a_name_is_found_in_any_spelling(typed, service, name):
    assert describe._find(typed) == (describe._package(service), name)


@pytest.mark.parametrize("typed", ["", "-", "client.", "account.ListOpportunities"])
def test_what_is_no_name_is_not_found(typed):
    with pytest.raises(CommandError):
        describe._find(typed)


@pytest.mark.parametrize("service", NAMES)
def test_no_name_is_hidden_by_another(service):
    found = describe._package(service)
    others = Counter(name.lower() for names in NAMES_OF.values() for name in names)
    for name in NAMES_OF[service]:
        snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        spellings = [name, name.lower(), name.upper(), snake, snake.replace("_", "-")]
        assert {describe._find(f"{service}.{each}") for each in spellings} == {(found, name)}
        if others[name.lower()] == 1:
            assert {describe._find(each) for each in [*spellings, found.python(name)]} == {(found, name)}


def test_a_name_of_several_services_says_which_and_how_to_choose(run_here):
    ended = run_here("describe", "ParticipantType")
    assert (ended.code, ended.out) == (2, b"")
    choices = "account.ParticipantType or selling.ParticipantType or channel.ParticipantType"
    assert ended.complaint == f"aiopartnercentral: 'ParticipantType' is in 3 services: write {choices}\n"
    for choice in choices.split(" or "):
        ended = run_here("describe", choice)
        assert ended.out.decode().startswith(f"ParticipantType: enum of {choice.partition('.')[0]}, {choice}\n")


@pytest.mark.parametrize("width", [200, 60, 5])
def test_every_text_has_all_words_whatever_the_width(width):
    for name in NAMES_OF["account"]:
        found = describe._described(describe._package("account"), name, docs=True)
        text = describe._laid_out(found, width)
        assert words(text) == words(describe._laid_out(found, sys.maxsize))
        for docstring in [*found["docstrings"].values(), *found["documentation"].values()]:
            assert " ".join(words(docstring)) in " ".join(words(text))
        for line in text.splitlines():
            assert cell_len(line) <= width or len(line.split()) == 1, line


async def test_an_operation_in_a_pipe(run, botocore_model):
    ended = await run("describe", "list-connections", COLUMNS="20")
    assert (ended.code, ended.err) == (0, "")
    out = ended.out.decode()
    assert "\x1b" not in out
    lines = out.splitlines()
    assert lines[0] == "ListConnections: operation of account, client.list_connections"
    assert "    List the connections with other participants (`ListConnections`, read-only)." in lines
    assert "        max_results: maximum items of a page, by default as many as the service chooses; 1 to 100." in lines
    assert "        connection_summaries: Connections of this page." in lines
    text = botocore_model["operations"]["ListConnections"]["documentation"]
    assert lines[-2] == "ListConnections"
    assert words(lines[-1]) == without_tags(text)
    member = botocore_model["shapes"]["ListConnectionsRequest"]["members"]["Catalog"]["documentation"]
    assert " ".join(without_tags(member)) not in out
    with_docs = (await run("describe", "ListConnections", "--docs")).out.decode()
    assert f"ListConnectionsRequest.Catalog\n    {' '.join(without_tags(member))}\n" in with_docs


async def test_names_are_bold_if_that_is_wanted(run):
    out = (await run("describe", "list-connections", FORCE_COLOR="1")).out.decode()
    bold = re.findall("\x1b\\[1m(.*?)\x1b\\[0m", out)
    names = ["client.list_connections", "account.ListConnectionsResponse", "client.paginate.list_connections"]
    assert bold == ["ListConnections", *names, "ListConnections"]
    assert LIVE.sub(b"", out.encode()) == (await run("describe", "list-connections")).out


def test_what_continues_a_line_of_a_docstring_is_joined_to_it_and_code_is_not():
    code, section = "    code(\n        1)", "Arguments:\n    a: one\n        two.\n    b: three."
    assert describe._unwrapped(f"One\ntwo.\n\n{code}\n\n{section}\n\nRaises:\n    X: four.") == [
        *("One two.", "", "    code(", "        1)", ""),
        *("Arguments:", "    a: one two.", "    b: three.", "", "Raises:", "    X: four."),
    ]


def test_what_continues_a_line_on_a_terminal_is_indented_deeper_than_what_follows():
    lines = describe._laid_out(described("ListConnections"), 60).splitlines()
    start = lines.index("    Arguments:") + 1
    own, continued = (re.compile(rf" {{{indent}}}\S") for indent in (8, 12))
    assert own.match(lines[start])
    section = lines[start : lines.index("", start)]
    assert all(own.match(line) or continued.match(line) for line in section)
    assert [line for line in section if own.match(line)] == [line for line in section if re.match(r" {8}\w+: ", line)]
    signature = next(number for number, line in enumerate(lines) if line.startswith("client.list_connections("))
    assert lines[signature + 1].startswith(" " * 8)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("connection-type", ["ConnectionType: enum of account, account.ConnectionType", "SUBSIDIARY"]),
        ("connection-type", ["        SUBSIDIARY: One participant is a subsidiary of the other."]),
        ("participant", ["    Member `Account` of union `Participant`."]),
        ("account.ThrottlingException", ["    By the model: retryable."]),
    ],
)
def test_what_is_said_of_each_kind(name, lines):
    shown = describe._laid_out(describe._described(*describe._find(name), docs=False), sys.maxsize).splitlines()
    assert set(lines) <= set(shown)


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


@pytest.mark.parametrize("name", [[], ["account"]])
def test_members_texts_of_a_list_are_a_usage_error(run_here, name):
    ended = run_here("describe", *name, "--docs")
    assert (ended.code, ended.out) == (2, b"")
    assert "it needs NAME" in ended.err


async def test_without_a_name_everything_is_listed_operations_first(run):
    ended = await run("describe")
    assert (ended.code, ended.err) == (0, "")
    assert b"\x1b" not in ended.out
    rows = [row.split() for row in ended.out.decode().splitlines()]
    assert rows[0] == ["service", "name", "kind", "Python"]
    expected = sorted((service, name) for service, names in NAMES_OF.items() for name in names)
    assert sorted((row[0], row[1]) for row in rows[1:]) == expected
    assert {row[1] for row in rows[1 : len(MODEL["operations"]) + 1]} == set(MODEL["operations"])
    assert ["account", "ListPartners", "operation", "client.list_partners"] in rows
    listed = json.loads((await run("describe", "--format", "json")).out)
    assert [[entry["service"], entry["name"], *entry["kind"].split(), entry["python"]] for entry in listed] == rows[1:]


@pytest.mark.parametrize("service", NAMES)
def test_the_name_of_a_service_lists_its_operations_and_types(run_here, service):
    """Two of these names are also those of types, which begin with a capital."""
    everything = json.loads(run_here("describe", "--format", "json").out)
    rows = [row for row in everything if row["service"] == service]
    assert len(rows) == len(NAMES_OF[service])
    for typed in (service, f"aiopartnercentral.{service}"):
        ended = run_here("describe", typed, "--format", "json")
        assert (ended.code, json.loads(ended.out)) == (0, rows)
    shown = [line.split() for line in run_here("describe", service).out.decode().splitlines()[1:]]
    assert [(line[0], line[1]) for line in shown] == [(row["service"], row["name"]) for row in rows]


def test_a_type_whose_name_is_that_of_a_service_begins_with_a_capital(run_here):
    for typed in ("Account", "selling.account"):
        assert run_here("describe", typed).out.startswith(b"Account: structure of selling, selling.Account\n")


async def test_the_same_as_json(run, botocore_model):
    ended = await run("describe", "ListConnections", "--format", "json", "--docs")
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert found == described("ListConnections", docs=True)
    texts = found["documentation"]
    assert without_tags(botocore_model["operations"]["ListConnections"]["documentation"]) == words(
        texts["ListConnections"]
    )
    for shape in ("ListConnectionsRequest", "ListConnectionsResponse"):
        for name, member in botocore_model["shapes"][shape]["members"].items():
            assert words(texts[f"{shape}.{name}"]) == without_tags(member["documentation"])


def test_what_botocore_has_no_text_about():
    assert described("ConnectionType")["documentation"] == {
        "ConnectionType": "(botocore has no text about ConnectionType)"
    }


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ({}, "has no readable model of"),
        ({"2001-01-01/service-2.json": b"{}"}, "has no readable model of"),
        ({"2025-04-04/service-2.json": b"{}"}, "has no text about ListConnections"),
        ({"2025-04-04/service-2.json": b"no json"}, "has no readable model of"),
        ({"2025-04-04/service-2.json.gz": b"no gzip"}, "has no readable model of"),
        ({"2025-04-04/service-2.json.gz": gzip.compress(b"{}" * 9, mtime=0)[:-9]}, "has no readable model of"),
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
        "import sys\nfrom botocore.loaders import Loader\n"
        f"Loader.BUILTIN_DATA_PATH = {str(tmp_path / 'data')!r}\n"
        "sys.argv[1:] = 'describe ListConnections --docs --format json'.split()\n"
        "from aiopartnercentral.cli import main; sys.exit(main())"
    )
    done = await anyio.run_process([*PYTHON, "-c", code], env=environment, check=False)
    ended = Ended(done.returncode, done.stdout, done.stderr.decode())
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    missing = found.pop("documentation")["ListConnections"]
    assert missing.startswith("(")
    assert complaint in missing
    if "model" in complaint:
        assert missing.endswith("of partnercentral-account 2025-04-04)")
    here = described("ListConnections")
    del here["documentation"]
    assert found == here


@pytest.mark.parametrize("columns", [30, 80])
async def test_on_a_terminal_it_fits_and_says_the_same(started, environment, columns):
    with terminal(environment, columns) as (ours, theirs):
        async with started("describe", "get-partner", "--docs", stdout=theirs) as process:
            shown = await seen(ours, theirs)
            assert await process.wait() == 0
    plain = LIVE.sub(b"", shown).decode()
    piped = describe._laid_out(described("GetPartner", docs=True), sys.maxsize)
    assert words(plain) == words(piped)
    assert plain.count("\n") > piped.count("\n")
    for row in plain.splitlines():
        assert cell_len(row) <= columns or len(row.split()) == 1, row


def test_structures_that_options_take_have_an_example_of_their_shorthand():
    ((command, lines),) = described("SearchOpportunities", service="selling")["examples"].items()
    assert command == "aiopartnercentral collect search-opportunities"
    options = dict(shlex.split(line) for line in lines.split("\n"))
    assert set(options) == {"--filter", "--sort"}
    for option, text in options.items():
        member = model_of("selling")["shapes"]["SearchOpportunitiesRequest"]["members"][option[2:].title()]["shape"]
        assert shapes_of("selling").typed(parse(text).value, member) == shapes_of("selling").example(member)
        assert described(member, service="selling")["examples"] == {"shorthand": text}
    assert described("ListOpportunities", service="selling")["examples"]
    for name in ("ListConnections", "ConnectionSummary", "ConnectionType", "Participant"):
        assert described(name)["examples"] == {}


def shapes_of(service):
    return Shapes(model_of(service)["shapes"])


@pytest.mark.parametrize(
    ("arguments", "needed", "not_needed"),
    [
        (
            ["describe", "ConnectionSummary"],
            {"aiopartnercentral.account.structures.connection"},
            {f"aiopartnercentral.{name}.structures.common" for name in SIBLINGS},
        ),
        (["describe"], {"aiopartnercentral.selling.structures.common"}, {"botocore.docs"}),
    ],
)
async def test_only_what_is_described_is_loaded(environment, arguments, needed, not_needed):
    code = (
        f"import sys; sys.argv[1:] = {arguments!r}\n"
        "from aiopartnercentral.cli import main\n"
        "try: main()\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        f"needed, not_needed = {needed!r}, {not_needed | {'aiobotocore', 'aiohttp'}!r}\n"
        "assert needed <= set(sys.modules), needed - set(sys.modules)\n"
        "assert not not_needed & set(sys.modules), not_needed & set(sys.modules)\n"
    )
    ended = await anyio.run_process([*PYTHON, "-c", code], env=environment, check=False)
    assert ended.returncode == 0, ended.stderr.decode()


def test_nothing_in_a_text_can_control_the_terminal():
    about = {"service": "account", "name": "\x1b[31mred", "kind": "enum", "python": ""}
    found = {**about, "docstrings": {"a": "\u009b"}, "examples": {}, "documentation": {}}
    assert describe._laid_out(found, sys.maxsize) == "\\x1b[31mred: enum of account,\n\na\n    \\x9b\n"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("", ""),
        ("<p> </p>", ""),
        ("no tags &amp; &lt;entities&gt;", "no tags & <entities>"),
        ("<p>one\n   line</p><p>two</p>", "one line\n\ntwo"),
        ("<p>a <b>bold</b> <i>word</i> and <code>code</code>.</p>", "a **bold** *word* and ``code``."),
        ('see <a href="https://example.com/x">the guide</a>.', "see `the guide <https://example.com/x>`__."),
        ("<ul><li><p>one</p></li><li><p>two</p></li></ul>", "* one\n\n* two"),
    ],
)
def test_html_is_readable(html, text):
    assert describe._plain(html) == text
