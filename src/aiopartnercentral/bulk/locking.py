"""One run at a time: the lock beside a checkpoint."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiopartnercentral.errors import CheckpointError

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["locked", "unlocked"]


def locked(path: Path) -> BaseFileLock:
    """Lock a checkpoint, by whatever name it goes, without waiting.

    Raises:
        CheckpointError: another run has it, or there can be no lock.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - only a run with a checkpoint needs it

    place = Path(os.path.realpath(path))
    if not place.parent.is_dir():
        # The lock would make it.
        raise CheckpointError(f"the checkpoint {path} cannot be used: its folder does not exist")
    lock = FileLock(f"{place}.lock", thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise CheckpointError(f"the checkpoint {path} is in use by another run") from None
    except OSError as error:
        raise CheckpointError(f"the checkpoint {path} cannot be used: {error.strerror}") from error
    return lock


def unlocked(lock: BaseFileLock) -> None:
    """Let another run have it, and leave no file behind."""
    # Removed while it is held: a run that opens it at this moment finds out, and locks a new one.
    with suppress(OSError):
        Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
