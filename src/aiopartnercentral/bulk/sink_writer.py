"""Writes a stream into a sink, with checkpoints that save the positions of both together."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import anyio
import anyio.lowlevel
import attrs

from aiopartnercentral import __version__
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.paths import check_distinct
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.bulk.checkpoint_file import START_OVER
from aiopartnercentral.bulk.checkpoint_object import CheckpointObject
from aiopartnercentral.errors import PositionError, SinkError
from aiopartnercentral.sinks.base import (
    Page,
    Sink,
    begin_run,
    check_classes,
    check_output,
    earlier_files,
    output_paths,
    paths_at,
    spooled_files,
)
from aiopartnercentral.sinks.left_over import remove_left_over_of, remove_named
from aiopartnercentral.sinks.partial_file import LostPartialFileError
from aiopartnercentral.sinks.spool import SpooledSink

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from aiopartnercentral._pagination.page_fetcher import FetchedPage
    from aiopartnercentral._pagination.report import EarlierRun
    from aiopartnercentral.bulk.checkpoint import DiscardedRun
    from aiopartnercentral.bulk.source import Origin
    from aiopartnercentral.bulk.stream import CollectionStream
    from aiopartnercentral.types import JsonValue, MalformedItem

__all__ = ["SinkOpening", "SinkPage", "check_sink", "empty_pages", "page_for_sink", "write_all"]

_CHUNK = 250  # items that are fingerprinted before other tasks may run: about 0.3 ms
_LEFT_OUT = b"\0"  # no JSON starts with it; a malformed item is not in the output, and may be valid after a restart


@attrs.frozen
class SinkPage:
    """The part of a page that is written to a sink.

    Attributes:
        items: the items, typed or as JSON.
        raw_items: the JSON of each item, which recognises it after a restart; None without a checkpoint.
        malformed: malformed items that were omitted.
    """

    items: Sequence[Any] = attrs.field(repr=False)
    raw_items: Sequence[bytes] | None = attrs.field(repr=False)
    malformed: Sequence[MalformedItem]


def page_for_sink(fetched: FetchedPage[Any, Any], limit: int | None) -> tuple[tuple[SinkPage], int]:
    """Return the part of a page that is written to a sink, with at most as many items as the limit."""
    items = fetched.items[:limit]
    raw_items = None if fetched.raw_items is None else fetched.raw_items[:limit]
    return (SinkPage(items, raw_items, fetched.malformed),), len(items)


def empty_pages(origins: Iterable[Origin]) -> Sequence[Page]:
    """Return a page of each origin without items, which gives the file of its items."""
    return [_page(origin) for origin in origins]


def _page(origin: Origin, **content: Any) -> Page:  # noqa: ANN401 - of `Page`
    where = (origin.label, origin.catalog, origin.listing)
    return Page(*where, account=origin.account, service=origin.service, **content)


def check_sink(
    sink: object,
    origins: Iterable[Origin],
    classes: Mapping[str, Any],
    checkpoint: Path | CheckpointObject | None,
    save_every: object,
) -> None:
    """Check the sink of a collection, and the interval of its checkpoints.

    Arguments:
        sink: the sink.
        origins: the sources and listings.
        classes: the class of each listing's items.
        checkpoint: where progress is saved, or None.
        save_every: seconds between two checkpoints, or None.

    Raises:
        TypeError: an argument is of a wrong type, or the sink cannot write the items of a listing.
        ValueError: two files of the run are the same one, the sink has no class for the items of a listing, or
            `save_every` is below 0.
    """
    if not isinstance(sink, Sink):
        raise TypeError(f"sink must be a Sink, such as open_sink() returns, not {validators.type_name(sink)}")
    check_classes(sink, classes)
    pages = empty_pages(origins)
    files: list[tuple[str, str | Path]] = [("the output", path) for path in output_paths(sink, pages)]
    check_distinct([*files, ("the checkpoint", checkpoint)] if isinstance(checkpoint, Path) else files)
    if isinstance(sink, SpooledSink) and str(checkpoint) in sink.objects(pages):
        raise ValueError(f"the output and the checkpoint name the same object, {checkpoint}")
    if save_every is not None:
        validators.number(least=0)("save_every", save_every)


class SinkOpening:
    """Opens a sink, and checks it before, as far as the sink can tell whether the output can be written.

    Attributes:
        sink: the sink.
    """

    def __init__(self, sink: Sink, checkpoint: Path | CheckpointObject | None) -> None:
        """Prepare; nothing is opened yet."""
        self.sink = sink
        self._checkpoint = checkpoint
        self._is_checked = self._is_open = False

    async def __aenter__(self) -> Self:
        """Check the output.

        Raises:
            SinkError: it cannot be written.
        """
        self._is_checked = hasattr(self.sink, "check")
        try:
            await check_output(self.sink)
        except BaseException:
            await self._abort()
            raise
        return self

    async def __aexit__(self, exc_type: type[BaseException] | None, *_: object) -> None:
        """After an exception, close what `write_all` has not closed."""
        if exc_type is not None and (self._is_checked or self._is_open):
            await self._abort()

    async def _abort(self) -> None:
        with anyio.CancelScope(shield=True):
            await self.sink.abort(keep=True)

    async def resume(self, position: JsonValue | None, run: EarlierRun) -> str | None:
        """Open the sink at the position of an earlier run, or return why that run cannot be resumed on this machine.

        Only files that another machine does not have, or that are deleted with the temporary files, may be gone. If
        both output and checkpoint are local, a missing file is an error, as before any other mistake.
        """
        spooled = await spooled_files(self.sink)
        if spooled is None and not isinstance(self._checkpoint, CheckpointObject):
            return None
        if position is None:
            if isinstance(self._checkpoint, CheckpointObject) and spooled:
                directory = os.path.commonpath([Path(path).parent for path in spooled])
                return (
                    f"the checkpoint {self._checkpoint} does not exist, and there are files of an earlier run in "
                    f"{directory}; delete them if no other run will resume them"
                )
            return None
        self._is_open = True
        begin_run(self.sink, run.started_at)
        try:
            await self.sink.open(position, run_id=run.run_id)
        except LostPartialFileError as error:
            self._is_open = False
            await self._abort()
            return f"the files of the earlier run are gone: {error.reason}"
        except SinkError:
            self._is_open = False
            await self._abort()  # `open` raises it
        return None

    async def open(self, stream: CollectionStream[SinkPage]) -> None:
        """Open the sink, unless `resume` has.

        Raises:
            SinkError: that failed.
        """
        is_open, self._is_open = self._is_open, False
        if is_open:
            return
        begin_run(self.sink, stream.first_run.started_at)
        try:
            await self.sink.open(stream.position, run_id=stream.first_run_id)
        except PositionError as error:
            earlier = stream.written_by
            other = (
                "" if earlier == __version__ else f"; aiopartnercentral {earlier} wrote it, and this is {__version__}"
            )
            raise PositionError(error.path, f"{error.reason}{other}; {START_OVER}") from error


async def write_all(stream: CollectionStream[SinkPage], opening: SinkOpening, *, save_every: float | None) -> None:
    """Write every page of a stream into a sink, and commit the sink, unless every source has failed.

    Arguments:
        stream: an open stream of `page_for_sink` entries.
        opening: opens the sink.
        save_every: seconds between two checkpoints, if there is one; None for the checkpoint's own. Then the partial
            output of an interrupted run is kept, too.

    Raises:
        SinkError: the output cannot be written.
        CheckpointError: the checkpoint cannot be written.
        Exception: an error of the stream.
    """
    sink, default = opening.sink, stream.save_every
    resumable = default is not None
    writer, is_written = _SinkWriter(stream, sink), False
    try:
        if stream.discarded is not None:
            await _remove_files_of(stream.discarded, sink, stream.report.sources)
        await opening.open(stream)
        writer.is_consistent = True
        if resumable:
            await writer.save()
        await writer.write(default if default is None or save_every is None else save_every)
        if resumable:
            await writer.save()
        # A later run resumes from the checkpoint just saved: `commit` does not change the position.
        writer.is_consistent = False
        if stream.report.lost:
            await sink.abort(keep=resumable)
        else:
            await sink.commit()
            is_written = True
            if stream.first_run_id is not None:
                # A killed process may have left a partial file of a source that was skipped this time.
                outputs = output_paths(sink, empty_pages(stream.report.sources))
                await run_to_completion(partial(remove_left_over_of, outputs, stream.first_run_id))
    except BaseException:
        with anyio.CancelScope(shield=True):
            try:
                if resumable and writer.is_consistent:
                    await writer.save()
            finally:
                await sink.abort(keep=resumable)
        raise
    finally:
        with anyio.CancelScope(shield=True):
            stream.note_output(is_written=is_written, earlier_files=await earlier_files(sink))


async def _remove_files_of(discarded: DiscardedRun, sink: Sink, origins: Iterable[Origin]) -> None:
    """Remove the partial files of a run that is not resumed, and warn of those that cannot be found."""
    run, position = discarded.run, discarded.position
    if run is None:
        return
    begin_run(sink, run.started_at)
    outputs = [*output_paths(sink, empty_pages(origins)), *paths_at(sink, position)]
    with anyio.CancelScope(shield=True):
        if position is not None:
            with suppress(SinkError):
                try:
                    await sink.open(position)  # finds those of sources that are no longer collected
                finally:
                    await sink.abort(keep=False)
        await run_to_completion(partial(remove_left_over_of, outputs, run.run_id))
        await run_to_completion(partial(remove_named, position, run.run_id, outputs))


class _SinkWriter:
    """Writes pages into a sink.

    Attributes:
        is_consistent: whether the sink has exactly the pages that the stream has handed over.
    """

    def __init__(self, stream: CollectionStream[SinkPage], sink: Sink) -> None:
        self._stream = stream
        self._sink = sink
        self._restarted: set[Origin] = set()
        self.is_consistent = False

    async def write(self, save_every: float | None) -> None:
        saved_at = anyio.current_time()
        kind = "raw" if self._sink.wants == "raw" else "items"
        async for shown, page in self._stream:
            origin = shown.without_parent
            self.is_consistent = False
            items, malformed = await self._new(origin, page)
            content = {kind: items, "malformed": malformed, "parent": shown.parent}
            await self._sink.write(_page(origin, **content))
            self.is_consistent = True
            if save_every is not None and anyio.current_time() - saved_at >= save_every:
                await self.save()
                saved_at = anyio.current_time()

    async def _new(self, origin: Origin, page: SinkPage) -> tuple[Sequence[Any], Sequence[MalformedItem]]:
        """Return the items and malformed items of a page that are not in the output yet."""
        seen = self._stream.seen_items(origin)
        if seen is None or page.raw_items is None:
            return page.items, page.malformed
        if self._stream.has_restarted(origin) and origin not in self._restarted:
            self._restarted.add(origin)
            seen.restart(self._stream.items_of_earlier_runs(origin))
        new: list[bool] = []
        for start in range(0, len(page.raw_items), _CHUNK):
            if start:
                await anyio.lowlevel.checkpoint()
            new += seen.add_all(page.raw_items[start : start + _CHUNK])
        items = page.items if all(new) else [item for item, is_new in zip(page.items, new, strict=True) if is_new]
        return items, [item for item in page.malformed if seen.add(_LEFT_OUT + (item.raw or b""))]

    async def save(self) -> None:
        """Save a checkpoint of everything written so far."""
        self._stream.acknowledge()
        self.is_consistent = False
        position = await self._sink.flush()
        self.is_consistent = True
        await self._stream.save(position)
