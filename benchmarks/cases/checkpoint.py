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
_WORKLOADS = {
    "JSON": {_WITH: "into-checkpoint", _WITHOUT: "into"},
    "CBOR": {_WITH: "into-checkpoint-cbor", _WITHOUT: "into-cbor"},
}


def measure(harness: Harness) -> Figure:
    """Measure the CPU time of a collection into a file, with a checkpoint and without."""
    python, url = Path(sys.executable), harness.http.url
    panels = {}
    for form, workloads in _WORKLOADS.items():
        turns = {name: partial(turn, python, ROOT, workload, Path(), url) for name, workload in workloads.items()}
        panels[form] = Panel.of(f"CPU, pages in {form}", "s", harness.in_turn(f"{KEY}, {form}", turns))
    return Figure(
        key=KEY,
        title="Collecting 20,000 items of four sources into a file of NDJSON",
        how="CPU time of the whole process from the first request to the report; each turn is a fresh process.",
        panels=tuple(panels.values()),
        targets=tuple(
            Target(
                what=f"CPU with / without a checkpoint, pages in {form}",
                limit=1.03,
                unit="x",
                value=panel.ratio(_WITH, _WITHOUT),
            )
            for form, panel in panels.items()
        ),
    )
