"""Results of writing: the outcome of each row, the report, and the error for rows that were not written."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import attrs

from aiopartnercentral._pagination.explanations import message_of
from aiopartnercentral._utils.text import clean, counted, listed, utc_text
from aiopartnercentral.errors import AioPartnerCentralError, error_type
from aiopartnercentral.types.mixins import Shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aiopartnercentral._pagination.report import EarlierRun

__all__ = ["MAX_PROBLEMS", "RowOutcome", "RowResult", "RowsNotWrittenError", "WriteReport"]

ResponseT_co = TypeVar("ResponseT_co", covariant=True)

MAX_PROBLEMS: Final = 100
"""How many failed and unknown rows a report keeps, so that its size does not grow with the number of rows."""


class RowOutcome(StrEnum):
    """The outcome of one row."""

    WRITTEN = "written"
    """The service has executed its request."""
    DONE = "done"
    """An earlier run had written it, so it was not sent again."""
    FAILED = "failed"
    """It was not written: its request is invalid, or the service has refused it."""
    SKIPPED = "skipped"
    """It was not written because of an error that is ignored."""
    UNKNOWN = "unknown"
    """It was sent, and may have been executed: no answer arrived, and sending it again could execute it twice."""


@attrs.frozen(kw_only=True, repr=False)
class RowResult(Shown, Generic[ResponseT_co]):
    """The result of one row.

    Attributes:
        row: the row's key.
        outcome: its outcome.
        response: the service's response, if this run has written the row; otherwise None.
        ids: the identifiers in the response by wire name, such as `{"Id": "O123"}`, also of a row that an earlier run
            has written.
        error: why the row was not written, or why its outcome is unknown; None if it is written, or was in flight when
            an earlier run ended.
        attempts: how often this run has sent the row; 0 if nothing was sent.
        request_id: the service's id of the last request, or None.
    """

    row: str
    outcome: RowOutcome
    response: ResponseT_co | None = attrs.field(default=None, repr=False)
    ids: Mapping[str, str] = attrs.field(factory=dict)
    error: Exception | None = attrs.field(default=None, repr=error_type)
    attempts: int = 0
    request_id: str | None = None

    @property
    def is_written(self) -> bool:
        """Whether this run or an earlier one has written the row."""
        return self.outcome in {RowOutcome.WRITTEN, RowOutcome.DONE}

    @property
    def problem(self) -> str:
        """Why the row is not written, in words without the service's message; empty if it is written."""
        if self.error is not None:
            return message_of(self.error)
        return "in flight when an earlier run ended" if self.outcome is RowOutcome.UNKNOWN else ""

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without the response and the service's messages."""
        return {
            "row": self.row,
            "outcome": self.outcome.value,
            "ids": dict(self.ids),
            "error": None if self.error is None else {"type": type(self.error).__name__, "message": self.problem},
            "attempts": self.attempts,
            "request_id": self.request_id,
        }


@attrs.frozen(kw_only=True, repr=False)
class WriteReport(Shown):
    """The progress of a run that writes: an immutable snapshot, whose size does not depend on the number of rows.

    Attributes:
        run_id: identifies this run in its events and log messages.
        started_at: when it began, in UTC.
        elapsed: seconds until it ended, or until now.
        resumes: the first of the runs that it resumes; None for a new run.
        rows: the number of rows of each outcome.
        retries: how often requests were sent again.
        throttled: how often the service throttled a request.
        problems: the rows that failed or whose outcome is unknown, in the order in which they ended; the first 100.
        complete: whether every row was given and written, by this run or an earlier one. False until the run has ended.
    """

    run_id: str
    started_at: datetime
    elapsed: float
    resumes: EarlierRun | None = None
    rows: Mapping[RowOutcome, int]
    retries: int = 0
    throttled: int = 0
    problems: tuple[RowResult[Any], ...] = ()
    complete: bool = False

    @property
    def failed(self) -> int:
        """How many rows failed or have an unknown outcome."""
        return self.rows[RowOutcome.FAILED] + self.rows[RowOutcome.UNKNOWN]

    @property
    def finished_at(self) -> datetime:
        """When the run ended, or when this snapshot was taken, in UTC."""
        return self.started_at + timedelta(seconds=self.elapsed)

    def as_error(self) -> RowsNotWrittenError | None:
        """Return the exception that `on_error="finish"` raises; None if no row failed or is unknown."""
        return RowsNotWrittenError(self) if self.failed else None

    def raise_for_failures(self) -> None:
        """Raise the exception for rows that failed or have an unknown outcome, if there are any.

        Raises:
            RowsNotWrittenError: there are some.
        """
        if self.failed:
            raise RowsNotWrittenError(self)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without the service's messages."""
        return {
            "run_id": self.run_id,
            "resumes": None if self.resumes is None else self.resumes.as_json(),
            "complete": self.complete,
            "started_at": self.started_at.isoformat(timespec="milliseconds"),
            "finished_at": self.finished_at.isoformat(timespec="milliseconds"),
            "elapsed": round(self.elapsed, 3),
            "rows": {outcome.value: number for outcome, number in self.rows.items()},
            "retries": self.retries,
            "throttled": self.throttled,
            "problems": [result.as_json() for result in self.problems],
            "problems_left_out": self.failed - len(self.problems),
        }

    def __str__(self) -> str:
        """Return a line of totals, and a line for each row that failed or is unknown."""
        counts = ", ".join(f"{number} {outcome.value}" for outcome, number in self.rows.items() if number)
        total = counted(sum(self.rows.values()), "row")
        retries = counted(self.retries, "retry", "retries")
        resumes = "" if self.resumes is None else f"; resumes the run of {utc_text(self.resumes.started_at)}"
        lines = [f"{total}: {counts or 'none'}; {retries} in {self.elapsed:.2f} s{resumes}"]
        lines += [f"{clean(result.row)}  {result.outcome.value}  {result.problem}" for result in self.problems]
        left_out = self.failed - len(self.problems)
        return "\n".join([*lines, f"and {left_out} more"] if left_out else lines)


class RowsNotWrittenError(AioPartnerCentralError):
    """Some rows failed, or their outcome is unknown; all others were written or skipped.

    Attributes:
        report: the report, whose `problems` has the first 100 of these rows.
    """

    def __init__(self, report: WriteReport) -> None:
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        named = []
        for outcome in (RowOutcome.FAILED, RowOutcome.UNKNOWN):
            if number := self.report.rows[outcome]:
                rows = listed(clean(result.row) for result in self.report.problems if result.outcome is outcome)
                what = "failed" if outcome is RowOutcome.FAILED else "may have been written"
                named.append(f"{counted(number, 'row')} {what}: {rows}")
        return "; ".join(named)
