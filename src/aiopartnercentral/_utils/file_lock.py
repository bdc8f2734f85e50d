"""Locks that keep a file to one process at a time."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiopartnercentral._utils.atomic_files import PREFIX, digest, lock_file

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["acquire_lock", "release_lock"]


def acquire_lock(path: Path) -> BaseFileLock | None:
    """Return an acquired lock for a file, or fail at once if another process holds it.

    The lock is a file next to the real file, so all links to a file share one lock. Its name is derived from the file's
    and like no name of a user's files, since it is truncated and deleted. On a file system without locks, this returns
    None: the file is used without one.

    Raises:
        BlockingIOError: another process holds the lock.
        FileNotFoundError: the file's directory does not exist.
        OSError: the lock file cannot be created or locked.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - slow to import

    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        # filelock would create the directory.
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    if not _has_locks(target.parent):
        # filelock would fail, or leave a file behind that locks out a later run on another host.
        return None
    lock = FileLock(target.with_name(f"{PREFIX}{digest(target.name, 8)}.lock"), thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from None
    return lock


def release_lock(lock: BaseFileLock | None) -> None:
    """Release a lock, if there is one, and delete its lock file."""
    if lock is None:
        return
    # Deleted while still held: a process that opens the file at this moment notices, and locks a new one.
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()


def _has_locks(directory: Path) -> bool:
    """Return whether files in a directory can be locked.

    Raises:
        OSError: no file can be created there.
    """
    if sys.platform == "win32":
        return True
    from tempfile import TemporaryFile  # noqa: PLC0415 - slow to import

    with TemporaryFile(dir=directory) as probe:
        return lock_file(probe.fileno())
