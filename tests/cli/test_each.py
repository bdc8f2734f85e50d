"""`--identifier each:list-engagements.id`: the command collects below each item of another listing."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.cli.config import ListingArguments
from aiopartnercentral.cli.each import example_of, example_options, listing_of
from aiopartnercentral.cli.services import SERVICES, details, summaries
from aiopartnercentral.cli.subcommands import subcommand
from tests.support.nested_service import Partners, asked, error, serving, world
from tests.support.sampler import Sampler
from tests.support.servers import Reply, scripted_server
from tests.support.service_server import Service, listings, loaded, pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers import Received, ScriptedServer

pytestmark = pytest.mark.anyio
EXAMPLES = [
    (service, command)
    for service in SERVICES
    for command in (*summaries()[service], *details()[service])
    if example_of(service, command) is not None
]


@pytest.fixture
def partners() -> Partners:
    return world(3, 2)


@pytest.fixture
def server(partners: Partners) -> Iterator[ScriptedServer]:
    with serving(AWS=partners) as running:
        yield running


def arguments(server: ScriptedServer, *listings: str) -> list[str]:
    return ["collect", *listings, "--catalog", "AWS", "--endpoint-url", server.url, "--rate", "1000"]


async def test_members_of_each_engagement(run: Any, server: ScriptedServer, partners: Partners, tmp_path: Path) -> None:
    listing = ("list-engagement-members", "--identifier", "each:list-engagements.id", "--page-size", "2")
    ended = await run(*arguments(server, *listing), "--format", "ndjson", "--envelope")
    assert (ended.code, ended.err) == (0, "")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert [(row["parent"]["identifier"], row["item"]["CompanyName"]) for row in rows] == partners.children
    path = tmp_path / "members.csv"
    ended = await run(*arguments(server, *listing), "--output", path)
    assert ended.code == 0
    with path.open(newline="") as file:
        table = [(row["source_parent"], row["company_name"]) for row in csv.DictReader(file)]
    assert table == partners.children


async def test_details_of_each_opportunity_with_the_filters_of_their_listing(
    run: Any, server: ScriptedServer, partners: Partners, tmp_path: Path
) -> None:
    output = tmp_path / "{operation}.parquet"
    ended = await run(
        *arguments(server, "get-opportunity", "--identifier", "each:list-opportunities.id"),
        *("list-opportunities", "--page-size", "3", "--output", output, "--checkpoint", tmp_path / "c.json"),
        *("--report", tmp_path / "report.json"),
    )
    assert ended.code == 0
    table = pq.read_table(tmp_path / "get_opportunity.parquet")
    assert table.column("id").to_pylist() == table.column("source_parent").to_pylist() == list(partners.parents)
    assert "source_parent" not in pq.read_schema(tmp_path / "list_opportunities.parquet").names
    assert all(json.loads(each)["MaxResults"] == 3 for each in asked(server, "ListOpportunities"))
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["complete"]
    assert all(one["skipped_parents"]["vanished"] == 0 for one in report["sources"])


async def test_a_table_has_a_column_of_the_parents(run: Any, server: ScriptedServer, partners: Partners) -> None:
    listings = ("list-engagement-members", "--identifier", "each:list-engagements.id", "list-engagements")
    ended = await run(*arguments(server, *listings), "--format", "table")
    assert ended.code == 0, ended.err
    members = next(text for text in ended.out.decode().split("\n\n") if text.startswith("list_engagement_members:"))
    _, head, *rows = members.splitlines()
    assert head.split()[0] == "parent"
    assert [row.split()[0] for row in rows] == [parent for parent, _ in partners.children]


async def test_a_failure_names_the_parent(run: Any, server: ScriptedServer, partners: Partners) -> None:
    bad = list(partners.parents)[1]
    server.answer = lambda received: (
        error("AccessDeniedException") if received.body.get("Identifier") == bad else partners.reply(received)
    )
    ended = await run(*arguments(server, "get-opportunity", "--identifier", "each:list-opportunities.id"))
    assert ended.code == 1
    assert bad in ended.err


async def test_parents_that_vanish_are_no_failure_and_are_told(
    run: Any, server: ScriptedServer, partners: Partners, tmp_path: Path
) -> None:
    gone, *others = partners.parents
    server.answer = lambda received: (
        error("ResourceNotFoundException") if received.body.get("Identifier") == gone else partners.reply(received)
    )
    listing = ("get-opportunity", "--identifier", "each:list-opportunities.id")
    ended = await run(*arguments(server, *listing), "--report", tmp_path / "report.json")
    assert (ended.code, ended.err) == (0, "aiopartnercentral: 1 parent vanished: see --report\n")
    assert [json.loads(line)["Id"] for line in ended.out.splitlines()] == others
    (one,) = json.loads((tmp_path / "report.json").read_text())["sources"]
    assert [each["parent"] for each in one["skipped_parents"]["first"]] == [{"identifier": gone}]
    ended = await run(*arguments(server, *listing))
    assert (ended.code, ended.err) == (0, "aiopartnercentral: 1 parent vanished: --report FILE names them\n")


@pytest.mark.parametrize("shown", [("--summary",), ("--on-error", "report")])
async def test_the_summary_shows_what_is_missing(
    run: Any, server: ScriptedServer, partners: Partners, tmp_path: Path, shown: tuple[str, ...]
) -> None:
    gone, denied, malformed, *_ = partners.parents
    replies = {
        gone: error("ResourceNotFoundException"),
        denied: error("AccessDeniedException"),
        malformed: Reply({"Catalog": "AWS", "Id": 5}),
    }
    server.answer = lambda received: replies.get(received.body.get("Identifier", "")) or partners.reply(received)
    ended = await run(
        *arguments(server, "get-opportunity", "--identifier", "each:list-opportunities.id"),
        *("--ignore-errors", "AccessDeniedException", "--format", "csv", "--malformed", tmp_path / "bad.ndjson"),
        *shown,
    )
    assert ended.code == 0
    told = "AWS: 1 malformed item left out; 1 parent skipped; 1 parent vanished"
    assert [line for line in ended.err.splitlines() if "parent" in line] == [told]
    assert "see --report" not in ended.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ("get-opportunity", "--identifier", "O1"),
            "give an option each:LISTING.ATTRIBUTE, such as --identifier each:list-opportunities.id",
        ),
        (
            ("get-opportunity", "--identifier", "each:list-opportunities"),
            "must be each:LISTING.ATTRIBUTE, such as each:list-opportunities.id, not each:list-opportunities",
        ),
        (("get-opportunity", "--identifier", "each:.id"), "must be each:LISTING.ATTRIBUTE"),
        (("get-opportunity", "--identifier", "each:list-oppos.id"), "its listings are list-customer-account-bulk"),
        (("get-opportunity", "--identifier", "each:list-connections.id"), "is not a listing of selling"),
        (("get-opportunity", "--identifier", "each:list-opportunities.idd"), "did you mean id"),
        (("get-opportunity", "--identifier", "each:list-opportunities.created-date"), "is not text"),
        (("get-engagement", "--identifier", "each:list-engagement-members.account-id"), "with its filters"),
        (
            (
                "list-resource-snapshots",
                "--engagement-identifier",
                "each:list-engagements.id",
                "--resource-type",
                "Opportunity",
                "--created-by",
                "each:list-opportunities.id",
            ),
            "name different listings",
        ),
        (
            ("list-solutions", "--identifier", "each:list-solutions.id"),
            "is a list",
        ),
        (
            (
                *("get-opportunity", "--identifier", "each:list-engagement-members.account-id"),
                *("list-engagement-members", "--identifier", "each:list-engagements.id"),
            ),
            "is itself below",
        ),
    ],
)
async def test_wrong_uses(run: Any, options: tuple[str, ...], message: str) -> None:
    ended = await run("collect", *options, "--catalog", "AWS")
    assert ended.code == 2, ended.err
    assert message in " ".join(ended.err.split())
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(("service", "command"), EXAMPLES)
def test_each_example_makes_a_nested_listing(service: str, command: str) -> None:
    options = example_options(service, command)
    given = dict(zip(options[::2], options[1::2], strict=True))
    known = subcommand(service, command)
    values = {each.name: given.get(each.example[0], "x") for each in known.filters if each.required}
    listing = listing_of(ListingArguments(service=service, method=known.method, command=command, arguments=values), ())
    assert listing.pagination.method == known.method
    assert any(" ".join(options) in example for example in known.examples)


@pytest.mark.parametrize(("name", "command"), EXAMPLES)
async def test_each_example_is_collected(
    name: str, command: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(variable, environment[variable])
    service = Service(loaded(name))
    operations = {operation.name: operation for operation in service.package.service.operations}
    replies = {operation.name: pages(service, operation, (2, 1)) for operation in listings(service)}
    known = subcommand(name, command)
    options = example_options(name, command)
    given = dict(zip(options[::2], options[1::2], strict=True))
    values = {each.name: given.get(each.example[0], "x") for each in known.filters if each.required}
    listing: Any = listing_of(
        ListingArguments(service=name, method=known.method, command=command, arguments=values), ()
    )

    def answer(received: Received) -> Reply:
        if received.operation == listing.parent.pagination.operation.name:
            reply = replies[received.operation](received)
            for item in reply.body[listing.parent.pagination.result_key]:  # the model has the least length of some
                item.update({key: "x" * 40 for key in item if key.lower().endswith(("id", "arn"))})
            return reply
        if received.operation in replies:
            return replies[received.operation](received)
        shape = operations[received.operation].output
        return Reply(service.wire(shape, Sampler(service.model).fullest(shape)))

    with scripted_server() as server:
        server.answer = answer
        source = Source("AWS", endpoint_url=server.url, region_name="us-east-1")
        collection: Collection[Any] = Collection(listing, source, limits=Limits(rate=10_000))
        collected, raw = await collection.collect(), await collection.raw().collect()
    each = 1 if command in details()[name] else 3
    assert len(collected) == len(raw) == 3 * each
    assert collected.report.complete
    assert {type(item) for _, item in collected} == {listing.pagination.item()}
    assert all(isinstance(json.loads(item), dict) and b"\n" not in item for _, item in raw)
    assert all(set(origin.parent) == set(listing.members) for origin, _ in collected)


def test_most_details_and_lower_listings_have_an_example() -> None:
    assert {("selling", "get-opportunity"), ("selling", "list-engagement-members")} <= set(EXAMPLES)
    assert {service for service, _ in EXAMPLES} >= {"account", "selling", "benefits", "marketing", "revenue"}


async def test_describe_and_help_say_how(run: Any) -> None:
    described = (await run("describe", "get_opportunity")).out.decode()
    assert "aiopartnercentral collect get-opportunity --identifier each:list-opportunities.id" in described
    assert (
        "selling.listings.list_opportunities().each(selling.Client.get_opportunity, {'identifier': 'id'})" in described
    )
    assert "each" not in json.loads((await run("describe", "create_opportunity", "--format", "json")).out)
    assert "each:list-engagements.id" in (await run("collect", "list-engagement-members", "--help")).out.decode()
    assert "--max-items" not in (await run("collect", "get-opportunity", "--help")).out.decode()
