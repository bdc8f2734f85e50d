"""Cancellations that are not this task's own."""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["own_cancellation_only"]


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
