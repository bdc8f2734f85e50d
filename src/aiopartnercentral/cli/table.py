"""Items and reports as tables for people: no sensitive member, and nothing that could control a terminal.

rich draws the tables. Which columns they have when the terminal is narrow is decided here: whole columns are left out
and named below the table, and only prose is cut.
"""

from __future__ import annotations

import io
import sys
import textwrap
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import Enum, auto
from functools import cache, partial
from types import UnionType
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast, get_args, get_origin, get_type_hints

import anyio.to_thread
import attrs
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from aiopartnercentral._pagination.report import Report
from aiopartnercentral.cli.messages import explain_all
from aiopartnercentral.cli.terminal import clean, counted, one_line
from aiopartnercentral.types import OpenEnum, UnknownMember

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from aiopartnercentral._pagination.report import SourceReport

__all__ = [
    "Column",
    "Item",
    "ItemTables",
    "Part",
    "cells",
    "columns_of",
    "encoded",
    "moment",
    "render",
    "report_text",
    "tag",
]

# Reports of more sources list only those that are not complete.
_MANY = 50
_GAP = 2
_LEAST_PROSE = 14  # characters that a cut cell keeps
# rich measures every cell of a table several times, which takes seconds for thousands of rows. A block of rows as one
# row of long cells is measured once.
_ROWS_AT_ONCE = 200
# In which order columns are left out, the last one first.
_IDENTITY, _KEY, _STATE, _CATALOG, _TEXT, _REFERENCE, _TIME, _KIND = range(8)

Item: TypeAlias = "Sequence[Sequence[str]]"
"""The rows of one item: one, or one for each of its entries."""


class Part(Enum):
    """What a column is about."""

    ITEM = auto()
    """The whole item: the same in each of its rows."""
    KEY = auto()
    """The key of the entry that the row shows."""
    ENTRY = auto()
    """That entry, which means nothing without its key."""


@attrs.frozen
class Column:
    """A column of single-line cells.

    Attributes:
        head: its title.
        rank: columns with the highest rank are left out first.
        part: what it is about.
        prose: whether its cells may be cut, as a name may; an identifier, a number or a time may not.
        numeric: whether its cells are aligned to the right.
    """

    head: str
    rank: int = 0
    part: Part = attrs.field(default=Part.ITEM, kw_only=True)
    prose: bool = attrs.field(default=False, kw_only=True)
    numeric: bool = attrs.field(default=False, kw_only=True)


class ItemTables:
    """Collects the items of a run, and shows one table for each class of items."""

    def __init__(self) -> None:
        """Begin without items."""
        self._items: dict[type, list[Item]] = {}
        self._has_sources = False

    def add(self, item: object, source: str | None = None) -> None:
        """Add an item, and the label of its source if that is to be shown."""
        rows: Item = cells(item)
        if source is not None:
            self._has_sources = True
            rows = [[clean(source), *row] for row in rows]
        self._items.setdefault(type(item), []).append(rows)

    async def text(self, width: int | None) -> str:
        """Return the tables, one below the other; empty if there are no items.

        They are made in a thread, because Ctrl-C must not wait for a table of thousands of rows.

        Arguments:
            width: of the terminal that shows them, or None.
        """
        return await anyio.to_thread.run_sync(partial(self._text, width), abandon_on_cancel=True)

    def _text(self, width: int | None) -> str:
        before = [Column("source", 0)] if self._has_sources else []
        return "\n".join(render([*before, *columns_of(cls)], items, width=width) for cls, items in self._items.items())


def render(columns: Sequence[Column], items: Sequence[Item], *, width: int | None) -> str:
    """Return the items as a table, and below it the names of the columns that are left out.

    Without room for the key of the entries, an item has one row, and no column about an entry.

    Arguments:
        columns: from left to right.
        items: the cells of each row of each item.
        width: of the terminal; None for text as wide as needed, with every column and without colours.
    """
    rows = [row for item in items for row in item]
    needs = [max((cell_len(row[index]) for row in rows), default=0) for index in range(len(columns))]
    widths = _fit(columns, needs, width)
    keyed = any(column.part is Part.KEY for column in columns)
    if keyed and not any(columns[index].part is Part.KEY for index in widths):
        rows = [row for item in items for row in item[:1]]
    shown = io.StringIO()
    console = Console(
        file=shown,
        width=sum(widths.values()) + _GAP * len(widths),
        height=1,
        force_terminal=width is not None,
        legacy_windows=False,
        markup=False,
        emoji=False,
        highlight=False,
    )
    console.print(_table(columns, widths, (), header=True))
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        console.print(_table(columns, widths, rows[start : start + _ROWS_AT_ONCE], header=False))
    lines = shown.getvalue().split("\n")
    return "\n".join(line.rstrip() for line in lines) + _left_out(columns, widths, width)


def _table(
    columns: Sequence[Column], widths: Mapping[int, int], rows: Sequence[Sequence[str]], *, header: bool
) -> Table:
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_header=header, header_style="bold")
    for index, width in widths.items():
        table.add_column(
            Text(columns[index].head, no_wrap=False),
            width=width,
            no_wrap=True,
            overflow="ellipsis",
            vertical="bottom",
            justify="right" if columns[index].numeric else "left",
        )
    if rows:
        table.add_row(*("\n".join(row[index] for row in rows) for index in widths))
    return table


def _fit(columns: Sequence[Column], needs: Sequence[int], room: int | None) -> Mapping[int, int]:
    """Return the width of each column that there is room for, by its index from left to right."""
    whole = [max(need, cell_len(column.head)) for column, need in zip(columns, needs, strict=True)]
    if room is None or sum(whole) + _GAP * (len(whole) - 1) <= room:
        return dict(enumerate(whole))
    given: dict[int, int] = {}
    rest = room + _GAP
    for index in sorted(range(len(columns)), key=lambda index: columns[index].rank):
        column, need = columns[index], needs[index]
        if column.part is Part.ENTRY and all(columns[other].part is not Part.KEY for other in given):
            continue
        word = max(map(cell_len, column.head.split()))
        width = max(word, min(need, _LEAST_PROSE) if column.prose else need)
        # The first is always shown: a terminal breaks a long line, but loses nothing of it.
        if not given or width + _GAP <= rest:
            given[index] = width
            rest -= width + _GAP
    for index in sorted(given):
        more = max(0, min(rest, needs[index] - given[index]))
        given[index] += more
        rest -= more
    return {index: given[index] for index in sorted(given)}


def _left_out(columns: Sequence[Column], widths: Mapping[int, int], width: int | None) -> str:
    missing = [column.head for index, column in enumerate(columns) if index not in widths]
    if width is None or not missing:
        return ""
    return textwrap.fill(f"(no room at {width} columns for: {', '.join(missing)})", width) + "\n"


def encoded(text: str, *, terminal: bool) -> bytes:
    """Return the text as bytes: in the terminal's encoding if stdout is one, otherwise in UTF-8."""
    encoding = sys.stdout.encoding if terminal and sys.stdout is not None else None
    return text.encode(encoding or "utf-8", "replace")


def report_text(states: Mapping[str, SourceReport], *, elapsed: float, width: int | None) -> str:
    """Return the summary of a run: a line for each source, a line of totals, and a line for each error.

    With more than 50 sources, those that are complete are not listed.

    Arguments:
        states: how far each source has come, by its name.
        elapsed: seconds of the whole run.
        width: of the terminal that shows it, or None.
    """
    columns = (
        Column("source", 0),
        Column("outcome", 1),
        Column("items", 2, numeric=True),
        Column("pages", 4, numeric=True),
        Column("retries", 5, numeric=True),
        Column("seconds", 3, numeric=True),
    )
    rows = [
        (
            clean(name),
            state.outcome.value,
            str(state.items),
            str(state.pages),
            str(state.retries),
            f"{state.elapsed:.2f}",
        )
        for name, state in states.items()
        if len(states) <= _MANY or not state.complete
    ]
    report = Report(sources=states, elapsed=elapsed)
    totals = (
        f"{counted(len(states), 'source')}: {counted(report.items, 'item')}, {counted(report.pages, 'page')}, "
        f"{counted(report.retries, 'retry', 'retries')} in {elapsed:.2f} s\n"
    )
    rest = f"({counted(len(states) - len(rows), 'complete source')} not listed)\n" if len(rows) < len(states) else ""
    errors = "".join(f"error: {line}\n" for line in explain_all(report.failures))
    table = render(columns, [[row] for row in rows], width=width) if rows else ""
    return table + rest + totals + errors


@attrs.frozen
class _Source:
    """A column, and the function that reads its cell from an item, a key or an entry."""

    column: Column
    read: Callable[[Any], str]


def columns_of(cls: type) -> list[Column]:
    """Return the columns for items of a generated class; `cells` gives their content."""
    return [source.column for source in _sources(cls)]


def cells(item: object) -> Item:
    """Return an item's rows: one for each entry of its map of structures if its class has one, otherwise one."""
    cls: Any = type(item)
    entries: Mapping[Any, Any] = next((getattr(item, name) for name, entry in _members(cls) if _is_map(entry)), {})
    owners = [{Part.ITEM: item, Part.KEY: key, Part.ENTRY: entry} for key, entry in (entries or {None: None}).items()]
    return [[source.read(row[source.column.part]) for source in _sources(cls)] for row in owners]


@cache
def _sources(cls: type) -> list[_Source]:
    found: list[_Source] = []
    names = [name for name, _ in _members(cls)]
    for name, hint in _members(cls):
        if name == "arn" and "id" in names:
            # It repeats the catalog and the id, and is longer than all other columns.
            continue
        if _is_map(hint) and all(source.column.part is Part.ITEM for source in found):
            found.append(_Source(Column(_singular(_words(name)), _KEY, part=Part.KEY), _cell))
            for inner, inner_hint in _members(get_args(hint)[1]):
                found += _sources_of(inner, inner_hint, Part.ENTRY)
        else:
            found += _sources_of(name, hint, Part.ITEM)
    # Times come last.
    return sorted(found, key=lambda source: source.column.rank == _TIME)


def _sources_of(name: str, hint: Any, part: Part) -> Iterator[_Source]:  # noqa: ANN401 - types as values have no type
    # No column of an entry ranks above its key.
    rank = _rank(name, hint) if part is Part.ITEM else max(_KEY, _rank(name, hint))
    column = Column(_words(name), rank, part=part, prose=rank == _TEXT)
    yield _Source(column, lambda owner: _value(getattr(owner, name, None)))
    if _is_union(hint):
        yield _Source(Column(f"{_words(name)} kind", _KIND, part=part), lambda owner: _kind(getattr(owner, name, None)))


def _rank(name: str, hint: Any) -> int:  # noqa: ANN401 - types as values have no type
    if name == "id":
        return _IDENTITY
    if name == "catalog":
        return _CATALOG
    if name.rpartition("_")[2] in ("arn", "id", "identifier"):
        return _REFERENCE
    if hint is datetime:
        return _TIME
    if isinstance(hint, type) and issubclass(hint, OpenEnum | int | float):
        return _STATE
    return _TEXT


def _is_map(hint: Any) -> bool:  # noqa: ANN401 - types as values have no type
    """Tell whether it is a map of structures: each entry has its own row."""
    return get_origin(hint) is dict and attrs.has(get_args(hint)[1])


def _is_union(hint: Any) -> bool:  # noqa: ANN401 - types as values have no type
    """Tell whether it is a tagged union of the service."""
    kinds = get_args(hint) if isinstance(hint, UnionType) else ()
    return any(isinstance(kind, type) and issubclass(kind, UnknownMember) for kind in kinds)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _singular(words: str) -> str:
    return words.removesuffix("s")


@cache
def _members(cls: type) -> list[tuple[str, Any]]:
    """Return the members that may be shown, with their types; those that repr hides are sensitive."""
    hints = get_type_hints(cls)
    fields = attrs.fields(cast("type[attrs.AttrsInstance]", cls))
    return [(field.name, _present(hints[field.name])) for field in fields if field.repr is True]


def _present(hint: Any) -> Any:  # noqa: ANN401 - types as values have no type
    """Return the type without the None of an optional member."""
    kinds = [kind for kind in get_args(hint) if kind is not types.NoneType]
    return kinds[0] if get_origin(hint) in (Union, UnionType) and len(kinds) == 1 else hint


def _kind(value: object) -> str:
    return "" if value is None else tag(value)


def _value(value: object) -> str:
    """Return a member's text, without the tag of a union: that has its own column."""
    if isinstance(value, UnknownMember):
        return ""
    return _structure(value) if attrs.has(type(value)) else _cell(value)


def _cell(value: object) -> str:
    cls: Any = type(value)
    match value:
        case None:
            text = ""
        case datetime():
            text = moment(value)
        case UnknownMember():
            text = tag(value)
        case Mapping():
            text = ", ".join(f"{_cell(key)}: {_cell(entry)}" for key, entry in value.items())
        case list():
            text = ", ".join(map(_cell, value))
        case _ if attrs.has(cls):
            text = f"{tag(value)} {_structure(value)}" if cls in _tags(cls.__module__) else _structure(value)
        case _:
            text = clean(str(value))
    return text


def _structure(value: object) -> str:
    cls: Any = type(value)
    members = [(name, _cell(getattr(value, name))) for name, _ in _members(cls)]
    # A name says enough; an identifier would only make the line longer.
    names = [text for name, text in members if name == "name" and text]
    return names[0] if names else " ".join(text for _, text in members if text)


def tag(variant: object) -> str:
    """Return the tag of a union's member as on the wire, also for a member that the model does not know."""
    if isinstance(variant, UnknownMember):
        return f"{one_line(variant.tag)} (unknown)"
    return _tags(type(variant).__module__)[type(variant)]


@cache
def _tags(module: str) -> Mapping[type, str]:
    """Return the tag of each variant class of a generated module: its name without the union's."""
    unions = {name: value for name, value in vars(sys.modules[module]).items() if isinstance(value, UnionType)}
    return {cls: cls.__name__.removeprefix(union) for union, value in unions.items() for cls in get_args(value)}


def moment(value: datetime) -> str:
    """Return a timestamp to the second, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
