"""The checkpoint of a bulk collection, from which a later run resumes.

It is replaced atomically at each save. Only the owner may read a local file, as page tokens are opaque and may hold
anything.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import anyio
import attrs
import msgspec

from aiopartnercentral import __version__
from aiopartnercentral._pagination.report import ENDED_WELL, EarlierRun, Outcome, SourceReport
from aiopartnercentral._pagination.source_report import SkippedParents
from aiopartnercentral._utils.text import utc_text
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.bulk.checkpoint_file import (
    FORMAT,
    START_OVER,
    VERSION,
    CheckpointFile,
    StoredListing,
    StoredMalformed,
    StoredParent,
    StoredSource,
    as_bytes,
    parse,
)
from aiopartnercentral.bulk.checkpoint_object import storage_of
from aiopartnercentral.bulk.dedup import SeenItems, split_fingerprints
from aiopartnercentral.bulk.incremental import Increment
from aiopartnercentral.errors import CheckpointError, error_text
from aiopartnercentral.types import MalformedItem, SkippedParent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from pathlib import Path

    from aiopartnercentral.bulk.checkpoint_object import CheckpointObject
    from aiopartnercentral.bulk.checkpoint_storage import CheckpointStorage
    from aiopartnercentral.bulk.incremental import Start
    from aiopartnercentral.bulk.source import Origin
    from aiopartnercentral.bulk.spec import Question
    from aiopartnercentral.types import JsonValue

__all__ = ["Checkpoint", "DiscardedRun"]


@attrs.frozen
class DiscardedRun:
    """An earlier run that is not resumed.

    Attributes:
        reason: why.
        run: the first run that wrote its partial files; None if its checkpoint cannot be read.
        position: the position of its sink, or None.
    """

    reason: str
    run: EarlierRun | None
    position: JsonValue | None


@attrs.define(eq=False)
class Checkpoint:
    """An open checkpoint, locked against other runs.

    Attributes:
        path: the file or the object, for messages.
        storage: where it is stored.
        question: the listings and sources of the collection.
        first_run: this run, or the first of the runs that it resumes; its id names the partial files.
        library: the version of this library that the earlier run used; None for a new run.
        earlier: the reports of an earlier run, by source and listing.
        joined: the sources that an earlier run did not have, whether it is resumed or not.
        dropped: the labels of the sources that only an earlier run had, whether it is resumed or not.
        position: the position of the sink of the earlier run; None if there was none.
        discarded: the earlier run that is not resumed, or None.
        seen: the items of each unfinished source that are in the output; empty without an output.
    """

    path: Path | CheckpointObject
    storage: CheckpointStorage
    question: Question
    first_run: EarlierRun
    library: str | None
    earlier: Mapping[Origin, SourceReport]
    joined: tuple[Origin, ...]
    dropped: tuple[str, ...]
    position: JsonValue | None
    discarded: DiscardedRun | None
    seen: dict[Origin, SeenItems]
    _entries: dict[Origin, StoredSource] = attrs.field(alias="entries")
    _resumed: dict[Origin, int] = attrs.field(init=False)  # items of earlier runs
    _writing: anyio.Lock = attrs.field(factory=anyio.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        self._resumed = {
            origin: entry.items if entry.written is None else entry.written for origin, entry in self._entries.items()
        }

    @classmethod
    async def open(
        cls, path: Path | CheckpointObject, question: Question, *, run: EarlierRun, max_age: timedelta, restart: bool
    ) -> Checkpoint:
        """Open a checkpoint, whether it exists or not.

        Arguments:
            path: the file or the object.
            question: the listings and sources of the collection.
            run: this run.
            max_age: the progress of a run that began longer ago is discarded.
            restart: whether to discard the progress of an earlier run in any case.

        Raises:
            CheckpointError: it cannot be read, is in use or damaged, has another version, or belongs to another
                collection.
        """
        storage = storage_of(path, run.run_id)

        def read(stored: tuple[bytes, datetime] | None) -> Checkpoint:
            found, reason = parse(path, stored, max_age, restart=restart)
            return cls._of(found, reason, path, question, storage=storage, run=run)

        checkpoint = await storage.open(read)
        try:
            await storage.claim()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await storage.close(remove=False)
            raise
        return checkpoint

    @classmethod
    def _of(
        cls,
        found: CheckpointFile | None,
        reason: str | None,
        path: Path | CheckpointObject,
        question: Question,
        *,
        storage: CheckpointStorage,
        run: EarlierRun,
    ) -> Checkpoint:
        if found is not None and reason is None:
            _check_listings(path, found, question)
        entries, dropped = _entries(found, question)
        if found is not None and reason is None:
            reason = _not_droppable(found, dropped)
        joined = () if found is None else tuple(each for each in question.origins if each not in entries)
        kept = found if reason is None else None
        entries = {} if kept is None else entries
        seen = {origin: _seen(path, entry) for origin, entry in entries.items() if entry.outcome not in ENDED_WELL}
        return cls(
            path=path,
            storage=storage,
            question=question,
            first_run=run if kept is None else _first_run(kept),
            library=None if kept is None else kept.library,
            earlier={origin: _earlier(entry) for origin, entry in entries.items()},
            joined=joined,
            dropped=tuple(dict.fromkeys(entry.label for entry in dropped)),
            position=None if kept is None else kept.output,
            discarded=None if reason is None else _discarded(reason, found),
            seen=seen,
            entries={origin: entries.get(origin) or _entry(origin, SourceReport()) for origin in question.origins},
        )

    def discard(self, reason: str, run: EarlierRun) -> None:
        """Discard the run that would be resumed, as its output is lost; this run is the first one then."""
        self.discarded = DiscardedRun(reason, self.resumes, self.position)
        self.first_run, self.library, self.position = run, None, None
        self.earlier, self.seen, self._resumed = {}, {}, {}
        self._entries = {origin: _entry(origin, SourceReport()) for origin in self.question.origins}

    @property
    def resumes(self) -> EarlierRun | None:
        """The run that this one resumes; None for a new run."""
        return None if self.library is None else self.first_run

    def note(self, origin: Origin, report: SourceReport, increment: Increment) -> None:
        """Record the progress of a source, which the next `save` writes."""
        self._entries[origin] = msgspec.structs.replace(
            _entry(origin, report),
            since=increment.start.since,
            time=increment.time,
            comes_again=b"".join(increment.seen),
            written=None if (seen := self.seen.get(origin)) is None else seen.written,
        )
        if report.outcome in ENDED_WELL:
            self.seen.pop(origin, None)

    def increments(self, starts: Mapping[Origin, Start]) -> dict[Origin, Increment]:
        """Return what the run that is resumed has noted for the next incremental run, by source.

        Raises:
            CheckpointError: a source of it began at another time. It may also begin where that run has completed it, as
                its report says.
        """
        found = {}
        for origin in self.earlier:
            entry, start = self._entries[origin], starts[origin]
            if not _has_begun(entry):
                continue
            is_complete = entry.outcome is Outcome.COMPLETE
            has_reached = is_complete and start.earlier is not None and start.earlier.time == entry.time
            was_ahead = entry.since is None and start.was_ahead_of(entry.time)
            if entry.since != start.since and not (has_reached or was_ahead):
                before, now = ("none" if each is None else utc_text(each) for each in (entry.since, start.since))
                raise CheckpointError(
                    f"the checkpoint {self.path} belongs to another collection: {origin} differs in since, which was "
                    f"{before} and is {now}; {START_OVER}"
                )
            found[origin] = Increment(
                start.as_whole if was_ahead else attrs.evolve(start, since=entry.since),
                time=entry.time,
                seen=_comes_again(self.path, entry),
                is_processed=is_complete,
            )
        return found

    def with_written(self, origin: Origin, report: SourceReport) -> SourceReport:
        """Return the report of a source; if it has restarted, with the items that its output has.

        The report itself counts what was handed over since the restart, and the service may not have all of the rest
        any more.
        """
        seen = self.seen.get(origin)
        written = self._entries[origin].written if seen is None else seen.written
        if written is None:
            return report
        earlier = self._resumed.get(origin, 0)
        return attrs.evolve(report, items=written, resumed=report.resumed or earlier > 0, resumed_items=earlier)

    async def save(self, position: JsonValue | None = None) -> None:
        """Write the recorded progress and the sink's position; a cancellation does not interrupt this.

        Raises:
            CheckpointError: it cannot be written, and is unchanged.
        """
        entries = [self._whole(origin, entry) for origin, entry in self._entries.items()]
        with anyio.CancelScope(shield=True):
            async with self._writing:
                content = await run_to_completion(partial(self._content, entries, position))
                await self.storage.write(content)

    async def close(self, *, remove: bool = False) -> None:
        """Unlock the checkpoint; `remove` deletes it, as there is nothing left to resume."""
        await self.storage.close(remove=remove)

    def _whole(self, origin: Origin, entry: StoredSource) -> StoredSource:
        seen = self.seen.get(origin)
        if seen is None:
            return entry
        return msgspec.structs.replace(
            entry, seen=bytes(seen.seen), expected=seen.stored_expected, written=seen.written
        )

    def _content(self, entries: list[StoredSource], position: JsonValue | None) -> bytes:
        question = self.question
        listings = {
            name: StoredListing(service, operation, dict(parameters))
            for name, (service, operation, parameters) in question.listings.items()
        }
        first = self.first_run
        return as_bytes(
            CheckpointFile(FORMAT, VERSION, __version__, first.run_id, first.started_at, listings, position, entries)
        )


def _check_listings(path: object, found: CheckpointFile, question: Question) -> None:
    """Refuse a checkpoint of other listings.

    Raises:
        CheckpointError: the checkpoint belongs to a collection of other listings.
    """

    def refused(what: str) -> CheckpointError:
        return CheckpointError(f"the checkpoint {path} belongs to another collection: {what}; {START_OVER}")

    for name in (*found.listings, *question.listings):
        if name not in found.listings or name not in question.listings:
            raise refused(f"{name} is {'new' if name in question.listings else 'missing'}")
        (service, operation, parameters), before = question.listings[name], found.listings[name]
        if (service, operation) != (before.service, before.operation):
            raise refused(f"{name} was {before.service} {before.operation} and is {service} {operation}")
        names = (*parameters, *before.parameters)
        changed = {key for key in names if parameters.get(key) != before.parameters.get(key)}
        if changed:
            raise refused(f"{name} differs in {', '.join(sorted(changed))}")


def _entries(found: CheckpointFile | None, question: Question) -> tuple[dict[Origin, StoredSource], list[StoredSource]]:
    """Return the stored entry of each origin, and the entries of sources that are no longer collected."""
    origins = {(origin.label, origin.catalog, origin.listing): origin for origin in question.origins}
    entries: dict[Origin, StoredSource] = {}
    dropped: list[StoredSource] = []
    for entry in () if found is None else found.sources:
        origin = origins.get((entry.label, entry.catalog, entry.listing))
        if origin is None:
            dropped.append(entry)
        else:
            entries[origin] = entry
    return entries, dropped


def _not_droppable(found: CheckpointFile, dropped: list[StoredSource]) -> str | None:
    """Return why a run cannot be resumed without some of its sources: their items are in the output. None if it can."""
    if found.output is None:
        return None
    has_items = any(entry.pages or entry.seen or entry.expected for entry in dropped)
    return "the output has items of sources that are no longer collected" if has_items else None


def _discarded(reason: str, found: CheckpointFile | None) -> DiscardedRun:
    return DiscardedRun(reason, None, None) if found is None else DiscardedRun(reason, _first_run(found), found.output)


def _first_run(found: CheckpointFile) -> EarlierRun:
    return EarlierRun(run_id=found.first_run_id, started_at=found.began)


def _entry(origin: Origin, report: SourceReport) -> StoredSource:
    return StoredSource(
        label=origin.label,
        catalog=origin.catalog,
        listing=origin.listing,
        outcome=report.outcome,
        pages=report.pages,
        items=report.items,
        retries=report.retries,
        started_at=report.started_at,
        finished_at=report.finished_at,
        next_token=report.next_token,
        error=None if report.error is None else error_text(report.error),
        malformed=[StoredMalformed(item.path, item.reason, item.request_id) for item in report.malformed],
        skipped=report.skipped_parents.skipped,
        vanished=report.skipped_parents.vanished,
        skipped_parents=[
            StoredParent(dict(one.parent), one.reason, one.vanished, one.request_id)
            for one in report.skipped_parents.first
        ],
    )


def _seen(path: object, entry: StoredSource) -> SeenItems:
    try:
        return SeenItems.load(entry.seen, entry.expected, entry.written)
    except ValueError as error:
        raise CheckpointError(f"the checkpoint {path} is damaged: {error}; {START_OVER}") from None


def _comes_again(path: object, entry: StoredSource) -> set[bytes]:
    try:
        return set(split_fingerprints(entry.comes_again))
    except ValueError as error:
        raise CheckpointError(f"the checkpoint {path} is damaged: {error}; {START_OVER}") from None


def _has_begun(entry: StoredSource) -> bool:
    """Return whether some of a source was collected; of a nested listing, that may be parents without items."""
    has_skipped = entry.skipped + entry.vanished > 0
    return entry.outcome in ENDED_WELL or entry.pages > 0 or entry.next_token is not None or has_skipped


def _earlier(entry: StoredSource) -> SourceReport:
    """Return the report of an earlier run; a source that failed or had not ended counts as pending, and is resumed."""
    has_ended = entry.outcome in ENDED_WELL
    return SourceReport(
        outcome=entry.outcome if has_ended else Outcome.PENDING,
        pages=entry.pages,
        items=entry.items,
        retries=entry.retries,
        started_at=entry.started_at,
        finished_at=entry.finished_at if has_ended else None,
        resumed=_has_begun(entry),
        resumed_items=entry.items,
        resumed_pages=entry.pages,
        next_token=entry.next_token,
        malformed=tuple(
            MalformedItem(raw=None, path=item.path, reason=item.reason, request_id=item.request_id)
            for item in entry.malformed
        ),
        skipped_parents=SkippedParents(
            skipped=entry.skipped,
            vanished=entry.vanished,
            first=tuple(SkippedParent(**msgspec.structs.asdict(one)) for one in entry.skipped_parents),
        ),
    )
