"""Decoding alone: bytes of a page in, objects out, no network."""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from benchmarks import decoders
from benchmarks.messages import Decode
from benchmarks.pages import DISTINCT_PAGES, ITEMS_PER_PAGE
from benchmarks.results import Figure, Panel, Series, Target

if TYPE_CHECKING:
    from benchmarks.crew import Worker
    from benchmarks.stage import Stage

KEY = "decode"
_SECONDS_A_TURN = 0.6
_SECONDS_A_TURN_QUICK = 0.3
_ITEMS_A_PASS = DISTINCT_PAGES * ITEMS_PER_PAGE


def measure(stage: Stage) -> Figure:
    """Measure how long each decoder takes for a page."""
    seconds = _SECONDS_A_TURN_QUICK if stage.quick else _SECONDS_A_TURN
    with stage.decoders(decoders.DECODERS) as workers:
        turns = {
            worker.name: partial(_microseconds_a_page, worker, max(1, ceil(seconds / _seconds_a_pass(worker))))
            for worker in workers
        }
        measured = stage.in_turn(KEY, turns)
    page = Panel(
        title="a page", unit="us", series=tuple(Series(name, tuple(rounds)) for name, rounds in measured.items())
    )
    item = Panel(
        title="an item",
        unit="us",
        compared=False,
        series=tuple(
            Series(name, tuple(each / ITEMS_PER_PAGE for each in rounds)) for name, rounds in measured.items()
        ),
    )
    return Figure(
        key=KEY,
        title=f"Decoding a page of {ITEMS_PER_PAGE} items",
        how=(
            f"{DISTINCT_PAGES} different pages in memory, over and over for {seconds:g} s a turn; garbage collector on."
        ),
        panels=(page, item),
        targets=(
            _at_least(page, decoders.STOCK, 20),
            _at_least(page, decoders.TUNED, 5),
            Target(
                what="time of ours / time of orjson.loads (2x is the stretch)",
                limit=3,
                unit="x",
                value=page.ratio(decoders.OURS, decoders.ORJSON),
            ),
        ),
    )


def _seconds_a_pass(worker: Worker) -> float:
    """Return how long a worker takes for all pages once it is warm."""
    task = Decode(1)
    worker.measure(task, items=_ITEMS_A_PASS)
    return worker.measure(task, items=_ITEMS_A_PASS).seconds


def _microseconds_a_page(worker: Worker, times: int) -> float:
    measured = worker.measure(Decode(times), items=times * _ITEMS_A_PASS)
    return measured.seconds * 1e6 / (times * DISTINCT_PAGES)


def _at_least(page: Panel, other: str, limit: float) -> Target:
    return Target(
        what=f"time of {other} / time of ours",
        limit=limit,
        unit="x",
        at_least=True,
        value=page.ratio(other, decoders.OURS),
    )
