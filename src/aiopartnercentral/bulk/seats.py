"""Who may be under way, and who may have a request or a page in hand; waiting counts for neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import anyio
import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["Seat", "Seats"]

T = TypeVar("T")


@attrs.define(eq=False)
class Seats:
    """All seats of a run.

    Arguments:
        sources: how many sources may be under way, each with a client that is kept open for it.
        concurrency: how many of them may have a request or a page in hand.
    """

    sources: int
    concurrency: int
    places: anyio.Semaphore = attrs.field(init=False)
    hands: anyio.Semaphore = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Free all of them."""
        self.places = anyio.Semaphore(self.sources, fast_acquire=True)
        self.hands = anyio.Semaphore(self.concurrency, fast_acquire=True)


@attrs.define(eq=False)
class Seat:
    """What one source has of the seats; whatever it has when it is left is given back."""

    seats: Seats
    _held: list[anyio.Semaphore] = attrs.field(factory=list, init=False)

    async def take(self) -> None:
        """Wait for a place and a hand, as far as it has not got them; cancelling it may leave it with either."""
        for semaphore in (self.seats.places, self.seats.hands):
            if semaphore not in self._held:
                await semaphore.acquire()
                self._held.append(semaphore)

    def leave(self) -> None:
        """Give back what it has."""
        while self._held:
            self._held.pop().release()

    async def aside(self, wait: Callable[[], Awaitable[T]], *, long: bool) -> T:
        """Wait for something while others have the hand and, if it will take long, the place."""
        if long:
            self.leave()
        elif self._held:
            self._held.pop().release()
        result = await wait()
        await self.take()
        return result
