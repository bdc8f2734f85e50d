"""Measures collections by processes and by sources, from an emulator with slow responses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING

from aiopartnercentral.bulk import Limits, Source, by_account
from benchmarks.emulator_servers import open_emulator
from benchmarks.errors import BenchmarkError
from benchmarks.results import Figure, Panel
from benchmarks.worker_pool import itself, worker
from benchmarks.workload import collection_of, identity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from benchmarks.harness import Harness
    from benchmarks.server import Address
    from benchmarks.worker_pool import Worker

KEY = "scaling"
_LATENCY = 0.1  # seconds of a response
_PROCESSES = (1, 2, 4)
_ACCOUNTS = 40
_PAGES = 5
_ITEMS = 10  # of a page
_FAST, _SERVICE = 1_000.0, 5.0  # requests/s of an account
_RATED_ACCOUNTS, _RATED_PAGES = 8, 10
_SOURCES_QUICK = (10, 100)
_SOURCES = (*_SOURCES_QUICK, 1_000, 10_000)
_CONCURRENCY = 50


def measure(harness: Harness) -> Figure:
    """Measure collections by the number of processes, and by the number of sources."""
    with worker("emulator", open_emulator, _LATENCY) as emulator, ExitStack() as stack:
        address = emulator.ask(itself)
        processes = [stack.enter_context(worker(f"process {n}", _open_nothing)) for n in range(max(_PROCESSES))]
        for each in processes:
            each.ask(_collect, _sources(address, 2), 1, Limits())
        panels = (
            _by_processes(harness, processes, _sources(address, _ACCOUNTS), _PAGES, Limits(rate=_FAST)),
            _by_processes(harness, processes, _sources(address, _RATED_ACCOUNTS), _RATED_PAGES, Limits(rate=_SERVICE)),
            *_by_sources(harness, processes[0], address),
        )
    return Figure(
        key=KEY,
        title=f"Collections by processes and by sources, with responses that take {_LATENCY * 1e3:g} ms",
        how=(
            f"Each source has an account of its own, and `by_account` divides them. A page has {_ITEMS} items, and a "
            f"process at most {Limits().concurrency} requests in flight, in the last two tables {_CONCURRENCY}. More "
            f"processes help if latency or CPU is the limit. They do not help where the rate of each account is, as in "
            "the second table: that takes as long as one account alone."
        ),
        panels=panels,
    )


def _by_processes(
    harness: Harness, processes: Sequence[Worker], sources: Sequence[Source], pages: int, limits: Limits
) -> Panel:
    def together(count: int) -> float:
        groups = by_account(sources, count)
        began = perf_counter()
        with ThreadPoolExecutor(count) as threads:
            list(threads.map(lambda each, group: each.ask(_collect, group, pages, limits), processes, groups))
        return perf_counter() - began

    what = f"{len(sources)} accounts of {pages} pages, {limits.rate:,g} requests/s each"
    turns = {f"{_amount(count)}": partial(together, count) for count in _PROCESSES}
    return Panel.of(what, "s", harness.in_turn(f"{KEY}, {what}", turns))


def _by_sources(harness: Harness, process: Worker, address: Address) -> list[Panel]:
    numbers = _SOURCES_QUICK if harness.quick else _SOURCES
    limits = Limits(rate=_FAST, concurrency=_CONCURRENCY, sources=_CONCURRENCY)
    turns = {
        f"{number:,} sources": partial(process.ask, _collect, _sources(address, number), 1, limits)
        for number in numbers
    }
    seconds = harness.in_turn(f"{KEY}, sources", turns, rounds=1)
    each = {name: [taken / number for taken in seconds[name]] for name, number in zip(turns, numbers, strict=True)}
    least = _LATENCY / _CONCURRENCY * 1e3
    return [
        Panel.of("one page of each source", "s", seconds, compared=False),
        Panel.of(f"a source; waiting alone takes {least:g} ms", "ms", each, lambda value: value * 1e3, compared=False),
    ]


@asynccontextmanager
async def _open_nothing() -> AsyncIterator[None]:
    yield


async def _collect(_: None, sources: Sequence[Source], pages: int, limits: Limits) -> float:
    """Collect so many pages of each source, and return the seconds."""
    expected, began = len(sources) * pages * _ITEMS, perf_counter()
    async with collection_of(sources, page_size=_ITEMS, max_items=pages * _ITEMS, limits=limits) as stream:
        items = 0
        async for _entry in stream:
            items += 1
    if items != expected:
        raise BenchmarkError(f"expected {expected} items, got {items}")
    return perf_counter() - began


def _sources(address: Address, number: int) -> list[Source]:
    return [
        Source("AWS", endpoint_url=address.url, credentials=identity, label=f"{each}", account=f"{each}")
        for each in range(number)
    ]


def _amount(processes: int) -> str:
    return "1 process" if processes == 1 else f"{processes} processes"
