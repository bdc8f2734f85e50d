"""The directory in which the files of a remote output are written before they are delivered.

Only its owner can read it. An output has a directory of its own in it, which is locked while a run writes the output.
All functions here block, so they run in a thread.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral._utils.atomic_files import PREFIX, digest
from aiopartnercentral._utils.file_lock import acquire_lock, release_lock
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks.partial_file import os_errors_as_sink_errors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from filelock import BaseFileLock

__all__ = ["Spool"]

_PRIVATE = 0o700
_OTHERS = 0o077


@attrs.define(eq=False)
class Spool:
    """The directory of one output.

    Attributes:
        output: the output's name, such as its URL.
        base: the beginning of the names of its files, before their keys; empty if its only file has its own name.
        identity: identifies it among the outputs of this user.
        parent: the directory that has a directory for each output; None for one in the system's directory of temporary
            files.
        is_kept: whether a later run can find the directory, and so resume.
    """

    output: str
    base: str
    identity: str
    parent: Path | None
    is_kept: bool = True
    _lock: BaseFileLock | None = attrs.field(default=None, init=False)

    @property
    def directory(self) -> Path:
        """The directory; the same one in every process of this user."""
        parent = self.parent
        if parent is None:
            user = getattr(os, "getuid", os.getpid)()
            parent = Path(tempfile.gettempdir()) / f"aiopartnercentral-{user}"
        return parent / digest(self.identity, 8)

    def acquire(self, *directories: str) -> None:
        """Lock the directory, and create it and further ones in it.

        Raises:
            SinkError: another process writes the output, or the directory cannot be created or is not private.
        """
        with self.errors_of_output(), os_errors_as_sink_errors(str(self.directory)):
            parent = self.directory.parent
            parent.mkdir(mode=_PRIVATE, parents=self.parent is not None, exist_ok=True)
            if self.parent is None:
                _check_private(parent)
            self._lock = acquire_lock(self.directory)
            try:
                self.directory.mkdir(mode=_PRIVATE, exist_ok=True)
                _check_private(self.directory)
                for each in directories:
                    Path(each).mkdir(parents=True, exist_ok=True)
            except BaseException:
                self.release()
                raise

    def release(self) -> None:
        """Unlock the directory; does nothing if it is not locked."""
        lock, self._lock = self._lock, None
        release_lock(lock)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove files, and the directories that are empty then."""
        for path in paths:
            with suppress(OSError):
                Path(path).unlink(missing_ok=True)
        self._remove_empty()

    def finish(self) -> None:
        """Remove everything but the partial files of other runs, and unlock the directory."""
        found = [path for path in self.directory.rglob("*") if path.is_file()]
        self.remove(str(path) for path in found if not path.name.startswith(PREFIX))
        self.release()

    def _remove_empty(self) -> None:
        for directory, _, _ in os.walk(self.directory, topdown=False):
            with suppress(OSError):
                Path(directory).rmdir()

    def key(self, path: str) -> str:
        """Return the key of a file in the directory."""
        return Path(path).relative_to(self.directory).as_posix()

    @contextmanager
    def errors_of_output(self) -> Iterator[None]:
        """Raise each `SinkError` about a file in the directory as one about the output.

        Raises:
            SinkError: instead of it.
        """
        try:
            yield
        except SinkError as error:
            path = Path(error.path)
            if not path.is_relative_to(self.directory):
                raise
            is_file = self.base and path != self.directory
            output = f"{self.base}{self.key(error.path)}" if is_file else self.output
            if isinstance(error.__cause__, BlockingIOError):
                raise SinkError(output, error.reason) from error
            raise type(error)(output, f"{error.reason}; its spool directory is {self.directory}") from error


def _check_private(directory: Path) -> None:
    """Refuse a directory that others can read or replace.

    Raises:
        SinkError: it is one.
    """
    status = directory.lstat()
    if os.name == "nt":  # pragma: no cover - Windows, where temporary directories are the user's own
        return
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    if not is_ours or stat.S_IMODE(status.st_mode) & _OTHERS:
        raise SinkError(str(directory), "others can use this spool directory: pass another one")
