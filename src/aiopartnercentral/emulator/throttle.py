"""How many requests a second are too many."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable


def _positive(_: object, __: attrs.Attribute[float], rate: float) -> None:
    if not 0 < rate < float("inf"):
        raise ValueError(f"requests_per_second must be a number above 0, not {rate}")


@attrs.define
class TokenBucket:
    """An allowance that refills steadily and holds one second's worth, at least one request.

    Arguments:
        rate: requests a second.
        clock: seconds, never going backwards.

    Raises:
        ValueError: the rate is not a positive, finite number.
    """

    rate: float = attrs.field(validator=_positive)
    _clock: Callable[[], float] = time.monotonic
    _capacity: float = attrs.field(init=False)
    _left: float = attrs.field(init=False)
    _counted_at: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start with a full allowance."""
        self._left = self._capacity = max(1.0, self.rate)
        self._counted_at = self._clock()

    def take(self) -> bool:
        """Use up one request of the allowance; False if there is none left."""
        now = self._clock()
        self._left = min(self._capacity, self._left + (now - self._counted_at) * self.rate)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
