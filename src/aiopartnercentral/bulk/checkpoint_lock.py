"""The lock of a checkpoint, which one run at a time may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral._utils.file_lock import acquire_lock
from aiopartnercentral.errors import CheckpointError

if TYPE_CHECKING:
    from pathlib import Path

    from filelock import BaseFileLock

__all__ = ["in_use", "lock_checkpoint"]


def lock_checkpoint(path: Path) -> BaseFileLock | None:
    """Acquire the lock of a checkpoint; returns None where files cannot be locked.

    Raises:
        CheckpointError: another run uses it, or it cannot be locked.
    """
    try:
        return acquire_lock(path)
    except BlockingIOError:
        raise in_use(path) from None
    except FileNotFoundError:
        raise CheckpointError(f"the checkpoint {path} cannot be used: its directory does not exist") from None
    except OSError as error:
        raise CheckpointError(f"the checkpoint {path} cannot be used: {error.strerror}") from error


def in_use(path: Path) -> CheckpointError:
    """Return the error for a checkpoint that another run uses."""
    return CheckpointError(f"the checkpoint {path} is in use by another run")
