"""The run time of a program that starts, connects, fetches one page and ends."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.clients.settings import clean_environment, endpoint_url
from benchmarks.errors import BenchmarkError
from benchmarks.pages import BenchCatalog
from benchmarks.results import Figure, Panel, Target

if TYPE_CHECKING:
    from benchmarks.harness import Harness

KEY = "cold-start"
_TURNS_A_ROUND = 2
ROOT = Path(__file__).parents[2]
_PROGRAMS = Path(__file__).parents[1] / "cold_start"
_OURS, _STOCK = "ours", "aiobotocore"
_COMMANDS = {
    _OURS: [str(_PROGRAMS / "with_ours.py")],
    _STOCK: [str(_PROGRAMS / "with_aiobotocore.py")],
    "boto3": [str(_PROGRAMS / "with_boto3.py")],
    "python -c pass": ["-c", "pass"],
}


def measure(harness: Harness) -> Figure:
    """Measure the wall time of each program."""
    with TemporaryDirectory(prefix="benchmarks-") as compiled:
        turns = {name: partial(_run, harness, name, compiled) for name in _COMMANDS}
        for warm_up in turns.values():
            warm_up()
        measured = harness.in_turn(KEY, turns, harness.rounds * _TURNS_A_ROUND)
    panel = Panel.of("wall time", "ms", measured)
    return Figure(
        key=KEY,
        title="From the start of a process to the end of its first page",
        how="Files are in the system's cache, modules compiled by a run before; the page, of 100 items, is decoded.",
        panels=(panel,),
        targets=(
            Target(
                what=f"time of ours / of {_STOCK}",
                limit=1.1,
                unit="x",
                value=panel.ratio(_OURS, _STOCK),
            ),
        ),
    )


def _run(harness: Harness, name: str, compiled: str) -> float:
    """Run a program to its end and return its wall time, in milliseconds; modules are compiled into a folder once."""
    environment = {**clean_environment(), "PYTHONPYCACHEPREFIX": compiled}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, *_COMMANDS[name], endpoint_url(harness.port), BenchCatalog(pages=2).name]
    started = perf_counter()
    done = subprocess.run(  # noqa: S603 - a program of this package
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    elapsed = perf_counter() - started
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["nothing on stderr"])[-1]
        raise BenchmarkError(f"{name} failed to start, with exit code {done.returncode}: {last}")
    return elapsed * 1e3
