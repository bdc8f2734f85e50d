"""The columns of a CSV file: their names for a generated class, and the cells of its items."""

from __future__ import annotations

import base64
import math
import re
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import attrs

from aiopartnercentral._serialization.timestamps import encode_timestamp
from aiopartnercentral._utils.validators import one_of
from aiopartnercentral.sinks.schema import (
    DataType,
    Field,
    Json,
    ListOf,
    MapOf,
    Scalar,
    Struct,
    TaggedUnion,
    schema_of,
    to_json,
    unused_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    Values = Sequence[Any]

__all__ = ["Columns", "Formulas", "columns_of", "text_cells"]

Formulas: TypeAlias = Literal["escape", "keep"]

# Some readers split at semicolons and tabs, too; the quotes keep these cells whole if the reader knows them.
_NEEDS_QUOTES = re.compile(r'[",;\t\r\n]')
# A spreadsheet takes a cell that starts with one of these, full-width ones included, for a formula.
_OPERATORS = "-=+@\uff1d\uff0b\uff0d\uff20"
# Where such a cell may start in a text: at its beginning, and after what separates cells or rows. Where people write
# 0,5 for a half, spreadsheets split at semicolons, and do not respect the quotes of a cell that is not the first.
# An apostrophe in these places prevents a formula; an apostrophe there gets one as well, so that it can be undone.
_FORMULA = re.compile(rf"\A(?=[{_OPERATORS}'\t\r\n])|(?<=[;\t\r\n])(?=\"*[{_OPERATORS}'])")
# In JSON, the semicolon is escaped, which does not change the value.
_JSON_FORMULA = re.compile(rf";(?=[{_OPERATORS}])")
_FORMULA_STARTS: dict[Formulas, frozenset[str]] = {
    "escape": frozenset(f"{_OPERATORS}'\t\r\n"),
    "keep": frozenset(),
}
_VALUE, _KEY, _INDEX = "value", "key", "index"


@attrs.frozen
class Columns:
    """Columns of a CSV file.

    Attributes:
        names: their names.
        cells: takes the values of the rows, any of which may be None, and returns a list of cells for each column,
            ready to be joined by commas. It raises TypeError, ValueError or AttributeError if a value does not match
            its class.
    """

    names: tuple[str, ...]
    cells: Callable[[Values], list[list[str]]]


def columns_of(
    cls: Any,  # noqa: ANN401 - a union is not a class
    *,
    explode: str | None = None,
    formulas: Formulas = "escape",
    wanted: Collection[str] | None = None,
) -> Columns:
    """Return the columns for items of a class.

    Arguments:
        cls: a generated class, a union of them, or the type of other items, such as `str`.
        explode: a list or map member of the class itself, each element of which gets a row; None for one row per item.
        formulas: whether text that a spreadsheet would take for a formula is escaped or kept.
        wanted: names of columns; members that have none of these are left out. None for all.

    Raises:
        TypeError: items cannot be of this type.
        ValueError: the class has no such list or map.
    """
    schema = schema_of(cls)
    builder = _Builder(formulas, wanted)
    if explode is None:
        return builder.columns(schema, "" if isinstance(schema, Struct) else _VALUE)
    fields = schema.fields if isinstance(schema, Struct) else ()
    possible = {field.name: field.type for field in fields if isinstance(field.type, ListOf | MapOf)}
    if not possible or not isinstance(schema, Struct):
        raise ValueError(f"explode is not possible: {getattr(cls, '__name__', 'the class')} itself has no list or map")
    chosen = one_of(possible)("explode", explode)
    return builder.exploded(schema, chosen, possible[chosen])


def text_cells(values: Values, formulas: Formulas) -> list[str]:
    """Return a cell for each text; an empty one for None, and a quoted empty one for an empty text.

    Raises:
        TypeError: a value is not text.
    """
    starts, needs_quotes = _FORMULA_STARTS[formulas], _NEEDS_QUOTES.search
    escapes = formulas == "escape"
    cells = []
    for value in values:
        if value is None:
            cells.append("")
        elif not isinstance(value, str):
            raise TypeError("expected text")
        elif value and value[:1] not in starts and not needs_quotes(value):
            cells.append(value)
        else:
            text = str.__str__(value)
            cells.append(_quoted(_FORMULA.sub("'", text) if escapes else text))
    return cells


@attrs.frozen
class _Builder:
    """Builds the columns of data types."""

    formulas: Formulas
    wanted: Collection[str] | None

    def columns(self, data_type: DataType, name: str) -> Columns:
        """Return the columns of values of a type; the names of several begin with this name."""
        match data_type:
            case Struct():
                return self._struct(data_type, name)
            case TaggedUnion():
                return self._union(data_type, name)
            case Json() | ListOf() | MapOf():
                return _single(name, lambda value: self._json_cell(to_json(value)))
            case Scalar.TEXT:
                return Columns((name,), lambda values: [text_cells(values, self.formulas)])
        return _single(name, _WRITERS[data_type])

    def exploded(self, struct: Struct, name: str, many: ListOf | MapOf) -> Columns:
        """Return the columns of a structure with a row for each entry of one of its fields."""
        index = [field.name for field in struct.fields].index(name)
        field = struct.fields[index]
        before = self._fields(struct.fields[:index], "")
        after = self._fields(struct.fields[index + 1 :], "")
        entry = self._entry(many, field.name)

        def cells(items: Values) -> list[list[str]]:
            struct.check(items)
            # An item without entries has a row, too.
            pairs = [
                list(value.items() if isinstance(many, MapOf) else enumerate(value)) if value else [(None, None)]
                for value in field.values(items)
            ]

            def repeated(parts: list[tuple[Field, Columns]]) -> Iterator[list[str]]:
                for each, columns in parts:
                    for column in columns.cells(each.values(items)):
                        yield [cell for cell, its in zip(column, pairs, strict=True) for _ in its]

            return [*repeated(before), *entry.cells([pair for its in pairs for pair in its]), *repeated(after)]

        names = [*_names(before), *entry.names, *_names(after)]
        return Columns(tuple(names), cells)

    def _entry(self, many: ListOf | MapOf, name: str) -> Columns:
        """Return the columns of the entries of a list or map, which are pairs of an index or key and a value."""
        data_type, index = (many.element, _INDEX) if isinstance(many, ListOf) else (many.value, _KEY)
        columns = self.columns(data_type, name if isinstance(data_type, Struct | TaggedUnion) else f"{name}.{_VALUE}")
        first = unused_name(f"{name}.{index}", set(columns.names))

        def cells(pairs: Values) -> list[list[str]]:
            keys = [None if key is None else str(key) for key, _ in pairs]
            return [text_cells(keys, self.formulas), *columns.cells([value for _, value in pairs])]

        return Columns((first, *columns.names), cells)

    def _fields(self, fields: Sequence[Field], name: str) -> list[tuple[Field, Columns]]:
        parts = [(field, self.columns(field.type, _joined(name, field.name))) for field in fields]
        if self.wanted is None:
            return parts
        return [(field, columns) for field, columns in parts if any(each in self.wanted for each in columns.names)]

    def _json_cell(self, json: str) -> str:
        return _quoted(_JSON_FORMULA.sub(r"\\u003b", json) if self.formulas == "escape" else json)

    def _struct(self, struct: Struct, name: str) -> Columns:
        parts = self._fields(struct.fields, name)

        def cells(values: Values) -> list[list[str]]:
            struct.check(values)
            return [column for field, columns in parts for column in columns.cells(field.values(values))]

        return Columns(tuple(_names(parts)), cells)

    def _union(self, union: TaggedUnion, name: str) -> Columns:
        parts = [(variant, self.columns(variant.type, _joined(name, variant.name))) for variant in union.variants]
        names = (name_ for _, columns in parts for name_ in columns.names)

        def cells(values: Values) -> list[list[str]]:
            return [
                text_cells(union.tags(values), self.formulas),
                *(column for variant, columns in parts for column in columns.cells(variant.values(values))),
                ["" if json is None else self._json_cell(json) for json in union.unknown_json(values)],
            ]

        return Columns((_joined(name, union.tag), *names, _joined(name, union.unknown)), cells)


def _names(parts: list[tuple[Field, Columns]]) -> Iterator[str]:
    return (name for _, columns in parts for name in columns.names)


def _single(name: str, write: Callable[[Any], str]) -> Columns:
    """Return one column whose cells a function writes."""
    return Columns((name,), lambda values: [["" if value is None else write(value) for value in values]])


def _joined(name: str, member: str) -> str:
    return f"{name}.{member}" if name else member


def _quoted(text: str) -> str:
    if not text or _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


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
    return _quoted(base64.b64encode(value).decode())


_WRITERS: dict[Scalar, Callable[[Any], str]] = {
    Scalar.BOOLEAN: _boolean,
    Scalar.INTEGER: _number,
    Scalar.FLOAT: _number,
    Scalar.TIMESTAMP: encode_timestamp,
    Scalar.BYTES: _base64,
}
