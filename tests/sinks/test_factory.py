from __future__ import annotations

import re
import sys

import attrs
import pytest

from aiopartnercentral import account, sinks
from aiopartnercentral.account import operations
from aiopartnercentral.sinks import CsvSink, NdjsonSink, ParquetSink, PartitionedSink, Sink, item_class, open_sink
from tests.sinks.sample_pages import CLS
from tests.support.fresh_interpreter import modules_after


@pytest.mark.parametrize(
    ("path", "options", "cls", "form"),
    [
        ("a.ndjson", {}, NdjsonSink, "ndjson"),
        ("a.jsonl", {}, NdjsonSink, "ndjson"),
        ("A.NDJSON.GZ", {}, NdjsonSink, "ndjson+gzip"),
        ("a.ndjson.zst", {"envelope": True}, NdjsonSink, "ndjson+envelope+zstd"),
        ("a.ndjson.gz", {"compression": "none"}, NdjsonSink, "ndjson"),
        ("a.ndjson.bz2", {"compression": "none"}, NdjsonSink, "ndjson"),
        ("a.data", {"format": "ndjson", "compression": "zstd"}, NdjsonSink, "ndjson+zstd"),
        ("a", {"format": "csv"}, CsvSink, "csv of"),
        ("a.csv.gz", {}, CsvSink, "gzip"),
        ("a.parquet", {}, ParquetSink, "parquet of"),
        ("{label}.parquet", {}, PartitionedSink, None),
        ("a.parquet", {"cls": {"list_connections": CLS}}, ParquetSink, "parquet of"),
    ],
)
def test_the_ending_says_the_format(path, options, cls, form):
    sink = open_sink(path, **{"cls": CLS} | options)
    assert isinstance(sink, cls)
    assert isinstance(sink, Sink)
    assert sink.wants == ("raw" if cls is NdjsonSink else "items")
    if form is not None:
        assert form in sink.format_id


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("a.txt", {}, ".csv (each also with .gz or .zst) or .parquet, or format must be given: 'a.txt'"),
        (
            "a.parquet",
            {"format": "csv", "cls": CLS},
            "path has the extension of parquet, and format is 'csv': 'a.parquet'",
        ),
        ("{label}.CSV.gz", {"format": "ndjson"}, "path has the extension of csv, and format is 'ndjson'"),
        ("a.jsonl.gz", {"compression": "zstd"}, "path has the extension of gzip, and compression is 'zstd'"),
        *(
            (
                path,
                {"format": "ndjson"},
                f".parquet, as .{path.rpartition('.')[2]} is not supported, or pass compression='none'",
            )
            for path in ("a.ndjson.bz2", "{label}.xz", "a.ndjson.zip", "a.zstd")
        ),
        ("a.csv.bz2", {}, "as .bz2 is not supported"),
        ("a.csv.lz4", {"compression": "gzip"}, "path has the extension of .lz4, and compression is 'gzip'"),
        ("a", {}, "format must be given: 'a'"),
        ("a.gz", {}, "format must be given: 'a.gz'"),
        ("a.csv", {"format": "xlsx"}, "format must be 'ndjson', 'csv' or 'parquet', not 'xlsx'"),
        ("a.csv", {}, "cls must be the class of the items for csv, not None"),
        ("a.parquet", {"cls": {}}, "cls must be the class of the items for parquet, not {}"),
        ("a.parquet.gz", {"cls": CLS}, "compression is not an option of parquet"),
        ("a.ndjson", {"compression": "lzma"}, "compression must be 'gzip', 'zstd' or 'none', not 'lzma'"),
        ("a.csv", {"cls": CLS, "envelope": True}, "envelope is an option of ndjson, not of csv"),
        ("a.ndjson", {"explode": "x"}, "explode is an option of csv, not of ndjson"),
        ("a.parquet", {"cls": CLS, "formulas": "keep"}, "formulas is an option of csv, not of parquet"),
        ("a.parquet", {"cls": CLS, "bom": True}, "bom is an option of csv, not of parquet"),
        ("a.ndjson", {"columns": ["id"]}, "columns is an option of csv and parquet, not of ndjson"),
        ("a.csv", {"cls": CLS, "columns": []}, "columns must not be empty"),
        ("a.csv", {"cls": CLS, "columns": ["id", "id"]}, "columns must not contain 'id' twice"),
        (
            "a.csv",
            {"cls": CLS, "columns": ["id", "nmae"], "source": False},
            "'updated_at' or 'connection_types', not 'nmae'",
        ),
        ("{label}.parquet", {"cls": CLS, "columns": ["x"]}, "columns[0] must be one of 8 names, not 'x': 'source_lab"),
        ("a.csv", {"cls": CLS, "formulas": "no"}, "formulas must be 'escape' or 'keep', not 'no'"),
        ("{label}.csv", {"cls": CLS, "explode": "x"}, "explode must be 'connection_types', not 'x'"),
        ("{label}.csv", {"cls": CLS, "max_open": 0}, "max_open must be an integer of at least 1, not 0"),
        ("{label}.csv", {"cls": {"a": CLS, "b": CLS}}, "add {operation} to '{label}.csv'"),
    ],
)
def test_options_that_do_not_fit_are_refused(path, options, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        open_sink(path, **options)


def test_a_nullable_item_has_the_class_of_an_item_that_is_there():
    pagination = attrs.evolve(operations.LIST_PARTNERS_PAGES, item=lambda: account.PartnerSummary | None)
    assert item_class(pagination) is account.PartnerSummary


@pytest.mark.parametrize("maximum", ["max_rows", "max_bytes"])
def test_maxima_are_positive_integers(maximum):
    with pytest.raises(ValueError, match=f"{maximum} must be an integer of at least 1, not 0"):
        NdjsonSink("a.ndjson", **{maximum: 0})
    with pytest.raises(TypeError, match=f"{maximum} must be an integer of at least 1, not a string"):
        NdjsonSink("a.ndjson", **{maximum: "3"})


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        (3, {}, "path must be a path or a binary file object, not an integer"),
        (b"a.ndjson", {}, "path must be a path or a binary file object, not bytes"),
        ("a.csv", {"format": 3}, "format must be 'ndjson', 'csv' or 'parquet', not an integer"),
        (
            "a.csv",
            {"cls": 3},
            "cls must be a generated class, a union of them, or a type such as str, not an integer",
        ),
        ("a.csv", {"cls": CLS, "source": 1}, "source must be a boolean, not an integer"),
        ("a.csv", {"cls": CLS, "explode": 1}, "explode must be 'connection_types', not an integer"),
        ("a.csv", {"cls": CLS, "formulas": None}, "formulas must be 'escape' or 'keep', not None"),
        ("a.csv", {"cls": CLS, "columns": "id"}, "columns must be a collection of column names, not a string"),
        ("a.csv", {"cls": CLS, "bom": None}, "bom must be a boolean, not None"),
        ("a.ndjson", {"envelope": "yes"}, "envelope must be a boolean, not a string"),
        ("a.ndjson", {"compression": 3}, "compression must be 'gzip', 'zstd' or 'none', not an integer"),
        ("a.parquet", {"cls": CLS, "source": "no"}, "source must be a boolean, not a string"),
        (
            "a.csv",
            {"cls": []},
            "cls must be a generated class, a union of them, or a type such as str, not a list",
        ),
        (
            "a.parquet",
            {"cls": []},
            "cls must be a generated class, a union of them, or a type such as str, not a list",
        ),
        *(
            (
                path,
                {"cls": cls},
                "cls must be a generated class, a union of them, or a type such as str, not an AccountSummary",
            )
            for path in ("a.csv", "a.parquet", "a.ndjson", "{operation}.ndjson")
            for cls in (account.AccountSummary(name="a"), {"ListConnections": account.AccountSummary(name="a")})
        ),
        ("a.ndjson", {"source": "no"}, "source must be a boolean, not a string"),
        ("a.ndjson", {"max_open": "3"}, "max_open must be an integer of at least 1, not a string"),
        ("{label}.csv", {"cls": CLS, "max_open": "3"}, "max_open must be an integer of at least 1, not a string"),
    ],
)
def test_a_wrong_type_is_named(path, options, says):
    with pytest.raises(TypeError, match=re.escape(says)):
        open_sink(path, **options)


def test_a_class_without_lists_cannot_be_exploded():
    with pytest.raises(ValueError, match=r"explode is not possible: .* itself has no list or map"):
        open_sink("a.csv", cls=account.Participant, explode="id")


def test_the_class_of_the_items_of_an_operation():
    assert item_class(operations.LIST_CONNECTIONS_PAGES) is CLS
    assert item_class(operations.LIST_PARTNERS_PAGES) is account.PartnerSummary


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import aiopartnercentral; dir(aiopartnercentral)", "aiopartnercentral.sinks"),
        ("from aiopartnercentral.sinks import *", ""),
        ("from aiopartnercentral.sinks import open_sink; open_sink('a.ndjson.gz')", ""),
    ],
)
def test_what_is_optional_is_loaded_when_it_is_needed(statement, absent):
    loaded = modules_after(statement)
    assert loaded.isdisjoint({"pyarrow", "pandas", "polars", "zstandard", "numpy", "aiobotocore", absent})


@pytest.mark.parametrize(
    ("call", "package", "extra"),
    [
        ("open_sink('a.parquet', cls=account.ConnectionSummary)", "pyarrow", "arrow"),
        ("arrow_schema(account.ConnectionSummary)", "pyarrow", "arrow"),
        ("to_pandas([], account.ConnectionSummary)", "pandas", "pandas"),
        ("to_polars([], account.ConnectionSummary)", "polars", "polars"),
        ("open_sink('a.ndjson.zst')", "zstandard", "zstd"),
    ],
)
def test_what_is_not_installed_is_named_with_its_extra(monkeypatch, call, package, extra):
    for module in (package, f"{package}.parquet", "compression.zstd"):
        monkeypatch.setitem(sys.modules, module, None)
    hint = f"this needs {package}: pip install {package} (part of the extra '{extra}' of aiopartnercentral)"
    with pytest.raises(ImportError, match=re.escape(hint)):
        eval(call, {**vars(sinks), **{name: getattr(sinks, name) for name in sinks.__all__}, "account": account})  # noqa: S307
