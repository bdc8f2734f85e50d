"""Many catalogs at once, without TLS and with it: items per second, and the CPU time of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.clients import (
    BARE,
    BARE_ON_UVLOOP,
    CAPO,
    OURS,
    OURS_ON_RY,
    OURS_ON_RY_AND_UVLOOP,
    OURS_ON_UVLOOP,
    OURS_RAW,
    OURS_THROUGH_BOTOCORE,
    STOCK,
    THREADS,
    TUNED,
)
from benchmarks.clients.boto3_threads import MAX_THREADS
from benchmarks.clients.settings import POOL_SIZE
from benchmarks.pages import ITEMS_PER_PAGE, catalogs
from benchmarks.results import Figure, Panel, Target
from benchmarks.tasks import collecting, warm_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.harness import Harness
    from benchmarks.tasks import Measured
    from benchmarks.worker_pool import Worker

KEY = "throughput"
TARGET_CATALOGS = 4
_OTHER_CATALOGS = (1, 16, 64)
_PAGES = 200
_PAGES_QUICK = 40
_LEAST_PAGES = 8  # of a catalog; in less, one full garbage collection would take half of a round, or none happen
_LEAST_PAGES_QUICK = 2
_CLIENTS = (
    *(OURS, OURS_ON_RY, OURS_THROUGH_BOTOCORE, OURS_RAW, OURS_ON_UVLOOP, OURS_ON_RY_AND_UVLOOP),
    *(CAPO, STOCK, TUNED, THREADS, BARE, BARE_ON_UVLOOP),
)


def measure(harness: Harness) -> Figure:
    """Measure how many items per second each client yields, and what a page costs it."""
    with harness.clients(_CLIENTS) as workers:
        plain = _with_cpu(harness, workers, "HTTP")
        others = tuple(_rates(harness, workers, "HTTP", count)[0] for count in _OTHER_CATALOGS)
    with harness.clients(_CLIENTS, harness.https) as workers:
        encrypted = _with_cpu(harness, workers, "TLS")
    return Figure(
        key=KEY,
        title="Items per second from many catalogs at once",
        how=(
            f"max_pool_connections is {POOL_SIZE} for all, and connections are open before the clock starts; ours "
            "has max_concurrency = catalogs, aiobotocore, capo and aiohttp a task for each, boto3 a thread for each, "
            f"at most {MAX_THREADS}. CPU is of the same rounds."
        ),
        panels=(*plain, *encrypted, *others),
        targets=_targets(plain, encrypted),
    )


def plotted(figure: Figure) -> Panel:
    """Return the items per second of the target's number of catalogs, without TLS."""
    return figure.panels[0]


def _with_cpu(harness: Harness, workers: Sequence[Worker], protocol: str) -> tuple[Panel, Panel, Panel]:
    """Return the items per second, and the CPU time of a page: of the event loop's thread, and of all threads."""
    rates, measured = _rates(harness, workers, protocol, TARGET_CATALOGS)
    # boto3's threads have no event loop. The lower bound is first, so that the others are compared with it.
    with_loop = {name: measured[name] for name in (BARE, *measured) if name != THREADS}
    where = f"of a page, {protocol}, {TARGET_CATALOGS} catalogs"
    return (
        rates,
        Panel.of(f"CPU of the event loop's thread {where}", "ms", with_loop, lambda each: _page(each.loop_cpu, each)),
        Panel.of(f"CPU of all threads {where}", "ms", measured, lambda each: _page(each.process_cpu, each)),
    )


def _page(seconds: float, measured: Measured) -> float:
    """Return the share of a page, in milliseconds."""
    return seconds * 1e3 * ITEMS_PER_PAGE / measured.items


def _rates(
    harness: Harness, workers: Sequence[Worker], protocol: str, count: int
) -> tuple[Panel, dict[str, list[Measured]]]:
    warm_up(workers, catalogs(count, pages=1))
    total, least = (_PAGES_QUICK, _LEAST_PAGES_QUICK) if harness.quick else (_PAGES, _LEAST_PAGES)
    pages = max(least, round(total / count))
    turns = collecting(workers, catalogs(count, pages=pages))
    measured = harness.in_turn(f"{KEY}, {protocol}, {count} catalogs", turns)
    title = f"{protocol}, catalogs: {count}, pages of each: {pages}"
    return Panel.of(title, "items/s", measured, lambda each: each.items / each.seconds, more_is_better=True), measured


def _targets(plain: tuple[Panel, Panel, Panel], encrypted: tuple[Panel, Panel, Panel]) -> tuple[Target, ...]:
    return (
        Target(
            what=f"HTTP: items/s of ours / of {STOCK}",
            limit=15,
            unit="x",
            at_least=True,
            value=plain[0].ratio(OURS, STOCK),
        ),
        *(
            Target(
                what=f"{protocol}: CPU of the event loop's thread, {BARE} / {client}",
                limit=limit,
                unit="x",
                at_least=True,
                value=panels[1].ratio(BARE, client),
            )
            for protocol, panels, limits in (("HTTP", plain, (0.55, 0.75)), ("TLS", encrypted, (0.65, 1.0)))
            for client, limit in zip((OURS, OURS_ON_RY), limits, strict=True)
            if any(series.client == client for series in panels[1].series)
        ),
    )
