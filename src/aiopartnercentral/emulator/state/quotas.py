"""How much an account may have and do in one catalog."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta

import attrs

_DAY = timedelta(days=1)


@attrs.frozen(kw_only=True)
class Quotas:
    """The service's quotas for one account in one catalog, each as AWS publishes its default.

    https://docs.aws.amazon.com/partner-central/latest/APIReference/account-quotas.html

    Attributes:
        active_connections: active connections; of both participants, for both gain one.
        open_invitations: pending invitations that the account has sent.
        invitations_a_day: invitations sent.
        email_domains: domains of one partner.
        codes_a_day: verification codes to one e-mail address.
        profile_updates_a_day: profile update tasks started.
        visibility_updates_a_day: settings of a profile's visibility.
    """

    active_connections: int = 1000
    open_invitations: int = 1000
    invitations_a_day: int = 50
    email_domains: int = 50
    codes_a_day: int = 5
    profile_updates_a_day: int = 10
    visibility_updates_a_day: int = 5


@attrs.define
class DayCount:
    """How often something was done within 24 hours: AWS does not publish when its day begins."""

    _moments: deque[datetime] = attrs.field(factory=deque)

    def at(self, now: datetime) -> int:
        """Return how often it was done in the 24 hours before."""
        while self._moments and self._moments[0] <= now - _DAY:
            self._moments.popleft()
        return len(self._moments)

    def add(self, now: datetime) -> None:
        """Count one more."""
        self._moments.append(now)
