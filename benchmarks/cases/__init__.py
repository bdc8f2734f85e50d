"""The cases, in the order in which they are measured and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cases import (
    accounts,
    bulk,
    call,
    checkpoint,
    cold_start,
    decode,
    emulator,
    engines,
    fleet,
    latency,
    memory,
    scaling,
    stall,
    throughput,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.harness import Harness
    from benchmarks.results import Figure

CASES: Mapping[str, Callable[[Harness], Figure]] = {
    decode.KEY: decode.measure,
    decode.CBOR_KEY: decode.measure_cbor,
    decode.ENCODE_KEY: decode.measure_encoding,
    throughput.KEY: throughput.measure,
    call.KEY: call.measure,
    accounts.KEY: accounts.measure,
    latency.KEY: latency.measure,
    stall.KEY: stall.measure,
    memory.KEY: memory.measure,
    cold_start.KEY: cold_start.measure,
    checkpoint.KEY: checkpoint.measure,
    bulk.MEMORY_KEY: bulk.measure_memory,
    bulk.THROTTLED_KEY: bulk.measure_throttled,
    emulator.KEY: emulator.measure,
    engines.KEY: engines.measure,
    scaling.KEY: scaling.measure,
    fleet.KEY: fleet.measure,
}
