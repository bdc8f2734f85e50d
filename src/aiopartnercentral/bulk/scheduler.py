"""Schedules the sources of a run: a queue that is fair to accounts, and slots that limit concurrency.

A source acquires a slot of each kind before its first request. While it waits for its account's rate limit or before a
retry, other sources can use them.

A nested listing also makes requests before it is their turn. Each holds a slot until its page is handed over, so that
they could hold all slots while the source that they belong to waits for one. Hence one slot is never used for them.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio
import attrs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

__all__ = ["AheadSlotHolder", "FairQueue", "SlotHolder", "Slots"]

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Yields each entry once, accounts in turn, with a maximum of entries in progress for each account.

    So an account with hundreds of sources does not block other accounts.
    """

    def __init__(self, entries: Iterable[T], account_of: Callable[[T], str], per_account: int) -> None:
        """Queue the entries.

        Arguments:
            entries: the entries.
            account_of: returns the account of an entry.
            per_account: maximum entries of one account in progress.
        """
        self._account_of = account_of
        self._waiting: dict[str, deque[T]] = {}
        for entry in entries:
            self._waiting.setdefault(account_of(entry), deque()).append(entry)
        self._free = dict.fromkeys(self._waiting, per_account)
        self._ready = deque(self._waiting)  # accounts that have a waiting entry and may start it
        self._changed = anyio.Event()

    async def next(self) -> T | None:
        """Wait for an entry whose account may start another one; None after the last entry."""
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
        """Allow the account of a finished entry to start another one."""
        account = self._account_of(entry)
        self._free[account] += 1
        if account in self._waiting and account not in self._ready:
            self._ready.append(account)
            self._changed.set()


@attrs.define(eq=False)
class Slots:
    """The slots of a run.

    Arguments:
        sources: maximum sources in progress, each of which keeps a client open.
        concurrency: maximum requests in flight plus fetched pages.
    """

    sources: int
    concurrency: int
    in_progress: anyio.Semaphore = attrs.field(init=False)
    in_hand: anyio.Semaphore = attrs.field(init=False)
    ahead: anyio.Semaphore = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Create the slots, all of them free."""
        self.in_progress = anyio.Semaphore(self.sources, fast_acquire=True)
        self.in_hand = anyio.Semaphore(self.concurrency, fast_acquire=True)
        self.ahead = anyio.Semaphore(self.concurrency - 1, fast_acquire=True)


@attrs.define(eq=False)
class SlotHolder:
    """The slots of one source."""

    slots: Slots
    _held: list[anyio.Semaphore] = attrs.field(factory=list, init=False)

    @property
    def kinds(self) -> tuple[anyio.Semaphore, anyio.Semaphore]:
        """The kinds of slots that it holds, the one for a request last."""
        return self.slots.in_progress, self.slots.in_hand

    async def acquire(self) -> None:
        """Acquire the slots that it does not hold; a cancelled call may have acquired some."""
        for semaphore in self.kinds:
            if semaphore not in self._held:
                await semaphore.acquire()
                self._held.append(semaphore)

    def release(self) -> None:
        """Release all slots that it holds."""
        while self._held:
            self._held.pop().release()

    async def without(self, wait: Callable[[], Awaitable[T]], *, long: bool) -> T:
        """Wait for something without the slot for a request and, if it takes `long`, without both slots."""
        if long:
            self.release()
        elif self._held:
            self._held.pop().release()
        result = await wait()
        await self.acquire()
        return result


class AheadSlotHolder(SlotHolder):
    """The slots of one request that a source makes before it is the request's turn."""

    @property
    def kinds(self) -> tuple[anyio.Semaphore, anyio.Semaphore]:
        """The kinds of slots that it holds."""
        return self.slots.ahead, self.slots.in_hand

    async def without(self, wait: Callable[[], Awaitable[T]], *, long: bool) -> T:
        """Wait for something, and keep the slots: the source waits for this request, and so it must not wait for it."""
        del long
        return await wait()
