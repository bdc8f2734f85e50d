"""A sink of many files: each page goes to the file whose path its catalog, label, service and operation give."""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import anyio.to_thread
import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.atomic_files import make_directory
from aiopartnercentral._utils.paths import is_directory, real_path
from aiopartnercentral.errors import PositionError, SinkError
from aiopartnercentral.sinks.base import EarlierFile, Page
from aiopartnercentral.sinks.partial_file import os_errors_as_sink_errors, other_output
from aiopartnercentral.sinks.path_template import PathTemplate, path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aiopartnercentral.sinks.file_sink import FileSink
    from aiopartnercentral.types import JsonValue

__all__ = ["MAX_OPEN", "PartitionedSink"]

MAX_OPEN = 32
_POSITION_VERSION = 4
_POSITION_KEYS = {"version", "template", "date", "run_id", "files"}
_FILE_KEYS = {"label", "catalog", "account", "service", "operation", "position"}
_Values: TypeAlias = tuple[str, ...]


class PartitionedSink:
    """Writes one file for each combination of a template's values. A page creates its file even if it has no items.

    Directories from the first placeholder on are created; the directory before it must exist. `commit` moves the files
    to their final paths one after the other.
    """

    def __init__(
        self,
        template: str | os.PathLike[str],
        make_sink: Callable[[str, str], FileSink],
        *,
        wants: Literal["raw", "items"],
        max_open: int = MAX_OPEN,
        initial: Page | None = None,
    ) -> None:
        """Configure the sink; nothing is created before the first page.

        Arguments:
            template: a path with placeholders in it; see `PathTemplate`.
            make_sink: returns the sink for a path and an operation.
            wants: what these sinks want of a page.
            max_open: maximum number of files that are open at once.
            initial: a page without items; a new run creates its file even if no page is written.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: the template is not valid, or `max_open` is below 1.
        """
        self.template: PathTemplate = PathTemplate.parse(path_text("template", template))
        self.wants: Literal["raw", "items"] = wants
        self.max_open: int = validators.count("max_open", max_open)
        self._make_sink = make_sink
        self._initial = initial
        self._is_open = False
        self._asked: list[Page] = []  # the pages of the run, as far as `paths` was asked for their files
        self._began: datetime | None = None  # of the next run, if that is known
        self._forget()

    def _forget(self) -> None:
        """Forget an earlier run."""
        self._dated = self.template.of(self._began or datetime.now(UTC))  # with the date on which the run began
        # By the values of the template's placeholders.
        self._sinks: dict[_Values, FileSink] = {}
        self._pages: dict[_Values, Page] = {}  # without items; each gives the path of a file
        self._positions: dict[_Values, JsonValue] = {}
        self._changed: set[_Values] = set()
        self._open_files: dict[_Values, None] = {}  # the least recently used first
        self._owners: dict[str, Page] = {}
        self._committed: set[str] = set()
        self._run_id = ""

    @property
    def dated(self) -> PathTemplate:
        """The template with the date on which the run began."""
        return self._dated

    @property
    def services(self) -> set[str]:
        """The services of the run, as far as its pages were written or `paths` was asked for their files."""
        return {page.service for page in (*self._asked, *self._pages.values())}

    @property
    def operations(self) -> set[str]:
        """The same of the operations."""
        return {page.operation for page in (*self._asked, *self._pages.values())}

    @property
    def committed(self) -> Sequence[str]:
        """The paths of the files that are complete."""
        return sorted(self._committed)

    def run_began(self, began: datetime) -> None:
        """Take the day of a time for `{date}`, until the end of the run; see `Sink`."""
        self._began = began
        if not self._is_open:
            self._dated = self.template.of(began)

    def paths(self, pages: Iterable[Page]) -> Sequence[str]:
        """Return the paths of the files that pages would be written to.

        Raises:
            ValueError: two combinations of values have the same file.
        """
        owners: dict[str, Page] = {}
        self._asked = [attrs.evolve(page, items=(), raw=(), malformed=()) for page in pages]
        return list(dict.fromkeys(_claim(owners, self._dated, page) for page in self._asked))

    def check_classes(self, classes: Mapping[str, Any]) -> None:
        """Check whether the items of listings can be written; see `Sink`.

        Raises:
            TypeError, ValueError: those of a listing are of another class, or have none.
        """
        for listing, cls in classes.items():
            self._make_sink(self.template.text, listing).check_classes({listing: cls})

    def paths_at(self, position: JsonValue) -> Sequence[str]:
        """Return the paths of the files of the run that has saved a position; none if it is of another output."""
        try:
            dated, _, files = _parse_position(position, self.template)
        except PositionError:
            return ()
        return [dated.expand(page) for page, _ in files]

    async def open(self, position: JsonValue | None = None, *, run_id: str | None = None) -> None:
        """Start new files, or resume each file of the position; see `Sink.open`."""
        if self._is_open:
            raise RuntimeError("the sink is already open")
        self._forget()
        if not await anyio.to_thread.run_sync(is_directory, self.template.directory):
            raise SinkError(self.template.text, f"its directory {self.template.directory} does not exist")
        # Names the partial files, so that a later process replaces those that its position does not have. Without an
        # id, it would take the files that this one has suspended, and so unlocked, for left over.
        self._run_id = run_id or secrets.token_hex()
        files: list[tuple[Page, JsonValue]] = []
        if position is not None:
            self._dated, self._run_id, files = _parse_position(position, self.template)
        self._is_open = True
        if position is None and self._initial is not None:
            await self.write(self._initial)
        for page, file_position in files:
            sink, values = await self._new_sink(page), self.template.values(page)
            self._sinks[values], self._pages[values] = sink, page
            await self._reserve(values)
            await sink.open(file_position)
            self._positions[values] = file_position

    async def write(self, page: Page) -> None:
        """Write a page to its file; see `Sink.write`."""
        self._check_open()
        values = self.template.values(page)
        sink = self._sinks.get(values)
        if sink is None:
            page_without_items = attrs.evolve(page, items=(), raw=(), malformed=())
            sink = await self._new_sink(page_without_items)
            await self._reserve(values)
            await _make_directory(sink.output)
            self._changed.add(values)
            self._sinks[values], self._pages[values] = sink, page_without_items
            await sink.open(None, run_id=self._run_id)
        else:
            await self._reserve(values)
        self._changed.add(values)
        await sink.write(page)

    async def flush(self) -> JsonValue:
        """Flush the files that have changed, and return the position of all; see `Sink.flush`."""
        self._check_open()
        for values in sorted(self._changed):
            await self._reserve(values)
            self._positions[values] = await self._sinks[values].flush()
            self._changed.discard(values)
        # Without the paths, so that a changed position leads to no path that the template does not give.
        files = [
            {
                "label": page.label,
                "catalog": page.catalog,
                "account": page.account,
                "service": page.service,
                "operation": page.operation,
                "position": position,
            }
            for page, position in ((self._pages[values], position) for values, position in self._positions.items())
        ]
        return {
            "version": _POSITION_VERSION,
            "template": self.template.text,
            "date": self._dated.date,
            "run_id": self._run_id,
            "files": files,
        }

    async def commit(self) -> None:
        """Complete all files, one after the other; see `Sink.commit`.

        If this is cancelled, some files may be committed and others not; a position stays valid for all of them.
        """
        self._check_open()
        for values in list(self._sinks):
            await self._reserve(values)
            await self._sinks[values].commit()
            self._committed.add(self._sinks[values].output)
            self._open_files.pop(values, None)
            del self._sinks[values]
        self._is_open, self._began = False, None

    async def abort(self, *, keep: bool) -> None:
        """Close all files; see `Sink.abort`.

        Raises:
            SinkError: a file could not be closed or deleted; all others were.
        """
        async with AsyncExitStack() as stack:  # calls all of them, even if one raises
            for sink in self._sinks.values():
                stack.push_async_callback(sink.abort, keep=keep)
            self._sinks.clear()
            self._is_open, self._began = False, None

    async def earlier_files(self) -> Sequence[EarlierFile]:
        """Return the files that the template gives for the run's services and this date, and were not committed."""
        found = partial(self._dated.find, self.services, self.operations)
        return await anyio.to_thread.run_sync(_not_among, self._committed, found)

    def _check_open(self) -> None:
        if not self._is_open:
            raise RuntimeError("the sink is not open")

    async def _new_sink(self, page: Page) -> FileSink:
        """Return the sink for the file of a page.

        Raises:
            SinkError: another combination of values has the same file.
        """
        try:
            path = await anyio.to_thread.run_sync(_claim, self._owners, self._dated, page)
        except ValueError as error:
            raise SinkError(self._dated.expand(page), str(error)) from None
        return self._make_sink(path, page.operation)

    async def _reserve(self, values: _Values) -> None:
        """Count a file as open; closes the least recently used one if there would be too many."""
        self._open_files.pop(values, None)
        while len(self._open_files) >= self.max_open:
            oldest = next(iter(self._open_files))
            await self._sinks[oldest].suspend()
            del self._open_files[oldest]
        self._open_files[values] = None


async def _make_directory(path: str) -> None:
    with os_errors_as_sink_errors(path):
        await anyio.to_thread.run_sync(make_directory, Path(path).parent)


def _not_among(committed: Iterable[str], find: Callable[[], Iterable[str]]) -> Sequence[EarlierFile]:
    """Return the files that are found and are not among those that were committed."""
    written, files = set(map(real_path, committed)), []
    for path in find():
        with suppress(OSError, ValueError, OverflowError):  # the latter if there is no such date
            status = os.stat(path)  # noqa: PTH116 - not a path object
            if stat.S_ISREG(status.st_mode) and real_path(path) not in written:
                files.append(EarlierFile(path, datetime.fromtimestamp(status.st_mtime, UTC)))
    return files


def _claim(owners: dict[str, Page], template: PathTemplate, page: Page) -> str:
    """Return the path of a page's file, and note that the file belongs to its values, on any file system.

    Raises:
        ValueError: the file belongs to other values.
    """
    path = template.expand(page)
    owner = owners.setdefault(real_path(path).casefold(), page)
    if template.values(owner) != template.values(page):
        raise ValueError(
            f"{template.describe(owner)} and {template.describe(page)} name the same file, {path}: "
            "change the template or a label"
        )
    return path


def _parse_position(
    position: JsonValue, template: PathTemplate
) -> tuple[PathTemplate, str, list[tuple[Page, JsonValue]]]:
    """Return the template with the run's date, the run's id, and for each file an empty page and its position.

    Raises:
        PositionError: it is not a position of this output.
    """
    text = partial(validators.any_text, "position")
    with suppress(TypeError, ValueError, KeyError, AttributeError, IndexError):
        is_ours = position["version"] == _POSITION_VERSION and position["template"] == template.text
        if is_ours and position.keys() == _POSITION_KEYS and all(at.keys() == _FILE_KEYS for at in position["files"]):
            files = [
                (
                    Page(
                        text(at["label"]),
                        text(at["catalog"]),
                        text(at["operation"]),
                        account=text(at["account"]),
                        service=text(at["service"]),
                    ),
                    at["position"],
                )
                for at in position["files"]
            ]
            date = datetime.strptime(position["date"], "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 - a day
            return attrs.evolve(template, date=date), text(position["run_id"]), files
    raise other_output(template.text)
