"""A run as JSON for machines, with every raw round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from benchmarks.run import BIASES

if TYPE_CHECKING:
    from benchmarks.results import Figure, Panel, Target
    from benchmarks.run import Run


def encode(run: Run) -> bytes:
    """Return the run as indented JSON."""
    document = {
        "facts": run.facts,
        "biases": BIASES,
        "server_pages_per_second": run.server_pages_per_second,
        "figures": [_figure(figure) for figure in run.figures],
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "key": figure.key,
        "title": figure.title,
        "how": figure.how,
        "panels": [_panel(panel) for panel in figure.panels],
        "targets": [_target(target) for target in figure.targets],
        "samples": {"unit": figure.sample_unit, "rounds": figure.samples} if figure.samples else None,
    }


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "title": panel.title,
        "unit": panel.unit,
        "more_is_better": panel.more_is_better,
        "contenders": {
            series.contender: {
                **attrs.asdict(series.span),
                "rounds": series.rounds,
                "first_is_times_better": attrs.asdict(panel.advantage(series)) if panel.compared else None,
            }
            for series in panel.series
        },
    }


def _target(target: Target) -> dict[str, Any]:
    return {**attrs.asdict(target), "verdict": target.verdict}
