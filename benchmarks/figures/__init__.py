"""The figures, in the order in which they are measured and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.figures import cold_start, decode, emulator, latency, memory, stall, throughput, whole_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.results import Figure
    from benchmarks.stage import Stage

FIGURES: Mapping[str, Callable[[Stage], Figure]] = {
    decode.KEY: decode.measure,
    whole_page.KEY: whole_page.measure,
    throughput.KEY: throughput.measure,
    latency.KEY: latency.measure,
    stall.KEY: stall.measure,
    memory.KEY: memory.measure,
    cold_start.KEY: cold_start.measure,
    emulator.KEY: emulator.measure,
}
