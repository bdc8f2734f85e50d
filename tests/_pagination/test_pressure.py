"""How far the fetching runs ahead of the consumer, exactly, and that it never stands still for good."""

from __future__ import annotations

import itertools

import anyio
import anyio.lowlevel
import pytest

from tests._pagination.fakes import Script, Service, bounded, service

pytestmark = pytest.mark.anyio


async def test_one_page_is_fetched_ahead_of_the_one_in_hand():
    fake = service(A=[2] * 9)
    async with fake.paginator() as stream:
        await anyio.wait_all_tasks_blocked()
        assert len(fake.requests) == 1
        for page in range(1, 8):
            for _ in range(2):
                await anext(stream)
                await anyio.wait_all_tasks_blocked()
                assert len(fake.requests) == page + 1


@pytest.mark.parametrize("buffer_pages", [0, 1, 3])
async def test_the_buffer_is_shared_and_bounds_what_is_fetched(buffer_pages):
    fake = service(**{catalog: [1] * 20 for catalog in "ABC"})
    async with fake.paginator(buffer_pages=buffer_pages).pages() as stream:
        for taken in range(10):
            await anyio.wait_all_tasks_blocked()
            assert len(fake.requests) == taken + 3 + buffer_pages
            await anext(stream)


@pytest.mark.parametrize("buffer_pages", [0, 2])
async def test_in_order_each_catalog_has_its_own_buffer(buffer_pages):
    fake = service(**{catalog: [1] * 20 for catalog in "ABC"})
    async with fake.paginator(buffer_pages=buffer_pages, ordered=True, concurrency=2).pages() as stream:
        for taken in range(5):
            await anyio.wait_all_tasks_blocked()
            assert len(fake.requests) == taken + 2 * (1 + buffer_pages)
            await anext(stream)


@pytest.mark.parametrize("buffer_pages", [0, 1, 5])
async def test_in_order_small_catalogs_do_not_slip_past_the_bound(buffer_pages):
    fake = service(**{f"C{number}": [1] for number in range(20)})
    async with fake.paginator(buffer_pages=buffer_pages, ordered=True, concurrency=3) as stream:
        for taken in range(10):
            await anyio.wait_all_tasks_blocked()
            assert len(fake.requests) == taken + 3
            await anext(stream)


async def test_at_the_end_of_a_catalog_the_next_one_is_fetched_ahead():
    fake = service(A=[3], B=[3])
    async with fake.paginator(concurrency=1) as stream:
        await anext(stream)
        await anyio.wait_all_tasks_blocked()
        assert [catalog for catalog, _ in fake.requests] == ["A", "B"]


@pytest.mark.parametrize("limit", [1, 2, 5, 99])
@pytest.mark.parametrize("ordered", [False, True])
async def test_no_more_catalogs_at_a_time_than_allowed(limit, ordered):
    fake = Service({f"C{number}": Script([1, 2, 1], delay=3 + number % 2) for number in range(6)})
    with bounded():
        seen = await fake.paginator(concurrency=limit, ordered=ordered).collect()
    assert sorted(seen) == fake.items()
    assert fake.peak == min(limit, 6)


@pytest.mark.parametrize("limit", range(1, 6))
@pytest.mark.parametrize("buffer_pages", [0, 1])
async def test_in_order_there_is_no_deadlock_whatever_is_slow(limit, buffer_pages):
    for delays in itertools.permutations([0, 1, 2, 7]):
        fake = Service({f"C{number}": Script([1, 0, 2], delay=delay) for number, delay in enumerate(delays)})
        with bounded():
            paginator = fake.paginator(concurrency=limit, ordered=True, buffer_pages=buffer_pages)
            assert await paginator.collect() == fake.items()


async def test_a_consumer_that_never_waits_still_lets_others_run():
    fake = service(A=[1] * 50)
    ticks = []

    async def tick():
        while True:
            ticks.append(1)
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        async with fake.paginator(buffer_pages=50) as stream:
            assert [entry async for entry in stream] == fake.items()
        group.cancel_scope.cancel()
    assert len(ticks) >= 50
