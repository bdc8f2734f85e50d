"""Blocking work in threads that runs to completion, attempts that callers share, and cancellations of other tasks."""

from __future__ import annotations

import math
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

__all__ = ["SharedAttempt", "own_cancellation_only", "run_to_completion"]

T = TypeVar("T")


async def run_to_completion(
    function: Callable[[], T],
    *,
    undo: Callable[[T], object] | None = None,
    on_cancel: Callable[[], object] | None = None,
    limiter: anyio.CapacityLimiter | None = None,
) -> T:
    """Run a function in a thread, wait until it has returned, and return its result.

    A cancellation does not interrupt the function: it is raised after the function has returned. This holds for
    asyncio's native cancellation as well, which anyio's shields do not stop.

    Arguments:
        function: the function, which runs once.
        undo: called with the result if the caller is cancelled and so does not receive it; must not block for long.
        on_cancel: called at a native asyncio cancellation, to make the function return early. Pass it only if the
            function also calls `anyio.from_thread.check_cancelled`, since anyio's cancellation is not shielded then.
        limiter: limits the threads; anyio's default limiter if None.

    Raises:
        Exception: an error of the function.
    """
    outcome: Future[T] = Future()
    started = threading.Lock()
    finished = anyio.Event()
    interruption: BaseException | None = None
    with anyio.CancelScope(shield=on_cancel is None) as scope:
        while not outcome.done():
            try:
                if started.locked():  # a cancellation has interrupted the wait for its thread
                    await finished.wait()
                else:
                    await anyio.to_thread.run_sync(_run, function, outcome, started, limiter=limiter)
            except anyio.get_cancelled_exc_class() as cancelled:
                if interruption is None:
                    outcome.add_done_callback(lambda _: _set(finished))
                interruption, scope.shield = cancelled, True
                if on_cancel is not None:
                    on_cancel()
    if interruption is None:
        return outcome.result()
    if undo is not None and outcome.exception() is None:
        undo(outcome.result())
    raise interruption


def _run(function: Callable[[], T], outcome: Future[T], started: threading.Lock) -> None:
    """Run the function, unless another thread already runs it."""
    if started.acquire(blocking=False):
        try:
            outcome.set_result(function())
        except BaseException as error:  # noqa: BLE001 - the caller gets it
            outcome.set_exception(error)


def _set(event: anyio.Event) -> None:
    """Set an event of the thread's event loop; the loop itself does not wait for it."""
    with suppress(RuntimeError):
        anyio.from_thread.run_sync(event.set)


@contextmanager
def own_cancellation_only(waiter: str) -> Iterator[None]:
    """Run code of the caller, which may await something that others cancel, such as a task of its own.

    In asyncio, that raises `CancelledError`, which would end this task silently as if it had been cancelled itself.

    Arguments:
        waiter: what awaits, for the message.

    Raises:
        RuntimeError: the code awaited something that was cancelled, and this task was not.
    """
    try:
        yield
    except anyio.get_cancelled_exc_class() as cancelled:
        if anyio.current_effective_deadline() == -math.inf:
            raise
        raise RuntimeError(f"{waiter} awaited something that was cancelled") from cancelled


class SharedAttempt:
    """Makes attempts to obtain something, one at a time.

    It keeps no result: after a success, each caller that waited makes its own call, which may return a stored result.
    """

    __slots__ = ("_failure", "_failures", "_lock")

    def __init__(self) -> None:
        self._lock = anyio.Lock()
        self._failures = 0
        self._failure: Exception | None = None

    @property
    def is_running(self) -> bool:
        """Whether an attempt is being made."""
        return self._lock.locked()

    async def __call__(self, call: Callable[[], Awaitable[T]]) -> T:
        """Wait for the running attempt, then call and return the result. If this is cancelled, the next caller calls.

        Raises:
            Exception: an error of the call, or of the attempt that this one has waited for.
        """
        failures = self._failures
        async with self._lock:
            if self._failures > failures and self._failure is not None:
                raise self._failure
            try:
                result = await call()
            except Exception as error:
                self._failures += 1
                self._failure = error
                raise
            self._failure = None
            return result
