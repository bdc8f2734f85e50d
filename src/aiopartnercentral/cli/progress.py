"""Shows the progress of a run on stderr: redrawn in place on a terminal, otherwise a line every few seconds."""

from __future__ import annotations

import sys
import time
from collections import deque
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from textwrap import wrap
from typing import TYPE_CHECKING

import anyio
import attrs
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from aiopartnercentral._pagination.report import Outcome, Report
from aiopartnercentral._utils.text import clean, counted, listed
from aiopartnercentral.bulk import (
    PageFetched,
    RunFinished,
    RunStarted,
    SourceFinished,
    SourceRestarted,
    SourceStarted,
    Throttled,
)
from aiopartnercentral.bulk.instrumentation.events import CURSOR_AHEAD
from aiopartnercentral.cli.terminal import say, tolerate_closed_stderr

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiopartnercentral.bulk import Event, Origin

__all__ = ["MOST_LINES", "Progress", "SourceProgress", "progress_lines", "with_progress"]

_LIVE_SECONDS = 0.1
_LINE_SECONDS = 5.0
_RATE_SECONDS = 10.0  # seconds over which the page rate is averaged
_WAIT_SECONDS = 10.0  # seconds without a page, from which on a source is said to wait
_FEW = 3  # finished sources that an estimate requires
MOST_LINES = 20
_OTHER_LINES = 4  # lines besides those of sources: the totals, the number of hidden sources, and the cursor


def _now() -> float:
    return time.monotonic()


@attrs.define
class SourceProgress:
    """The progress of a source that is being collected.

    Attributes:
        pages: pages that this run has fetched.
        items: items of those pages.
        rate: requests per second that its account is throttled to; None while it is not throttled.
        since: when it started or its last page arrived, by the monotonic clock.
    """

    pages: int = 0
    items: int = 0
    rate: float | None = None
    since: float = attrs.field(factory=_now)

    @property
    def waits(self) -> float | None:
        """Seconds without a page; None if they are few."""
        seconds = time.monotonic() - self.since
        return seconds if seconds >= _WAIT_SECONDS else None


@attrs.define(eq=False)
class Progress:
    """The totals of a run's events; `observe` is the run's observer.

    Attributes:
        sources: number of sources; set in advance if several runs collect them one after the other.
        is_trial: whether the sources are only tried, with one request each.
        started: whether a run has started.
        finished: number of sources that ended by themselves, in this run or an earlier one.
        failed: number of sources that failed in this run; they are finished, too.
        cancelled: number of sources that ended with their run before they were finished.
        resumed: number of sources that an earlier run had finished.
        pages: pages that this run has fetched.
        items: items of those pages.
        throttled: how often the service throttled a request.
        whole: the sources that are collected as a whole, as the cursor of the earlier run lies in the future.
        running: the sources that are being collected, in the order of their start.
    """

    sources: int = 0
    is_trial: bool = False
    started: bool = False
    finished: int = 0
    failed: int = 0
    cancelled: int = 0
    resumed: int = 0
    pages: int = 0
    items: int = 0
    throttled: int = 0
    whole: list[Origin] = attrs.field(factory=list)
    running: dict[Origin, SourceProgress] = attrs.field(factory=dict)
    _began: float = attrs.field(factory=time.monotonic)
    _arrived: float = attrs.field(factory=_now)
    _recent: deque[float] = attrs.field(factory=deque)
    _reports: list[Report[Origin]] = attrs.field(factory=list)

    def observe(self, event: Event) -> None:
        """Count an event."""
        if isinstance(event, (PageFetched, SourceFinished)):
            self._arrived = time.monotonic()
        match event:
            case RunStarted(origins=origins, finished=finished):
                self.started = True
                self.sources = max(self.sources, self.finished + len(origins) + len(finished))
                self.finished += len(finished)
                self.resumed += len(finished)
            case SourceStarted(origin=origin):
                self.running[origin] = SourceProgress()
            case SourceRestarted(origin=origin, reason=reason):
                self.running[origin] = SourceProgress()
                if reason == CURSOR_AHEAD:
                    self.whole.append(origin)
            case PageFetched(origin=origin, items=items):
                source = self.running.setdefault(origin, SourceProgress())
                source.pages += 1
                source.items += items
                source.rate = None
                source.since = self._arrived
                self.pages += 1
                self.items += items
                self._recent.append(time.monotonic())
            case Throttled(origin=origin, rate=rate):
                self.throttled += 1
                self.running.setdefault(origin, SourceProgress()).rate = rate
            case SourceFinished(origin=origin, report=report):
                self.running.pop(origin, None)
                self.finished += report.outcome is not Outcome.CANCELLED
                self.failed += report.outcome is Outcome.FAILED
            case RunFinished(report=report):
                # Also those that have not started, which have no event of their own.
                self.cancelled += sum(each.outcome is Outcome.CANCELLED for each in report.sources.values())
                self._reports.append(report)

    @property
    def report(self) -> Report[Origin]:
        """The report of the finished run, or of several that ran one after the other."""
        if not self._reports:
            return Report(sources={}, elapsed=0.0, run_id="", started_at=datetime.now(UTC))
        sources = {origin: state for report in self._reports for origin, state in report.sources.items()}
        elapsed = sum(report.elapsed for report in self._reports)
        return attrs.evolve(self._reports[0], sources=sources, elapsed=elapsed)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    @property
    def rate(self) -> float:
        """Pages per second during the last ten seconds."""
        now = time.monotonic()
        while self._recent and now - self._recent[0] > _RATE_SECONDS:
            self._recent.popleft()
        return len(self._recent) / max(min(self.elapsed, _RATE_SECONDS), 1.0)

    @property
    def left(self) -> float | None:
        """Estimated seconds until the end, by the duration of the finished sources; None if there are too few.

        Also None while nothing arrives, as those that are left take longer than those that are finished.
        """
        if time.monotonic() - self._arrived >= _WAIT_SECONDS:
            return None
        done = self.finished - self.resumed
        rest = self.sources - self.finished - self.cancelled
        return self.elapsed / done * rest if done >= _FEW else None


async def with_progress(
    work: Callable[[], Awaitable[object]], progress: Progress, name: Callable[[Origin], str], *, live: bool | None
) -> None:
    """Run the work, and show the progress of its run.

    Arguments:
        work: the coroutine function.
        progress: the observer of its run.
        name: returns the displayed name of a source.
        live: whether progress is redrawn in place, rather than written line by line; None to show no progress.

    Raises:
        Exception: an error of the work.
    """
    if live is None:
        await work()
        return
    failure = None
    async with anyio.create_task_group() as group:
        group.start_soon(partial(_watch, progress, name, live=live))
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - raised again outside the task group, which would wrap it
            failure = error
        group.cancel_scope.cancel()
    if failure is not None:
        raise failure


async def _watch(progress: Progress, name: Callable[[Origin], str], *, live: bool) -> None:
    """Show the progress until cancelled, then restore the terminal."""
    if not live:
        await _write_lines(progress, name)
        return
    # Until then, a line is written that must not mix with the display.
    while not progress.started:  # noqa: ASYNC110 - as often as it is drawn
        await anyio.sleep(_LIVE_SECONDS)
    console = Console(file=sys.stderr, force_terminal=True)
    draw = partial(_drawn, progress, name, console)
    with (
        tolerate_closed_stderr(),
        Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            get_renderable=draw,
        ) as display,
    ):
        while True:
            display.refresh()
            await anyio.sleep(_LIVE_SECONDS)


def progress_lines(progress: Progress) -> Sequence[str]:
    """Return a line for each of the first running sources, and one or two lines of totals."""
    return [*_running(progress, str, MOST_LINES), *_totals(progress)]


def _running(progress: Progress, name: Callable[[Origin], str], most: int) -> Sequence[str]:
    line = _trial_line if progress.is_trial else _line
    lines = [line(name(origin), source) for origin, source in islice(progress.running.items(), most)]
    more = len(progress.running) - len(lines)
    return [*lines, f"  and {more} more running"] if more and lines else lines


def _drawn(progress: Progress, name: Callable[[Origin], str], console: Console) -> Group:
    # Lines of sources are cut, and the totals wrapped here, since rich's Live cannot erase what it has wrapped.
    width = max(20, console.size.width)
    totals = [part for line in _totals(progress) for part in wrap(line, width, subsequent_indent="  ")]
    room = max(0, min(MOST_LINES, console.size.height - _OTHER_LINES - len(totals) + 2))
    lines = (*_running(progress, name, room), *totals)
    return Group(*(Text(line, no_wrap=True, overflow="ellipsis") for line in lines))


def _line(name: str, source: SourceProgress) -> str:
    slowed = "" if source.rate is None else f", throttled to {source.rate:.2g} requests per second"
    waits = "" if source.waits is None else f", no page for {_clock(source.waits)}"
    return f"  {clean(name)}: {counted(source.pages, 'page')}, {counted(source.items, 'item')}{slowed}{waits}"


def _trial_line(name: str, source: SourceProgress) -> str:
    return f"  {clean(name)}: no answer for {_clock(time.monotonic() - source.since)}"


async def _write_lines(progress: Progress, name: Callable[[Origin], str]) -> None:
    shown = None
    try:
        while True:
            await anyio.sleep(_LINE_SECONDS)
            shown = ", ".join(_totals(progress))
            say(shown + _waiting(progress, name))
    finally:
        last = ", ".join(_totals(progress))
        if progress.started and last != shown:
            say(last)


def _waiting(progress: Progress, name: Callable[[Origin], str]) -> str:
    """Return the end of a line: the sources that wait for a page; nothing if none does."""
    waiting = [clean(name(origin)) for origin, source in progress.running.items() if source.waits is not None]
    return f", no page for {_WAIT_SECONDS:.0f} seconds: {listed(waiting)}" if waiting else ""


def _totals(progress: Progress) -> Sequence[str]:
    """Return a line about the sources, and, unless they are only tried, a line about pages and items."""
    numbers = {"failed": progress.failed, "cancelled": progress.cancelled}
    unlike = ", ".join(f"{number} {outcome}" for outcome, number in numbers.items() if number)
    apart = f" ({unlike})" if unlike else ""
    if progress.is_trial:
        tried = f"{progress.finished} of {counted(progress.sources, 'source')} tried{apart}"
        return (f"{tried} in {_clock(progress.elapsed)}",)
    seconds = progress.left
    left = f", about {_clock(seconds)} left" if seconds is not None and seconds >= 1 else ""
    throttled = f", throttled {counted(progress.throttled, 'time')}" if progress.throttled else ""
    finished = f"{progress.finished} of {counted(progress.sources, 'source')} finished{apart}"
    return (
        f"{finished} in {_clock(progress.elapsed)}{left}",
        f"{counted(progress.pages, 'page')}, {counted(progress.items, 'item')}, {progress.rate:.1f} pages/s{throttled}",
    )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
