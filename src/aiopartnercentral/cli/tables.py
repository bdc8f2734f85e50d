"""Items and reports as text for people: aligned columns, no sensitive member, nothing that could steer a terminal."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, cast, get_args

import attrs
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from aiopartnercentral.cli.problems import explain
from aiopartnercentral.cli.text import clean, one_line
from aiopartnercentral.shapes import UnknownMember

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiopartnercentral.report import Report

__all__ = ["cells", "encoded", "head", "moment", "render", "report_text", "tag"]

# Wide enough to measure what a table would like to be.
_ANY_WIDTH = 100_000


def render(columns: Sequence[str], rows: Iterable[Sequence[str]], *, terminal: bool) -> str:
    """Return a table, as wide as the terminal and in its colours, or else as wide as it needs to be and plain.

    Arguments:
        columns: the head of each column.
        rows: the cells of each row; a cell may hold several lines.
        terminal: whether it is for a terminal.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    text = io.StringIO()
    width = shutil.get_terminal_size().columns if terminal else _ANY_WIDTH
    console = Console(file=text, force_terminal=terminal, width=width, legacy_windows=False)
    if not terminal:
        console.width = max(1, Measurement.get(console, console.options, table).maximum)
    console.print(table)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def encoded(text: str, *, terminal: bool) -> bytes:
    """Return the text as bytes for stdout, which has an encoding of its own if it is a terminal, or for a file."""
    encoding = sys.stdout.encoding if terminal and sys.stdout is not None else None
    return text.encode(encoding or "utf-8", "replace")


def report_text(report: Report) -> str:
    """Return a report as a table with a line for each catalog, and a line of totals."""
    rows = [
        (
            clean(state.catalog),
            state.outcome.value,
            str(state.items),
            str(state.pages),
            str(state.retries),
            f"{state.elapsed:.2f}",
            "" if state.error is None else explain(state.error) or type(state.error).__name__,
        )
        for state in report.catalogs.values()
    ]
    table = render(("catalog", "outcome", "items", "pages", "retries", "seconds", "problem"), rows, terminal=False)
    noun = "catalog" if len(rows) == 1 else "catalogs"
    return (
        f"{table}{len(rows)} {noun}: {report.items} items, {report.pages} pages, {report.retries} retries"
        f" in {report.elapsed:.2f} s\n"
    )


def head(cls: type) -> list[str]:
    """Return the columns for items of a generated class, which `cells` fills."""
    return [name.replace("_", " ") for name in _columns(cls)]


def cells(item: object) -> list[str]:
    """Return an item's cells, one for each column of its class."""
    cls: Any = type(item)
    shown = {field.name: field for field in _shown(cls)}
    return [_member(item, shown[name], "\n") for name in _columns(cls)]


def _columns(cls: type) -> list[str]:
    names = [field.name for field in _shown(cls)]
    if "id" in names:
        # It repeats the catalog and the id, and is longer than all the rest.
        names = [name for name in names if name != "arn"]
    return names


@cache
def _shown(cls: type) -> tuple[attrs.Attribute[Any], ...]:
    return tuple(field for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls)) if field.repr is not False)


def _member(item: object, field: attrs.Attribute[Any], separator: str) -> str:
    value = getattr(item, field.name)
    # What a class does not show of itself in its repr is sensitive, and does not show here either.
    return field.repr(value) if callable(field.repr) and value is not None else _cell(value, separator)


def _cell(value: object, separator: str = ", ") -> str:
    match value:
        case None:
            text = ""
        case datetime():
            text = moment(value)
        case UnknownMember():
            text = tag(value)
        case Mapping():
            text = separator.join(f"{_cell(key)}: {_cell(entry)}" for key, entry in value.items())
        case list():
            text = separator.join(map(_cell, value))
        case _ if attrs.has(type(value)):
            text = _structure(value)
        case _:
            text = clean(str(value))
    return text


def _structure(value: object) -> str:
    cls: Any = type(value)
    members = ((field.name, _member(value, field, ", ")) for field in _shown(cls))
    given = [(name, text) for name, text in members if text]
    if cls in _tags(cls.__module__):
        return f"{tag(value)} {given[0][1]}" if given else tag(value)
    # What a thing is called says enough; its identifier would only make the line longer.
    names = [text for name, text in given if name == "name"]
    return names[0] if names else " ".join(text for _, text in given)


def tag(variant: object) -> str:
    """Return the tag of a union's member as it is on the wire, for a member that the model does not know as well."""
    if isinstance(variant, UnknownMember):
        return f"{one_line(variant.tag)} (unknown)"
    return _tags(type(variant).__module__)[type(variant)]


@cache
def _tags(module: str) -> Mapping[type, str]:
    """Return the tag of each variant class of a generated module, whose name is the union's and the tag."""
    unions = {name: value for name, value in vars(sys.modules[module]).items() if isinstance(value, UnionType)}
    return {cls: cls.__name__.removeprefix(union) for union, value in unions.items() for cls in get_args(value)}


def moment(value: datetime) -> str:
    """Return a timestamp to the second, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
