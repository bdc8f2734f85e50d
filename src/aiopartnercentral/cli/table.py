"""Tables for people, drawn by rich, and what the command says at the end of a run: a table or a line.

In a narrow terminal, columns are left out, and their names printed below the table; only prose is cut.
"""

from __future__ import annotations

import io
import sys
import textwrap
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiopartnercentral._pagination.report import KeyT, Outcome, Report, SourceReport, omissions
from aiopartnercentral._pagination.report_text import in_table
from aiopartnercentral._pagination.source_report import SkippedParents
from aiopartnercentral._utils.text import clean, counted, listed
from aiopartnercentral.cli.messages import cause_lines, explain_all, failure_lines
from aiopartnercentral.cli.terminal import is_styled, is_terminal, say, show, width_of, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aiopartnercentral.cli.config import Config

__all__ = [
    "Column",
    "Item",
    "Part",
    "encoded",
    "named",
    "prose",
    "render",
    "report_text",
    "say_how_far",
    "say_result",
    "say_unwritten",
]

_GAP = 2
_LEAST_PROSE = 14  # minimum characters of a cut cell
# rich measures every cell of a table several times, which takes seconds for thousands of rows. So a block of rows is
# passed as one row of multi-line cells.
_ROWS_AT_ONCE = 200

Item: TypeAlias = "Sequence[Sequence[str]]"
"""The rows of one item: one, or one for each of its entries."""


class Part(Enum):
    """The part of an item that a column shows."""

    ITEM = auto()
    """The item itself: the same in each of its rows."""
    KEY = auto()
    """The key of the row's entry."""
    ENTRY = auto()
    """The row's entry; shown only with its key."""


@attrs.frozen
class Column:
    """A column of single-line cells.

    Attributes:
        head: its title.
        rank: columns with the highest rank are left out first.
        part: the part of an item that it shows.
        prose: whether its cells may be cut, as a name may; an identifier, a number or a time may not.
        numeric: whether its cells are aligned to the right.
    """

    head: str
    rank: int = 0
    part: Part = attrs.field(default=Part.ITEM, kw_only=True)
    prose: bool = attrs.field(default=False, kw_only=True)
    numeric: bool = attrs.field(default=False, kw_only=True)


def _fetched(state: SourceReport) -> str:
    """Return when the items of a source were fetched, to the minute; empty if nothing was requested."""
    if state.started_at is None:
        return ""
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (state.started_at, state.finished_at or state.started_at))
    day, clock = end.split()
    until = clock if start.startswith(day) else end
    return start if start == end else f"{start} to {until}"


_SOURCE: Final = Column("source", 0)
_SINCE: Final = Column("since (UTC)", 2)
_EARLIER: Final = Column("of earlier runs", 4, numeric=True)
_SUMMARY: Final[Mapping[Column, Callable[[SourceReport], str]]] = {
    Column("outcome", 1): lambda state: state.outcome.value,
    _SINCE: lambda state: "whole" if state.since is None else f"{state.since:%Y-%m-%d %H:%M:%S}",
    Column("items", 2, numeric=True): lambda state: str(state.items),
    _EARLIER: lambda state: str(state.resumed_items),
    Column("fetched (UTC)", 3): _fetched,
    Column("pages", 6, numeric=True): lambda state: str(state.pages),
    Column("retries", 7, numeric=True): lambda state: str(state.retries),
    Column("seconds", 5, numeric=True): lambda state: f"{state.elapsed:.2f}",
}
"""The columns of a summary after the first one, each with the function that gives its cells."""


def encoded(text: str, *, terminal: bool) -> bytes:
    """Return the text as bytes: in the terminal's encoding if stdout is one, otherwise in UTF-8."""
    encoding = sys.stdout.encoding if terminal and sys.stdout is not None else None
    return text.encode(encoding or "utf-8", "replace")


def named(report: Report[KeyT], name: Callable[[KeyT], str]) -> Report[str]:
    """Return the report with the displayed names of the sources."""
    fields = attrs.asdict(report, recurse=False)
    return Report(**{**fields, "sources": {name(key): state for key, state in report.sources.items()}})


def report_text(report: Report[str], *, width: int | None, styled: bool = False) -> str:
    """Return the summary of a run: a line for each source, of totals, of earlier files, and for each problem.

    Problems are malformed items that were left out, parents without items, ignored errors, and errors.

    With more than 50 sources, those that are complete or were not requested are not listed.

    Arguments:
        report: the report of the run, with the displayed names of the sources.
        width: width of the terminal, or None.
        styled: whether titles are bold.
    """
    shown, rest = in_table(report.sources)
    is_incremental = any(state.since is not None for state in report.sources.values())
    is_shown = {_EARLIER: report.resumed_items > 0, _SINCE: is_incremental}
    columns = [column for column in _SUMMARY if is_shown.get(column, True)]
    rows = [[clean(name), *(_SUMMARY[column](state) for column in columns)] for name, state in shown.items()]
    table = render([_SOURCE, *columns], [[row] for row in rows], width=width, styled=styled) if rows else ""
    ignored = {
        name: state.error
        for name, state in report.sources.items()
        if state.outcome is Outcome.SKIPPED and state.error is not None
    }
    lines = [
        *_omissions(report.sources),
        *(f"skipped: {line}" for line in explain_all(ignored)),
        *(f"error: {line}" for line in explain_all(report.failures)),
        *cause_lines(report.failures),
    ]
    left = [] if report.left_in_place is None else [report.left_in_place]
    return f"{table}{prose([*filter(None, [rest]), report.totals, *left, *lines], width)}"


def prose(lines: Iterable[str], width: int | None) -> str:
    """Return lines for people: on a terminal wrapped at words, the parts of each line indented after the first."""
    return "".join(f"{wrapped(line, width, hanging=2)}\n" for line in lines)


def _omissions(states: Mapping[str, SourceReport]) -> list[str]:
    """Return a line for the sources that have the same omissions."""
    names: dict[str, list[str]] = {}
    for name, state in states.items():
        if text := omissions(state):
            names.setdefault(text, []).append(clean(name))
    return [f"{listed(each)}: {text}" for text, each in names.items()]


def render(columns: Sequence[Column], items: Sequence[Item], *, width: int | None, styled: bool = False) -> str:
    """Return the items as a table, followed by the names of the columns that are left out.

    Without room for the key column, an item has one row, without the columns of its entries.

    Arguments:
        columns: from left to right.
        items: the cells of each row of each item.
        width: width of the terminal; None for all columns at full width.
        styled: whether titles are bold.
    """
    rows = [row for item in items for row in item]
    needs = [max((cell_len(row[index]) for row in rows), default=0) for index in range(len(columns))]
    widths = _fit(columns, needs, width)
    keyed = any(column.part is Part.KEY for column in columns)
    if keyed and not any(columns[index].part is Part.KEY for index in widths):
        rows = [row for item in items for row in item[:1]]
    shown = io.StringIO()
    console = Console(
        file=shown,
        width=sum(widths.values()) + _GAP * len(widths),
        height=1,
        force_terminal=styled,
        color_system="standard" if styled else None,  # whatever TERM is
        no_color=True,  # bold is all the style there is
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.print(_table(columns, widths, (), header=True))
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        console.print(_table(columns, widths, rows[start : start + _ROWS_AT_ONCE], header=False))
    lines = shown.getvalue().split("\n")
    return "\n".join(line.rstrip() for line in lines) + _left_out(columns, widths, width)


def _table(
    columns: Sequence[Column], widths: Mapping[int, int], rows: Sequence[Sequence[str]], *, header: bool
) -> Table:
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_header=header, header_style="bold")
    for index, width in widths.items():
        table.add_column(
            Text(columns[index].head, no_wrap=False),
            width=width,
            no_wrap=True,
            overflow="ellipsis",
            vertical="bottom",
            justify="right" if columns[index].numeric else "left",
        )
    if rows:
        table.add_row(*("\n".join(row[index] for row in rows) for index in widths))
    return table


def _fit(columns: Sequence[Column], needs: Sequence[int], room: int | None) -> Mapping[int, int]:
    """Return the width of each column that fits, by its index, from left to right."""
    whole = [max(need, cell_len(column.head)) for column, need in zip(columns, needs, strict=True)]
    if room is None or sum(whole) + _GAP * (len(whole) - 1) <= room:
        return dict(enumerate(whole))
    given: dict[int, int] = {}
    rest = room + _GAP
    for index in sorted(range(len(columns)), key=lambda index: columns[index].rank):
        column, need = columns[index], needs[index]
        if column.part is Part.ENTRY and all(columns[other].part is not Part.KEY for other in given):
            continue
        word = max(map(cell_len, column.head.split()))
        width = max(word, min(need, _LEAST_PROSE) if column.prose else need)
        # The first column is always shown, as a terminal wraps a long line without losing text.
        if not given or width + _GAP <= rest:
            given[index] = width
            rest -= width + _GAP
    for index in sorted(given):
        more = max(0, min(rest, needs[index] - given[index]))
        given[index] += more
        rest -= more
    return {index: given[index] for index in sorted(given)}


def _left_out(columns: Sequence[Column], widths: Mapping[int, int], width: int | None) -> str:
    missing = [column.head for index, column in enumerate(columns) if index not in widths]
    if width is None or not missing:
        return ""
    return textwrap.fill(f"(no room at {width} columns for: {', '.join(missing)})", width) + "\n"


def say_result(config: Config, report: Report[str]) -> None:
    """Print the summary; if it is not shown, the parents without items, and the files that were left in place.

    Arguments:
        config: the options.
        report: the report of the run, with the displayed names of the sources.
    """
    if config.shows_summary and sys.stderr is not None:
        gap = "\n" if config.to_terminal and is_terminal(sys.stderr) else ""  # after the items
        show(gap + report_text(report, width=width_of(sys.stderr), styled=is_styled(sys.stderr)))
    if config.shows_summary or config.quiet:
        return
    if parents := str(SkippedParents.total(state.skipped_parents for state in report.sources.values())):
        say(f"{parents}: {'--report FILE names them' if config.report is None else 'see --report'}")
    if report.left_in_place is not None:
        say(report.left_in_place)


def say_how_far(config: Config, report: Report[str]) -> None:
    """Print the result of a run that is stopped; without a summary, its failures and how much was collected."""
    say_result(config, report)
    if not config.shows_summary:
        for line in [] if config.quiet else failure_lines(report.failures):
            say(line)
        say(f"{sum(state.complete for state in report.sources.values())} complete of {report.totals}")
    if report.output_written is not True:
        say_unwritten(config, report, "the run was stopped")


def say_unwritten(config: Config, report: Report[str], reason: str | None = None) -> None:
    """Print that collected items are not in the file, if the output is one.

    Arguments:
        config: the options.
        report: the report of the run.
        reason: why it was not written; by default that sources failed.
    """
    if not (config.to_files and report.items):
        return
    if reason is None:
        is_every = len(report.failures) == len(report.sources)
        reason = "every source failed" if is_every else "a source failed"
    verb = "is" if report.items == 1 else "are"
    say(f"{clean(config.output)} was not written: {reason}, so {counted(report.items, 'item')} {verb} not in it")
