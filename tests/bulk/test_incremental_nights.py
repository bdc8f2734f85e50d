"""Whatever happens in the nights: every last revision has been delivered, and none that counts was delivered twice."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from aiopartnercentral import selling
from aiopartnercentral.bulk import Collection, Limits, Source
from tests.support.changing_service import ChangingService
from tests.support.servers import ScriptedServer, scripted_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CATALOGS = ("AWS", "Sandbox")
FAST = Limits(rate=10_000, backoff=0.001)


class StoppedError(Exception):
    """The consumer's process ends here."""


@attrs.frozen
class Night:
    """What happens in one night, and before it.

    Attributes:
        gap: seconds since the night before.
        before: what changes before it.
        during: what changes before the nth request.
        denied: catalogs that are denied.
        failing: catalogs that fail after their first page.
        sends_date: whether the service says its time.
        stop: how many items the consumer takes before its process ends; None for all.
        keeps_report: whether the report is written before the process ends.
    """

    gap: int
    before: list[tuple[str, str]]
    during: dict[int, tuple[str, str]]
    denied: set[str]
    failing: set[str]
    sends_date: bool
    stop: int | None
    keeps_report: bool


CHANGE = st.tuples(st.sampled_from(CATALOGS), st.sampled_from(["O1", "O2", "O3", "O4", "O5"]))
SOME = st.one_of(st.just(set()), st.just(set()), st.sets(st.sampled_from(CATALOGS)))
NIGHT = st.builds(
    Night,
    gap=st.sampled_from([1, 60, 400, 86400]),
    before=st.lists(CHANGE, max_size=6),
    during=st.dictionaries(st.integers(1, 5), CHANGE, max_size=3),
    denied=SOME,
    failing=SOME,
    sends_date=st.sampled_from([True, True, True, False]),
    stop=st.one_of(st.none(), st.none(), st.integers(1, 6)),
    keeps_report=st.sampled_from([True, True, False]),
)
QUIET = Night(
    gap=1000, before=[], during={}, denied=set(), failing=set(), sends_date=True, stop=None, keeps_report=True
)


@attrs.define
class History:
    """Everything that was delivered.

    Attributes:
        delivered: every revision that the consumer has received, by catalog, identifier and time.
        counted: how often a revision was delivered by a run that moved the cursor of its source.
    """

    service: ChangingService
    url: str
    checkpoint: Path | None
    report: Any = None
    delivered: set[tuple[str, str, str]] = attrs.field(factory=set)
    counted: Counter[tuple[str, str, str]] = attrs.field(factory=Counter)

    async def spend(self, night: Night) -> None:
        service, requests = self.service, 0

        def change(_: str) -> None:
            nonlocal requests
            requests += 1
            if requests in night.during:
                service.change(*night.during[requests])

        service.now += timedelta(seconds=night.gap)
        for each in night.before:
            service.change(*each)
        service.denied, service.failing, service.sends_date = night.denied, night.failing, night.sends_date
        service.on_request = change
        sources = [Source(name, endpoint_url=self.url, region_name="us-east-1") for name in CATALOGS]
        collection = Collection(
            selling.listings.list_opportunities(),
            sources,
            since=self.report,
            overlap=service.delay,  # the least that it may be
            limits=FAST,
            on_error="report",
            checkpoint=self.checkpoint,
        )
        received: list[tuple[str, str, str]] = []
        with suppress(StoppedError):
            async with collection as stream:
                async for origin, item in stream:
                    assert item.last_modified_date is not None
                    time = f"{item.last_modified_date:%Y-%m-%dT%H:%M:%S.%f}Z"
                    received.append((origin.catalog, str(item.id), time))
                    if len(received) == night.stop:
                        raise StoppedError
        self.delivered.update(received)
        if not night.keeps_report:
            return
        self.report = stream.report
        moved = {
            origin.catalog
            for origin, state in self.report.sources.items()
            if state.cursor is not None and not state.resumed
        }
        self.counted.update(each for each in received if each[0] in moved)


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as running:
        yield running


@pytest.mark.usefixtures("aws_environment")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(st.lists(NIGHT, min_size=1, max_size=6), st.integers(0, 280), st.booleans())
def test_nothing_is_lost_and_nothing_comes_twice(
    server: ScriptedServer,
    tmp_path_factory: pytest.TempPathFactory,
    nights: list[Night],
    delay: int,
    with_checkpoint: bool,  # noqa: FBT001 - of hypothesis
) -> None:
    service = server.answer = ChangingService(delay=timedelta(seconds=delay), step=timedelta(minutes=1))
    checkpoint = tmp_path_factory.mktemp("nights") / "run.checkpoint" if with_checkpoint else None
    history = History(service, server.url, checkpoint)

    async def live() -> None:
        # A resumed run may have begun before the last changes; the one after it has not.
        for night in (*nights, QUIET, QUIET):
            await history.spend(night)

    anyio.run(live)
    for catalog in CATALOGS:
        assert {(catalog, *each) for each in service.revisions(catalog)} <= history.delivered
    assert [each for each, times in history.counted.items() if times > 1] == []
