"""A run as text, for a terminal or for a file if stdout is one, and as JSON with every raw round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import msgspec
from rich.table import Table
from rich.text import Text

from benchmarks.run import BIASES

if TYPE_CHECKING:
    from rich.console import Console

    from benchmarks.results import Figure, Panel, Series, Target, Verdict
    from benchmarks.run import Run

_COLOURS: dict[Verdict, str] = {"met": "green", "missed": "red", "not measured": "yellow"}
_WHOLE_FROM = 100


def show(run: Run, console: Console) -> None:
    """Write everything."""
    _show_facts(run, console)
    for figure in run.figures:
        _show_figure(figure, console)
    targets = [target for figure in run.figures for target in figure.targets]
    if targets:
        console.print(_heading("Targets"))
        console.print(_targets(targets))


def _heading(text: str) -> Text:
    return Text(f"\n{text}", style="bold")


def _show_facts(run: Run, console: Console) -> None:
    grid = Table.grid(padding=(0, 2))
    for name, fact in run.facts.items():
        grid.add_row(name, Text(fact))
    console.print(grid)
    console.print(_heading("What to know when reading"))
    for bias in BIASES:
        console.print(Text(f"- {bias}"))


def _show_figure(figure: Figure, console: Console) -> None:
    console.print(_heading(figure.title))
    console.print(Text(figure.how, style="dim"))
    for panel in figure.panels:
        console.print(_panel(panel))


def _panel(panel: Panel) -> Table:
    table = Table(title=f"{panel.title} ({panel.unit})", title_justify="left", title_style="italic")
    table.add_column("client")
    for name in ("median", "min", "max"):
        table.add_column(name, justify="right")
    if panel.compared:
        table.add_column(f"{panel.series[0].client} is", justify="right")
        table.add_column("round by round", justify="right")
    for series in panel.series:
        span = series.span
        cells = [series.client, *map(number, (span.median, span.least, span.most))]
        if panel.compared:
            cells += _comparison(panel, series)
        table.add_row(*cells)
    return table


def _comparison(panel: Panel, series: Series) -> tuple[str, str]:
    if series is panel.series[0]:
        return "", ""
    span = panel.advantage(series)
    if span.median >= 1:
        return f"{number(span.median)}x better", f"{number(span.least)} to {number(span.most)}"
    return f"{number(1 / span.median)}x worse", f"{number(1 / span.most)} to {number(1 / span.least)}"


def _targets(targets: list[Target]) -> Table:
    table = Table()
    for name in ("what", "target", "measured", "round by round", ""):
        table.add_column(name, justify="left" if name in ("what", "") else "right")
    for target in targets:
        bound = ">=" if target.at_least else "<="
        verdict = Text(target.verdict, style=_COLOURS[target.verdict])
        table.add_row(target.what, f"{bound} {target.limit:g} {target.unit}", *_measured(target), verdict)
    return table


def _measured(target: Target) -> tuple[str, str]:
    span = target.value
    if span is None:
        return "-", ""
    return f"{number(span.median)} {target.unit}", f"{number(span.least)} to {number(span.most)}"


def number(value: float) -> str:
    """Return a number with three significant digits, or all digits before the point."""
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:#.3g}"


def encode(run: Run) -> bytes:
    """Return the run as indented JSON."""
    document = {
        "facts": run.facts,
        "biases": BIASES,
        "server_pages_per_second": run.server_pages_per_second,
        "figures": [
            {
                **attrs.asdict(figure, recurse=False),
                "panels": [_plain(panel) for panel in figure.panels],
                "targets": [{**attrs.asdict(target), "verdict": target.verdict} for target in figure.targets],
            }
            for figure in run.figures
        ],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _plain(panel: Panel) -> dict[str, Any]:
    clients = {
        series.client: {
            **attrs.asdict(series.span),
            "rounds": series.rounds,
            "first_is_times_better": attrs.asdict(panel.advantage(series)) if panel.compared else None,
        }
        for series in panel.series
    }
    return {"title": panel.title, "unit": panel.unit, "more_is_better": panel.more_is_better, "clients": clients}
