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
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from benchmarks.harness import Harness
    from benchmarks.tasks import Measured
    from benchmarks.worker_pool import Worker

    _Task: TypeAlias = Callable[..., Measured]

KEY = "decode"
ENCODE_KEY = "encode"
_SECONDS_A_TURN = 0.6
_SECONDS_A_TURN_QUICK = 0.1
_OURS_DECODES = "ours, decoding"
_ITEMS_A_PASS = DISTINCT_PAGES * ITEMS_PER_PAGE


def measure(harness: Harness) -> Figure:
    """Measure how long each decoder takes for a page."""
    page, how = _page(harness, KEY, {name: (name, decode) for name in decoders.DECODERS})
    rounds = {series.client: series.rounds for series in page.series}
    items = Panel.of("CPU per item", "us", rounds, lambda each: each / ITEMS_PER_PAGE, compared=False)
    ours = decoders.OURS
    return Figure(
        key=KEY,
        title=f"Decoding a page of {ITEMS_PER_PAGE} items",
        how=how,
        panels=(page, items),
        targets=(
            *(
                Target(
                    what=f"time of {other} / time of ours",
                    limit=limit,
                    unit="x",
                    at_least=True,
                    value=page.ratio(other, ours),
                )
                for other, limit in ((decoders.STOCK, 28), (decoders.TUNED, 5))
            ),
            Target(
                what="time of ours / time of orjson.loads",
                limit=2,
                unit="x",
                value=page.ratio(ours, decoders.ORJSON),
            ),
        ),
    )


def measure_encoding(harness: Harness) -> Figure:
    """Measure how long encoding a page takes, and for comparison how long ours takes to decode it."""
    work = {**{name: (name, encode) for name in decoders.ENCODERS}, _OURS_DECODES: (decoders.OURS, decode)}
    page, how = _page(harness, ENCODE_KEY, work)
    return Figure(
        key=ENCODE_KEY,
        title=f"Encoding a page of {ITEMS_PER_PAGE} items",
        how=how,
        panels=(page,),
        targets=(
            Target(
                what="time of ours to encode a page / to decode it",
                limit=1.2,
                unit="x",
                value=page.ratio(decoders.OURS, _OURS_DECODES),
            ),
        ),
    )


def _page(harness: Harness, key: str, work: Mapping[str, tuple[str, _Task]]) -> tuple[Panel, str]:
    """Measure what decoders do with a page: a label for each, with the decoder's name and the task."""
    bodies = sample_bodies()
    seconds = _SECONDS_A_TURN_QUICK if harness.quick else _SECONDS_A_TURN

    def microseconds(worker: Worker, task: _Task, times: int) -> float:
        measured = checked(worker, times * _ITEMS_A_PASS, task, bodies, times)()
        return measured.loop_cpu * 1e6 / (times * DISTINCT_PAGES)

    def times(worker: Worker, task: _Task) -> int:
        """Return how often a warmed-up worker processes all pages in the time of a turn."""
        microseconds(worker, task, 1)
        return max(1, ceil(seconds * 1e6 / (microseconds(worker, task, 1) * DISTINCT_PAGES)))

    with harness.decoders(list(dict.fromkeys(name for name, _ in work.values()))) as workers:
        named = {worker.name: worker for worker in workers}
        turns = {
            label: partial(microseconds, named[name], task, times(named[name], task))
            for label, (name, task) in work.items()
        }
        measured = harness.in_turn(key, turns)
    how = f"{DISTINCT_PAGES} different pages in memory, over and over for {seconds:g} s per turn; garbage collector on."
    return Panel.of("CPU per page", "us", measured), how
