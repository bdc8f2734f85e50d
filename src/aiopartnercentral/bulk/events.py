"""What a bulk collection tells while it goes on; each event is an object, and all go to one callback.

    def show(event: Event) -> None:
        match event:
            case PageFetched(origin=origin, items=items): print(origin, items)
            case Throttled(origin=origin, rate=rate): print(origin.account, "slows down to", rate)

    Collection(..., observer=show)

The callback is called in the event loop, so it must not block. What it raises is logged, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from aiopartnercentral.bulk.origin import Origin
    from aiopartnercentral.report import Progress

__all__ = [
    "Event",
    "Observer",
    "PageFetched",
    "Retried",
    "SourceFinished",
    "SourceRestarted",
    "SourceStarted",
    "Throttled",
]


@attrs.frozen(kw_only=True)
class SourceStarted:
    """The first page of a source is about to be asked for.

    Attributes:
        origin: which one.
        resumed: whether it goes on where an earlier run has stopped.
    """

    origin: Origin
    resumed: bool


@attrs.frozen(kw_only=True)
class PageFetched:
    """A page has arrived; the consumer has not got it yet.

    Attributes:
        origin: of what.
        items: how many items it has.
        malformed: how many items were left out of it.
        seconds: from sending the request that brought it to its being decoded.
    """

    origin: Origin
    items: int
    malformed: int
    seconds: float


@attrs.frozen(kw_only=True)
class Throttled:
    """The service wants fewer requests, and the account's rate is lowered.

    Attributes:
        origin: whose request it was.
        rate: requests a second of the account from now on.
        retry_after: seconds that the service asks to wait, or None.
    """

    origin: Origin
    rate: float
    retry_after: float | None


@attrs.frozen(kw_only=True)
class Retried:
    """A request has failed and will be sent again, throttling included.

    Attributes:
        origin: whose request it is.
        attempt: how often it has been sent up to now.
        error: what it has failed with.
    """

    origin: Origin
    attempt: int
    error: Exception


@attrs.frozen(kw_only=True)
class SourceRestarted:
    """The page token of an earlier run is not accepted any more: the source begins anew, and its items come again.

    Attributes:
        origin: which one.
    """

    origin: Origin


@attrs.frozen(kw_only=True)
class SourceFinished:
    """A source has come to its end, and the consumer has got all of it.

    Attributes:
        origin: which one.
        progress: what it has brought, and how it ended.
    """

    origin: Origin
    progress: Progress


Event: TypeAlias = SourceStarted | PageFetched | Throttled | Retried | SourceRestarted | SourceFinished
Observer: TypeAlias = Callable[[Event], None]
