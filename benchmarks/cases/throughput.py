"""Throughput of many catalogs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.clients import BARE, OURS, STOCK, THREADS, TUNED
from benchmarks.clients.boto3_threads import MAX_THREADS
from benchmarks.clients.settings import POOL_SIZE
from benchmarks.pages import catalogs
from benchmarks.results import Figure, Panel, Target
from benchmarks.tasks import collecting, warm_up

if TYPE_CHECKING:
    from benchmarks.harness import Harness

KEY = "throughput"
TARGET_CATALOGS = 4
_CATALOGS = (1, TARGET_CATALOGS, 16, 64)
_PAGES = 200
_PAGES_QUICK = 40


def measure(harness: Harness) -> Figure:
    """Measure how many items per second each client yields."""
    total = _PAGES_QUICK if harness.quick else _PAGES
    with harness.clients((OURS, STOCK, TUNED, THREADS, BARE)) as workers:
        panels = {}
        for count in _CATALOGS:
            warm_up(workers, catalogs(count, pages=1))
            pages = max(2, round(total / count))
            measured = harness.in_turn(f"{KEY}, {count} catalogs", collecting(workers, catalogs(count, pages=pages)))
            panels[count] = Panel.of(
                f"catalogs: {count}, pages of each: {pages}",
                "items/s",
                {name: [each.items / each.seconds for each in rounds] for name, rounds in measured.items()},
                more_is_better=True,
            )
    return Figure(
        key=KEY,
        title="Items per second from many catalogs at once",
        how=(
            f"max_pool_connections is {POOL_SIZE} for all, and connections are open before the clock starts; ours "
            "has max_concurrency = catalogs, aiobotocore and aiohttp a task for each, boto3 a thread for each, at most "
            f"{MAX_THREADS}."
        ),
        panels=tuple(panels.values()),
        targets=_targets(panels[TARGET_CATALOGS]),
    )


def plotted(figure: Figure) -> Panel:
    """Return the panel that the targets are about."""
    return figure.panels[_CATALOGS.index(TARGET_CATALOGS)]


def _targets(panel: Panel) -> tuple[Target, ...]:
    where = f"{TARGET_CATALOGS} catalogs"
    return (
        Target(
            what=f"{where}: items/s of ours / of {STOCK}",
            limit=10,
            unit="x",
            at_least=True,
            value=panel.ratio(OURS, STOCK),
        ),
        Target(
            what=f"{where}: items/s of ours / of {BARE}",
            limit=40,
            unit="%",
            at_least=True,
            value=panel.ratio(OURS, BARE) * 100,
        ),
    )
