"""The cost of a checkpoint while sources are collected into a file."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.compare import ROOT, turn
from benchmarks.results import Figure, Panel, Target

if TYPE_CHECKING:
    from benchmarks.harness import Harness

KEY = "checkpoint"
_WITH, _WITHOUT = "with a checkpoint", "without"
_WORKLOADS = {_WITH: "into-checkpoint", _WITHOUT: "into"}


def measure(harness: Harness) -> Figure:
    """Measure the CPU time of a collection into a file, with a checkpoint and without."""
    python, url = Path(sys.executable), harness.http.url
    turns = {name: partial(turn, python, ROOT, workload, Path(), url) for name, workload in _WORKLOADS.items()}
    panel = Panel.of("CPU", "s", harness.in_turn(KEY, turns))
    return Figure(
        key=KEY,
        title="Collecting 20,000 items of four sources into a file of NDJSON",
        how="CPU time of the whole process from the first request to the report; each turn is a fresh process.",
        panels=(panel,),
        targets=(
            Target(what="CPU with / without a checkpoint", limit=1.03, unit="x", value=panel.ratio(_WITH, _WITHOUT)),
        ),
    )
