"""The board of a bulk collection on stderr: redrawn within the window of a terminal, otherwise a line now and then."""

from __future__ import annotations

import sys
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

import anyio
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from aiopartnercentral.cli.text import clean, counted, say, unheard

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiopartnercentral.bulk.origin import Origin
    from aiopartnercentral.cli.board import Board, Line

__all__ = ["watch"]

_LIVE_SECONDS = 0.1
_LINE_SECONDS = 5.0
_MOST_LINES = 20
_OWN_LINES = 4  # of the window: the totals, who is not shown, and where the cursor stands


async def watch(board: Board, name: Callable[[Origin], str], *, live: bool) -> None:
    """Show the board until cancelled, which leaves the terminal in order.

    Arguments:
        board: what is to be shown.
        name: gives what a source is called.
        live: redraw in place, which nothing else may write to the terminal meanwhile.
    """
    if live:
        with unheard():
            await _watch_live(board, name)
    else:
        await _watch_in_lines(board)


async def _watch_live(board: Board, name: Callable[[Origin], str]) -> None:
    console = Console(file=sys.stderr, force_terminal=True)
    with Live(
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        get_renderable=partial(_drawn, board, name, console),
    ) as it:
        while True:
            it.refresh()
            await anyio.sleep(_LIVE_SECONDS)


def _drawn(board: Board, name: Callable[[Origin], str], console: Console) -> Group:
    room = max(0, min(_MOST_LINES, console.size.height - _OWN_LINES))
    lines = [_line(name(origin), line) for origin, line in islice(board.under_way.items(), room)]
    more = len(board.under_way) - len(lines)
    if more and lines:
        lines.append(f"  and {more} more under way")
    # Cut rather than broken: a line more than there is room for could not be taken back.
    return Group(*(Text(line, no_wrap=True, overflow="ellipsis") for line in [*lines, *_totals(board)]))


def _line(name: str, line: Line) -> str:
    slowed = "" if line.rate is None else f", throttled to {line.rate:.2g} requests a second"
    return f"  {clean(name)}: {counted(line.pages, 'page')}, {counted(line.items, 'item')}{slowed}"


async def _watch_in_lines(board: Board) -> None:
    shown = None
    try:
        while True:
            await anyio.sleep(_LINE_SECONDS)
            shown = ", ".join(_totals(board))
            say(shown)
    finally:
        last = ", ".join(_totals(board))
        if board.sources and last != shown:
            say(last)


def _totals(board: Board) -> tuple[str, str]:
    """Return how far the whole is, and what it has brought, each short enough for a line."""
    failed = f" ({board.failed} failed)" if board.failed else ""
    left = f", about {_clock(board.left)} left" if board.left else ""
    throttled = f", throttled {counted(board.throttled, 'time')}" if board.throttled else ""
    return (
        f"{board.finished} of {counted(board.sources, 'source')}{failed} in {_clock(board.elapsed)}{left}",
        f"{counted(board.pages, 'page')}, {counted(board.items, 'item')}, {board.rate:.1f} pages/s{throttled}",
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
