"""Typed items as Arrow tables, pandas and polars data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral.sinks.arrow import arrow_schema, record_batches
from aiopartnercentral.sinks.base import PARENT_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["to_arrow", "to_pandas", "to_polars"]


def to_arrow(items: Iterable[Any], cls: Any, *, pairs: bool = False, parent: bool = False) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the items as a `pyarrow.Table`.

    Arguments:
        items: objects of the class.
        cls: a generated class, a union of them, or the type of other items, such as `str`.
        pairs: whether the items are pairs of a source and an item, as `collect` of several sources returns them; the
            source becomes the first column, `source`.
        parent: whether the sources are origins of a nested listing, whose parent becomes the column `source_parent`.

    Raises:
        ImportError: pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item does not match its class.
    """
    pa = import_optional("pyarrow", extra="arrow")
    schema = arrow_schema(cls, text_columns=(*(("source",) if pairs else ()), *((PARENT_COLUMN,) if parent else ())))
    return pa.Table.from_batches(record_batches(items, cls, pairs=pairs, parent=parent), schema=schema)


def to_pandas(items: Iterable[Any], cls: Any, *, pairs: bool = False, parent: bool = False) -> Any:  # noqa: ANN401 - pandas is optional
    """Return the items as a `pandas.DataFrame`; the arguments are those of `to_arrow`.

    Text, numbers, booleans and timestamps have their Arrow types (`pandas.ArrowDtype`), and stay exact next to missing
    values. Structures are dicts, lists are lists, and a map is a list of dicts with `key` and `value`.

    Raises:
        ImportError: pandas or pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item does not match its class.
    """
    pandas = import_optional("pandas", extra="pandas")
    table = _without_maps(to_arrow(items, cls, pairs=pairs, parent=parent))
    return pandas.DataFrame(
        {
            # pandas writes nested Arrow types to Parquet, but does not read them again.
            name: pandas.Series(column.to_pylist(), dtype=object)
            if _is_nested(column.type)
            else column.to_pandas(types_mapper=pandas.ArrowDtype)
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
    )


def to_polars(items: Iterable[Any], cls: Any, *, pairs: bool = False, parent: bool = False) -> Any:  # noqa: ANN401 - polars is optional
    """Return the items as a `polars.DataFrame`; the arguments are those of `to_arrow`.

    A map is a list of structs with `key` and `value`.

    Raises:
        ImportError: polars or pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item does not match its class.
    """
    polars = import_optional("polars", extra="polars")
    return polars.from_arrow(_without_maps(to_arrow(items, cls, pairs=pairs, parent=parent)))


def _without_maps(table: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return a table with lists of entries instead of maps, which not every version of pandas and polars has."""
    pa = import_optional("pyarrow", extra="arrow")
    return table.cast(pa.schema([(field.name, _type_without_maps(field.type)) for field in table.schema]))


def _type_without_maps(data_type: Any) -> Any:  # noqa: ANN401 - as above
    pa = import_optional("pyarrow", extra="arrow")
    if pa.types.is_map(data_type):
        entry = [("key", data_type.key_type), ("value", _type_without_maps(data_type.item_type))]
        return pa.list_(pa.struct(entry))
    if pa.types.is_list(data_type):
        return pa.list_(_type_without_maps(data_type.value_type))
    if pa.types.is_struct(data_type):
        return pa.struct([(field.name, _type_without_maps(field.type)) for field in data_type])
    return data_type


def _is_nested(data_type: Any) -> bool:  # noqa: ANN401 - as above
    nested: bool = import_optional("pyarrow", extra="arrow").types.is_nested(data_type)
    return nested
