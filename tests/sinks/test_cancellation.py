from __future__ import annotations

import asyncio
import threading

import anyio
import anyio.lowlevel
import pytest

from aiopartnercentral.sinks import NdjsonSink, PartitionedSink, open_sink
from tests.sinks.files import EVERY_FORMAT, descriptors, names, written
from tests.sinks.readers import rows
from tests.sinks.sample_pages import CLS, page

PAGES = [page(number * 50, 50) for number in range(40)]


async def resume(path, position, kept, plain):
    """Resume at the position, and check that the output is that of an undisturbed run."""
    sink = open_sink(path, cls=CLS)
    await sink.open(position)
    for each in PAGES[kept:]:
        await sink.write(each)
    await sink.commit()
    await written(plain, *PAGES)
    assert rows(path) == rows(plain)
    assert names(path.parent) == sorted([path.name, plain.name])


async def work(sink, promised):
    for number, each in enumerate(PAGES):
        await sink.write(each)
        if number % 3 == 0:
            position = await sink.flush()
            promised[:] = [position, number + 1]
    await sink.commit()
    promised.append("committed")


@EVERY_FORMAT
@pytest.mark.anyio
async def test_a_cancelled_run_keeps_what_was_promised(tmp_path, extension):
    for delay in (0.0, 0.003, 0.01, 0.03):
        path = tmp_path / f"out.{extension}"
        sink = open_sink(path, cls=CLS)
        await sink.open()
        promised = [await sink.flush(), 0]
        with anyio.move_on_after(delay) as scope:
            await work(sink, promised)
        if not scope.cancelled_caught:
            break
        with anyio.CancelScope() as cancelled:  # clean-up runs in a scope that is already cancelled
            cancelled.cancel()
            await sink.abort(keep=True)
        assert names(tmp_path) == [promised[0]["file"]]
        await resume(path, *promised[:2], tmp_path / f"plain.{extension}")
        for each in tmp_path.iterdir():
            each.unlink()


@EVERY_FORMAT
def test_a_task_cancelled_by_asyncio_itself_keeps_what_was_promised(tmp_path, extension):
    path = tmp_path / f"out.{extension}"

    async def main():
        sink = open_sink(path, cls=CLS)
        await sink.open()
        promised = [await sink.flush(), 0]
        task = asyncio.create_task(work(sink, promised))
        await asyncio.sleep(0.02)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            await sink.abort(keep=True)
            await resume(path, *promised[:2], tmp_path / f"plain.{extension}")

    asyncio.run(main())


class _LateAtFirst:
    """A lock that its second user gets first, if there is one within 0.2 s."""

    def __init__(self):
        self.lock = threading.Lock()
        self.begun, self.second = threading.Event(), threading.Event()

    def __enter__(self):
        if not self.begun.is_set():
            self.begun.set()
            self.second.wait(0.2)
        self.lock.acquire()

    def __exit__(self, *_):
        self.lock.release()
        self.second.set()


def test_what_asyncio_cancels_before_its_thread_has_begun_leaves_nothing(tmp_path):
    async def main():
        sink = open_sink(tmp_path / "out.ndjson")
        sink._guard = late = _LateAtFirst()
        task = asyncio.create_task(sink.open())
        assert await asyncio.to_thread(late.begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await sink.abort(keep=False)

    before = descriptors()
    asyncio.run(main())
    assert names(tmp_path) == []
    assert len(descriptors()) <= len(before)


def test_a_clean_up_that_asyncio_cancels_closes_every_file(tmp_path):
    held, go_on = threading.Event(), threading.Event()

    class Held(NdjsonSink):
        def _abort(self, keep):
            held.set()
            assert go_on.wait(30)
            super()._abort(keep)

    async def main():
        sink = PartitionedSink(tmp_path / "{label}.ndjson", lambda path, _: Held(path), wants="raw")
        await sink.open()
        for label in "abc":
            await sink.write(page(0, label=label))
        task = asyncio.create_task(sink.abort(keep=False))
        assert await asyncio.to_thread(held.wait, 30)
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = descriptors()
    asyncio.run(main())
    assert names(tmp_path) == []
    assert len(descriptors()) <= len(before)


@EVERY_FORMAT
@pytest.mark.anyio
async def test_nothing_stays_open(tmp_path, extension):
    before = descriptors()
    for keep in (True, False):
        sink = open_sink(tmp_path / f"out.{extension}", cls=CLS)
        with anyio.CancelScope() as scope:
            await sink.open()
            await sink.write(PAGES[0])
            await sink.flush()
            scope.cancel()
            await sink.write(PAGES[1])
        await sink.abort(keep=keep)
    await written(tmp_path / f"out.{extension}", *PAGES[:3])
    assert len(descriptors()) <= len(before)


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
@pytest.mark.anyio
async def test_the_loop_goes_on_while_a_slow_write_waits(tmp_path, anyio_backend):
    assert anyio_backend
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await anyio.lowlevel.checkpoint()

    sink = open_sink(tmp_path / "out.ndjson.gz")
    await sink.open()
    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        for each in PAGES:
            await sink.write(each)
        before = ticks
        await sink.flush()
        assert ticks > before
        group.cancel_scope.cancel()
    await sink.commit()
    assert len(rows(tmp_path / "out.ndjson.gz")) == 2000
