"""Many accounts, each with credentials of its own: what a further account costs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.clients import BARE, CAPO, OURS, OURS_THROUGH_BOTOCORE, STOCK, THREADS, missing
from benchmarks.pages import catalogs
from benchmarks.results import Figure, Panel, Target
from benchmarks.tasks import checked, watch_accounts

if TYPE_CHECKING:
    from benchmarks.harness import Harness
    from benchmarks.tasks import Measured

KEY = "accounts"
_CLIENTS = (OURS, OURS_THROUGH_BOTOCORE, CAPO, STOCK, THREADS, BARE)
_ACCOUNTS = 100
_WARM_UP = 2
_PAGES = 3
_MEBIBYTE = 1 << 20


def measure(harness: Harness) -> Figure:
    """Measure the CPU time and the memory of accounts that are collected at once."""
    turns = {name: partial(_turn, harness, name) for name in _CLIENTS if name not in missing()}
    measured = harness.in_turn(KEY, turns)
    cpu = Panel.of("CPU of an account", "ms", measured, lambda each: each.process_cpu * 1e3 / _ACCOUNTS)
    memory = Panel.of(
        "memory of an account", "MiB", measured, lambda each: each.samples[0] / _MEBIBYTE / _ACCOUNTS, compared=False
    )
    return Figure(
        key=KEY,
        title=f"{_ACCOUNTS} accounts at once, {_PAGES} pages of one item each",
        how=(
            f"A fresh process for each round, after a warm-up of {_WARM_UP} accounts. Ours is a collection whose "
            "sources have credentials of their own, capo has one client and credentials for each call, aiobotocore "
            f"and boto3 have a client for each account, and {BARE} has no credentials. CPU is of the whole process; "
            "memory is the peak growth of resident memory. Both are divided by the number of accounts."
        ),
        panels=(cpu, memory),
        targets=tuple(
            Target(what=f"{panel.title}, ours", limit=limit, unit=panel.unit, value=panel.series_of(OURS).span)
            for panel, limit in ((cpu, 1.6), (memory, 0.05))
        ),
    )


def _turn(harness: Harness, client: str) -> Measured:
    """Return what accounts take in a process that has had few before."""
    names = [catalog.name for catalog in catalogs(_ACCOUNTS, pages=_PAGES)]
    with harness.clients([client]) as (worker,):
        return checked(worker, _ACCOUNTS * _PAGES, watch_accounts, names[:_WARM_UP], names)()
