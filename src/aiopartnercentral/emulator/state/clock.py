"""The emulator's time, which can be moved."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral.emulator.seed.items import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Witness = Callable[[datetime, bool], None]

# What expires does so later than now, and still within the calendar.
END = datetime(9000, 12, 31, tzinfo=UTC)

STILL: Final = RLock()
"""While a thread holds this, no other one moves a clock. It is one for all: a clock can be copied, a lock cannot."""


def _aware(_: object, __: attrs.Attribute[datetime], moment: datetime) -> None:
    if moment.tzinfo is None or moment > END:
        raise ValueError("the time at which an emulator starts must have a time zone, and be before the year 9001")


@attrs.define
class Clock:
    """What time it is in the emulator; any thread may ask and move it.

    Arguments:
        start: when it begins. The default is the day on which the seeded world stands, so that what is pending there
            is pending whenever the emulator is started.
        running: whether time goes on as it does outside; otherwise only `advance` moves it.
        tick: seconds of the outside, never going backwards.

    Raises:
        ValueError: the start has no time zone, or is after the year 9000.
    """

    _now: datetime = attrs.field(default=TODAY, alias="start", validator=_aware)
    _running: bool = attrs.field(default=True, alias="running")
    _tick: Callable[[], float] = time.monotonic
    _read_at: float = attrs.field(init=False)
    _witness: Witness | None = attrs.field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Begin."""
        self._read_at = self._tick()

    def now(self) -> datetime:
        """Return what time it is: at the end of the calendar, it stands still."""
        with STILL:
            gone = timedelta(seconds=self._tick() - self._read_at) if self._running else timedelta(0)
            return min(self._now + gone, END)

    @property
    def running(self) -> bool:
        """Whether time goes on by itself; it goes on from where it is when this is set."""
        return self._running

    @running.setter
    def running(self, running: bool) -> None:
        with STILL:
            now = self.now()
            self._tell(now, running=running)
            self._now, self._read_at, self._running = now, self._tick(), running

    def advance(self, by: timedelta) -> datetime:
        """Move the time on, and return what time it is then.

        Raises:
            ValueError: the time would go backwards, or beyond the year 9000.
            StateError: the emulator keeps its state in a file, which cannot be written; the time has not moved.
        """
        if by < timedelta(0):
            raise ValueError("time goes forward only")
        with STILL:
            now = self.now()
            if by > END - now:
                raise ValueError("the emulator's time ends with the year 9000")
            self._tell(now + by, running=self.running)
            self._now += by
            return self.now()

    def resume(self, moment: datetime) -> None:
        """Go on from a moment, unless it is later already."""
        with STILL:
            self._now += max(min(moment, END) - self.now(), timedelta(0))

    @contextmanager
    def watched(self, witness: Witness) -> Iterator[None]:
        """Let somebody know of each move before it is made: what time it will be, and whether time will go on.

        What the witness raises keeps the clock as it is.

        Raises:
            RuntimeError: another one watches.
        """
        if self._witness is not None:
            raise RuntimeError("this clock belongs to another emulator that keeps its state")
        self._witness = witness
        try:
            yield
        finally:
            self._witness = None

    def _tell(self, moment: datetime, *, running: bool) -> None:
        if self._witness is not None:
            self._witness(moment, running)


def stamp(moment: datetime) -> str:
    """Return a moment in UTC as the service writes it, to the millisecond."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
