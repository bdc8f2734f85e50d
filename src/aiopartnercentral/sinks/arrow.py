"""Typed items as Apache Arrow: schemas derived from their class, and record batches built column by column.

Every field is nullable, even if the service model requires it, so files of different model versions can be combined.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate, chain, islice
from typing import TYPE_CHECKING, Any

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral._utils.text import replace_surrogates
from aiopartnercentral.sinks.base import PARENT_COLUMN, parent_text
from aiopartnercentral.sinks.schema import (
    DataType,
    Json,
    ListOf,
    MapOf,
    Scalar,
    Struct,
    schema_of,
    to_json,
    unused_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Values = Sequence[Any]

__all__ = ["BATCH_BYTES", "BATCH_ROWS", "arrow_schema", "record_batch", "record_batches", "split_batch"]

BATCH_ROWS = 4096
BATCH_BYTES = 16 << 20

_VALUE = "value"

_column_names = validators.collection_of(validators.text, "a collection of column names")


def arrow_schema(cls: Any, *, text_columns: Sequence[str] = ()) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the `pyarrow.Schema` for items of a class; items that are not structures have one column, `value`.

    Arguments:
        cls: a generated class, a union of them, or the type of other items, such as `str`.
        text_columns: names of further columns, which come first; a name that the class uses gets an underscore.

    Raises:
        TypeError: items cannot be of this type, or `text_columns` is not a collection of strings.
        ImportError: pyarrow is not installed.
    """
    pa = import_optional("pyarrow", extra="arrow")
    schema = schema_of(cls)
    own = [(field.name, field.type) for field in schema.fields] if isinstance(schema, Struct) else [(_VALUE, schema)]
    used = {name for name, _ in own}
    names = _column_names("text_columns", text_columns)
    first = [pa.field(unused_name(name, used), pa.string()) for name in names]
    return pa.schema([*first, *(pa.field(name, _arrow_type(data_type)) for name, data_type in own)])


def record_batch(items: Values, cls: Any, text_columns: Mapping[str, Values]) -> Any:  # noqa: ANN401 - no types
    """Return one `pyarrow.RecordBatch` of all the items.

    Arguments:
        items: objects of the class.
        cls: the class.
        text_columns: further columns, which come first; see `arrow_schema`.

    Raises:
        TypeError, ValueError, AttributeError, OverflowError: an item does not match its class.
    """
    pa = _pyarrow()
    schema = schema_of(cls)
    own = _field_arrays(schema, items) if isinstance(schema, Struct) else [_array(schema, items)]
    first = [_text_array(values) for values in text_columns.values()]
    return pa.RecordBatch.from_arrays([*first, *own], schema=_cached_schema(cls, tuple(text_columns)))


def record_batches(
    items: Iterable[Any],
    cls: Any,  # noqa: ANN401 - a union is not a class
    *,
    pairs: bool = False,
    parent: bool = False,
    max_rows: int = BATCH_ROWS,
    max_bytes: int = BATCH_BYTES,
) -> Iterator[Any]:
    """Yield the items as `pyarrow.RecordBatch`es of limited size; holds the items of one batch in memory.

    The batches' schema is `arrow_schema(cls)`; with `pairs`, a column `source` comes first, and with `parent` one with
    the name `source_parent` after it.

    Arguments:
        items: objects of the class.
        cls: the class.
        pairs: whether the items are pairs of a source and an item, as streams of several sources yield them.
        parent: whether the sources are origins whose `parent` gets a column.
        max_rows: maximum rows of a batch.
        max_bytes: maximum bytes of a batch, unless a single row has more.

    Raises:
        ImportError: pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item does not match its class.
    """
    remaining = iter(items)
    while part := list(islice(remaining, max_rows)):
        if not pairs and isinstance(part[0], tuple):
            raise TypeError("the items are pairs of a source and an item: pass pairs=True")
        sources: dict[str, Values] = {"source": [str(source) for source, _ in part]} if pairs else {}
        if parent:
            sources[PARENT_COLUMN] = [parent_text(source.parent) for source, _ in part]
        batch = record_batch([item for _, item in part] if pairs else part, cls, sources)
        yield from split_batch(batch, max_rows, max_bytes)


def split_batch(batch: Any, max_rows: int, max_bytes: int) -> Iterator[Any]:  # noqa: ANN401 - pyarrow has no types
    """Yield a record batch in slices within the limits, unless a single row exceeds them."""
    if batch.num_rows <= max_rows and (batch.num_rows <= 1 or batch.nbytes <= max_bytes):
        if batch.num_rows:
            yield batch
        return
    half = batch.num_rows // 2
    yield from split_batch(batch.slice(0, half), max_rows, max_bytes)
    yield from split_batch(batch.slice(half), max_rows, max_bytes)


@cache
def _pyarrow() -> Any:  # noqa: ANN401 - pyarrow has no types
    return import_optional("pyarrow", extra="arrow")


@cache
def _cached_schema(cls: Any, text_columns: tuple[str, ...]) -> Any:  # noqa: ANN401 - pyarrow has no types
    return arrow_schema(cls, text_columns=text_columns)


@cache
def _arrow_type(data_type: DataType) -> Any:  # noqa: ANN401 - pyarrow has no types
    pa = _pyarrow()
    match data_type:
        case Scalar():
            return {
                Scalar.TEXT: pa.string(),
                Scalar.BOOLEAN: pa.bool_(),
                Scalar.INTEGER: pa.int64(),
                Scalar.FLOAT: pa.float64(),
                Scalar.TIMESTAMP: pa.timestamp("us", tz="UTC"),
                Scalar.BYTES: pa.binary(),
            }[data_type]
        case Json():
            return pa.string()
        case ListOf():
            return pa.list_(pa.field("element", _arrow_type(data_type.element)))
        case MapOf():
            return pa.map_(pa.string(), _arrow_type(data_type.value))
        case Struct():
            return pa.struct([(field.name, _arrow_type(field.type)) for field in data_type.fields])
    variants = [(variant.name, _arrow_type(variant.type)) for variant in data_type.variants]
    return pa.struct([(data_type.tag, pa.string()), *variants, (data_type.unknown, pa.string())])


def _array(data_type: DataType, values: Values) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the array of the values, of which any may be None."""
    pa = _pyarrow()
    match data_type:
        case Scalar.TEXT:
            return _text_array(values)
        case Scalar():
            return pa.array(values, _arrow_type(data_type))
        case Json():
            return pa.array([None if value is None else to_json(value) for value in values], pa.string())
        case ListOf():
            elements = list(chain.from_iterable(value for value in values if value is not None))
            return pa.ListArray.from_arrays(
                _offsets(values), _array(data_type.element, elements), _arrow_type(data_type), mask=_null_mask(values)
            )
        case MapOf():
            entries = [entry for value in values if value is not None for entry in value.items()]
            keys = _text_array([key for key, _ in entries])
            inner = _array(data_type.value, [value for _, value in entries])
            return pa.MapArray.from_arrays(
                _offsets(values), keys, inner, _arrow_type(data_type), mask=_null_mask(values)
            )
        case Struct():
            arrays = _field_arrays(data_type, values)
        case _:
            variants = [_array(variant.type, variant.values(values)) for variant in data_type.variants]
            arrays = [_text_array(data_type.tags(values)), *variants, _text_array(data_type.unknown_json(values))]
    return pa.StructArray.from_arrays(arrays, fields=list(_arrow_type(data_type)), mask=_null_mask(values))


def _field_arrays(struct: Struct, values: Values) -> list[Any]:
    struct.check(values)
    return [_array(field.type, field.values(values)) for field in struct.fields]


def _null_mask(values: Values) -> Any:  # noqa: ANN401 - pyarrow has no types
    return _pyarrow().array([value is None for value in values], _pyarrow().bool_())


def _offsets(values: Values) -> Any:  # noqa: ANN401 - pyarrow has no types
    lengths = [0 if value is None else len(value) for value in values]
    return _pyarrow().array(list(accumulate(lengths, initial=0)), _pyarrow().int32())


def _text_array(values: Values) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return an array of text, with U+FFFD for each lone surrogate, which UTF-8 cannot hold."""
    pa = _pyarrow()
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else replace_surrogates(value) for value in values], pa.string())
