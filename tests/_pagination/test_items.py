"""Items without `async with`: one catalog after the other, one page ahead, and nothing left behind."""

from __future__ import annotations

import gc
import threading
import weakref

import anyio
import pytest

from aiopartnercentral._pagination.report import Outcome, SourcesFailedError
from tests._pagination.fake_service import Script, Service, ServiceDownError, service
from tests.support.tasks import bounded, no_task_left

pytestmark = pytest.mark.anyio


async def until_idle():
    """Let what was cancelled end: the garbage collector cannot wait for it."""
    for _ in range(10):
        await anyio.lowlevel.checkpoint()


async def test_all_items_come_in_order_and_are_reported():
    fake = service(A=[2, 0, 3], B=[1])
    async with no_task_left():
        items = aiter(fake.paginator())
        seen = [item async for item in items]
    assert seen == [item for _, item in fake.items()]
    assert items.report.complete
    assert [(state.items, state.pages) for state in items.report.sources.values()] == [(5, 3), (1, 1)]
    with pytest.raises(StopAsyncIteration):
        await anext(items)


async def test_each_iteration_begins_with_the_first_page():
    fake = service(A=[2, 1])
    paginator = fake.paginator(catalogs="A")
    for _ in range(2):
        assert [item async for item in paginator] == [item for _, item in fake.items("A")]
    assert len(fake.requests) == 4


async def test_one_page_is_fetched_ahead_and_no_more():
    fake = service(A=[1, 1, 1])
    items = aiter(fake.paginator())
    await anext(items)
    await anyio.wait_all_tasks_blocked()
    assert len(fake.requests) == 2
    await anyio.wait_all_tasks_blocked()
    assert len(fake.requests) == 2
    await items.aclose()


async def test_the_limit_stops_the_requests():
    fake = service(A=[2, 2, 2])
    assert len([item async for item in fake.paginator(max_items=2)]) == 2
    assert len(fake.requests) == 1


async def test_a_loop_that_is_left_cancels_the_page_ahead():
    fake = service(A=[1, 1])
    fake.gates["A", 1] = anyio.Event()
    async with no_task_left():
        async for _ in fake.paginator():
            await anyio.wait_all_tasks_blocked()
            assert fake.in_flight["A"] == 1
            break
        gc.collect()  # which other interpreters than CPython need
        await until_idle()
    assert fake.cancelled == [("A", "A/1")]


async def test_an_error_of_the_loop_cancels_the_page_ahead():
    fake = service(A=[1, 1])
    fake.gates["A", 1] = anyio.Event()

    async def consume():
        async for _ in fake.paginator():
            await anyio.wait_all_tasks_blocked()
            raise ValueError("of the consumer")

    async with no_task_left():
        with pytest.raises(ValueError, match="of the consumer"):
            await consume()
        gc.collect()
        await until_idle()
    assert fake.cancelled == [("A", "A/1")]


async def test_closing_waits_for_the_end_of_the_request():
    fake = service(A=[1, 1])
    fake.gates["A", 1] = anyio.Event()
    async with no_task_left():
        items = aiter(fake.paginator())
        await anext(items)
        await anyio.wait_all_tasks_blocked()
        await items.aclose()
        assert fake.cancelled == [("A", "A/1")]
        await items.aclose()
    assert items.report.sources["A"].outcome is Outcome.CANCELLED
    with pytest.raises(StopAsyncIteration):
        await anext(items)


async def test_each_item_goes_to_one_of_several_tasks():
    fake = service(A=[2, 2, 2, 2])
    items = aiter(fake.paginator())
    seen = []

    async def consume():
        async for item in items:
            seen.append(item)
            await anyio.lowlevel.checkpoint()

    async with no_task_left(), anyio.create_task_group() as tasks:
        tasks.start_soon(consume)
        tasks.start_soon(consume)
    assert sorted(seen) == sorted(item for _, item in fake.items())
    assert items.report.items == len(seen)


@pytest.mark.parametrize("page", [0, 1])
async def test_an_iterator_that_another_task_closes_fetches_nothing_more(page):
    fake = service(A=[1, 1, 1])
    fake.gates["A", page] = anyio.Event()
    items = aiter(fake.paginator())

    async def consume():
        with pytest.raises(RuntimeError):
            async for _ in items:
                pass

    async with no_task_left():
        with bounded():
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(consume)
                await anyio.wait_all_tasks_blocked()
                await items.aclose()
                fake.gates["A", page].set()
        assert len(fake.requests) == page + 1
        with pytest.raises(StopAsyncIteration):
            await anext(items)


@pytest.mark.parametrize("page", [0, 1])
async def test_a_cancelled_iteration_leaves_nothing(page):
    fake = service(A=[1, 1])
    fake.gates["A", page] = anyio.Event()

    async def consume():
        async for _ in fake.paginator():
            pass

    async with no_task_left():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(consume)
            with bounded():
                while len(fake.requests) <= page:
                    await anyio.sleep(0.001)
            tasks.cancel_scope.cancel()
        assert len(fake.cancelled) == 1


@pytest.mark.parametrize("page", [0, 1])
async def test_a_cancelled_iteration_does_not_end_as_if_it_were_complete(page):
    fake = service(A=[1, 1])
    fake.gates["A", page] = anyio.Event()
    items = aiter(fake.paginator())
    for _ in range(page):
        await anext(items)
    with anyio.move_on_after(0.01) as scope:
        await anext(items)
    assert scope.cancelled_caught
    for _ in range(2):
        with pytest.raises(RuntimeError, match="was cancelled while it waited for a page: items are missing"):
            await anext(items)
    assert items.report.sources["A"].outcome is Outcome.CANCELLED


async def test_the_collector_may_release_it_in_another_thread():
    fake = service(A=[1, 1])
    fake.gates["A", 1] = anyio.Event()
    async with no_task_left():
        items = aiter(fake.paginator())
        await anext(items)
        await anyio.wait_all_tasks_blocked()
        holder = [items]
        released = weakref.ref(items)
        del items
        thread = threading.Thread(target=holder.clear)
        thread.start()
        thread.join()
        assert released() is None
        with bounded():
            while not fake.cancelled:
                await anyio.sleep(0.001)
        await until_idle()


@pytest.mark.parametrize("ahead", [0, 1])
async def test_the_failure_of_one_catalog_is_raised_after_its_items(ahead):
    error = ServiceDownError()
    fake = Service({"A": Script([1] * ahead, error=error)})
    seen = []
    async with no_task_left():
        with pytest.raises(ServiceDownError) as caught:  # noqa: PT012 - the items before the error count
            async for item in fake.paginator():
                seen.append(item)  # noqa: PERF401 - as above
    assert caught.value is error
    assert seen == [item for _, item in fake.items()]


async def test_the_policies():
    fake = Service({"A": Script([1], error=ServiceDownError()), "B": Script([2])})
    seen = []

    async def collect(**options):
        seen.clear()
        async for item in fake.paginator(**options):
            seen.append(item)  # noqa: PERF401 - as above

    with pytest.raises(SourcesFailedError) as caught:
        await collect()
    assert set(caught.value.failures) == {"A"}
    assert len(seen) == 3
    with pytest.raises(ServiceDownError):
        await collect(on_error="raise")
    assert len(seen) == 1
    await collect(on_error="report")
    assert len(seen) == 3
    await collect(ignore_errors=["ServiceDownError"])
    assert len(seen) == 3
