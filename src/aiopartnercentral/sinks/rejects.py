"""Malformed items beside the output: a file of their own, of which a checkpoint has the position as well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

import attrs

from aiopartnercentral.errors import PositionError
from aiopartnercentral.sinks import Page

if TYPE_CHECKING:
    from aiopartnercentral.sinks import Sink
    from aiopartnercentral.types import JsonValue, MalformedItem

__all__ = ["WithMalformed", "page_of_malformed"]


@attrs.define(eq=False)
class WithMalformed:
    """A sink for pages, and one for what was left out of them, as if they were one.

    Attributes:
        output: the sink for pages.
        malformed: the sink for what was left out.
        path: the file of that.
    """

    output: Sink
    malformed: Sink
    path: str

    @property
    def wants(self) -> Literal["raw", "items"]:
        """What it needs of a page."""
        return self.output.wants

    async def open(self, position: JsonValue | None = None, *, token: str | None = None) -> None:
        """Begin anew, or go on with both; see `Sink.open`."""
        if position is not None and not (isinstance(position, dict) and position.keys() == {"output", "malformed"}):
            raise PositionError(self.path, "the run to go on with had no file for malformed items")
        await self.output.open(None if position is None else position["output"], token=token)
        await self.malformed.open(None if position is None else position["malformed"], token=token)

    async def write(self, page: Page) -> None:
        """Take the page over; see `Sink.write`."""
        await self.output.write(page)
        if page.malformed:
            await self.malformed.write(page_of_malformed(page))

    async def flush(self) -> JsonValue:
        """Flush both, and return the position of both; see `Sink.flush`."""
        return {"output": await self.output.flush(), "malformed": await self.malformed.flush()}

    async def finish(self) -> None:
        """Complete both; see `Sink.finish`. What was left out is in its place first."""
        await self.malformed.finish()
        await self.output.finish()

    async def abandon(self, *, keep: bool) -> None:
        """Close both; see `Sink.abandon`."""
        try:
            await self.malformed.abandon(keep=keep)
        finally:
            await self.output.abandon(keep=keep)


def page_of_malformed(page: Page) -> Page:
    """Return what is written of what was left out of a page: each item in a line that says where it was."""
    lines = [_line(page, item) for item in page.malformed]
    return Page(page.label, page.catalog, page.operation, raw=lines)


def _line(page: Page, item: MalformedItem) -> bytes:
    where = {
        "label": page.label,
        "catalog": page.catalog,
        "operation": page.operation,
        "path": item.path,
        "reason": item.reason,
        "request_id": item.request_id,
    }
    return json.dumps(where, separators=(",", ":"))[:-1].encode() + b',"item":' + (item.raw or b"null") + b"}"
