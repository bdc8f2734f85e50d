"""The request rate of one account: evenly spaced, halved when the service throttles, won back while it does not."""

from __future__ import annotations

import anyio
import attrs

__all__ = ["Pace"]

_BACK_IN = 30.0  # seconds in which a rate that has fallen to nothing is won back
_FLOOR = 0.01  # of the rate that was asked for: what is left of it at least
_LONG = 1.0  # seconds that others should not wait for
_WELL = 0.75  # of the rate that was asked for: with less, others go first
_SOON = 0.05  # seconds that it is not worth giving anything up for


@attrs.define(eq=False)
class Pace:
    """Gives out turns, in the order in which they are asked for; additive increase, multiplicative decrease.

    Arguments:
        ceiling: requests a second, at most.
    """

    ceiling: float
    rate: float = attrs.field(init=False)
    """Requests a second that are given out now."""
    _next: float = attrs.field(default=0.0, init=False)
    _raised: float = attrs.field(default=0.0, init=False)
    _halved: float = attrs.field(default=-1.0, init=False)
    _queue: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(fast_acquire=True), init=False)

    def __attrs_post_init__(self) -> None:
        """Begin at the full rate."""
        self.rate = self.ceiling

    @property
    def is_free(self) -> bool:
        """Whether a turn can be had at once, or nearly so."""
        return not self._queue.locked() and self._next - anyio.current_time() < _SOON

    @property
    def is_slow(self) -> bool:
        """Whether the service has throttled it so much that others should go first."""
        return self.rate < self.ceiling * _WELL or self._next - anyio.current_time() > _LONG

    async def turn(self) -> None:
        """Wait for the next turn; cancelling the wait gives it to the next in the queue."""
        async with self._queue:
            while (wait := self._next - anyio.current_time()) > 0:  # noqa: ASYNC110 - it is time that is waited for
                # It may have been put off meanwhile.
                await anyio.sleep(wait)
            self._next = anyio.current_time() + 1 / self.rate

    def succeeded(self) -> None:
        """Note an answer that was no throttling."""
        now = anyio.current_time()
        if self.rate < self.ceiling:
            self.rate = min(self.ceiling, self.rate + self.ceiling * min(now - self._raised, 1.0) / _BACK_IN)
        self._raised = now

    def throttled(self, sent_at: float, retry_after: float | None) -> None:
        """Note that a request was throttled, which halves the rate.

        Arguments:
            sent_at: when it was sent. Requests that were under way together are throttled together, and count once.
            retry_after: seconds that the service asks to wait, or None.
        """
        now = anyio.current_time()
        self._raised = now
        if sent_at > self._halved:
            self._halved = now
            self.rate = max(self.rate / 2, self.ceiling * _FLOOR)
        self._next = max(self._next, now + max(retry_after or 0.0, 1 / self.rate))
