"""What a bulk collection has brought so far, source by source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral._pagination.report import Progress, Totals, failures, table
from aiopartnercentral.bulk.instrumentation.events import error_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from aiopartnercentral.bulk.origin import Origin

__all__ = ["BulkReport", "SourceReport"]


@attrs.frozen(kw_only=True)
class SourceReport(Progress):
    """What one listing of one source has brought so far; see `Progress` for the other attributes.

    Attributes:
        origin: which one.
        throttled: how often the service asked for fewer requests.
        restarted: whether it began anew because the page token of an earlier run had expired, or had led in a circle.
    """

    origin: Origin
    throttled: int = 0
    restarted: bool = False


@attrs.frozen(kw_only=True)
class BulkReport(Totals):
    """What a bulk collection has brought up to one moment; a snapshot that no longer changes.

    Attributes:
        sources: for each source and listing its own report, in the order in which they were named.
        elapsed: seconds from the opening of the stream to its end, or to now while it has not ended.
    """

    sources: Mapping[Origin, SourceReport]
    elapsed: float

    @property
    def states(self) -> Collection[Progress]:
        """The reports of all sources."""
        return self.sources.values()

    @property
    def failures(self) -> Mapping[Origin, Exception]:
        """For each source that failed what it failed with; those that were skipped are not among them."""
        return failures(self.sources)

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON: no page token, nothing that a malformed item holds, and no text of the service's."""
        return {
            "complete": self.complete,
            "elapsed": round(self.elapsed, 3),
            "items": self.items,
            "pages": self.pages,
            "retries": self.retries,
            "sources": [_as_json(report) for report in self.sources.values()],
        }

    def __str__(self) -> str:
        """Give a table of one line for each source, and a line of totals."""
        total = (
            f"{len(self.sources)} source(s): {self.items} items, {self.pages} pages, "
            f"{self.retries} retries in {self.elapsed:.2f} s"
        )
        return f"{table({str(origin): report for origin, report in self.sources.items()}, 'source')}\n{total}"


def _as_json(report: SourceReport) -> dict[str, Any]:
    error = report.error
    return {
        "label": report.origin.label,
        "catalog": report.origin.catalog,
        "account": report.origin.account,
        "listing": report.origin.listing,
        "operation": report.origin.operation,
        "outcome": report.outcome.value,
        "complete": report.complete,
        "items": report.items,
        "pages": report.pages,
        "retries": report.retries,
        "throttled": report.throttled,
        "restarted": report.restarted,
        "elapsed": round(report.elapsed, 3),
        "error": None if error is None else {"type": type(error).__name__, "message": error_text(error)},
        "malformed": [
            {"path": item.path, "reason": item.reason, "request_id": item.request_id} for item in report.malformed
        ],
    }
