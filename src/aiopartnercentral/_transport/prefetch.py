"""Makes one API call ahead of the consumer, in a background task.

anyio has no background tasks: its tasks belong to a block that waits for them. An iterator that may be dropped at any
time has no such block, so this module uses the event loop directly.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Prefetch"]

T = TypeVar("T")

# asyncio's event loop has only weak references to its tasks.
_RUNNING: set[Prefetch[Any]] = set()


class Prefetch(Generic[T]):
    """A call in progress, whose result is kept until it is requested."""

    def __init__(self, call: Callable[[], Awaitable[T]]) -> None:
        """Start the call at once."""
        self._call = call
        self._scope = anyio.CancelScope()
        self._ended = anyio.Event()
        self._result: list[T] = []
        self._error: Exception | None = None
        self._soon = self._start()

    async def result(self) -> T:
        """Wait for the result of the call; a cancelled wait does not cancel the call.

        Raises:
            Exception: an error of the call.
            RuntimeError: the call was cancelled.
        """
        await self._ended.wait()
        if self._error is not None:
            raise self._error
        if not self._result:
            raise RuntimeError("the page fetched ahead was cancelled")
        return self._result[0]

    def cancel(self) -> None:
        """Schedule the cancellation of the call; the garbage collector may call this in any thread at any time."""
        if not self._ended.is_set():
            with suppress(RuntimeError):  # the event loop is closed, so the call has ended
                self._soon(self._scope.cancel)

    async def aclose(self) -> None:
        """Cancel the call, and wait for its end."""
        self._scope.cancel()
        await self._ended.wait()

    def _start(self) -> Callable[[Callable[[], None]], object]:
        """Start the task; returns a function that schedules a callback in the event loop from any thread."""
        _RUNNING.add(self)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            import trio  # noqa: PLC0415 - the other event loop that anyio runs on, which is loaded by now

            trio.lowlevel.spawn_system_task(self._run, name="prefetch", context=copy_context())
            soon: Callable[[Callable[[], None]], object] = trio.lowlevel.current_trio_token().run_sync_soon
            return soon
        self._task = loop.create_task(self._run(), name="prefetch")
        return loop.call_soon_threadsafe

    async def _run(self) -> None:
        try:
            with self._scope:
                self._result.append(await self._call())
        except Exception as error:  # noqa: BLE001 - raised where the result is asked for
            self._error = error
        finally:
            _RUNNING.discard(self)
            self._ended.set()
