"""A page with everything: request, signature, loopback, decoding, handing over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contenders import BARE, OURS, OURS_RAW, STOCK, THREADS, TUNED
from benchmarks.figures.collecting import collecting, warm_up
from benchmarks.pages import BenchCatalog
from benchmarks.results import Figure, Panel, Series

if TYPE_CHECKING:
    from benchmarks.stage import Stage

KEY = "page"
_PAGES = 200
_PAGES_QUICK = 100


def measure(stage: Stage) -> Figure:
    """Measure how long a page of one catalog takes, the pages coming one after the other."""
    catalog = BenchCatalog(pages=_PAGES_QUICK if stage.quick else _PAGES)
    with stage.collectors((OURS, OURS_RAW, STOCK, TUNED, THREADS, BARE)) as workers:
        warm_up(workers, [BenchCatalog(pages=10)])
        measured = stage.in_turn(KEY, collecting(workers, [catalog]))
    series = tuple(
        Series(name, tuple(each.seconds * 1e3 / catalog.pages for each in rounds)) for name, rounds in measured.items()
    )
    return Figure(
        key=KEY,
        title="One catalog, page after page over loopback",
        how=f"{catalog.pages} pages a round, wall time; ours fetches a page ahead of its consumer, which only counts.",
        panels=(Panel(title="a page", unit="ms", series=series),),
    )
