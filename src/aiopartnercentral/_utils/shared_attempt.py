"""Attempts that concurrent callers share: one is made at a time, and callers that waited for it share its failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["SharedAttempt"]

T = TypeVar("T")


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
