"""Incremental runs: what has changed since a time, or since an earlier run of the same sources.

A run begins, for each source and listing, at the cursor that the earlier report has of it, minus the overlap. The
cursor is the service's own time at the first request of the last run in which the source was complete. Nothing that
changes later can be lost:

- An item that changed while that run listed it, wherever it was in the pages, has a time after that first request.
- The time is the `Date` of the response, minus the seconds that it took, or this machine's if that is earlier. So one
  clock that is wrong loses nothing: what is listed again is recognised.
- A cursor that lies ahead of both clocks was wrong: the source is collected as a whole.
- A change that became visible late is in the overlap, and so is one that another clock of the service has stamped.
- The cursor stays where it is if the source failed, was skipped, cancelled, limited or had malformed items, if the
  output was not written, and if the service did not send its time.

What the overlap brings again is recognised by its JSON, and only what the consumer has received is recognised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache, partial
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs
import msgspec

from aiopartnercentral._pagination.report import Cursor, Report, SourceReport
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import listed, utc_text
from aiopartnercentral.bulk.dedup import fingerprint
from aiopartnercentral.bulk.report_file import load_report
from aiopartnercentral.bulk.source import Origin
from aiopartnercentral.types import Listing, NestedListing, Structure

if TYPE_CHECKING:
    from aiopartnercentral._pagination.page_fetcher import FetchedPage
    from aiopartnercentral.types import TimeFilter

__all__ = ["OVERLAP", "Increment", "Since", "Start", "check_since", "read_since", "why_not_incremental"]

Since: TypeAlias = "datetime | Report[Origin] | str | PathLike[str] | None"
"""A time, or the report of an earlier run, or its file; None to collect everything."""

OVERLAP = timedelta(minutes=5)
_SECOND = timedelta(seconds=1)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=1)
_ALLOWED = "since must be a datetime, a report or the path of its file"
_NAMES = validators.collection_of(validators.text, "names of listings")

Digests: TypeAlias = Callable[[Listing[Any, Any]], Mapping[str, str]]


@attrs.frozen(kw_only=True)
class Start:
    """Where a run begins with one source.

    Attributes:
        listing: what to list, with the lower bound.
        unbounded: the same without the lower bound.
        since: the lower bound, in UTC; None to list everything.
        overlap: how far before its cursor the next run begins.
        earlier: the cursor of the earlier run, or None.
        parameters: returns the digests of the parameters of the listing, without the lower bound.
    """

    listing: Listing[Any, Any]
    unbounded: Listing[Any, Any]
    since: datetime | None
    overlap: timedelta
    earlier: Cursor | None
    parameters: Callable[[], Mapping[str, str]] = attrs.field(repr=False)

    @property
    def report(self) -> SourceReport:
        """The report of the source before the run."""
        return SourceReport(since=self.since, earlier_cursor=self.earlier)

    @property
    def as_whole(self) -> Start:
        """The same for everything that there is."""
        return attrs.evolve(self, listing=self.unbounded, since=None)

    def was_ahead_of(self, time: datetime | None) -> bool:
        """Return whether the earlier cursor is wrong, as the lower bound had not come at a time."""
        if self.earlier is None or self.since is None or time is None:
            return False
        return self.since > time


@attrs.define(eq=False)
class Increment:
    """What a run has fetched of one source, as far as the next run must know it.

    Attributes:
        start: where the run began.
        time: the time at the first request, the earlier one of the service's and this machine's; None if the service
            did not say it, or cannot filter by time.
        seen: fingerprints of the items that the next run may get again.
        is_processed: whether the consumer has processed all of it.
    """

    start: Start
    time: datetime | None = None
    seen: set[bytes] = attrs.field(factory=set)
    is_processed: bool = False

    def starts_ahead(self, fetched: FetchedPage[Any, Any]) -> bool:
        """Return whether the earlier cursor is wrong: the run began at a time that has not come at the first page."""
        now, answered = datetime.now(UTC), _time_of_service(fetched.date)
        return self.start.was_ahead_of(now if answered is None else min(now, answered))

    def take(self, fetched: FetchedPage[Any, Any], seconds: float, *, is_first: bool) -> FetchedPage[Any, Any]:
        """Return a page without the items that the consumer has received in an earlier run, just as they are.

        Arguments:
            fetched: the page, with the JSON of each item.
            seconds: how long its request took.
            is_first: whether it is the first page.
        """
        time_filter, raw_items = self.start.listing.pagination.since, fetched.raw_items
        if time_filter is None or raw_items is None:
            return fetched
        if is_first:
            self.time, self.seen = _earlier_time(fetched.date, seconds), set()
        earlier = frozenset() if self.start.earlier is None else self.start.earlier.seen
        come_again = self._come_again(raw_items, time_filter)
        new = [self._is_new(raw, earlier, comes_again=again) for raw, again in zip(raw_items, come_again, strict=True)]
        if all(new):
            return fetched
        return attrs.evolve(
            fetched,
            items=[item for item, is_new in zip(fetched.items, new, strict=True) if is_new],
            raw_items=[raw for raw, is_new in zip(raw_items, new, strict=True) if is_new],
            omitted=new.count(False),
        )

    def cursor(self) -> Cursor | None:
        """Return where the next run continues; None if the source is not complete, or has no time to continue at."""
        if not self.is_processed or self.time is None:
            return None
        return Cursor(time=self.time, parameters=self.start.parameters(), seen=frozenset(self.seen))

    def report(self, state: SourceReport) -> SourceReport:
        """Return the report of the source, with where the run began and where the next one continues."""
        return attrs.evolve(state, since=self.start.since, earlier_cursor=self.start.earlier, cursor=self.cursor())

    def _is_new(self, raw: bytes, earlier: frozenset[bytes], *, comes_again: bool) -> bool:
        if not comes_again and not earlier:
            return True
        found = fingerprint(raw)
        if comes_again:
            self.seen.add(found)
        return found not in earlier

    def _come_again(self, raw_items: Sequence[bytes], time_filter: TimeFilter) -> Sequence[bool]:
        """Return for each item whether the next run may get it, even if it does not change until then."""
        if self.time is None:
            return [False] * len(raw_items)
        bound, decoder = _lower_bound(self.time, self.start.overlap, time_filter), _decoder(time_filter.modified)
        times = [_modified(raw, decoder) for raw in raw_items]
        return [modified is not None and modified >= bound for modified in times]


def read_since(since: Since) -> datetime | Report[Origin] | None:
    """Return what a run begins at, with the report in place of its file, which another process may not have.

    Raises:
        TypeError: it is neither a time nor a report nor a path.
        ValueError: the path is empty, or the file has no report.
        OSError: the file cannot be read.
    """
    if since is None or isinstance(since, datetime | Report):
        return since
    if not isinstance(since, str | PathLike):
        raise TypeError(f"{_ALLOWED}, not {validators.type_name(since)}")
    path = validators.path("since", since)
    try:
        return load_report(path)
    except OSError as error:
        raise OSError(error.errno, f"{_ALLOWED}, which cannot be read: {error.strerror}", error.filename) from None


def check_since(
    listings: Mapping[str, Listing[Any, Any]],
    origins: Sequence[Origin],
    since: datetime | Report[Origin] | None,
    *,
    overlap: timedelta,
    whole: Iterable[str],
    digests: Digests,
) -> dict[Origin, Start]:
    """Return where a run begins with each source.

    Arguments:
        listings: the listings by name.
        origins: the sources and listings.
        since: what the run begins at.
        overlap: how far before that it begins.
        whole: names of listings that are collected as a whole.
        digests: returns a digest of each parameter of a listing.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a listing cannot be filtered by time or has such a filter already, the time has no time zone or is
            in the future, or the report is of other listings.
    """
    validators.duration("overlap", overlap)
    begins = _begins(listings, since, _NAMES("whole", whole))
    time, cursors = None, dict[tuple[str, str, str], Cursor]()
    if isinstance(since, datetime):
        time = _check_time(since)
    elif since is not None:
        cursors = _cursors(since, {name: listings[name] for name in begins}, digests)

    parameters = {name: cache(partial(digests, listing)) for name, listing in listings.items()}

    def start(origin: Origin) -> Start:
        listing, found = listings[origin.listing], begins.get(origin.listing)
        earlier = cursors.get(_key(origin)) if found is not None else None
        begin = time if earlier is None else earlier.time
        bound = None if begin is None or found is None else _lower_bound(begin, overlap, found)
        return Start(
            listing=listing if bound is None or found is None else _bounded(listing, found, bound),
            unbounded=listing,
            since=bound,
            overlap=overlap,
            earlier=earlier,
            parameters=parameters[origin.listing],
        )

    return {origin: start(origin) for origin in origins}


def _begins(listings: Mapping[str, Listing[Any, Any]], since: object, whole: Sequence[str]) -> dict[str, TimeFilter]:
    """Return the filter of each listing that is to be collected incrementally, by its name."""
    for name in whole:
        if name not in listings:
            raise ValueError(f"whole names {name!r}, which is not a listing of this collection: {listed(listings)}")
    if since is None:
        if whole:
            raise ValueError("whole needs since: without it, every listing is collected as a whole")
        return {}
    wanted = {name: listing for name, listing in listings.items() if name not in whole}
    refused = {name: reason for name, listing in wanted.items() if (reason := why_not_incremental(listing)) is not None}
    if refused:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
        raise ValueError(
            f"since is not possible for {reasons}. Name such listings in `whole` to collect them as a whole"
        )
    found = {name: listing.pagination.since for name, listing in wanted.items()}
    return {name: each for name, each in found.items() if each is not None}


def why_not_incremental(listing: Listing[Any, Any]) -> str | None:
    """Return why a listing cannot be collected incrementally; None if it can."""
    pagination, filters = listing.pagination, listing.filters
    if isinstance(listing, NestedListing):
        return "it is below each item of another listing"
    if pagination.since is None:
        if pagination.created_since is None:
            return "the service cannot filter it by time"
        return f"{pagination.created_since} filters by creation, so changes of older items would be lost"
    argument, field = pagination.since.argument, pagination.since.field
    given = filters.get(argument)
    if given is not None and (field is None or field in _fields(given)):
        by = argument if field is None else f"{field} in {argument}"
        return f"its filter by {by} is set, which since sets itself"
    return None


def _fields(given: object) -> Iterator[str]:
    """Yield the names of the fields that the predicates of a filter compare."""
    if isinstance(given, Structure):
        cls: Any = type(given)
        if "key" in attrs.fields_dict(cls):
            yield str(getattr(given, "key", None))
        for each in attrs.fields(cls):
            yield from _fields(getattr(given, each.name))
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes):
        for each in given:
            yield from _fields(each)


def _bounded(listing: Listing[Any, Any], time_filter: TimeFilter, bound: datetime) -> Listing[Any, Any]:
    """Return a listing with a lower bound, in addition to its own filters."""
    added, given = time_filter.bound(bound), listing.filters.get(time_filter.argument)
    if given is not None and time_filter.all_of is not None:
        added = time_filter.all_of([given, added])
    return attrs.evolve(listing, filters={**listing.filters, time_filter.argument: added})


def _lower_bound(time: datetime, overlap: timedelta, time_filter: TimeFilter) -> datetime:
    """Return the lower bound to send, in whole seconds, as the service may round it."""
    try:
        bound = max(time - overlap, _EARLIEST).replace(microsecond=0)
    except OverflowError:
        bound = _EARLIEST
    return bound if time_filter.inclusive else bound - _SECOND


def _check_time(since: datetime) -> datetime:
    checked = validators.aware_datetime("since", since).astimezone(UTC)
    if checked > datetime.now(UTC):
        raise ValueError(f"since must not be in the future: {utc_text(checked)}")
    return checked


def _cursors(
    report: Report[Origin], listings: Mapping[str, Listing[Any, Any]], digests: Digests
) -> dict[tuple[str, str, str], Cursor]:
    """Return the cursors of a report that are of these listings, by label, catalog and listing.

    Raises:
        ValueError: the report is of listings with the same names and other parameters.
    """
    cursors = {}
    for origin in report.sources:
        if not isinstance(origin, Origin):
            raise TypeError("since must be the report of a Collection, not of a paginator")
        cursor, listing = report.cursor(origin), listings.get(origin.listing)
        if cursor is None or listing is None:
            continue
        now = {"operation": listing.pagination.operation.name, **digests(listing)}
        before = {"operation": origin.operation, **cursor.parameters}
        changed = {name for name in (*now, *before) if now.get(name) != before.get(name)}
        if changed:
            raise ValueError(
                f"since is a report of another {origin.listing}: it differs in {', '.join(sorted(changed))}, so items "
                "would be missing; run once without since"
            )
        cursors[_key(origin)] = cursor
    return cursors


def _key(origin: Origin) -> tuple[str, str, str]:
    return origin.label, origin.catalog, origin.listing


def _earlier_time(date: str | None, seconds: float) -> datetime | None:
    """Return the time when a request was sent, or earlier; None if the response does not have the service's time.

    The earlier one of the service's and this machine's counts: a cursor may be too early, never too late.
    """
    answered = _time_of_service(date)
    if answered is None:
        return None
    took = timedelta(seconds=seconds)
    return (max(min(answered, datetime.now(UTC)), _EARLIEST) - took).replace(microsecond=0)


def _time_of_service(date: str | None) -> datetime | None:
    """Return the time of a response; None if it does not have it."""
    try:
        answered = None if date is None else parsedate_to_datetime(date)
    except (TypeError, ValueError):  # which one depends on Python's version
        return None
    if answered is None or answered.utcoffset() is None:
        return None
    return _in_utc(answered)


def _in_utc(moment: datetime) -> datetime:
    """Return a time in UTC, or as good as that at the ends of the calendar."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment.replace(tzinfo=UTC)  # what it lacks are hours of the first or the last year


@cache
def _decoder(member: str) -> msgspec.json.Decoder[Any]:
    """Return a decoder of one member of an item, which skips all others."""
    return msgspec.json.Decoder(msgspec.defstruct("Item", [("time", Any, None)], rename={"time": member}))


def _modified(raw: bytes, decoder: msgspec.json.Decoder[Any]) -> datetime | None:
    """Return when an item was modified; None if its JSON does not say it."""
    try:
        found = decoder.decode(raw).time
        moment = datetime.fromisoformat(found) if isinstance(found, str) else datetime.fromtimestamp(found, UTC)
    except (TypeError, ValueError, OverflowError, OSError, msgspec.MsgspecError):
        return None
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=UTC)
