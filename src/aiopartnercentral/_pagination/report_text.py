"""A report as a table for people: a line for each source, also with the first line of the service's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from aiopartnercentral._pagination.causes import type_of
from aiopartnercentral._pagination.source_report import SourceReport, omissions, with_noted_parent
from aiopartnercentral._utils.text import clean, one_line, utc_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["in_table", "report_text"]

KeyT = TypeVar("KeyT")

_MANY: Final = 50
"""Of more sources, those that are complete or were not requested are counted, but not listed."""


def in_table(states: Mapping[KeyT, SourceReport]) -> tuple[Mapping[KeyT, SourceReport], str]:
    """Return the sources that a table lists, and a line that counts the others; the line is empty if there are none."""
    if len(states) <= _MANY:
        return states, ""
    shown = {key: state for key, state in states.items() if not (state.complete or state.started_at is None)}
    complete = sum(state.complete for state in states.values())
    hidden = {"complete": complete, "not requested": len(states) - len(shown) - complete}
    counts = ", ".join(f"{number} {what}" for what, number in hidden.items() if number)
    return shown, f"(not listed: {counts})" if counts else ""


def report_text(states: Mapping[str, SourceReport]) -> str:
    """Return the table of the sources, by their names; nothing in it can act on a terminal.

    Of more than 50 sources, those that are complete or were not requested are only counted.
    """
    listed, rest = in_table(states)
    is_resumed = any(state.resumed_items for state in states.values())
    is_incremental = any(state.since is not None for state in states.values())
    shown = {_EARLIER: is_resumed, _SINCE: is_incremental}
    heads = [head for head in _CELLS if shown.get(head, True)]
    columns = [["source", *map(clean, listed)], *([head, *map(_CELLS[head], listed.values())] for head in heads)]
    rows = ["  ".join(row).rstrip() for row in zip(*map(_padded, columns), strict=True)] if listed or not rest else []
    return "\n".join([*rows, rest] if rest else rows)


def _padded(column: Sequence[str]) -> Sequence[str]:
    """Return the cells of a column, of which the first is its head, all of the same width."""
    width = max(map(len, column))
    return [cell.ljust(width) if column[0] in _TEXTS else cell.rjust(width) for cell in column]


def _problem(state: SourceReport) -> str:
    error, text = state.error, ""
    if error is not None:
        name, text = clean(type_of(error)), one_line(str(error))
        text = text if text.startswith(name) else ": ".join(filter(None, [name, text]))
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
