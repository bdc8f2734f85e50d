"""What the failure of a catalog does to the others, under each error policy."""

from __future__ import annotations

import anyio
import pytest

from aiopartnercentral._pagination.report import Outcome, SourcesFailedError
from aiopartnercentral.errors import PaginationError
from tests._pagination.fakes import Script, Service, ServiceDownError, bounded, gather

pytestmark = pytest.mark.anyio


def failing(error: Exception, **sizes: list[int]) -> Service:
    """A service whose catalog B fails after its pages."""
    return Service({catalog: Script(sizes[catalog], error=error if catalog == "B" else None) for catalog in sizes})


def outcomes(stream):
    return {catalog: report.outcome for catalog, report in stream.report.sources.items()}


@pytest.mark.parametrize("ordered", [False, True])
async def test_raise_gives_the_very_exception_and_cancels_the_others_at_once(ordered):
    error = ServiceDownError(attempts=3)
    fake = failing(error, A=[1, 1], B=[], C=[1])
    fake.scripts["B"].delay = 1
    fake.gates = {("A", 0): anyio.Event(), ("C", 0): anyio.Event()}
    with bounded():
        async with fake.paginator(on_error="raise", ordered=ordered) as stream:
            with pytest.raises(ServiceDownError) as caught:
                await anext(stream)
            await anyio.wait_all_tasks_blocked()
            assert sorted(fake.cancelled) == [("A", None), ("C", None)]
    assert caught.value is error
    assert error.__notes__ == ["while collecting catalog B"]
    assert outcomes(stream) == {"A": Outcome.CANCELLED, "B": Outcome.FAILED, "C": Outcome.CANCELLED}
    assert stream.report.sources["B"].retries == 2
    assert stream.report.failures == {"B": error}


async def test_raise_does_not_wait_for_a_request_that_is_slow_to_cancel():
    release = anyio.Event()

    class Stubborn(Service):
        async def fetch(self, catalog, token):
            try:
                return await super().fetch(catalog, token)
            finally:
                with anyio.CancelScope(shield=True):
                    await (release.wait() if catalog == "A" else anyio.lowlevel.checkpoint())

    fake = Stubborn({"A": Script([1]), "B": Script([], error=ServiceDownError())}, {("A", 0): anyio.Event()})
    with bounded():
        async with fake.paginator(on_error="raise") as stream:
            with pytest.raises(ServiceDownError):
                await anext(stream)
            release.set()


async def test_raise_comes_at_the_next_entry_and_does_not_interrupt_the_body():
    fake = failing(ServiceDownError(), A=[3, 3], B=[])
    fake.gates["B", 0] = anyio.Event()
    async with fake.paginator(on_error="raise") as stream:
        assert await anext(stream) == ("A", "A.0.0")
        fake.gates["B", 0].set()
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(ServiceDownError):
            await anext(stream)
        assert [entry async for entry in stream] == []
    report = stream.report.sources["A"]
    assert (report.items, report.pages, report.next_token, report.outcome) == (1, 1, None, Outcome.CANCELLED)


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("buffer_pages", [0, 5])
@pytest.mark.parametrize("wait_first", [False, True])
async def test_raise_comes_after_what_the_failed_catalog_itself_brought(ordered, buffer_pages, wait_first):
    fake = failing(ServiceDownError(), B=[3, 0, 2])
    seen = []
    async with fake.paginator(on_error="raise", ordered=ordered, buffer_pages=buffer_pages) as stream:
        if wait_first:
            await anyio.wait_all_tasks_blocked()
        with pytest.raises(ServiceDownError):
            await gather(stream, seen, anyio.wait_all_tasks_blocked)
    assert seen == fake.items()
    assert stream.report.sources["B"].next_token == fake.scripts["B"].next_token("B", 2)


async def test_raise_and_leaving_before_it_is_noticed():
    fake = failing(ServiceDownError(), A=[3], B=[])
    async with fake.paginator(on_error="raise") as stream:
        await anyio.wait_all_tasks_blocked()
    assert outcomes(stream) == {"A": Outcome.CANCELLED, "B": Outcome.FAILED}


async def test_raise_does_not_count_the_failed_catalog_further_than_it_was_handed_over():
    fake = failing(ServiceDownError(), A=[3], B=[1, 1])
    fake.gates["B", 0] = anyio.Event()
    async with fake.paginator(on_error="raise", ordered=True, buffer_pages=2) as stream:
        await anext(stream)
        fake.gates["B", 0].set()
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(ServiceDownError):
            await anext(stream)
    report = stream.report.sources["B"]
    assert (report.outcome, report.pages, report.next_token) == (Outcome.FAILED, 0, None)


async def test_raise_and_leaving_in_the_middle_of_the_last_good_page():
    fake = failing(ServiceDownError(), B=[1, 3])
    async with fake.paginator(on_error="raise") as stream:
        await anext(stream)
        await anext(stream)
        await anyio.wait_all_tasks_blocked()
    report = stream.report.sources["B"]
    assert (report.outcome, report.items, report.next_token) == (Outcome.FAILED, 2, "B/1")


async def test_raise_of_two_that_fail_gives_the_first():
    first, second = ServiceDownError(), ServiceDownError()
    fake = Service({"A": Script([], error=first), "B": Script([], error=second)})
    gate = fake.gates["A", 0] = fake.gates["B", 0] = anyio.Event()
    async with fake.paginator(on_error="raise") as stream:
        await anyio.wait_all_tasks_blocked()
        gate.set()
        with pytest.raises(ServiceDownError) as caught:
            await anext(stream)
    assert sorted(fake.failed) == ["A", "B"]
    assert stream.report.failures == {fake.failed[0]: caught.value}
    assert caught.value is fake.scripts[fake.failed[0]].error


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 9])
async def test_finish_collects_the_others_and_raises_what_failed(ordered, limit):
    error = ServiceDownError()
    fake = Service(
        {
            "A": Script([2], error=error),
            "B": Script([1, 0, 3], delay=2),
            "C": Script([1, 1], back_to=1),
            "D": Script([1], delay=5),
        }
    )
    seen = []
    with bounded():
        async with fake.paginator(on_error="finish", ordered=ordered, concurrency=limit) as stream:
            with pytest.raises(SourcesFailedError) as caught:
                await gather(stream, seen)
    assert sorted(seen) == fake.items()
    assert caught.value.failures["A"] is error
    assert isinstance(caught.value.failures["C"], PaginationError)
    assert set(caught.value.exceptions) == set(caught.value.failures.values())
    assert outcomes(stream) == dict.fromkeys("BD", Outcome.COMPLETE) | dict.fromkeys("AC", Outcome.FAILED)


async def test_finish_raises_once_and_not_without_a_failure():
    fake = failing(ServiceDownError(), A=[1], B=[])
    async with fake.paginator(on_error="finish") as stream:
        with pytest.raises(SourcesFailedError):
            [entry async for entry in stream]
        assert [entry async for entry in stream] == []
    assert await fake.paginator(catalogs="A", on_error="finish").collect() == fake.items("A")


async def test_report_raises_nothing():
    error = ServiceDownError(attempts=2)
    fake = failing(error, A=[1], B=[1, 2], C=[0])
    fake.scripts["B"].retries = 3
    async with fake.paginator(on_error="report") as stream:
        assert sorted([entry async for entry in stream]) == fake.items()
        assert not stream.report.complete
        assert stream.report.failures == {"B": error}
    report = stream.report.sources["B"]
    assert (report.pages, report.items, report.retries, report.next_token) == (2, 3, 7, "B/2")


async def test_collect_follows_the_policy():
    fake = failing(ServiceDownError(), A=[2], B=[1])
    with pytest.raises(ServiceDownError):
        await fake.paginator(on_error="raise").collect()
    with pytest.raises(SourcesFailedError):
        await fake.paginator().collect()
    assert sorted(await fake.paginator(on_error="report").collect()) == fake.items()


@pytest.mark.parametrize("on_error", ["raise", "finish", "report"])
async def test_a_fetch_that_raises_stop_async_iteration_does_not_pass_for_the_end(on_error):
    fake = failing(StopAsyncIteration("lost"), B=[1])
    async with fake.paginator(on_error="report") as stream:
        assert [entry async for entry in stream] == fake.items()
    assert isinstance(stream.report.failures["B"], RuntimeError)
    assert isinstance(stream.report.failures["B"].__cause__, StopAsyncIteration)
    if on_error == "raise":
        with pytest.raises(RuntimeError, match="StopAsyncIteration"):
            await fake.paginator(on_error=on_error).collect()


async def test_an_error_that_is_raised_again_and_again_is_noted_once():
    error = ServiceDownError()
    fake = failing(error, B=[])
    for _ in range(3):
        with pytest.raises(ServiceDownError):
            await fake.paginator().collect()
    assert error.__notes__ == ["while collecting catalog B"]


async def test_attempts_that_are_no_number_are_no_retries():
    error = ServiceDownError(attempts="many")
    async with failing(error, B=[]).paginator(on_error="report") as stream:
        assert [entry async for entry in stream] == []
    assert stream.report.retries == 0


async def test_finish_raises_the_error_of_a_single_catalog_itself():
    error = ServiceDownError()
    fake = failing(error, B=[2])
    seen = []
    async with fake.paginator() as stream:
        with pytest.raises(ServiceDownError) as caught:
            await gather(stream, seen)
    assert caught.value is error
    assert seen == fake.items()
    assert stream.report.sources["B"].outcome is Outcome.FAILED
