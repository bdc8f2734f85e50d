"""Compares this checkout with another one: runs the same workloads in alternating processes of both."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from rich.table import Table

from benchmarks.clients.settings import clean_environment
from benchmarks.errors import BenchmarkError
from benchmarks.harness import running_server
from benchmarks.pages import sample_bodies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CASES = (
    *("decode", "general-decode", "encode", "botocore-decode", "botocore-encode"),
    *("cold-start", "call", "paginate", "into", "into-checkpoint"),
)
ROOT = Path(__file__).parents[1]
_WORKLOAD = Path(__file__).with_name("workload.py")
_HERE, _THERE = "this", "other"


def compare(other: Path, cases: Sequence[str], rounds: int, announce: Callable[[str], None]) -> Table:
    """Measure cases in this checkout and in another one, which has its own environment in `.venv`.

    Raises:
        BenchmarkError: the other checkout has no environment, or a workload failed.
    """
    pythons = {_HERE: Path(sys.executable), _THERE: other / ".venv" / "bin" / "python"}
    if not pythons[_THERE].exists():
        raise BenchmarkError(f"{other} has no .venv/bin/python")
    measured: dict[str, dict[str, list[float]]] = {case: {_HERE: [], _THERE: []} for case in cases}
    with tempfile.TemporaryDirectory() as folder, running_server() as (address, _):
        bodies = Path(folder, "bodies")
        bodies.write_bytes(b"\n".join(sample_bodies()))
        for number in range(rounds + 1):
            for case in cases:
                # The order alternates, as a process affects the one after it.
                for side in (_HERE, _THERE) if number % 2 else (_THERE, _HERE):
                    announce(f"{case}: round {number} of {rounds}, {side}")
                    root = other if side == _THERE else ROOT
                    seconds = turn(pythons[side], root, case, bodies, address.url)
                    if number:  # the first round compiles modules
                        measured[case][side].append(seconds)
    return _table(measured)


def turn(python: Path, root: Path, case: str, bodies: Path, url: str) -> float:
    """Run a workload in a process and return its seconds.

    Raises:
        BenchmarkError: it failed.
    """
    environment = {**clean_environment(), "PYTHONPATH": str(root / "src")}
    command = [str(python), "-P", str(_WORKLOAD), case, str(bodies), url]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    elapsed = time.perf_counter() - began
    if done.returncode:
        raise BenchmarkError(
            f"{case} failed in {root.name}: {(done.stderr.strip().splitlines() or ['in silence'])[-1]}"
        )
    return elapsed if case == "cold-start" else float(done.stdout)


def _table(measured: dict[str, dict[str, list[float]]]) -> Table:
    table = Table(title="time here / time there; medians over rounds, ratios round by round")
    for name in ("case", "here (ms)", "there (ms)", "ratio", "round by round"):
        table.add_column(name, justify="left" if name == "case" else "right")
    for case, sides in measured.items():
        here, there = sides[_HERE], sides[_THERE]
        ratios = [one / other for one, other in zip(here, there, strict=True)]
        cells = [f"{median(here) * 1e3:#.4g}", f"{median(there) * 1e3:#.4g}", f"{median(ratios):.3f}"]
        table.add_row(case, *cells, f"{min(ratios):.3f} to {max(ratios):.3f}")
    if {"into", "into-checkpoint"} <= measured.keys():
        costs = [median(measured["into-checkpoint"][side]) / median(measured["into"][side]) for side in (_HERE, _THERE)]
        table.add_row(
            "with / without a checkpoint", *(f"{cost:.3f}x" for cost in costs), f"{costs[0] / costs[1]:.3f}", ""
        )
    return table
