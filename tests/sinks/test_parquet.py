from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aiopartnercentral.errors import PositionError
from aiopartnercentral.sinks import Page, ParquetSink, open_sink, parquet as module
from tests.sinks.files import written
from tests.sinks.readers import objects, query
from tests.sinks.sample_pages import CLS, item, page

pytestmark = pytest.mark.anyio


async def test_items_come_back_equal_beside_their_source(tmp_path):
    path = tmp_path / "out.parquet"
    await written(path, page(0, 40), page(40, 3, label="other", catalog="Sandbox"))
    table = pq.read_table(path)
    assert objects(table, CLS) == [item(n) for n in range(43)]
    assert table["source_label"].to_pylist() == ["acme/AWS"] * 40 + ["other"] * 3
    assert table["source_catalog"].to_pylist() == ["AWS"] * 40 + ["Sandbox"] * 3


async def test_a_flush_after_every_page_makes_no_small_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_ROWS", 20)
    monkeypatch.setattr(module, "_GROUP_ROWS", 100)
    path = tmp_path / "out.parquet"
    await written(path, *(page(n, 3) for n in range(0, 300, 3)), flushes=True)
    metadata = pq.read_metadata(path)
    assert [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)] == [100, 100, 100]
    assert objects(pq.read_table(path), CLS) == [item(n) for n in range(300)]


async def test_row_groups_are_bounded_in_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_ROWS", 7)
    monkeypatch.setattr(module, "_GROUP_BYTES", 20_000)
    path = tmp_path / "out.parquet"
    await written(path, *(page(n, 10) for n in range(0, 400, 10)), flushes=True)
    assert pq.read_metadata(path).num_row_groups > 3
    assert objects(pq.read_table(path), CLS) == [item(n) for n in range(400)]


async def test_duckdb_reads_what_was_written(tmp_path):
    path = tmp_path / "out.parquet"
    await written(path, page(0, 50))
    found = query("select id, connection_types['SUBSIDIARY'].status from read_parquet(?)", path)
    assert found == [(f"pac-{n:013}", "ACTIVE" if n % 3 else None) for n in range(50)]


async def test_an_empty_file_has_the_schema(tmp_path):
    await written(tmp_path / "out.parquet")
    await written(tmp_path / "plain.parquet", source=False)
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 0
    assert pq.read_schema(tmp_path / "plain.parquet").names == [
        *("catalog", "id", "arn", "other_participant_account_id", "updated_at", "connection_types"),
    ]


async def test_a_page_larger_than_a_batch(tmp_path):
    path = tmp_path / "out.parquet"
    sink = ParquetSink(path, CLS, max_rows=7)
    await sink.open()
    await sink.write(Page("a", "AWS", "list_connections", [item(n) for n in range(30)]))
    await sink.commit()
    assert objects(pq.read_table(path), CLS) == [item(n) for n in range(30)]


@pytest.mark.parametrize("limits", [{}, {"_GROUP_ROWS": 60}, {"_GROUP_BYTES": 20_000}])
async def test_equal_rows_are_equal_bytes(tmp_path, monkeypatch, limits):
    for name, value in ({"_BLOCK_ROWS": 20} | limits).items():
        monkeypatch.setattr(module, name, value)
    paths = [tmp_path / f"{number}.parquet" for number in range(3)]
    await written(paths[0], page(0, 200))
    await written(paths[1], *(page(n, 1) for n in range(200)), flushes=True, run_id="a run")
    sink = ParquetSink(paths[2], CLS, max_rows=13)
    await sink.open()
    await sink.write(page(0, 200))
    position = await sink.flush()
    await sink.commit()
    again = ParquetSink(paths[2], CLS)
    await again.open(position)  # from the committed file
    position = await again.flush()
    await again.abort(keep=True)
    await again.open(position)  # from the partial file
    await again.commit()
    assert len({path.read_bytes() for path in paths}) == 1
    assert b"aiopartnercentral" not in paths[0].read_bytes()


@pytest.mark.parametrize("change", ["text", "missing", "moved", "order"])
async def test_a_file_of_other_rows_is_not_resumed(tmp_path, change):
    path = tmp_path / "out.parquet"
    sink = ParquetSink(path, CLS)
    await sink.open()
    await sink.write(page(0, 40))
    position = await sink.flush()
    await sink.commit()
    rows = pq.read_table(path).to_pylist()
    if change == "text":
        rows[20]["connection_types"][0][1]["other_participant"]["tag"] += "x"
    elif change == "missing":
        rows[20]["connection_types"] = []
    elif change == "moved":
        rows[19]["connection_types"] += rows[20]["connection_types"]
        rows[20]["connection_types"] = []
    else:
        rows[1], rows[2] = rows[2], rows[1]
    schema = pq.read_schema(path)
    pq.write_table(pa.Table.from_pylist(rows, schema), path)
    with pytest.raises(PositionError, match="no longer exists"):
        await ParquetSink(path, CLS).open(position)


async def test_columns_are_chosen_and_ordered_after_a_commit_too(tmp_path):
    path, options = tmp_path / "out.parquet", {"columns": ["id", "source_label"]}
    sink = open_sink(path, cls=CLS, **options)
    await sink.open()
    await sink.write(page(0, 3))
    position = await sink.flush()
    await sink.commit()
    again = open_sink(path, cls=CLS, **options)
    await again.open(position)
    await again.write(page(3, 2))
    await again.commit()
    expected = [{"id": item(n).id, "source_label": "acme/AWS"} for n in range(5)]
    assert pq.read_table(path).to_pylist() == expected
    assert pq.read_schema(path).names == ["id", "source_label"]
