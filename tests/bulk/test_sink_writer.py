"""Collections into files: what appears, what stays, and what is gone on with."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from botocore.exceptions import EndpointConnectionError

from aiopartnercentral import account
from aiopartnercentral._pagination.report import SourcesFailedError
from aiopartnercentral.bulk import Collection, Credentials, Limits, PageFetched, Source
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import CheckpointError, SinkError
from aiopartnercentral.sinks import CsvSink, NdjsonSink, open_sink
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.connections import connection
from tests.support.servers import Reply, scripted_server
from tests.support.tasks import GUARD, no_task_left

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral.bulk import Event
    from aiopartnercentral.sinks import Page
    from aiopartnercentral.sinks.partial_file import PartialFile

pytestmark = pytest.mark.anyio


def ids(path: Path) -> list[str]:
    return sorted(json.loads(line)["Id"] for line in path.read_bytes().splitlines())


async def expected(emulator: Emulator, *catalogs: str) -> list[str]:
    sources = [of(emulator, catalog, catalog) for catalog in catalogs]
    return sorted(item.id for _, item in await Collection(LISTING, sources, limits=FAST).collect())


async def test_one_file_for_each_source(tmp_path: Path) -> None:
    async with Emulator({"AWS": 25, "Sandbox": 13}) as emulator:
        sources = [of(emulator, "a/b", "AWS"), of(emulator, "c", "Sandbox")]
        collection = Collection[Any]([LISTING, account.listings.list_partners()], sources, limits=FAST)
        await collection.into(open_sink(tmp_path / "{operation}-{label}.ndjson"))
        files = sorted(tmp_path.iterdir())
        assert len(files) == 4
        assert sorted(len(file.read_bytes().splitlines()) for file in files) == [2, 3, 13, 25]


async def test_files_of_several_listings_have_the_names_of_these(tmp_path: Path) -> None:
    listings = {"list_connections": LISTING, "list_partners": account.listings.list_partners()}
    async with Emulator({"AWS": 25}) as emulator:
        collection = Collection[Any](listings, of(emulator, "a"), limits=FAST)
        await collection.into(open_sink(tmp_path / "{operation}.csv", cls=collection.item_classes))
        collection = Collection[Any]([*listings.values()], of(emulator, "a"), limits=FAST)
        await collection.into(open_sink(tmp_path / "{operation}.csv", cls=collection.item_classes))
    names = ["ListConnections~11.csv", "ListPartners~11.csv", "list_connections.csv", "list_partners.csv"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert (tmp_path / names[0]).read_bytes() == (tmp_path / names[2]).read_bytes()


async def test_a_failure_leaves_an_earlier_output_alone(tmp_path: Path) -> None:
    output = tmp_path / "out.ndjson"
    output.write_text("before")
    async with Emulator({"AWS": 250}) as good, Emulator({"AWS": 5}, denied_catalogs=["AWS"], latency=0.2) as denied:
        sources = [of(good, "a"), of(denied, "b")]
        collection = Collection(LISTING, sources, limits=FAST, on_error="raise")
        with pytest.raises(account.AccessDeniedException):
            await collection.into(open_sink(output))
        assert output.read_text() == "before"
        assert [file.name for file in tmp_path.iterdir()] == ["out.ndjson"]
        with pytest.raises(SourcesFailedError):
            await Collection(LISTING, sources, limits=FAST).into(open_sink(output))
        assert len(ids(output)) == 250


@pytest.mark.parametrize("steps", [1, 3, 8, 20, 60, 150, 400, 1000])
async def test_a_cancellation_leaves_what_can_be_gone_on_with(tmp_path: Path, steps: int) -> None:
    output, checkpoint = tmp_path / "out.ndjson", tmp_path / "run.json"
    output.write_text("before")
    async with no_task_left(), Emulator({"AWS": 180, "Sandbox": 31}) as emulator:
        sources = [of(emulator, "a"), of(emulator, "b", "Sandbox")]
        collection = Collection(LISTING, sources, limits=Limits(rate=10_000, concurrency=2), checkpoint=checkpoint)
        for _ in range(100):
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_cancel_later, scope, steps)
                    report = await collection.into(open_sink(output), save_every=0.01)
                    tasks.cancel_scope.cancel()
            if not scope.cancelled_caught:
                break
            assert output.read_text() == "before"
            steps = steps * 2
        assert report.complete
        assert ids(output) == await expected(emulator, "AWS", "Sandbox")
        assert [file.name for file in tmp_path.iterdir()] == ["out.ndjson"]


def test_a_failure_that_another_collection_shares_interrupts_no_clean_up(tmp_path: Path) -> None:
    shared = EndpointConnectionError(endpoint_url="https://vault")

    async def provider() -> Credentials:
        raise shared

    class Held(NdjsonSink):
        async def abort(self, *, keep: bool) -> None:
            reached.set()
            await go_on.wait()
            await super().abort(keep=keep)

    sources = Source("AWS", credentials=provider, label="a")
    collection = Collection(LISTING, sources, limits=Limits(attempts=1), on_error="raise")
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def main() -> BaseException | None:
        task = asyncio.create_task(collection.into(Held(tmp_path / "out.ndjson")))
        await asyncio.wait_for(reached.wait(), GUARD)
        with pytest.raises(EndpointConnectionError):
            await collection.collect()
        go_on.set()
        await asyncio.wait({task}, timeout=GUARD)
        return task.exception()

    assert asyncio.run(main()) is shared
    assert list(tmp_path.iterdir()) == []


def test_a_native_cancellation_of_the_end_is_one_and_can_be_gone_on_from(tmp_path: Path) -> None:
    output, checkpoint = tmp_path / "out.ndjson", tmp_path / "run.json"
    in_place, go_on = threading.Event(), threading.Event()

    class Held(NdjsonSink):
        def _commit_file(self, file: PartialFile) -> None:
            super()._commit_file(file)
            in_place.set()
            assert go_on.wait(GUARD)

    async def main() -> None:
        async with Emulator({"AWS": 30}) as emulator:
            collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=checkpoint)
            task = asyncio.create_task(collection.into(Held(output)))
            assert await asyncio.to_thread(in_place.wait, 30)
            task.cancel()
            await asyncio.sleep(0.01)
            go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert checkpoint.exists()
            report = await collection.into(open_sink(output))
            assert (report.complete, ids(output)) == (True, await expected(emulator, "AWS"))

    asyncio.run(main())
    assert [file.name for file in tmp_path.iterdir()] == ["out.ndjson"]


async def _cancel_later(scope: anyio.CancelScope, steps: int) -> None:
    for _ in range(steps):
        await anyio.lowlevel.checkpoint()
    scope.cancel()


async def test_a_cancellation_without_a_checkpoint_leaves_nothing(tmp_path: Path) -> None:
    async with no_task_left(), Emulator({"AWS": 500}, latency=0.02) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST)
        with anyio.move_on_after(0.3):
            await collection.into(open_sink(tmp_path / "out.ndjson"))
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_is_full_is_told_and_gone_on_after(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output, checkpoint = tmp_path / "out.ndjson", tmp_path / "run.json"
    written = 0
    really = os.write

    def write(fd: int, data: bytes) -> int:
        nonlocal written
        written += len(data)
        if written > 30_000:
            raise OSError(28, os.strerror(28))
        return really(fd, data)

    async with no_task_left(), Emulator({"AWS": 250}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=checkpoint)
        with monkeypatch.context() as full:
            full.setattr(os, "write", write)
            with pytest.raises((SinkError, CheckpointError), match="No space left on device"):
                await collection.into(open_sink(output), save_every=0.001)
        assert not output.exists()
        assert checkpoint.exists()
        asked = len(emulator.requests)
        report = await collection.into(open_sink(output))
        assert report.complete
        assert len(emulator.requests) - asked < 25
        assert ids(output) == await expected(emulator, "AWS")


async def test_an_output_that_is_gone_is_told(tmp_path: Path) -> None:
    scope = anyio.CancelScope()

    def stop_at_the_tenth_page(event: Event) -> None:
        if isinstance(event, PageFetched) and event.page == 10:
            scope.cancel()

    async with Emulator({"AWS": 250}) as emulator:
        sources, checkpoint = of(emulator, "a"), tmp_path / "run.json"
        observed: Any = {"limits": FAST, "checkpoint": checkpoint, "observer": stop_at_the_tenth_page}
        with scope:
            collection = Collection(LISTING, sources, **observed)
            await collection.into(open_sink(tmp_path / "out.ndjson"), save_every=0)
        (unfinished,) = tmp_path.glob(".*.part")
        unfinished.unlink()
        collection = Collection(LISTING, sources, limits=FAST, checkpoint=checkpoint)
        with pytest.raises(SinkError, match="no longer exists; restart=True starts over"):
            await collection.into(open_sink(tmp_path / "out.ndjson"))


async def test_what_cannot_be_collected_into_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    output: Any = tmp_path / "b.ndjson"
    async with Emulator({"AWS": 5}) as emulator:
        collection = Collection(LISTING, [of(emulator, "a"), of(emulator, "b")], limits=FAST, checkpoint=output)
        with pytest.raises(TypeError, match=r"sink must be a Sink, such as open_sink\(\) returns, not a PosixPath"):
            await collection.into(output)
        (tmp_path / "link").symlink_to(tmp_path)
        for name in ("link/b.ndjson", "{label}.ndjson"):
            with pytest.raises(ValueError, match="the output and the checkpoint name the same file"):
                await collection.into(open_sink(tmp_path / name))
        for save_every, kind in ((-1, ValueError), (float("nan"), ValueError), ("1", TypeError)):
            with pytest.raises(kind, match="save_every must be"):
                await collection.into(open_sink(tmp_path / "c.ndjson"), save_every=save_every)  # type: ignore[arg-type]
        assert not emulator.requests
    assert [file.name for file in tmp_path.iterdir()] == ["link"]


CONNECTIONS = {"ListConnections": account.ConnectionSummary}


@pytest.mark.parametrize(
    ("path", "cls", "message"),
    [
        (
            "a.csv",
            account.PartnerSummary,
            "of ListConnections: expected PartnerSummary, got ConnectionSummary; cls=coll",
        ),
        (
            "a.parquet",
            account.ListPartnersResponse,
            "of ListConnections: expected ListPartnersResponse, got Connection",
        ),
        (
            "a.csv",
            account.ConnectionSummary,
            "of ListPartners: expected ConnectionSummary, got PartnerSummary; cls=coll",
        ),
        ("a.csv", CONNECTIONS, "of ListPartners: expected ConnectionSummary, got PartnerSummary; cls=collection"),
        (
            "{operation}.csv",
            account.ConnectionSummary,
            "of ListPartners: expected ConnectionSummary, got PartnerSummary",
        ),
        ("{operation}.parquet", CONNECTIONS, "cls has no class for the items of ListPartners"),
        (
            "s3://bucket/{operation}.csv",
            account.PartnerSummary,
            "of ListConnections: expected PartnerSummary, got Conn",
        ),
    ],
)
async def test_a_sink_of_another_class_is_refused_before_the_first_request(
    tmp_path: Path, path: str, cls: object, message: str
) -> None:
    sink = open_sink(path if path.startswith("s3:") else tmp_path / path, cls=cls)
    async with Emulator({"AWS": 5}) as emulator:
        both = Collection[Any]([LISTING, account.listings.list_partners()], of(emulator, "a"), limits=FAST)
        with pytest.raises((TypeError, ValueError), match=message):
            await both.into(sink)
        assert not emulator.requests
    assert not [*tmp_path.iterdir()]


async def test_listings_whose_items_have_one_class_share_a_file(tmp_path: Path) -> None:
    async with Emulator({"AWS": 5}) as emulator:
        twice = Collection({"a": LISTING, "b": account.listings.list_connections()}, of(emulator, "a"), limits=FAST)
        report = await twice.into(open_sink(tmp_path / "a.csv", cls=account.ConnectionSummary))
    assert report.items == 10


async def test_a_large_page_lets_others_go_on(tmp_path: Path) -> None:
    ticks, seen = 0, list[int]()

    class Watched(CsvSink):
        async def write(self, page: Page) -> None:
            seen.append(ticks)
            await super().write(page)

    def arrived(event: Event) -> None:
        if isinstance(event, PageFetched):
            seen.append(ticks)

    async def tick() -> None:
        nonlocal ticks
        while True:
            await anyio.lowlevel.checkpoint()
            ticks += 1

    with scripted_server() as server:
        server.replies(Reply({"ConnectionSummaries": [connection("AWS", number) for number in range(2000)]}))
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        collection = Collection(LISTING, source, limits=FAST, checkpoint=tmp_path / "run.json", observer=arrived)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(tick)
            await collection.into(Watched(tmp_path / "a.csv", account.ConnectionSummary))
            tasks.cancel_scope.cancel()
    fetched, written = seen
    assert written - fetched > 2000 / 500


async def test_typed_items_go_into_tables(tmp_path: Path) -> None:
    async with Emulator({"AWS": 45}) as emulator:
        source = Source("AWS", endpoint_url=emulator.endpoint_url, label="ada", account="ada")
        collection = Collection(LISTING, source, limits=FAST)
        (cls,) = collection.item_classes.values()
        await collection.into(open_sink(tmp_path / "out.csv", cls=cls))
        head, *rows = (tmp_path / "out.csv").read_text().splitlines()
        assert '"id"' in head.split(",")
        assert len(rows) >= 45
