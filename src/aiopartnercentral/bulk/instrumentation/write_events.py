"""The events of a run that writes: objects that are passed to one callback, its observer, and to the log.

    WritesStarted
      RowRetried    before the event of its row; also after throttling
      RowFinished   once for each row
    WritesFinished  last, after all clients and the checkpoint are closed

The callback is called in the event loop, so it must not block. An exception of the callback does not affect the run;
the first one is logged. No event holds a request or a response but `RowFinished`, whose `result` has the response. The
text of an error may quote what was sent: log its `error_type`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

import attrs

from aiopartnercentral._utils.text import counted, request_text, utc_text
from aiopartnercentral.bulk.instrumentation.logging import logger
from aiopartnercentral.bulk.write_report import RowOutcome
from aiopartnercentral.errors import error_type

if TYPE_CHECKING:
    from aiopartnercentral._pagination.report import EarlierRun
    from aiopartnercentral.bulk.source import Source
    from aiopartnercentral.bulk.write_report import RowResult, WriteReport

__all__ = ["RowFinished", "RowRetried", "WriteEvent", "WriteObserver", "WritesFinished", "WritesStarted", "log_write"]


@attrs.frozen(kw_only=True)
class WritesStarted:
    """A run has begun; nothing has been sent yet.

    Attributes:
        run: identifies the run in all its events and log messages.
        source: the source that is written to.
        service: the service's name, such as `partnercentral-selling`.
        operation: the operation's wire name, such as `CreateOpportunity`.
        resumes: the first of the runs that it resumes; None for a new run.
    """

    run: str
    source: Source
    service: str
    operation: str
    resumes: EarlierRun | None


@attrs.frozen(kw_only=True)
class RowRetried:
    """A request was throttled or failed, and will be sent again.

    Attributes:
        run: identifies the run.
        row: the row's key.
        attempt: how often the request has been sent so far.
        wait: backoff in seconds; waiting for the account's rate limit comes on top.
        rate: the account's new rate in requests per second if the request was throttled; None otherwise.
        error: the error of the attempt.
        request_id: the service's id of the request, or None.
    """

    run: str
    row: str
    attempt: int
    wait: float
    rate: float | None
    error: Exception = attrs.field(repr=error_type)
    request_id: str | None


@attrs.frozen(kw_only=True)
class RowFinished:
    """A row has an outcome, which the journal has; the consumer has not received it yet.

    Attributes:
        run: identifies the run.
        result: the result.
        seconds: from taking the row to its outcome, including waits and retries.
    """

    run: str
    result: RowResult[Any]
    seconds: float


@attrs.frozen(kw_only=True)
class WritesFinished:
    """A run has ended, and its clients and its checkpoint are closed.

    Attributes:
        run: identifies the run.
        report: its report.
        error: the exception that ended it, or None.
    """

    run: str
    report: WriteReport
    error: BaseException | None = attrs.field(repr=error_type)


WriteEvent: TypeAlias = WritesStarted | RowRetried | RowFinished | WritesFinished
"""Every event of a run that writes."""

WriteObserver: TypeAlias = Callable[[WriteEvent], object]
"""A callback for the events of a run that writes."""

_OF_OUTCOMES = {RowOutcome.FAILED: logging.WARNING, RowOutcome.UNKNOWN: logging.WARNING}


def log_write(event: WriteEvent) -> None:
    """Log an event, without the text of an error."""
    level = logging.INFO
    if isinstance(event, RowFinished):
        level = _OF_OUTCOMES.get(event.result.outcome, logging.DEBUG)
    elif isinstance(event, RowRetried) and event.rate is not None:
        level = logging.WARNING
    if logger.isEnabledFor(level):
        logger.log(level, "run %s: %s", event.run, _words(event))


def _words(event: WriteEvent) -> str:
    match event:
        case WritesStarted():
            resumes = "" if event.resumes is None else f"; resumes the run of {utc_text(event.resumes.started_at)}"
            return f"started, {event.operation} in {event.source.label}{resumes}"
        case RowRetried():
            rate = "" if event.rate is None else f", with {event.rate:.3g} requests/s"
            return (
                f"row {event.row}: attempt {event.attempt} failed with {error_type(event.error)}, "
                f"retried in {event.wait:.1f} s{rate}{request_text(event.request_id)}"
            )
        case RowFinished(result=result):
            error = "" if result.error is None else f" by {error_type(result.error)}"
            attempts = counted(result.attempts, "attempt")
            return f"row {result.row}: {result.outcome.value}{error} after {attempts}{request_text(result.request_id)}"
        case WritesFinished():
            how = "finished" if event.error is None else f"ended by {error_type(event.error)}"
            counts = ", ".join(f"{number} {outcome.value}" for outcome, number in event.report.rows.items() if number)
            return f"{how} after {event.report.elapsed:.1f} s: rows: {counts or 'none'}"
