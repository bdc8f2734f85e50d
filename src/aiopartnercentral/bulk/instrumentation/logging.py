"""Tells the events of a run: to the log, in plain words, and to the run's observer.

Everything goes to the logger `aiopartnercentral.bulk`. No message holds an item, a token, an argument of a request, or
the text of an error, which may quote one.
"""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.bulk.instrumentation import events

if TYPE_CHECKING:
    from aiopartnercentral.bulk.instrumentation.events import Event, Observer
    from aiopartnercentral.bulk.report import BulkReport

__all__ = ["Teller", "log"]

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
class Teller:
    """Tells events to the log and to an observer, of which the first failure is logged, without its text."""

    observer: Observer | None
    _has_failed: bool = attrs.field(default=False, init=False)

    def __call__(self, event: Event) -> None:
        """Tell an event."""
        log(event)
        if self.observer is None:
            return
        try:
            self.observer(event)
        except Exception as failure:  # noqa: BLE001 - who looks on changes nothing
            if not self._has_failed:
                self._has_failed = True
                # Neither the text nor what it was raised in the handling of: that may be what the service said.
                frames = "".join(_frames(failure))
                logger.error("run %s: the observer failed with %s\n%s", event.run, type(failure).__name__, frames)  # noqa: TRY400 - as above


def log(event: Event) -> None:
    """Log an event."""
    if isinstance(event, events.SourceFinished):
        level = _OF_OUTCOMES.get(event.progress.outcome, logging.DEBUG)
    else:
        level = _LEVELS[type(event)]
    if logger.isEnabledFor(level):
        origin = "" if isinstance(event, events.RunStarted | events.RunFinished) else f"{event.origin}: "
        logger.log(level, "run %s: %s%s", event.run, origin, _words(event))


def _words(event: Event) -> str:  # noqa: PLR0911 - one for each event
    match event:
        case events.RunStarted():
            earlier = f", {len(event.finished)} were finished by an earlier run" if event.finished else ""
            return f"begins with {len(event.origins)} source(s){earlier}"
        case events.RunFinished():
            how = "is over" if event.error is None else f"was left with {events.error_type(event.error)}"
            return f"{how} after {event.report.elapsed:.1f} s: {_totals(event.report)}"
        case events.SourceStarted():
            return "goes on where an earlier run has stopped" if event.resumed else "begins"
        case events.SourceRestarted():
            return "begins anew, as the page token of an earlier run has expired or had led in a circle"
        case events.Throttled():
            asked = "" if event.retry_after is None else f" after the {event.retry_after:g} s that the service asks for"
            return (
                f"throttled at attempt {event.attempt}; account {event.origin.account} goes on{asked} with "
                f"{event.rate:.3g} requests/s{_request(event.request_id)}"
            )
        case events.Retried():
            return (
                f"attempt {event.attempt} failed with {events.error_type(event.error)} after {event.seconds:.2f} s, "
                f"again in {event.wait:.1f} s{_request(event.request_id)}"
            )
        case events.PageFetched():
            took = f"{event.seconds:.3f} s after {event.waited:.3f} s of waiting, attempt {event.attempts}"
            counts = f"{event.items} items, {event.malformed} more are malformed"
            return f"page {event.page} has {counts}; {took}{_request(event.request_id)}"
    return _end(event)


def _end(event: events.SourceFinished) -> str:
    progress = event.progress
    error = "" if progress.error is None else f" by {events.error_type(progress.error)}"
    request = "" if progress.error is None else _request(getattr(progress.error, "request_id", None))
    return (
        f"{progress.outcome.value}{error} after {progress.elapsed:.1f} s: {progress.items} items, "
        f"{progress.pages} pages, {progress.retries} retries{request}"
    )


def _totals(report: BulkReport) -> str:
    outcomes = [state.outcome for state in report.sources.values()]
    counts = ", ".join(f"{outcomes.count(outcome)} {outcome.value}" for outcome in Outcome if outcome in outcomes)
    return f"{report.items} items, {report.pages} pages, {report.retries} retries; of the sources {counts}"


def _request(request_id: str | None) -> str:
    return f" (request id {request_id})" if request_id else ""


def _frames(failure: BaseException) -> list[str]:
    """Return where a failure came from, and each of its parts, as a traceback has it."""
    lines = traceback.format_tb(failure.__traceback__)
    if isinstance(failure, BaseExceptionGroup):
        for part in failure.exceptions:
            lines += [f"  {type(part).__name__}\n", *_frames(part)]
    return lines
