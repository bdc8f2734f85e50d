"""The events of a bulk collection: objects that are passed to one callback, the observer.

    def show(event: Event) -> None:
        match event:
            case PageFetched(origin=origin, items=items): print(origin, items)
            case Throttled(origin=origin, rate=rate): print(origin.account, "slows down to", rate)

    Collection(..., observer=show)

A run is one opened stream. Its events come in this order; those of different sources are interleaved:

    RunStarted
      SourceStarted
        Throttled  Retried  SourceRestarted  before the event of their page
        PageFetched                          once for each page
      SourceFinished                         once for each source that has started
    RunFinished                              last, after all clients are closed and the checkpoint is saved

The callback is called in the event loop, so it must not block. `RunStarted` and `RunFinished` are sent in the task that
enters and leaves the stream. An exception of the callback does not affect the run; the first one is logged.

No event holds an item, a token or an argument. The text of an error may quote what was sent: log its `error_type`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import counted, listed, utc_text
from aiopartnercentral.errors import error_type

if TYPE_CHECKING:
    from aiopartnercentral._pagination.report import EarlierRun, Report, SourceReport
    from aiopartnercentral.bulk.source import Origin

__all__ = [
    "CURSOR_AHEAD",
    "PAGES_OVER",
    "Event",
    "Observer",
    "PageFetched",
    "Retried",
    "RunFinished",
    "RunStarted",
    "SourceFinished",
    "SourceRestarted",
    "SourceStarted",
    "Throttled",
    "combine",
]


EventT = TypeVar("EventT")

PAGES_OVER: Final = "the page token of an earlier run has expired or looped"
CURSOR_AHEAD: Final = "the cursor of the earlier run lies in the future, so the source is collected as a whole"


@attrs.frozen(kw_only=True)
class RunStarted:
    """A stream was entered; nothing has been requested yet.

    Attributes:
        run: identifies the run in all its events and log messages.
        services: the names of the services, such as `partnercentral-account`.
        origins: the sources and listings to collect.
        finished: the sources and listings that an earlier run has completed, and that are not requested again.
        resumes: the run that this one resumes, or the first of several; None for a new run.
        joined: the sources and listings that the run in the checkpoint did not have, whether it is resumed or not.
        dropped: the labels of the sources that only the run in the checkpoint had.
        starts_over: why the progress in the checkpoint is not resumed, or None.
    """

    run: str
    services: tuple[str, ...]
    origins: tuple[Origin, ...]
    finished: tuple[Origin, ...]
    resumes: EarlierRun | None = None
    joined: tuple[Origin, ...] = ()
    dropped: tuple[str, ...] = ()
    starts_over: str | None = None

    @property
    def resumption(self) -> str | None:
        """What is resumed, or why nothing is, in words; None if there was nothing to resume."""
        joined = f"; new: {listed(map(str, self.joined))}" if self.joined else ""
        dropped = f"; no longer collected: {listed(self.dropped)}" if self.dropped else ""
        if self.starts_over is not None:
            return f"starts over: {self.starts_over}{joined}{dropped}"
        if self.resumes is None:
            return None
        finished = f", in which {counted(len(self.finished), 'source')} finished"
        return f"resumes the run of {utc_text(self.resumes.started_at)}{finished}{joined}{dropped}"


@attrs.frozen(kw_only=True)
class SourceStarted:
    """The first page of a source is about to be requested.

    Attributes:
        run: identifies the run.
        origin: the source and listing.
        resumed: whether it resumes at the page token of an earlier run.
    """

    run: str
    origin: Origin
    resumed: bool


@attrs.frozen(kw_only=True)
class PageFetched:
    """A page was fetched; the consumer has not received it yet.

    Attributes:
        run: identifies the run.
        origin: the source and listing.
        page: its number among the pages of the origin that this run has fetched, from 1.
        items: number of items in it.
        malformed: number of malformed items that were omitted from it.
        attempts: how often its request was sent.
        seconds: duration of the last attempt, from sending the request to the decoded page.
        waited: seconds before that: waiting for the rate limit and a client, failed attempts, and backoff.
        request_id: the service's id of the request, or None.
        endpoint_url: the URL of the endpoint by the configuration of the client.
    """

    run: str
    origin: Origin
    page: int
    items: int
    malformed: int
    attempts: int
    seconds: float
    waited: float
    request_id: str | None
    endpoint_url: str


@attrs.frozen(kw_only=True)
class Throttled:
    """The service throttled a request, and the account's rate is lowered; `Retried` follows if it is retried.

    Attributes:
        run: identifies the run.
        origin: the source and listing.
        attempt: how often the request has been sent so far.
        rate: the account's new rate in requests per second.
        retry_after: seconds that the service asks to wait, or None.
        request_id: the service's id of the request, or None.
    """

    run: str
    origin: Origin
    attempt: int
    rate: float
    retry_after: float | None
    request_id: str | None


@attrs.frozen(kw_only=True)
class Retried:
    """A request failed or was throttled, and will be retried.

    Attributes:
        run: identifies the run.
        origin: the source and listing.
        attempt: how often the request has been sent so far.
        seconds: duration of the failed attempt.
        wait: backoff in seconds; waiting for the account's rate limit comes on top.
        error: the error of the attempt.
        request_id: the service's id of the request, or None.
    """

    run: str
    origin: Origin
    attempt: int
    seconds: float
    wait: float
    error: Exception = attrs.field(repr=error_type)
    request_id: str | None


@attrs.frozen(kw_only=True)
class SourceRestarted:
    """A source restarts from its first page: a page token, or the cursor of an incremental run, is of no use.

    Its items are fetched again; a sink writes only those that it does not have.

    Attributes:
        run: identifies the run.
        origin: the source and listing.
        reason: the reason, in words.
    """

    run: str
    origin: Origin
    reason: str = PAGES_OVER


@attrs.frozen(kw_only=True)
class SourceFinished:
    """A source has ended and the consumer has received all of it, or it was cancelled with the run.

    Attributes:
        run: identifies the run.
        origin: the source and listing.
        report: its counts, outcome and duration.
    """

    run: str
    origin: Origin
    report: SourceReport


@attrs.frozen(kw_only=True)
class RunFinished:
    """A stream was left; its clients are closed and its checkpoint is saved.

    Attributes:
        run: identifies the run.
        report: its counts, outcomes and duration.
        error: the exception that ended the stream's block, such as a cancellation, or None.
    """

    run: str
    report: Report[Origin]
    error: BaseException | None = attrs.field(repr=error_type)


Event: TypeAlias = (
    RunStarted | SourceStarted | PageFetched | Throttled | Retried | SourceRestarted | SourceFinished | RunFinished
)
"""Any event of a run: the union of the event classes."""

_OBSERVER = validators.observer()

Observer: TypeAlias = Callable[[Event], None]
"""A function that a run calls with each event, in the event loop."""


def combine(*observers: Callable[[EventT], object]) -> Callable[[EventT], None]:
    """Return an observer that calls each of these in this order, even if an earlier one fails.

    Raises:
        TypeError: one of them is not a function, or is async.
    """
    for position, each in enumerate(observers):
        _OBSERVER(f"observers[{position}]", each)

    def notify(event: EventT) -> None:
        failures = []
        for observer in observers:
            try:
                observer(event)
            except Exception as failure:  # noqa: BLE001 - raised below
                failures.append(failure)
        if failures:
            raise ExceptionGroup("observers failed", failures)

    return notify
