"""Outputs that are file objects."""

from __future__ import annotations

import io
import socket
from contextlib import contextmanager

import pytest

from aiopartnercentral.errors import PositionError, SinkError
from aiopartnercentral.sinks import S3Options, open_sink
from tests.sinks.files import EVERY_FORMAT, names, written
from tests.sinks.sample_pages import CLS, page

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def temporary(monkeypatch, tmp_path):
    """Return the system's directory of temporary files, for this test."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(directory))
    return directory


def left_in(directory):
    return [path for path in directory.rglob("*") if path.is_file()]


@EVERY_FORMAT
async def test_a_file_object_gets_what_a_local_sink_writes(tmp_path, temporary, extension):
    path = tmp_path / f"out.{extension}"
    form, _, compression = extension.partition(".")
    given = {"format": form, "compression": {"gz": "gzip", "zst": "zstd"}.get(compression)}
    file = io.BytesIO()
    await written(file, page(0), page(5), **given)
    await written(path, page(0), page(5))
    assert file.getvalue() == path.read_bytes()
    assert not file.closed
    assert left_in(temporary) == []


async def test_nothing_is_written_before_the_commit(tmp_path, temporary):
    with (tmp_path / "out.csv").open("wb", buffering=0) as file:
        sink = open_sink(file, cls=CLS)  # the format is that of its name
        await sink.open()
        await sink.write(page(0))
        await sink.flush()
        assert file.tell() == 0
        await sink.abort(keep=True)
        assert file.tell() == 0
        assert left_in(temporary) == []
        await sink.open()
        await sink.write(page(0))
        await sink.commit()
        assert file.tell() > 0


async def test_a_file_that_has_still_to_be_opened_is_opened_by_the_commit():
    opened = []

    class Openable:
        """As `fsspec.open(url, "wb")` returns it."""

        path = "bucket/out.ndjson"
        mode = "wb"

        def __enter__(self):
            opened.append(io.BytesIO())
            return opened[0]

        def __exit__(self, *_):
            opened.append(opened[0].getvalue())

    sink = open_sink(Openable())
    await sink.open()
    await sink.write(page(0))
    assert opened == []
    await sink.commit()
    assert opened[1] == b"".join(each + b"\n" for each in page(0).raw)


async def test_a_run_resumes_if_the_spool_is_named(tmp_path):
    spool = tmp_path / "spool"
    sink = open_sink(io.BytesIO(), format="ndjson", spool=spool)
    await sink.open()
    await sink.write(page(0))
    position = await sink.flush()
    await sink.abort(keep=True)
    file = io.BytesIO()
    again = open_sink(file, format="ndjson", spool=spool)
    await again.open(position)
    await again.write(page(5))
    await again.commit()
    assert file.getvalue() == b"".join(each + b"\n" for each in page(0, 10).raw)
    assert names(spool) == []
    with pytest.raises(PositionError, match=r"BytesIO: .*no longer exists"):
        await open_sink(io.BytesIO(), format="ndjson").open(position)


async def test_a_file_that_takes_a_part_at_a_time_gets_everything():
    left, right = socket.socketpair()
    with left, right, left.makefile("wb", buffering=0) as file:
        await written(file, page(0), format="ndjson")
        left.shutdown(socket.SHUT_WR)
        with right.makefile("rb") as reader:
            assert reader.read() == b"".join(each + b"\n" for each in page(0).raw)


@contextmanager
def _full():
    class Full(io.RawIOBase):
        def writable(self):
            return True

        def write(self, _):
            raise OSError(28, "No space left on device")

    yield Full()


async def test_a_file_that_cannot_be_written_is_named(tmp_path, temporary):
    path = tmp_path / "out.ndjson"
    path.touch()
    with path.open("rb") as reader, pytest.raises(SinkError, match=r"out\.ndjson: it is not open for writing"):
        await open_sink(reader).open()
    with pytest.raises(SinkError, match=r"out\.ndjson: it is closed"):
        await open_sink(reader).open()
    with _full() as full:
        sink = open_sink(full, format="ndjson")
        await sink.open()
        await sink.write(page(0))
        with pytest.raises(SinkError, match="the file object Full: No space left on device; a part of the output may"):
            await sink.commit()
        await sink.abort(keep=False)
    assert left_in(temporary) == []


def test_what_is_no_binary_file_is_refused():
    with pytest.raises(TypeError, match="binary file object, not an int"):
        open_sink(3, format="ndjson")
    with pytest.raises(TypeError, match="binary file object, not one of text"):
        open_sink(io.StringIO(), format="ndjson")
    with pytest.raises(ValueError, match="or format must be given"):
        open_sink(io.BytesIO())
    with pytest.raises(ValueError, match="s3 is an option of paths"):
        open_sink(io.BytesIO(), format="ndjson", s3=S3Options())
