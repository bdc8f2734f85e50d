"""Threads that have ended in Python, but not yet in the operating system.

Before Python 3.13, `Thread.join` returns as soon as a thread runs no more Python code. OpenSSL then frees what
belongs to the thread, under a lock. A process that is forked meanwhile has this lock, but not the thread that holds it,
so its next TLS context waits forever.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["running_threads", "wait_for_ended"]

_IS_NEEDED = sys.platform == "linux" and sys.version_info < (3, 13)
_TASKS = Path("/proc/self/task")
_MOST_SECONDS = 1.0
_PAUSE = 0.0002


def running_threads() -> set[int]:
    """Return the operating system's ids of the threads that run; nothing where `wait_for_ended` is not needed."""
    return {each.native_id for each in threading.enumerate() if each.native_id is not None} if _IS_NEEDED else set()


def wait_for_ended(ids: Collection[int]) -> None:
    """Wait until those of these threads that have ended in Python have also ended in the operating system.

    Arguments:
        ids: from `running_threads`.
    """
    if not ids:
        return
    ended, until = {*ids} - running_threads(), time.monotonic() + _MOST_SECONDS
    while any((_TASKS / str(each)).exists() for each in ended) and time.monotonic() < until:
        time.sleep(_PAUSE)
