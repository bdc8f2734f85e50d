"""One sink for each file that a template makes, as if they were one."""

from __future__ import annotations

import secrets
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import anyio
import anyio.to_thread

from aiopartnercentral.errors import PositionError, SinkError
from aiopartnercentral.sinks.partial_file import reported
from aiopartnercentral.sinks.path_template import Template

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from aiopartnercentral.sinks.base import Page
    from aiopartnercentral.sinks.file_sink import FileSink
    from aiopartnercentral.types import JsonValue

__all__ = ["MAX_OPEN", "TemplateSink"]

MAX_OPEN = 32
_VERSION = 1


class TemplateSink:
    """A file for each expansion of a template, each begun with the first page that it is for, an empty one as well.

    Folders that the template's fields make are created; what comes before the first field must be there. `finish` puts
    one file in its place after the other.
    """

    def __init__(
        self,
        template: str | os.PathLike[str],
        make: Callable[[str, str], FileSink],
        *,
        wants: Literal["raw", "items"],
        max_open: int = MAX_OPEN,
    ) -> None:
        """Name the outputs; nothing is touched until a page comes.

        Arguments:
            template: the path with its fields.
            make: makes the sink for a path and an operation.
            wants: what these sinks want.
            max_open: how many files may be open at once.

        Raises:
            ValueError: it is no template, or the bound is not positive.
        """
        if max_open < 1:
            raise ValueError("max_open must be positive")
        self.template: Template = Template.of(template)
        self.wants: Literal["raw", "items"] = wants
        self.max_open = max_open
        self._make = make
        # In the order of their last use; those that are open are the last ones.
        self._sinks: dict[str, FileSink] = {}
        self._operations: dict[str, str] = {}
        self._positions: dict[str, JsonValue] = {}
        self._changed: set[str] = set()
        self._open: dict[str, None] = {}
        self._is_open = False
        self._token = ""

    async def open(self, position: JsonValue | None = None, *, token: str | None = None) -> None:
        """Begin anew, or go on with each file where the position says; see `Sink.open`."""
        if self._is_open:
            raise RuntimeError("the sink is open already")
        if not await anyio.Path(self.template.root).is_dir():
            raise SinkError(self.template.text, f"its folder {self.template.root} does not exist")
        # Unfinished files are called by it, so that a later process finds, and replaces, what its position has not.
        self._token = token or secrets.token_hex()
        files: dict[str, tuple[str, JsonValue]] = {}
        if position is not None:
            self._token, files = _files(position, self.template)
        self._is_open = True
        for path, (operation, its_position) in files.items():
            sink = self._sinks[path] = self._make(path, operation)
            self._operations[path] = operation
            await self._opening(path)
            await sink.open(its_position)
            self._positions[path] = its_position

    async def write(self, page: Page) -> None:
        """Take the page over into its file; see `Sink.write`."""
        self._check()
        path = self.template.path(page)
        sink = self._sinks.get(path)
        if sink is None:
            sink = self._make(path, page.operation)
            await self._opening(path)
            await self._make_folder(path)
            self._changed.add(path)
            self._sinks[path], self._operations[path] = sink, page.operation
            await sink.open(None, token=self._token)
        else:
            await self._opening(path)
        self._changed.add(path)
        await sink.write(page)

    async def flush(self) -> JsonValue:
        """Flush the files that were written since, and return the position of all; see `Sink.flush`."""
        self._check()
        for path in sorted(self._changed):
            await self._opening(path)
            self._positions[path] = await self._sinks[path].flush()
            self._changed.discard(path)
        files = {
            path: {"operation": self._operations[path], "position": position}
            for path, position in self._positions.items()
        }
        return {"version": _VERSION, "template": self.template.text, "token": self._token, "files": files}

    async def finish(self) -> None:
        """Complete all files, and put one after the other in its place; see `Sink.finish`.

        Cancelling it may leave some of them finished and others not; a position of `flush` stays good for all.
        """
        self._check()
        for path in list(self._sinks):
            await self._opening(path)
            await self._sinks[path].finish()
            self._open.pop(path, None)
            del self._sinks[path]
        self._is_open = False

    async def abandon(self, *, keep: bool) -> None:
        """Close all; see `Sink.abandon`.

        Raises:
            SinkError: some could not be closed or removed; all others are.
        """
        async with AsyncExitStack() as stack:  # which goes on whatever one of them raises
            for sink in self._sinks.values():
                stack.push_async_callback(sink.abandon, keep=keep)
            self._sinks.clear()
            self._is_open = False

    def _check(self) -> None:
        if not self._is_open:
            raise RuntimeError("the sink is not open")

    async def _opening(self, path: str) -> None:
        """Have room for one more open file, and note that this one is."""
        self._open.pop(path, None)
        while len(self._open) >= self.max_open:
            oldest = next(iter(self._open))
            await self._sinks[oldest].park()
            del self._open[oldest]
        self._open[path] = None

    async def _make_folder(self, path: str) -> None:
        folder = Path(path).parent
        with reported(path):
            await anyio.to_thread.run_sync(partial(folder.mkdir, parents=True, exist_ok=True))


def _files(position: JsonValue, template: Template) -> tuple[str, dict[str, tuple[str, JsonValue]]]:
    """Return the token, and the operation and the position of each file.

    Raises:
        PositionError: it is no position of such a sink, or of another template.
    """
    try:
        if position["version"] == _VERSION and position["template"] == template.text:
            files = {path: (str(at["operation"]), at["position"]) for path, at in position["files"].items()}
            return str(position["token"]), files
    except (TypeError, KeyError, AttributeError, IndexError):
        pass
    raise PositionError(template.text, "the run to go on with had another output: name the same one")
