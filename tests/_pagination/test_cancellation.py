"""Whatever ends a stream early: no task, no open stream and no entry is lost, and errors pass on as they are."""

from __future__ import annotations

import asyncio
import gc
import itertools
from contextlib import AsyncExitStack

import anyio
import anyio.lowlevel
import pytest

from aiopartnercentral._pagination.paginator import Paginator
from aiopartnercentral._pagination.report import Outcome
from tests._pagination.fake_service import Fetcher, Script, Service, gather, service
from tests.support.tasks import bounded, no_task_left

pytestmark = pytest.mark.anyio

SHAPES = [
    {"ordered": False},
    {"ordered": True},
    {"ordered": False, "buffer_pages": 2},
    {"ordered": True, "buffer_pages": 2, "concurrency": 2},
    {"ordered": False, "concurrency": 1, "max_items": 2},
    {"ordered": True, "on_error": "report"},
]


# Only asyncio has cancellations that pass by the cancel scopes.
asyncio_only = pytest.mark.parametrize("anyio_backend", ["asyncio"])


class Crash(BaseException):
    """Something that is no failure of a catalog."""


def slow_service() -> Service:
    return Service({"A": Script([2, 0, 3], delay=2), "B": Script([1, 2], delay=1), "C": Script([1], delay=3)})


def limited(fake, options):
    limit = options.get("max_items")
    return [entry for catalog in fake.scripts for entry in fake.items(catalog)[:limit]]


@pytest.mark.parametrize("options", SHAPES)
@pytest.mark.parametrize("after", [0, 1, 2, 4])
async def test_leaving_early_leaves_nothing(options, after):
    fake = slow_service()
    async with no_task_left():
        async with fake.paginator(**options) as stream:
            for _ in range(after):
                await anext(stream)
        requests = len(fake.requests)
        await anyio.wait_all_tasks_blocked()
        assert len(fake.requests) == requests
    report = stream.report
    assert report.items == after
    assert {catalog.outcome for catalog in report.sources.values()} <= {
        Outcome.CANCELLED,
        Outcome.COMPLETE,
        Outcome.LIMITED,
    }


@pytest.mark.parametrize("options", SHAPES)
@pytest.mark.parametrize("error", [ValueError("mine"), ExceptionGroup("mine", [ValueError("inner")]), Crash("mine")])
async def test_an_exception_of_the_body_passes_on_as_it_is(options, error):
    async with no_task_left():
        with pytest.raises(type(error)) as caught:
            await _take_one_and_raise(error, slow_service().paginator(**options))
        assert caught.value is error


async def test_an_exception_of_the_body_passes_through_nested_streams():
    paginator = slow_service().paginator(catalogs="A")
    other = slow_service().paginator(catalogs="B")
    error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError) as caught:
        await _take_one_and_raise(error, paginator, other, slow_service().paginator().pages())
    assert caught.value is error


async def _take_one_and_raise(error, *sources):
    async with AsyncExitStack() as stack:
        for source in sources:
            await anext(await stack.enter_async_context(source))
        raise error


@pytest.mark.parametrize("options", SHAPES)
async def test_a_cancellation_at_any_step_leaves_nothing(options):
    step = 0
    finished = False
    while not finished:
        fake = slow_service()
        seen = []
        async with no_task_left(), anyio.create_task_group() as group:
            with bounded(), anyio.CancelScope() as scope:
                group.start_soon(_cancel_later, scope, step)
                async with fake.paginator(**options) as stream:
                    async for entry in stream:
                        seen.append(entry)
                        await anyio.lowlevel.checkpoint()
                finished = True
            group.cancel_scope.cancel()
        assert stream.report.items == len(seen)
        assert finished == (not scope.cancelled_caught)
        assert not fake.in_flight.total()
        step += 1
    assert sorted(seen) == limited(fake, options)
    assert step > 10


@pytest.mark.parametrize("ordered", [False, True])
async def test_a_cancellation_that_ends_the_sources_first_ends_the_consumer_too(ordered):
    fake = Service({"A": Script([1, 1], delay=5)})
    with bounded(), anyio.CancelScope() as scope:
        async with fake.paginator(ordered=ordered) as stream:
            await anext(stream)
            scope.cancel()
            with anyio.CancelScope(shield=True):
                for _ in range(50):
                    await anyio.lowlevel.checkpoint()
            async for _ in stream:
                pass
    assert scope.cancelled_caught


async def _cancel_later(scope, steps):
    for _ in range(steps):
        await anyio.lowlevel.checkpoint()
    scope.cancel()


@pytest.mark.parametrize("options", SHAPES)
async def test_a_wait_that_is_cancelled_at_any_step_loses_no_entry(options):
    for first in range(12):
        fake = slow_service()
        seen = []
        cut = 0
        # From one wait to the next the cancellation comes a step later, so that in the end it comes too late.
        steps = itertools.chain(range(first, 12), itertools.repeat(12))
        with bounded():
            async with anyio.create_task_group() as group, fake.paginator(**options) as stream:
                for step in steps:
                    with anyio.CancelScope() as scope:
                        group.start_soon(_cancel_later, scope, step)
                        try:
                            seen.append(await anext(stream))
                        except StopAsyncIteration:
                            break
                    cut += scope.cancelled_caught
        assert sorted(seen) == limited(fake, options)
        assert stream.report.items == len(seen)
        assert cut or first


@asyncio_only
@pytest.mark.parametrize("options", SHAPES)
async def test_native_cancellations_lose_no_entry(options):
    """`Task.cancel()` may strike between the arrival of a page and the next step of the task that waits for it."""
    for step in range(40):
        fake = slow_service()
        seen = []

        async def consume(fake=fake, seen=seen):
            try:
                async with fake.paginator(**options) as stream:
                    while True:
                        try:
                            seen.append(await anext(stream))
                            await asyncio.sleep(0)
                        except asyncio.CancelledError:
                            asyncio.current_task().uncancel()
                        except StopAsyncIteration:
                            break
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()
            return stream.report

        with bounded():
            task = asyncio.create_task(consume())
            await asyncio.sleep(0)
            for _ in range(3):
                for _ in range(step):
                    await asyncio.sleep(0)
                task.cancel()
            report = await task
        assert sorted(seen) == limited(fake, options)
        assert report.items == len(seen)
        assert all(catalog.outcome in {Outcome.COMPLETE, Outcome.LIMITED} for catalog in report.sources.values())


@asyncio_only
async def test_a_native_cancellation_of_the_body_passes_on_and_is_counted_once():
    for step in range(30):
        done = []

        async def consume(done=done):
            try:
                async with slow_service().paginator() as stream:
                    async for _ in stream:
                        await asyncio.sleep(0)
                    done.append(stream)
            finally:
                done.append(asyncio.current_task().cancelling())

        async with no_task_left():
            task = asyncio.create_task(consume())
            for _ in range(step):
                await asyncio.sleep(0)
            task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                assert done in ([], [1]) or done[-1] == 1
            else:
                assert len(done) == 2


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("limit", [1, 9])
async def test_a_worker_that_dies_is_no_quiet_end(ordered, limit):
    fake = slow_service()
    fake.scripts["B"] = Script([1], error=Crash("a bug"))
    ended = []
    async with no_task_left():
        with bounded(), pytest.raises(Crash, match="a bug"):
            await _collect(fake.paginator(ordered=ordered, concurrency=limit), ended)
    assert not ended


async def test_two_workers_that_die_are_a_group():
    fake = Service({"A": Script([], error=Crash("A")), "B": Script([], error=Crash("B"))})
    gate = fake.gates["A", 0] = fake.gates["B", 0] = anyio.Event()

    async def collect():
        async with fake.paginator() as stream:
            await anyio.wait_all_tasks_blocked()
            gate.set()
            await anext(stream)

    with bounded(), pytest.raises(BaseExceptionGroup) as caught:
        await collect()
    assert caught.group_contains(Crash, match="A")
    assert caught.group_contains(Crash, match="B")


async def test_a_page_that_is_none_surfaces():
    ended = []

    async def fetch(*_):
        return None

    with bounded(), pytest.raises((AttributeError, TypeError)):
        await _collect(Paginator(Fetcher(fetch), catalogs="A"), ended)
    assert not ended


async def _collect(paginator, ended):
    async with paginator as stream:
        await gather(stream, [])
        ended.append(stream)


async def test_a_stream_that_was_never_opened_leaves_nothing():
    async with no_task_left():
        service(A=[1]).paginator().pages()
        gc.collect()
