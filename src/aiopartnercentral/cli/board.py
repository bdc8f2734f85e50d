"""What the events of a bulk collection come to: who is under way, and how far the whole is."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.bulk.instrumentation.events import (
    PageFetched,
    RunStarted,
    SourceFinished,
    SourceRestarted,
    SourceStarted,
    Throttled,
)

if TYPE_CHECKING:
    from aiopartnercentral.bulk.instrumentation.events import Event
    from aiopartnercentral.bulk.origin import Origin

__all__ = ["Board", "Line"]

_RECENT = 10.0  # seconds of which the present rate is the mean
_FEW = 3  # sources, of which one cannot tell how long the others will take


@attrs.define
class Line:
    """A source that is under way.

    Attributes:
        pages: that have arrived in this run.
        items: that they had.
        rate: requests a second that its account was throttled to; None while it is not.
    """

    pages: int = 0
    items: int = 0
    rate: float | None = None


@attrs.define(eq=False)
class Board:
    """Notes the events of one run; `note` is the observer.

    Attributes:
        sources: how many there are.
        finished: how many are over, by this run or an earlier one.
        failed: how many of them failed in this run.
        resumed: how many an earlier run has finished.
        pages: that have arrived in this run.
        items: that they had.
        throttled: how often the service asked for fewer requests.
        under_way: the sources that have begun and not ended, in the order of their beginning.
    """

    sources: int = 0
    finished: int = 0
    failed: int = 0
    resumed: int = 0
    pages: int = 0
    items: int = 0
    throttled: int = 0
    under_way: dict[Origin, Line] = attrs.field(factory=dict)
    _began: float = attrs.field(factory=time.monotonic)
    _recent: deque[float] = attrs.field(factory=deque)

    def note(self, event: Event) -> None:
        """Take in an event."""
        match event:
            case RunStarted(origins=origins, finished=finished):
                self.sources = len(origins) + len(finished)
                self.finished = self.resumed = len(finished)
                self._began = time.monotonic()
            case SourceStarted(origin=origin) | SourceRestarted(origin=origin):
                self.under_way[origin] = Line()
            case PageFetched(origin=origin):
                self._page(self.under_way.setdefault(origin, Line()), event)
            case Throttled(origin=origin, rate=rate):
                self.throttled += 1
                self.under_way.setdefault(origin, Line()).rate = rate
            case SourceFinished(origin=origin, progress=progress):
                self.under_way.pop(origin, None)
                self.finished += 1
                self.failed += progress.outcome is Outcome.FAILED

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._began

    @property
    def rate(self) -> float:
        """Pages a second, of late."""
        now = time.monotonic()
        while self._recent and now - self._recent[0] > _RECENT:
            self._recent.popleft()
        return len(self._recent) / max(min(self.elapsed, _RECENT), 1.0)

    @property
    def left(self) -> float | None:
        """Seconds until the end if the other sources take as long as those up to now; None if one cannot tell."""
        done = self.finished - self.resumed
        return self.elapsed / done * (self.sources - self.finished) if done >= _FEW else None

    def _page(self, line: Line, event: PageFetched) -> None:
        line.pages += 1
        line.items += event.items
        line.rate = None
        self.pages += 1
        self.items += event.items
        self._recent.append(time.monotonic())
