"""What tests of concurrent code hold against a block: it ends, and leaves no task behind."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    import pytest

GUARD = 300
"""Seconds after which a test that waits for something fails; also enough for a machine that has much else to do."""


@asynccontextmanager
async def no_task_left() -> AsyncIterator[None]:
    """The block starts no task that outlives it, and leaves no stream for the collector to find open."""
    before = {task.id for task in anyio.get_running_tasks()}
    gc.freeze()  # the collector looks through what the block makes, and not through all else each time
    try:
        yield
        left = [task.name for task in anyio.get_running_tasks() if task.id not in before]
        assert not left
        gc.collect()
    finally:
        gc.unfreeze()


def skipping_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that lets so many seconds pass at once for the event loop of asyncio that runs."""
    loop, skipped = asyncio.get_running_loop(), 0.0
    now = loop.time
    monkeypatch.setattr(loop, "time", lambda: now() + skipped)

    def skip(seconds: float) -> None:
        nonlocal skipped
        skipped += seconds

    return skip


@contextmanager
def bounded() -> Iterator[None]:
    """A deadlock fails the test instead of stopping the suite; no result depends on the time."""
    with anyio.fail_after(GUARD):
        yield
