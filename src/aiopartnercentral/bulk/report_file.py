"""Reads the JSON of a report back."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import msgspec

from aiopartnercentral._pagination.causes import StoredError
from aiopartnercentral._pagination.report import FORMAT, VERSION, Cursor, EarlierRun, Outcome, Report, SourceReport
from aiopartnercentral._utils import validators
from aiopartnercentral.bulk.dedup import split_fingerprints
from aiopartnercentral.bulk.source import Origin, stand_in
from aiopartnercentral.errors import AioPartnerCentralError
from aiopartnercentral.sinks.base import EarlierFile
from aiopartnercentral.types import MalformedItem

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

__all__ = ["cursor_from_json", "load_report"]


_Time: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]


class _Header(msgspec.Struct, frozen=True):
    """What every version has."""

    format: str
    version: int


class _Error(msgspec.Struct, frozen=True):
    message: str
    type: str = AioPartnerCentralError.__name__


class _Malformed(msgspec.Struct, frozen=True):
    path: str
    reason: str
    request_id: str | None


class _Cursor(msgspec.Struct, frozen=True):
    time: _Time
    parameters: dict[str, str]
    seen: str


class _Source(msgspec.Struct, frozen=True):
    label: str
    catalog: str
    account: str
    service: str
    listing: str
    operation: str
    outcome: Outcome
    items: int
    pages: int
    retries: int
    throttled: int
    restarted: bool
    elapsed: float
    started_at: _Time | None
    finished_at: _Time | None
    since: _Time | None
    resumed: bool
    resumed_items: int
    resumed_pages: int
    error: _Error | None
    malformed: list[_Malformed]
    cursor: _Cursor | None


class _Run(msgspec.Struct, frozen=True):
    run_id: str
    started_at: _Time


class _File(msgspec.Struct, frozen=True):
    path: str
    written_at: _Time


class _Report(msgspec.Struct, frozen=True):
    run_id: str
    resumes: _Run | None
    started_at: _Time
    elapsed: float
    versions: dict[str, str]
    output_written: bool | None
    earlier_files: list[_File]
    sources: list[_Source]


# Made here, as msgspec crashes if two threads make the first decoder of a struct class at once.
_HEADER = msgspec.json.Decoder(_Header)
_REPORT = msgspec.json.Decoder(_Report)


def load_report(path: str | os.PathLike[str]) -> Report[Origin]:
    """Return the report in a file that has the JSON of `Report.as_json()`, as the option `--report` writes it.

    It can be passed to a collection as `since`. Its sources have labels but no credentials, so they cannot be collected
    again. Errors have only their text and the name of their class, and malformed items have no JSON.

    Raises:
        OSError: the file cannot be read.
        TypeError: `path` is not a path.
        ValueError: it is not a report of a `Collection`, or another release wrote it; the message names the file.
    """
    data = Path(validators.path("path", path)).read_bytes()
    try:
        header = _HEADER.decode(data)
        if header.format != FORMAT:
            raise ValueError(f"{path} is not a report: its format is not {FORMAT!r}")
        if header.version != VERSION:
            raise ValueError(
                f"the report {path} has version {header.version}, not {VERSION}, as another release of "
                "aiopartnercentral wrote it"
            )
        found = _REPORT.decode(data)
        sources = dict(map(_source, found.sources))
        _check_each_once(sources)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # The decoder's messages have a path and types, and quote no value.
        raise ValueError(f"{path} is not a report of a collection: {error}") from None
    return Report(
        sources=sources,
        elapsed=found.elapsed,
        run_id=found.run_id,
        started_at=found.started_at,
        resumes=None
        if found.resumes is None
        else EarlierRun(run_id=found.resumes.run_id, started_at=found.resumes.started_at),
        versions=found.versions,
        output_written=found.output_written,
        earlier_files=[EarlierFile(each.path, each.written_at) for each in found.earlier_files],
    )


def cursor_from_json(value: object) -> Cursor:
    """Return the cursor of which `Cursor.as_json()` returned a value.

    Raises:
        ValueError: it is not a cursor.
    """
    try:
        return _cursor(msgspec.convert(value, _Cursor))
    except msgspec.ValidationError as error:
        reason = str(error)  # which quotes no value
    raise ValueError(f"this is not a cursor: {reason}")


def _source(source: _Source) -> tuple[Origin, SourceReport]:
    """Return a source with its report.

    Raises:
        msgspec.ValidationError: it has a value that no report has.
    """
    try:
        return _origin(source), _state(source)
    except (ValueError, OverflowError) as error:
        raise msgspec.ValidationError(f"{error} - at the source {source.label!r}") from None


def _check_each_once(origins: Iterable[Origin]) -> None:
    """Refuse a source that occurs twice: nobody could say which cursor the next run begins at.

    Raises:
        msgspec.ValidationError: there is one.
    """
    seen = set()
    for origin in origins:
        key = origin.label, origin.catalog, origin.listing
        if key in seen:
            raise msgspec.ValidationError(f"it has the source {origin} twice")
        seen.add(key)


def _origin(source: _Source) -> Origin:
    return Origin(
        source=stand_in(source.catalog, label=source.label, account=source.account),
        service=source.service,
        listing=source.listing,
        operation=source.operation,
    )


def _state(source: _Source) -> SourceReport:
    return SourceReport(
        outcome=source.outcome,
        pages=source.pages,
        items=source.items,
        malformed=tuple(
            MalformedItem(raw=None, path=item.path, reason=item.reason, request_id=item.request_id)
            for item in source.malformed
        ),
        retries=source.retries,
        throttled=source.throttled,
        restarted=source.restarted,
        elapsed=source.elapsed,
        started_at=source.started_at,
        finished_at=source.finished_at,
        resumed=source.resumed,
        resumed_items=source.resumed_items,
        resumed_pages=source.resumed_pages,
        error=None if source.error is None else StoredError(source.error.message, source.error.type),
        since=source.since,
        # Whether it was reached in that run or in an earlier one makes no difference to the next run.
        earlier_cursor=None if source.cursor is None else _cursor(source.cursor),
    )


def _cursor(cursor: _Cursor) -> Cursor:
    try:
        time = cursor.time.astimezone(UTC)
        seen = frozenset(split_fingerprints(b64decode(cursor.seen, validate=True)))
    except OverflowError:
        raise ValueError("cursor.time is outside of the calendar") from None
    except ValueError as error:
        raise ValueError(f"cursor.seen: {error}") from None
    return Cursor(time=time, parameters=cursor.parameters, seen=seen)
