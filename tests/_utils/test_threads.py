"""Work in a thread runs to completion, once, whatever cancels the caller."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import anyio
import pytest

from aiopartnercentral._utils.threads import run_to_completion


class Work:
    """Blocks in its thread until it is released."""

    def __init__(self) -> None:
        self.began, self.release = threading.Event(), threading.Event()
        self.runs = 0

    def __call__(self) -> int:
        self.runs += 1
        self.began.set()
        assert self.release.wait(30)
        return self.runs


async def cancelled_often(work: Work, times: int) -> int:
    """Cancel a caller natively, again and again, and return the number of threads that this has started."""
    task = asyncio.create_task(run_to_completion(work))
    while not work.began.is_set():
        await asyncio.sleep(0.001)
    before = threading.active_count()
    for _ in range(times):
        task.cancel()
        for _ in range(20):  # turns of the loop, enough to start another thread
            await asyncio.sleep(0)
    most = threading.active_count() - before
    assert not task.done()
    work.release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    return most


def test_cancelling_again_starts_no_further_thread() -> None:
    work = Work()
    assert asyncio.run(cancelled_often(work, 100)) == 0
    assert work.runs == 1


@pytest.mark.parametrize("turns", range(6))
def test_a_cancellation_at_any_moment_neither_skips_nor_repeats_the_work(turns: int) -> None:
    async def main() -> None:
        for _ in range(30):
            work, undone = Work(), list[int]()
            work.release.set()
            task = asyncio.create_task(run_to_completion(work, undo=undone.append))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()
            with suppress(asyncio.CancelledError):
                undone.append(await task)
            # Before its first turn, a task is cancelled without running at all.
            assert (work.runs, undone) == ((1, [1]) if turns else (0, []))

    asyncio.run(main())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_scope_that_is_cancelled_waits_for_the_work(backend: str) -> None:
    async def main() -> None:
        work = Work()
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(run_to_completion, work)
                while not work.began.is_set():
                    await anyio.sleep(0.001)
                scope.cancel()
                work.release.set()
        assert work.runs == 1

    anyio.run(main, backend=backend)


def test_an_error_of_the_work_is_raised() -> None:
    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await run_to_completion(lambda: 1 // 0)

    anyio.run(main)
