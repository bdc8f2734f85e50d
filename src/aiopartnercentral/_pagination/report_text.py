"""A report as a table for people: a line for each source, also with the service's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiopartnercentral._pagination.source_report import SourceReport, omissions, with_noted_parent
from aiopartnercentral._utils.text import utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["report_text"]


def report_text(states: Mapping[str, SourceReport]) -> str:
    """Return the table of the sources, by their names."""
    is_resumed = any(state.resumed_items for state in states.values())
    is_incremental = any(state.since is not None for state in states.values())
    shown = {_EARLIER: is_resumed, _SINCE: is_incremental}
    heads = [head for head in _CELLS if shown.get(head, True)]
    columns = [["source", *states], *([head, *map(_CELLS[head], states.values())] for head in heads)]
    return "\n".join("  ".join(row).rstrip() for row in zip(*map(_padded, columns), strict=True))


def _padded(column: Sequence[str]) -> Sequence[str]:
    """Return the cells of a column, of which the first is its head, all of the same width."""
    width = max(map(len, column))
    return [cell.ljust(width) if column[0] in _TEXTS else cell.rjust(width) for cell in column]


def _problem(state: SourceReport) -> str:
    error, text = state.error, ""
    if error is not None:
        text = ": ".join(filter(None, [type(error).__name__, " ".join(str(error).split())]))
    return "; ".join(filter(None, [with_noted_parent(error, text), omissions(state)]))


_EARLIER: Final = "of earlier runs"
_SINCE: Final = "since"
_TEXTS: Final = ("source", "outcome", _SINCE, "error")
_CELLS: Final[Mapping[str, Callable[[SourceReport], str]]] = {
    "outcome": lambda state: state.outcome.value,
    _SINCE: lambda state: "whole" if state.since is None else utc_text(state.since),
    "items": lambda state: str(state.items),
    _EARLIER: lambda state: str(state.resumed_items),
    "pages": lambda state: str(state.pages),
    "retries": lambda state: str(state.retries),
    "seconds": lambda state: f"{state.elapsed:.2f}",
    "error": _problem,
}
"""The columns of the table of a report after the first one, each with the function that gives its cells."""
