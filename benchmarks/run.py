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
    "There is no compression and no loss; over a real network, every client waits longer by the same time.",
    "There is no TLS unless a case names it; the fastest clients wait for the server, above all over TLS.",
    f"The pages repeat after {DISTINCT_PAGES}; all sinks only count.",
    "Clients that give dicts do less than those that give typed objects: nothing is checked, enums stay strings.",
    f"{BARE} is a lower bound on the time: it signs, retries and checks nothing, and cannot replace the others.",
    "Each client runs in a process of its own, with the garbage collector on; they take turns, one at a time.",
    "Clients made by botocore, ours too, have the retry mode `standard`, explicit credentials, and equal pools.",
    "Ours puts its user agent together once for a client; the others' clients do it twice for each call.",
    "The hook of `ours, with own hooks` is for a class that the pages do not hold: it is never called.",
    "boto3's threads run the same parser as aiobotocore, under one GIL.",
    "capo sets no time limits, does not retry after a connection reset, and does not check what it decodes.",
)


@attrs.frozen(kw_only=True)
class Run:
    """The results of a run.

    Attributes:
        facts: date, machine, versions, shape of a page, speed of the server.
        server_pages_per_second: the server's speed over each protocol, with a client that does not decode.
        figures: what was measured.
    """

    facts: dict[str, str]
    server_pages_per_second: dict[str, float]
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
    with running_server() as (http, https):
        announce("the server's own speed")
        speeds = {"HTTP": pages_per_second(http), "TLS": pages_per_second(https)}
        harness = Harness(http=http, https=https, rounds=rounds, quick=quick, announce=announce)
        figures = tuple(CASES[key](harness) for key in CASES if key in keys)
    run = Run(facts=facts, server_pages_per_second=speeds, figures=figures)
    listed = ", ".join(f"{speed:,.0f} pages/s over {protocol}" for protocol, speed in speeds.items())
    facts["server"] = f"{listed} to a client that decodes nothing{_headroom(run)}"
    return run


def _headroom(run: Run) -> str:
    figure = run.figure(throughput.KEY)
    if figure is None:
        return ""
    panel = throughput.plotted(figure)
    rates = panel.series_of(OURS).span.median, max(series.span.median for series in panel.series)
    ours, fastest = (rate / ITEMS_PER_PAGE / run.server_pages_per_second["HTTP"] for rate in rates)
    return f"; over HTTP, ours asked for {ours:.0%} of that, and the fastest client for {fastest:.0%}"
