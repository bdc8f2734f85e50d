"""Where checkpoints are stored: the interface, and local files, which are replaced atomically and locked."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from aiopartnercentral._utils.atomic_files import sync_directory
from aiopartnercentral._utils.file_lock import acquire_lock, release_lock
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.bulk.checkpoint_file import FORMAT, content_of
from aiopartnercentral.errors import CheckpointError, SinkError
from aiopartnercentral.sinks.partial_file import PartialFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from filelock import BaseFileLock

__all__ = ["CheckpointStorage", "FileStorage", "in_use", "lock_checkpoint"]


T = TypeVar("T")


class CheckpointStorage(Protocol):
    """One checkpoint, which one run at a time may use.

    Attributes:
        save_every: seconds between two checkpoints of a sink, if the caller does not say.
        pause: the least seconds between two checkpoints of a stream.
    """

    save_every: float
    pause: float

    async def open(self, parse: Callable[[tuple[bytes, datetime] | None], T]) -> T:
        """Return what a function makes of the content and the time of its last change; of None if there is none.

        The function is called in a thread. If anything fails, the checkpoint is not open.

        Raises:
            CheckpointError: another run uses it, or it cannot be read.
            Exception: an error of the function.
        """
        ...

    async def claim(self) -> None:
        """Keep other runs from using it, if `open` does not do so.

        Raises:
            CheckpointError: another run uses it now, or it cannot be written.
        """
        ...

    async def keep(self) -> None:
        """Keep it claimed until this is cancelled, or return if that takes nothing.

        Raises:
            CheckpointError: that failed, or another run has taken it over.
        """
        ...

    async def write(self, content: bytes) -> None:
        """Replace the content atomically; a cancellation does not interrupt this.

        Raises:
            CheckpointError: it cannot be written, and is unchanged.
        """
        ...

    async def close(self, *, remove: bool) -> None:
        """Delete the content, if asked for, and let other runs use it.

        Raises:
            CheckpointError: it cannot be deleted.
        """
        ...


class FileStorage:
    """A local file. A link to it stays a link."""

    save_every: float = 1.0
    pause: float = 0.0

    def __init__(self, path: Path) -> None:
        """Nothing is locked before `open`."""
        self._path = path
        self._target = Path()
        self._lock: BaseFileLock | None = None

    async def open(self, parse: Callable[[tuple[bytes, datetime] | None], T]) -> T:
        """Lock and read the file; see `CheckpointStorage.open`."""
        return await run_to_completion(partial(self._open, parse), undo=lambda _: release_lock(self._lock))

    def _open(self, parse: Callable[[tuple[bytes, datetime] | None], T]) -> T:
        self._lock = lock_checkpoint(self._path)
        self._target = Path(os.path.realpath(self._path))
        try:
            return parse(content_of(self._path))
        except BaseException:
            release_lock(self._lock)
            raise

    async def claim(self) -> None:
        """Do nothing, as it is locked."""

    async def keep(self) -> None:
        """Return, as a lock does not expire."""

    async def write(self, content: bytes) -> None:
        """Replace the file; see `CheckpointStorage.write`."""
        await run_to_completion(partial(self._write, content))

    def _write(self, content: bytes) -> None:
        try:
            PartialFile.replace(str(self._target), content, FORMAT, private=True)
        except SinkError as error:
            raise CheckpointError(f"the checkpoint {self._path} cannot be written: {error.reason}") from error

    async def close(self, *, remove: bool) -> None:
        """Unlock the file, and delete it if asked for; see `CheckpointStorage.close`."""
        await run_to_completion(partial(self._close, remove=remove))

    def _close(self, *, remove: bool) -> None:
        try:
            if remove:
                self._target.unlink(missing_ok=True)
                # Otherwise a power failure could bring it back, and the next run would take all for finished.
                sync_directory(self._target.parent)
        except OSError as error:
            raise CheckpointError(f"the checkpoint {self._path} cannot be removed: {error.strerror}") from error
        finally:
            release_lock(self._lock)


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


def in_use(path: object, details: str = "") -> CheckpointError:
    """Return the error for a checkpoint that another run uses."""
    return CheckpointError(f"the checkpoint {path} is in use by another run{details}")
