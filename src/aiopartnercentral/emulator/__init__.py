"""A local Partner Central: the Account API over real HTTP on loopback, for tests, demos and benchmarks.

    server      HTTP, faults on demand, lifecycle
    framing     JSON 1.0: which operation, what it says, what is remembered of it
    operations  one handler for each emulated operation
    validation  a request or an answer against the pinned service model
    faults      the service's errors as answers
    paging      page tokens
    store       the items of one catalog: made on first use, encoded once, found by id or by filter
    throttle    how many requests a second are too many
    seed        the items themselves, a pure function of (seed, catalog, index)
    company     the companies behind the items
    dice        repeatable chance
    words       the vocabulary of the seed

Nothing here imports botocore, aiobotocore or the generated client: what tests the client must not share its mistakes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiopartnercentral.emulator.server import Emulator

__all__ = ["Emulator"]


def __getattr__(name: str) -> object:
    """Import the server, and with it aiohttp, only when somebody asks for it."""
    if name != "Emulator":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aiopartnercentral.emulator.server import Emulator  # noqa: PLC0415 - aiohttp is an optional dependency

    return Emulator
