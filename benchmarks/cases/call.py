"""Small calls, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.clients import (
    BARE,
    BARE_ON_UVLOOP,
    CAPO,
    OURS,
    OURS_ON_RY,
    OURS_ON_UVLOOP,
    OURS_THROUGH_BOTOCORE,
    STOCK,
    THREADS,
)
from benchmarks.pages import BenchCatalog
from benchmarks.results import Figure, Panel, Target
from benchmarks.tasks import call, checked

if TYPE_CHECKING:
    from benchmarks.harness import Harness

KEY = "call"
# The lower bound is first, so that the others are compared with it.
_CLIENTS = (BARE, OURS, OURS_ON_RY, OURS_THROUGH_BOTOCORE, OURS_ON_UVLOOP, CAPO, STOCK, THREADS, BARE_ON_UVLOOP)
_CALLS = 500
_CALLS_QUICK = 100


def measure(harness: Harness) -> Figure:
    """Measure what a call for one item costs."""
    calls = _CALLS_QUICK if harness.quick else _CALLS
    name = BenchCatalog(pages=2).name
    with harness.clients(_CLIENTS) as workers:
        turns = {worker.name: checked(worker, calls, call, name, calls) for worker in workers}
        for warm_up in turns.values():
            warm_up()
        measured = harness.in_turn(KEY, turns)
    cpu = Panel.of("CPU of the calling thread", "us", measured, lambda each: each.loop_cpu * 1e6 / calls)
    wall = Panel.of("wall time", "us", measured, lambda each: each.seconds * 1e6 / calls)
    return Figure(
        key=KEY,
        title="A call for one item, over HTTP",
        how=f"{calls} calls of ListConnections a round, one after the other, over one connection.",
        panels=(cpu, wall),
        targets=(Target(what=f"CPU of a small call, ours / {BARE}", limit=1.3, unit="x", value=cpu.ratio(OURS, BARE)),),
    )
