"""The tasks of workers: run a client or decoder, timed in the worker, with probes."""

from __future__ import annotations

from time import perf_counter, process_time, thread_time
from typing import TYPE_CHECKING, TypeAlias

import attrs

from benchmarks.errors import BenchmarkError
from benchmarks.probes import MemoryWatch, StallWatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from benchmarks.clients import Collector
    from benchmarks.decoders import Decoder
    from benchmarks.pages import BenchCatalog
    from benchmarks.worker_pool import Worker


@attrs.frozen
class Measured:
    """What a task took, and what it gave.

    Attributes:
        seconds: wall time.
        loop_cpu: CPU seconds of the thread of the event loop.
        process_cpu: CPU seconds of all threads.
        items: number of items.
        samples: further values.
    """

    seconds: float
    loop_cpu: float
    process_cpu: float
    items: int
    samples: Sequence[float] = ()


_Clocks: TypeAlias = tuple[float, float, float]


def _now() -> _Clocks:
    return perf_counter(), thread_time(), process_time()


def _since(began: _Clocks) -> _Clocks:
    wall, loop_cpu, process_cpu = _now()
    return wall - began[0], loop_cpu - began[1], process_cpu - began[2]


def _nothing() -> None:
    pass


async def collect(client: Collector, catalogs: Sequence[str]) -> Measured:
    """Collect catalogs at once, counting their items."""
    began = _now()
    items = await client.collect(catalogs, _nothing)
    return Measured(*_since(began), items)


async def call(client: Collector, catalog: str, times: int) -> Measured:
    """Ask for one item several times, one call after the other."""
    began, items = _now(), 0
    for _ in range(times):
        items += await client.call(catalog)
    return Measured(*_since(began), items)


async def watch_stalls(client: Collector, catalogs: Sequence[str]) -> Measured:
    """Collect catalogs; the samples are each page's longest gap between two loop iterations, in seconds."""
    began = _now()
    with StallWatch() as stalls:
        items = await client.collect(catalogs, stalls.page_done)
        await stalls.settle()
    return Measured(*_since(began), items, stalls.stalls)


async def watch_memory(client: Collector, warm_up: Sequence[str], catalogs: Sequence[str]) -> Measured:
    """Collect catalogs after a warm-up; the sample is the peak of resident memory's growth, in bytes."""
    return await _watch_memory(client.collect, warm_up, catalogs)


async def watch_accounts(client: Collector, warm_up: Sequence[str], catalogs: Sequence[str]) -> Measured:
    """Collect catalogs of different accounts after a warm-up; the sample is the peak as in `watch_memory`."""
    return await _watch_memory(client.accounts, warm_up, catalogs)


async def _watch_memory(
    work: Callable[[Sequence[str], Callable[[], None]], Awaitable[int]], warm_up: Sequence[str], catalogs: Sequence[str]
) -> Measured:
    await work(warm_up, _nothing)
    memory, began = MemoryWatch(), _now()
    items = await work(catalogs, memory.page_done)
    spent = _since(began)
    memory.growth()
    return Measured(*spent, items, (memory.peak,))


async def collected_ids(client: Collector, catalog: BenchCatalog) -> list[str]:
    """Return the identifiers of a catalog's items."""
    return await client.ids(catalog.name)


def decode(decoder: Decoder, bodies: Sequence[bytes], times: int) -> Measured:
    """Decode all pages several times, and count their items."""
    began = _now()
    for _ in range(times):
        for body in bodies:
            decoder.loads(body)
    spent = _since(began)
    return Measured(*spent, sum(len(decoder.items(decoder.loads(body))) for body in bodies) * times)


def encode(decoder: Decoder, bodies: Sequence[bytes], times: int) -> Measured:
    """Encode all decoded pages several times, and count their items."""
    dumps = decoder.dumps
    if dumps is None:
        raise TypeError("it does not encode")
    pages = [decoder.loads(body) for body in bodies]
    began = _now()
    for _ in range(times):
        for page in pages:
            dumps(page)
    spent = _since(began)
    return Measured(*spent, sum(len(decoder.items(decoder.loads(dumps(page)))) for page in pages) * times)


def decoded_ids(decoder: Decoder, body: bytes) -> list[str]:
    """Return the identifiers of the items on a page."""
    return [decoder.identifier(item) for item in decoder.items(decoder.loads(body))]


def collecting(workers: Sequence[Worker], catalogs: Sequence[BenchCatalog]) -> dict[str, Callable[[], Measured]]:
    """Return a function for each worker that collects catalogs, and checks the number of items."""
    names, items = [each.name for each in catalogs], sum(each.items for each in catalogs)
    return {worker.name: checked(worker, items, collect, names) for worker in workers}


def warm_up(workers: Sequence[Worker], catalogs: Sequence[BenchCatalog]) -> None:
    """Make each worker open its connections and fill its caches."""
    for turn in collecting(workers, catalogs).values():
        turn()


def checked(worker: Worker, items: int, task: Callable[..., object], *arguments: object) -> Callable[[], Measured]:
    """Return a function that runs a worker's task, and checks the number of items."""

    def turn() -> Measured:
        measured: Measured = worker.ask(task, *arguments)
        if measured.items != items:
            raise BenchmarkError(f"{worker.name} gave {measured.items} items of {items}")
        return measured

    return turn
