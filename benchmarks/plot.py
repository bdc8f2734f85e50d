"""Items per second as a picture: horizontal bars, for light and dark pages, the same bytes for the same numbers."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from benchmarks.clients import BARE, OURS

if TYPE_CHECKING:
    from benchmarks.results import Panel, Series

# Each has a contrast above 4:1 with white and with the nearly black background of dark pages.
_QUIET, _LOUD = "#7a7a7a", "#0a7ea4"
_REMARKS = {OURS: "typed objects", BARE: "floor: unsigned, untyped"}
_NAME = "aiopartnercentral"
_INCHES_WIDE, _INCHES_A_BAR, _INCHES_AROUND = 8.6, 0.4, 0.6
_ROOM_FOR_LABELS = 1.95
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def draw(panel: Panel, title: str) -> str:
    """Return an SVG document with the medians of a panel, the highest on top."""
    series = sorted(panel.series, key=lambda each: each.span.median)
    names = [each.client.replace(OURS, _NAME) for each in series]
    medians = [each.span.median for each in series]
    colours = [_LOUD if each.client.startswith(OURS) else _QUIET for each in series]
    with mpl.rc_context({"svg.hashsalt": "benchmarks", "svg.fonttype": "none", "font.size": 11}):
        canvas = Canvas(figsize=(_INCHES_WIDE, _INCHES_AROUND + _INCHES_A_BAR * len(series)), layout="constrained")
        axes = canvas.add_subplot()
        bars = axes.barh(names, medians, color=colours, height=0.66)
        axes.bar_label(bars, [_label(each) for each in series], padding=5, color=_QUIET)
        canvas.suptitle(title, color=_QUIET, x=0.02, horizontalalignment="left", fontsize=11)
        axes.set_xlim(0, max(medians) * _ROOM_FOR_LABELS)
        axes.xaxis.set_visible(False)
        axes.tick_params(axis="y", length=0, labelcolor=_QUIET)
        axes.spines[:].set_visible(False)
        written = io.StringIO()
        canvas.savefig(written, format="svg", transparent=True, metadata=_NO_METADATA)
    description = "; ".join(
        f"{name}: {_label(each)}" for name, each in zip(reversed(names), reversed(series), strict=True)
    )
    return _accessible(written.getvalue(), title, description)


def _label(series: Series) -> str:
    remark = _REMARKS.get(series.client)
    value = f"{series.span.median:,.0f}"
    return f"{value} ({remark})" if remark else value


def _accessible(svg: str, title: str, description: str) -> str:
    """Name the picture for those who do not see it, and drop matplotlib's own metadata."""
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    tag = re.search(r"<svg\b[^>]*>", svg)
    if tag is None:
        raise ValueError("not an SVG document")
    opened = tag[0].removesuffix(">") + ' role="img" aria-labelledby="title description">'
    names = f'\n <title id="title">{title}</title>\n <desc id="description">{description}</desc>'
    return svg[: tag.start()] + opened + names + svg[tag.end() :]
