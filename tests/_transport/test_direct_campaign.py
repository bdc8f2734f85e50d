"""Sent directly or by botocore, calls have the same outcomes, attempts, request ids and reports, whatever fails."""

from __future__ import annotations

import os
import random
from itertools import count, repeat
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from aiobotocore.config import AioConfig

from aiopartnercentral import account
from aiopartnercentral._transport import standalone_settings
from aiopartnercentral._transport.direct.eligibility import handlers_of
from aiopartnercentral.bulk import Collection, Limits, Source
from aiopartnercentral.emulator import (
    CorruptItem,
    EmptyPage,
    Emulator,
    ExpiredPageToken,
    ExtraMember,
    Fault,
    InvalidJson,
    Latency,
    RepeatedPageToken,
    Reset,
    ServerError,
    SlowBody,
    Throttle,
    TruncatedBody,
    UnknownEnumValue,
    UnknownUnionMember,
    WrongContentType,
)
from tests.support.clients import without_backoff

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

pytestmark = pytest.mark.anyio

CALLS = 10_000 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 500
MISSING = "pac-0000000000000"


@attrs.frozen
class Way:
    """How requests are sent: the options of a client, and whether it starts without botocore."""

    options: dict[str, Any]
    is_standalone: bool = False


THROUGH_BOTOCORE = Way({"direct": False})
WAYS = {
    "direct": Way({}),
    "ry": Way({"http_client": "ry"}),
    "standalone": Way({}, is_standalone=True),
    "standalone, ry": Way({"http_client": "ry"}, is_standalone=True),
}


def faults(probability: float) -> list[Fault]:
    """Return a fault of every kind; which requests they are injected into depends only on their order."""

    def often(action: Any, share: float = 1.0, **options: Any) -> Fault:
        return Fault(action, probability=probability * share, **options)

    return [
        often(Throttle(rate=0, capacity=0), burst=2),
        often(Throttle(rate=0, capacity=0, retry_after=0)),
        *(often(ServerError(status=status)) for status in (500, 502, 503, 509, 599)),
        often(ServerError(status=503), 0.3, burst=4),
        often(ServerError(status=500, when="after")),
        often(ServerError(status=500, error="SomethingElse")),
        *(often(Reset(when=when), burst=burst) for when in ("before", "after") for burst in (1, 3)),
        *(often(TruncatedBody(fraction=fraction)) for fraction in (0.0, 0.5)),
        often(InvalidJson()),
        *(often(WrongContentType(body=body)) for body in (None, "", "busy", "[]", '{"__type": "ThrottlingException"}')),
        often(UnknownUnionMember(everywhere=True)),
        often(UnknownEnumValue(everywhere=True)),
        often(ExtraMember()),
        often(CorruptItem()),
        often(CorruptItem(how="wrong_type"), burst=3),
        often(RepeatedPageToken()),
        often(EmptyPage()),
        often(ExpiredPageToken()),
        often(SlowBody(bytes_per_second=100_000)),
    ]


TIMEOUTS = [Fault(Latency(seconds=3600), probability=0.25), Fault(ServerError(status=503), probability=0.2, burst=2)]


@attrs.frozen
class Recorded:
    """What a client has told about its calls, what the service has seen of them, and the retry quota that is left."""

    outcomes: list[Any] = attrs.field(factory=list)
    seen: list[Any] = attrs.field(factory=list)
    quota: int | None = None


async def recorded(
    monkeypatch: pytest.MonkeyPatch,
    *,
    way: Way,
    mode: str,
    injected: list[Fault],
    calls: int,
    compares_ids: bool = True,
) -> Recorded:
    ids = map("request-{}".format, count(1)) if compares_ids else repeat("request")
    monkeypatch.setattr("aiopartnercentral.emulator.http_server._REQUEST_IDS", ids)
    result = Recorded()
    config = AioConfig(read_timeout=60 if compares_ids else 0.5, retries={"mode": mode})
    configured: Any = {**way.options, "config": config}
    options = way.options if way.is_standalone else configured
    monkeypatch.setattr(standalone_settings, "_has_loaded_botocore", lambda: not way.is_standalone)
    async with Emulator({"AWS": 40, "Sandbox": 20}, faults=injected) as emulator:
        async with account.connect(endpoint_url=emulator.endpoint_url, **options) as client:
            assert client.transport.kind == ("direct" if way.options.get("direct", True) else "botocore")
            assert (client._api.transport.connection.botocore is None) == way.is_standalone
            first = (await until_it_succeeds(lambda: client.list_connections(catalog="AWS"))).connection_summaries
            chance = random.Random(4)
            for number in range(calls):
                make = call_of(client, chance, first)
                result.outcomes.append((number, await outcome(make)))
            quota = quota_of(client)
        source = Source("AWS", endpoint_url=emulator.endpoint_url, label="a")
        listing = account.listings.list_connections(page_size=5)
        collection = Collection(
            listing,
            source,
            limits=Limits(rate=10_000, attempts=4, backoff=0.001),
            on_error="report",
            on_malformed="report",
            **configured,
        )
        for _ in range(4 if compares_ids else 1):
            result.outcomes.append(report(await collection.collect()))
        result.seen.extend((each.operation, each.status, each.error, each.faults) for each in emulator.requests)
    return attrs.evolve(result, quota=quota)


def call_of(client: account.Client, chance: random.Random, first: Any) -> Callable[[], Awaitable[Any]]:
    """Return one call, drawn at random."""
    limited = client if chance.random() < 0.8 else client.with_options(attempts=chance.randint(1, 4))
    token, item, catalog = str(chance.random()), chance.choice(first), chance.choice(["AWS", "Sandbox", "None"])
    ascending = chance.randint(1, 30)
    makes: list[Callable[[], Awaitable[Any]]] = [
        lambda: limited.list_connections(catalog=catalog, max_results=ascending),
        lambda: limited.list_connections(catalog="AWS", next_token=token),
        lambda: limited.list_partners(catalog=catalog),
        lambda: limited.get_connection(catalog="AWS", identifier=chance.choice([item.id, MISSING])),
        lambda: limited.tag_resource(resource_arn=item.arn, tags=[account.Tag(key="k", value=token)]),
        lambda: limited.list_tags_for_resource(resource_arn=item.arn),
        lambda: limited.create_connection_invitation(
            catalog="AWS",
            connection_type="OPPORTUNITY_COLLABORATION",
            email="a@example.com",
            message="hello",
            name="Ada",
            receiver_identifier="111122223333",
        ),
        lambda: limited.paginate.list_connections(catalogs=["AWS"], page_size=7, on_error="report").collect(),
        lambda: limited.paginate.list_connections(catalogs=["Sandbox"], page_size=7, on_error="report").raw().collect(),
    ]
    return chance.choice(makes)


async def until_it_succeeds(make: Callable[[], Awaitable[Any]]) -> Any:
    while True:
        try:
            return await make()
        except Exception:  # noqa: BLE001, S112 - an injected fault
            continue


async def outcome(make: Callable[[], Awaitable[Any]]) -> Any:
    """Return what a call has led to, without what differs between two runs, such as times and random ids."""
    try:
        response = await make()
    except Exception as error:  # noqa: BLE001 - compared
        names = ("attempts", "code", "http_status", "request_id", "is_retryable", "is_corrected", "path")
        return type(error).__name__, str(error)[:40], {name: getattr(error, name, None) for name in names}
    if hasattr(response, "report"):
        return report(response)
    metadata = response.response_metadata
    kept = {name: value for name, value in metadata.http_headers.items() if name != "date"}
    return type(response).__name__, metadata.request_id, metadata.http_status, metadata.attempts, kept


def report(collected: Any) -> Any:
    (source,) = collected.report.sources.values()
    told = (source.outcome, source.items, source.pages, source.retries, source.throttled, len(source.malformed))
    return len(collected), told, type(source.error).__name__


def quota_of(client: account.Client) -> int | None:
    botocore: Any = client._api.transport.connection.botocore
    handlers = list(handlers_of(botocore.client, "after-call"))
    return handlers[0].__self__._quota.available_capacity if handlers else None


@pytest.fixture(autouse=True)
def no_delays(aws_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - order
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    without_backoff(monkeypatch)
    monkeypatch.setattr("aiopartnercentral._transport.retries.backoff", lambda *_: 0)


@pytest.mark.parametrize(
    ("name", "mode"),
    [("direct", "standard"), ("direct", "legacy"), ("standalone", "standard"), ("standalone, ry", "standard")],
)
async def test_whatever_fails_ends_alike(name: str, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    injected = faults(0.01)
    direct = await recorded(monkeypatch, way=WAYS[name], mode=mode, injected=injected, calls=CALLS)
    whole = await recorded(monkeypatch, way=THROUGH_BOTOCORE, mode=mode, injected=injected, calls=CALLS)
    for ours, theirs in zip(direct.outcomes, whole.outcomes, strict=True):
        assert ours == theirs
    assert direct == whole
    assert len({each[1][0] for each in direct.outcomes[:CALLS]}) > 10


@pytest.mark.parametrize("name", ["direct", "ry"])
async def test_timeouts_end_alike(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The service may or may not notice that the client has gone, and count a response: so ids are not compared.
    options: Any = {"mode": "standard", "injected": TIMEOUTS, "calls": CALLS // 25, "compares_ids": False}
    direct = await recorded(monkeypatch, way=WAYS[name], **options)
    whole = await recorded(monkeypatch, way=THROUGH_BOTOCORE, **options)
    assert direct.outcomes == whole.outcomes
    assert direct.quota == whole.quota
    assert "ReadTimeoutError" in str(direct.outcomes)
