"""Long work in short steps, between which the event loop serves other requests.

Work on many items calls `step` before each that it has not examined yet. Inside `limited`, this raises UnfinishedError
once the time of a step is over. The same work is then executed again: it finds what it has kept of the items that it
has examined, and goes on.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeVar

import anyio.lowlevel
import attrs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

T = TypeVar("T")

STEP_SECONDS: Final = 0.01
"""How long a step may take."""
LEAST: Final = 64
"""How many items a step examines, however long it has taken to get past those that were examined before."""
MOST_STEPS: Final = 2000
"""After so many steps, work ends in one: changes of the items in between may otherwise let it begin again for ever."""


@attrs.define
class _Limit:
    """The end of a step, how many items it may examine at least, and whether it must not end at present."""

    deadline: float
    left: int = attrs.field(factory=lambda: LEAST)
    is_held: bool = False


_limit: ContextVar[_Limit | None] = ContextVar("_limit", default=None)


class UnfinishedError(Exception):
    """A step has ended before the work has: the work continues when it is executed again."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Let `step` raise UnfinishedError after some seconds."""
    token = _limit.set(_Limit(perf_counter() + seconds))
    try:
        yield
    finally:
        _limit.reset(token)


@contextmanager
def _held(*, held: bool) -> Iterator[None]:
    limit = _limit.get()
    if limit is None:
        yield
        return
    before, limit.is_held = limit.is_held, held
    try:
        yield
    finally:
        limit.is_held = before


def unlimited() -> AbstractContextManager[None]:
    """Let work that changes something end in one step."""
    return _held(held=True)


def interruptible() -> AbstractContextManager[None]:
    """Let the first part of such work, which only examines items, be interrupted and executed again."""
    return _held(held=False)


def step() -> None:
    """Mark a point before the next item, at which work can be interrupted: nothing was changed that it would repeat.

    Raises:
        UnfinishedError: the time of a step is over.
    """
    limit = _limit.get()
    if limit is not None and not limit.is_held:
        limit.left -= 1
        if limit.left < 0 and perf_counter() > limit.deadline:
            raise UnfinishedError


async def in_steps(work: Callable[[], T]) -> T:
    """Return what a function returns, which is executed again after each step until it does not raise UnfinishedError.

    Other requests are served in between. Cancelling this keeps what the steps so far have found out.
    """
    for _ in range(MOST_STEPS):
        try:
            with limited(STEP_SECONDS):
                return work()
        except UnfinishedError:
            await anyio.lowlevel.checkpoint()
    return work()
