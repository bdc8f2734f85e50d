"""How much an account may have and do in one catalog, and how many requests per second are allowed."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from aiopartnercentral._utils import validators

if TYPE_CHECKING:
    from collections.abc import Callable

_DAY = timedelta(days=1)
_quota: Final = validators.integer(least=0)


@attrs.frozen(kw_only=True)
class Quotas:
    """The service's quotas for one account in one catalog; the defaults are those that AWS publishes.

    https://docs.aws.amazon.com/partner-central/latest/APIReference/account-quotas.html

    Attributes:
        active_connections: active connections; a new one counts for both participants.
        open_invitations: pending invitations that the account has sent.
        invitations_per_day: invitations sent.
        email_domains: e-mail domains of one partner.
        codes_per_day: verification codes sent to one e-mail address.
        profile_updates_per_day: profile update tasks started.
        visibility_updates_per_day: changes of a profile's visibility.

    Raises:
        TypeError: a quota is not an integer.
        ValueError: a quota is less than 0.
    """

    active_connections: int = attrs.field(default=1000, validator=_quota)
    open_invitations: int = attrs.field(default=1000, validator=_quota)
    invitations_per_day: int = attrs.field(default=50, validator=_quota)
    email_domains: int = attrs.field(default=50, validator=_quota)
    codes_per_day: int = attrs.field(default=5, validator=_quota)
    profile_updates_per_day: int = attrs.field(default=10, validator=_quota)
    visibility_updates_per_day: int = attrs.field(default=5, validator=_quota)


@attrs.define
class DailyCounter:
    """Counts events of the last 24 hours: AWS does not publish when its day begins."""

    _times: deque[datetime] = attrs.field(factory=deque)

    def count(self, now: datetime) -> int:
        """Return the number of events in the last 24 hours."""
        while self._times and self._times[0] <= now - _DAY:
            self._times.popleft()
        return len(self._times)

    def add(self, now: datetime) -> None:
        """Count an event."""
        self._times.append(now)


@attrs.define
class TokenBucket:
    """A rate limit.

    Arguments:
        rate: requests per second.
        capacity: the most requests at once; None for one second's worth, at least 1.
        clock: a monotonic clock, in seconds.
    """

    rate: float
    capacity: float | None = None
    _clock: Callable[[], float] = time.monotonic
    _size: float = attrs.field(init=False)
    _tokens: float = attrs.field(init=False)
    _refilled_at: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Fill the bucket."""
        self._tokens = self._size = max(1.0, self.rate) if self.capacity is None else self.capacity
        self._refilled_at = self._clock()

    def take(self) -> bool:
        """Take a token; returns False if there is none."""
        now = self._clock()
        self._tokens = min(self._size, self._tokens + (now - self._refilled_at) * self.rate)
        self._refilled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
