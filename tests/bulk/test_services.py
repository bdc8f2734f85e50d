"""One collection of listings of two services: one pool, one checkpoint, one report, limits for each of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import account, channel, selling
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.bulk import Collection, Limits, PageFetched, RunStarted, Source
from aiopartnercentral.errors import CheckpointError
from aiopartnercentral.sinks import open_sink
from tests.support.connections import connection
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import Received, ScriptedServer

pytestmark = pytest.mark.anyio

NAME = "partnercentral-selling"


def solution(catalog: str, number: int) -> dict[str, Any]:
    return {
        "Catalog": catalog,
        "Id": f"S-{number:07}",
        "Name": "n",
        "Status": "Active",
        "Category": "Software Product",
        "CreatedDate": "2024-05-01T12:00:00Z",
    }


def answer(received: Received) -> Reply:
    """Answer both services with three pages of two items."""
    page, catalog = int(received.body.get("NextToken", 0)), received.body["Catalog"]
    more = {"NextToken": str(page + 1)} if page < 2 else {}
    numbers = (2 * page, 2 * page + 1)
    if received.operation == "ListSolutions":
        return Reply({"SolutionSummaries": [solution(catalog, number) for number in numbers], **more})
    return Reply({"ConnectionSummaries": [connection(catalog, number) for number in numbers], **more})


def sources(server: ScriptedServer, *labels: str) -> list[Source]:
    return [
        Source("AWS", endpoint_url=server.url, region_name="us-east-1", label=label, account=label) for label in labels
    ]


async def test_items_of_both_come_with_their_origin() -> None:
    events: list[Any] = []
    listings = [account.listings.list_connections(), selling.listings.list_solutions(max_items=5)]
    with scripted_server() as server:
        server.answer = answer
        collection = Collection[Any](
            listings, sources(server, "a", "b"), limits=Limits(rate=1000), observer=events.append
        )
        collected = await collection.collect()
    counted = {
        (origin.label, origin.service, origin.operation): sum(other is origin for other, _ in collected)
        for origin in collection.origins
    }
    assert counted == {
        ("a", "partnercentral-account", "ListConnections"): 6,
        ("a", NAME, "ListSolutions"): 5,
        ("b", "partnercentral-account", "ListConnections"): 6,
        ("b", NAME, "ListSolutions"): 5,
    }
    assert {type(item) for _, item in collected} == {account.ConnectionSummary, selling.SolutionBase}
    assert collection.item_classes == {
        "ListConnections": account.ConnectionSummary,
        "ListSolutions": selling.SolutionBase,
    }
    (started,) = (event for event in events if isinstance(event, RunStarted))
    assert started.services == ("partnercentral-account", NAME)
    assert {each["service"] for each in collected.report.as_json()["sources"]} == {"partnercentral-account", NAME}
    assert {event.origin.service for event in events if isinstance(event, PageFetched)} == set(started.services)


async def test_they_share_a_checkpoint_and_an_output(tmp_path: Path) -> None:
    down = True

    def half(received: Received) -> Reply:
        if down and received.operation == "ListSolutions" and received.body.get("NextToken") == "1":
            return Reply({"__type": "AccessDeniedException", "Message": "no"}, status=400)
        return answer(received)

    listings = [account.listings.list_connections(), selling.listings.list_solutions()]
    checkpoint, pattern = tmp_path / "run.json", tmp_path / "{operation}.ndjson"
    with scripted_server() as server:
        server.answer = half
        options: Any = {"limits": Limits(rate=1000), "checkpoint": checkpoint}
        collection = Collection[Any](listings, sources(server, "a"), on_error="report", **options)
        report = await collection.into(open_sink(pattern))
        assert [state.outcome for state in report.sources.values()] == [Outcome.COMPLETE, Outcome.FAILED]
        down, asked = False, len(server.received)
        with pytest.raises(CheckpointError, match="ListSolutions is missing"):
            await Collection[Any](listings[:1], sources(server, "a"), **options).into(open_sink(pattern))
        report = await collection.into(open_sink(pattern))
        assert [each.operation for each in server.received[asked:]] == ["ListSolutions"] * 2
    assert report.complete
    assert not checkpoint.exists()
    assert {file.name.partition("~")[0]: len(file.read_bytes().splitlines()) for file in tmp_path.iterdir()} == {
        "ListConnections": 6,
        "ListSolutions": 6,
    }


@pytest.mark.parametrize("raw", [False, True])
async def test_a_service_may_call_its_catalog_otherwise(raw: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Only the generated package has the names on the wire; a checkpoint is resumed with them."""
    down, checkpoint = True, tmp_path / "run.json"

    def relationships(received: Received) -> Reply:
        token = received.body.get("nextToken", "0")
        if down and (received.body["catalog"], token) == ("AWS", "1"):
            return Reply({"__type": "AccessDeniedException", "message": "no"}, status=400)
        more = {"nextToken": str(int(token) + 1)} if token != "2" else {}
        items = [{"catalog": received.body["catalog"], "id": f"rs-{token}-{number}"} for number in range(2)]
        return Reply({"items": items, **more})

    def collected(server: ScriptedServer) -> Collection[Any]:
        where = {"endpoint_url": server.url, "region_name": "us-east-1", "account": "a"}
        return Collection[Any](
            channel.listings.list_relationships(display_names=["n"], page_size=2),
            [Source(catalog, **where) for catalog in ("AWS", "Sandbox")],
            on_error="report",
            checkpoint=checkpoint,
            limits=Limits(rate=1000),
        )

    with scripted_server() as server:
        server.answer = relationships
        runs = []
        for down in (True, False):  # noqa: B007 - `relationships` reads it
            asked = len(server.received)
            collection = collected(server)
            async with collection.raw() if raw else collection as stream:
                items = [json.loads(item)["id"] if raw else item.id async for _, item in stream]
            requests = [(each.body["catalog"], each.body.get("nextToken")) for each in server.received[asked:]]
            runs.append((len(items), sorted(requests, key=str)))
    assert runs == [
        (8, [("AWS", "1"), ("AWS", None), ("Sandbox", "1"), ("Sandbox", "2"), ("Sandbox", None)]),
        (4, [("AWS", "1"), ("AWS", "2")]),
    ]
    assert all(each.body["displayNames"] == ["n"] and each.body["maxResults"] == 2 for each in server.received)
    assert not checkpoint.exists()


async def test_an_account_has_a_rate_limit_for_each_service() -> None:
    events: list[Any] = []
    listings = [account.listings.list_connections(), selling.listings.list_solutions()]

    def throttled(received: Received) -> Reply:
        first = len([each for each in server.received if each.operation == "ListSolutions"]) == 1
        if received.operation == "ListSolutions" and first:
            return Reply({"__type": "ThrottlingException", "Message": "slow down"}, status=400)
        return answer(received)

    with scripted_server() as server:
        server.answer = throttled
        collection = Collection[Any](listings, sources(server, "a"), limits=Limits(rate=1000), observer=events.append)
        report = (await collection.collect()).report
    assert {origin.operation: state.throttled for origin, state in report.sources.items()} == {
        "ListConnections": 0,
        "ListSolutions": 1,
    }


async def test_a_rate_of_an_operation_of_either_is_known() -> None:
    listings = [account.listings.list_connections(), selling.listings.list_solutions()]
    Collection[Any](listings, "AWS", limits=Limits(rates={"ListSolutions": 1, "ListPartners": 1}))
    with pytest.raises(ValueError, match=f"'ListThings', which is not an operation of .* or {NAME}"):
        Collection[Any](listings, "AWS", limits=Limits(rates={"ListThings": 1}))


async def test_a_client_of_one_service_is_refused_for_the_other() -> None:
    with scripted_server() as server:
        server.answer = answer
        async with account.connect(endpoint_url=server.url, aws_access_key_id="a", aws_secret_access_key="b") as client:
            source = Source("AWS", client=client, label="own")
            collection = Collection[Any](
                [account.listings.list_connections(), selling.listings.list_solutions()], source, on_error="report"
            )
            collected = await collection.collect()
    assert len(collected) == 6
    (failure,) = collected.report.failures.values()
    assert isinstance(failure, TypeError)
    assert "must be an aiopartnercentral.selling.client.Client, not an aiopartnercentral.account.client.Client" in str(
        failure
    )
