"""How far each catalog is, on stderr: a live display on a terminal, otherwise a line now and then."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

import anyio
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.cli.text import clean, counted, say, unheard

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral._pagination.report import CatalogReport, Report

__all__ = ["can_be_live", "follow", "is_terminal", "width_of"]

_LIVE_SECONDS = 0.1
_LINE_SECONDS = 1.0
_USUAL_WIDTH = 80
_UNDER_WAY = (Outcome.PENDING, Outcome.RUNNING)


def is_terminal(stream: object) -> bool:
    """Tell whether a person looks at the stream; it may be closed, or None."""
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]
    except (AttributeError, ValueError):
        return False


def width_of(stream: TextIO | None) -> int | None:
    """Return how many characters a line of the stream's terminal has; None if it is no terminal."""
    if stream is None or not is_terminal(stream):
        return None
    asked = os.environ.get("COLUMNS", "")
    try:
        columns = int(asked) if asked.isascii() and asked.isdigit() else os.get_terminal_size(stream.fileno()).columns
    except OSError:
        columns = 0
    # A terminal that does not know says 0.
    return columns or _USUAL_WIDTH


def can_be_live() -> bool:
    """Tell whether stderr is a terminal that can move its cursor."""
    return is_terminal(sys.stderr) and os.environ.get("TERM", "") not in ("", "dumb", "unknown")


async def follow(report: Callable[[], Report], *, live: bool) -> None:
    """Show the state until cancelled, which leaves the terminal in order.

    Arguments:
        report: gives the state of the moment.
        live: redraw in place, which nothing else may write to the terminal meanwhile.
    """
    if live:
        with unheard():
            await _follow_live(report)
    else:
        await _follow_in_lines(report)


async def _follow_live(report: Callable[[], Report]) -> None:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[state]}", markup=False),
        TimeElapsedColumn(),
    )
    console = Console(file=sys.stderr, force_terminal=True)
    with Progress(
        *columns,
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    ) as display:
        rows = {
            catalog: display.add_task(clean(catalog), total=None, start=False, state="")
            for catalog in report().catalogs
        }
        try:
            while True:
                _redraw(display, rows, report())
                await anyio.sleep(_LIVE_SECONDS)
        finally:
            _redraw(display, rows, report())


def _redraw(display: Progress, rows: dict[str, TaskID], report: Report) -> None:
    for catalog, state in report.catalogs.items():
        row = rows[catalog]
        if state.outcome is not Outcome.PENDING:
            display.start_task(row)
        if state.outcome not in _UNDER_WAY:
            display.update(row, total=1, completed=1)
            display.stop_task(row)
        display.update(row, state=_counts(state))
    display.refresh()


async def _follow_in_lines(report: Callable[[], Report]) -> None:
    shown: dict[str, tuple[Outcome, int]] = {}
    try:
        while True:
            _tell(shown, report())
            await anyio.sleep(_LINE_SECONDS)
    finally:
        _tell(shown, report())


def _tell(shown: dict[str, tuple[Outcome, int]], report: Report) -> None:
    """Write a line for each catalog that is further than when it was last shown."""
    for catalog, state in report.catalogs.items():
        now = (state.outcome, state.items)
        if state.outcome is not Outcome.PENDING and shown.get(catalog) != now:
            shown[catalog] = now
            say(f"{clean(catalog)}: {_counts(state)}")


def _counts(state: CatalogReport) -> str:
    return f"{state.outcome.value}, {counted(state.items, 'item')}, {counted(state.pages, 'page')}"
