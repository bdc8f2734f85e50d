"""Results of a collection: reports, and the error for failed sources.

All are generic in the key of a source: the name of a catalog for `client.paginate`, an `Origin` for `bulk.Collection`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, Self, TypeVar, runtime_checkable

import attrs

from aiopartnercentral import __version__
from aiopartnercentral._pagination.report_table import report_schema, report_table
from aiopartnercentral._pagination.report_text import report_text
from aiopartnercentral._pagination.source_report import (
    ENDED_WELL,
    Cursor,
    Outcome,
    SourceReport,
    omissions,
    picklable,
)
from aiopartnercentral._utils.text import clean, counted, json_time, listed, utc_text
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.errors import AioPartnerCentralError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiopartnercentral.sinks.base import EarlierFile
    from aiopartnercentral.types import Service

__all__ = [
    "ENDED_WELL",
    "FORMAT",
    "VERSION",
    "Cursor",
    "EarlierRun",
    "Outcome",
    "Report",
    "SourceReport",
    "SourcesFailedError",
    "omissions",
    "versions_of",
]

KeyT = TypeVar("KeyT", bound=Hashable)

FORMAT: Final = "aiopartnercentral report"
VERSION: Final = 1
"""Format of a report in JSON, and its version."""

_NAMED = 10  # how many sources the text of an error names


@attrs.frozen(kw_only=True)
class EarlierRun:
    """The run that a later one resumes; the first of them, if there are several.

    Attributes:
        run_id: its `run_id`.
        started_at: when it began, in UTC.
    """

    run_id: str
    started_at: datetime

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"run_id": self.run_id, "started_at": json_time(self.started_at)}


@runtime_checkable
class _HasJson(Protocol):
    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        ...


@attrs.frozen(kw_only=True, repr=False)
class Report(Generic[KeyT]):
    """The progress of a collection: an immutable snapshot.

    Attributes:
        sources: the report of each source, in the order in which the sources were given.
        elapsed: seconds from the opening of the stream to its end, or until now if it has not ended.
        run_id: identifies this run, as `run` of its events does; log messages have it, too. A run that resumes another
            one has an id of its own.
        started_at: when the stream was opened, in UTC.
        resumes: the run that this one resumes; None for a new one.
        output_written: whether the sink was committed; None without a sink, and until the run ends.
        earlier_files: files that an earlier run wrote and this one did not, such as that of a source that was skipped.
            Empty unless the path of the sink has placeholders.
        versions: the version of this library, and of each service's model, by name.
    """

    sources: Mapping[KeyT, SourceReport]
    elapsed: float
    run_id: str
    started_at: datetime
    resumes: EarlierRun | None = None
    versions: Mapping[str, str] = attrs.field(factory=dict)
    output_written: bool | None = None
    earlier_files: Sequence[EarlierFile] = ()

    @property
    def finished_at(self) -> datetime:
        """When the stream ended, or when this snapshot was taken, in UTC."""
        return self.started_at + timedelta(seconds=self.elapsed)

    @property
    def resumed_items(self) -> int:
        """Items of all sources that are of earlier runs."""
        return sum(state.resumed_items for state in self.sources.values())

    @property
    def resumed_pages(self) -> int:
        """Pages of all sources that are of earlier runs."""
        return sum(state.resumed_pages for state in self.sources.values())

    @property
    def items(self) -> int:
        """Items of all sources."""
        return sum(state.items for state in self.sources.values())

    @property
    def pages(self) -> int:
        """Pages of all sources."""
        return sum(state.pages for state in self.sources.values())

    @property
    def retries(self) -> int:
        """Retries of all sources."""
        return sum(state.retries for state in self.sources.values())

    @property
    def complete(self) -> bool:
        """Whether every item of every source was handed over, and written if there is a sink.

        False if anything was omitted, limited, skipped or cancelled.
        """
        return self.output_written is not False and all(state.complete for state in self.sources.values())

    @property
    def lost(self) -> bool:
        """Whether there is nothing to keep: a source failed, and none ended well."""
        outcomes = {state.outcome for state in self.sources.values()}
        return Outcome.FAILED in outcomes and not outcomes & ENDED_WELL

    @property
    def failures(self) -> Mapping[KeyT, Exception]:
        """The error of each source that failed; skipped sources are not among them."""
        return {
            key: state.error
            for key, state in self.sources.items()
            if state.error is not None and state.outcome is not Outcome.SKIPPED
        }

    def cursor(self, key: KeyT) -> Cursor | None:
        """Return where the next incremental run of a source continues; None if it must collect all of it.

        The cursor of a source advances only if the source is complete, and the output was written if there is one.
        """
        state = self.sources[key]
        if state.cursor is None or not state.complete or self.output_written is False:
            return state.earlier_cursor
        return state.cursor

    def as_error(self) -> Exception | None:
        """Return the exception that `on_error="finish"` raises: None, the error of the only source, or a group."""
        failures = self.failures
        if len(self.sources) == 1:
            return next(iter(failures.values()), None)
        return SourcesFailedError(failures, self) if failures else None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON, without page tokens and malformed items' JSON.

        Errors are explained in the library's words, because the service's text may quote the request.
        """
        return {
            "format": FORMAT,
            "version": VERSION,
            "run_id": self.run_id,
            "resumes": None if self.resumes is None else self.resumes.as_json(),
            "complete": self.complete,
            "started_at": json_time(self.started_at),
            "finished_at": json_time(self.finished_at),
            "elapsed": round(self.elapsed, 3),
            "items": self.items,
            "resumed_items": self.resumed_items,
            "pages": self.pages,
            "resumed_pages": self.resumed_pages,
            "retries": self.retries,
            "versions": dict(self.versions),
            "output_written": self.output_written,
            "earlier_files": [
                {"path": file.path, "written_at": json_time(file.written_at)} for file in self.earlier_files
            ],
            "sources": [
                {
                    **_key_as_json(key),
                    **state.as_json(),
                    "cursor": None if (cursor := self.cursor(key)) is None else cursor.as_json(),
                }
                for key, state in self.sources.items()
            ],
        }

    def merge(*reports: Report[KeyT]) -> Report[KeyT]:
        """Return one report of several runs that had different sources, such as those of several processes.

        `Report.merge(first, second)` and `first.merge(second)` are the same.

        It begins with the first run and ends with the last one. Its `run_id` has the ids of all runs, joined by `+`,
        and a version that differs between runs has all of them. The output counts as written if each run that had a
        sink has written its own.

        Raises:
            TypeError: an argument is not a report.
            ValueError: there are no reports, or the same source occurs twice: there are two results of it, and only the
                caller knows which one is in the output.
        """
        for number, report in enumerate(reports):
            if not isinstance(report, Report):
                raise TypeError(f"reports[{number}] must be a Report, not {type_name(report)}: call merge(*reports)")
        if not reports:
            raise ValueError("merge() needs at least one report")
        _check_disjoint(reports)
        started_at = min(report.started_at for report in reports)
        elapsed = max(report.finished_at for report in reports) - started_at
        written = [report.output_written for report in reports if report.output_written is not None]
        return Report(
            sources={key: state for report in reports for key, state in report.sources.items()},
            elapsed=elapsed.total_seconds(),
            run_id=_joined("+", (report.run_id for report in reports)),
            started_at=started_at,
            resumes=min(filter(None, (report.resumes for report in reports)), key=_STARTED_AT, default=None),
            versions={
                name: _joined(", ", (each.versions[name] for each in reports if name in each.versions))
                for name in _each_once(name for report in reports for name in report.versions)
            },
            output_written=all(written) if written else None,
            earlier_files=tuple(_each_once(file for report in reports for file in report.earlier_files)),
        )

    def to_arrow(self) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return a `pyarrow.Table` with a row for each source, whose columns are the members of a source in the JSON.

        The first column is the `run_id`. Like the JSON, it is without page tokens, malformed items' JSON and the
        service's messages.

        Raises:
            ImportError: pyarrow is not installed.
        """
        return report_table(self.as_json())

    @staticmethod
    def arrow_schema() -> Any:  # noqa: ANN401 - as above
        """Return the `pyarrow.Schema` of `to_arrow`, which is the same for every report.

        Raises:
            ImportError: pyarrow is not installed.
        """
        return report_schema()

    def to_html(self) -> str:
        """Return the report as a page for a browser, which needs no other file and has no scripts.

        It has the totals, the failures by cause with what to do about each, and a line for each of the first 1,000
        sources with when it ran, its rate, retries and throttled requests; those that failed come first. Like the
        JSON, it is without page tokens, malformed items' JSON and the service's messages.
        """
        from aiopartnercentral._pagination.report_html import report_page  # noqa: PLC0415 - rarely needed

        return report_page(self.as_json(), [state.error for state in self.sources.values()])

    def _repr_html_(self) -> str:
        from aiopartnercentral._pagination.report_html import report_fragment  # noqa: PLC0415 - only in notebooks

        return report_fragment(self.as_json())

    def __repr__(self) -> str:
        outcomes = Counter(state.outcome.value for state in self.sources.values())
        parts = [f"{number} {outcome}" for outcome, number in outcomes.items()]
        return f"<Report of {self.totals}: {', '.join(parts) or 'nothing'}>"

    def __str__(self) -> str:
        """Return a table with a line for each source, a line of totals, and one of earlier files, if any.

        Of more than 50 sources, those that are complete or were not requested are only counted. It is for people:
        unlike the JSON, it has the first line of each error's message, also of the service's. Control characters are
        escaped, and a line is cut after 300 characters.
        """
        table = report_text({str(key): state for key, state in self.sources.items()})
        return "\n".join(filter(None, [table, self.totals, self.left_in_place]))

    @property
    def totals(self) -> str:
        """A line of totals, which says how many items and pages are of earlier runs."""
        items = f"{counted(self.items, 'item')}{_of_earlier_runs(self.resumed_items)}"
        pages = f"{counted(self.pages, 'page')}{_of_earlier_runs(self.resumed_pages)}"
        retries = counted(self.retries, "retry", "retries")
        return f"{counted(len(self.sources), 'source')}: {items}, {pages}, {retries} in {self.elapsed:.2f} s"

    @property
    def left_in_place(self) -> str | None:
        """A line that names earlier files, and says when they were written; None if there are none."""
        if not self.earlier_files:
            return None
        times = sorted({utc_text(file.written_at) for file in self.earlier_files})
        written = times[0] if len(times) == 1 else f"from {times[0]} to {times[-1]}"
        return (
            f"earlier files left in place: {listed(clean(file.path) for file in self.earlier_files)}; written {written}"
        )


class SourcesFailedError(AioPartnerCentralError, ExceptionGroup[Exception], Generic[KeyT]):
    """Some of several sources failed; the others were collected completely.

    Attributes:
        failures: the exception of each source that failed; the same objects as in `exceptions`.
        collected: what `collect` has collected from the other sources; empty if a stream raised this error, as the
            consumer has received it already.
        report: the progress of all sources; None in a part that `except*` splits off.
    """

    failures: Mapping[KeyT, Exception]
    collected: Sequence[tuple[KeyT, Any]] = ()
    report: Report[KeyT] | None

    def __new__(cls, failures: Mapping[KeyT, Exception], report: Report[KeyT] | None = None) -> Self:
        """Create the group from the failures by source, of which there must be at least one, and the report."""
        named = ", ".join(map(str, islice(failures, _NAMED)))
        more = f" and {len(failures) - _NAMED} more" if len(failures) > _NAMED else ""
        self = super().__new__(cls, f"{counted(len(failures), 'source')} failed: {named}{more}", [*failures.values()])
        self.failures = dict(failures)
        self.report = report
        return self

    def __init__(self, failures: Mapping[KeyT, Exception], report: Report[KeyT] | None = None) -> None:
        """See `__new__`."""

    def derive(self, excs: Sequence[Exception], /) -> ExceptionGroup[Exception]:  # type: ignore[override]
        """Keep the type when `except*` splits the group, if it splits between sources and not within one."""
        kept = {source: failure for source, failure in self.failures.items() if failure in excs}
        return type(self)(kept) if len(kept) == len(excs) else ExceptionGroup(self.message, excs)

    def __reduce__(self) -> tuple[Any, ...]:
        failures = {key: picklable(failure) for key, failure in self.failures.items()}
        return type(self), (failures, self.report), {**vars(self), "failures": failures}


def versions_of(services: Iterable[Service]) -> dict[str, str]:
    """Return the version of this library, and of each service's model, by name."""
    return {"aiopartnercentral": __version__} | {service.name: service.api_version for service in services}


def _of_earlier_runs(number: int) -> str:
    return f" ({number} of earlier runs)" if number else ""


def _key_as_json(key: object) -> dict[str, Any]:
    return key.as_json() if isinstance(key, _HasJson) else {"catalog": str(key)}


def _check_disjoint(reports: Iterable[Report[Any]]) -> None:
    """Raise `ValueError` for two reports that have the same source, or one that has it twice."""
    seen: dict[tuple[str, ...], int] = {}
    for number, report in enumerate(reports):
        for key in report.sources:
            values = _key_as_json(key)
            name = tuple(str(values.get(each)) for each in ("label", "catalog", "listing"))
            if seen.get(name) == number:
                raise ValueError(f"reports[{number}] has the source {key} twice")
            if name in seen:
                raise ValueError(f"reports[{seen[name]}] and reports[{number}] both have the source {key}")
            seen[name] = number


def _joined(separator: str, texts: Iterable[str]) -> str:
    """Join texts, each once; the text of a report that is itself merged has several parts."""
    return separator.join(_each_once(part for text in texts for part in text.split(separator)))


def _each_once(values: Iterable[KeyT]) -> list[KeyT]:
    return list(dict.fromkeys(values))


_STARTED_AT: Final = attrgetter("started_at")
