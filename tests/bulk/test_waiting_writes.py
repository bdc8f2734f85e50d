"""Rows that wait: leaving the block, errors and time limits do not wait for them, and no cancellation loses rows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from aiopartnercentral import TimeExceededError, selling
from aiopartnercentral.bulk import Limits, RowOutcome, Source, Writes
from tests.bulk.writing import FAST, created, creations
from tests.support.opportunity_server import failure, opportunity_server
from tests.support.servers import Reply
from tests.support.tasks import GUARD, skipping_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.opportunity_server import Opportunities

pytestmark = pytest.mark.anyio


@pytest.fixture
def server(aws_environment: None) -> Iterator[Opportunities]:  # noqa: ARG001 - order
    with opportunity_server() as state:
        yield state


async def waiting(ended: list[str], *, swallows: bool = False) -> AsyncIterator[tuple[str, Any]]:
    """Yield one row, then wait for ever."""
    yield "a", created("a")
    try:
        await anyio.sleep_forever()
    except anyio.get_cancelled_exc_class():
        if not swallows:
            raise
    finally:
        ended.append("ended")


@pytest.mark.parametrize("swallows", [False, True])
async def test_leaving_the_block_cancels_the_wait_for_the_next_row(server: Opportunities, *, swallows: bool) -> None:
    ended: list[str] = []
    with anyio.fail_after(GUARD):
        async with creations(server, waiting(ended, swallows=swallows)) as stream:
            async for _ in stream:
                break
    assert (ended, stream.report.rows[RowOutcome.WRITTEN], stream.report.complete) == (["ended"], 1, False)


async def test_an_error_that_ends_the_run_does_not_wait_for_the_next_row(server: Opportunities) -> None:
    server.before = lambda _: failure("ValidationException")
    ended: list[str] = []
    with anyio.fail_after(GUARD), pytest.raises(selling.ValidationException):
        await creations(server, waiting(ended), on_error="raise").run()
    assert ended == ["ended"]


async def test_the_time_limit_includes_the_wait_for_rows(
    server: Opportunities, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip = skipping_time(monkeypatch)
    ended: list[str] = []
    limits = Limits(rate=10_000, run_seconds=30)
    with anyio.fail_after(GUARD), pytest.raises(TimeExceededError, match="run_seconds"):  # noqa: PT012 - of the stream
        async with creations(server, waiting(ended), limits=limits) as stream:
            async for _ in stream:
                skip(30)
    assert (ended, len(server.kept)) == (["ended"], 1)


async def test_a_request_in_flight_at_the_time_limit_is_awaited_and_not_sent_again(
    server: Opportunities, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip, loop = skipping_time(monkeypatch), asyncio.get_running_loop()

    def late(_: object) -> Reply:
        if len(server.kept) == 2:
            loop.call_soon_threadsafe(skip, 30)
        return Reply(status=500, delay=2)

    server.after = late
    limits = Limits(rate=10_000, run_seconds=30, backoff=0.001)
    report = await creations(server, [("a", created("a")), ("b", created("b"))], limits=limits).run()
    assert (report.rows[RowOutcome.UNKNOWN], len(server.sent("CreateOpportunity"))) == (2, 2)
    assert "run_seconds" in str(report)


async def cancelled() -> None:
    """Await something that another task has cancelled, as `CancelledError` of asyncio shows."""
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


@pytest.mark.parametrize("concurrency", [1, 4])
async def test_rows_that_await_something_cancelled_are_an_error_and_not_the_end(
    server: Opportunities, concurrency: int
) -> None:
    async def rows() -> AsyncIterator[tuple[str, Any]]:
        yield "a", created("a")
        await cancelled()
        yield "b", created("b")

    limits = Limits(rate=10_000, concurrency=concurrency)
    async with creations(server, rows(), limits=limits) as stream:
        with pytest.raises(RuntimeError, match="the rows awaited something that was cancelled"):
            async for _ in stream:
                pass
    assert (stream.report.complete, len(server.kept)) == (False, 1)


async def test_a_credentials_provider_that_awaits_something_cancelled_fails_its_row(server: Opportunities) -> None:
    async def credentials() -> Any:
        await cancelled()

    source = Source("AWS", endpoint_url=server.url, credentials=credentials)
    report = await Writes(
        selling.CreateOpportunityRequest, [("a", created("a"))], source, limits=FAST, on_error="report"
    ).run()
    assert (report.rows[RowOutcome.FAILED], report.complete) == (1, False)
    assert "credentials provider awaited something that was cancelled" in str(report.problems[0].error)
