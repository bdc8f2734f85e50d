"""A report as HTML: a table for notebooks, and a page that is complete in itself, without scripts.

Both are made from the JSON of a report, so they have neither page tokens nor the service's messages.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral._pagination.causes import cause_of
from aiopartnercentral._pagination.failures_html import explained, failures
from aiopartnercentral._utils.html import ROWS, Html, join, more, table, text
from aiopartnercentral._utils.text import counted, utc_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["report_fragment", "report_page"]

_ROWS: Final = 1000
"""How many sources a page shows."""
_HEAD: Final = ("source", "outcome", "items", "pages", "items/s", "retries", "throttled", "note")
_NUMBERS: Final = frozenset({"items", "pages", "items/s", "retries", "throttled"})
_BREAKS: Final = re.compile("(?<=[_/])(?=\\w)|(?<=[a-z])(?=[A-Z])")
"""Where the name of a source may continue on the next line of a narrow column."""
_RANKS: Final = {name: rank for rank, name in enumerate(("failed", "cancelled", "skipped", "limited", "running"))}
_OTHERS: Final = len(_RANKS)


def report_fragment(report: Mapping[str, Any]) -> Html:
    """Return a table for a notebook, with a row for each of the first sources; failed ones come first.

    Arguments:
        report: its JSON.
    """
    sources = _sorted(report["sources"])
    rows = [_cells(each) for each in sources[:ROWS]]
    return table(_HEAD, rows, caption=" \u00b7 ".join(_summary(report)), total=len(sources), noun="source")


def report_page(report: Mapping[str, Any], errors: Sequence[Exception | None]) -> str:
    """Return a page: the totals, the failures by cause, and a timeline of the sources.

    Arguments:
        report: its JSON; without `finished_at` if the run has not finished.
        errors: the error of each source, or None.
    """
    title = f"Run {report['run_id']}"
    totals = (f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in _totals(report))
    parts = [
        f"<h1>{text(title)} <span class='state {_state(report).replace(' ', '-')}'>{text(_state(report))}</span></h1>",
        f"<p>{join('<br>', map(text, _facts(report)))}</p>",
        f"<dl class='totals'>{''.join(totals)}</dl>",
        failures(report["sources"], [None if error is None else cause_of(error) for error in errors]),
        _timeline(report),
        _earlier_files(report["earlier_files"]),
    ]
    return _PAGE.format(title=text(title), style=_STYLE, body="\n".join(filter(None, parts)))


def _name(source: Mapping[str, Any]) -> str:
    """Return the name of a source: its label and its operation or the name given to the listing, or its catalog."""
    if "label" not in source:
        return str(source["catalog"])
    listing, operation = source["listing"], source["operation"]
    is_usual = listing.replace("_", "").lower() == operation.lower()  # then as in the failures by cause
    return f"{source['label']} {operation if is_usual else listing}"


def _sorted(sources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the sources with those first that need attention, then in the order in which they began."""
    return sorted(
        sources, key=lambda each: (_RANKS.get(each["outcome"], _OTHERS + each["complete"]), each["started_at"] or "~")
    )


def _state(report: Mapping[str, Any]) -> str:
    if report["finished_at"] is None:
        return "not finished"
    return "complete" if report["complete"] else "incomplete"


def _summary(report: Mapping[str, Any]) -> list[str]:
    return [
        f"Report of {counted(len(report['sources']), 'source')}: {_state(report)}",
        counted(report["items"], "item"),
        counted(report["pages"], "page"),
        counted(report["retries"], "retry", "retries"),
        f"{report['elapsed']:.2f} s",
    ]


def _rate(items: int, seconds: float) -> str:
    return f"{items / seconds:,.1f}" if seconds > 0 else ""


def _own_rate(source: Mapping[str, Any]) -> str:
    """Return the items per second of a source that has some, unless an earlier run has collected some of them."""
    return _rate(source["items"], source["elapsed"]) if source["items"] and not source["resumed"] else ""


def _note(source: Mapping[str, Any]) -> str:
    error, parents = source["error"], source["skipped_parents"]
    malformed = len(source["malformed"])
    return "; ".join(
        [
            *([] if error is None else [explained(error)]),
            *([f"{counted(malformed, 'malformed item')} left out"] if malformed else []),
            *(f"{counted(parents[what], 'parent')} {what}" for what in ("skipped", "vanished") if parents[what]),
            *([f"only what has changed since {source['since']}"] if source["since"] else []),
            *([f"{counted(source['resumed_items'], 'item')} of earlier runs"] if source["resumed_items"] else []),
            *(["restarted from its first page"] if source["restarted"] else []),
        ]
    )


def _cells(source: Mapping[str, Any]) -> list[Html]:
    numbers = [
        f"{source['items']:,}",
        f"{source['pages']:,}",
        _own_rate(source),
        source["retries"],
        source["throttled"],
    ]
    name = Html(_BREAKS.sub("<wbr>", text(_name(source))))
    return [name, text(source["outcome"]), *map(text, numbers), text(_note(source), limit=400)]


def _time(moment: str) -> str:
    return utc_text(datetime.fromisoformat(moment))


def _facts(report: Mapping[str, Any]) -> list[str]:
    end = report["finished_at"]
    resumes = report["resumes"]
    written = report["output_written"]
    return [
        f"{_time(report['started_at'])} to {_time(end)}"
        if end
        else f"started at {_time(report['started_at'])}; this page is replaced when the run ends",
        *([f"resumes the run {resumes['run_id']} of {_time(resumes['started_at'])}"] if resumes else []),
        *([] if written is None else ["the output was written" if written else "the output was not written"]),
        ", ".join(f"{name} {version}" for name, version in report["versions"].items()),
    ]


def _totals(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    sources = report["sources"]
    own = report["items"] - report["resumed_items"]
    complete, failed, skipped = (
        sum(source["complete"] for source in sources),
        sum(source["outcome"] == "failed" for source in sources),
        sum(source["outcome"] == "skipped" for source in sources),
    )
    return [
        ("complete", f"{complete:,} of {len(sources):,}"),
        ("failed", f"{failed:,}"),
        ("skipped", f"{skipped:,}"),
        ("other", f"{len(sources) - complete - failed - skipped:,}"),
        ("items", f"{report['items']:,}"),
        ("pages", f"{report['pages']:,}"),
        ("seconds", f"{report['elapsed']:,.1f}"),
        ("items/s", _rate(own, report["elapsed"]) or "0"),
        ("retries", f"{report['retries']:,}"),
        ("throttled", f"{sum(source['throttled'] for source in sources):,}"),
    ]


def _timeline(report: Mapping[str, Any]) -> str:
    sources = _sorted(report["sources"])
    began, seconds = datetime.fromisoformat(report["started_at"]), report["elapsed"]
    lines = [_row(source, began, seconds) for source in sources[:_ROWS]]
    heads = "".join(f"<th class='{_class(name)}'>{text(name)}</th>" for name in _HEAD[:2])
    rest = "".join(f"<th class='{_class(name)}'>{text(name)}</th>" for name in _HEAD[2:])
    axis = f"<th class='time'>time <span>0 s</span><span>{seconds / 2:,.1f} s</span><span>{seconds:,.1f} s</span></th>"
    left_out = more(len(lines), len(sources), "source")
    return (
        f"<h2>Sources</h2><table><thead><tr>{heads}{axis}{rest}</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>{left_out and f'<p>{left_out}</p>'}"
    )


def _row(source: Mapping[str, Any], began: datetime, seconds: float) -> str:
    cells = [
        f"<td class='{_class(name)}{' zero' if cell == '0' else ''}' data-head='{text(name)}'>{cell}</td>"
        for name, cell in zip(_HEAD, _cells(source), strict=True)
    ]
    bar = ""
    if source["started_at"] is not None:
        start = (datetime.fromisoformat(source["started_at"]) - began).total_seconds()
        end = start + source["elapsed"]
        if source["finished_at"] is not None:
            end = (datetime.fromisoformat(source["finished_at"]) - began).total_seconds()
        left, right = (min(max(each / seconds, 0.0), 1.0) if seconds > 0 else 0.0 for each in (start, end))
        width = max(right - left, 0.005)
        place = f"left: {100 * min(left, 1 - width):.2f}%; width: {100 * width:.2f}%"
        label = text(f"from {max(start, 0):,.2f} s to {max(end, 0):,.2f} s")
        colour = f"class='bar {text(source['outcome'])}'"
        bar = f"<span class='track'><span {colour} style='{place}' title='{label}'></span></span>"
    return f"<tr>{''.join(cells[:2])}<td class='time' data-head='time'>{bar}</td>{''.join(cells[2:])}</tr>"


def _class(name: str) -> str:
    return "number" if name in _NUMBERS else name


def _earlier_files(files: Sequence[Mapping[str, str]]) -> str:
    if not files:
        return ""
    named = [f"<li>{text(each['path'])}, written {_time(each['written_at'])}</li>" for each in files[:_ROWS]]
    left_out = more(len(named), len(files), "file")
    return f"<h2>Files of earlier runs, left in place</h2><ul>{''.join(named)}</ul>{left_out}"


_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""

_STYLE: Final = """
:root { color-scheme: light dark; --text: #1c2127; --quiet: #59636e; --back: #ffffff; --line: #d5dae0; --soft: #f3f5f7;
  --good: #1a7f4b; --bad: #b3261e; --other: #8a5a00; --open: #2f6db5 }
@media (prefers-color-scheme: dark) { :root { --text: #e4e8ec; --quiet: #a3adb8; --back: #14181c; --line: #343b43;
  --soft: #1d2329; --good: #56c98b; --bad: #ff8a80; --other: #e6b450; --open: #7fb2f0 } }
body { margin: 0 auto; max-width: 80rem; padding: 1.5rem; color: var(--text); background: var(--back);
  font: 15px/1.5 system-ui, sans-serif }
h1, p, li, .source, .note { overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
h3 { font-size: 1rem; margin: 0 } h3 span { color: var(--bad); font-weight: 400 }
p, small { color: var(--quiet) } ul { padding-left: 1.2rem }
.cause { border-left: .25rem solid var(--bad); padding: .1rem 0 .1rem 1rem; margin: 1rem 0 1.75rem }
.cause.skipped { border-color: var(--other) } .cause.skipped span { color: var(--other) }
.cause p { margin: .25rem 0 } .cause .step { color: var(--text) }
.cause table { width: auto; margin-top: .5rem } .cause td { min-width: 8rem; overflow-wrap: anywhere }
.state { font-size: .9rem; font-weight: 600; padding: .1rem .6rem; border: 1px solid; border-radius: 1rem;
  vertical-align: middle; white-space: nowrap; color: var(--other) }
.state.complete { color: var(--good) }
.totals { display: grid; grid-template-columns: repeat(5, 1fr); gap: .75rem; margin: 1rem 0 }
.totals div { background: var(--soft); border-radius: .5rem; padding: .6rem .8rem }
dt { color: var(--quiet); font-size: .85rem } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid var(--line) }
th { color: var(--quiet); font-weight: 600; font-size: .85rem }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.note { font-size: .9rem; min-width: 10rem } td.source { min-width: 11rem }
.time { min-width: 13rem } th.time { color: transparent; font-size: 0 }
th.time span { color: var(--quiet); font-size: .8rem; display: inline-block; width: 33.3% }
th.time span:nth-child(2) { text-align: center } th.time span:nth-child(3) { text-align: right }
.track { display: block; position: relative; height: .8rem; margin-top: .35rem; background: var(--soft);
  border-radius: .2rem }
.bar { position: absolute; top: 0; bottom: 0; border-radius: .2rem; min-width: 3px; background: var(--other) }
.bar.complete, .bar.limited { background: var(--good) } .bar.failed { background: var(--bad) }
.bar.running { background: var(--open) }
@media (max-width: 40rem) { .totals { grid-template-columns: repeat(2, 1fr) } }
@media (max-width: 74rem) {
  body { padding: 1rem } thead { display: none } tr { display: block; padding: .5rem 0;
    border-bottom: 1px solid var(--line) }
  td, .number { display: flex; justify-content: space-between; gap: 1rem; border: 0; padding: .1rem 0;
    text-align: right; min-width: 0; white-space: normal }
  td::before { content: attr(data-head); color: var(--quiet); white-space: nowrap }
  td.source { font-weight: 600; text-align: left } td.source::before, td.time::before { content: none }
  td.note { display: block; text-align: left }
  td.note::before { content: none } td.time .track { width: 100% } td:empty, td.zero { display: none }
  .cause table { width: 100% } .cause td { display: block; text-align: left } .cause td::before { content: none }
  .cause td:first-child { font-weight: 600 }
}
@media print { body { max-width: none } }
"""
