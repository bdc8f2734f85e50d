"""Probes of a worker: stalls of its event loop, its resident memory, and the CPU time of its processes."""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

_PROCESSES = Path("/proc")
_STATUS = Path("/proc/self/status")
_PAGES_PER_SAMPLE = 10


def resident() -> int:
    """Return the resident memory of this process, in bytes; its peak if the system only reports that."""
    if _STATUS.exists():
        for line in _STATUS.read_bytes().splitlines():
            if line.startswith(b"VmRSS:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def tree_cpu() -> float:
    """Return the CPU seconds of this process and of all that it has started, also of those that have ended.

    Without the directory `/proc`, those that still run do not count.
    """
    if not _PROCESSES.exists():
        return sum(os.times()[:4])
    parents, spent = {}, {}
    for path in _PROCESSES.glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            fields = path.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            process = int(path.parent.name)
            parents[process], spent[process] = int(fields[1]), sum(map(int, fields[11:15]))
    total, reached = 0, [os.getpid()]
    while reached:
        process = reached.pop()
        total += spent.get(process, 0)
        reached += [child for child, parent in parents.items() if parent == process]
    return total / os.sysconf("SC_CLK_TCK")


class MemoryWatch:
    """Measures the growth of resident memory since its start; samples every tenth page."""

    def __init__(self) -> None:
        self._base = resident()
        self._pages = 0
        self.peak = 0

    def page_done(self) -> None:
        """Count a page."""
        self._pages += 1
        if self._pages % _PAGES_PER_SAMPLE == 0:
            self.growth()

    def growth(self) -> int:
        """Return the growth up to now, in bytes."""
        grown = resident() - self._base
        self.peak = max(self.peak, grown)
        return grown


class StallWatch:
    """Measures how long each page blocked the event loop.

    A callback in every iteration of the event loop takes the time since the one before, in which all other callbacks
    ran; so the loop never sleeps, and waiting for the network is no gap. A gap belongs to the page during which it
    began. That finds the decoding of a page wherever a client does it, if it collects one catalog.

    Attributes:
        stalls: the longest gap of each page, in seconds.
    """

    def __init__(self) -> None:
        self.stalls: list[float] = []
        self._longest = 0.0
        self._pages = 0
        self._running = False
        self._last = 0.0
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        self._running = True
        self._last = perf_counter()
        self._loop.call_soon(self._turn)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._running = False

    def page_done(self) -> None:
        """End a page; the gap that is under way still belongs to it."""
        self._pages += 1

    async def settle(self) -> None:
        """Wait for the gap of the last page to end."""
        await asyncio.sleep(0)  # the next iteration begins before this returns

    def _turn(self) -> None:
        self._longest = max(self._longest, perf_counter() - self._last)
        if self._pages:
            self.stalls += [self._longest] * self._pages
            self._longest, self._pages = 0.0, 0
        if self._running:
            self._last = perf_counter()
            self._loop.call_soon(self._turn)
