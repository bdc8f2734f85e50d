"""How much resident memory grows while items stream to a sink that only counts them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.clients import BARE, CAPO, OURS, STOCK, missing
from benchmarks.pages import ITEMS_PER_PAGE, catalogs
from benchmarks.results import Figure, Panel, Target
from benchmarks.tasks import checked, watch_memory

if TYPE_CHECKING:
    from benchmarks.harness import Harness

KEY = "memory"
_CLIENTS = (OURS, CAPO, STOCK, BARE)
_CATALOGS = 4
_MILLION = 1_000_000
_ITEMS_QUICK = (10_000, 100_000)
_ITEMS = (*_ITEMS_QUICK, _MILLION)
_WARM_UP_PAGES = 5
_MEBIBYTE = 1 << 20


def measure(harness: Harness) -> Figure:
    """Measure the growth for several numbers of items."""
    panels = {items: _panel(harness, items) for items in (_ITEMS_QUICK if harness.quick else _ITEMS)}
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
                limit=10,
                unit="MiB",
                value=million.series_of(OURS).span if million else None,
            ),
        ),
    )


def _panel(harness: Harness, items: int) -> Panel:
    rounds = 1 if harness.quick or items > _ITEMS[0] else harness.rounds
    turns = {name: partial(_growth, harness, name, items) for name in _CLIENTS if name not in missing()}
    growths = harness.in_turn(f"{KEY}, {items:,} items", turns, rounds)
    return Panel.of(f"{items:,} items", "MiB", growths, compared=False)


def _growth(harness: Harness, client: str, items: int) -> float:
    """Return the peak growth of a process that has done nothing before, in MiB."""
    first = [catalog.name for catalog in catalogs(_CATALOGS, pages=_WARM_UP_PAGES)]
    names = [catalog.name for catalog in catalogs(_CATALOGS, pages=items // _CATALOGS // ITEMS_PER_PAGE)]
    with harness.clients([client]) as (worker,):
        (peak,) = checked(worker, items, watch_memory, first, names)().samples
    return peak / _MEBIBYTE
