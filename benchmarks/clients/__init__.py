"""The clients that are measured, one a module; a worker imports only one."""

from __future__ import annotations

import asyncio
import importlib
import os
from abc import abstractmethod
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from benchmarks.pages import ITEMS_PER_PAGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from benchmarks.server import Address

OURS = "ours"
OURS_THROUGH_BOTOCORE = "ours, direct=False"
OURS_ON_UVLOOP = "ours, uvloop"
OURS_ON_RY = "ours, ry"
OURS_ON_RY_AND_UVLOOP = "ours, ry, uvloop"
OURS_RAW = "ours, raw"
CAPO = "capo"
STOCK = "aiobotocore"
TUNED = "aiobotocore, tuned"
THREADS = "boto3, threads"
BARE = "aiohttp + orjson"
BARE_ON_UVLOOP = "aiohttp + orjson, uvloop"


class Collector(Protocol):
    """One open client."""

    @abstractmethod
    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Collect catalogs at once, count their items, and return the number.

        Arguments:
            catalogs: the catalogs' names.
            page_done: called after the last item of each page.
        """

    @abstractmethod
    async def call(self, catalog: str) -> int:
        """Ask for one item in a single call, and return the number of items."""

    @abstractmethod
    async def accounts(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Collect catalogs of different accounts at once, in pages of one item, and return the number of items."""

    @abstractmethod
    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""


def _uvloop() -> asyncio.AbstractEventLoop:
    import uvloop  # noqa: PLC0415 - only the workers that run on it

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


@attrs.frozen
class _Kind:
    """How to open a client.

    Attributes:
        module: where its opener is.
        opener: the function that opens it, given a URL.
        options: further arguments of the opener; of our client, options of `connect`.
        package: a package that need not be installed.
        loop: creates the worker's event loop; None for asyncio's.
    """

    module: str
    opener: str
    options: Mapping[str, Any] = attrs.field(factory=dict)
    package: str = ""
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None


_KINDS = {
    OURS: _Kind("ours", "open_typed"),
    OURS_THROUGH_BOTOCORE: _Kind("ours", "open_typed", {"direct": False}),
    OURS_ON_UVLOOP: _Kind("ours", "open_typed", package="uvloop", loop=_uvloop),
    OURS_ON_RY: _Kind("ours", "open_typed", {"http_client": "ry"}, package="ry"),
    OURS_ON_RY_AND_UVLOOP: _Kind("ours", "open_typed", {"http_client": "ry"}, package="uvloop", loop=_uvloop),
    OURS_RAW: _Kind("ours", "open_raw"),
    CAPO: _Kind("capo_dicts", "open_capo", package="capo_partnercentral_account"),
    STOCK: _Kind("aiobotocore_dicts", "open_stock"),
    TUNED: _Kind("aiobotocore_dicts", "open_tuned"),
    THREADS: _Kind("boto3_threads", "open_threads"),
    BARE: _Kind("aiohttp_orjson", "open_bare"),
    BARE_ON_UVLOOP: _Kind("aiohttp_orjson", "open_bare", package="uvloop", loop=_uvloop),
}


def missing() -> set[str]:
    """Return the clients that cannot be measured here: a package is not installed, or `connect` lacks an option."""
    from aiopartnercentral import ConnectOptions  # noqa: PLC0415 - workers have no use for it

    def measurable(kind: _Kind) -> bool:
        if kind.package and find_spec(kind.package) is None:
            return False
        return kind.module != "ours" or kind.options.keys() <= ConnectOptions.__optional_keys__

    return {name for name, kind in _KINDS.items() if not measurable(kind)}


def loop_of(name: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what creates the event loop of a client's worker; None for asyncio's."""
    return _KINDS[name].loop


def open_client(name: str, address: Address) -> AbstractAsyncContextManager[Collector]:
    """Open a client of the server at an address, whose authority the process trusts from now on."""
    os.environ.update(address.environment)
    kind = _KINDS[name]
    opener = getattr(importlib.import_module(f"{__name__}.{kind.module}"), kind.opener)
    opened: AbstractAsyncContextManager[Collector] = opener(address.url, **kind.options)
    return opened


async def total(counts: Iterable[Coroutine[Any, Any, int]]) -> int:
    """Run functions that count, all at once, and return the sum."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(count) for count in counts]
    return sum(task.result() for task in tasks)


async def count_items(items: AsyncIterable[object], page_done: Callable[[], None], size: int = ITEMS_PER_PAGE) -> int:
    """Count items that come one by one, from pages of a size."""
    number = 0
    async for _ in items:
        number += 1
        if number % size == 0:
            page_done()
    return number


async def count_pages(pages: AsyncIterable[dict[str, Any]], page_done: Callable[[], None]) -> int:
    """Count the items of pages, as JSON is read."""
    number = 0
    async for page in pages:
        for _ in page["ConnectionSummaries"]:
            number += 1
        page_done()
    return number


class Dicts(Collector):
    """Collects dicts, with a task for each catalog."""

    @abstractmethod
    def pages(self, catalog: str, size: int = ITEMS_PER_PAGE) -> AsyncIterator[dict[str, Any]]:
        """Yield the pages of a catalog, as JSON is read."""

    async def collect(self, catalogs: Sequence[str], page_done: Callable[[], None]) -> int:
        """Count the items of catalogs."""
        return await total(count_pages(self.pages(catalog), page_done) for catalog in catalogs)

    async def ids(self, catalog: str) -> list[str]:
        """Return the identifiers of a catalog's items."""
        return [item["Id"] async for page in self.pages(catalog) for item in page["ConnectionSummaries"]]
