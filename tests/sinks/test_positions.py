from __future__ import annotations

import json
import shutil
from contextlib import nullcontext

import anyio
import attrs
import pytest
from hypothesis import given, settings, strategies as st

from aiopartnercentral.errors import PositionError
from aiopartnercentral.sinks import SinkError, open_sink
from tests.sinks.files import EVERY_FORMAT, names, written
from tests.sinks.readers import rows
from tests.sinks.sample_pages import CLS, page

pytestmark = pytest.mark.anyio
STEPS = st.lists(st.sampled_from(["write", "write", "flush", "crash", "crash with a torn write"]), max_size=12)


async def interpret(directory, extension, steps, options):
    """Do the steps, resuming after each crash at the position of the last flush; returns both outputs' paths."""
    path, plain = directory / f"out.{extension}", directory / f"plain.{extension}"
    sink = open_sink(path, cls=CLS, **options)
    await sink.open()
    position, kept, now = await sink.flush(), 0, 0
    for step in steps:
        if step == "write":
            await sink.write(page(now * 5))
            now += 1
        elif step == "flush":
            position, kept = json.loads(json.dumps(await sink.flush())), now
        else:
            await sink.abort(keep=True)
            if step == "crash with a torn write":
                with (directory / position["file"]).open("ab") as partial:
                    partial.write(b"\0torn")
            sink, now = open_sink(path, cls=CLS, **options), kept
            await sink.open(position)
    await sink.commit()
    await written(plain, *(page(n * 5) for n in range(now)), **options)
    return path, plain


@EVERY_FORMAT
@settings(max_examples=12)
@given(steps=STEPS)
def test_whatever_happens_every_item_is_there_once_and_in_order(tmp_path_factory, extension, steps):
    directory = tmp_path_factory.mktemp("steps")
    path, plain = anyio.run(interpret, directory, extension, steps, {})
    assert rows(path) == rows(plain)
    assert names(directory) == sorted([path.name, plain.name])
    shutil.rmtree(directory)


@EVERY_FORMAT
async def test_a_run_that_ended_after_the_commit_can_be_resumed(tmp_path, extension):
    path = tmp_path / f"out.{extension}"
    sink = open_sink(path, cls=CLS)
    await sink.open()
    positions = []
    for number in range(4):
        await sink.write(page(number * 5))
        positions.append(await sink.flush())
    await sink.commit()
    committed, data = rows(path), path.read_bytes()
    for count, position in enumerate(positions, 1):
        path.write_bytes(data)
        again = open_sink(path, cls=CLS)
        await again.open(position)
        for number in range(count, 4):
            await again.write(page(number * 5))
        after = await again.flush()
        assert after["items"] == 20
        # And once more before it is committed.
        await again.abort(keep=True)
        last = open_sink(path, cls=CLS)
        await last.open(after)
        await last.commit()
        assert rows(path) == committed
        assert names(tmp_path) == [path.name]


@EVERY_FORMAT
async def test_another_committed_file_is_not_mistaken_for_it(tmp_path, extension):
    path = tmp_path / f"out.{extension}"
    sink = open_sink(path, cls=CLS)
    await sink.open()
    await sink.write(page(0))
    position = await sink.flush()
    await sink.abort(keep=False)
    await written(path, page(5, 20))
    before = path.read_bytes()
    with pytest.raises(SinkError, match="no longer exists"):
        await open_sink(path, cls=CLS).open(position)
    assert path.read_bytes() == before
    assert names(tmp_path) == [path.name]


@EVERY_FORMAT
@pytest.mark.parametrize("replaces", [False, True])
@pytest.mark.parametrize("damage", ["gone", "shorter", "zeros"])
async def test_a_partial_file_that_was_changed_is_refused_and_left_alone(tmp_path, extension, damage, replaces):
    path = tmp_path / f"out.{extension}"
    if replaces:
        await written(path, page(5, 20))
    before = path.read_bytes() if replaces else b""
    sink = open_sink(path, cls=CLS)
    await sink.open()
    await sink.write(page(0))
    position = await sink.flush()
    await sink.abort(keep=True)
    partial = tmp_path / position["file"]
    data = partial.read_bytes()
    if damage == "gone":
        partial.unlink()
    else:
        partial.write_bytes(data[:-1] if damage == "shorter" else data[:-8] + bytes(8))
    says = {"gone": "no longer exists", "shorter": f"has {len(data) - 1} bytes instead of {len(data)}"}
    again = open_sink(path, cls=CLS)
    with pytest.raises(SinkError, match=says.get(damage, "was changed")) as caught:
        await again.open(position)
    assert isinstance(caught.value, PositionError)
    assert str(caught.value).startswith(f"cannot resume {path}: ")
    await again.abort(keep=False)
    assert names(tmp_path) == [partial.name] * (damage != "gone") + [path.name] * replaces
    if replaces:
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"path": "out.ndjson.gz"},
        {"envelope": True},
        {"path": "out.csv"},
        {"path": "out.parquet"},
    ],
)
async def test_a_position_belongs_to_one_format(tmp_path, change):
    sink = open_sink(tmp_path / "out.ndjson")
    await sink.open()
    position = await sink.flush()
    await sink.abort(keep=True)
    options = {"path": "out.ndjson", "cls": CLS} | change
    other = open_sink(tmp_path / options.pop("path"), **options)
    with pytest.raises(SinkError, match="format, compression and options must stay the same"):
        await other.open(position)


@attrs.frozen
class Renumbered:
    id: int


@pytest.mark.parametrize("is_committed", [False, True])
@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("out.csv", ({"formulas": "keep"}, {}), "the options of the csv file have changed, not its columns"),
        ("out.csv", ({"bom": True}, {}), "the options of the csv file have changed, not its columns"),
        ("out.csv", ({"source": False}, {}), "changed: new: source_label, source_catalog$"),
        ("out.csv.gz", ({"columns": ["id", "arn"]}, {"columns": ["id", "catalog"]}), "new: catalog; missing: arn$"),
        ("out.csv.zst", ({"columns": ["id", "arn"]}, {"columns": ["arn", "id"]}), "the order of the columns of"),
        ("out.csv", ({"explode": "connection_types"}, {}), r"new: connection_types; missing: connection_types\.key, "),
        ("out.parquet", ({}, {"columns": ["id"]}), "missing: source_label, source_catalog, catalog, arn, "),
        ("out.parquet", ({"columns": ["id"]}, {"columns": ["id"], "cls": Renumbered}), "of another type: id$"),
    ],
)
async def test_a_position_belongs_to_the_same_columns(tmp_path, is_committed, name, options, said):
    before, after = options
    sink = open_sink(tmp_path / name, **{"cls": CLS, **before})
    await sink.open()
    position = await sink.flush()
    await (sink.commit() if is_committed else sink.abort(keep=True))
    left = names(tmp_path)
    with pytest.raises(PositionError, match=said):
        await open_sink(tmp_path / name, **{"cls": CLS, **after}).open(position)
    assert names(tmp_path) == left


async def test_no_text_of_a_changed_file_is_taken_for_a_column(tmp_path):
    sink = open_sink(tmp_path / "out.csv", cls=CLS, columns=["id"])
    await sink.open()
    position = await sink.flush()
    await sink.abort(keep=True)
    (left,) = tmp_path.iterdir()
    left.write_bytes(b'"a secret: s3cret"\n')
    for said in ("new: arn; missing: a column whose name is not shown$", "the columns or options of the csv file"):
        with pytest.raises(PositionError, match=said):
            await open_sink(tmp_path / "out.csv", cls=CLS, columns=["arn"]).open(position)
        left.unlink(missing_ok=True)


@pytest.mark.parametrize("change", ["output", "file", "bytes", "crc32", "items", "version"])
async def test_what_is_not_a_position_is_refused(tmp_path, change):
    sink = open_sink(tmp_path / "out.ndjson")
    await sink.open()
    position = await sink.flush()
    await sink.abort(keep=True)
    for odd in ("../../etc/passwd", None, -1.5, [], {}):
        for wrong in (position | {change: odd}, odd or "odd"):
            with pytest.raises(SinkError, match=r"the saved run wrote (another output|\.\./\.\./etc/passwd and not)"):
                await open_sink(tmp_path / "out.ndjson").open(wrong)


@pytest.mark.parametrize("is_committed", [False, True])
async def test_a_position_belongs_to_one_file(tmp_path, is_committed):
    directory = tmp_path / "directory"
    directory.mkdir()
    (directory / "link.ndjson").symlink_to("one.ndjson")
    sink = open_sink(directory / "link.ndjson")
    await sink.open()
    await sink.write(page(0))
    position = await sink.flush()
    await (sink.commit() if is_committed else sink.abort(keep=True))
    before = {found.name: found.read_bytes() for found in directory.iterdir() if found.exists()}
    with pytest.raises(PositionError, match=r"wrote one\.ndjson and not other\.ndjson"):
        await open_sink(directory / "other.ndjson").open(position)
    assert {found.name: found.read_bytes() for found in directory.iterdir() if found.exists()} == before
    moved = directory.rename(tmp_path / "moved")
    again = open_sink(moved / "one.ndjson")
    await again.open(position)
    await again.commit()
    assert len(rows(moved / "one.ndjson")) == 5


async def test_a_position_with_a_further_key_is_refused(tmp_path):
    for name in ("out.ndjson", "{label}.ndjson"):
        sink = open_sink(tmp_path / name)
        await sink.open()
        await sink.write(page(0))
        position = await sink.flush()
        await sink.abort(keep=True)
        with pytest.raises(SinkError, match="wrote another output"):
            await open_sink(tmp_path / name).open(position | {"more": 1})


async def test_flushing_nothing_writes_nothing(tmp_path):
    sink = open_sink(tmp_path / "out.ndjson.gz")
    await sink.open()
    await sink.write(page(0))
    assert await sink.flush() == await sink.flush()
    await sink.commit()


@EVERY_FORMAT
@pytest.mark.parametrize("is_lost", [False, True])
async def test_a_sink_that_was_opened_at_a_position_can_start_over(tmp_path, extension, is_lost):
    path, plain = tmp_path / f"out.{extension}", tmp_path / f"plain.{extension}"
    sink = open_sink(path, cls=CLS)
    await sink.open()
    await sink.write(page(0))
    position = await sink.flush()
    await sink.abort(keep=not is_lost)
    sink = open_sink(path, cls=CLS)
    with pytest.raises(PositionError) if is_lost else nullcontext():
        await sink.open(position)
    await sink.abort(keep=False)
    await sink.open()
    await sink.write(page(5, 3))
    position = await sink.flush()
    await sink.commit()
    again = open_sink(path, cls=CLS)
    await again.open(position)
    await again.commit()
    await written(plain, page(5, 3))
    assert (rows(path), position["items"]) == (rows(plain), 3)
    assert names(tmp_path) == sorted([path.name, plain.name])
