"""In which order sources begin: accounts in turn, so that one with hundreds of sources keeps no other waiting."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["Queue"]

T = TypeVar("T")


class Queue(Generic[T]):
    """Gives out each entry once, and of each account no more at a time than allowed."""

    def __init__(self, entries: Iterable[T], account_of: Callable[[T], str], at_once: int) -> None:
        """Line up the entries.

        Arguments:
            entries: what is to be given out.
            account_of: tells the account of an entry.
            at_once: how many of one account may be given out and not done.
        """
        self._account_of = account_of
        self._waiting: dict[str, deque[T]] = {}
        for entry in entries:
            self._waiting.setdefault(account_of(entry), deque()).append(entry)
        self._free = dict.fromkeys(self._waiting, at_once)
        self._ready = deque(self._waiting)  # accounts that have both
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
