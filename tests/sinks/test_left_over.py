"""The partial file of a process that was killed is removed by the next one, and never that of a live one."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aiopartnercentral.sinks import open_sink
from aiopartnercentral.sinks.partial_file import PartialFile
from tests.sinks.files import EVERY_FORMAT, names, written
from tests.sinks.readers import rows
from tests.sinks.sample_pages import CLS, page

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]

KILLED = """
import anyio, os, sys
from aiopartnercentral.sinks import open_sink
from tests.sinks.sample_pages import CLS, page

async def main():
    sink = open_sink(sys.argv[1], cls=CLS)
    await sink.open()
    await sink.write(page(0, 50))
    await sink.flush()
    os._exit(9)

anyio.run(main)
"""


def leave(path):
    """Leave the partial file of a process that was killed."""
    assert subprocess.run([sys.executable, "-c", KILLED, path], cwd=ROOT, check=False).returncode == 9


@EVERY_FORMAT
async def test_the_next_run_removes_it(tmp_path, extension):
    path, other = tmp_path / f"out.{extension}", tmp_path / f"other.{extension}"
    leave(path)
    leave(path)
    leave(other)
    assert len(names(tmp_path)) == 2  # one of each output
    await written(path, page(0))
    assert len(names(tmp_path)) == 2
    await written(other, page(0))
    assert names(tmp_path) == sorted([path.name, other.name])


@EVERY_FORMAT
async def test_a_file_that_is_being_renamed_is_not_left_over(tmp_path, monkeypatch, extension):
    path, really = tmp_path / f"out.{extension}", os.replace

    def replace(source, target):
        PartialFile.create(str(path)).abort()  # as another run does that begins now
        really(source, target)

    monkeypatch.setattr(os, "replace", replace)
    await written(path, page(0))
    assert names(tmp_path) == [path.name]


async def test_runs_at_the_same_time_keep_apart_and_the_last_one_wins(tmp_path):
    path = tmp_path / "out.ndjson"
    one, other = open_sink(path), open_sink(path)
    await one.open()
    await other.open()
    await one.write(page(0))
    await other.write(page(5))
    await other.commit()
    await one.commit()
    await written(tmp_path / "plain.ndjson", page(0))
    assert rows(path) == rows(tmp_path / "plain.ndjson")
    assert names(tmp_path) == ["out.ndjson", "plain.ndjson"]


async def test_the_file_of_a_run_with_an_id_stays(tmp_path):
    path = tmp_path / "out.ndjson"
    sink = open_sink(path)
    await sink.open(run_id="a run")
    await sink.write(page(0))
    position = await sink.flush()
    await sink.abort(keep=True)
    await written(path, page(5))
    again = open_sink(path)
    await again.open(position)
    await again.commit()
    assert names(tmp_path) == ["out.ndjson"]


async def test_without_locks_nothing_is_removed_that_may_be_alive(tmp_path, monkeypatch):
    def flock(*_):
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    path = tmp_path / "out.ndjson"
    one = open_sink(path)
    await one.open()
    await one.write(page(0))
    await one.flush()
    await written(path, page(5))
    await one.commit()
    assert len(rows(path)) == 5
    assert names(tmp_path) == ["out.ndjson"]


async def test_directories_of_a_template_are_created_once_for_all(tmp_path):
    template = tmp_path / "{catalog}" / "{label}" / "out.csv"
    sink = open_sink(template, cls=CLS)
    await sink.open()
    for label in ("a", "b", "a"):
        await sink.write(page(0, label=label))
    await sink.commit()
    assert sorted(str(found.relative_to(tmp_path)) for found in tmp_path.rglob("*.csv")) == [
        "AWS/a/out.csv",
        "AWS/b/out.csv",
    ]
