"""A collection as Arrow record batches: what files have, page by page, and read by engines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aiopartnercentral import SinkError, SourcesFailedError, account, selling
from aiopartnercentral._pagination.page_fetcher import FetchedPage
from aiopartnercentral.bulk import ArrowBatches, Collection, Source
from aiopartnercentral.sinks import item_class, open_sink
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.emulators import serve_in_a_thread
from tests.support.nested_service import MEMBERS, serving, source, world
from tests.support.services import NAMES, package
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from aiopartnercentral.emulator import Emulator

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_thread_is_left")]

DOWN = Source("AWS", endpoint_url="http://127.0.0.1:9", label="down")
LISTINGS = [(name, each.method) for name in NAMES for each in package(name).Client.service.paginations if each.catalog]


emulator = pytest.fixture(serve_in_a_thread, scope="module")


def collection(emulator: Emulator, *sources: Source, **options: Any) -> Collection[account.ConnectionSummary]:
    return Collection(LISTING, sources or [of(emulator, label) for label in "ab"], limits=FAST, **options)


async def tables(batches: ArrowBatches) -> Any:
    async with batches as stream:
        found = [batch async for batch in stream]
    return pa.Table.from_batches(found, stream.schema)


def ordered(table: Any) -> Any:
    return sorted(table.to_pylist(), key=str)


async def test_batches_are_what_files_have(emulator, tmp_path) -> None:
    whole = collection(emulator)
    table = await tables(whole.arrow())
    await whole.into(open_sink(tmp_path / "a.parquet", cls=account.ConnectionSummary))
    written = pq.read_table(tmp_path / "a.parquet")
    assert table.schema == written.schema == whole.arrow_schema()
    assert table.column_names[:2] == ["source_label", "source_catalog"]
    assert ordered(table) == ordered(written)
    assert table.num_rows == 70


async def test_each_page_is_a_batch_and_the_report_counts_it(emulator) -> None:
    async with collection(emulator, of(emulator, "a")).arrow() as stream:
        assert (await anext(stream)).num_rows == 10
        assert stream.report.items == 10
        assert [batch.num_rows async for batch in stream] == [10, 10, 5]
    assert stream.report.complete


@pytest.mark.parametrize(("service", "method"), LISTINGS)
def test_every_listing_has_the_schema_of_its_files(service, method) -> None:
    pages = getattr(package(service).operations, f"{method.upper()}_PAGES")
    needed = {field.name for field in attrs.fields(pages.operation.input) if field.default is attrs.NOTHING}
    filters = {name: ["x"] if name.endswith("s") else "x" for name in needed - {pages.catalog}}
    whole: Collection[Any] = Collection(getattr(package(service).listings, method)(**filters), "AWS")
    sink: Any = open_sink("unused.parquet", cls=item_class(pages))
    assert whole.arrow_schema() == pa.ipc.read_schema(pa.BufferReader(sink.header()))


async def test_items_of_a_nested_listing_have_their_parent(tmp_path) -> None:
    partners = world(3, 0, 2, children=5, per_page=2)
    with serving(AWS=partners) as server:
        whole: Collection[Any] = Collection(MEMBERS, source(server), limits=FAST)
        table = await tables(whole.arrow())
        await whole.into(open_sink(tmp_path / "a.parquet", cls=selling.EngagementMember, parent=True))
    assert table.schema == pq.read_schema(tmp_path / "a.parquet")
    rows = zip(table["source_parent"].to_pylist(), table["company_name"].to_pylist(), strict=True)
    assert list(rows) == partners.children


READERS = {
    "pyarrow": lambda stream: pa.table(stream)["id"].to_pylist(),
    "polars": lambda stream: pl.DataFrame(stream)["id"].to_list(),
    "duckdb": lambda stream: duckdb.from_arrow(stream).project("id").fetchnumpy()["id"].tolist(),
}


@pytest.mark.parametrize("engine", READERS)
def test_an_engine_reads_a_blocking_stream(emulator, engine) -> None:
    whole = collection(emulator)
    expected = sorted(item.id for _, item in anyio.run(whole.collect))
    with whole.arrow().blocking() as stream:
        assert sorted(READERS[engine](stream)) == expected
    assert stream.report.complete


@pytest.mark.parametrize("engine", READERS)
def test_the_error_of_the_stream_comes_out_of_the_block(emulator, engine) -> None:
    whole = collection(emulator, of(emulator, "a"), DOWN)
    with pytest.raises(SourcesFailedError, match="1 source failed: down") as raised, whole.arrow().blocking() as stream:
        READERS[engine](stream)
    assert stream.report.items == 35
    assert raised.value.__cause__ is not None


async def _inside_a_loop(emulator: Emulator) -> int:
    with collection(emulator).arrow().blocking() as stream:
        return pa.table(stream).num_rows


def test_a_running_loop_does_not_matter(emulator) -> None:
    assert anyio.run(_inside_a_loop, emulator) == 70


def test_a_schema_can_be_asked_for(emulator) -> None:
    whole = collection(emulator)
    wider = pa.schema(
        [pa.field(each.name, pa.large_string() if each.name == "id" else each.type) for each in whole.arrow_schema()]
    )
    with whole.arrow().blocking() as stream:
        table = pa.RecordBatchReader.from_stream(stream, schema=wider).read_all()
    assert table.schema == wider
    assert pa.schema(stream) == whole.arrow_schema()


def test_a_stream_is_read_once(emulator) -> None:
    with collection(emulator).arrow().blocking() as stream:
        assert next(stream).num_rows == 10
        assert pa.table(stream).num_rows == 60
        with pytest.raises(RuntimeError, match="can be read once"):
            pa.table(stream)


def read_whole(stream: Any) -> None:
    pa.table(stream)


def read_in_part(stream: Any) -> None:
    assert len(duckdb.from_arrow(stream).limit(1).fetchall()) == 1


def fail_while_reading(stream: Any) -> None:
    with pytest.raises(pa.ArrowInvalid):
        pa.table(stream)


@pytest.mark.parametrize("read", [read_whole, read_in_part, fail_while_reading])
@pytest.mark.parametrize("engine", READERS)
def test_no_second_reader_gets_a_part_or_nothing(emulator, engine, read) -> None:
    sources = [of(emulator, "a"), *([DOWN] if read is fail_while_reading else [])]
    with collection(emulator, *sources).arrow().blocking() as stream:
        read(stream)
        with pytest.raises(Exception, match="a stream can be read once, and this one was"):
            READERS[engine](stream)


def test_of_two_readers_one_gets_everything_and_the_other_an_error(emulator) -> None:
    with collection(emulator).arrow().blocking() as stream:
        first, second = (pa.RecordBatchReader.from_stream(stream) for _ in range(2))
        rows = first.read_next_batch().num_rows
        with pytest.raises(pa.ArrowInvalid, match="a stream can be read once"):
            second.read_all()
        assert rows + first.read_all().num_rows == 70
    assert stream.report.complete


def test_an_error_after_an_early_exit_of_an_engine_stays_as_it_is(emulator) -> None:
    error = ValueError("mine")

    def work() -> None:
        with collection(emulator).arrow().blocking() as stream:
            read_in_part(stream)
            raise error

    with pytest.raises(ValueError, match="mine") as raised:
        work()
    assert raised.value is error


@pytest.mark.parametrize("engine", READERS)
def test_only_an_open_stream_is_read(emulator, engine) -> None:
    stream = collection(emulator).arrow().blocking()
    assert repr(stream) == "<BlockingArrowStream of <BlockingStream, not opened>>"
    for read in (next, READERS[engine]):
        with pytest.raises(Exception, match="the stream is open only inside its `with` block"):
            read(stream)
    with stream:
        assert repr(stream) == "<BlockingArrowStream of <BlockingStream, open>>"
        assert len(READERS[engine](stream)) == 70
    assert "<BlockingStream, closed: 2 sources: 70 items, " in repr(stream)
    with pytest.raises(RuntimeError, match="the stream is open only inside its `with` block"):
        pa.table(stream)


@pytest.mark.parametrize("engine", READERS)
async def test_what_no_engine_can_read_says_how_to_read_it(emulator, engine) -> None:
    batches: Any = collection(emulator).arrow()
    usage = r"cannot be read as an Arrow stream: use .*`with collection\.arrow\(\)\.blocking\(\) as stream:`"
    with pytest.raises(Exception, match=f"'ArrowBatches' object {usage}"):
        READERS[engine](batches)
    async with batches as stream:
        with pytest.raises(Exception, match="'ArrowStream' object cannot be read as an Arrow stream: use `async for"):
            READERS[engine](stream)


def test_an_early_exit_and_a_checkpoint(emulator, tmp_path) -> None:
    whole = collection(emulator, of(emulator, "a"), checkpoint=tmp_path / "progress")
    with whole.arrow().blocking() as stream:
        first = next(stream).num_rows
    with whole.arrow().blocking() as stream:
        assert pa.table(stream).num_rows == 35 - first
    assert stream.report.items == 35
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("on_error", ["finish", "raise", "report"])
async def test_failures_are_those_of_the_collection(emulator, on_error) -> None:
    whole = collection(emulator, of(emulator, "a"), DOWN, on_error=on_error)
    rows, error = 0, None
    async with whole.arrow() as stream:
        try:
            async for batch in stream:
                rows += batch.num_rows
        except Exception as raised:  # noqa: BLE001 - its class is asserted
            error = raised
    failures = {origin.label: type(failure).__name__ for origin, failure in stream.report.failures.items()}
    assert failures == {"down": "EndpointConnectionError"}
    assert (
        type(error).__name__
        == {
            "finish": "SourcesFailedError",
            "raise": "EndpointConnectionError",
            "report": "NoneType",
        }[on_error]
    )
    assert rows == 35 or on_error == "raise"


async def test_a_cancellation_loses_no_batch(emulator) -> None:
    rows, cancelled = 0, 0
    with anyio.fail_after(GUARD):
        async with collection(emulator).arrow() as stream:
            while rows < 70:
                with anyio.move_on_after(0.0005) as scope:
                    rows += (await anext(stream)).num_rows
                cancelled += scope.cancelled_caught
            assert [batch async for batch in stream] == []
    assert stream.report.complete
    assert rows == 70
    assert cancelled


async def test_one_of_several_listings(emulator) -> None:
    listings = {"connections": LISTING, "partners": account.listings.list_partners()}
    whole: Collection[Any] = Collection(listings, of(emulator, "a"), limits=FAST)
    table = await tables(whole.arrow("partners"))
    assert table.schema == whole.arrow_schema("partners") != whole.arrow_schema("connections")
    async with whole.arrow("connections") as stream:
        assert sum([batch.num_rows async for batch in stream]) == 35
    assert [origin.listing for origin in stream.report.sources] == ["connections"]
    for refused in (whole.arrow, whole.arrow_schema):
        with pytest.raises(ValueError, match="listing must name one of connections, partners: each"):
            refused()
        with pytest.raises(ValueError, match="listing must be"):
            refused("ListPartners")


def test_a_checkpoint_of_several_listings_is_refused(tmp_path) -> None:
    listings = [LISTING, account.listings.list_partners()]
    whole: Collection[Any] = Collection(listings, "AWS", checkpoint=tmp_path / "progress")
    with pytest.raises(ValueError, match="a checkpoint belongs to all listings"):
        whole.arrow("ListPartners")


async def test_an_item_that_does_not_match_its_class_is_named_without_its_value(emulator, monkeypatch) -> None:
    made = FetchedPage.__init__

    def spoilt(self: Any, *args: Any, **kwargs: Any) -> None:
        made(self, *args, **kwargs)
        object.__setattr__(self, "items", [attrs.evolve(self.items[0], id={"secret": 1}), *self.items[1:]])

    monkeypatch.setattr(FetchedPage, "__init__", spoilt)
    async with collection(emulator, of(emulator, "a")).arrow() as stream:
        with pytest.raises(SinkError, match="record batch of a ListConnections: an item does not match") as raised:
            await anext(stream)
    assert "secret" not in str(raised.value)
    assert raised.value.__context__ is None


def test_pyarrow_is_an_extra(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    whole: Collection[Any] = Collection(LISTING, "AWS")
    for used in (whole.arrow, whole.arrow_schema):
        with pytest.raises(ImportError, match="part of the extra 'arrow'"):
            used()
