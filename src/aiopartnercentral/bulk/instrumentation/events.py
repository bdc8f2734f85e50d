"""Events of a bulk collection; each is an object, and all go to one callback, the observer.

    def show(event: Event) -> None:
        match event:
            case PageFetched(origin=origin, items=items): print(origin, items)
            case Throttled(origin=origin, rate=rate): print(origin.account, "slows down to", rate)

    Collection(..., observer=show)

A run is one opened stream. Its events come in this order; those of different sources are interleaved:

    RunStarted
      SourceStarted
        Throttled  Retried  SourceRestarted  before the page that they concern
        PageFetched                          once for each page
      SourceFinished                         once for each source that has started
    RunFinished                              last, once everything of the run is closed

The callback is called in the event loop, so it must not block; `RunStarted` and `RunFinished` come in the task that
enters and leaves the stream. What it raises changes nothing, and is logged the first time.

No event holds an item, a token or an argument. The text of an error may quote what was sent: log its `error_type`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from aiopartnercentral._pagination.report import Report, SourceReport
    from aiopartnercentral.bulk.source import Origin

__all__ = [
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


@attrs.frozen(kw_only=True)
class RunStarted:
    """A stream has been entered; nothing has been requested yet.

    Attributes:
        run: identifies the run in all its events and log messages.
        services: the names of the services, such as `partnercentral-account`.
        origins: what is left to be collected.
        finished: what an earlier run has collected to its end, and this one does not request again.
    """

    run: str
    services: tuple[str, ...]
    origins: tuple[Origin, ...]
    finished: tuple[Origin, ...]


@attrs.frozen(kw_only=True)
class SourceStarted:
    """The first page of a source is about to be requested.

    Attributes:
        run: the run's name.
        origin: which source and listing.
        resumed: whether it resumes where an earlier run has stopped.
    """

    run: str
    origin: Origin
    resumed: bool


@attrs.frozen(kw_only=True)
class PageFetched:
    """A page has arrived; the consumer has not got it yet.

    Attributes:
        run: the run's name.
        origin: which source and listing.
        page: its number among the pages of the origin that this run has fetched, from 1.
        items: how many items it has.
        malformed: how many items were left out of it.
        attempts: how often its request was sent.
        seconds: from sending the request that brought it to its being decoded.
        waited: seconds before that, from when the page was wanted: for the account's rate limit, for a client, and for
            requests that failed.
        request_id: the service's id of the request, or None.
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


@attrs.frozen(kw_only=True)
class Throttled:
    """The service has throttled a request, and the account's rate is lowered; `Retried` follows if it is sent again.

    Attributes:
        run: the run's name.
        origin: whose request it was.
        attempt: how often it has been sent up to now.
        rate: requests a second of the account from now on.
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
    """A request has failed and will be sent again, throttling included.

    Attributes:
        run: the run's name.
        origin: whose request it is.
        attempt: how often it has been sent up to now.
        seconds: how long the attempt took.
        wait: seconds until it is sent again, apart from waiting for the account's rate limit.
        error: what it has failed with.
        request_id: the service's id of the request, or None.
    """

    run: str
    origin: Origin
    attempt: int
    seconds: float
    wait: float
    error: Exception
    request_id: str | None


@attrs.frozen(kw_only=True)
class SourceRestarted:
    """The page token of an earlier run has expired, or had led in a loop: the source restarts from its first page.

    Its items come again; a sink writes those that it does not have.

    Attributes:
        run: the run's name.
        origin: which source and listing.
    """

    run: str
    origin: Origin


@attrs.frozen(kw_only=True)
class SourceFinished:
    """A source has come to its end, and the consumer has got all of it; or it was cancelled with the run.

    Attributes:
        run: the run's name.
        origin: which source and listing.
        report: what it has brought, how it ended, and how many seconds that took.
    """

    run: str
    origin: Origin
    report: SourceReport


@attrs.frozen(kw_only=True)
class RunFinished:
    """A stream has been left; its clients are closed and its checkpoint is saved.

    Attributes:
        run: the run's name.
        report: what it has brought, and how many seconds that took.
        error: the exception that ended the stream's block, such as a cancellation; None without one.
    """

    run: str
    report: Report[Origin]
    error: BaseException | None


Event: TypeAlias = (
    RunStarted | SourceStarted | PageFetched | Throttled | Retried | SourceRestarted | SourceFinished | RunFinished
)
Observer: TypeAlias = Callable[[Event], None]


def combine(*observers: Observer) -> Observer:
    """Return an observer that calls each of these, in this order, whether or not one before it fails."""

    def notify(event: Event) -> None:
        failures = []
        for observer in observers:
            try:
                observer(event)
            except Exception as failure:  # noqa: BLE001 - raised below
                failures.append(failure)
        if failures:
            raise ExceptionGroup("observers failed", failures)

    return notify
