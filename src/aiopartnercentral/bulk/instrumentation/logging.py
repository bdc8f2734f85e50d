"""Passes every event of a run to the log and to the observer.

Everything goes to the logger `aiopartnercentral.bulk`. No message holds an item, a token, an argument of a request, or
the text of an error, which may quote one.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeVar

from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral._utils.notifier import Notifier
from aiopartnercentral._utils.text import counted, request_text
from aiopartnercentral.bulk.instrumentation import events
from aiopartnercentral.errors import error_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk.instrumentation.events import Event
    from aiopartnercentral.bulk.source import Origin

__all__ = ["log", "logger", "notifier"]

EventT = TypeVar("EventT")

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


def notifier(observer: Callable[[EventT], object] | None, log: Callable[[EventT], object]) -> Notifier[EventT]:
    """Return what passes the events of one run to the log and to its observer."""
    return Notifier(observer, log, logger, lambda event: f"run {event.run}")


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
                f"{event.rate:.3g} requests/s{request_text(event.request_id)}"
            )
        case events.Retried():
            return (
                f"attempt {event.attempt} failed with {error_type(event.error)} after {event.seconds:.2f} s, "
                f"retried in {event.wait:.1f} s{request_text(event.request_id)}"
            )
        case events.PageFetched():
            took = f"{event.seconds:.3f} s after {event.waited:.3f} s of waiting, attempt {event.attempts}"
            counts = f"{event.items} items and {event.malformed} malformed ones"
            return f"page {event.page} has {counts}; {took}{request_text(event.request_id)}"
    return _end(event)


def _end(event: events.SourceFinished) -> str:
    report = event.report
    error = "" if report.error is None else f" by {error_type(report.error)}"
    request = "" if report.error is None else request_text(getattr(report.error, "request_id", None))
    return (
        f"{report.outcome.value}{error} after {report.elapsed:.1f} s: {report.items} items, "
        f"{report.pages} pages, {report.retries} retries{request}"
    )


def _totals(report: Report[Origin]) -> str:
    outcomes = [state.outcome for state in report.sources.values()]
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome.value}" for outcome in Outcome if outcome in outcomes)
    return f"{report.items} items, {report.pages} pages, {report.retries} retries; sources: {counts}"
