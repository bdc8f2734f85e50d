"""Measures the rows per second and the CPU time of a row, for every engine that reads a collection."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from benchmarks.engines import SPARK_THREADS, checked, installed, open_engine, read
from benchmarks.pages import catalogs
from benchmarks.results import Figure, Panel
from benchmarks.worker_pool import worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.engines import Turn
    from benchmarks.harness import Harness
    from benchmarks.worker_pool import Worker

KEY = "engines"
_SOURCES = 4
_PAGES, _PAGES_QUICK = 50, 20
_WARM_UP_PAGES = 2


def measure(harness: Harness) -> Figure:
    """Measure each engine that is installed."""
    url = harness.http.url
    given = catalogs(_SOURCES, pages=_PAGES_QUICK if harness.quick else _PAGES)
    names, rows = [each.name for each in given], sum(each.items for each in given)

    def turn(engine: Worker) -> Callable[[], Turn]:
        return lambda: checked(engine.ask(read, url, names), rows)

    with ExitStack() as stack:
        engines = [stack.enter_context(worker(name, open_engine, name)) for name in installed()]
        for engine in engines:
            harness.announce(f"{KEY}: warming up {engine.name}")
            engine.ask(read, url, [each.name for each in catalogs(_SOURCES, pages=_WARM_UP_PAGES)])
        measured = harness.in_turn(KEY, {engine.name: turn(engine) for engine in engines})
    return Figure(
        key=KEY,
        title=f"{rows:,} rows of {_SOURCES} sources through each engine",
        how=(
            "`objects` and `Arrow` read batches and drop them; the others write what they read. Each process "
            "has read a few pages before, so the start of Spark's Java does not count. CPU is of all processes of an "
            f"engine. A collection uses one core, and Spark {SPARK_THREADS} threads with a process of Python each. dlt "
            "also normalizes the rows and merges them into a table. Engines that are not installed are left out."
        ),
        panels=(
            Panel.of("rows read", "rows/s", measured, lambda each: each.rows / each.seconds, more_is_better=True),
            Panel.of("CPU of a row", "µs", measured, lambda each: each.cpu / each.rows * 1e6),
        ),
    )
