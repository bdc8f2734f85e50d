from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from aiopartnercentral._pagination.causes import StoredError
from aiopartnercentral._pagination.report import Outcome, Report, SourceReport
from tests._pagination.fake_service import Script, Service, ServiceDownError, service

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.anyio


async def test_it_counts_what_was_handed_over_and_not_what_was_fetched():
    fake = service(A=[2, 3], B=[1])
    fake.scripts["A"].retries = 1
    async with fake.paginator(ordered=True, buffer_pages=9) as stream:
        await anyio.wait_all_tasks_blocked()
        assert len(fake.requests) == 3
        states = [stream.report, *[stream.report async for _ in stream]]
    a = [state.sources["A"] for state in states]
    assert [state.items for state in states] == list(range(7))
    assert [report.items for report in a] == [0, 1, 2, 3, 4, 5, 5]
    assert [report.pages for report in a] == [0, 1, 1, 2, 2, 2, 2]
    assert [report.retries for report in a] == [0, 1, 1, 2, 2, 2, 2]
    assert [report.next_token for report in a] == [None, None, "A/1", "A/1", "A/1", None, None]
    assert [report.outcome for report in a] == [Outcome.RUNNING] * 5 + [Outcome.COMPLETE] * 2
    b = [state.sources["B"].outcome for state in states]
    assert b == [Outcome.RUNNING] * 6 + [Outcome.COMPLETE]
    assert [state.complete for state in states] == [False] * 6 + [True]


async def test_what_has_not_begun_is_pending():
    fake = service(A=[1], B=[1])
    async with fake.paginator(concurrency=1) as stream:
        await anyio.wait_all_tasks_blocked()
        report = stream.report.sources["B"]
        assert (report.outcome, report.elapsed) == (Outcome.PENDING, 0.0)
    assert stream.report.sources["B"].outcome is Outcome.CANCELLED
    assert stream.report.sources["B"].elapsed == 0.0


async def test_pages_count_their_items_once_the_page_is_handed_over():
    fake = service(A=[2, 3])
    async with fake.paginator().pages() as stream:
        counts = [stream.report.items, *[stream.report.items async for _ in stream]]
    assert counts == [0, 2, 5]


async def test_time_goes_on_until_the_end_and_then_stops():
    clock = service(A=[1, 1], B=[1])
    async with clock.paginator(ordered=True) as stream:
        await anext(stream)
        first = stream.report
        await anyio.sleep(0.002)
        second = stream.report
        assert second.sources["A"].elapsed > first.sources["A"].elapsed > 0
        assert second.elapsed > first.elapsed
        await anext(stream)
        ended = stream.report.sources["A"].elapsed
        await anyio.sleep(0.002)
        await anext(stream)
        assert stream.report.sources["A"].elapsed == ended
    left = stream.report
    await anyio.sleep(0.002)
    assert stream.report == left


async def test_a_snapshot_does_not_change():
    async with service(A=[1, 1]).paginator() as stream:
        await anext(stream)
        before = stream.report
        assert [entry async for entry in stream]
        assert before.items == 1
        assert before.sources["A"].outcome is Outcome.RUNNING


async def test_its_text_is_a_line_for_each_catalog_and_the_totals():
    error = ServiceDownError()
    hidden = "a page token"
    report = Report(
        sources={
            "AWS": SourceReport(outcome=Outcome.COMPLETE, pages=10, items=1000, elapsed=1.236),
            "Sandbox": SourceReport(outcome=Outcome.FAILED, retries=2, elapsed=0.5, error=error, next_token=hidden),
            "X": SourceReport(outcome=Outcome.FAILED, error=ValueError()),
            "Y": SourceReport(outcome=Outcome.FAILED, error=ValueError("two\n  lines")),
        },
        elapsed=1.25,
        run_id="r",
        started_at=datetime(2026, 11, 29, 2, 15, tzinfo=UTC),
    )
    assert str(report).splitlines() == [
        "source   outcome   items  pages  retries  seconds  error",
        "AWS      complete   1000     10        0     1.24",
        "Sandbox  failed        0      0        2     0.50  ServiceDownError: the service is down",
        "X        failed        0      0        0     0.00  ValueError",
        "Y        failed        0      0        0     0.00  ValueError: two",
        "4 sources: 1000 items, 10 pages, 2 retries in 1.25 s",
    ]
    assert hidden not in repr(report)


def _report(sources: dict[str, SourceReport]) -> Report[str]:
    return Report(sources=sources, elapsed=1.25, run_id="r", started_at=datetime(2026, 11, 29, 2, 15, tzinfo=UTC))


@pytest.mark.parametrize("kind", [ValueError, lambda text: StoredError(text, f"ValueError{text[:1]}")])
def test_its_text_cannot_act_on_a_terminal(kind: Callable[[str], Exception]):
    hostile = f"\x1b[31mred\x07\u202e\x9b{'x' * 10_000}\nx-amz-security-token: THE-TOKEN"
    state = SourceReport(outcome=Outcome.FAILED, error=kind(hostile))
    shown = str(_report({"A\x1b": state}))
    assert all(line.isprintable() for line in shown.splitlines())
    assert r"\x1b[31mred\x07\u202e\x9bxxx" in shown
    assert "THE-TOKEN" not in shown
    assert max(map(len, shown.splitlines())) < 500


def test_its_text_counts_complete_sources_of_a_large_run():
    failed = SourceReport(outcome=Outcome.FAILED, error=ValueError("no"), started_at=datetime(2026, 11, 29, tzinfo=UTC))
    states = {f"S{number}": SourceReport(outcome=Outcome.COMPLETE) for number in range(10_000)}
    lines = str(_report({**states, "bad": failed, "later": SourceReport()})).splitlines()
    assert [line.split()[0] for line in lines] == ["source", "bad", "(not", "10002"]
    assert lines[2] == "(not listed: 10000 complete, 1 not requested)"
    assert str(_report(states)).splitlines()[0] == "(not listed: 10000 complete)"


async def test_its_text_says_what_is_of_earlier_runs():
    report = Report(
        sources={
            "AWS": SourceReport(outcome=Outcome.COMPLETE, pages=2, items=30, resumed_items=20, resumed_pages=1),
            "Sandbox": SourceReport(),
        },
        elapsed=1.25,
        run_id="r",
        started_at=datetime(2026, 11, 29, 2, 15, tzinfo=UTC),
    )
    assert str(report).splitlines() == [
        "source   outcome   items  of earlier runs  pages  retries  seconds  error",
        "AWS      complete     30               20      2        0     0.00",
        "Sandbox  pending       0                0      0        0     0.00",
        "2 sources: 30 items (20 of earlier runs), 2 pages (1 of earlier runs), 0 retries in 1.25 s",
    ]


async def test_neither_entries_nor_tokens_are_shown():
    fake = Service({"A": Script([2, 1], error=ServiceDownError())})
    async with fake.paginator(on_error="report") as stream:
        assert [entry async for entry in stream]
    for text in (repr(stream.report), str(stream.report), repr(await fake.typed("A", None))):
        assert "A.0" not in text
        assert "A/" not in text
