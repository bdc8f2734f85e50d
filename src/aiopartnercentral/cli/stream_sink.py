"""A sink for standard output, devices and pipes: writes pages as a file sink encodes them, as soon as they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs

if TYPE_CHECKING:
    from aiopartnercentral.cli.writer import Writer
    from aiopartnercentral.sinks import Page
    from aiopartnercentral.sinks.file_sink import FileSink
    from aiopartnercentral.types import JsonValue

__all__ = ["StreamSink"]


@attrs.define(eq=False)
class StreamSink:
    """Writes pages to a writer, after the header. It cannot be resumed, so it is not for runs with a checkpoint.

    Attributes:
        writer: the writer.
        encoder: a file sink of the format, which is never opened.
    """

    writer: Writer
    encoder: FileSink
    _has_header: bool = attrs.field(default=False, init=False)

    @property
    def wants(self) -> Literal["raw", "items"]:
        """The attribute of a page that the sink writes."""
        return self.encoder.wants

    async def open(self, position: JsonValue | None = None, *, run_id: str | None = None) -> None:
        """Write the header, the first time; several collections may be written one after the other."""
        del position, run_id
        if not self._has_header:
            self._has_header = True
            await self.writer.write(self.encoder.header())

    async def write(self, page: Page) -> None:
        """Write a page; waits while the reader is slow."""
        for data in self.encoder.encode([page]):
            await self.writer.write(data)

    async def flush(self) -> JsonValue:
        """Return no position."""
        return None

    async def commit(self) -> None:
        """Do nothing, as everything was written."""

    async def abort(self, *, keep: bool) -> None:
        """Do nothing, as what was written cannot be taken back."""
