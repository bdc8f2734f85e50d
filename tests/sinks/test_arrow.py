from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import attrs
import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from aiopartnercentral import Listing, account
from aiopartnercentral.bulk import Source
from aiopartnercentral.sinks import Page, arrow_schema, record_batches, to_arrow, to_pandas, to_polars
from aiopartnercentral.sinks.row_checksum import RowChecksum
from codegen import ir
from tests.sinks.files import written
from tests.sinks.readers import objects
from tests.sinks.sample_pages import CLS, item
from tests.support.account_model import RECEIVED, UNIONS, WIRE, decode, python_type
from tests.support.generated_package import golden
from tests.support.strategies import LOSSLESS

FEW = settings(max_examples=5)
FEATURES = ("documents", "recursion", "scalars", "sensitive", "shared", "sparse", "timestamps", "unions")


@attrs.frozen
class Measured:
    big: int | None = None
    flag: bool | None = None
    moment: datetime | None = None
    parts: list[int | None] | None = None


@attrs.frozen
class Nested:
    one: Measured | None = None
    by_name: dict[str, Measured] | None = None


def there_and_back(items, cls):
    """Send items through record batches and through a Parquet file, and return what came back of each."""
    table = to_arrow(items, cls)
    table.validate(full=True)
    assert table.schema == arrow_schema(cls)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    stored = pq.read_table(pa.BufferReader(sink.getvalue()))
    assert stored.schema == table.schema
    assert checksum(table.to_batches()) == checksum(stored.to_batches(max_chunksize=1))
    return objects(table, cls), objects(stored, cls)


def checksum(batches):
    found = RowChecksum()
    for batch in batches:
        found.add(batch)
    return found.value


@pytest.mark.parametrize("name", [*RECEIVED, *UNIONS])
@FEW
@given(data=st.data())
def test_items_of_every_class_come_back_equal(name, data):
    wire = data.draw(st.lists(WIRE.shape(name, extras=LOSSLESS), max_size=4))
    items = [decode(value, name) for value in wire]
    assert there_and_back(items, python_type(name)) == (items, items)


@pytest.mark.parametrize(
    ("feature", "shape"),
    [
        pytest.param(feature, shape.name, id=f"{feature}-{shape.name}")
        for feature in FEATURES
        for shape in golden(feature).service.shapes.values()
        if isinstance(shape, ir.Structure | ir.Union)
        and shape.name in golden(feature).botocore_model.shape_names
        and not getattr(shape, "fault", None)
    ],
)
@FEW
@given(data=st.data())
def test_items_of_other_services_come_back_equal(feature, shape, data):
    package = golden(feature)
    cls = package.cls(shape)
    wire = data.draw(st.lists(package.wire.shape(shape, extras=LOSSLESS), max_size=4))
    items = [package.json.loads(json.dumps(value), cls) for value in wire]
    assert there_and_back(items, cls) == (items, items)


def test_the_schema_of_a_class():
    participant = pa.struct(
        [
            ("tag", pa.string()),
            ("partner_profile", pa.struct([("id", pa.string()), ("name", pa.string())])),
            ("seller_profile", pa.struct([("id", pa.string()), ("name", pa.string())])),
            ("account", pa.struct([("name", pa.string())])),
            ("unknown", pa.string()),
        ]
    )
    summary = pa.struct([("status", pa.string()), ("other_participant", participant)])
    assert arrow_schema(CLS, text_columns=["source_label", "catalog"]) == pa.schema(
        [
            ("source_label", pa.string()),
            ("catalog_", pa.string()),  # the class has a catalog
            ("catalog", pa.string()),
            ("id", pa.string()),
            ("arn", pa.string()),
            ("other_participant_account_id", pa.string()),
            ("updated_at", pa.timestamp("us", tz="UTC")),
            ("connection_types", pa.map_(pa.string(), summary)),
        ]
    )


def test_recursion_ends_in_json():
    package = golden("recursion")
    schema = arrow_schema(package.cls("Node"))
    assert schema.field("next").type == pa.string()
    assert schema.field("children").type == pa.list_(pa.field("element", pa.string()))


def test_batches_are_bounded_in_rows_and_in_bytes():
    items = [item(number) for number in range(100)]
    by_rows = list(record_batches(items, CLS, max_rows=30))
    assert [batch.num_rows for batch in by_rows] == [30, 30, 30, 10]
    by_bytes = list(record_batches(items, CLS, max_bytes=5000))
    assert max(batch.nbytes for batch in by_bytes) <= 5000
    for batches in (by_rows, by_bytes):
        assert [found for batch in batches for found in objects(batch, CLS)] == items


def test_no_more_items_are_taken_than_a_batch_has():
    taken = []
    endless = (taken.append(number) or item(number) for number in range(10**9))
    next(record_batches(endless, CLS, max_rows=7))
    assert len(taken) == 7


def test_half_a_surrogate_pair_is_marked():
    odd = account.AccountSummary(name="a\ud800b")
    (row,) = to_arrow([("x\udfff", odd)], account.AccountSummary, pairs=True).to_pylist()
    assert (row["source"], row["name"]) == ("x\ufffd", "a\ufffdb")


@pytest.mark.parametrize(
    "odd",
    [account.AccountSummary(name=1), account.AccountSummary(name=None.__class__), account.SellerProfileSummary, "text"],
)
def test_what_is_not_of_the_class_is_refused(odd):
    with pytest.raises((TypeError, ValueError)):
        to_arrow([odd], account.AccountSummary)


@pytest.mark.parametrize(
    "odd",
    [
        None,
        account.Client,
        object,
        [str],
        list[object],
        "str",
        account.ConnectionTypeStatus.ACTIVE,
        account.AccountSummary(name="a"),
        list[account.AccountSummary(name="a")],
        account.listings.list_connections(),
        account.listings.list_connections().pagination,
        Listing,
        Source("AWS"),
    ],
)
def test_a_schema_needs_a_type_of_items(odd):
    with pytest.raises(TypeError, match="cls must be a generated class, a union of them, or a type such as str"):
        arrow_schema(odd)


@pytest.mark.parametrize(
    ("cls", "items", "values"),
    [
        (str, ["https://queue/1", ""], ["https://queue/1", ""]),
        (int, [2**53 + 1, 0], [2**53 + 1, 0]),
        (bool, [True, False], [True, False]),
        (float, [0.5], [0.5]),
        (str | None, ["a", None], ["a", None]),
        (account.ConnectionType, [account.ConnectionType("NEW")], ["NEW"]),
        (list[str], [["a", "b"], []], [["a", "b"], []]),
        (dict[str, int], [{"a": 1}], [[("a", 1)]]),
        (dict[str, account.AccountSummary], [{"a": account.AccountSummary(name="x")}], [[("a", {"name": "x"})]]),
        (Any, [{"a": [1]}], ['{"a":[1]}']),
    ],
)
def test_items_that_are_not_structures_have_a_column(cls, items, values):
    table = to_arrow(items, cls)
    assert table.schema.names == ["value"]
    assert table["value"].to_pylist() == values
    assert list(to_pandas(items, cls).columns) == ["value"]
    assert to_polars([("a", each) for each in items], cls, pairs=True).shape == (len(items), 2)


def test_integers_that_no_column_can_hold_are_refused():
    cls = account.ListConnectionsRequest
    with pytest.raises((OverflowError, ValueError)):
        to_arrow([cls(catalog="AWS", max_results=2**63)], cls)


def test_data_frames():
    items = [item(number) for number in range(9)]
    frame = to_pandas(items, CLS)
    assert list(frame["id"]) == [each.id for each in items]
    assert list(frame["updated_at"]) == [each.updated_at for each in items]
    assert list(to_pandas([], CLS).columns) == arrow_schema(CLS).names
    polars = to_polars([(f"s{n}", each) for n, each in enumerate(items)], CLS, pairs=True)
    assert polars["source"].to_list() == [f"s{n}" for n in range(9)]
    assert polars["updated_at"].to_list() == [each.updated_at for each in items]
    assert polars.shape == (9, 7)


@pytest.mark.parametrize("numbers", [range(9), [0], []])
def test_a_pandas_frame_can_be_written_and_read_again(tmp_path, numbers):
    items = [item(number) for number in numbers]
    frame = to_pandas(items, CLS)
    frame.to_parquet(tmp_path / "frame.parquet")
    again = pd.read_parquet(tmp_path / "frame.parquet")
    assert again["updated_at"].to_list() == [each.updated_at for each in items]
    kinds = [{entry["key"]: entry["value"]["status"] for entry in entries} for entries in again["connection_types"]]
    assert kinds == [{key: value.status for key, value in each.connection_types.items()} for each in items]
    assert duckdb.from_parquet(str(tmp_path / "frame.parquet")).fetchall() == frame.to_records(index=False).tolist()


def test_a_pandas_frame_keeps_every_value():
    moment = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    frame = to_pandas(
        [Measured(big=2**53 + 1, flag=True, moment=moment, parts=[2**53 + 1, None]), Measured()], Measured
    )
    assert frame["big"][0] == 2**53 + 1
    assert frame["flag"][0] is True
    assert frame["moment"][0] == moment
    assert list(frame["parts"][0]) == [2**53 + 1, None]
    assert all(frame[name].isna()[1] for name in frame.columns)


@pytest.mark.anyio
async def test_pandas_reads_every_digit_of_a_nested_integer(tmp_path):
    big, frame_file, sink_file = 2**53 + 1, tmp_path / "frame.parquet", tmp_path / "sink.parquet"
    measured = Measured(big=big, parts=[big, None])
    items = [Nested(one=measured, by_name={"a": measured, "b": Measured()}), Nested(one=Measured()), Nested()]
    frame = to_pandas(items, Nested)
    frame.to_parquet(frame_file)
    await written(sink_file, Page("a", "AWS", "any", items), cls=Nested)
    for file in (frame_file, sink_file):
        stored = pd.read_parquet(file, dtype_backend="pyarrow")
        assert stored["one"].struct.field("big").fillna(0).tolist() == [big, 0, 0]
        assert stored["one"][0]["parts"] == [big, None]
        assert pl.read_parquet(file)["one"].struct.field("big").to_list() == [big, None, None]
    assert stored["by_name"][0][0][1]["big"] == big
    assert pd.Series([one and one["big"] for one in frame["one"]], dtype="int64[pyarrow]").fillna(0)[0] == big
    entries = frame.explode("by_name").dropna(subset="by_name")["by_name"]
    values = pd.Series([entry["value"]["big"] for entry in entries], dtype="int64[pyarrow]")
    assert values.fillna(0).tolist() == [big, 0]


def test_maps_can_be_exploded_in_both_kinds_of_frame():
    items = [item(number) for number in range(9)]
    wanted = [(each.id, kind, value.status) for each in items for kind, value in each.connection_types.items()]
    entries = to_pandas(items, CLS).explode("connection_types").dropna(subset="connection_types")
    found = entries["connection_types"].str
    assert list(zip(entries["id"], found["key"], found["value"].str["status"], strict=True)) == wanted
    frame = to_polars(items, CLS).explode("connection_types").drop_nulls("connection_types")
    frame = frame.select("id", "connection_types").unnest("connection_types")
    assert frame.columns == ["id", "key", "value"]
    assert frame.select("id", "key", pl.col("value").struct.field("status")).rows() == wanted


def test_pairs_that_nobody_spoke_of_are_told_from_items():
    with pytest.raises(TypeError, match="the items are pairs of a source and an item: pass pairs=True"):
        to_pandas([("AWS", item(1))], CLS)
    with pytest.raises(TypeError, match="expected ConnectionSummary, got AccountSummary"):
        to_pandas([account.AccountSummary(name="ada")], CLS)


def test_duckdb_reads_batches_as_they_come():
    items = [item(number) for number in range(50)]
    reader = pa.RecordBatchReader.from_batches(arrow_schema(CLS), record_batches(items, CLS, max_rows=8))
    database = duckdb.connect()
    database.register("connections", reader)
    found = database.sql(
        "select id, entry.value.other_participant.tag "
        "from connections, unnest(map_entries(connection_types)) as entries(entry)"
    ).fetchall()
    wanted = [
        (each.id, getattr(summary.other_participant, "tag", type(summary.other_participant).__name__[11:]))
        for each in items
        for summary in each.connection_types.values()
    ]
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        (3, TypeError, "text_columns must be a collection of column names, not an integer"),
        ("catalog", TypeError, "text_columns must be a collection of column names, not a string"),
        (["catalog", 3], TypeError, "text_columns[1] must be a string, not an integer"),
        ([""], ValueError, "text_columns[0] must not be empty"),
    ],
)
def test_what_is_no_collection_of_column_names_is_refused(names, error, message):
    with pytest.raises(error) as caught:
        arrow_schema(CLS, text_columns=names)
    assert str(caught.value) == message
