"""A run: the selected figures, measured on one server, with the facts to judge them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from benchmarks import machine
from benchmarks.cases import CASES, throughput
from benchmarks.clients import BARE, OURS
from benchmarks.harness import Harness, pages_per_second, running_server
from benchmarks.pages import DISTINCT_PAGES, ITEMS_PER_PAGE, mean_page_size

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.results import Figure

BIASES = (
    "Everything is on one machine: the server runs on another core, and responds over loopback.",
    "Unless a case says otherwise, the server responds without delay.",
    "There is no TLS, no compression and no loss; over a real network, every client waits longer by the same time.",
    f"The pages repeat after {DISTINCT_PAGES}; all sinks only count.",
    "Clients that give dicts do less than those that give typed objects: nothing is checked, enums stay strings.",
    f"{BARE} is a lower bound on the time: it signs, retries and checks nothing, and cannot replace the others.",
    "Each client runs in a process of its own, with the garbage collector on; they take turns, one at a time.",
    "Clients made by botocore, ours too, have the retry mode `standard`, explicit credentials, and equal pools.",
    "Ours puts its user agent together once for a client; the others' clients do it twice for each call.",
    "The hook of `ours, with own hooks` is for a class that the pages do not hold: it is never called.",
    "boto3's threads run the same parser as aiobotocore, under one GIL.",
)


@attrs.frozen(kw_only=True)
class Run:
    """The results of a run.

    Attributes:
        facts: date, machine, versions, shape of a page, speed of the server.
        server_pages_per_second: the server's speed with a client that does not decode.
        figures: what was measured.
    """

    facts: dict[str, str]
    server_pages_per_second: float
    figures: tuple[Figure, ...]

    def figure(self, key: str) -> Figure | None:
        """Return a case if it was measured."""
        return next((figure for figure in self.figures if figure.key == key), None)


def measure(keys: Sequence[str], *, rounds: int, quick: bool, announce: Callable[[str], None]) -> Run:
    """Measure the figures of these keys.

    Raises:
        BenchmarkError: the server or a client failed.
    """
    facts = machine.facts()
    facts["page"] = f"{ITEMS_PER_PAGE} items, {mean_page_size():,.0f} bytes on average"
    facts["mode"] = f"{'quick' if quick else 'full'}, {rounds} rounds"
    with running_server() as port:
        announce("the server's own speed")
        speed = pages_per_second(port)
        harness = Harness(port=port, rounds=rounds, quick=quick, announce=announce)
        figures = tuple(CASES[key](harness) for key in CASES if key in keys)
    run = Run(facts=facts, server_pages_per_second=speed, figures=figures)
    facts["server"] = f"{speed:,.0f} pages/s to a client that decodes nothing{_headroom(run)}"
    return run


def _headroom(run: Run) -> str:
    figure = run.figure(throughput.KEY)
    if figure is None:
        return ""
    medians = [series.span.median for panel in figure.panels for series in panel.series]
    ours = max(panel.series_of(OURS).span.median for panel in figure.panels)
    shares = [items / ITEMS_PER_PAGE / run.server_pages_per_second for items in (ours, max(medians))]
    return f"; ours asked for at most {shares[0]:.0%} of that, the fastest client for {shares[1]:.0%}"
