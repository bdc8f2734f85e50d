from __future__ import annotations

import os
import pickle
import resource
import stat
import sys

import anyio
import pytest

from aiopartnercentral import account
from aiopartnercentral.sinks import NdjsonSink, Page, SinkError, open_sink
from tests.sinks.files import EVERY_FORMAT, names, written
from tests.sinks.readers import rows
from tests.sinks.sample_pages import CLS, page, raw

pytestmark = pytest.mark.anyio


@EVERY_FORMAT
async def test_a_file_appears_whole(tmp_path, extension):
    path = tmp_path / f"out.{extension}"
    path.write_bytes(b"earlier")
    sink = open_sink(path, cls=CLS)
    await sink.open()
    await sink.write(page(0))
    await sink.flush()
    assert path.read_bytes() == b"earlier"
    assert len(names(tmp_path)) == 2
    await sink.commit()
    assert names(tmp_path) == [path.name]
    assert len(rows(path)) == 5 + ("csv" in extension)
    await sink.abort(keep=False)
    assert names(tmp_path) == [path.name]


@EVERY_FORMAT
@pytest.mark.parametrize("flushed", [False, True])
async def test_a_failed_run_leaves_the_earlier_file_and_nothing_else(tmp_path, extension, flushed):
    path = tmp_path / f"out.{extension}"
    path.write_bytes(b"earlier")
    sink = open_sink(path, cls=CLS)
    await sink.open()
    await sink.write(page(0))
    if flushed:
        await sink.flush()
    await sink.abort(keep=False)
    await sink.abort(keep=False)
    assert names(tmp_path) == [path.name]
    assert path.read_bytes() == b"earlier"


async def test_a_partial_file_without_a_position_is_not_kept(tmp_path):
    sink = open_sink(tmp_path / "out.ndjson")
    await sink.open()
    await sink.write(page(0))
    await sink.abort(keep=True)
    assert names(tmp_path) == []


@EVERY_FORMAT
async def test_an_empty_result_is_a_file_too(tmp_path, extension):
    path = tmp_path / f"out.{extension}"
    await written(path)
    found = rows(path)
    assert len(found) == ("csv" in extension)
    if extension.endswith(".gz"):
        await anyio.run_process(["gzip", "--test", path])
    if "csv" in extension:
        assert found[0][:3] == ["source_label", "source_catalog", "catalog"]


async def test_a_file_that_is_replaced_keeps_its_mode_and_its_link_all_the_time(tmp_path):
    real, link = tmp_path / "real.ndjson", tmp_path / "link.ndjson"
    real.write_text("earlier")
    real.chmod(0o600)
    link.symlink_to(real)
    sink = open_sink(link)
    await sink.open()
    (partial,) = [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert stat.S_IMODE(partial.stat().st_mode) == 0o600
    await sink.write(page(0))
    await sink.commit()
    assert link.is_symlink()
    assert real.read_bytes().count(b"\n") == 5
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


@EVERY_FORMAT
async def test_a_new_file_has_the_usual_mode(tmp_path, extension):
    await written(tmp_path / f"out.{extension}", page(0))
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / f"out.{extension}").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("none/out.ndjson", "its directory does not exist"),
        ("directory.ndjson", "not a regular file"),
        ("pipe.ndjson", "not a regular file"),
        ("loop.ndjson", "Too many levels of symbolic links"),
        ("file/out.ndjson", "Not a directory"),
        ("nul\0.ndjson", "not a valid file name"),
        ("half\ud800.ndjson", "not a valid file name"),
    ],
)
async def test_a_place_that_cannot_be_written(tmp_path, place, reason):
    (tmp_path / "file").touch()
    (tmp_path / "directory.ndjson").mkdir()
    os.mkfifo(tmp_path / "pipe.ndjson")
    (tmp_path / "loop.ndjson").symlink_to("loop.ndjson")
    sink = open_sink(f"{tmp_path}/{place}")
    with pytest.raises(SinkError, match=reason) as caught:
        await sink.open()
    shown = place.replace("\0", "\\0").encode(errors="backslashreplace").decode()
    assert str(caught.value).startswith(f"cannot write {tmp_path}/{shown}: ")
    await sink.abort(keep=False)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.path, again.reason) == (str(caught.value), caught.value.path, caught.value.reason)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
async def test_a_file_or_directory_that_may_not_be_written(tmp_path):
    directory = tmp_path / "directory"
    directory.mkdir()
    (directory / "out.ndjson").touch(0o400)
    with pytest.raises(SinkError, match="Permission denied"):
        await open_sink(directory / "out.ndjson").open()
    directory.chmod(0o500)
    with pytest.raises(SinkError, match="Permission denied"):
        await open_sink(directory / "other.ndjson").open()


async def fill(sink):
    for start in range(5, 10_000, 100):
        await sink.write(page(start, 100))
        await sink.flush()


@EVERY_FORMAT
async def test_a_full_disk_costs_nothing_that_was_promised(tmp_path, extension):
    path = tmp_path / f"out.{extension}"
    path.write_bytes(b"earlier")
    sink = open_sink(path, cls=CLS)
    await sink.open()
    await sink.write(page(0))
    position = await sink.flush()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # A write beyond it fails, after a part of it that still has room.
    resource.setrlimit(resource.RLIMIT_FSIZE, (position["bytes"] + 100, hard))
    try:
        with pytest.raises(SinkError, match="File too large"):
            await fill(sink)
        for call in (sink.write(page(0)), sink.flush(), sink.commit()):
            with pytest.raises(SinkError, match="File too large"):
                await call
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await sink.abort(keep=True)
    assert path.read_bytes() == b"earlier"
    again = open_sink(path, cls=CLS)
    await again.open(position)
    await again.write(page(5))
    await again.commit()
    await written(tmp_path / f"other.{extension}", page(0), page(5))
    assert rows(path) == rows(tmp_path / f"other.{extension}")


async def test_a_disk_that_is_full_at_the_end_costs_nothing_that_was_promised(tmp_path):
    path = tmp_path / "out.parquet"
    sink = open_sink(path, cls=CLS)
    await sink.open()
    await sink.write(page(0))
    position = await sink.flush()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(SinkError, match="File too large"):
            await sink.commit()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    await sink.abort(keep=True)
    assert names(tmp_path) == [position["file"]]
    again = open_sink(path, cls=CLS)
    await again.open(position)
    await again.commit()
    assert len(rows(path)) == 5


async def test_one_process_at_a_time_writes_a_partial_file(tmp_path):
    path = tmp_path / "out.ndjson"
    sink = open_sink(path)
    await sink.open(run_id="a run")
    await sink.write(page(0))
    position = await sink.flush()
    for where in (position, None):
        other = open_sink(path)
        with pytest.raises(SinkError, match="another process is writing it"):
            await other.open(where, run_id="a run")
        await other.abort(keep=False)
    await sink.commit()
    assert path.read_bytes() == b"".join(raw(n) + b"\n" for n in range(5))


async def test_a_run_of_the_same_id_replaces_what_an_earlier_one_left(tmp_path):
    script = (
        "import anyio, os, sys\n"
        "from aiopartnercentral.sinks import open_sink\n"
        "from tests.sinks.sample_pages import page\n"
        "async def main():\n"
        "    sink = open_sink(sys.argv[1])\n"
        "    await sink.open(run_id='a run'); await sink.write(page(0, 50)); await sink.flush(); os._exit(9)\n"
        "anyio.run(main)"
    )
    path = tmp_path / "out.ndjson"
    done = await anyio.run_process([sys.executable, "-c", script, path], check=False)
    assert done.returncode == 9
    assert len(names(tmp_path)) == 1
    await written(path, page(0), run_id="a run")
    assert names(tmp_path) == ["out.ndjson"]


async def test_calls_out_of_order_are_mistakes(tmp_path):
    sink = open_sink(tmp_path / "out.ndjson")
    for call in (sink.write(page(0)), sink.flush(), sink.commit()):
        with pytest.raises(RuntimeError, match="not open"):
            await call
    await sink.abort(keep=True)
    await sink.open()
    with pytest.raises(RuntimeError, match="already open"):
        await sink.open()
    await sink.abort(keep=False)


@pytest.mark.parametrize("extension", ["csv", "parquet"])
async def test_an_item_of_another_kind_is_named_without_its_values(tmp_path, extension):
    odd = account.AccountSummary(name="hunter2")
    says = r"not match its class \(expected ConnectionSummary, got AccountSummary\)"
    for items in ([odd], [page(0).items[0], odd]):
        sink = open_sink(tmp_path / f"out.{extension}", cls=CLS)
        await sink.open()
        await sink.write(Page("a", "AWS", "list_connections", items))
        with pytest.raises(SinkError, match=f"an item of list_connections does {says}$") as caught:
            await sink.flush()
        assert caught.value.__context__ is None
        assert "hunter2" not in str(caught.value)
        await sink.abort(keep=False)


@pytest.mark.parametrize("bounds", [{"max_rows": 6}, {"max_bytes": sum(map(len, page(0).raw)) + 100}])
async def test_no_more_is_gathered_than_allowed(tmp_path, bounds):
    sink = NdjsonSink(tmp_path / "out.ndjson", **bounds)
    await sink.open()
    (partial,) = tmp_path.iterdir()
    sizes = []
    for _ in range(4):
        await sink.write(page(0))
        sizes.append(partial.stat().st_size)
    await sink.abort(keep=False)
    assert [size > before for before, size in zip([0, *sizes], sizes, strict=False)] == [False, True, False, True]
