"""What a bulk collection tells while it goes on; each event is an object, and all go to one callback.

    def show(event: Event) -> None:
        match event:
            case PageFetched(origin=origin, items=items): print(origin, items)
            case Throttled(origin=origin, rate=rate): print(origin.account, "slows down to", rate)

    Collection(..., observer=show)

A run is one opened stream. Its events come in this order, those of one source beside those of others:

    RunStarted
      SourceStarted
        Throttled  Retried  SourceRestarted  before the page that they are about
        PageFetched                          once for each page
      SourceFinished                         once for each source that has started, whatever became of it
    RunFinished                              last, once nothing of the run is open any more

The callback is called in the event loop, so it must not block; `RunStarted` and `RunFinished` come in the task that
enters and leaves the stream. What it raises changes nothing, and is logged the first time.

Nothing here holds an item, a token or an argument; but an error's text may quote what was sent, so that a log is better
off with `error_type`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

from aiopartnercentral.errors import AioPartnerCentralError

if TYPE_CHECKING:
    from aiopartnercentral._pagination.report import Progress
    from aiopartnercentral.bulk.origin import Origin
    from aiopartnercentral.bulk.report import BulkReport

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
    "error_text",
    "error_type",
]


@attrs.frozen(kw_only=True)
class RunStarted:
    """A stream has been entered; nothing has been asked for yet.

    Attributes:
        run: tells the run from others, in all its events and log messages.
        service: the service's name, such as `partnercentral-account`.
        origins: what is left to be collected.
        finished: what an earlier run has collected to its end, and this one does not ask for again.
    """

    run: str
    service: str
    origins: tuple[Origin, ...]
    finished: tuple[Origin, ...]


@attrs.frozen(kw_only=True)
class SourceStarted:
    """The first page of a source is about to be asked for.

    Attributes:
        run: the run's name.
        origin: which source and listing.
        resumed: whether it goes on where an earlier run has stopped.
    """

    run: str
    origin: Origin
    resumed: bool


@attrs.frozen(kw_only=True)
class PageFetched:
    """A page has arrived; the consumer has not got it yet.

    Attributes:
        run: the run's name.
        origin: of what.
        page: its number among the pages of the origin that this run has fetched, from 1.
        items: how many items it has.
        malformed: how many items were left out of it.
        attempts: how often its request was sent.
        seconds: from sending the request that brought it to its being decoded.
        waited: seconds before that, from when the page was wanted: for the account's turn, for a client, and for what
            was sent in vain.
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
    """The service wants fewer requests, and the account's rate is lowered; `Retried` follows if it is sent again.

    Attributes:
        run: the run's name.
        origin: whose request it was.
        attempt: how often that has been sent up to now.
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
        wait: seconds until it is sent again, apart from waiting for the account's turn.
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
    """The page token of an earlier run has expired, or had led in a circle: the source begins anew.

    Its items come again; into a file go those that it does not have.

    Attributes:
        run: the run's name.
        origin: which source and listing.
    """

    run: str
    origin: Origin


@attrs.frozen(kw_only=True)
class SourceFinished:
    """A source has come to its end, and the consumer has got all of it; or it was given up with the run.

    Attributes:
        run: the run's name.
        origin: which source and listing.
        progress: what it has brought, how it ended, and how many seconds that took.
    """

    run: str
    origin: Origin
    progress: Progress


@attrs.frozen(kw_only=True)
class RunFinished:
    """A stream has been left; its clients are closed and its checkpoint is saved.

    Attributes:
        run: the run's name.
        report: what it has brought, and how many seconds that took.
        error: what the stream's block was left with, a cancellation for instance; None if it came to its end.
    """

    run: str
    report: BulkReport
    error: BaseException | None


Event: TypeAlias = (
    RunStarted | SourceStarted | PageFetched | Throttled | Retried | SourceRestarted | SourceFinished | RunFinished
)
Observer: TypeAlias = Callable[[Event], None]


def combine(*observers: Observer) -> Observer:
    """Return an observer that tells each of these, in this order, whether or not one before it fails."""

    def tell(event: Event) -> None:
        failures = []
        for observer in observers:
            try:
                observer(event)
            except Exception as failure:  # noqa: BLE001 - raised below
                failures.append(failure)
        if failures:
            raise ExceptionGroup("observers failed", failures)

    return tell


def error_type(error: BaseException) -> str:
    """Return what an error is called, and nothing of what it says: the service's code, or else the class."""
    code = getattr(error, "code", None)
    return code if isinstance(code, str) and code.replace(".", "").isalnum() else type(error).__name__


def error_text(error: Exception) -> str:
    """Return what an error of this library says, and of any other what it is called: its text may quote a request."""
    is_ours = isinstance(error, AioPartnerCentralError) and not hasattr(error, "code")
    return str(error) if is_ours else error_type(error)
