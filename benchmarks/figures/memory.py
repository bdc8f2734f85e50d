"""How much resident memory grows while items stream to a sink that only counts them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.contenders import OURS, STOCK
from benchmarks.messages import WatchMemory
from benchmarks.pages import ITEMS_PER_PAGE, catalogs
from benchmarks.results import Figure, Panel, Series, Target

if TYPE_CHECKING:
    from benchmarks.stage import Stage

KEY = "memory"
_CONTENDERS = (OURS, STOCK)
_CATALOGS = 4
_MILLION = 1_000_000
_ITEMS_QUICK = (10_000, 100_000)
_ITEMS = (*_ITEMS_QUICK, _MILLION)
_WARM_UP_PAGES = 5
_MEBIBYTE = 1 << 20


def measure(stage: Stage) -> Figure:
    """Measure the growth for several numbers of items."""
    panels = {items: _panel(stage, items) for items in (_ITEMS_QUICK if stage.quick else _ITEMS)}
    million = panels.get(_MILLION)
    return Figure(
        key=KEY,
        title="Growth of resident memory while streaming",
        how=(
            f"Peak above what a fresh process has after a warm-up of {_CATALOGS * _WARM_UP_PAGES} pages; from "
            f"{_CATALOGS} catalogs at once. One round, except for ten thousand items in a full run."
        ),
        panels=tuple(panels.values()),
        targets=(
            Target(
                what="peak growth over a million items, ours",
                limit=30,
                unit="MiB",
                value=max(million.of(OURS).rounds) if million else None,
            ),
        ),
    )


def _panel(stage: Stage, items: int) -> Panel:
    rounds = 1 if stage.quick or items > _ITEMS[0] else stage.rounds
    growths = stage.in_turn(
        f"{KEY}, {items:,} items", {name: partial(_growth, stage, name, items) for name in _CONTENDERS}, rounds
    )
    series = tuple(Series(name, tuple(values)) for name, values in growths.items())
    return Panel(title=f"{items:,} items", unit="MiB", compared=False, series=series)


def _growth(stage: Stage, contender: str, items: int) -> float:
    """Return the peak growth of a process that has done nothing before, in MiB."""
    task = WatchMemory(
        warm_up=[catalog.name for catalog in catalogs(_CATALOGS, pages=_WARM_UP_PAGES)],
        catalogs=[catalog.name for catalog in catalogs(_CATALOGS, pages=items // _CATALOGS // ITEMS_PER_PAGE)],
    )
    with stage.collectors([contender]) as (worker,):
        peak, _ = worker.measure(task, items=items).samples
    return peak / _MEBIBYTE
