"""HTML that a notebook shows: tables without scripts and external resources, whose text is escaped.

They have no colours of their own, so that they can be read in light and dark notebooks.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, NewType

from aiopartnercentral._utils.text import clean, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ROWS", "TEXT", "Html", "join", "more", "table", "text"]

Html = NewType("Html", str)
"""Text that is HTML already."""

ROWS = 20
"""How many rows of a table are shown."""
TEXT = 200
"""How many characters of a text are shown."""

_LEFT = ' style="text-align: left; vertical-align: top"'


def text(value: object, *, limit: int = TEXT) -> Html:
    """Return the text of a value, cut if it is long; control characters, and those that reverse text, are escaped."""
    whole = str(value)
    cut = f"{whole[:limit]}\u2026 ({counted(len(whole), 'character')})" if len(whole) > limit else whole
    return Html(escape(clean(cut)))


def join(separator: str, parts: Iterable[Html]) -> Html:
    """Return HTML joined by a separator, which is HTML, too."""
    return Html(separator.join(parts))


def more(shown: int, total: int, noun: str = "") -> Html:
    """Return how many more there are than those that are shown; empty if there are none."""
    number = total - shown
    what = f"{number} more" if not noun else f"{counted(number, f'more {noun}')}"
    return Html(f"<em>\u2026 and {escape(what)}</em>" if number > 0 else "")


def table(
    head: Sequence[str], rows: Sequence[Sequence[Html]], *, caption: str = "", total: int = 0, noun: str = "row"
) -> Html:
    """Return a table.

    Arguments:
        head: the names of the columns; none if the first cell of each row is its head.
        rows: the cells of the rows, as HTML.
        caption: the title, or none.
        total: how many rows there are, if `rows` has only the first ones.
        noun: what a row is, in the singular.
    """
    lines = [f"<caption{_LEFT}>{text(caption)}</caption>"] if caption else []
    if head:
        lines.append(f"<thead><tr>{''.join(f'<th{_LEFT}>{text(name)}</th>' for name in head)}</tr></thead>")
    lines.append("<tbody>")
    for first, *rest in rows:
        begin = f"<td{_LEFT}>{first}</td>" if head else f"<th{_LEFT}>{first}</th>"
        lines.append(f"<tr>{begin}{''.join(f'<td{_LEFT}>{cell}</td>' for cell in rest)}</tr>")
    lines.append("</tbody>")
    end = more(len(rows), total, noun)
    return Html(f'<div style="overflow-x: auto"><table>{"".join(lines)}</table>{end and f"<p>{end}</p>"}</div>')
