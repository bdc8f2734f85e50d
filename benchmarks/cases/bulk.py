"""Bulk collections: memory by number of sources, and the effect of a throttled account on others."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from aiopartnercentral.bulk import Limits, Source
from aiopartnercentral.emulator import Emulator
from benchmarks.emulator_servers import open_emulator
from benchmarks.errors import BenchmarkError
from benchmarks.probes import MemoryWatch
from benchmarks.results import Figure, Panel, Target
from benchmarks.worker_pool import itself, worker
from benchmarks.workload import collection_of, identity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from benchmarks.harness import Harness
    from benchmarks.server import Address

MEMORY_KEY, THROTTLED_KEY = "bulk-memory", "bulk-throttled"
_SOURCES_QUICK = (10, 1_000)
_SOURCES = (*_SOURCES_QUICK, 10_000)
_WARM_UP = 50
_ITEMS = 100
_PAUSE = 0.001  # seconds that the consumer takes for each page
_OTHERS = 20
_PAGES = 20
_RATE = 20.0
_MEBIBYTE = 1 << 20
_ALONE, _TOGETHER = "alone", "with a throttled account"


def measure_memory(harness: Harness) -> Figure:
    """Measure how resident memory grows with the number of sources."""
    growths = {}
    with worker("emulator", open_emulator) as emulator:
        for number in _SOURCES_QUICK if harness.quick else _SOURCES:
            harness.announce(f"{MEMORY_KEY}: {number:,} sources")
            with worker(f"{number:,} sources", _open_nothing) as process:
                growths[process.name] = [process.ask(_growth, emulator.ask(itself), number)]
    return Figure(
        key=MEMORY_KEY,
        title="Growth of resident memory with the number of sources",
        how=(
            f"Peak above what a fresh process has after {_WARM_UP} sources, while a consumer that pauses after a page, "
            f"for {_PAUSE * 1e3:g} ms, takes {_ITEMS} items of each source."
        ),
        panels=(Panel.of("peak", "MiB", growths, compared=False),),
    )


def measure_throttled(harness: Harness) -> Figure:
    """Measure how much an account that is throttled to one request per second slows down others."""
    with worker("emulator", open_emulator) as emulator, worker("collection", _open_nothing) as process:
        address = emulator.ask(itself)
        process.ask(_seconds, address, _ALONE)  # a warm-up
        turns = {name: partial(process.ask, _seconds, address, name) for name in (_ALONE, _TOGETHER)}
        panel = Panel.of("wall time until the others are complete", "s", harness.in_turn(THROTTLED_KEY, turns))
    return Figure(
        key=THROTTLED_KEY,
        title=f"{_OTHERS} accounts, with one throttled to 1 request/s",
        how=f"{_PAGES} pages of each at {_RATE:g} requests/s; the throttled account's own time does not count.",
        panels=(panel,),
        targets=(
            Target(
                what="time with / without a throttled account",
                limit=1.05,
                unit="x",
                value=panel.ratio(_TOGETHER, _ALONE),
            ),
        ),
    )


@asynccontextmanager
async def _open_nothing() -> AsyncIterator[None]:
    # Expected here: the account is throttled on purpose.
    logging.getLogger("aiopartnercentral.bulk").setLevel(logging.ERROR)
    yield


async def _growth(_: None, address: Address, number: int) -> float:
    await _collect(address, _WARM_UP, MemoryWatch())
    memory = MemoryWatch()
    await _collect(address, number, memory)
    return memory.peak / _MEBIBYTE


async def _collect(address: Address, number: int, memory: MemoryWatch) -> None:
    sources = [_source(address.url, f"{index}", f"{index % 500}") for index in range(number)]
    limits, items = Limits(rate=1000, concurrency=16, run_seconds=None), 0
    async with collection_of(sources, page_size=_ITEMS, max_items=_ITEMS, limits=limits) as stream:
        async for _ in stream:
            items += 1
            if items % _ITEMS == 0:
                memory.page_done()
                await asyncio.sleep(_PAUSE)
    memory.growth()
    if items != number * _ITEMS:
        raise BenchmarkError(f"expected {number * _ITEMS} items, got {items}")


async def _seconds(_: None, address: Address, how: str) -> float:
    """Return the seconds until the last source of an account that is not throttled has been collected."""
    async with Emulator({"AWS": 1000}, requests_per_second=1) as slow:
        sources = [_source(address.url, f"{index}", f"{index}") for index in range(_OTHERS)]
        if how == _TOGETHER:
            sources.insert(0, _source(slow.endpoint_url, "x", "throttled"))
        last = began = perf_counter()
        options = {"page_size": 50, "max_items": 50 * _PAGES}
        async with collection_of(sources, **options, limits=Limits(rate=_RATE)) as stream:
            async for origin, _ in stream:
                if origin.account != "throttled":
                    last = perf_counter()
        return last - began


def _source(url: str, label: str, account: str) -> Source:
    return Source("AWS", endpoint_url=url, credentials=identity, label=label, account=account)
