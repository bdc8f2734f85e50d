from __future__ import annotations

import re
import sys

import attrs
import pytest

from aiopartnercentral import account, sinks
from aiopartnercentral.account import operations
from aiopartnercentral.sinks import CsvSink, NdjsonSink, ParquetSink, Sink, TemplateSink, item_class, open_sink
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
        ("a.data", {"format": "ndjson", "compression": "zstd"}, NdjsonSink, "ndjson+zstd"),
        ("a", {"format": "csv"}, CsvSink, "csv of"),
        ("a.csv.gz", {}, CsvSink, "gzip"),
        ("a.parquet", {}, ParquetSink, "parquet of"),
        ("{label}.parquet", {}, TemplateSink, None),
        ("a.parquet", {"cls": {"list_connections": CLS}}, ParquetSink, "parquet of"),
    ],
)
def test_the_ending_says_the_format(path, options, cls, form):
    sink = open_sink(path, **{"cls": CLS} | options)
    assert isinstance(sink, cls)
    assert isinstance(sink, Sink)
    assert sink.wants == ("raw" if cls is NdjsonSink else "items")
    if form is not None:
        assert form in sink._form()


@pytest.mark.parametrize(
    ("path", "options", "says"),
    [
        ("a.txt", {}, "the ending of 'a.txt' says no format: it can be .ndjson, .jsonl, .csv, .parquet, or name"),
        ("a", {}, "says no format"),
        ("a.gz", {}, "says no format"),
        ("a.csv", {"format": "xlsx"}, "there is no format 'xlsx': it can be ndjson, csv, parquet"),
        ("a.csv", {}, "csv needs the class of the items"),
        ("a.parquet", {"cls": {}}, "parquet needs the class of the items"),
        ("a.parquet.gz", {"cls": CLS}, "a Parquet file is compressed inside"),
        ("a.ndjson", {"compression": "lzma"}, "there is no compression 'lzma': it can be gzip, zstd"),
        ("a.csv", {"cls": CLS, "envelope": True}, "envelope is an option of ndjson, not of csv"),
        ("a.ndjson", {"explode": "x"}, "explode is an option of csv, not of ndjson"),
        ("a.csv", {"cls": CLS, "formulas": "no"}, "formulas can be escape or keep, not 'no'"),
        ("{label}.csv", {"cls": CLS, "explode": "x"}, "'x' is no list or map"),
        ("{label}.csv", {"cls": CLS, "max_open": 0}, "max_open must be positive"),
        ("{label}.csv", {"cls": {"a": CLS, "b": CLS}}, "put {operation} into '{label}.csv'"),
    ],
)
def test_what_does_not_go_together_is_refused(path, options, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        open_sink(path, **options)


def test_an_operation_without_such_a_list_has_no_class_of_items():
    pagination = attrs.evolve(operations.LIST_PARTNERS_PAGES, result_key="Others")
    with pytest.raises(TypeError, match="ListPartnersResponse has no list Others"):
        item_class(pagination)


@pytest.mark.parametrize("bound", [{"max_rows": 0}, {"max_bytes": 0}])
def test_bounds_are_positive(bound):
    with pytest.raises(ValueError, match="must be positive"):
        NdjsonSink("a.ndjson", **bound)


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
    with pytest.raises(ImportError, match=re.escape(f"needs {package}: pip install 'aiopartnercentral[{extra}]'")):
        eval(call, {**vars(sinks), **{name: getattr(sinks, name) for name in sinks.__all__}, "account": account})  # noqa: S307
