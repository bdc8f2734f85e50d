"""Catalogs with a slow server: many should take no longer than one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.clients import BARE, OURS, STOCK
from benchmarks.pages import catalogs
from benchmarks.results import Figure, Panel, Target
from benchmarks.tasks import collecting, warm_up

if TYPE_CHECKING:
    from benchmarks.harness import Harness

KEY = "latency"
_CLIENTS = (OURS, STOCK, BARE)
_CATALOGS = 8
_PAGES = 10
_DELAY_MS = 50


def measure(harness: Harness) -> Figure:
    """Measure how much longer all catalogs take than one of them alone."""
    together = catalogs(_CATALOGS, pages=_PAGES, delay_ms=_DELAY_MS)
    with harness.clients(_CLIENTS) as workers:
        warm_up(workers, catalogs(_CATALOGS, pages=2))
        turns = {
            f"{name}, {_amount(count)}": turn
            for count in (1, _CATALOGS)
            for name, turn in collecting(workers, together[:count]).items()
        }
        measured = harness.in_turn(KEY, turns)
    walls = {
        label: [each.seconds for each in measured[label]]
        for name in _CLIENTS
        for label in (f"{name}, {_amount(1)}", f"{name}, {_amount(_CATALOGS)}")
    }
    wall = Panel.of(f"wall time, {_PAGES} pages of {_DELAY_MS} ms each", "s", walls, compared=False)
    ratios = {
        name: [
            all_of_them / alone
            for all_of_them, alone in zip(
                walls[f"{name}, {_amount(_CATALOGS)}"], walls[f"{name}, {_amount(1)}"], strict=True
            )
        ]
        for name in _CLIENTS
    }
    return Figure(
        key=KEY,
        title=f"{_CATALOGS} catalogs, {_DELAY_MS} ms per page at the server",
        how="All catalogs are equally long, the hardest case; a thousand items is as many as a catalog may have.",
        panels=(wall, Panel.of("all catalogs / one alone", "x", ratios, compared=False)),
        targets=(
            Target(
                what=f"wall time of {_CATALOGS} catalogs / of the longest alone, ours",
                limit=1.05,
                unit="x",
                value=wall.ratio(f"{OURS}, {_amount(_CATALOGS)}", f"{OURS}, {_amount(1)}"),
            ),
        ),
    )


def _amount(count: int) -> str:
    return "1 catalog" if count == 1 else f"{count} catalogs"
