"""Typed items as data frames, by way of Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral._utils.optional_imports import import_optional
from aiopartnercentral.sinks.arrow import arrow_schema, record_batches

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["to_arrow", "to_pandas", "to_polars"]


def to_arrow(items: Iterable[Any], cls: Any, *, pairs: bool = False) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the items as one table (`pyarrow.Table`).

    Arguments:
        items: objects of the class.
        cls: a generated class, or a union of them.
        pairs: whether they are pairs of a source (a catalog, a label) and an item, as `collect` returns them; the
            source becomes the first column, `source`.

    Raises:
        ImportError: pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item is not what its class says.
    """
    pa = import_optional("pyarrow", extra="arrow")
    schema = arrow_schema(cls, beside=("source",) if pairs else ())
    return pa.Table.from_batches(record_batches(items, cls, pairs=pairs), schema=schema)


def to_pandas(items: Iterable[Any], cls: Any, *, pairs: bool = False) -> Any:  # noqa: ANN401 - pandas may not be there
    """Return the items as a `pandas.DataFrame`; the arguments are those of `to_arrow`.

    Raises:
        ImportError: pandas or pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item is not what its class says.
    """
    import_optional("pandas", extra="pandas")
    return to_arrow(items, cls, pairs=pairs).to_pandas()


def to_polars(items: Iterable[Any], cls: Any, *, pairs: bool = False) -> Any:  # noqa: ANN401 - polars may not be there
    """Return the items as a `polars.DataFrame`; the arguments are those of `to_arrow`.

    Raises:
        ImportError: polars or pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item is not what its class says.
    """
    polars = import_optional("polars", extra="polars")
    return polars.from_arrow(to_arrow(items, cls, pairs=pairs))
