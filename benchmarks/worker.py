"""One contender or decoder in a process of its own: takes tasks from stdin, answers on stdout, ends when stdin does.

`python -m benchmarks.worker collect CONTENDER PORT` or `python -m benchmarks.worker decode DECODER`.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING

import msgspec

from benchmarks.contenders import Collector, opener
from benchmarks.messages import (
    Collect,
    Decode,
    Failed,
    Identified,
    Identify,
    Measured,
    Ready,
    Reply,
    Task,
    WatchMemory,
    WatchStalls,
)
from benchmarks.probes import MemoryWatch, StallWatch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from benchmarks.decoders import Decoder

_tasks = msgspec.json.Decoder(Task)


def _nothing() -> None:
    pass


async def collect(collector: Collector, task: Task) -> Reply:
    """Do a task by collecting."""
    match task:
        case Collect(catalogs):
            started = perf_counter()
            items = await collector.collect(catalogs, _nothing)
            return Measured(perf_counter() - started, items)
        case WatchStalls(catalogs):
            started = perf_counter()
            with StallWatch() as stalls:
                items = await collector.collect(catalogs, stalls.page_done)
                await stalls.settle()
            return Measured(perf_counter() - started, items, stalls.stalls)
        case WatchMemory(warm_up, catalogs):
            await collector.collect(warm_up, _nothing)
            memory = MemoryWatch()
            started = perf_counter()
            items = await collector.collect(catalogs, memory.page_done)
            seconds, growth = perf_counter() - started, memory.growth()
            return Measured(seconds, items, [memory.peak, growth])
        case Identify(catalog):
            return Identified(await collector.ids(catalog))
        case Decode():
            raise TypeError("a collector decodes nothing by itself")


def decode(decoder: Decoder, bodies: list[bytes], task: Task) -> Reply:
    """Do a task by decoding bodies."""
    match task:
        case Decode(times):
            started = perf_counter()
            for _ in range(times):
                for body in bodies:
                    decoder.loads(body)
            seconds = perf_counter() - started
            items = sum(len(decoder.items(decoder.loads(body))) for body in bodies)
            return Measured(seconds, items * times)
        case Identify():
            return Identified([decoder.identifier(item) for item in decoder.items(decoder.loads(bodies[0]))])
        case _:
            raise TypeError("a decoder collects nothing")


async def work(do: Callable[[Task], Awaitable[Reply]]) -> None:
    """Take tasks and answer them until there are no more."""
    _write(Ready())
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            reply = await do(_tasks.decode(line))
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who asked wants to know
            reply = Failed(_reason(error))
        _write(reply)


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"


def _write(reply: Reply) -> None:
    # Unbuffered, so that nothing is left to complain about if whoever asked is gone.
    os.write(sys.stdout.fileno(), msgspec.json.encode(reply) + b"\n")


async def work_as_collector(contender: str, port: int) -> None:
    """Open a contender and do tasks with it."""
    async with opener(contender)(port) as collector:
        await work(lambda task: collect(collector, task))


async def work_as_decoder(name: str) -> None:
    """Load a decoder and do tasks with it."""
    from benchmarks.decoders import decoder  # noqa: PLC0415 - collectors load nothing that is not theirs
    from benchmarks.pages import sample_bodies  # noqa: PLC0415 - the same

    found, bodies = decoder(name), sample_bodies()

    async def do(task: Task) -> Reply:
        return decode(found, bodies, task)

    await work(do)


def main(role: str, name: str, *port: str) -> None:
    """Work in a role."""
    with suppress(BrokenPipeError):
        try:
            asyncio.run(work_as_collector(name, int(port[0])) if role == "collect" else work_as_decoder(name))
        except ImportError as error:
            _write(Failed(_reason(error)))


if __name__ == "__main__":
    main(*sys.argv[1:])
