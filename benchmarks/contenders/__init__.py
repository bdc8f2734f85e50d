"""The ways to collect catalogs; each is a module, of which a worker loads one."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager


class Collector(Protocol):
    """Collects catalogs through one open client."""

    @abstractmethod
    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Collect catalogs at once to a sink that only counts, and return the number of items.

        Arguments:
            catalogs: the catalogs' names.
            page_done: called after the last item of each page.
        """

    @abstractmethod
    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""


Opener: TypeAlias = "Callable[[int], AbstractAsyncContextManager[Collector]]"
"""Opens a collector of what the server at a port of this machine serves."""

OURS = "ours"
OURS_RAW = "ours, raw"
STOCK = "aiobotocore"
TUNED = "aiobotocore, tuned"
THREADS = "boto3, threads"
BARE = "aiohttp + orjson"

_OPENERS = {
    OURS: ("ours", "open_typed"),
    OURS_RAW: ("ours", "open_raw"),
    STOCK: ("dicts", "open_stock"),
    TUNED: ("dicts", "open_tuned"),
    THREADS: ("threads", "open_threads"),
    BARE: ("bare", "open_bare"),
}


def opener(contender: str) -> Opener:
    """Return what opens a contender."""
    module, function = _OPENERS[contender]
    found: Opener = getattr(importlib.import_module(f"{__name__}.{module}"), function)
    return found
