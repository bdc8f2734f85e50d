"""From a stream into a sink, with checkpoints in which both are at the same place."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeAlias

import anyio
import anyio.lowlevel

from aiopartnercentral._pagination.page_iterator import read_batch
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.errors import SourcesFailedError
from aiopartnercentral.sinks.base import Page, Sink

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from aiopartnercentral._pagination.page_iterator import FetchedPage
    from aiopartnercentral._pagination.report import MalformedItem
    from aiopartnercentral.bulk.origin import Origin
    from aiopartnercentral.bulk.stream import BulkStream

__all__ = ["Encode", "Poured", "check_pouring", "pour", "read_poured"]

_STRETCH = 32  # items that are recognised before other tasks have their turn: about 0.3 ms
_LEFT_OUT = b"\0"  # which no JSON begins with: what was malformed is not in the output, and may be good the next time

Poured: TypeAlias = "tuple[Sequence[Any], Sequence[MalformedItem]]"
"""What a sink gets of a page: its items, and what was left out of them."""

Encode: TypeAlias = "Callable[[object], Awaitable[bytes]]"
"""Gives the JSON of an item."""


def read_poured(fetched: FetchedPage[Any, Any], limit: int | None) -> tuple[tuple[Poured], int]:
    """Hand over what a sink gets of a page, and no more items than the limit."""
    (items,), weight = read_batch(fetched, limit)
    return ((items, fetched.malformed),), weight


def check_pouring(sink: object, checkpoint: Path | None, save_every: object) -> None:
    """Check what a collection is to be poured into, and how often that is saved.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the output would take the checkpoint's place, or there is no such time.
    """
    if not isinstance(sink, Sink):
        raise TypeError(f"sink must be a Sink, such as open_sink gives, not {type_name(sink)}")
    output = getattr(sink, "output", None)
    if checkpoint is not None and isinstance(output, str) and os.path.realpath(output) == os.path.realpath(checkpoint):
        raise ValueError(f"the checkpoint and the output are the same file, {output}")
    if not isinstance(save_every, int | float) or isinstance(save_every, bool):
        raise TypeError(f"save_every must be a number, not {type_name(save_every)}")
    if not save_every >= 0:
        raise ValueError(f"save_every must be at least 0, not {save_every}")


async def pour(stream: BulkStream[Poured], sink: Sink, *, encode: Encode, save_every: float, resumable: bool) -> None:
    """Write every page of a stream into a sink, and finish the sink, unless every source has failed.

    Arguments:
        stream: an open stream of what `read_poured` gives.
        sink: a sink that is not open.
        encode: gives the JSON of a typed item.
        save_every: seconds between two checkpoints.
        resumable: whether there is a checkpoint, for whose sake the unfinished output of a broken-off run is kept.

    Raises:
        SinkError: the output cannot be written.
        CheckpointError: the checkpoint cannot be written.
        Exception: what the stream raises, but for the failures that it is to finish in spite of.
    """
    pouring = _Pouring(stream, sink, encode)
    try:
        await sink.open(stream.position, run_id=stream.run)
        pouring.is_whole = True
        if resumable:
            await pouring.save()
        await pouring.all(save_every if resumable else None)
        if resumable:
            await pouring.save()
        # From here on that is what the next run goes on with: a sink that is finished has nothing more to save.
        pouring.is_whole = False
        if stream.report.lost:
            await sink.abort(keep=resumable)
        else:
            await sink.commit()
    except BaseException:
        with anyio.CancelScope(shield=True):
            try:
                if resumable and pouring.is_whole:
                    await pouring.save()
            finally:
                await sink.abort(keep=resumable)
        raise


class _Pouring:
    """What is on its way.

    Attributes:
        is_whole: whether the sink has taken over all that the stream has given, and nothing else.
    """

    def __init__(self, stream: BulkStream[Poured], sink: Sink, encode: Encode) -> None:
        self._stream = stream
        self._sink = sink
        self._encode = encode
        self._again: set[Origin] = set()
        self.is_whole = False

    async def all(self, save_every: float | None) -> None:
        saved_at = anyio.current_time()
        try:
            async for origin, page in self._stream:
                self.is_whole = False
                items, malformed = await self._new(origin, page)
                given: dict[str, Any] = {"raw" if self._sink.wants == "raw" else "items": items}
                await self._sink.write(Page(origin.label, origin.catalog, origin.listing, **given, malformed=malformed))
                self.is_whole = True
                if save_every is not None and anyio.current_time() - saved_at >= save_every:
                    await self.save()
                    saved_at = anyio.current_time()
        except SourcesFailedError:
            return

    async def _new(self, origin: Origin, page: Poured) -> Poured:
        """Return what of a page is not in the output yet."""
        written = self._stream.written(origin)
        if written is None:
            return page
        if self._stream.has_begun_anew(origin) and origin not in self._again:
            self._again.add(origin)
            written.begin_anew()
        items, malformed = page
        new, is_raw = [], self._sink.wants == "raw"
        for number, item in enumerate(items, 1):
            if written.add(item if is_raw else await self._encode(item)):
                new.append(item)
            if number % _STRETCH == 0:
                await anyio.lowlevel.checkpoint()
        return new, [item for item in malformed if written.add(_LEFT_OUT + (item.raw or b""))]

    async def save(self) -> None:
        """Save a checkpoint of what is written up to now."""
        self._stream.settle()
        self.is_whole = False
        position = await self._sink.flush()
        self.is_whole = True
        await self._stream.save(position)
