"""Sinks of the command: for standard output, devices and pipes, and for the file of malformed items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import attrs

from aiopartnercentral.sinks import Page, open_sink
from aiopartnercentral.sinks.base import begin_run
from aiopartnercentral.sinks.rejects import rejects_page

if TYPE_CHECKING:
    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk import Collection, Origin
    from aiopartnercentral.cli.config import Config
    from aiopartnercentral.cli.writer import Writer
    from aiopartnercentral.sinks import Sink
    from aiopartnercentral.sinks.file_sink import FileSink
    from aiopartnercentral.types import JsonValue

__all__ = ["StreamSink", "count_malformed", "malformed_sink", "output_sink", "write_malformed"]


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


def output_sink(config: Config, path: str, collection: Collection[Any]) -> Sink:
    """Return the sink of the output's format for a path.

    Raises:
        ValueError, ImportError: see `open_sink`.
    """
    form: Any = config.form.value
    sink = open_sink(
        path,
        format=form,
        cls=collection.item_classes,
        parent=collection.nested,
        envelope=config.envelope,
        explode=config.explode,
        formulas="escape" if config.formulas is None else config.formulas.value,
        columns=config.columns,
        bom=config.bom,
        **config.remote(path),
    )
    begin_run(sink, config.beginning.wall)
    return sink


def malformed_sink(config: Config) -> Sink:
    """Return the sink for malformed items; its path may contain `{date}`."""
    sink = open_sink(str(config.malformed), format="ndjson")
    begin_run(sink, config.beginning.wall)
    return sink


def count_malformed(report: Report[Origin]) -> int:
    """Return the number of malformed items of all sources."""
    return sum(len(state.malformed) for state in report.sources.values())


async def write_malformed(sink: Sink, report: Report[Origin]) -> None:
    """Write the malformed items of all sources.

    Raises:
        SinkError: they cannot be written; an earlier file is unchanged.
    """
    for origin, state in report.sources.items():
        page = Page(origin.label, origin.catalog, origin.listing, malformed=state.malformed)
        await sink.write(rejects_page(page))
    await sink.commit()
