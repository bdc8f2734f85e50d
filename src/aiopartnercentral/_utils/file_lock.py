"""One process at a time: the lock beside a file."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["locked", "unlocked"]


def locked(path: Path) -> BaseFileLock:
    """Lock a file by another one beside it, by whatever name the file goes, without waiting.

    Raises:
        BlockingIOError: it is locked already.
        FileNotFoundError: its folder does not exist.
        OSError: there can be no lock.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - it takes a while to import

    place = Path(os.path.realpath(path))
    if not place.parent.is_dir():
        # The lock would make it.
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    lock = FileLock(f"{place}.lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from None
    return lock


def unlocked(lock: BaseFileLock) -> None:
    """Let another process have it, and leave no file behind."""
    # Removed while it is held: whoever opens it at this moment finds out, and locks a new one.
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
