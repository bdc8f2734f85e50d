"""Tables of the service's items, without sensitive members and control characters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

import anyio.to_thread
import attrs

from aiopartnercentral._serialization.members import attribute_types, union_name, without_none
from aiopartnercentral._utils.text import clean, one_line
from aiopartnercentral.cli.table import Column, Item, Part, render
from aiopartnercentral.types import OpenEnum, UnknownMember, Variant

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ItemTables", "cells", "columns_of", "moment", "tag"]

# Ranks of columns: in a narrow terminal, those with the highest rank are left out first.
_IDENTITY, _KEY, _STATE, _CATALOG, _TEXT, _REFERENCE, _TIME, _KIND = range(8)


class ItemTables:
    """Collects the items of a run, and returns one table for each listing and class of items."""

    def __init__(self) -> None:
        """Start without items."""
        self._items: dict[tuple[str | None, type, tuple[str, ...]], list[Item]] = {}

    def add(
        self, item: object, source: str | None = None, listing: str | None = None, parent: str | None = None
    ) -> None:
        """Add an item, and the label of its source, the name of its listing and its parent if they are shown."""
        before = {name: text for name, text in (("source", source), ("parent", parent)) if text is not None}
        rows: Item = [[*map(clean, before.values()), *row] for row in cells(item)]
        self._items.setdefault((listing, type(item), tuple(before)), []).append(rows)

    async def text(self, width: int | None, *, styled: bool = False) -> str:
        """Return the tables as text, which is empty without items.

        They are made in a thread, because Ctrl-C must not wait for a table of thousands of rows.

        Arguments:
            width: of the terminal that shows them, or None.
            styled: whether titles are bold.
        """
        return await anyio.to_thread.run_sync(partial(self._text, width, styled=styled), abandon_on_cancel=True)

    def _text(self, width: int | None, *, styled: bool) -> str:
        tables = []
        for (listing, cls, names), items in self._items.items():
            before = [Column(name, 0) for name in names]
            title = "" if listing is None else f"{listing}:\n"
            tables.append(title + render([*before, *columns_of(cls)], items, width=width, styled=styled))
        return "\n".join(tables)


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
            # An ARN repeats the catalog and the id, and is longer than all other columns.
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
    if union_name(hint) is not None:
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
    """Return whether it is a map of structures, each entry of which has its own row."""
    return get_origin(hint) is dict and attrs.has(get_args(hint)[1])


def _words(name: str) -> str:
    return name.replace("_", " ")


def _singular(words: str) -> str:
    return words.removesuffix("s")


@cache
def _members(cls: type) -> list[tuple[str, Any]]:
    """Return the members that are not sensitive, with their types; repr hides sensitive ones."""
    hints = attribute_types(cls)
    fields = attrs.fields(cast("type[attrs.AttrsInstance]", cls))
    return [(field.name, without_none(hints[field.name])) for field in fields if field.repr is True]


def _kind(value: UnknownMember | Variant | None) -> str:
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
        case Variant():
            text = f"{tag(value)} {_structure(value)}"
        case Mapping():
            text = ", ".join(f"{_cell(key)}: {_cell(entry)}" for key, entry in value.items())
        case list():
            text = ", ".join(map(_cell, value))
        case _ if attrs.has(cls):
            text = _structure(value)
        case _:
            text = clean(str(value))
    return text


def _structure(value: object) -> str:
    cls: Any = type(value)
    members = [(name, _cell(getattr(value, name))) for name, _ in _members(cls)]
    # An identifier would make the line longer without adding much to the name.
    names = [text for name, text in members if name == "name" and text]
    return names[0] if names else " ".join(text for _, text in members if text)


def tag(variant: UnknownMember | Variant) -> str:
    """Return the wire name of a union's member, even if the model does not know the member."""
    if isinstance(variant, UnknownMember):
        return f"{one_line(variant.tag)} (unknown)"
    return variant.tag


def moment(value: datetime) -> str:
    """Return a timestamp to the second, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
