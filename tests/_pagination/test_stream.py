from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from aiopartnercentral._pagination.page_fetcher import FetchedPage
from aiopartnercentral._pagination.paginator import Paginator
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.errors import PaginationError
from tests._pagination.fake_service import Fetcher, Script, Service, gather, service
from tests.support.tasks import bounded, no_task_left

pytestmark = pytest.mark.anyio


async def test_items_of_all_catalogs_come_beside_their_catalog():
    fake = service(A=[2, 3], B=[1], C=[0])
    async with fake.paginator() as stream:
        seen = [entry async for entry in stream]
    assert sorted(seen) == fake.items()
    assert fake.requests.count(("A", None)) == 1
    assert ("A", "A/1") in fake.requests


async def test_its_repr_says_whether_it_is_open_and_what_was_handed_over():
    async with service(A=[2, 3], B=[1]).paginator() as stream:
        await anext(stream)
        assert repr(stream).startswith("<Stream, open: 2 sources: 1 item, 1 page, 0 retries in ")
    assert repr(stream).startswith("<Stream, closed: 2 sources: 1 item, 1 page, 0 retries in ")


async def test_what_arrives_first_comes_first():
    fake = service(A=[1], B=[1, 1])
    fake.gates["A", 0] = anyio.Event()
    async with fake.paginator() as stream:
        assert [await anext(stream) for _ in range(2)] == fake.items("B")
        fake.gates["A", 0].set()
        assert [entry async for entry in stream] == fake.items("A")


async def test_in_order_a_late_catalog_is_waited_for_while_others_are_fetched_ahead():
    fake = service(A=[1, 1], B=[1, 1], C=[1])
    fake.gates["A", 0] = anyio.Event()
    async with fake.paginator(ordered=True) as stream:
        await anyio.wait_all_tasks_blocked()
        assert sorted(fake.requests) == [("A", None), ("B", None), ("C", None)]
        fake.gates["A", 0].set()
        assert [entry async for entry in stream] == fake.items()


async def test_pages_come_whole_and_raw_items_as_bytes():
    fake = service(A=[2, 0, 1])
    async with fake.paginator().pages() as pages:
        assert [page async for page in pages] == [("A", f"page A/{number}") for number in range(3)]
    assert (pages.report.pages, pages.report.items) == (3, 3)
    async with fake.paginator().raw() as raw:
        assert [entry async for entry in raw] == [("A", item.encode()) for _, item in fake.items()]


async def test_empty_pages_with_a_token_go_on():
    fake = service(A=[0, 0, 1, 0, 2, 0])
    assert await fake.paginator().collect() == fake.items()
    assert len(fake.requests) == 6


async def test_an_empty_token_is_the_end():
    async def fetch(catalog, token):
        assert token is None
        return FetchedPage(page=catalog, items=(1, 2), next_token="")

    async with Paginator(Fetcher(fetch), catalogs="A") as stream:
        assert [entry async for entry in stream] == [("A", 1), ("A", 2)]
        assert stream.report.complete
        assert stream.report.sources["A"].next_token is None


@pytest.mark.parametrize(
    ("limit", "items", "requests", "ending"),
    [
        (1, 1, 1, (Outcome.LIMITED, None)),
        (2, 2, 1, (Outcome.LIMITED, "A/1")),
        (3, 3, 2, (Outcome.LIMITED, "A/1")),
        (4, 4, 2, (Outcome.LIMITED, "A/2")),
        (5, 5, 3, (Outcome.COMPLETE, None)),
        (6, 5, 3, (Outcome.COMPLETE, None)),
    ],
)
@pytest.mark.parametrize("raw", [False, True])
async def test_max_items_cuts_each_catalog(limit, items, requests, ending, raw):
    fake = service(A=[2, 2, 1], B=[1])
    paginator = fake.paginator(max_items=limit, ordered=True)
    async with paginator.raw() if raw else paginator as stream:
        seen = [entry[1] async for entry in stream]
    assert [item.decode() if raw else item for item in seen] == [
        item for _, item in [*fake.items("A")[:items], *fake.items("B")]
    ]
    assert len([catalog for catalog, _ in fake.requests if catalog == "A"]) == requests
    report = stream.report.sources["A"]
    assert (report.items, (report.outcome, report.next_token)) == (items, ending)
    assert stream.report.sources["B"].outcome is Outcome.COMPLETE


@pytest.mark.parametrize(
    ("limit", "pages", "items", "outcome", "next_token"),
    [
        (1, 1, 2, Outcome.LIMITED, "A/1"),
        (2, 1, 2, Outcome.LIMITED, "A/1"),
        (3, 2, 4, Outcome.LIMITED, "A/2"),
        (5, 3, 6, Outcome.COMPLETE, None),
        (9, 3, 6, Outcome.COMPLETE, None),
    ],
)
async def test_with_max_items_pages_end_after_the_page_that_reaches_it(limit, pages, items, outcome, next_token):
    fake = service(A=[2, 2, 2])
    async with fake.paginator(max_items=limit).pages() as stream:
        assert [page async for _, page in stream] == [f"page A/{number}" for number in range(pages)]
    report = stream.report.sources["A"]
    assert (report.pages, report.items, report.outcome, report.next_token) == (pages, items, outcome, next_token)


@pytest.mark.parametrize("back_to", [1, 2, 3])
async def test_any_token_seen_before_ends_the_catalog_after_its_page(back_to):
    fake = Service({"A": Script([1, 1, 1, 1], back_to=back_to), "B": Script([1])})
    seen = []
    with bounded():
        async with fake.paginator(catalogs="A") as stream:
            with pytest.raises(PaginationError) as caught:
                await gather(stream, seen, anyio.wait_all_tasks_blocked)
    assert seen == fake.items("A")
    assert (caught.value.source, caught.value.pages) == ("catalog A", 4)
    assert len(fake.requests) == 4
    assert stream.report.sources["A"].next_token is None


async def test_a_limit_that_is_reached_needs_no_further_token():
    fake = Service({"A": Script([1, 1], back_to=1)})
    assert await fake.paginator(max_items=2).collect() == fake.items()


@pytest.mark.parametrize("ordered", [False, True])
async def test_a_paginator_can_be_entered_again_and_within_itself(ordered):
    fake = service(A=[1, 1], B=[1])
    paginator = fake.paginator(ordered=ordered)
    async with no_task_left():
        async with paginator as outer:
            first = await anext(outer)
            async with paginator as inner, paginator.pages() as pages:
                assert outer is not inner
                assert sorted([entry async for entry in inner]) == fake.items()
                assert len([page async for page in pages]) == 3
            rest = [entry async for entry in outer]
        assert sorted([first, *rest]) == sorted(await paginator.collect()) == fake.items()
    source = paginator.pages()
    for _ in range(2):
        async with source as pages:
            assert len([page async for page in pages]) == 3


async def test_a_paginator_can_be_entered_by_many_tasks_at_once():
    expected = service(A=[2, 1], B=[1, 1])

    async def fetch(catalog, token):
        # A service of its own for each request, as several streams ask for the same catalog at once.
        return await Service(expected.scripts).typed(catalog, token)

    paginator = Paginator(Fetcher(fetch), catalogs=["A", "B"])
    seen = []

    async def consume(pauses):
        async with paginator as stream:
            mine = []
            async for entry in stream:
                mine.append(entry)
                for _ in range(pauses):
                    await anyio.lowlevel.checkpoint()
            assert stream.report.items == 5
        seen.append(sorted(mine))

    async with no_task_left(), anyio.create_task_group() as group:
        for pauses in range(8):
            group.start_soon(consume, pauses)
    assert seen == [expected.items()] * 8


async def test_tasks_may_share_one_stream():
    fake = service(A=[5, 0, 3, 7], B=[1, 4], C=[6])
    seen = []

    async def consume(stream, pauses):
        async for entry in stream:
            seen.append(entry)
            for _ in range(pauses):
                await anyio.lowlevel.checkpoint()

    with bounded():
        async with fake.paginator() as stream, anyio.create_task_group() as group:
            for pauses in range(4):
                group.start_soon(consume, stream, pauses)
    assert sorted(seen) == fake.items()
    assert stream.report.complete


async def test_a_consumer_that_never_waits_lets_others_run_within_a_long_page():
    fake = service(A=[5000], B=[1])
    turns = []

    async def others(done):
        while not done.is_set():
            turns.append(len(seen))
            await anyio.lowlevel.checkpoint()

    seen = []
    done = anyio.Event()
    with bounded():
        async with anyio.create_task_group() as group:
            group.start_soon(others, done)
            async with fake.paginator(ordered=True) as stream:
                async for entry in stream:
                    seen.append(entry)  # noqa: PERF401 - what the other task sees grow
            done.set()
    assert seen == [*fake.items("A"), *fake.items("B")]
    assert len([count for count in turns if 0 < count < 5000]) >= 3
    assert stream.report.sources["A"].items == 5000


async def test_cancelling_between_the_stretches_of_a_long_page_loses_nothing():
    fake = service(A=[3500], B=[2500])
    seen = []
    with bounded():
        async with fake.paginator() as stream:
            while len(seen) < 6000:
                with anyio.CancelScope() as scope:
                    if len(seen) % 1000 == 0:
                        scope.cancel()
                    seen.append(await anext(stream))
                if scope.cancelled_caught:
                    seen.append(await anext(stream))
    assert sorted(seen) == sorted(fake.items())


async def test_an_ended_stream_stays_ended():
    fake = service(A=[1])
    async with fake.paginator() as stream:
        assert [entry async for entry in stream] == fake.items()
        assert [entry async for entry in stream] == []
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_outside_of_its_block_a_stream_says_so():
    paginator = service(A=[3, 3]).paginator()
    async with paginator as stream:
        await anext(stream)
    with pytest.raises(RuntimeError, match="only inside its `async with` block"):
        await anext(stream)
    with pytest.raises(RuntimeError, match="entered only once"):
        await stream.__aenter__()
    with pytest.raises(RuntimeError, match="by the task that entered it"):
        await paginator.__aexit__(None, None, None)


async def test_a_task_that_waits_while_the_block_is_left_is_told_so():
    fake = service(A=[1])
    fake.gates["A", 0] = anyio.Event()
    told = []

    async def consume(stream):
        try:
            await anext(stream)
        except RuntimeError as exc:
            told.append(str(exc))

    with bounded():
        async with anyio.create_task_group() as group, fake.paginator() as stream:
            group.start_soon(consume, stream)
            await anyio.wait_all_tasks_blocked()
    assert told == ["the stream is open only inside its `async with` block"]
