"""Decoding and encoding a page, without a network."""

from __future__ import annotations

from functools import partial
from math import ceil
from typing import TYPE_CHECKING, TypeAlias

import cbor2
import orjson

from benchmarks import decoders
from benchmarks.cbor_pages import sample_cbor
from benchmarks.pages import DISTINCT_PAGES, ITEMS_PER_PAGE, sample_bodies
from benchmarks.results import Figure, Panel, Target
from benchmarks.tasks import checked, decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.harness import Harness
    from benchmarks.tasks import Measured
    from benchmarks.worker_pool import Worker

    _Task: TypeAlias = Callable[..., Measured]

KEY = "decode"
ENCODE_KEY = "encode"
CBOR_KEY = "decode-cbor"
_SECONDS_A_TURN = 0.6
_SECONDS_A_TURN_QUICK = 0.1
_OURS_DECODES = "ours, decoding"
_ITEMS_A_PASS = DISTINCT_PAGES * ITEMS_PER_PAGE


def measure(harness: Harness) -> Figure:
    """Measure how long each decoder takes for a page."""
    page, how = _page(harness, KEY, _JSON, {name: (name, decode) for name in decoders.DECODERS})
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
    page, how = _page(harness, ENCODE_KEY, _JSON, work)
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


def measure_cbor(harness: Harness) -> Figure:
    """Measure how long each decoder takes for a page in CBOR."""
    page, how = _page(harness, CBOR_KEY, _CBOR, {name: (name, decode) for name in decoders.CBOR_DECODERS})
    ours = decoders.CBOR_OURS
    least = {decoders.CBOR_STOCK: 10, **({decoders.CBOR_CAPO: 1} if decoders.HAS_CAPO else {})}
    return Figure(
        key=CBOR_KEY,
        title=f"Decoding a page of {ITEMS_PER_PAGE} items in CBOR",
        how=f"{how} The pages are those of ListRevenueAttributions.",
        panels=(page,),
        targets=(
            *(
                Target(
                    what=f"time of {other} / time of ours",
                    limit=limit,
                    unit="x",
                    at_least=True,
                    value=page.ratio(other, ours),
                )
                for other, limit in least.items()
            ),
            Target(
                what="time of ours / time of cbor2.loads",
                limit=2,
                unit="x",
                value=page.ratio(ours, decoders.CBOR_UNTYPED),
            ),
        ),
    )


def _ids_in_json(body: bytes) -> list[str]:
    return [item["Id"] for item in orjson.loads(body)["ConnectionSummaries"]]


def _ids_in_cbor(body: bytes) -> list[str]:
    return [item["Id"] for item in cbor2.loads(body)["RevenueAttributionSummaries"]]


_Pages: TypeAlias = "tuple[Callable[[], list[bytes]], Callable[[bytes], list[str]]]"
"""What returns the pages, and what returns the identifiers of the items on one of them."""
_JSON: _Pages = (sample_bodies, _ids_in_json)
_CBOR: _Pages = (sample_cbor, _ids_in_cbor)


def _page(harness: Harness, key: str, pages: _Pages, work: Mapping[str, tuple[str, _Task]]) -> tuple[Panel, str]:
    """Measure what decoders do with a page: a label for each, with the decoder's name and the task."""
    make_bodies, ids = pages
    bodies = make_bodies()
    seconds = _SECONDS_A_TURN_QUICK if harness.quick else _SECONDS_A_TURN

    def microseconds(worker: Worker, task: _Task, times: int) -> float:
        measured = checked(worker, times * _ITEMS_A_PASS, task, bodies, times)()
        return measured.loop_cpu * 1e6 / (times * DISTINCT_PAGES)

    def times(worker: Worker, task: _Task) -> int:
        """Return how often a warmed-up worker processes all pages in the time of a turn."""
        microseconds(worker, task, 1)
        return max(1, ceil(seconds * 1e6 / (microseconds(worker, task, 1) * DISTINCT_PAGES)))

    names = list(dict.fromkeys(name for name, _ in work.values()))
    with harness.decoders(names, bodies[0], ids(bodies[0])) as workers:
        named = {worker.name: worker for worker in workers}
        turns = {
            label: partial(microseconds, named[name], task, times(named[name], task))
            for label, (name, task) in work.items()
        }
        measured = harness.in_turn(key, turns)
    how = f"{DISTINCT_PAGES} different pages in memory, over and over for {seconds:g} s per turn; garbage collector on."
    return Panel.of("CPU per page", "us", measured), how
