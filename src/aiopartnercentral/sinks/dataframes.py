"""Typed items as Arrow tables, pandas and polars data frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral._utils.optional_imports import import_optional
from aiopartnercentral.sinks.arrow import arrow_schema, record_batches

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["to_arrow", "to_pandas", "to_polars"]


def to_arrow(items: Iterable[Any], cls: Any, *, pairs: bool = False) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the items as a `pyarrow.Table`.

    Arguments:
        items: objects of the class.
        cls: a generated class, a union of them, or the type of other items, such as `str`.
        pairs: whether the items are pairs of a source and an item, as `collect` of several sources returns them; the
            source becomes the first column, `source`.

    Raises:
        ImportError: pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item does not match its class.
    """
    pa = import_optional("pyarrow", extra="arrow")
    schema = arrow_schema(cls, text_columns=("source",) if pairs else ())
    return pa.Table.from_batches(record_batches(items, cls, pairs=pairs), schema=schema)


def to_pandas(items: Iterable[Any], cls: Any, *, pairs: bool = False) -> Any:  # noqa: ANN401 - pandas is optional
    """Return the items as a `pandas.DataFrame`; the arguments are those of `to_arrow`.

    Every column has its Arrow type (`pandas.ArrowDtype`). So integers and booleans stay exact next to missing values,
    and maps can be written to Parquet again.

    Raises:
        ImportError: pandas or pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item does not match its class.
    """
    pandas = import_optional("pandas", extra="pandas")
    return to_arrow(items, cls, pairs=pairs).to_pandas(types_mapper=pandas.ArrowDtype)


def to_polars(items: Iterable[Any], cls: Any, *, pairs: bool = False) -> Any:  # noqa: ANN401 - polars is optional
    """Return the items as a `polars.DataFrame`; the arguments are those of `to_arrow`.

    Raises:
        ImportError: polars or pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item does not match its class.
    """
    polars = import_optional("polars", extra="polars")
    return polars.from_arrow(to_arrow(items, cls, pairs=pairs))
