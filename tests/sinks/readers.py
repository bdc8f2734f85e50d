"""Read outputs back with other libraries than they were written with."""

from __future__ import annotations

import csv
import gzip
import io
import json
import types
from functools import reduce
from importlib import import_module
from operator import or_
from typing import Any, Union, get_args, get_origin

import attrs
import duckdb
import pyarrow.parquet as pq
import zstandard

from aiopartnercentral._serialization.members import attribute_types
from aiopartnercentral.types import UnknownMember
from codegen.names import snake


def content(path):
    """Return the decompressed content of a file."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    if path.suffix == ".zst":
        return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True).read()
    return data


def query(sql, path):
    """Return the rows of a DuckDB query, in which `?` is the file."""
    return duckdb.connect().execute(sql, [str(path)]).fetchall()


def rows(path):
    """Return the rows of a file, in a form that is equal for files of equal rows."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pylist()
    text = content(path).decode()
    if ".csv" in path.name:
        return list(csv.reader(io.StringIO(text, newline="")))
    return text.splitlines()


def objects(batch, cls):
    """Return the objects that a record batch was made from."""
    if attrs.has(cls):
        return [_structure(cls, row) for row in batch.to_pylist()]
    return [_value(cls, row["value"]) for row in batch.to_pylist()]


def _structure(cls, row):
    hints = attribute_types(cls)
    names = [field.name for field in attrs.fields(cls) if field.repr is not False]
    return cls(**{name: _value(hints[name], row[name]) for name in names})


def _value(hint, value: Any) -> Any:
    hint = _present(hint)
    if value is None:
        return None
    if hint is Any:
        return json.loads(value)
    kinds = get_args(hint)
    if get_origin(hint) is list:
        found = [_value(kinds[0], element) for element in value]
    elif get_origin(hint) is dict:
        found = {kinds[0](name): _value(kinds[1], element) for name, element in value}
    elif isinstance(value, str) and (kinds or not issubclass(hint, str)):
        found = _package(kinds[0] if kinds else hint).json_converter.loads(value, hint)
    elif kinds:
        found = _variant(kinds, value)
    elif attrs.has(hint):
        found = _structure(hint, value)
    else:
        found = hint(value) if issubclass(hint, str) else value
    return found


def _variant(kinds, value):
    converter = _package(kinds[0]).make_json_converter()
    (unknown,) = [kind for kind in kinds if issubclass(kind, UnknownMember)]
    for kind in kinds:
        if kind is not unknown and converter.get_structure_hook(kind).tag == value["tag"]:
            return kind(_value(attribute_types(kind)["value"], value[snake(value["tag"])]))
    return unknown(value["tag"], json.loads(value["unknown"]))


def _package(cls):
    return import_module(cls.__module__.partition(".structures")[0].partition(".errors")[0])


def _present(hint):
    if get_origin(hint) not in (Union, types.UnionType):
        return hint
    kinds = [kind for kind in get_args(hint) if kind is not types.NoneType]
    return reduce(or_, kinds)
