"""What a run tells, of itself and of its sources, and what it says in the log."""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from aiopartnercentral import account, selling
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.bulk import (
    Collection,
    Limits,
    PageFetched,
    Retried,
    RunFinished,
    RunStarted,
    Source,
    SourceFinished,
    SourceStarted,
    Throttled,
    Writes,
    combine,
    error_type,
)
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import CredentialsError, DecodeError
from tests.bulk.virtual_time import service_error
from tests.support.bulk_sources import FAST, of
from tests.support.connections import connection
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.anyio

LISTING = account.listings.list_connections(page_size=10)
SECRET = "Xq7secret"


def only(events: list[Any], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


async def test_events_have_numbers_durations_and_request_ids() -> None:
    events: list[Any] = []
    with scripted_server() as server:
        server.replies(
            Reply({"ConnectionSummaries": [connection("AWS", 1)], "NextToken": "t"}, delay=0.02),
            Reply({"__type": "ThrottlingException"}, status=400, headers={"Retry-After": "0"}),
            Reply(b"oops", status=503, delay=0.02),
            Reply({"ConnectionSummaries": [connection("AWS", 2)]}),
        )
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        limits = Limits(rate=1000, backoff=0.01)
        collection = Collection(account.listings.list_connections(), source, limits=limits, observer=events.append)
        await collection.collect()
        await collection.raw().collect()
    first, second, *_ = only(events, PageFetched)
    (throttled,), (again, once_more) = only(events, Throttled), only(events, Retried)
    assert [(page.page, page.attempts, page.request_id) for page in (first, second)] == [
        (1, 1, "request-1"),
        (2, 3, "request-4"),
    ]
    assert (throttled.attempt, throttled.retry_after, throttled.request_id) == (1, 0.0, "request-2")
    assert [(each.attempt, each.request_id) for each in (again, once_more)] == [(1, "request-2"), (2, "request-3")]
    assert again.wait == 0
    assert 0 <= once_more.wait <= 0.02
    assert first.seconds >= 0.02
    assert once_more.seconds >= 0.02
    assert second.waited >= again.seconds + once_more.seconds + once_more.wait
    assert only(events, PageFetched)[-1].request_id == "request-5"
    runs = [event.run for event in events]
    assert len(set(runs)) == 2
    assert runs == sorted(runs, key=runs.index)


@pytest.mark.parametrize("end", ["break", "raise", "cancel"])
async def test_whatever_has_started_is_finished_before_the_run_is(end: str) -> None:
    events: list[Any] = []
    async with Emulator({"AWS": 50}) as one, Emulator({"AWS": 50}) as two, Emulator({"AWS": 5}) as three:
        one.latency = two.latency = 0.01
        sources = [of(one, "one"), of(two, "two"), of(three, "three")]
        collection = Collection(LISTING, sources, limits=FAST, observer=events.append)
        with anyio.CancelScope() as scope:
            try:
                async with collection as stream:
                    async for origin, _ in stream:
                        if origin.label == "one" and end == "break":
                            break
                        if origin.label == "one" and end == "raise":
                            raise KeyError(SECRET)  # noqa: TRY301 - it is the consumer's
                        if origin.label == "one":
                            scope.cancel()
            except KeyError:
                pass
    started, finished = only(events, SourceStarted), only(events, SourceFinished)
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunFinished)
    assert [origin.label for origin in events[0].origins] == ["one", "two", "three"]
    assert sorted(event.origin.label for event in started) == sorted(event.origin.label for event in finished)
    outcomes = {event.origin.label: event.report.outcome for event in finished}
    assert outcomes["one"] is Outcome.CANCELLED
    assert outcomes == {origin.label: state.outcome for origin, state in stream.report.sources.items()}
    assert events[-1].report.items == stream.report.items
    expected: Any = {"break": None, "raise": KeyError, "cancel": anyio.get_cancelled_exc_class()}[end]
    assert isinstance(events[-1].error, expected or type(None))


async def test_a_failure_that_is_raised_is_told_as_the_end_of_its_source() -> None:
    events: list[Any] = []
    async with Emulator({"AWS": 3}, denied_catalogs=["AWS"]) as denied:
        collection = Collection(LISTING, of(denied, "a"), limits=FAST, on_error="raise", observer=events.append)
        with pytest.raises(account.AccessDeniedException):
            await collection.collect()
    (finished,) = only(events, SourceFinished)
    assert finished.report.outcome is Outcome.FAILED
    assert isinstance(finished.report.error, account.AccessDeniedException)
    assert events[-1].error is finished.report.error


async def test_a_run_that_goes_on_says_what_an_earlier_one_has_finished(tmp_path: Path) -> None:
    events: list[Any] = []
    async with Emulator({"AWS": 30}) as one, Emulator({"AWS": 30}, denied_catalogs=["AWS"]) as two:
        sources = [of(one, "one"), of(two, "two")]
        collection = Collection(
            LISTING,
            sources,
            limits=FAST,
            on_error="report",
            checkpoint=tmp_path / "c",
            observer=events.append,
        )
        await collection.collect()
        await collection.collect()
    first, again = only(events, RunStarted)
    assert [len(first.origins), len(first.finished)] == [2, 0]
    assert [origin.label for origin in again.origins] == ["two"]
    assert [origin.label for origin in again.finished] == ["one"]
    assert [event.origin.label for event in only(events, SourceStarted) if event.run == again.run] == ["two"]


async def fetched(event: object) -> None:
    del event


@pytest.mark.parametrize(
    "take",
    [
        lambda observer: Collection(account.listings.list_connections(), "AWS", observer=observer),
        lambda observer: Writes(selling.CreateOpportunityRequest, [], "AWS", observer=observer),
        lambda observer: account.connect(observer=observer),
    ],
)
def test_an_async_observer_is_refused_by_all_that_take_one(take: Callable[[object], object]) -> None:
    with pytest.raises(
        TypeError, match=r"^observer must be a function.*, not an async function, which would never be a"
    ):
        take(fetched)


def test_combined_observers_are_functions() -> None:
    with pytest.raises(TypeError, match=r"^observers\[1\] must be a function of an event, not an async function"):
        combine(print, fetched)
    with pytest.raises(TypeError, match=r"^observers\[0\] must be a function of an event, not None$"):
        combine(None)  # type: ignore[arg-type]


def test_combined_observers_are_all_told_whichever_fails() -> None:
    told: list[Any] = []

    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        combine(fail, told.append, fail, told.append)("event")  # type: ignore[arg-type]
    assert told == ["event", "event"]
    assert [type(failure) for failure in caught.value.exceptions] == [ZeroDivisionError] * 2


def test_an_error_is_called_by_its_code_or_its_class() -> None:
    assert error_type(service_error("ThrottlingException")) == "ThrottlingException"
    assert error_type(service_error("503")) == "503"
    assert error_type(service_error(f"no code\n{SECRET}")) == "ServiceError"
    assert error_type(CredentialsError("no", code="AccessDenied")) == "AccessDenied"
    assert error_type(CredentialsError("no")) == "CredentialsError"
    assert error_type(DecodeError("no")) == "DecodeError"
    assert error_type(SystemExit(1)) == "SystemExit"


def fail_with(event: object) -> None:
    raise RuntimeError(repr(event), SECRET)


async def test_no_log_record_holds_what_is_collected_or_asked(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    item = {**connection("AWS", 1), "Arn": SECRET, "Id": SECRET}
    refusal = {"__type": "ValidationException", "Message": SECRET, "Reason": SECRET}
    replies = [
        Reply({"ConnectionSummaries": [item], "NextToken": f"{SECRET}-1"}),
        Reply({"__type": "ThrottlingException", "Message": SECRET}, status=400),
        Reply({"__type": "InternalServerException", "Message": SECRET}, status=500),
        Reply({"ConnectionSummaries": [item, {**item, "UpdatedAt": SECRET}], "NextToken": f"{SECRET}-2"}),
        Reply({"ConnectionSummaries": [SECRET], "NextToken": f"{SECRET}-3"}),
        Reply(refusal, status=400),
    ]
    partner = {"Catalog": "AWS", "Id": "p", "LegalName": SECRET, "CreatedAt": SECRET}
    with caplog.at_level(logging.DEBUG), scripted_server() as server:
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        listing = account.listings.list_connections(other_participant_identifiers=[SECRET])
        make = partial(
            Collection, sources=source, limits=FAST, on_error="report", on_malformed="report", checkpoint=tmp_path / "c"
        )
        server.replies(*replies)
        collected = await make(listing, observer=fail_with).collect()
        assert json.loads((tmp_path / "c").read_bytes())["sources"][0]["next_token"] == f"{SECRET}-3"
        server.replies(Reply(refusal, status=400), Reply({"ConnectionSummaries": [item]}))
        await make(listing).collect()
        server.replies(Reply({"PartnerSummaryList": [partner]}))
        await make(account.listings.list_partners(), on_malformed="raise").collect()
        with pytest.raises(KeyError):
            async with make(account.listings.list_partners(), checkpoint=None):
                raise KeyError(SECRET)
    assert (collected.report.items, len(collected.report.sources)) == (2, 1)
    ours = [record for record in caplog.records if record.name.startswith("aiopartnercentral")]
    texts = [logging.Formatter().format(record) for record in ours]
    assert not [text for text in texts if SECRET in text]
    assert not [record for record in ours if SECRET in repr(vars(record))]
    assert {record.name for record in ours} == {f"aiopartnercentral.{name}" for name in ("bulk", "client", "transport")}
    levels = {(record.levelname, word) for record in ours for word in WORDS if word in record.getMessage()}
    assert levels == {(level, word) for word, level in WORDS.items()}
    (failure,) = [record.getMessage() for record in ours if record.levelname == "ERROR"]
    assert "in fail_with" in failure


WORDS = {
    "started, 1 source": "INFO",
    "finished after": "INFO",
    "ended by KeyError after": "INFO",
    "throttled at attempt 1; account a continues with": "WARNING",
    "attempt 2 failed with InternalServerException": "INFO",
    "page token of an earlier run has expired": "WARNING",
    "failed by ValidationException after": "WARNING",
    ": resumed": "DEBUG",
    "page 2 has 1 items and 1 malformed ones; ": "DEBUG",
    "the observer failed with RuntimeError": "ERROR",
}
