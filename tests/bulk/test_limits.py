"""Rates, concurrency, attempts and time limits, measured exactly in virtual time."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from botocore import exceptions as boto

from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.bulk import Limits, Retried, SourceFinished, SourceStarted, Throttled
from aiopartnercentral.errors import CredentialsError, DecodeError, TimeExceededError
from tests.bulk.virtual_time import Service, origins, run, service_error

WIDE: Any = {"rate": 1000.0, "concurrency": 100, "account_concurrency": 100, "sources": 100}


def damaged_response() -> DecodeError:
    error = DecodeError("not JSON")
    error.is_retryable = True
    return error


def outcomes(report: Any) -> set[Outcome]:
    return {state.outcome for state in report.sources.values()}


def test_the_requests_of_an_account_are_spaced_evenly() -> None:
    service = Service(pages=10, latency=0.01)
    items, report, _ = run(service, origins(["a"], each=3), Limits(rate=4))
    times = service.times("a")
    gaps = [after - before for before, after in pairwise(times)]
    assert len(times) == 30
    assert gaps == [pytest.approx(0.25)] * 29
    assert (len(items), report.complete) == (60, True)


def test_each_account_has_its_own_rate() -> None:
    service = Service(pages=5, latency=0.01)
    _, _, ended = run(service, origins("abcdefgh"), Limits(rate=2, concurrency=8))
    assert list(ended.values()) == [pytest.approx(2.01)] * 8


def test_an_operation_may_have_its_own_rate() -> None:
    service = Service(pages=5, latency=0.01)
    _, _, ended = run(service, origins("a"), Limits(rate=100, rates={"ListConnections": 1}))
    assert ended["a"] == pytest.approx(4.01)


@pytest.mark.parametrize("throttled", [1, 5])
def test_throttled_accounts_do_not_slow_others(throttled: int) -> None:
    others = [f"other{number}" for number in range(20)]
    slow = [f"slow{number}" for number in range(throttled)]
    limits = Limits(rate=5, concurrency=10, sources=20)
    _, _, alone = run(Service(pages=40), origins(others, each=2), limits)
    service = Service(pages=40, rates=dict.fromkeys(slow, 1.0))
    _, report, beside = run(service, origins([*slow, *others], each=2), limits)
    assert outcomes(report) == {Outcome.COMPLETE}
    assert max(beside[name] for name in others) <= max(alone.values()) * 1.05
    assert all(state.throttled for origin, state in report.sources.items() if origin.account in slow)


def test_a_throttled_account_settles_at_the_rate_that_it_gets() -> None:
    service = Service(pages=60, latency=0.01, rates={"a": 1.0})
    items, report, ended = run(service, origins("a"), Limits(rate=5, source_seconds=None))
    (state,) = report.sources.values()
    assert len(items) == 120
    # Each second one request succeeds at most; finding out where the limit is costs less than as much again.
    assert 59 <= ended["a"] <= 120
    assert state.retries == state.throttled


def test_the_full_rate_is_recovered() -> None:
    events: list[Any] = []
    hit = {3: service_error("ThrottlingException"), 4: service_error("TooManyRequestsException")}
    service = Service(pages=300, latency=0.01, errors=lambda _, number: hit.get(number))
    run(service, origins("a"), Limits(rate=5), observer=events.append)
    rates = [event.rate for event in events if isinstance(event, Throttled)]
    assert rates[0] == 2.5
    assert 1.25 <= rates[1] < 1.5
    times = service.times("a")
    assert times[-1] - times[-2] == pytest.approx(0.2)
    assert [event.attempt for event in events if isinstance(event, Retried)] == [1, 2]


def test_most_of_the_rate_is_recovered_sooner_than_all_of_it() -> None:
    error = service_error("ThrottlingException")
    service = Service(pages=300, latency=0.01, errors=lambda _, number: error if number == 3 else None)
    run(service, origins("a"), Limits(rate=10))
    times = service.times("a")
    (throttled, *_, last) = times[2:]
    rates = {at - throttled: 1 / (after - at) for at, after in pairwise(times) if at > throttled}
    most, whole = (min(at for at, rate in rates.items() if rate > share) for share in (7.9, 9.95))
    assert most == pytest.approx(4, rel=0.1)  # from 5 to 8 requests/s
    assert whole - most == pytest.approx(6, rel=0.1)  # from 8 to 10
    assert last - throttled > whole


def test_concurrent_requests_lower_the_rate_once() -> None:
    events: list[Any] = []
    service = Service(
        pages=2, latency=5.0, errors=lambda _, number: service_error("Throttling") if number == 1 else None
    )
    run(service, origins("a", each=4), Limits(rate=10, account_concurrency=4), observer=events.append)
    assert {event.rate for event in events if isinstance(event, Throttled)} == {5.0}


@pytest.mark.parametrize(
    "value", ["7", "Wed, 21 Oct 2015 07:28:00 GMT", "soon", "", "Wed, 9999999999999 Oct 2015 07:28:00"]
)
def test_retry_after_is_honoured(value: str) -> None:
    error = service_error("ThrottlingException", retry_after=value)
    service = Service(pages=1, latency=0.0, errors=lambda _, number: error if number == 1 else None)
    run(service, origins("a"), Limits(rate=10))
    first, second = service.times("a")
    assert second - first == pytest.approx(7.0 if value == "7" else 0.2)


@pytest.mark.parametrize("value", ["99999999", "9" * 400, "Fri, 01 Jan 2099 00:00:00 GMT"])
@pytest.mark.parametrize(("code", "status"), [("ThrottlingException", 400), ("429", 429), ("503", 503)])
@pytest.mark.parametrize("longest", [60.0, 5.0])
def test_the_service_may_ask_for_a_limited_wait(longest: float, code: str, status: int, value: str) -> None:
    error = service_error(code, retry_after=value, status=status)
    service = Service(pages=2, latency=0.0, errors=lambda _, number: error if number == 1 else None)
    limits = Limits(rate=10) if longest == 60 else Limits(rate=10, retry_after=longest)
    _, report, _ = run(service, origins("a"), limits)
    first, second, _ = service.times("a")
    assert second - first == pytest.approx(longest)
    assert report.complete


def test_no_more_requests_and_pages_at_once_than_allowed() -> None:
    service = Service(pages=4)
    run(service, origins("abcdefghij", each=5), Limits(rate=1000, concurrency=7, account_concurrency=5))
    assert service.peak == 7


def test_no_more_sources_of_one_account_at_once_than_allowed() -> None:
    started: list[str] = []
    under_way: Counter[str] = Counter()
    most = 0

    def observe(event: Any) -> None:
        nonlocal most
        if isinstance(event, SourceStarted):
            started.append(event.origin.account)
            under_way[event.origin.account] += 1
            most = max(most, under_way[event.origin.account])
        elif isinstance(event, SourceFinished):
            under_way[event.origin.account] -= 1

    run(Service(), origins("abc", each=6), Limits(rate=1000, concurrency=8), observer=observe)
    assert len(started) == 18
    assert Counter(started[:6]) == {"a": 2, "b": 2, "c": 2}  # accounts take turns
    assert most == 2


def test_waiting_for_a_rate_limit_lets_other_accounts_send() -> None:
    service = Service(pages=10, latency=0.01)
    _, _, ended = run(service, origins("abc"), Limits(rate=2, concurrency=1))
    assert list(ended.values()) == [pytest.approx(4.5, rel=0.02)] * 3


def test_a_slow_consumer_pauses_fetching() -> None:
    service = Service(pages=50, size=1)
    limits = Limits(rate=1000, concurrency=3, account_concurrency=3, run_seconds=None)
    items, _, _ = run(service, origins("ab", each=3), limits, pause=100.0)
    assert len(items) == 300
    # One page in hand, and one waiting for each seat: so nothing is fetched long before it is taken.
    taken = sorted(at for at, _ in service.sent)
    assert all(taken[index + 5] - taken[index] >= 99 for index in range(5, len(taken) - 5))


@pytest.mark.parametrize("sources", [10, 1000])
def test_the_number_of_pages_in_memory_does_not_depend_on_the_number_of_sources(sources: int) -> None:
    service = Service(pages=3, size=5, latency=0.001)
    limits = Limits(rate=1000, concurrency=8, sources=40)
    items, _, _ = run(service, origins(map(str, range(sources))), limits, pause=0.01)
    assert len(items) == 15 * sources
    assert service.most_alive <= 8 + 2


@pytest.mark.parametrize(
    "error",
    [
        service_error("InternalServerException", status=500),
        service_error("Odd", status=503),
        boto.EndpointConnectionError(endpoint_url=""),
        boto.ConnectTimeoutError(endpoint_url=""),
        boto.ReadTimeoutError(endpoint_url=""),
        boto.ConnectionClosedError(endpoint_url=""),
        boto.ResponseStreamingError(error=""),
        boto.ProxyConnectionError(proxy_url="", error=""),
        CredentialsError("STS did not answer", is_retryable=True),
        service_error("408", status=408),
        service_error("509", status=509),
        TimeExceededError(5.0, "timeout"),
        damaged_response(),
    ],
)
def test_transient_failures_are_retried_up_to_the_limit(error: Exception) -> None:
    service = Service(errors=lambda *_: error)
    _, report, _ = run(service, origins("a"), Limits(attempts=4))
    (state,) = report.sources.values()
    assert (len(service.sent), state.outcome, state.retries) == (4, Outcome.FAILED, 3)
    assert state.error is error
    assert "sent 4 times" in error.__notes__


@pytest.mark.parametrize(
    "error",
    [
        service_error("AccessDeniedException"),
        service_error("ValidationException"),
        service_error("ExpiredTokenException", status=403),
        service_error("NotImplementedException", status=501),
        service_error("505", status=505),
        boto.SSLError(endpoint_url="", error=""),
        boto.NoCredentialsError(),
        CredentialsError("the role cannot be assumed", code="AccessDenied"),
        DecodeError("expected object"),
        ZeroDivisionError(),
    ],
)
def test_permanent_failures_are_not_retried(error: Exception) -> None:
    service = Service(errors=lambda *_: error)
    _, report, _ = run(service, origins("a"), Limits())
    assert len(service.sent) == 1
    assert outcomes(report) == {Outcome.FAILED}


def test_a_source_that_gives_up_does_not_stop_others_with_the_same_failure() -> None:
    shared = CredentialsError("STS did not answer", is_retryable=True)
    service = Service(errors=lambda origin, request: shared if request < 3 or origin.account in "aceg" else None)
    items, report, _ = run(service, origins("abcdefgh"), Limits(attempts=3))
    failed = {origin.account for origin, state in report.sources.items() if state.error is shared}
    assert failed == set("aceg")
    assert len(items) == 4 * service.pages * service.size


def test_a_source_is_limited_in_time() -> None:
    service = Service(pages=100, latency=1.0)
    items, report, ended = run(service, origins("ab"), Limits(source_seconds=10.5), pause=3.0)
    # The consumer's time is not the source's: 10 pages of 2 items each came of both.
    assert {len([item for item in items if item.startswith(name)]) for name in "ab"} == {20}
    for state in report.sources.values():
        assert isinstance(state.error, TimeExceededError)
        assert str(state.error) == "time limit exceeded: source_seconds = 10.5 s"
        assert state.next_token == "10"
    assert ended["a"] > 60


def test_the_consumers_time_does_not_count_for_a_source() -> None:
    service = Service(pages=20, latency=0.1)
    limits = Limits(rate=1000, concurrency=1, source_seconds=10)
    items, report, ended = run(service, origins("abc"), limits, pause=5.0)
    assert (len(items), report.complete) == (120, True)
    assert max(ended.values()) > 500


def test_a_run_is_limited_in_time() -> None:
    service = Service(pages=100, latency=1.0)
    _, report, ended = run(service, origins("abcd", each=5), Limits(run_seconds=30), pause=0.1)
    assert max(ended.values()) <= 32
    errors = [state.error for state in report.sources.values()]
    assert {getattr(error, "limit", None) for error in errors} == {"run_seconds"}
    assert outcomes(report) == {Outcome.FAILED}


def test_a_failing_observer_does_not_affect_the_run(caplog: pytest.LogCaptureFixture) -> None:
    def observe(_: object) -> None:
        raise ZeroDivisionError

    items, report, _ = run(Service(), origins("a"), Limits(rate=100), observer=observe)
    assert (len(items), report.complete) == (6, True)
    (told,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "the observer failed with ZeroDivisionError\n" in told.getMessage()
    assert "raise ZeroDivisionError" in told.getMessage()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 0}, "rate must be a number above 0, not 0"),
        ({"rate": "5"}, "rate must be a number above 0, not a string"),
        ({"rate": float("nan")}, "rate must be a finite number above 0, not nan"),
        ({"rates": {"ListPartners": -1}}, r"rates\['ListPartners'\] must be a number above 0, not -1"),
        ({"rates": [1]}, "rates must be a mapping of operation names to requests per second, not a list"),
        ({"concurrency": 0}, "concurrency must be an integer of at least 1, not 0"),
        ({"attempts": True}, "attempts must be an integer of at least 1, not a boolean"),
        ({"account_concurrency": 1.5}, "account_concurrency must be an integer of at least 1, not a float"),
        ({"source_seconds": 0}, "source_seconds must be a number above 0, not 0"),
        ({"run_seconds": float("inf")}, "run_seconds must be a finite number above 0, not inf"),
    ],
)
def test_a_wrong_limit_is_refused_by_name(options: Any, message: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"^{message}$"):
        Limits(**options)
