"""Bulk collections of real emulators, over real sockets."""

from __future__ import annotations

import asyncio
import json
import pickle
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import pytest

from aiopartnercentral import account
from aiopartnercentral._pagination.report import Outcome, SourcesFailedError
from aiopartnercentral.bulk import (
    Collection,
    Credentials,
    Limits,
    PageFetched,
    Retried,
    Role,
    RunFinished,
    RunStarted,
    Source,
    SourceFinished,
    SourceStarted,
    Throttled,
)
from aiopartnercentral.emulator import Emulator, ExpiredPageToken, Fault
from aiopartnercentral.errors import CredentialsError, DecodeError, PaginationError
from aiopartnercentral.sinks import CsvSink, Page, arrow_schema, open_sink
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.connections import connection
from tests.support.servers import Reply, scripted_server
from tests.support.tasks import GUARD, no_task_left

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bulk.counting_server import Line

pytestmark = pytest.mark.anyio


async def test_items_of_all_sources_and_listings_come_beside_their_origin() -> None:
    async with Emulator({"AWS": 130, "Sandbox": 20}) as one, Emulator({"AWS": 60}, seed=7) as two:
        collection = Collection[Any](
            [account.listings.list_connections(page_size=50), account.listings.list_partners()],
            [of(one, "one"), of(one, "test", "Sandbox"), of(two, "two")],
            limits=FAST,
        )
        for _ in range(2):
            collected = await collection.collect()
            counts = {
                (origin.label, origin.listing): sum(other is origin for other, _ in collected)
                for origin in collection.origins
            }
            assert counts == {
                ("one", "ListConnections"): 130,
                ("one", "ListPartners"): 13,
                ("test", "ListConnections"): 20,
                ("test", "ListPartners"): 2,
                ("two", "ListConnections"): 60,
                ("two", "ListPartners"): 6,
            }
            assert {(origin.operation, type(item).__name__) for origin, item in collected} == {
                ("ListConnections", "ConnectionSummary"),
                ("ListPartners", "PartnerSummary"),
            }
            assert collected.report.complete
            assert {origin.catalog for origin, _ in collected} == {"AWS", "Sandbox"}
    assert collection.item_classes == {
        "ListConnections": account.ConnectionSummary,
        "ListPartners": account.PartnerSummary,
    }


async def test_what_was_collected_becomes_a_table_for_each_class() -> None:
    async with Emulator({"AWS": 30}) as emulator:
        listings = [account.listings.list_connections(), account.listings.list_partners()]
        collection = Collection[Any](listings, of(emulator, "a"), limits=FAST)
        collected = pickle.loads(pickle.dumps(await collection.collect()))
        others = [await other.collect() for other in (collection.raw(), collection.batches())]
        one = await Collection(listings[0], of(emulator, "a"), limits=FAST).collect()
    table = collected.to_arrow("ListPartners")
    assert table.schema == arrow_schema(account.PartnerSummary, text_columns=["source"])
    assert table["source"].to_pylist() == ["a ListPartners"] * 3
    assert list(collected.to_pandas("ListConnections")["id"]) == [item.id for _, item in one]
    assert one.to_polars()["source"].unique().to_list() == ["a ListConnections"]
    with pytest.raises(TypeError, match="listing must be 'ListConnections' or 'ListPartners', not None"):
        collected.to_arrow()
    with pytest.raises(ValueError, match="listing must be 'ListConnections' or 'ListPartners', not 'x'"):
        collected.to_pandas("x")
    for other in others:
        with pytest.raises(TypeError, match="only items become a table, not pages, batches or bytes"):
            other.to_polars()


def test_a_listing_without_a_catalog_is_refused_with_what_to_do() -> None:
    listing = account.listings.list_connections()
    without = attrs.evolve(listing, pagination=attrs.evolve(listing.pagination, catalog=None))
    with pytest.raises(TypeError, match=r"ListConnections has none: use client\.paginate\.list_connections\(\) with"):
        Collection(without, sources=["AWS"])


async def test_raw_items_and_batches() -> None:
    async with Emulator({"AWS": 30}) as emulator:
        listing = account.listings.list_connections(page_size=20)
        collection = Collection(listing, of(emulator, "a"), limits=FAST)
        raw = [item async for _, item in await _entered(collection.raw())]
        batches = [[item.id for item in batch] async for _, batch in await _entered(collection.batches())]
    assert [len(batch) for batch in batches] == [20, 10]
    assert [json.loads(item)["Id"] for item in raw] == [each for batch in batches for each in batch]


async def _entered(source: Any) -> Any:
    """Return an iterator over everything, once the stream is closed."""
    entries = await source.collect()

    async def iterate() -> Any:
        for entry in entries:
            yield entry

    return iterate()


async def test_one_operation_listed_twice_has_names() -> None:
    async with Emulator({"AWS": 200}) as emulator:
        invitations = account.listings.list_connection_invitations
        collection = Collection(
            {
                "sent": invitations(participant_type="SENDER"),
                "received": invitations(participant_type="RECEIVER"),
            },
            of(emulator, "a"),
            limits=FAST,
        )
        collected = await collection.collect()
        by_name = {origin.listing: origin for origin, _ in collected}
        assert set(by_name) == {"sent", "received"}
        assert {(origin.listing, str(item.participant_type)) for origin, item in collected} == {
            ("sent", "SENDER"),
            ("received", "RECEIVER"),
        }
        with pytest.raises(ValueError, match="must not contain ListConnectionInvitations twice"):
            Collection([invitations(), invitations()], "AWS")


@pytest.mark.parametrize("on_error", ["finish", "report", "raise"])
async def test_a_source_that_fails_is_told_as_the_policy_says(on_error: Any) -> None:
    seen: list[str] = []
    raised: Exception | None = None
    async with (
        no_task_left(),
        Emulator({"AWS": 30}) as good,
        Emulator({"AWS": 30}, denied_catalogs=["AWS"]) as denied,
        Collection(
            account.listings.list_connections(),
            [of(good, "good"), of(denied, "bad")],
            limits=FAST,
            on_error=on_error,
        ) as stream,
    ):
        try:
            async for origin, _ in stream:
                seen.append(origin.label)
        except (SourcesFailedError, account.AccessDeniedException) as error:
            raised = error
        asked = [each for each in denied.requests if each.operation == "ListConnections"]
    outcomes = {origin.label: state.outcome for origin, state in stream.report.sources.items()}
    assert outcomes["bad"] is Outcome.FAILED
    assert not stream.report.complete
    assert len(asked) == 1
    if on_error == "raise":
        assert isinstance(raised, account.AccessDeniedException)
        assert "max retries" not in str(raised)  # of a client that sends once
        assert "while collecting source bad ListConnections" in raised.__notes__
        return
    assert (len(seen), outcomes["good"]) == (30, Outcome.COMPLETE)
    if on_error == "finish":
        assert isinstance(raised, SourcesFailedError)
        assert [origin.label for origin in raised.failures] == ["bad"]
        assert "1 source failed: bad ListConnections" in str(raised)
    else:
        assert raised is None


class Secretive:
    """A credentials provider that cannot be pickled, and must not be; neither can its error."""

    def __init__(self) -> None:
        self.secret = "s3cret"
        self.lock = threading.Lock()

    async def fetch(self) -> Credentials:
        class VaultError(Exception):
            pass

        raise VaultError(self.secret)


async def test_a_pickled_report_has_no_credentials(tmp_path: Path) -> None:
    role = Role(arn="arn:aws:iam::111122223333:role/name", external_id="s3cret", profile="missing")
    async with Emulator({"AWS": 3}) as emulator:
        options: Any = {"aws_access_key_id": "any", "aws_secret_access_key": "s3cret"}
        async with account.connect(endpoint_url=emulator.endpoint_url, **options) as client:
            sources = [
                Source("AWS", credentials=Secretive().fetch, endpoint_url=emulator.endpoint_url, label="provider"),
                Source("AWS", client=client, label="client"),
                Source("AWS", role=role, endpoint_url="http://127.0.0.1:9", label="role"),
            ]
            limits = Limits(attempts=1)
            collection = Collection(LISTING, sources, limits=limits, on_error="report")
            report = await collection.into(open_sink(tmp_path / "a.ndjson"))
    pickled = pickle.dumps(report)
    assert b"s3cret" not in pickled
    again = pickle.loads(pickle.dumps(pickle.loads(pickled)))
    for state, before in zip(again.sources.values(), report.sources.values(), strict=True):
        assert (state.outcome, state.items, state.elapsed) == (before.outcome, before.items, before.elapsed)
    unusable, none, kept = (state.error for state in again.sources.values())
    assert (repr(unusable), none) == ("AioPartnerCentralError('VaultError')", None)
    assert type(kept) is type(list(report.sources.values())[2].error)
    for origin in list(again.sources)[:2]:
        with pytest.raises(CredentialsError, match=r"^(Secretive\.fetch|the client) was not pickled with the report$"):
            await origin.source.credentials()


async def test_where_every_source_fails_an_earlier_output_stays(tmp_path: Path) -> None:
    path, checkpoint = tmp_path / "a.ndjson", tmp_path / "run.json"
    path.write_text("earlier")
    async with Emulator({"AWS": 3}, denied_catalogs=["AWS"]) as emulator:
        sources = [of(emulator, "a"), of(emulator, "b")]
        make = partial(Collection, account.listings.list_connections(), sources, limits=FAST)
        with pytest.raises(SourcesFailedError) as caught:
            await make().into(open_sink(path))
        assert caught.value.report is not None
        assert caught.value.report.failures == caught.value.failures
        again = pickle.loads(pickle.dumps(caught.value))
        assert (str(again), str(again.report)) == (str(caught.value), str(caught.value.report))
        assert [each.name for each in tmp_path.iterdir()] == ["a.ndjson"]
        report = await make(on_error="report", checkpoint=checkpoint).into(open_sink(path))
        assert len(report.failures) == 2
        assert path.read_text() == "earlier"
        with pytest.raises(account.AccessDeniedException):  # of a single source, not a group of one
            await Collection(account.listings.list_connections(), sources[0], limits=FAST).into(open_sink(path))
        assert path.read_text() == "earlier"
        emulator.denied_catalogs = []
        report = await make(checkpoint=checkpoint).into(open_sink(path))
    assert report.complete
    assert path.read_bytes().count(b"\n") == 6
    assert [each.name for each in tmp_path.iterdir()] == ["a.ndjson"]


async def test_what_a_source_gave_before_it_failed_is_in_the_output(tmp_path: Path) -> None:
    path, template = tmp_path / "a.ndjson", tmp_path / "{label}.ndjson"
    (tmp_path / "denied.ndjson").write_text("earlier")
    later = [Fault(ExpiredPageToken(), calls="2-")]  # after its first page
    async with (
        Emulator({"AWS": 30}) as good,
        Emulator({"AWS": 30}, faults=later) as bad,
        Emulator({"AWS": 30}, denied_catalogs=["AWS"]) as denied,
    ):
        sources = [of(good, "good"), of(bad, "bad"), of(denied, "denied")]
        for output in (path, template):
            bad.faults = later  # counted from 1 again
            collection = Collection(LISTING, sources, limits=FAST, on_error="report")
            report = await collection.into(open_sink(output))
            assert [(state.outcome, state.items) for state in report.sources.values()] == [
                (Outcome.COMPLETE, 30),
                (Outcome.FAILED, 10),
                (Outcome.FAILED, 0),
            ]
    counted = {each.name: each.read_bytes().count(b"\n") for each in tmp_path.iterdir()}
    assert counted == {"a.ndjson": 40, "good.ndjson": 30, "bad.ndjson": 10, "denied.ndjson": 0}
    assert (tmp_path / "denied.ndjson").read_text() == "earlier"


async def test_a_failure_among_what_is_skipped_leaves_an_earlier_output_too(tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_text("earlier")
    async with Emulator({"AWS": 3}, denied_catalogs=["AWS"]) as emulator:
        sources = [of(emulator, "a"), Source("AWS", endpoint_url="http://127.0.0.1:9", label="b")]
        limits = Limits(rate=10_000, attempts=1)
        options: Any = {"limits": limits, "on_error": "report", "ignore_errors": {"AccessDeniedException"}}
        listing = account.listings.list_connections()
        report = await Collection(listing, sources, **options).into(open_sink(path))
        denied, broken = (source["error"] for source in report.as_json()["sources"])
    assert [state.outcome for state in report.sources.values()] == [Outcome.SKIPPED, Outcome.FAILED]
    assert (report.lost, path.read_text()) == (True, "earlier")
    # Explained in the library's words: what the service or another library says may quote a request.
    policy = "AccessDeniedException: the caller's policy must allow ListConnections on this catalog (request id "
    network = "cannot connect to http://127.0.0.1:9"
    assert (denied["type"], denied["message"].startswith(policy)) == ("AccessDeniedException", True)
    assert (broken["type"], broken["message"].startswith(network)) == ("EndpointConnectionError", True)


async def test_a_provider_that_was_cancelled_fails_its_source_alone() -> None:
    async def cancelled() -> Any:
        raise asyncio.CancelledError  # as a task does that several await, once one of these is cancelled

    async with no_task_left(), Emulator({"AWS": 30}) as emulator:
        sources = [of(emulator, "good"), Source("AWS", credentials=cancelled, label="bad")]
        collection = Collection(account.listings.list_connections(), sources, limits=FAST, on_error="report")
        collected = await collection.collect()
    assert len(collected) == 30
    assert [origin.label for origin in collected.report.failures] == ["bad"]
    (error,) = collected.report.failures.values()
    assert isinstance(error.__cause__, asyncio.CancelledError)


async def test_an_ignored_error_skips_its_source() -> None:
    async with Emulator({"AWS": 3}) as good, Emulator({"AWS": 3}, denied_catalogs=["AWS"]) as denied:
        collection = Collection(
            account.listings.list_connections(),
            [of(good, "good"), of(denied, "bad")],
            limits=FAST,
            ignore_errors={"AccessDeniedException"},
        )
        collected = await collection.collect()
    assert {origin.label: state.outcome for origin, state in collected.report.sources.items()} == {
        "good": Outcome.COMPLETE,
        "bad": Outcome.SKIPPED,
    }
    assert not collected.report.failures
    assert not collected.report.complete


async def test_throttling_and_failing_servers_are_got_over() -> None:
    events: list[Any] = []
    replies: list[Any] = [
        Reply({"__type": "ThrottlingException", "Message": "slow"}, status=400),
        Reply({"ConnectionSummaries": [connection("AWS", 1)], "NextToken": "t"}),
        Reply(b"oops", status=503),
        Reply({"__type": "InternalServerException", "Message": "oops"}, status=500),
        Reply({"ConnectionSummaries": [connection("AWS", 2)]}),
    ]
    with scripted_server() as server:
        server.replies(*replies)
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        limits = Limits(rate=1000, backoff=0.001)
        collection = Collection(account.listings.list_connections(), source, limits=limits, observer=events.append)
        collected = await collection.collect()
        assert len(server.received) == len(replies)
    (state,) = collected.report.sources.values()
    assert (state.items, state.pages, state.retries, state.throttled) == (2, 2, 3, 1)
    assert [type(event) for event in events] == [
        RunStarted,
        SourceStarted,
        Throttled,
        Retried,
        PageFetched,
        Retried,
        Retried,
        PageFetched,
        SourceFinished,
        RunFinished,
    ]
    assert events[-2].report.outcome is Outcome.COMPLETE
    assert [event.items for event in events if isinstance(event, PageFetched)] == [1, 1]


async def test_a_malformed_item_costs_only_itself() -> None:
    wrong = {**connection("AWS", 1), "UpdatedAt": None}
    body = json.dumps({"ConnectionSummaries": [connection("AWS", 0), wrong, connection("AWS", 2)]}).encode()
    with scripted_server() as server:
        server.replies(Reply(body))
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        make = partial(Collection, account.listings.list_connections(), source, limits=FAST)
        collected = await make(on_malformed="report").collect()
        (state,) = collected.report.sources.values()
        (item,) = state.malformed
        assert len(collected) == 2
        assert (item.path, json.loads(item.raw or b"")) == ("$.ConnectionSummaries[1].UpdatedAt", wrong)
        assert not state.complete
        told = json.dumps(collected.report.as_json())
        assert item.path in told
        assert wrong["Id"] not in told
        server.replies(Reply(body))
        with pytest.raises(DecodeError):
            await make().collect()


async def test_a_sink_gets_what_was_left_out_with_its_page(tmp_path: Path) -> None:
    pages: list[Any] = []

    class Watched(CsvSink):
        async def write(self, page: Page) -> None:
            pages.append(page)
            await super().write(page)

    wrong = {**connection("AWS", 1), "UpdatedAt": None}
    with scripted_server() as server:
        server.replies(
            Reply({"ConnectionSummaries": [connection("AWS", 0)], "NextToken": "t"}),
            Reply({"ConnectionSummaries": [wrong, connection("AWS", 2)]}),
        )
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        listing = account.listings.list_connections()
        collection = Collection(listing, source, limits=FAST, on_malformed="report")
        await collection.into(Watched(tmp_path / "a.csv", account.ConnectionSummary))
    assert [(len(page.items), [json.loads(item.raw) for item in page.malformed]) for page in pages] == [
        (1, []),
        (1, [wrong]),
    ]


async def test_a_token_cycle_fails_its_source() -> None:
    with scripted_server() as server:
        server.replies(*[Reply({"ConnectionSummaries": [], "NextToken": token}) for token in "aba"])
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        collection = Collection(account.listings.list_connections(), source, limits=FAST, on_error="report")
        collected = await collection.collect()
    (error,) = collected.report.failures.values()
    assert isinstance(error, PaginationError)
    assert str(error).startswith("source a ListConnections: page 3 returned a page token that was already used")


async def test_a_client_of_the_callers_own_is_used_and_stays_open() -> None:
    async with (
        Emulator({"AWS": 5}) as emulator,
        account.connect(
            endpoint_url=emulator.endpoint_url, aws_access_key_id="111122223333", aws_secret_access_key="any"
        ) as client,
    ):
        source = Source("AWS", client=client, label="mine")
        collected = await Collection(account.listings.list_connections(), source).collect()
        assert len(collected) == 0
        assert {request.account for request in emulator.requests} == {"111122223333"}
        await client.list_connections(catalog="AWS")


async def test_max_items_counts_for_each_source() -> None:
    async with Emulator({"AWS": 30, "Sandbox": 30}) as emulator:
        collection = Collection(
            account.listings.list_connections(page_size=7, max_items=10),
            [of(emulator, "a"), of(emulator, "b", "Sandbox")],
            limits=FAST,
        )
        collected = await collection.collect()
    assert {state.outcome for state in collected.report.sources.values()} == {Outcome.LIMITED}
    assert collected.report.items == 20


@pytest.mark.parametrize("after", [0, 1, 25])
async def test_leaving_early_leaves_nothing(after: int) -> None:
    async with no_task_left(), Emulator({"AWS": 500}, latency=0.01) as emulator:
        sources = [Source("AWS", endpoint_url=emulator.endpoint_url, label=f"{n}", account=f"{n}") for n in range(5)]
        collection = Collection(account.listings.list_connections(), sources, limits=FAST)
        async with collection as stream:
            for _ in range(after):
                await anext(stream)
        assert stream.report.items == after
        assert {state.outcome for state in stream.report.sources.values()} == {Outcome.CANCELLED}


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2, 0.4])
async def test_a_cancellation_leaves_nothing(after: float) -> None:
    async with no_task_left(), Emulator({"AWS": 400}, latency=0.02) as emulator:
        sources = [Source("AWS", endpoint_url=emulator.endpoint_url, label=f"{n}", account=f"{n}") for n in range(5)]
        collection = Collection(account.listings.list_connections(), sources, limits=FAST)
        with anyio.move_on_after(after):
            async with collection as stream:
                async for _ in stream:
                    pass
        assert emulator.in_flight <= 5


async def test_a_stream_keeps_what_it_needs_open_and_no_longer(line: Line) -> None:
    async def give(number: int) -> Credentials:
        return Credentials(access_key_id=f"key-{number}", secret_access_key="any")

    sources = [
        Source("AWS", credentials=partial(give, number), endpoint_url=line.url, label=f"{number}")
        for number in range(6)
    ]
    limits = Limits(rate=1000, sources=2, concurrency=2)
    async with Collection(account.listings.list_connections(), sources, limits=limits) as stream:
        async for _ in stream:
            pass
        assert len(set(line.asked)) == 6
        with anyio.fail_after(GUARD):
            while len(+line.open) > 2:
                await anyio.sleep(0.01)
    await line.until_open()


@pytest.mark.parametrize(
    ("listings", "message"),
    [
        ([], "listings must not be empty"),
        ({}, "listings must not be empty"),
        (["list_connections"], r"must be listings, such as account.listings.list_connections\(\), not a string"),
        ("list_connections", r"must be listings, such as account.listings.list_connections\(\), not a string"),
        ([account.listings.list_connections], r"such as account.listings.list_connections\(\), not a function"),
        ({"x": None}, r"must be listings, such as account.listings.list_connections\(\), not None"),
    ],
)
async def test_a_listing_that_is_none_is_refused(listings: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        Collection(listings, "AWS")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sources": []}, "sources must"),
        ({"sources": ["AWS", "AWS"]}, "have the same label 'AWS'"),
        ({"on_error": "ignore"}, "on_error must be 'raise', 'finish' or 'report', not 'ignore'"),
        ({"limits": 5}, "limits must be a Limits, not an integer"),
        ({"observer": "log"}, "observer must be a function of an event, not a string"),
        (
            {"limits": Limits(rates={"list_partners": 1})},
            "limits.rates names 'list_partners', which is not an operation of partnercentral-account",
        ),
        ({"on_malformed": "drop"}, "on_malformed must be 'raise' or 'report', not 'drop'"),
        ({"ignore_errors": "X"}, "ignore_errors must be a collection of error codes, not a string"),
        ({"buffer_pages": -1}, "buffer_pages must be an integer of at least 0, not -1"),
        ({"regoin_name": "x"}, "regoin_name"),
    ],
)
def test_an_argument_that_cannot_be_is_named(options: Any, message: str) -> None:
    given = {
        "sources": "AWS",
        "listings": account.listings.list_connections(),
        **options,
    }
    with pytest.raises((TypeError, ValueError), match=message):
        Collection(**given)
