"""Catalogs that wait for their server most of the time: many should take no longer than one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contenders import BARE, OURS, STOCK
from benchmarks.figures.collecting import collecting, warm_up
from benchmarks.pages import catalogs
from benchmarks.results import Figure, Panel, Series, Target

if TYPE_CHECKING:
    from benchmarks.stage import Stage

KEY = "latency"
_CATALOGS = 8
_PAGES = 10
_DELAY_MS = 50


def measure(stage: Stage) -> Figure:
    """Measure how much longer all catalogs take than one of them alone."""
    together = catalogs(_CATALOGS, pages=_PAGES, delay_ms=_DELAY_MS)
    with stage.collectors((OURS, STOCK, BARE)) as workers:
        warm_up(workers, catalogs(_CATALOGS, pages=2))
        turns = {
            (name, count): turn
            for count in (1, _CATALOGS)
            for name, turn in collecting(workers, together[:count]).items()
        }
        labels = {key: f"{name}, {_amount(count)}" for key in turns for name, count in [key]}
        measured = stage.in_turn(KEY, {labels[key]: turn for key, turn in turns.items()})
    walls = {label: tuple(each.seconds for each in rounds) for label, rounds in measured.items()}
    wall = Panel(
        title=f"wall time, {_PAGES} pages of {_DELAY_MS} ms each",
        unit="s",
        compared=False,
        series=tuple(
            Series(labels[name, count], walls[labels[name, count]])
            for name in (OURS, STOCK, BARE)
            for count in (1, _CATALOGS)
        ),
    )
    ratios = tuple(
        Series(
            name,
            tuple(
                all_of_them / alone
                for all_of_them, alone in zip(walls[labels[name, _CATALOGS]], walls[labels[name, 1]], strict=True)
            ),
        )
        for name in (OURS, STOCK, BARE)
    )
    return Figure(
        key=KEY,
        title=f"{_CATALOGS} catalogs, {_DELAY_MS} ms a page at the server",
        how="All catalogs are equally long, the hardest case; a thousand items is as many as a catalog may have.",
        panels=(wall, Panel(title="all catalogs / one alone", unit="x", compared=False, series=ratios)),
        targets=(
            Target(
                what=f"wall time of {_CATALOGS} catalogs / of the longest alone, ours",
                limit=1.05,
                unit="x",
                value=wall.ratio(labels[OURS, _CATALOGS], labels[OURS, 1]),
            ),
        ),
    )


def _amount(count: int) -> str:
    return "1 catalog" if count == 1 else f"{count} catalogs"
