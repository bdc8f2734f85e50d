"""A sink that writes malformed items to a file of their own, in step with the output."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import attrs

from aiopartnercentral.sinks.base import (
    EarlierFile,
    Page,
    begin_run,
    check_output,
    earlier_files,
    output_paths,
    paths_at,
    spooled_files,
)
from aiopartnercentral.sinks.partial_file import other_output

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from aiopartnercentral.sinks.base import Sink
    from aiopartnercentral.types import JsonValue, MalformedItem

__all__ = ["SinkWithRejects", "rejects_page"]


@attrs.define(eq=False)
class SinkWithRejects:
    """One sink of two: well-formed items go to the output, malformed ones to the rejects.

    The position holds those of both, so that both resume at the same item.

    Attributes:
        output: the sink for items.
        rejects: the sink for malformed items.
        path: the file of the rejects, for errors.
    """

    output: Sink
    rejects: Sink
    path: str

    @property
    def wants(self) -> Literal["raw", "items"]:
        """The attribute of a page that the output writes."""
        return self.output.wants

    def run_began(self, began: datetime) -> None:
        """Say when the run began; see `Sink`."""
        begin_run(self.output, began)
        begin_run(self.rejects, began)

    def paths(self, pages: Iterable[Page]) -> Sequence[str]:
        """Return the paths of the files that pages would be written to."""
        pages = list(pages)
        return [*output_paths(self.output, pages), *output_paths(self.rejects, pages)]

    def paths_at(self, position: JsonValue) -> Sequence[str]:
        """Return the paths of the files of the run that has saved a position."""
        saved = position if isinstance(position, dict) else {}
        return [*paths_at(self.output, saved.get("output")), *paths_at(self.rejects, saved.get("rejects"))]

    async def earlier_files(self) -> Sequence[EarlierFile]:
        """Return the files of earlier runs that either has left in place."""
        return [*await earlier_files(self.output), *await earlier_files(self.rejects)]

    async def spooled_files(self) -> Sequence[str] | None:
        """Return the partial files in the spool directory of the output; None if it has none."""
        return await spooled_files(self.output)

    async def check(self) -> None:
        """Check whether the output can be written; see `check_output`."""
        await check_output(self.output)

    async def open(self, position: JsonValue | None = None, *, run_id: str | None = None) -> None:
        """Start or resume both; see `Sink.open`."""
        if position is None:
            position = {"output": None, "rejects": None}
        elif not (isinstance(position, dict) and position.keys() == {"output", "rejects"}):
            raise other_output(self.path, "no file of malformed items")
        await self.output.open(position["output"], run_id=run_id)
        await self.rejects.open(position["rejects"], run_id=run_id)

    async def write(self, page: Page) -> None:
        """Write a page; see `Sink.write`."""
        await self.output.write(page)
        if page.malformed:
            await self.rejects.write(rejects_page(page))

    async def flush(self) -> JsonValue:
        """Flush both, and return the positions of both; see `Sink.flush`."""
        return {"output": await self.output.flush(), "rejects": await self.rejects.flush()}

    async def commit(self) -> None:
        """Complete both, the rejects first; see `Sink.commit`."""
        await self.rejects.commit()
        await self.output.commit()

    async def abort(self, *, keep: bool) -> None:
        """Close both; see `Sink.abort`."""
        try:
            await self.rejects.abort(keep=keep)
        finally:
            await self.output.abort(keep=keep)


def rejects_page(page: Page) -> Page:
    """Return the page's malformed items as JSON lines that say where each was found and what is wrong with it."""
    return attrs.evolve(page, items=(), malformed=(), raw=[_line(page, item) for item in page.malformed])


def _line(page: Page, item: MalformedItem) -> bytes:
    found = {
        "label": page.label,
        "catalog": page.catalog,
        "operation": page.operation,
        "path": item.path,
        "reason": item.reason,
        "request_id": item.request_id,
    }
    return json.dumps(found, separators=(",", ":"))[:-1].encode() + b',"item":' + (item.raw or b"null") + b"}"
