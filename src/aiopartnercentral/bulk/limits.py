"""The limits of a bulk collection (concurrency, request rates, attempts, time), and the rate limiter of an account."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - callers may resolve the annotations, as cattrs does

import anyio
import attrs

from aiopartnercentral._utils import validators

__all__ = ["Limits", "RateLimiter"]

_rates = validators.mapping_of(
    validators.text, validators.positive_number, "a mapping of operation names to requests per second"
)


@attrs.frozen(kw_only=True)
class Limits:
    """Limits of a collection: concurrency, request rates, attempts and time.

    Every limit but `concurrency` applies to each account separately. AWS does not publish the rate limits of the
    Account API; those of its siblings are 5 to 10 requests per second and account.

    Attributes:
        rate: requests per second and account, for all of the account's sources together. When the service throttles an
            account, its rate is halved, and then recovers gradually.
        rates: requests per second for single operations by their wire names, such as `{"ListPartners": 1}`; they are
            counted separately from all others.
        concurrency: maximum requests in flight plus fetched pages.
        sources: maximum sources that are collected at the same time; each keeps a client open. Sources that wait
            because they were throttled, or because a request failed, do not count.
        account_concurrency: maximum sources of one account that are collected at the same time.
        attempts: maximum attempts for each request.
        backoff: the longest wait in seconds before the first retry of a failure other than throttling. It doubles with
            each further retry, up to a minute; the actual wait is a random part of it.
        retry_after: the longest wait in seconds that a response may ask for, by `Retry-After` or `x-amz-retry-after`.
        source_seconds: time limit for fetching one source; it includes waiting for rate limits and excludes the
            consumer's time. None for no limit.
        run_seconds: time limit for the run, including the consumer's time; None for no limit.

    Raises:
        TypeError: a limit is not a number.
        ValueError: a limit is not above 0.
    """

    rate: float = attrs.field(default=5.0, validator=validators.positive_number)
    rates: Mapping[str, float] = attrs.field(factory=dict, validator=_rates, hash=False)
    concurrency: int = attrs.field(default=10, validator=validators.count)
    sources: int = attrs.field(default=50, validator=validators.count)
    account_concurrency: int = attrs.field(default=2, validator=validators.count)
    attempts: int = attrs.field(default=8, validator=validators.count)
    backoff: float = attrs.field(default=0.5, validator=validators.positive_number)
    retry_after: float = attrs.field(default=60.0, validator=validators.positive_number)
    source_seconds: float | None = attrs.field(
        default=3600.0, validator=validators.optional(validators.positive_number)
    )
    run_seconds: float | None = attrs.field(
        default=6 * 3600.0, validator=validators.optional(validators.positive_number)
    )


_RECOVERY = 30.0  # seconds to recover the full rate from zero
_LIKELY = 0.8  # fraction of the rate that was throttled last, below which the service likely accepts requests
_LIKELY_RECOVERY = 10.0  # seconds to recover that fraction from zero
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
    _refused: float = attrs.field(default=0.0, init=False)
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
        """Record a response that was not throttled, and raise the rate, slowly near the one throttled last."""
        now = anyio.current_time()
        if self.rate < self.ceiling:
            seconds, step = min(now - self._raised, 1.0), self.ceiling / _RECOVERY
            likely = self._refused * _LIKELY
            if self.rate < likely:
                self.rate = min(likely, self.rate + max(step, likely / _LIKELY_RECOVERY) * seconds)
            else:
                self.rate = min(self.ceiling, self.rate + step * seconds)
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
            self._halved, self._refused = now, self.rate
            self.rate = max(self.rate / 2, self.ceiling * _FLOOR)
        self._next = max(self._next, now + max(retry_after or 0.0, 1 / self.rate))
