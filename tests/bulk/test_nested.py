"""Listings below each item of another: paging on both levels, concurrency, failures, limits and reports."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import pytest

from aiopartnercentral import selling
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.bulk import Collection, Limits, PageFetched, Source
from tests.support.nested_service import DETAILS, FAST, MEMBERS, Partners, error, serving, source, world
from tests.support.servers import Reply
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from tests.support.servers import Received

pytestmark = pytest.mark.anyio


def collection(server: Any, *listings: Any, **options: Any) -> Collection[Any]:
    options.setdefault("limits", FAST)
    options.setdefault("sources", source(server))
    return Collection(list(listings) or [MEMBERS], **options)


def pairs(collected: Any) -> list[tuple[str, str]]:
    """Return the name of each parent and child."""
    return [(origin.parent["identifier"], getattr(item, "company_name", "")) for origin, item in collected]


async def test_pages_of_parents_and_of_their_items_come_in_order() -> None:
    partners = world(3, 0, 2, children=5, per_page=2)
    with serving(AWS=partners) as server:
        collected = await collection(server).collect()
    assert pairs(collected) == partners.children
    (report,) = collected.report.sources.values()
    assert (report.items, report.pages, report.outcome) == (25, 15, Outcome.COMPLETE)
    assert report.complete
    assert not str(report.skipped_parents)


async def test_details_of_each_item_are_responses() -> None:
    partners = world(3, 4)
    with serving(AWS=partners) as server:
        collected = await collection(server, DETAILS).collect()
        raw = await collection(server, DETAILS).raw().collect()
        batches = await collection(server, DETAILS).batches().collect()
    assert {type(item) for _, item in collected} == {selling.GetOpportunityResponse}
    assert [(origin.parent["identifier"], item.id) for origin, item in collected] == [
        (name, name) for name in partners.parents
    ]
    assert [json.loads(item)["Id"] for _, item in raw] == list(partners.parents)
    assert [[item.id for item in items] for _, items in batches] == [[name] for name in partners.parents]


async def test_many_requests_are_in_flight_and_items_stay_in_order() -> None:
    partners = attrs.evolve(world(30), delay=0.02)
    with serving(AWS=partners) as server:
        collected = await collection(server, DETAILS, limits=Limits(rate=10_000, concurrency=6)).collect()
        peak = server.peak
        server.peak = 0
        await collection(server, DETAILS, limits=Limits(rate=10_000, concurrency=1)).collect()
    assert [item.id for _, item in collected] == list(partners.parents)
    assert peak == 6
    assert server.peak == 1


async def test_several_accounts_catalogs_and_listings() -> None:
    aws, sandbox = world(2, 3), world(4)
    with serving(AWS=aws, Sandbox=sandbox) as server:
        sources = [source(server, catalog, f"{name}/{catalog}") for name in "ab" for catalog in ("AWS", "Sandbox")]
        whole = collection(server, MEMBERS, DETAILS, selling.listings.list_opportunities(), sources=sources)
        collected = await whole.collect()
    report = collected.report
    assert report.complete
    counts = {(str(origin), origin.operation): state.items for origin, state in report.sources.items()}
    for name in "ab":
        assert counts[f"{name}/AWS ListEngagementMembers", "ListEngagementMembers"] == 15
        assert counts[f"{name}/AWS GetOpportunity", "GetOpportunity"] == 5
        assert counts[f"{name}/Sandbox ListOpportunities", "ListOpportunities"] == 4
    for origin, _ in collected:
        assert (origin.parent is None) == (origin.operation == "ListOpportunities")
        assert origin.without_parent in report.sources
        assert origin.without_parent.parent is None


async def test_a_parent_that_has_vanished_is_recorded_and_the_run_goes_on() -> None:
    partners = world(4, children=3)
    gone = list(partners.parents)[1]

    def before(received: Received) -> Reply | None:
        is_gone = received.body.get("Identifier") == gone and "NextToken" in received.body
        return error("ResourceNotFoundException") if is_gone else None

    with serving(AWS=attrs.evolve(partners, before=before)) as server:
        collected = await collection(server).collect()
    assert pairs(collected) == [pair for pair in partners.children if pair != (gone, f"{gone}.2")]
    (report,) = collected.report.sources.values()
    assert report.outcome is Outcome.COMPLETE
    assert report.complete
    assert report.skipped_parents.vanished == 1
    (skipped,) = report.skipped_parents.first
    assert skipped.parent == {"identifier": gone}
    assert "1 parent vanished" in str(collected.report)
    assert collected.report.as_json()["sources"][0]["skipped_parents"] == {
        "skipped": 0,
        "vanished": 1,
        "first": [
            {
                "parent": {"identifier": gone},
                "reason": "ResourceNotFoundException",
                "vanished": True,
                "request_id": skipped.request_id,
            }
        ],
    }


@pytest.mark.parametrize("parents", [0, 4])
async def test_where_there_is_no_page_of_items_none_is_counted(parents: int) -> None:
    with serving(AWS=attrs.evolve(world(parents), before=_vanished_or_parents)) as server:
        report = (await collection(server).collect()).report
    (state,) = report.sources.values()
    assert (state.outcome, state.pages, state.items) == (Outcome.COMPLETE, 0, 0)
    assert state.skipped_parents.vanished == parents


def _vanished_or_parents(received: Received) -> Reply | None:
    return error("ResourceNotFoundException") if "Identifier" in received.body else None


async def test_ignored_errors_skip_only_their_parent() -> None:
    partners = world(3)
    denied = next(iter(partners.parents))

    def before(received: Received) -> Reply | None:
        return error("AccessDeniedException") if received.body.get("Identifier") == denied else None

    with serving(AWS=attrs.evolve(partners, before=before)) as server:
        collected = await collection(server, ignore_errors=["AccessDeniedException"]).collect()
    assert pairs(collected) == [pair for pair in partners.children if pair[0] != denied]
    (report,) = collected.report.sources.values()
    assert report.outcome is Outcome.COMPLETE
    assert not report.complete
    assert not collected.report.complete
    assert "1 parent skipped" in str(collected.report)


async def test_any_other_error_fails_the_source_and_names_the_parent() -> None:
    partners = world(5)
    denied = list(partners.parents)[2]

    def before(received: Received) -> Reply | None:
        return error("AccessDeniedException") if received.body.get("Identifier") == denied else None

    with serving(AWS=attrs.evolve(partners, before=before)) as server:
        whole = collection(server, on_error="report")
        collected = await whole.collect()
    assert pairs(collected) == [pair for pair in partners.children if pair[0] < denied]
    (report,) = collected.report.sources.values()
    assert report.outcome is Outcome.FAILED
    assert f"for the parent with identifier {denied}" in report.error.__notes__


async def test_a_denied_listing_of_parents_fails_or_skips_the_source() -> None:
    partners = attrs.evolve(
        world(2), before=lambda received: error("AccessDeniedException") if "Identifier" not in received.body else None
    )
    with serving(AWS=partners) as server:
        failed = (await collection(server, on_error="report").collect()).report
        skipped = (await collection(server, ignore_errors=["AccessDeniedException"]).collect()).report
    assert [state.outcome for state in failed.sources.values()] == [Outcome.FAILED]
    assert [state.outcome for state in skipped.sources.values()] == [Outcome.SKIPPED]


async def test_a_parent_without_the_attribute_is_skipped() -> None:
    partners = Partners([[("eng-1", [["a"]]), (None, []), ("eng-2", [["b"]])]])
    with serving(AWS=partners) as server:
        collected = await collection(server).collect()
    assert pairs(collected) == [("eng-1", "a"), ("eng-2", "b")]
    (report,) = collected.report.sources.values()
    (skipped,) = report.skipped_parents.first
    assert (skipped.parent, skipped.reason, skipped.vanished) == ({"identifier": None}, "it has no id", False)
    assert not report.complete


async def test_throttled_requests_are_repeated() -> None:
    partners = world(12)
    refused: set[str] = set()

    def before(received: Received) -> Reply | None:
        name = received.body.get("Identifier", "")
        if name and int(name[-2:]) % 3 == 0 and name not in refused:
            refused.add(name)
            return error("ThrottlingException")
        return None

    with serving(AWS=attrs.evolve(partners, before=before)) as server:
        collected = await collection(server, DETAILS).collect()
    assert [item.id for _, item in collected] == list(partners.parents)
    (report,) = collected.report.sources.values()
    assert (report.retries, report.throttled) == (4, 4)


async def test_attempts_that_were_made_ahead_count() -> None:
    partners = attrs.evolve(
        world(6),
        before=lambda received: (
            error("InternalServerException", 500) if received.body.get("Identifier", "").endswith("3") else None
        ),
    )
    with serving(AWS=partners) as server:
        limits = attrs.evolve(FAST, attempts=3)
        report = (await collection(server, DETAILS, limits=limits, on_error="report").collect()).report
        asked = [each for each in server.received if each.body.get("Identifier", "").endswith("3")]
    assert len(asked) == 3
    (state,) = report.sources.values()
    assert state.items == 3
    assert "sent 3 times" in state.error.__notes__


async def test_limits_of_parents_and_of_the_items_of_each() -> None:
    partners = world(3, 3, children=5, per_page=2)
    few = selling.listings.list_engagements(max_items=4).each(
        selling.listings.list_engagement_members, {"identifier": "id"}, max_items=3
    )
    enough = selling.listings.list_engagements(max_items=6).each(
        selling.listings.list_engagement_members, {"identifier": "id"}, max_items=5
    )
    with serving(AWS=partners) as server:
        collected = await collection(server, few).collect()
        whole = await collection(server, enough).collect()
    names = list(partners.parents)[:4]
    assert pairs(collected) == [(name, f"{name}.{number}") for name in names for number in range(3)]
    assert [state.outcome for state in collected.report.sources.values()] == [Outcome.LIMITED]
    assert [state.outcome for state in whole.report.sources.values()] == [Outcome.COMPLETE]


async def test_malformed_items_and_parents_are_reported() -> None:
    partners = world(3, children=2)

    def before(received: Received) -> Reply | None:
        body = partners.reply(received).body
        if received.operation == "ListEngagements":
            body["EngagementSummaryList"].insert(1, {"Id": 7})
        elif received.body["Identifier"].endswith("2"):
            body["EngagementMemberList"][0] = {"CompanyName": 7}
        return Reply(body)

    with serving(AWS=attrs.evolve(partners, before=before)) as server:
        collected = await collection(server, on_malformed="report").collect()
    name = list(partners.parents)[2]
    assert pairs(collected) == [pair for pair in partners.children if pair != (name, f"{name}.0")]
    (report,) = collected.report.sources.values()
    assert [item.path for item in report.malformed] == [
        "$.EngagementSummaryList[1].Id",
        "$.EngagementMemberList[0].CompanyName",
    ]


async def test_a_malformed_response_is_reported() -> None:
    partners = world(3)

    def before(received: Received) -> Reply | None:
        return Reply({"Catalog": 7}) if received.body.get("Identifier", "").endswith("1") else None

    with serving(AWS=attrs.evolve(partners, before=before)) as server:
        collected = await collection(server, DETAILS, on_malformed="report").collect()
    assert [item.id[-1] for _, item in collected] == ["0", "2"]
    (report,) = collected.report.sources.values()
    (item,) = report.malformed
    assert item.path == "$.Catalog"
    assert item.raw == b'{"Catalog": 7}'


async def test_page_tokens_that_loop_end_the_source() -> None:
    partners = world(1, 1, 1, children=1)

    def before(received: Received) -> Reply | None:
        body = partners.reply(received).body
        if received.operation == "ListEngagements" and "NextToken" not in body:
            body["NextToken"] = "p1"
        return Reply(body)

    with serving(AWS=attrs.evolve(partners, before=before)) as server:
        collected = await collection(server, on_error="report").collect()
    assert pairs(collected) == partners.children
    (report,) = collected.report.sources.values()
    assert "page token" in str(report.error)
    assert report.next_token is None


async def test_tokens_of_one_parent_that_loop_end_the_source() -> None:
    partners = world(2, children=4, per_page=1)

    def before(received: Received) -> Reply | None:
        body = partners.reply(received).body
        if received.body.get("Identifier", "").endswith("1") and "NextToken" not in body:
            body["NextToken"] = "p2"
        return Reply(body)

    with serving(AWS=attrs.evolve(partners, before=before)) as server:
        collected = await collection(server, on_error="report").collect()
    assert pairs(collected) == partners.children
    (report,) = collected.report.sources.values()
    assert "page token" in str(report.error)


async def test_thousands_of_parents_without_items_are_no_loop() -> None:
    partners = world(*[1] * 1100, children=0)
    with serving(AWS=partners) as server:
        report = (await collection(server).collect()).report
    assert report.complete


async def test_leaving_the_stream_ends_all_requests() -> None:
    partners = attrs.evolve(world(40), delay=0.05)
    with serving(AWS=partners) as server:
        async with collection(server, DETAILS) as stream:
            async for _ in stream:
                break
        received, before = len(server.received), -1
        with anyio.fail_after(GUARD):
            while server.in_flight or len(server.received) > before:
                before = len(server.received)
                await anyio.sleep(0.1)
        # What was sent may arrive after that.
        assert len(server.received) <= received + FAST.concurrency < 41
    (report,) = stream.report.sources.values()
    assert (report.items, report.outcome) == (1, Outcome.CANCELLED)


async def test_a_slow_consumer_pauses_fetching() -> None:
    partners = world(50)
    with serving(AWS=partners) as server:
        async with collection(server, DETAILS, limits=Limits(rate=10_000, concurrency=4)) as stream:
            await anext(stream)
            await anyio.sleep(0.2)
            assert len(server.received) <= 1 + 4 + 2
            assert len([item async for _, item in stream]) == 49


async def test_sources_that_run_ahead_leave_room_for_each_other() -> None:
    partners = attrs.evolve(world(20, 20, children=1), delay=0.003)
    with serving(AWS=partners, Sandbox=partners) as server:
        sources = [source(server, catalog, f"{name}/{catalog}") for name in "abc" for catalog in ("AWS", "Sandbox")]
        limits = Limits(rate=300, concurrency=3, account_concurrency=2, sources=4)
        with anyio.fail_after(GUARD):
            report = (await collection(server, MEMBERS, DETAILS, sources=sources, limits=limits).collect()).report
        assert server.peak <= 3
    assert report.complete
    assert report.items == 12 * 40


async def test_requests_ahead_hold_no_slot_while_they_wait_for_the_rate_limit() -> None:
    with serving(AWS=world(16)) as server:
        async with collection(server, DETAILS, limits=Limits(rate=10, concurrency=8)) as stream:
            free = [stream._run.slots.in_hand.value async for _ in stream]
    assert min(free[2:]) >= 4


async def test_an_incremental_run_takes_it_only_as_a_whole() -> None:
    partners, since = world(2), datetime(2026, 1, 1, tzinfo=UTC)
    listings = [MEMBERS, selling.listings.list_opportunities()]
    with serving(AWS=partners) as server:
        with pytest.raises(ValueError, match="ListEngagementMembers: it is below each item of another listing"):
            collection(server, *listings, since=since)
        collected = await collection(server, *listings, since=since, whole=["ListEngagementMembers"]).collect()
    assert pairs([pair for pair in collected if pair[0].parent is not None]) == partners.children
    again = attrs.evolve(collected.report)
    with serving(AWS=partners) as server:
        assert (await collection(server, MEMBERS, since=again, whole=["ListEngagementMembers"]).collect()).report.items


async def test_one_client_is_a_source() -> None:
    partners = world(2)
    with serving(AWS=partners) as server:
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
        async with selling.connect(endpoint_url=server.url, **keys) as client:
            collected = await Collection(MEMBERS, Source("AWS", client=client), limits=FAST).collect()
            with pytest.raises(TypeError, match=r"list_engagement_members\(\) is below each item .* Source\("):
                client.paginate(MEMBERS, catalogs="AWS")
    assert pairs(collected) == partners.children


async def test_events_are_of_pages_of_items() -> None:
    partners = world(3, children=3)
    events: list[Any] = []
    with serving(AWS=partners) as server:
        await collection(server, observer=events.append).collect()
    fetched = [event for event in events if isinstance(event, PageFetched)]
    assert [event.page for event in fetched] == [1, 2, 3, 4, 5, 6]
    assert sum(event.items for event in fetched) == 9
    assert all(event.origin.parent is None for event in fetched)
