"""Decoding and encoding a page, without a network."""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from benchmarks import decoders
from benchmarks.pages import DISTINCT_PAGES, ITEMS_PER_PAGE, sample_bodies
from benchmarks.results import Figure, Panel, Target
from benchmarks.tasks import checked, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.harness import Harness
    from benchmarks.tasks import Measured
    from benchmarks.worker_pool import Worker

KEY = "decode"
ENCODE_KEY = "encode"
_SECONDS_A_TURN = 0.6
_SECONDS_A_TURN_QUICK = 0.1
_ITEMS_A_PASS = DISTINCT_PAGES * ITEMS_PER_PAGE


def measure(harness: Harness) -> Figure:
    """Measure how long each decoder takes for a page."""
    page, how = _page(harness, KEY, decoders.DECODERS, decode)
    items = {series.client: [each / ITEMS_PER_PAGE for each in series.rounds] for series in page.series}
    ours = decoders.OURS
    return Figure(
        key=KEY,
        title=f"Decoding a page of {ITEMS_PER_PAGE} items",
        how=how,
        panels=(page, Panel.of("per item", "us", items, compared=False)),
        targets=(
            *(
                Target(
                    what=f"time of {other} / time of ours",
                    limit=limit,
                    unit="x",
                    at_least=True,
                    value=page.ratio(other, ours),
                )
                for other, limit in ((decoders.STOCK, 20), (decoders.TUNED, 5))
            ),
            Target(
                what="time of ours / time of orjson.loads (2x is the stretch)",
                limit=3,
                unit="x",
                value=page.ratio(ours, decoders.ORJSON),
            ),
        ),
    )


def measure_encoding(harness: Harness) -> Figure:
    """Measure how long encoding a page takes."""
    page, how = _page(harness, ENCODE_KEY, decoders.ENCODERS, encode)
    return Figure(key=ENCODE_KEY, title=f"Encoding a page of {ITEMS_PER_PAGE} items", how=how, panels=(page,))


def _page(harness: Harness, key: str, names: Sequence[str], task: Callable[..., Measured]) -> tuple[Panel, str]:
    bodies = sample_bodies()
    seconds = _SECONDS_A_TURN_QUICK if harness.quick else _SECONDS_A_TURN

    def microseconds(worker: Worker, times: int) -> float:
        measured = checked(worker, times * _ITEMS_A_PASS, task, bodies, times)()
        return measured.seconds * 1e6 / (times * DISTINCT_PAGES)

    def times(worker: Worker) -> int:
        """Return how often a warmed-up worker processes all pages in the time of a turn."""
        microseconds(worker, 1)
        return max(1, ceil(seconds * 1e6 / (microseconds(worker, 1) * DISTINCT_PAGES)))

    with harness.decoders(names) as workers:
        turns = {worker.name: partial(microseconds, worker, times(worker)) for worker in workers}
        measured = harness.in_turn(key, turns)
    how = f"{DISTINCT_PAGES} different pages in memory, over and over for {seconds:g} s per turn; garbage collector on."
    return Panel.of("per page", "us", measured), how
