"""The state of one run: what all requests of an open stream share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import anyio
import attrs

from aiopartnercentral.bulk.instrumentation.logging import log, notifier
from aiopartnercentral.bulk.limits import RateLimiter
from aiopartnercentral.bulk.scheduler import Slots

if TYPE_CHECKING:
    from aiopartnercentral._pagination.progress import ProgressTracker
    from aiopartnercentral._utils.notifier import Notifier
    from aiopartnercentral.bulk.client_pool import ClientPool
    from aiopartnercentral.bulk.instrumentation.events import Event
    from aiopartnercentral.bulk.limits import Limits
    from aiopartnercentral.bulk.source import Origin
    from aiopartnercentral.bulk.spec import Spec

__all__ = ["Run"]


@attrs.define(eq=False)
class Run:
    """The state that all sources of one stream share.

    Attributes:
        spec: the specification of the collection.
        pool: the pool of clients.
        raw: whether items stay as the service sent them.
        keeps_raw: whether typed items come with their JSON.
        progress: counts the pages, items and retries of each source.
        notify: passes an event to the log and the observer.
        slots: the slots of the sources in progress.
        deadline: when the run exceeds its time limit, by anyio's clock.
    """

    spec: Spec
    pool: ClientPool
    raw: bool
    keeps_raw: bool
    progress: ProgressTracker[Origin, Any]
    notify: Notifier[Event] = attrs.field(init=False)
    slots: Slots = attrs.field(init=False)
    deadline: float = attrs.field(default=math.inf, init=False)
    _rate_limiters: dict[tuple[str, str, str | None], RateLimiter] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Create the slots, all of them free."""
        self.notify = notifier(self.spec.observer, log)
        self.slots = Slots(self.limits.sources, self.limits.concurrency)

    @property
    def name(self) -> str:
        """Identifies the run in events, log messages and the report."""
        return self.progress.beginning.run_id

    @property
    def limits(self) -> Limits:
        """The limits of the collection."""
        return self.spec.limits

    def start(self) -> None:
        """Start the clock of the run's time limit."""
        if self.limits.run_seconds is not None:
            self.deadline = anyio.current_time() + self.limits.run_seconds

    def rate_limiter(self, origin: Origin, operation: str) -> RateLimiter:
        """Return the limiter of an origin's account and service, or of an operation that has a rate of its own."""
        own = self.limits.rates.get(operation)
        key = (origin.account, origin.service, None if own is None else operation)
        if key not in self._rate_limiters:
            self._rate_limiters[key] = RateLimiter(self.limits.rate if own is None else own)
        return self._rate_limiters[key]
