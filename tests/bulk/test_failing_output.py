"""An output that cannot be written: what is saved and reported, and that a later run loses and doubles nothing."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow.parquet
import pytest

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, RunFinished, SourceFinished
from aiopartnercentral.bulk.checkpoint_file import saved_progress
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import CheckpointError, SinkError
from aiopartnercentral.sinks import open_sink
from aiopartnercentral.sinks.rejects import SinkWithRejects
from tests.support.bulk_sources import FAST, LISTING, of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiopartnercentral.bulk import Event
    from aiopartnercentral.sinks import Sink

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(sys.platform == "win32", reason="has no limit of a file's size")]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let every write beyond a size of the file fail in this process, as on a full disk."""
    import resource  # noqa: PLC0415 - Windows has none

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def sink_for(folder: Path, name: str) -> Sink:
    columns: Any = None if "ndjson" in name else ["id"]
    output = open_sink(folder / name, cls=account.ConnectionSummary, columns=columns)
    bad = folder / "bad.ndjson"
    return output if "ndjson" in name else SinkWithRejects(output, open_sink(bad), str(bad))


def ids(folder: Path) -> list[str]:
    found: list[str] = []
    for path in folder.glob("*.parquet"):
        found += pyarrow.parquet.read_table(path)["id"].to_pylist()
    for path in folder.glob("*.csv"):
        found += [line.strip('"') for line in path.read_text().splitlines()[1:]]
    for path in folder.glob("out*.ndjson"):
        found += [json.loads(line)["Id"] for line in path.read_bytes().splitlines()]
    return sorted(found)


def items_at(position: Any) -> int:
    """Return how many items precede a sink's position."""
    if not isinstance(position, dict):
        return sum(map(items_at, position)) if isinstance(position, list) else 0
    return position["items"] if "items" in position else sum(map(items_at, position.values()))


@pytest.mark.parametrize("save_every", [0, 60])
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("out.ndjson", 0),
        ("out.ndjson", 30_000),
        ("out-{label}.ndjson", 20_000),
        ("{label}.csv", 1_500),
        ("{label}.parquet", 1_200),
        ("items.parquet", 600),
    ],
)
async def test_what_is_saved_is_what_the_output_has(tmp_path: Path, name: str, size: int, save_every: float) -> None:
    path, folder, reports = tmp_path / "run.json", tmp_path / "out", []
    folder.mkdir()

    def observe(event: Event) -> None:
        if isinstance(event, RunFinished):
            reports.append(event.report)

    async with Emulator({"AWS": 95, "Sandbox": 40}) as emulator:
        sources = [of(emulator, "a"), of(emulator, "b", "Sandbox")]
        collection = Collection(LISTING, sources, limits=FAST, checkpoint=path, observer=observe)
        with files_of_at_most(size), pytest.raises((SinkError, CheckpointError)):
            await collection.into(sink_for(folder, name), save_every=save_every)
        assert ids(folder) == []
        stored = json.loads(path.read_bytes()) if path.exists() else {"sources": [], "output": None}
        items = sum(each.get("items", 0) for each in stored["sources"])
        assert items == items_at(stored["output"])
        assert (saved_progress(path) or "").startswith(f"{items} items, " if items else "")
        assert (reports[0].output_written, reports[0].complete) == (False, False) if reports else size == 0
        asked = len(emulator.requests)
        report = await collection.into(sink_for(folder, name), save_every=save_every)
        assert (report.output_written, report.complete, report.resumed_items) == (True, True, items)
        assert len(emulator.requests) - asked <= 14 - items // 10
        expected = sorted(item.id for _, item in await Collection(LISTING, sources, limits=FAST).collect())
    assert ids(folder) == expected
    assert list(tmp_path.rglob(".*")) == []


async def test_a_run_that_could_complete_only_some_of_its_files_is_resumed(tmp_path: Path) -> None:
    path, folder, reports = tmp_path / "run.json", tmp_path / "out", []
    folder.mkdir()
    in_the_way = [folder / "a.csv", folder / "b.csv"]

    def observe(event: Event) -> None:
        if isinstance(event, SourceFinished) and len(in_the_way) == 2:
            in_the_way.pop(0 if event.origin.label == "a" else 1)
            in_the_way[0].mkdir()  # the file of the source that ends last
        if isinstance(event, RunFinished):
            reports.append(event.report)

    async with Emulator({"AWS": 95, "Sandbox": 40}) as emulator:
        sources = [of(emulator, "a"), of(emulator, "b", "Sandbox")]
        collection = Collection(LISTING, sources, limits=FAST, checkpoint=path, observer=observe)
        with pytest.raises(SinkError, match=r"Is a directory|not a regular file"):
            await collection.into(sink_for(folder, "{label}.csv"), save_every=0)
        assert (reports[0].output_written, reports[0].complete, reports[0].items) == (False, False, 135)
        assert saved_progress(path) == "135 items, 2 of 2 sources finished"
        in_the_way[0].rmdir()
        asked = len(emulator.requests)
        report = await collection.into(sink_for(folder, "{label}.csv"))
        assert (report.output_written, report.complete, len(emulator.requests)) == (True, True, asked)
        expected = sorted(item.id for _, item in await Collection(LISTING, sources, limits=FAST).collect())
    assert ids(folder) == expected
    assert list(tmp_path.rglob(".*")) == []
