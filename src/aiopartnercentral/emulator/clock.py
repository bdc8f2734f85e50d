"""The emulator's time, which can be moved."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.emulator.seed import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable

# What expires does so later than now, and still within the calendar.
_END = datetime(9000, 12, 31, tzinfo=UTC)


def _aware(_: object, __: attrs.Attribute[datetime], moment: datetime) -> None:
    if moment.tzinfo is None or moment > _END:
        raise ValueError("the time at which an emulator starts must have a time zone, and be before the year 9001")


@attrs.define
class Clock:
    """What time it is in the emulator.

    Arguments:
        start: when it begins. The default is the day on which the seeded world stands, so that what is pending there
            is pending whenever the emulator is started.
        running: whether time goes on as it does outside; otherwise only `advance` moves it.
        tick: seconds of the outside, never going backwards.

    Raises:
        ValueError: the start has no time zone, or is after the year 9000.
    """

    _now: datetime = attrs.field(default=TODAY, alias="start", validator=_aware)
    running: bool = True
    _tick: Callable[[], float] = time.monotonic
    _read_at: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Begin."""
        self._read_at = self._tick()

    def now(self) -> datetime:
        """Return what time it is."""
        tick = self._tick()
        if self.running:
            self._now += timedelta(seconds=tick - self._read_at)
        self._read_at = tick
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Move the time on, and return what time it is then.

        Raises:
            ValueError: the time would go backwards, or beyond the year 9000.
        """
        if by < timedelta(0):
            raise ValueError("time goes forward only")
        if by > _END - self.now():
            raise ValueError("the emulator's time ends with the year 9000")
        self._now += by
        return self._now


def stamp(moment: datetime) -> str:
    """Return a moment in UTC as the service writes it, to the millisecond."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
