"""Typed items as rows of a table of text: which columns a class has, and what stands in the cells of an item."""

from __future__ import annotations

import base64
import math
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._serialization.timestamps import encode_timestamp
from aiopartnercentral.sinks.schema import Json, ListOf, MapOf, Node, Scalar, Struct, Variants, free_name, layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Formulas", "Table", "quoted", "table"]

Formulas: TypeAlias = Literal["escape", "keep"]

_TO_BE_QUOTED = re.compile(r'[",\r\n]')
# What a spreadsheet takes for the beginning of a formula, in full width as well, and the mark that says it is none.
_FORMULA = re.compile("[=+\\-@\t\r\n'\uff1d\uff0b\uff0d\uff20]")
_TEXT_MARK = "'"
_VALUE, _KEY, _INDEX = "value", "key", "index"


@attrs.frozen
class _Columns:
    """Columns that stand together, and what puts the cells of a value, or of None, behind those of a row so far."""

    names: tuple[str, ...]
    fill: Callable[[Any, list[str]], None]


@attrs.frozen
class Table:
    """The columns of a class.

    Attributes:
        columns: their names.
        text: makes the cell of a text.
    """

    columns: tuple[str, ...]
    text: Callable[[str], str]
    _rows: Callable[[Any], Iterator[list[str]]]

    def rows(self, item: object) -> Iterator[list[str]]:
        """Yield the rows of an item, as cells ready to be joined by commas.

        Raises:
            TypeError, ValueError, AttributeError: the item is not what its class says.
        """
        return self._rows(item)


def table(cls: Any, *, explode: str | None = None, formulas: Formulas = "escape") -> Table:  # noqa: ANN401 - see layout
    """Return the columns of a class.

    Arguments:
        cls: a generated class, or a union of them.
        explode: a member, a list or a map, of which each entry gets a row of its own; None for one row for each item.
        formulas: whether text that a spreadsheet would take for a formula gets an apostrophe before it, or is kept.

    Raises:
        TypeError: it is no generated class.
        ValueError: the class has no such list or map.
    """
    node = layout(cls)
    cells = _Cells(formulas)
    if explode is None:
        columns = cells.of(node, "" if isinstance(node, Struct) else _VALUE)

        def row(item: Any) -> Iterator[list[str]]:  # noqa: ANN401 - an item
            _check(item, node)
            filled: list[str] = []
            columns.fill(item, filled)
            yield filled

        return Table(columns.names, cells.text, row)
    members = node.members if isinstance(node, Struct) else ()
    at = next((i for i, member in enumerate(members) if member.name == explode), None)
    many = None if at is None else members[at].node
    if at is None or not isinstance(many, ListOf | MapOf):
        found = [member.name for member in members if isinstance(member.node, ListOf | MapOf)]
        raise ValueError(f"{explode!a} is no list or map of {cls.__name__}: it has {', '.join(found) or 'none'}")
    before = [(member.name, cells.of(member.node, member.name)) for member in members[:at]]
    after = [(member.name, cells.of(member.node, member.name)) for member in members[at + 1 :]]
    entry = cells.entry(many, explode)

    def rows(item: Any) -> Iterator[list[str]]:  # noqa: ANN401 - an item
        _check(item, node)
        left: list[str] = []
        right: list[str] = []
        for name, columns in before:
            columns.fill(getattr(item, name), left)
        for name, columns in after:
            columns.fill(getattr(item, name), right)
        value = getattr(item, explode)
        # An item without entries has a row all the same.
        for pair in (value.items() if isinstance(many, MapOf) else enumerate(value)) if value else [(None, None)]:
            middle: list[str] = []
            entry.fill(pair, middle)
            yield left + middle + right

    names = [name for part in (*(c for _, c in before), entry, *(c for _, c in after)) for name in part.names]
    return Table(tuple(names), cells.text, rows)


def quoted(text: str) -> str:
    """Return a cell that holds the text; an empty text is quoted, since an empty cell is no value at all."""
    if not text or _TO_BE_QUOTED.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


@attrs.frozen
class _Cells:
    """Makes columns."""

    formulas: Formulas

    def of(self, node: Node, name: str) -> _Columns:
        """Return the columns of a value of this name."""
        match node:
            case Struct():
                return self._structure(node, name)
            case Variants():
                return self._union(node, name)
            case Json() | ListOf() | MapOf():
                dumps = node.dumps
                return _single(name, lambda value: quoted(dumps(value).decode()))
        return _single(name, self.text if node is Scalar.TEXT else _WRITERS[node])

    def entry(self, many: ListOf | MapOf, name: str) -> _Columns:
        """Return the columns of one entry of a list or map, given as pairs of index or key and value."""
        if isinstance(many, ListOf):
            node, index = many.element, _INDEX
        else:
            node, index = many.value, _KEY
        inner = self.of(node, name if isinstance(node, Struct | Variants) else f"{name}.{_VALUE}")
        first = free_name(f"{name}.{index}", set(inner.names))

        def fill(pair: tuple[Any, Any], row: list[str]) -> None:
            key, value = pair
            row.append("" if key is None else self.text(str(key)))
            inner.fill(value, row)

        return _Columns((first, *inner.names), fill)

    def text(self, value: str) -> str:
        """Return the cell of a text."""
        if not isinstance(value, str):
            raise TypeError("expected text")
        text = str.__str__(value)
        if self.formulas == "escape" and _FORMULA.match(text):
            text = _TEXT_MARK + text
        return quoted(text)

    def _structure(self, node: Struct, name: str) -> _Columns:
        parts = [(member.name, self.of(member.node, _joined(name, member.name))) for member in node.members]
        names = tuple(column for _, part in parts for column in part.names)
        nothing = [""] * len(names)

        def fill(value: Any, row: list[str]) -> None:  # noqa: ANN401 - a structure
            if value is None:
                row.extend(nothing)
                return
            for member, part in parts:
                part.fill(getattr(value, member), row)

        return _Columns(names, fill)

    def _union(self, node: Variants, name: str) -> _Columns:
        parts = [(variant, self.of(variant.node, _joined(name, variant.name))) for variant in node.variants]
        tag, unknown = _joined(name, node.tag), _joined(name, node.unknown)
        names = (tag, *(column for _, part in parts for column in part.names), unknown)
        tags: dict[type, str] = {variant.cls: variant.tag for variant in node.variants}

        def fill(value: Any, row: list[str]) -> None:  # noqa: ANN401 - a variant
            cls = type(value)
            if value is None:
                row.append("")
            else:
                row.append(self.text(tags.get(cls) or value.tag))
            payload = getattr(value, "value", None)
            for variant, part in parts:
                part.fill(payload if cls is variant.cls else None, row)
            payload = None if cls in tags else payload
            row.append("" if payload is None else quoted(jsontext.dumps(payload).decode()))

        return _Columns(names, fill)


def _check(item: object, node: Node) -> None:
    """See that an item is of the class; its members are seen to by what reads them."""
    if isinstance(node, Struct) and not isinstance(item, node.cls):
        raise TypeError("expected another class")


def _single(name: str, write: Callable[[Any], str]) -> _Columns:
    def fill(value: Any, row: list[str]) -> None:  # noqa: ANN401 - any value
        row.append("" if value is None else write(value))

    return _Columns((name,), fill)


def _joined(name: str, member: str) -> str:
    return f"{name}.{member}" if name else member


def _number(value: object) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError("expected a number")
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def _boolean(value: object) -> str:
    if not isinstance(value, bool):
        raise TypeError("expected a boolean")
    return "true" if value else "false"


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode() or quoted("")


_WRITERS: dict[Scalar, Callable[[Any], str]] = {
    Scalar.BOOLEAN: _boolean,
    Scalar.INTEGER: _number,
    Scalar.FLOAT: _number,
    Scalar.TIMESTAMP: encode_timestamp,
    Scalar.BYTES: _base64,
}
