"""Items and reports as text for people: no sensitive member, nothing that could steer a terminal."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, cast, get_args, get_origin, get_type_hints

import attrs

from aiopartnercentral._pagination.report import failures
from aiopartnercentral.cli.grid import Column, Item, Part, render
from aiopartnercentral.cli.messages import explain_all
from aiopartnercentral.cli.text import clean, counted, one_line
from aiopartnercentral.types import OpenEnum, UnknownMember

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiopartnercentral._pagination.report import Progress

__all__ = ["cells", "columns_of", "encoded", "moment", "report_text", "tag"]

# So many sources have a line each, whatever became of them.
_MANY = 50
# In which order columns are given up, the last one first.
_IDENTITY, _KEY, _STATE, _CATALOG, _TEXT, _REFERENCE, _TIME, _KIND = range(8)


def encoded(text: str, *, terminal: bool) -> bytes:
    """Return the text as bytes for stdout, which has an encoding of its own if it is a terminal, or for a file."""
    encoding = sys.stdout.encoding if terminal and sys.stdout is not None else None
    return text.encode(encoding or "utf-8", "replace")


def report_text(states: Mapping[str, Progress], *, elapsed: float, width: int | None, called: str = "catalog") -> str:
    """Return a report as a table with a line for each source, a line of totals, and a line for each error.

    Of many sources those that are complete have no line.

    Arguments:
        states: how far each source has come.
        elapsed: seconds of the whole.
        width: of the terminal that shows it, or None.
        called: what a source is called.
    """
    columns = (
        Column(called, 0),
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
    pages, items, retries = (
        sum(getattr(state, name) for state in states.values()) for name in ("pages", "items", "retries")
    )
    totals = (
        f"{counted(len(states), called)}: {counted(items, 'item')}, {counted(pages, 'page')}, "
        f"{counted(retries, 'retry', 'retries')} in {elapsed:.2f} s\n"
    )
    rest = f"({counted(len(states) - len(rows), f'complete {called}')} not listed)\n" if len(rows) < len(states) else ""
    errors = "".join(f"error: {line}\n" for line in explain_all(failures(states)))
    table = render(columns, [[row] for row in rows], width=width) if rows else ""
    return table + rest + totals + errors


@attrs.frozen
class _Source:
    """A column, and how to read its cell from the item, from the key of an entry or from the entry."""

    column: Column
    read: Callable[[Any], str]


def columns_of(cls: type) -> list[Column]:
    """Return the columns for items of a generated class, which `cells` fills."""
    return [source.column for source in _sources(cls)]


def cells(item: object) -> Item:
    """Return an item's rows: one for each entry of its map of structures, if its class has one, otherwise one."""
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
            # It repeats the catalog and the id, and is longer than all the rest.
            continue
        if _is_map(hint) and all(source.column.part is Part.ITEM for source in found):
            found.append(_Source(Column(_singular(_words(name)), _KEY, part=Part.KEY), _cell))
            for inner, inner_hint in _members(get_args(hint)[1]):
                found += _sources_of(inner, inner_hint, Part.ENTRY)
        else:
            found += _sources_of(name, hint, Part.ITEM)
    # Times are read last.
    return sorted(found, key=lambda source: source.column.rank == _TIME)


def _sources_of(name: str, hint: Any, part: Part) -> Iterator[_Source]:  # noqa: ANN401 - types as values have no type
    # Nothing of an entry comes before its key.
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
    """Tell whether it is a map of structures, whose entries have rows of their own."""
    return get_origin(hint) is dict and attrs.has(get_args(hint)[1])


def _is_union(hint: Any) -> bool:  # noqa: ANN401 - types as values have no type
    """Tell whether it is a union of the service, which has a class for each tag."""
    kinds = get_args(hint) if isinstance(hint, UnionType) else ()
    return any(isinstance(kind, type) and issubclass(kind, UnknownMember) for kind in kinds)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _singular(words: str) -> str:
    return words.removesuffix("s")


@cache
def _members(cls: type) -> list[tuple[str, Any]]:
    """Return the members that may be shown, with their types; those that its repr does not show are sensitive."""
    hints = get_type_hints(cls)
    fields = attrs.fields(cast("type[attrs.AttrsInstance]", cls))
    return [(field.name, _present(hints[field.name])) for field in fields if field.repr is True]


def _present(hint: Any) -> Any:  # noqa: ANN401 - types as values have no type
    """Return the type of an optional member where it is there."""
    kinds = [kind for kind in get_args(hint) if kind is not types.NoneType]
    return kinds[0] if get_origin(hint) in (Union, UnionType) and len(kinds) == 1 else hint


def _kind(value: object) -> str:
    return "" if value is None else tag(value)


def _value(value: object) -> str:
    """Return a member's text, without the tag of a union, which has a column of its own."""
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
    # What a thing is called says enough; its identifier would only make the line longer.
    names = [text for name, text in members if name == "name" and text]
    return names[0] if names else " ".join(text for _, text in members if text)


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
