"""Outputs that are not local files: the directory that holds their files until they are delivered, and the sink.

Only its owner can read it. An output has a directory of its own in it, which is locked while a run writes the output.
All functions here block, so they run in a thread.
"""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import anyio
import attrs

from aiopartnercentral._utils.atomic_files import PREFIX, digest
from aiopartnercentral._utils.file_lock import acquire_lock, release_lock
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks.base import EarlierFile, Page, output_paths, paths_at
from aiopartnercentral.sinks.partial_file import NAME, os_errors_as_sink_errors, other_output
from aiopartnercentral.sinks.partitioned import PartitionedSink
from aiopartnercentral.sinks.path_template import literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from filelock import BaseFileLock

    from aiopartnercentral.sinks.file_sink import FileSink
    from aiopartnercentral.types import JsonValue

__all__ = ["Destination", "Spool", "SpooledSink"]

_PRIVATE = 0o700
_OTHERS = 0o077


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()


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
    parent: Path | None = attrs.field(converter=_absolute)
    is_kept: bool = True
    _lock: BaseFileLock | None = attrs.field(default=None, init=False)

    @property
    def directory(self) -> Path:
        """The directory, as an absolute path; the same one in every process of this user."""
        parent = self.parent
        if parent is None:
            user = getattr(os, "getuid", os.getpid)()
            parent = Path(tempfile.gettempdir()) / f"aiopartnercentral-{user}"
        return (parent / digest(self.identity, 8)).absolute()  # as the paths of its files are

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

    def finish(self, *, keep_partial: bool) -> None:
        """Remove everything, and unlock the directory.

        Arguments:
            keep_partial: whether the partial files of other runs stay, as they can be those of other files.
        """
        found = [path for path in self.directory.rglob("*") if path.is_file()]
        self.remove(str(path) for path in found if not (keep_partial and path.name.startswith(PREFIX)))
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


_POSITION_VERSION = 1
_POSITION_KEYS = {"version", "output", "spooled"}


class Destination(Protocol):
    """Where complete files go. Files have keys: their paths in the spool directory, with slashes."""

    async def check(self, spool: Spool) -> None:
        """Check whether files can be delivered, and clean up what a killed process has left there.

        Raises:
            SinkError: they cannot.
        """
        ...

    async def deliver(
        self, spool: Spool, files: Mapping[str, Path], outputs: PartitionedSink | None
    ) -> Sequence[EarlierFile]:
        """Deliver complete files, and return the earlier ones of the output that are not among them.

        If this fails or is cancelled, each earlier file is unchanged or was replaced by a whole one.

        Arguments:
            spool: the spool directory.
            files: their paths, by key.
            outputs: has written them, if there can be others of earlier runs; None for a single file.

        Raises:
            SinkError: they cannot be delivered.
        """
        ...

    async def fetch(self, key: str, path: Path) -> None:
        """Write an earlier file to the path; does nothing if there is none.

        Raises:
            SinkError: it cannot be read.
        """
        ...


class SpooledSink:
    """Writes spool files with another sink, and delivers them with `commit`; a cancellation interrupts the delivery.

    Until then, nothing at the destination changes. The position is that of the spool files.
    """

    def __init__(self, sink: FileSink | PartitionedSink, spool: Spool, destination: Destination) -> None:
        """Configure the sink; nothing is created before `open`.

        Arguments:
            sink: writes the files in the spool directory.
            spool: the spool directory.
            destination: where the files go.
        """
        self._sink = sink
        self._spool = spool
        self._destination = destination
        self._is_open = self._is_checked = False
        self._earlier: Sequence[EarlierFile] = ()

    @property
    def wants(self) -> Literal["raw", "items"]:
        """The attribute of a page that the sink writes."""
        return self._sink.wants

    def run_began(self, began: datetime) -> None:
        """Say when the run began; see `Sink`."""
        if isinstance(self._sink, PartitionedSink):
            self._sink.run_began(began)

    def paths(self, pages: Iterable[Page]) -> Sequence[str]:
        """Return the paths of the spool files that pages would be written to."""
        try:
            return output_paths(self._sink, pages)
        except ValueError as error:
            raise ValueError(str(error).replace(f"{self._spool.directory}{os.sep}", "")) from None

    def check_classes(self, classes: Mapping[str, Any]) -> None:
        """Check whether the items of listings can be written; see `Sink`.

        Raises:
            TypeError, ValueError: they cannot.
        """
        self._sink.check_classes(classes)

    def paths_at(self, position: JsonValue) -> Sequence[str]:
        """Return the paths of the spool files of the run that has saved a position."""
        return paths_at(self._sink, self._local(position.get("spooled")) if isinstance(position, dict) else None)

    async def open(self, position: JsonValue | None = None, *, run_id: str | None = None) -> None:
        """Start new files or resume those of the position, after a check of the destination; see `Sink.open`.

        A spool file that was delivered before the run could record that is fetched from the destination.
        """
        if self._is_open:
            raise RuntimeError("the sink is already open")
        spooled = None if position is None else self._parsed(position)
        self._earlier = ()
        await self.check()
        self._is_open = True
        try:
            with self._spool.errors_of_output():
                await self._fetch_delivered(spooled)
                await self._sink.open(spooled, run_id=run_id)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.abort(keep=True)
            raise

    async def check(self) -> None:
        """Lock the spool directory, and check whether files can be delivered; `open` does it, too.

        Raises:
            SinkError: they cannot, or another process writes the output.
        """
        if self._is_checked:
            return
        if isinstance(self._sink, PartitionedSink):
            directory = self._sink.template.directory
        else:
            directory = os.path.dirname(self._sink.output)  # noqa: PTH120 - a part of a path
        await run_to_completion(partial(self._spool.acquire, directory), undo=lambda _: self._spool.release())
        self._is_checked = True
        try:
            await self._destination.check(self._spool)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.abort(keep=True)
            raise

    def _parsed(self, position: JsonValue) -> JsonValue:
        with suppress(TypeError, KeyError, AttributeError):
            is_ours = position["version"] == _POSITION_VERSION and position["output"] == self._spool.output
            if is_ours and position.keys() == _POSITION_KEYS:
                return self._local(position["spooled"])
        raise other_output(self._spool.output)

    def _moved(self, spooled: JsonValue, directory: str) -> JsonValue:
        """Return a position of the spool files with another directory in its template, if it has a template.

        Positions are saved without it, as another machine or user has the spool elsewhere.
        """
        with suppress(TypeError, KeyError, AttributeError):
            key = spooled["template"].rpartition(f"/{self._spool.directory.name}/")[2]
            return {**spooled, "template": f"{directory}{key}"}
        return spooled

    def _local(self, spooled: JsonValue) -> JsonValue:
        return self._moved(spooled, f"{literal(str(self._spool.directory))}/")

    async def _fetch_delivered(self, spooled: JsonValue) -> None:
        """Fetch the files of a position that are missing; the sink verifies them."""
        for path in await run_to_completion(partial(self._missing, spooled)):
            await self._destination.fetch(self._spool.key(str(path)), path)

    def _missing(self, spooled: JsonValue) -> list[Path]:
        """Return the paths of the files of a position that are there neither partly nor complete."""
        files = self._files_at(spooled)
        return [path for path, partial_name in files if not (path.with_name(partial_name).exists() or path.exists())]

    def _files_at(self, spooled: JsonValue) -> Iterator[tuple[Path, str]]:
        """Yield the path of each spool file of a position, and the name of its partial file."""
        with suppress(TypeError, KeyError, AttributeError):
            if isinstance(self._sink, PartitionedSink):
                names = [str(each["position"]["file"]) for each in spooled["files"]]
                yield from zip(map(Path, self._sink.paths_at(spooled)), names, strict=False)
            else:
                yield Path(self._sink.output), str(spooled["file"])

    async def write(self, page: Page) -> None:
        """Write a page; see `Sink.write`."""
        self._check_open()
        with self._spool.errors_of_output():
            await self._sink.write(page)

    async def flush(self) -> JsonValue:
        """Sync the spool files to disk, and return the position after them; see `Sink.flush`."""
        self._check_open()
        with self._spool.errors_of_output():
            spooled = await self._sink.flush()
        return {"version": _POSITION_VERSION, "output": self._spool.output, "spooled": self._moved(spooled, "")}

    async def commit(self) -> None:
        """Complete the spool files and deliver them; see `Destination.deliver`."""
        self._check_open()
        with self._spool.errors_of_output():
            await self._sink.commit()
            files = {self._spool.key(path): Path(path) for path in self._complete()}
            outputs = self._sink if isinstance(self._sink, PartitionedSink) else None
            self._earlier = await self._destination.deliver(self._spool, files, outputs)
        self._is_open = self._is_checked = False
        await run_to_completion(partial(self._spool.finish, keep_partial=outputs is not None))

    async def abort(self, *, keep: bool) -> None:
        """Close the spool files; see `Sink.abort`."""
        if not self._is_checked:
            return
        self._is_open = self._is_checked = False
        keep = keep and self._spool.is_kept
        try:
            await self._sink.abort(keep=keep)
            await run_to_completion(partial(self._spool.remove, () if keep else self._complete()))
        finally:
            await run_to_completion(self._spool.release)

    async def spooled_files(self) -> Sequence[str]:
        """Return the partial files of any run in the spool directory."""
        return await run_to_completion(self._spooled)

    def _spooled(self) -> Sequence[str]:
        return [str(path) for path in self._spool.directory.rglob("*.part") if NAME.fullmatch(path.name)]

    def objects(self, pages: Iterable[Page]) -> Sequence[str]:
        """Return the names of the files that pages would be written to, at the destination."""
        return [f"{self._spool.base}{self._spool.key(path)}" for path in self.paths(pages)]

    async def earlier_files(self) -> Sequence[EarlierFile]:
        """Return the files that the template gives for any values and this date, and that `commit` did not replace."""
        return self._earlier

    def _complete(self) -> Sequence[str]:
        """Return the paths of the spool files that the sink has committed, or may have."""
        return self._sink.committed if isinstance(self._sink, PartitionedSink) else [self._sink.output]

    def _check_open(self) -> None:
        if not self._is_open:
            raise RuntimeError("the sink is not open")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._spool.output!r})"
