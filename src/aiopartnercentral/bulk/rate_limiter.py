"""The rate limiter of one account: spaces requests evenly, halves the rate when throttled, then recovers."""

from __future__ import annotations

import anyio
import attrs

__all__ = ["RateLimiter"]

_RECOVERY = 30.0  # seconds to recover the full rate from zero
_FLOOR = 0.01  # minimum rate, as a fraction of the full rate
_LONG = 1.0  # a source that must wait longer than these seconds releases its slots
_HEALTHY = 0.75  # fraction of the full rate below which sources of other accounts go first
_SOON = 0.05  # a source that must wait less than these seconds keeps its slots


@attrs.define(eq=False)
class RateLimiter:
    """Lets requests pass in first-come order; additive increase, multiplicative decrease (AIMD).

    Arguments:
        ceiling: the full rate, in requests per second.
    """

    ceiling: float
    rate: float = attrs.field(init=False)
    """The current rate, in requests per second."""
    _next: float = attrs.field(default=0.0, init=False)
    _raised: float = attrs.field(default=0.0, init=False)
    _halved: float = attrs.field(default=-1.0, init=False)
    _queue: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(fast_acquire=True), init=False)

    def __attrs_post_init__(self) -> None:
        """Start at the full rate."""
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
        """Wait until a request may pass; a cancelled wait passes its turn to the next one in the queue."""
        async with self._queue:
            while (wait := self._next - anyio.current_time()) > 0:  # noqa: ASYNC110 - it waits for a time, not an event
                # Looped, as throttling may postpone the time during the wait.
                await anyio.sleep(wait)
            self._next = anyio.current_time() + 1 / self.rate

    def succeeded(self) -> None:
        """Record a response that was not throttled, and raise the rate."""
        now = anyio.current_time()
        if self.rate < self.ceiling:
            self.rate = min(self.ceiling, self.rate + self.ceiling * min(now - self._raised, 1.0) / _RECOVERY)
        self._raised = now

    def throttled(self, sent_at: float, retry_after: float | None) -> None:
        """Record a throttled request, and halve the rate.

        Arguments:
            sent_at: when it was sent. Requests that were in flight together count once.
            retry_after: seconds that the service asks to wait, or None.
        """
        now = anyio.current_time()
        self._raised = now
        if sent_at > self._halved:
            self._halved = now
            self.rate = max(self.rate / 2, self.ceiling * _FLOOR)
        self._next = max(self._next, now + max(retry_after or 0.0, 1 / self.rate))
