"""A complete page: request, signature, loopback, decoding, handing over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.clients import BARE, OURS, OURS_RAW, STOCK, THREADS, TUNED
from benchmarks.pages import BenchCatalog
from benchmarks.results import Figure, Panel
from benchmarks.tasks import collecting, warm_up

if TYPE_CHECKING:
    from benchmarks.harness import Harness

KEY = "page"
_PAGES = 200
_PAGES_QUICK = 100


def measure(harness: Harness) -> Figure:
    """Measure how long a page of one catalog takes, with sequential pages."""
    catalog = BenchCatalog(pages=_PAGES_QUICK if harness.quick else _PAGES)
    with harness.clients((OURS, OURS_RAW, STOCK, TUNED, THREADS, BARE)) as workers:
        warm_up(workers, [BenchCatalog(pages=10)])
        measured = harness.in_turn(KEY, collecting(workers, [catalog]))
    pages = {name: [each.seconds * 1e3 / catalog.pages for each in rounds] for name, rounds in measured.items()}
    return Figure(
        key=KEY,
        title="One catalog, page after page over loopback",
        how=f"{catalog.pages} pages a round, wall time; ours fetches a page ahead of its consumer, which only counts.",
        panels=(Panel.of("a page", "ms", pages),),
    )
