"""A checksum of rows that does not depend on how they are divided into record batches."""

from __future__ import annotations

import zlib
from itertools import repeat
from typing import TYPE_CHECKING, Any

from aiopartnercentral._utils.lazy_imports import import_optional

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RowChecksum"]

_NULL = b"\0null"


class RowChecksum:
    """Adds up record batches of one schema."""

    def __init__(self) -> None:
        """Begin with no rows."""
        self._parts: list[int] = []

    @property
    def value(self) -> int:
        """The checksum of all rows so far."""
        return zlib.crc32(repr(self._parts).encode())

    def add(self, batch: Any) -> None:  # noqa: ANN401 - pyarrow has no types
        """Add the rows of a `pyarrow.RecordBatch`, which must not be empty."""
        flat = [values for column in batch.columns for values in _flat(column)]
        self._parts = [
            zlib.crc32(_joined(values), before) for values, before in zip(flat, self._parts or repeat(0), strict=False)
        ]


def _flat(array: Any) -> Iterator[Any]:  # noqa: ANN401 - pyarrow has no types
    """Yield arrays of scalars that together determine an array, each a continuation of that of the batch before."""
    pa, pc = import_optional("pyarrow", extra="arrow"), import_optional("pyarrow.compute", extra="arrow")
    if pa.types.is_struct(array.type):
        yield array.is_valid()
        for field in array.flatten():
            yield from _flat(field)
    elif pa.types.is_list(array.type) or pa.types.is_map(array.type):
        yield array.is_valid()
        offsets = array.offsets
        first, last = offsets[0].as_py(), offsets[-1].as_py()
        yield pc.subtract(offsets.slice(1), offsets.slice(0, len(array)))
        for values in (array.keys, array.items) if pa.types.is_map(array.type) else (array.values,):
            yield from _flat(values.slice(first, last - first))
    else:
        yield array


def _joined(array: Any) -> bytes:  # noqa: ANN401 - as above
    """Return the scalars of an array as one text."""
    pa, pc = import_optional("pyarrow", extra="arrow"), import_optional("pyarrow.compute", extra="arrow")
    if not len(array):
        return b""
    texts = array if pa.types.is_binary(array.type) else array.cast(pa.string()).cast(pa.binary())
    whole = pa.ListArray.from_arrays(pa.array([0, len(array)], pa.int32()), texts.fill_null(_NULL))
    joined: bytes = pc.binary_join(whole, b"\0")[0].as_py()
    return joined + b"\0"
