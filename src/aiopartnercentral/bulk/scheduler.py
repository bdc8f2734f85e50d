"""Which source is collected next, and how many at once: a fair queue over accounts, and slots that sources hold.

A source takes a slot of each kind before its first request. While it waits for its account's rate limit or before a
retry, others may have them.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["FairQueue", "SlotHolder", "Slots"]

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Gives out each entry once, accounts in turn, and no more entries of an account at a time than allowed.

    So an account with hundreds of sources keeps no other waiting.
    """

    def __init__(self, entries: Iterable[T], account_of: Callable[[T], str], per_account: int) -> None:
        """Queue the entries.

        Arguments:
            entries: what is to be given out.
            account_of: returns the account of an entry.
            per_account: how many entries of one account may be given out and not done.
        """
        self._account_of = account_of
        self._waiting: dict[str, deque[T]] = {}
        for entry in entries:
            self._waiting.setdefault(account_of(entry), deque()).append(entry)
        self._free = dict.fromkeys(self._waiting, per_account)
        self._ready = deque(self._waiting)  # accounts that have entries waiting, and room for one
        self._changed = anyio.Event()

    async def next(self) -> T | None:
        """Wait for an entry whose account has room; None once all have been given out."""
        while not self._ready:
            if not self._waiting:
                return None
            self._changed = anyio.Event()
            await self._changed.wait()
        account = self._ready.popleft()
        waiting = self._waiting[account]
        entry = waiting.popleft()
        self._free[account] -= 1
        if not waiting:
            del self._waiting[account]
        elif self._free[account]:
            self._ready.append(account)
        return entry

    def done(self, entry: T) -> None:
        """Make room for another entry of the same account."""
        account = self._account_of(entry)
        self._free[account] += 1
        if account in self._waiting and account not in self._ready:
            self._ready.append(account)
            self._changed.set()


@attrs.define(eq=False)
class Slots:
    """The slots of a run.

    Arguments:
        sources: how many sources may be in progress, each with a client that is kept open for it.
        concurrency: how many of them may have a request or a page in hand.
    """

    sources: int
    concurrency: int
    in_progress: anyio.Semaphore = attrs.field(init=False)
    in_hand: anyio.Semaphore = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Free all of them."""
        self.in_progress = anyio.Semaphore(self.sources, fast_acquire=True)
        self.in_hand = anyio.Semaphore(self.concurrency, fast_acquire=True)


@attrs.define(eq=False)
class SlotHolder:
    """The slots of one source."""

    slots: Slots
    _held: list[anyio.Semaphore] = attrs.field(factory=list, init=False)

    async def acquire(self) -> None:
        """Wait for the slots that it does not hold; cancelling it may leave it with some."""
        for semaphore in (self.slots.in_progress, self.slots.in_hand):
            if semaphore not in self._held:
                await semaphore.acquire()
                self._held.append(semaphore)

    def release(self) -> None:
        """Give back what it holds."""
        while self._held:
            self._held.pop().release()

    async def without(self, wait: Callable[[], Awaitable[T]], *, long: bool) -> T:
        """Wait for something while others have its slots: the one for a request and, if it takes long, both."""
        if long:
            self.release()
        elif self._held:
            self._held.pop().release()
        result = await wait()
        await self.acquire()
        return result
