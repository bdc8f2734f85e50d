"""Five hundred sources, of which some are slow, throttled, denied, malformed, in circles, or die midway."""

from __future__ import annotations

import string
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs
import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from aiopartnercentral import account
from aiopartnercentral._pagination.report import Outcome, SourceReport
from aiopartnercentral.bulk import Collection, Limits, PageFetched, Source, Throttled
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import PaginationError
from tests.support.connections import connection
from tests.support.servers import Reply, refusing_port, scripted_server

if TYPE_CHECKING:
    from aiopartnercentral.bulk import Origin
    from tests.support.servers import Received

pytestmark = pytest.mark.anyio

CATALOGS = [a + b for a in string.ascii_uppercase for b in string.ascii_uppercase][:82]
SIZES = {name: index % 45 for index, name in enumerate(CATALOGS)}
DENIED = CATALOGS[:10]
OF_THE_DYING = 60
ATTEMPTS = 6


def odd(received: Received) -> Reply:
    """Answer with one malformed item for the catalog `Malformed`, and in circles for `Circle`."""
    catalog = received.body["Catalog"]
    if catalog == "Malformed":
        return Reply({"ConnectionSummaries": [connection(catalog, 1), {}, connection(catalog, 2)]})
    number = int(received.body.get("NextToken", "0"))
    return Reply({"ConnectionSummaries": [connection(catalog, number)], "NextToken": str(1 + number % 3)})


@attrs.define(eq=False)
class Crowd:
    """Servers of all kinds, and their sources."""

    stack: AsyncExitStack
    mortal: AsyncExitStack
    emulators: dict[str, Emulator] = attrs.Factory(dict)
    sources: list[Source] = attrs.Factory(list)
    seen: Counter[str] = attrs.Factory(Counter)
    throttled: Counter[Origin] = attrs.Factory(Counter)

    @classmethod
    async def gather(cls, stack: AsyncExitStack) -> Crowd:
        crowd = cls(stack, await stack.enter_async_context(AsyncExitStack()))
        await crowd.open("quick", stack, SIZES, denied_catalogs=DENIED)
        await crowd.open("throttled", stack, SIZES, seed=8, requests_per_second=0.001)
        await crowd.open("dying", crowd.mortal, dict.fromkeys(CATALOGS, OF_THE_DYING), seed=9)
        for number in range(1, 4):
            await crowd.open(f"slow{number}", stack, SIZES, seed=number, latency=number * 0.004)
        server = stack.enter_context(scripted_server())
        server.answer = odd
        crowd.sources += [
            Source(catalog, endpoint_url=server.url, label=f"odd{number}/{catalog}", account="odd")
            for catalog in ("Malformed", "Circle")
            for number in range(4)
        ]
        return crowd

    async def open(self, name: str, stack: AsyncExitStack, sizes: dict[str, int], **options: Any) -> None:
        emulator = self.emulators[name] = await stack.enter_async_context(Emulator(sizes, **options))
        self.sources += [
            Source(
                catalog, endpoint_url=emulator.endpoint_url, label=f"{name}/{catalog}", account=f"{name}{catalog[0]}"
            )
            for catalog in CATALOGS
        ]

    def observe(self, event: object) -> None:
        if isinstance(event, PageFetched):
            self.seen[event.origin.label.partition("/")[0]] += 1
        elif isinstance(event, Throttled):
            self.throttled[event.origin] += 1
            # Before a source runs out of attempts.
            if self.throttled.total() == 20 or self.throttled[event.origin] == ATTEMPTS - 2:
                self.emulators["throttled"].requests_per_second = None

    async def let_one_die(self) -> None:
        if self.seen["dying"] >= 40 and "dying" in self.emulators:
            port = urlsplit(self.emulators.pop("dying").endpoint_url).port or 0
            await self.mortal.aclose()
            # Otherwise a server of another test might get the port, and the requests.
            self.stack.enter_context(refusing_port(port))


def check(origin: Origin, state: SourceReport) -> None:
    """One source has ended as it should."""
    which, catalog = origin.label.split("/")
    ended = (state.outcome, state.items)
    if which == "quick" and catalog in DENIED:
        assert ended == (Outcome.SKIPPED, 0)
    elif catalog == "Circle":
        assert isinstance(state.error, PaginationError)
        assert ended == (Outcome.FAILED, 4)
    elif catalog == "Malformed":
        assert (*ended, len(state.malformed), state.complete) == (Outcome.COMPLETE, 2, 1, False)
    elif which == "dying" and state.outcome is Outcome.FAILED:
        assert isinstance(state.error, ConnectionClosedError | EndpointConnectionError)
        assert state.items < OF_THE_DYING
    else:
        assert ended == (Outcome.COMPLETE, OF_THE_DYING if which == "dying" else SIZES[catalog])


async def test_every_source_has_the_right_end_and_every_good_item_comes_once() -> None:
    found = Counter[tuple[str, str]]()
    async with AsyncExitStack() as stack:
        crowd = await Crowd.gather(stack)
        assert len(crowd.sources) == 500
        collection = Collection(
            account.listings.list_connections(page_size=20),
            crowd.sources,
            limits=Limits(rate=400, concurrency=16, attempts=ATTEMPTS, backoff=0.001),
            on_error="report",
            on_malformed="report",
            ignore_errors=["AccessDeniedException"],
            observer=crowd.observe,
        )
        async with collection as stream:
            async for origin, item in stream:
                found[origin.label, item.id] += 1
                await crowd.let_one_die()
        report = stream.report
    assert set(found.values()) == {1}
    items = Counter(label for label, _ in found)
    for origin, state in report.sources.items():
        check(origin, state)
        assert state.items == items[origin.label]
    ends = {state.outcome for origin, state in report.sources.items() if origin.label.startswith("dying")}
    assert ends == {Outcome.COMPLETE, Outcome.FAILED}
    assert sum(state.throttled for state in report.sources.values()) == crowd.throttled.total() >= ATTEMPTS - 2
