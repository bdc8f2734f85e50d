"""Bulk collections: memory by the number of sources, and what one throttled account costs the others.

`python -m benchmarks.bulk` prints both, in two minutes; `--quick` leaves out the ten thousand sources.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import statistics
import sys
import time
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Credentials, Limits, Source
from aiopartnercentral.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

_SOURCES = (10, 1_000, 10_000)
_ITEMS = 100
_PAUSE = 0.001  # seconds that the consumer takes for each page
_ROUNDS = 3
_OTHERS = 20
_PAGES = 20
_RATE = 20.0
_PAGE_BYTES = 4096
_MEBIBYTE = 1 << 20


async def _any() -> Credentials:
    return Credentials(access_key_id="any", secret_access_key="any")  # noqa: S106 - it opens nothing


@asynccontextmanager
async def _emulator() -> AsyncIterator[str]:
    """Run an emulator in a process of its own; yields where it listens."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.emulating", "emulator"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the emulator has no pipes")
    try:
        port = (await process.stdout.readline()).decode().strip()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.stdin.close()
        await process.wait()


def _resident() -> float:
    """Return the resident memory in MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * _PAGE_BYTES / _MEBIBYTE


async def _peak(url: str, number: int) -> float:
    """Return the peak of the resident memory while a slow consumer takes a hundred items of each source."""
    sources = [
        Source("AWS", endpoint_url=url, credentials=_any, label=f"{number}/{index}", account=f"{index % 500}")
        for index in range(number)
    ]
    listing = account.listings.list_connections(page_size=_ITEMS, max_items=_ITEMS)
    limits = Limits(rate=1000, concurrency=16, run_seconds=None)
    peak = items = 0.0
    async with Collection(listing, sources, limits=limits) as stream:
        async for _ in stream:
            items += 1
            if items % _ITEMS == 0:
                peak = max(peak, _resident())
                await asyncio.sleep(_PAUSE)
    if items != number * _ITEMS:
        raise RuntimeError(f"{items} items came of {number} sources")
    return peak


async def _memory(sizes: Sequence[int]) -> None:
    async with _emulator() as url:
        await _peak(url, 50)
        before = _resident()
        for number in sizes:
            began = time.perf_counter()
            growth = await _peak(url, number) - before
            _say(f"{number:>7,} sources  {growth:5.1f} MiB above the beginning  {time.perf_counter() - began:6.1f} s")


async def _others(sources: Sequence[Source]) -> float:
    """Return the seconds until the last source of an account that is not throttled has been collected."""
    listing = account.listings.list_connections(page_size=50, max_items=50 * _PAGES)
    last = began = time.perf_counter()
    async with Collection(listing, sources, limits=Limits(rate=_RATE)) as stream:
        async for origin, _ in stream:
            if origin.account != "throttled":
                last = time.perf_counter()
    return last - began


async def _isolation() -> None:
    async with _emulator() as url, Emulator({"AWS": 1000}, requests_per_second=1) as slow:
        others = [
            Source("AWS", endpoint_url=url, credentials=_any, label=f"{index}", account=f"{index}")
            for index in range(_OTHERS)
        ]
        throttled = Source("AWS", endpoint_url=slow.endpoint_url, credentials=_any, label="x", account="throttled")
        alone: list[float] = []
        beside: list[float] = []
        await _others(others)
        for _ in range(_ROUNDS):
            alone.append(await _others(others))
            beside.append(await _others([throttled, *others]))
    usual, together = statistics.median(alone), statistics.median(beside)
    _say(f"{_OTHERS} accounts: {usual:.2f} s alone, {together:.2f} s beside one that gets 1 request/s")
    _say(f"{together / usual:.3f} times as long (the aim is 1.05)")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    logging.getLogger("aiopartnercentral.bulk").setLevel(logging.ERROR)  # that an account is throttled is no news here
    parser.add_argument("--quick", action="store_true", help="leave out the ten thousand sources")
    asyncio.run(_memory(_SOURCES[:2] if parser.parse_args().quick else _SOURCES))
    asyncio.run(_isolation())


if __name__ == "__main__":
    main()
