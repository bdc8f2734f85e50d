"""Typed items as Apache Arrow: a schema derived from their class, and record batches built column by column.

Every field may be null, whatever the model requires, so that files of different versions of the model go together.
"""

from __future__ import annotations

from functools import cache
from itertools import accumulate, chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._utils.optional_imports import import_optional
from aiopartnercentral._utils.text import replace_surrogates
from aiopartnercentral.errors import EncodeError
from aiopartnercentral.sinks.schema import Json, ListOf, MapOf, Node, Scalar, Struct, free_name, layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    Values = Sequence[Any]

__all__ = ["BATCH_BYTES", "BATCH_ROWS", "arrow_schema", "batch_of", "bounded", "record_batches"]

BATCH_ROWS = 4096
BATCH_BYTES = 16 << 20

_VALUE = "value"


def arrow_schema(cls: Any, *, beside: Sequence[str] = ()) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the schema (`pyarrow.Schema`) for items of a generated class, or of a union of them.

    Arguments:
        cls: the class.
        beside: names of columns of text that come first; one that the class has gets an underscore behind it.

    Raises:
        TypeError: it is no generated class.
        ImportError: pyarrow is not installed.
    """
    pa = import_optional("pyarrow", extra="arrow")
    node = layout(cls)
    own = [(m.name, m.node) for m in node.members] if isinstance(node, Struct) else [(_VALUE, node)]
    taken = {name for name, _ in own}
    first = [pa.field(free_name(name, taken), pa.string()) for name in beside]
    return pa.schema([*first, *(pa.field(name, _type(inner)) for name, inner in own)])


def batch_of(items: Values, cls: Any, beside: Mapping[str, Values] | None = None) -> Any:  # noqa: ANN401 - no types
    """Return one record batch (`pyarrow.RecordBatch`) of all the items.

    Arguments:
        items: objects of the class.
        cls: the class.
        beside: further columns of text, that come first: see `arrow_schema`.

    Raises:
        TypeError, ValueError, AttributeError, OverflowError: an item is not what its class says.
    """
    pa = _pyarrow()
    beside = beside or {}
    schema = _schema(cls, tuple(beside))
    node = layout(cls)
    own = _members(node, items) if isinstance(node, Struct) else [_array(node, items)]
    first = [pa.array(values, pa.string()) for values in beside.values()]
    return pa.RecordBatch.from_arrays([*first, *own], schema=schema)


_pyarrow = cache(lambda: import_optional("pyarrow", extra="arrow"))
_schema = cache(lambda cls, beside: arrow_schema(cls, beside=beside))


def record_batches(
    items: Iterable[Any],
    cls: Any,  # noqa: ANN401 - a union is no class
    *,
    pairs: bool = False,
    max_rows: int = BATCH_ROWS,
    max_bytes: int = BATCH_BYTES,
) -> Iterator[Any]:
    """Yield the items as record batches (`pyarrow.RecordBatch`), each bounded in rows and bytes.

    It holds the items of one batch in memory. The schema of the batches is `arrow_schema(cls)`, with a column `source`
    before it where pairs are given.

    Arguments:
        items: objects of the class.
        cls: the class.
        pairs: whether they are pairs of a source (a catalog, a label) and an item, as a paginator gives them.
        max_rows: the most rows of a batch.
        max_bytes: the most bytes of a batch, unless a single row has more.

    Raises:
        ImportError: pyarrow is not installed.
        TypeError, ValueError, AttributeError, OverflowError: an item is not what its class says.
    """
    waiting = iter(items)
    while part := list(islice(waiting, max_rows)):
        if not pairs and isinstance(part[0], tuple):
            raise TypeError("these are pairs of a source and an item: pass pairs=True")
        sources = {"source": [str(source) for source, _ in part]} if pairs else {}
        batch = batch_of([item for _, item in part] if pairs else part, cls, sources)
        yield from bounded(batch, max_rows, max_bytes)


def bounded(batch: Any, max_rows: int, max_bytes: int) -> Iterator[Any]:  # noqa: ANN401 - pyarrow has no types
    """Yield slices of a record batch, in order, none above the bounds unless it is a single row."""
    if batch.num_rows <= max_rows and (batch.num_rows <= 1 or batch.nbytes <= max_bytes):
        if batch.num_rows:
            yield batch
        return
    half = batch.num_rows // 2
    yield from bounded(batch.slice(0, half), max_rows, max_bytes)
    yield from bounded(batch.slice(half), max_rows, max_bytes)


@cache
def _type(node: Node) -> Any:  # noqa: ANN401 - pyarrow has no types
    pa = _pyarrow()
    match node:
        case Scalar():
            return _scalar_types()[node]
        case Json():
            return pa.string()
        case ListOf():
            return pa.list_(pa.field("element", _type(node.element)))
        case MapOf():
            return pa.map_(pa.string(), _type(node.value))
        case Struct():
            return pa.struct([(member.name, _type(member.node)) for member in node.members])
    variants = [(variant.name, _type(variant.node)) for variant in node.variants]
    return pa.struct([(node.tag, pa.string()), *variants, (node.unknown, pa.string())])


@cache
def _scalar_types() -> Mapping[Scalar, Any]:
    pa = _pyarrow()
    return {
        Scalar.TEXT: pa.string(),
        Scalar.BOOLEAN: pa.bool_(),
        Scalar.INTEGER: pa.int64(),
        Scalar.FLOAT: pa.float64(),
        Scalar.TIMESTAMP: pa.timestamp("us", tz="UTC"),
        Scalar.BYTES: pa.binary(),
    }


def _array(node: Node, values: Values) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return the array of the values, of which any may be None."""
    pa = _pyarrow()
    match node:
        case Scalar():
            return _texts(values) if node is Scalar.TEXT else pa.array(values, _scalar_types()[node])
        case Json():
            return pa.array([None if value is None else node.dumps(value).decode() for value in values], pa.string())
        case ListOf():
            elements = list(chain.from_iterable(value for value in values if value is not None))
            return pa.ListArray.from_arrays(
                _offsets(values), _array(node.element, elements), type=_type(node), mask=_absent(values)
            )
        case MapOf():
            entries = [entry for value in values if value is not None for entry in value.items()]
            keys, inner = _texts([key for key, _ in entries]), _array(node.value, [value for _, value in entries])
            return pa.MapArray.from_arrays(_offsets(values), keys, inner, type=_type(node), mask=_absent(values))
        case Struct():
            return _structs(node, _members(node, values), values)
    tags: dict[type, str] = {variant.cls: variant.tag for variant in node.variants}
    columns = [
        _texts([None if value is None else tags.get(type(value)) or value.tag for value in values]),
        *(
            _array(variant.node, [value.value if type(value) is variant.cls else None for value in values])
            for variant in node.variants
        ),
        _texts([None if value is None or type(value) in tags else _payload(value) for value in values]),
    ]
    return _structs(node, columns, values)


def _members(node: Struct, values: Values) -> list[Any]:
    """Return the array of each member of the structures."""
    for value in values:
        if value is not None and not isinstance(value, node.cls):
            raise TypeError(f"expected {node.cls.__name__}, got {type(value).__name__}")
    return [_array(member.node, _attribute(member.name, values)) for member in node.members]


def _attribute(name: str, values: Values) -> Values:
    get: Callable[[Any], Any] = attrgetter(name)
    return [None if value is None else get(value) for value in values]


def _structs(node: Node, columns: list[Any], values: Values) -> Any:  # noqa: ANN401 - pyarrow has no types
    pa = _pyarrow()
    return pa.StructArray.from_arrays(columns, fields=list(_type(node)), mask=_absent(values))


def _absent(values: Values) -> Any:  # noqa: ANN401 - pyarrow has no types
    pa = _pyarrow()
    return pa.array([value is None for value in values], pa.bool_())


def _offsets(values: Values) -> Any:  # noqa: ANN401 - pyarrow has no types
    pa = _pyarrow()
    lengths = (0 if value is None else len(value) for value in values)
    return pa.array(list(accumulate(lengths, initial=0)), pa.int32())


def _texts(values: Values) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return an array of text; half of a surrogate pair, of which UTF-8 knows nothing, becomes a replacement mark."""
    pa = _pyarrow()
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if value is None else replace_surrogates(value) for value in values], pa.string())


def _payload(unknown: Any) -> str | None:  # noqa: ANN401 - an unknown member
    """Return the JSON of a union member that the model does not know; None where nobody knows it.

    Raises:
        EncodeError: it has none.
    """
    if not hasattr(unknown, "tag"):
        raise EncodeError("expected a member of the union")
    return None if unknown.value is None else jsontext.dumps(unknown.value).decode()
