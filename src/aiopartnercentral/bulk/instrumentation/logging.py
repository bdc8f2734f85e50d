"""Passes every event of a run to the log and to the observer.

Everything goes to the logger `aiopartnercentral.bulk`. No message holds an item, a token, an argument of a request, or
the text of an error, which may quote one.
"""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import attrs

from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral._utils.text import counted
from aiopartnercentral.bulk.instrumentation import events
from aiopartnercentral.errors import error_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk.instrumentation.events import Event
    from aiopartnercentral.bulk.source import Origin

__all__ = ["Notifier", "log"]


class _OfRun(Protocol):
    @property
    def run(self) -> str:
        """Identifies the run."""
        ...


EventT = TypeVar("EventT", bound=_OfRun)

logger: logging.Logger = logging.getLogger("aiopartnercentral.bulk")

_LEVELS = {
    events.RunStarted: logging.INFO,
    events.RunFinished: logging.INFO,
    events.Throttled: logging.WARNING,
    events.Retried: logging.INFO,
    events.SourceRestarted: logging.WARNING,
    events.SourceStarted: logging.DEBUG,
    events.PageFetched: logging.DEBUG,
}
_OF_OUTCOMES = {Outcome.FAILED: logging.WARNING, Outcome.SKIPPED: logging.INFO}


@attrs.define
class Notifier(Generic[EventT]):
    """Passes events to the log and to an observer; the observer's first failure is logged without its text.

    Attributes:
        observer: called with each event, or None.
        log: logs an event.
    """

    observer: Callable[[EventT], object] | None
    log: Callable[[EventT], object]
    _has_failed: bool = attrs.field(default=False, init=False)

    def __call__(self, event: EventT) -> None:
        """Log an event and call the observer."""
        self.log(event)
        if self.observer is None:
            return
        try:
            self.observer(event)
        except Exception as failure:  # noqa: BLE001 - an observer must not change the run
            if not self._has_failed:
                self._has_failed = True
                # Neither its text nor its context, which may quote the service's response.
                frames = "".join(_frames(failure))
                logger.error("run %s: the observer failed with %s\n%s", event.run, type(failure).__name__, frames)  # noqa: TRY400 - as above


def log(event: Event) -> None:
    """Log an event."""
    if isinstance(event, events.SourceFinished):
        level = _OF_OUTCOMES.get(event.report.outcome, logging.DEBUG)
    else:
        level = _LEVELS[type(event)]
    if logger.isEnabledFor(level):
        origin = "" if isinstance(event, events.RunStarted | events.RunFinished) else f"{event.origin}: "
        logger.log(level, "run %s: %s%s", event.run, origin, _words(event))


def _words(event: Event) -> str:  # noqa: PLR0911 - one for each event
    match event:
        case events.RunStarted():
            resumption = "" if event.resumption is None else f"; {event.resumption}"
            return f"started, {counted(len(event.origins), 'source')}{resumption}"
        case events.RunFinished():
            how = "finished" if event.error is None else f"ended by {error_type(event.error)}"
            return f"{how} after {event.report.elapsed:.1f} s: {_totals(event.report)}"
        case events.SourceStarted():
            return "resumed" if event.resumed else "started"
        case events.SourceRestarted():
            return f"restarted from its first page: {event.reason}"
        case events.Throttled():
            delay = "" if event.retry_after is None else f" after {event.retry_after:g} s (Retry-After)"
            return (
                f"throttled at attempt {event.attempt}; account {event.origin.account} continues{delay} with "
                f"{event.rate:.3g} requests/s{_request(event.request_id)}"
            )
        case events.Retried():
            return (
                f"attempt {event.attempt} failed with {error_type(event.error)} after {event.seconds:.2f} s, "
                f"retried in {event.wait:.1f} s{_request(event.request_id)}"
            )
        case events.PageFetched():
            took = f"{event.seconds:.3f} s after {event.waited:.3f} s of waiting, attempt {event.attempts}"
            counts = f"{event.items} items and {event.malformed} malformed ones"
            return f"page {event.page} has {counts}; {took}{_request(event.request_id)}"
    return _end(event)


def _end(event: events.SourceFinished) -> str:
    report = event.report
    error = "" if report.error is None else f" by {error_type(report.error)}"
    request = "" if report.error is None else _request(getattr(report.error, "request_id", None))
    return (
        f"{report.outcome.value}{error} after {report.elapsed:.1f} s: {report.items} items, "
        f"{report.pages} pages, {report.retries} retries{request}"
    )


def _totals(report: Report[Origin]) -> str:
    outcomes = [state.outcome for state in report.sources.values()]
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome.value}" for outcome in Outcome if outcome in outcomes)
    return f"{report.items} items, {report.pages} pages, {report.retries} retries; sources: {counts}"


def _request(request_id: str | None) -> str:
    return f" (request id {request_id})" if request_id else ""


def _frames(failure: BaseException) -> list[str]:
    """Return the traceback lines of a failure and of each exception in its groups, without messages."""
    lines = traceback.format_tb(failure.__traceback__)
    if isinstance(failure, BaseExceptionGroup):
        for part in failure.exceptions:
            lines += [f"  {type(part).__name__}\n", *_frames(part)]
    return lines
