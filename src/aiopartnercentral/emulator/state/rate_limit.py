"""How many requests a second are too many."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Callable


@attrs.define
class TokenBucket:
    """An allowance that refills steadily.

    Arguments:
        rate: requests a second.
        capacity: how many requests it holds; None for one second's worth, and one at least.
        clock: seconds, never going backwards.
    """

    rate: float
    capacity: float | None = None
    _clock: Callable[[], float] = time.monotonic
    _most: float = attrs.field(init=False)
    _left: float = attrs.field(init=False)
    _counted_at: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Start with a full allowance."""
        self._left = self._most = max(1.0, self.rate) if self.capacity is None else self.capacity
        self._counted_at = self._clock()

    def take(self) -> bool:
        """Use up one request of the allowance; False if there is none left."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._counted_at) * self.rate)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
