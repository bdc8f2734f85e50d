"""Many catalogs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contenders import BARE, OURS, STOCK, THREADS, TUNED
from benchmarks.contenders.settings import POOL_SIZE
from benchmarks.contenders.threads import MAX_THREADS
from benchmarks.figures.collecting import collecting, warm_up
from benchmarks.pages import catalogs
from benchmarks.results import Figure, Panel, Series, Target

if TYPE_CHECKING:
    from benchmarks.stage import Stage

KEY = "throughput"
TARGET_CATALOGS = 4
_CATALOGS = (1, TARGET_CATALOGS, 16, 64)
_PAGES = 200
_PAGES_QUICK = 100


def measure(stage: Stage) -> Figure:
    """Measure how many items a second each contender gives."""
    total = _PAGES_QUICK if stage.quick else _PAGES
    with stage.collectors((OURS, STOCK, TUNED, THREADS, BARE)) as workers:
        panels = {}
        for count in _CATALOGS:
            warm_up(workers, catalogs(count, pages=1))
            pages = max(2, round(total / count))
            measured = stage.in_turn(f"{KEY}, {count} catalogs", collecting(workers, catalogs(count, pages=pages)))
            panels[count] = Panel(
                title=f"catalogs: {count}, pages of each: {pages}",
                unit="items/s",
                more_is_better=True,
                series=tuple(
                    Series(name, tuple(each.items / each.seconds for each in rounds))
                    for name, rounds in measured.items()
                ),
            )
    return Figure(
        key=KEY,
        title="Items a second from many catalogs at once",
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
