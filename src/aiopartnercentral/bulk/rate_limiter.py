"""The request rate of one account: evenly spaced, halved when the service throttles, regained while it does not."""

from __future__ import annotations

import anyio
import attrs

__all__ = ["RateLimiter"]

_RECOVERY = 30.0  # seconds in which a rate that has fallen to nothing is regained
_FLOOR = 0.01  # of the rate that was asked for: the least that is left of it
_LONG = 1.0  # seconds of waiting for which a source gives up its slots
_HEALTHY = 0.75  # of the rate that was asked for: with less, sources of other accounts go first
_SOON = 0.05  # seconds of waiting for which nothing is given up


@attrs.define(eq=False)
class RateLimiter:
    """Lets requests pass in the order in which they ask; additive increase, multiplicative decrease (AIMD).

    Arguments:
        ceiling: requests a second, at most.
    """

    ceiling: float
    rate: float = attrs.field(init=False)
    """Requests a second that pass now."""
    _next: float = attrs.field(default=0.0, init=False)
    _raised: float = attrs.field(default=0.0, init=False)
    _halved: float = attrs.field(default=-1.0, init=False)
    _queue: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(fast_acquire=True), init=False)

    def __attrs_post_init__(self) -> None:
        """Begin at the full rate."""
        self.rate = self.ceiling

    @property
    def is_free(self) -> bool:
        """Whether a request may pass at once, or nearly so."""
        return not self._queue.locked() and self._next - anyio.current_time() < _SOON

    @property
    def is_slow(self) -> bool:
        """Whether the service has throttled the account so much that others should go first."""
        return self.rate < self.ceiling * _HEALTHY or self._next - anyio.current_time() > _LONG

    async def acquire(self) -> None:
        """Wait until a request may pass; cancelling the wait leaves the place to the next in the queue."""
        async with self._queue:
            while (wait := self._next - anyio.current_time()) > 0:  # noqa: ASYNC110 - it waits for a time, not an event
                # It may have been postponed meanwhile.
                await anyio.sleep(wait)
            self._next = anyio.current_time() + 1 / self.rate

    def succeeded(self) -> None:
        """Note a response that was not throttled."""
        now = anyio.current_time()
        if self.rate < self.ceiling:
            self.rate = min(self.ceiling, self.rate + self.ceiling * min(now - self._raised, 1.0) / _RECOVERY)
        self._raised = now

    def throttled(self, sent_at: float, retry_after: float | None) -> None:
        """Note that a request was throttled, which halves the rate.

        Arguments:
            sent_at: when it was sent. Requests that were in flight together are throttled together, and count once.
            retry_after: seconds that the service asks to wait, or None.
        """
        now = anyio.current_time()
        self._raised = now
        if sent_at > self._halved:
            self._halved = now
            self.rate = max(self.rate / 2, self.ceiling * _FLOOR)
        self._next = max(self._next, now + max(retry_after or 0.0, 1 / self.rate))
