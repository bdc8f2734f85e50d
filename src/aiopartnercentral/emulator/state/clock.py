"""The emulator's clock, which can be stopped and moved."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral._utils import validators
from aiopartnercentral.emulator.seed.items import SEED_DATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Observer = Callable[[datetime, bool], None]

_timedelta: Final = validators.instance_of(timedelta)

# Anything that expires later than this still does so within the calendar.
LATEST: Final = datetime(9000, 12, 31, tzinfo=UTC)

CLOCK_LOCK: Final = RLock()
"""While a thread holds this, no other thread moves a clock. All clocks share it, as a lock cannot be copied."""


@validators.Check
def _start(name: str, value: object) -> datetime:
    start = validators.aware_datetime(name, value)
    if start > LATEST:
        raise ValueError(f"{name} must be a datetime before the year 9001")
    return start


@attrs.define
class Clock:
    """The emulator's clock; every thread may read and move it.

    Arguments:
        start: the time at the start. The default is the date of the seeded data, so that pending invitations are
            pending whenever the emulator is started.
        running: whether time passes as it really does; otherwise only `advance` moves the clock.
        tick: a monotonic clock, in seconds.

    Raises:
        TypeError: an argument has a wrong type.
        ValueError: the start has no time zone, or is after the year 9000.
    """

    _now: datetime = attrs.field(default=SEED_DATE, alias="start", validator=_start)
    _running: bool = attrs.field(default=True, alias="running", validator=validators.flag)
    _tick: Callable[[], float] = attrs.field(default=time.monotonic, validator=validators.function())
    _read_at: float = attrs.field(init=False)
    _observer: Observer | None = attrs.field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Start the clock."""
        self._read_at = self._tick()

    def now(self) -> datetime:
        """Return the time; at the end of the calendar, the clock stops."""
        with CLOCK_LOCK:
            elapsed = timedelta(seconds=self._tick() - self._read_at) if self._running else timedelta(0)
            return min(self._now + elapsed, LATEST)

    @property
    def running(self) -> bool:
        """Whether time passes by itself; setting it does not change the time."""
        return self._running

    @running.setter
    def running(self, running: bool) -> None:
        validators.flag("running", running)
        with CLOCK_LOCK:
            now = self.now()
            self._notify(now, running=running)
            self._now, self._read_at, self._running = now, self._tick(), running

    def advance(self, by: timedelta) -> datetime:
        """Move the clock forward, and return the new time.

        Raises:
            TypeError: `by` is not a timedelta.
            ValueError: the clock would go backwards, or beyond the year 9000.
            StateError: the emulator cannot write its state file; the clock has not moved.
        """
        if _timedelta("by", by) < timedelta(0):
            raise ValueError("by must not be negative: the clock only moves forward")
        with CLOCK_LOCK:
            now = self.now()
            if by > LATEST - now:
                raise ValueError("by must not move the clock beyond the year 9000")
            self._notify(now + by, running=self.running)
            self._now += by
            return self.now()

    def catch_up(self, moment: datetime) -> None:
        """Move the clock forward to a time, unless it is later already."""
        with CLOCK_LOCK:
            self._now += max(min(moment, LATEST) - self.now(), timedelta(0))

    def restorer(self) -> Callable[[], None]:
        """Return a function that undoes all later moves and stops; it is not for a clock that is observed."""
        before = self._now, self._read_at, self._running

        def restore() -> None:
            with CLOCK_LOCK:
                if self._observer is not None:
                    raise ValueError("everything cannot be reset with a state file: the clock in it never goes back")
                self._now, self._read_at, self._running = before

        return restore

    @contextmanager
    def restored_on_error(self) -> Iterator[None]:
        """Hold the clock for several changes; an exception undoes them."""
        with CLOCK_LOCK:
            before = self._now, self._read_at, self._running
            try:
                yield
            except BaseException:
                self._now, self._read_at, self._running = before
                raise

    @contextmanager
    def observed(self, observer: Observer) -> Iterator[None]:
        """Call an observer before each move of the clock, with the new time and whether the clock will be running.

        If the observer raises an exception, the clock does not move.

        Raises:
            RuntimeError: the clock has another observer.
        """
        if self._observer is not None:
            raise RuntimeError("this clock belongs to another emulator with a state file")
        self._observer = observer
        try:
            yield
        finally:
            self._observer = None

    def _notify(self, moment: datetime, *, running: bool) -> None:
        if self._observer is not None:
            self._observer(moment, running)


def next_timestamp(now: datetime, latest: str) -> str:
    """Return the time of a change of an item, later than that of its latest change, even if the clock is stopped."""
    after = datetime.fromisoformat(latest) + timedelta(milliseconds=1)
    return format_timestamp(max(now, after))


def format_timestamp(moment: datetime) -> str:
    """Return a time in UTC in the service's format, with milliseconds."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
