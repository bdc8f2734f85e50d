"""Time limits of obtaining credentials, and what a limit that is exceeded was waiting for.

Credentials may be obtained within a call, and by way of other credentials. The error of whichever limit is exceeded
names the innermost that was waited for.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

import attrs

from aiopartnercentral.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["WAIT", "Wait", "credentials_late", "in_time"]

T = TypeVar("T")


@attrs.define(eq=False, repr=False)
class Wait:
    """What is being waited for: the name of the innermost source of credentials, or None."""

    what: str | None = None


WAIT: ContextVar[Wait | None] = ContextVar("aiopartnercentral_wait", default=None)
"""What the current call, or the opening of a client, waits for."""


async def in_time(what: str, seconds: float | None, call: Callable[[], Awaitable[T]]) -> T:
    """Return what a call returns that takes no longer than a time limit.

    Arguments:
        what: what the call waits for.
        seconds: the limit; None for no limit.
        call: the call.

    Raises:
        CredentialsError: the call took longer.
    """
    wait = WAIT.get()
    if wait is not None:
        return await _in_time(wait, what, seconds, call)
    wait = Wait()
    token = WAIT.set(wait)
    try:
        return await _in_time(wait, what, seconds, call)
    finally:
        WAIT.reset(token)


async def _in_time(wait: Wait, what: str, seconds: float | None, call: Callable[[], Awaitable[T]]) -> T:
    from anyio import move_on_after  # noqa: PLC0415 - slow to load

    outer, wait.what = wait.what, what
    with move_on_after(seconds):
        try:
            result = await call()
        except Exception:
            wait.what = outer
            raise
        wait.what = outer  # but not after a cancellation, which may be that of an outer limit
        return result
    late, wait.what = wait.what, outer
    raise credentials_late(late or what, seconds or 0.0)


def credentials_late(what: str, seconds: float) -> CredentialsError:
    """Return the error for credentials that took longer than a time limit."""
    return CredentialsError(f"{what}: time limit exceeded: timeout = {seconds:g} s", is_retryable=True)
