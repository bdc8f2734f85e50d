"""The event loop of a client: its connections, locks and timers belong to the one that it was opened in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["loop_check", "opened_elsewhere", "running_loop"]


def opened_elsewhere() -> RuntimeError:
    """Return the error of a client that is used in another event loop than the one that it was opened in."""
    return RuntimeError("the client was opened in another event loop: open one in each event loop")


def loop_check() -> Callable[[], None] | None:
    """Return a function that raises `opened_elsewhere` in any event loop but the current one; None on trio."""
    own = running_loop()

    def check() -> None:
        if running_loop() is not own:
            raise opened_elsewhere()

    return None if own is None else check


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return asyncio's event loop that runs the current task; None on trio."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:  # on trio
        return None
