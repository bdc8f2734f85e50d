"""What several figures do: have workers collect the same catalogs in turns."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.messages import Collect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.crew import Worker
    from benchmarks.messages import Measured
    from benchmarks.pages import BenchCatalog


def collect(worker: Worker, catalogs: Sequence[BenchCatalog]) -> Measured:
    """Have a worker collect catalogs, all of them and nothing else."""
    return worker.measure(Collect([each.name for each in catalogs]), items=sum(each.items for each in catalogs))


def collecting(workers: Sequence[Worker], catalogs: Sequence[BenchCatalog]) -> dict[str, Callable[[], Measured]]:
    """Return for each worker how to have it collect catalogs."""
    return {worker.name: partial(collect, worker, catalogs) for worker in workers}


def warm_up(workers: Sequence[Worker], catalogs: Sequence[BenchCatalog]) -> None:
    """Have each worker open the connections and fill the caches that it will use."""
    for worker in workers:
        collect(worker, catalogs)
