"""How long a page blocks the event loop."""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING

from benchmarks.clients import BARE, CAPO, OURS, STOCK, TUNED
from benchmarks.errors import BenchmarkError
from benchmarks.pages import BenchCatalog
from benchmarks.results import Figure, Panel, Target
from benchmarks.tasks import checked, warm_up, watch_stalls

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.harness import Harness

KEY = "stall"
_PAGES = 300
_PAGES_QUICK = 150


def _p99(stalls: list[float]) -> float:
    return quantiles(stalls, n=100, method="inclusive")[-1]


_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "longest stall of a page, median over pages": median,
    "99th percentile over pages": _p99,
    "maximum over pages": max,
}


def measure(harness: Harness) -> Figure:
    """Measure the longest stall of each page."""
    catalog = BenchCatalog(pages=_PAGES_QUICK if harness.quick else _PAGES)
    with harness.clients((OURS, CAPO, STOCK, TUNED, BARE)) as workers:
        warm_up(workers, [BenchCatalog(pages=10)])
        turns = {worker.name: checked(worker, catalog.items, watch_stalls, [catalog.name]) for worker in workers}
        measured = harness.in_turn(KEY, turns)
    for name, rounds in measured.items():
        if any(len(each.samples) != catalog.pages for each in rounds):
            raise BenchmarkError(f"{name} was not watched over every page")
    stalls = {name: [[gap * 1e3 for gap in each.samples] for each in rounds] for name, rounds in measured.items()}
    panels = tuple(Panel.of(title, "ms", stalls, statistic) for title, statistic in _STATISTICS.items())
    return Figure(
        key=KEY,
        title="Stalls of the event loop",
        how=(
            f"{catalog.pages} pages of one catalog a round. A callback in every iteration of the event loop takes the "
            "time since the iteration before; what counts for a page is its longest gap."
        ),
        panels=panels,
        targets=(
            Target(
                what="longest stall of a page, median over pages, ours",
                limit=0.4,
                unit="ms",
                value=panels[0].series_of(OURS).span,
            ),
        ),
        samples=stalls,
        sample_unit="ms",
    )
