"""Other programs read CSV files without being told how they are written."""

from __future__ import annotations

import csv
import io

import pandas as pd
import polars as pl
import pyarrow.csv
import pytest

from aiopartnercentral import account
from aiopartnercentral.sinks import CsvSink, Page
from tests.sinks.readers import query

pytestmark = pytest.mark.anyio

TEXTS = ["Acme, Inc.", 'say "hi", twice', "two\nlines", "a;b|c\td", "Ünï ☃ 🎈", "back\\slash\\", "'quoted'", '"']
BEFORE = 20_500  # DuckDB examines 20,480 rows to find out how a file is written


async def file_of(path, names, **options):
    sink = CsvSink(path, account.AccountSummary, formulas="keep", **options)
    await sink.open()
    await sink.write(Page("acme", "AWS", "any", [account.AccountSummary(name=name) for name in names]))
    await sink.commit()


def _csv(path, encoding):
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding), newline="")))
    return list(rows[0]), [row["name"] for row in rows]


def _frame(frame):
    return list(frame.columns), list(frame["name"])


def _duckdb(path):
    return (
        [name for name, *_ in query("describe select * from read_csv(?)", path)],
        [name for (name,) in query("select name from read_csv(?)", path)],
    )


def _pyarrow(path):
    options = pyarrow.csv.ParseOptions(newlines_in_values=True)
    table = pyarrow.csv.read_csv(path, parse_options=options)
    return table.column_names, table["name"].to_pylist()


@pytest.mark.parametrize("bom", [False, True])
@pytest.mark.parametrize("before", [0, BEFORE])
async def test_every_reader_finds_the_same_text(tmp_path, before, bom):
    path, names = tmp_path / "out.csv", [*(f"Company {number}" for number in range(before)), *TEXTS]
    await file_of(path, names, bom=bom)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") == bom
    expected = (["source_label", "source_catalog", "name"], names)
    assert _csv(path, "utf-8-sig") == expected
    assert _duckdb(path) == expected
    assert _frame(pd.read_csv(path)) == expected
    assert _frame(pl.read_csv(path)) == expected
    assert _pyarrow(path) == expected
