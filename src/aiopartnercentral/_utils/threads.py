"""What blocks, run in a thread and to its end, whatever becomes of who waits for it."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["to_its_end"]

T = TypeVar("T")


async def to_its_end(
    job: Callable[[], T],
    *,
    undo: Callable[[T], object] | None = None,
    halt: Callable[[], object] | None = None,
    limiter: anyio.CapacityLimiter | None = None,
) -> T:
    """Run a job in a thread, and return when it is done; a cancellation neither keeps it from that nor comes before.

    That goes for asyncio's own cancellations as well, of which anyio's shields know nothing.

    Arguments:
        job: what to do, once.
        undo: what to do with a result that nobody gets; must not block for long.
        halt: called at a cancellation of asyncio's own, to let the job end early. With it, the job is to look out for
            anyio's by `anyio.from_thread.check_cancelled`.
        limiter: of the threads; anyio's shared one by default.

    Raises:
        Exception: whatever the job raises.
    """
    outcome: Future[T] = Future()
    begun = threading.Lock()
    interruption: BaseException | None = None
    with anyio.CancelScope(shield=halt is None) as scope:
        while not outcome.done():
            try:
                await anyio.to_thread.run_sync(_run, job, outcome, begun, limiter=limiter)
            except anyio.get_cancelled_exc_class() as cancelled:
                interruption, scope.shield = cancelled, True
                if halt is not None:
                    halt()
    if interruption is None:
        return outcome.result()
    if undo is not None and outcome.exception() is None:
        undo(outcome.result())
    raise interruption


def _run(job: Callable[[], T], outcome: Future[T], begun: threading.Lock) -> None:
    """Do the job, or wait for the thread that does it already."""
    if begun.acquire(blocking=False):
        try:
            outcome.set_result(job())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            outcome.set_exception(error)
    wait([outcome])
