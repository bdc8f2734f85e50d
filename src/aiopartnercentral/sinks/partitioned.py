"""A sink of many files: each page goes to the file whose path its catalog, label and operation give."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import anyio
import anyio.to_thread

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.atomic_files import make_directory
from aiopartnercentral.errors import PositionError, SinkError
from aiopartnercentral.sinks.base import Page
from aiopartnercentral.sinks.partial_file import os_errors_as_sink_errors
from aiopartnercentral.sinks.path_template import PathTemplate, path_text

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from aiopartnercentral.sinks.file_sink import FileSink
    from aiopartnercentral.types import JsonValue

__all__ = ["MAX_OPEN", "PartitionedSink"]

MAX_OPEN = 32
_POSITION_VERSION = 2
_POSITION_KEYS = {"version", "template", "run_id", "files"}
_FILE_KEYS = {"label", "catalog", "operation", "position"}


class PartitionedSink:
    """Writes one file for each path that a template gives. A page creates its file even if it has no items.

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
    ) -> None:
        """Configure the sink; nothing is created before the first page.

        Arguments:
            template: a path with `{catalog}`, `{label}` or `{operation}` in it.
            make_sink: returns the sink for a path and an operation.
            wants: what these sinks want of a page.
            max_open: maximum number of files that are open at once.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: the template is not valid, or `max_open` is below 1.
        """
        self.template: PathTemplate = PathTemplate.parse(path_text("template", template))
        self.wants: Literal["raw", "items"] = wants
        self.max_open: int = validators.count("max_open", max_open)
        self._make_sink = make_sink
        self._sinks: dict[str, FileSink] = {}
        self._pages: dict[str, Page] = {}  # without items; each gives the path of a file
        self._positions: dict[str, JsonValue] = {}
        self._changed: set[str] = set()
        self._open_paths: dict[str, None] = {}  # the least recently used first
        self._is_open = False
        self._run_id = ""

    async def open(self, position: JsonValue | None = None, *, run_id: str | None = None) -> None:
        """Start new files, or resume each file of the position; see `Sink.open`."""
        if self._is_open:
            raise RuntimeError("the sink is already open")
        if not await anyio.Path(self.template.directory).is_dir():
            raise SinkError(self.template.text, f"its directory {self.template.directory} does not exist")
        # Names the partial files, so that a later process replaces those that its position does not have. Without an
        # id, it would take the files that this one has suspended, and so unlocked, for left over.
        self._run_id = run_id or secrets.token_hex()
        files: list[tuple[Page, JsonValue]] = []
        if position is not None:
            self._run_id, files = _parse_position(position, self.template)
        self._is_open = True
        for page, file_position in files:
            path = self.template.expand(page)
            sink = self._sinks[path] = self._make_sink(path, page.operation)
            self._pages[path] = page
            await self._reserve(path)
            await sink.open(file_position)
            self._positions[path] = file_position

    async def write(self, page: Page) -> None:
        """Write a page to its file; see `Sink.write`."""
        self._check_open()
        path = self.template.expand(page)
        sink = self._sinks.get(path)
        if sink is None:
            sink = self._make_sink(path, page.operation)
            await self._reserve(path)
            await _make_directory(path)
            self._changed.add(path)
            self._sinks[path], self._pages[path] = sink, Page(page.label, page.catalog, page.operation)
            await sink.open(None, run_id=self._run_id)
        else:
            await self._reserve(path)
        self._changed.add(path)
        await sink.write(page)

    async def flush(self) -> JsonValue:
        """Flush the files that have changed, and return the position of all; see `Sink.flush`."""
        self._check_open()
        for path in sorted(self._changed):
            await self._reserve(path)
            self._positions[path] = await self._sinks[path].flush()
            self._changed.discard(path)
        # Without the paths, so that a changed position leads to no path that the template does not give.
        files = [
            {"label": page.label, "catalog": page.catalog, "operation": page.operation, "position": position}
            for page, position in ((self._pages[path], position) for path, position in self._positions.items())
        ]
        return {"version": _POSITION_VERSION, "template": self.template.text, "run_id": self._run_id, "files": files}

    async def commit(self) -> None:
        """Complete all files, one after the other; see `Sink.commit`.

        If this is cancelled, some files may be committed and others not; a position stays valid for all of them.
        """
        self._check_open()
        for path in list(self._sinks):
            await self._reserve(path)
            await self._sinks[path].commit()
            self._open_paths.pop(path, None)
            del self._sinks[path]
        self._is_open = False

    async def abort(self, *, keep: bool) -> None:
        """Close all files; see `Sink.abort`.

        Raises:
            SinkError: a file could not be closed or deleted; all others were.
        """
        async with AsyncExitStack() as stack:  # calls all of them, even if one raises
            for sink in self._sinks.values():
                stack.push_async_callback(sink.abort, keep=keep)
            self._sinks.clear()
            self._is_open = False

    def _check_open(self) -> None:
        if not self._is_open:
            raise RuntimeError("the sink is not open")

    async def _reserve(self, path: str) -> None:
        """Count a file as open; closes the least recently used one if there would be too many."""
        self._open_paths.pop(path, None)
        while len(self._open_paths) >= self.max_open:
            oldest = next(iter(self._open_paths))
            await self._sinks[oldest].suspend()
            del self._open_paths[oldest]
        self._open_paths[path] = None


async def _make_directory(path: str) -> None:
    with os_errors_as_sink_errors(path):
        await anyio.to_thread.run_sync(make_directory, Path(path).parent)


def _parse_position(position: JsonValue, template: PathTemplate) -> tuple[str, list[tuple[Page, JsonValue]]]:
    """Return the run's id, and for each file an empty page and its position.

    Raises:
        PositionError: it is not a position of this output.
    """
    text = partial(validators.any_text, "position")
    with suppress(TypeError, ValueError, KeyError, AttributeError, IndexError):
        is_ours = position["version"] == _POSITION_VERSION and position["template"] == template.text
        if is_ours and position.keys() == _POSITION_KEYS and all(at.keys() == _FILE_KEYS for at in position["files"]):
            files = [
                (Page(text(at["label"]), text(at["catalog"]), text(at["operation"])), at["position"])
                for at in position["files"]
            ]
            return text(position["run_id"]), files
    raise PositionError(template.text, "the saved run wrote another output")
