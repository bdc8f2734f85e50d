"""A power failure leaves only what was synced to disk; from there, a run with a checkpoint resumes."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow.parquet
import pytest

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.sinks import open_sink
from aiopartnercentral.sinks.rejects import SinkWithRejects
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.power_failure import forgetting_disk

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral.sinks import Sink

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc"),  # noqa: PTH112 - at import
]


def sink_for(path: Path, rejects: Path | None) -> Sink:
    sink = open_sink(path, cls=account.ConnectionSummary)
    return sink if rejects is None else SinkWithRejects(sink, open_sink(rejects), str(rejects))


def ids(path: Path) -> list[str]:
    if path.suffix == ".parquet":
        found: list[str] = pyarrow.parquet.read_table(path).column("id").to_pylist()
        return found
    return [json.loads(line)["Id"] for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize(
    ("output", "rejects"),
    [("a.ndjson", None), ("a.parquet", None), ("{catalog}/{label}.ndjson", "bad.ndjson")],
)
async def test_whenever_the_power_fails_the_run_resumes(tmp_path: Path, output: str, rejects: str | None) -> None:
    root = tmp_path / "disk"
    root.mkdir()
    async with Emulator({"AWS": 15, "Sandbox": 5}) as emulator:
        sources = [of(emulator, "a"), of(emulator, "b", "Sandbox")]
        collection = Collection(LISTING, sources, limits=FAST, checkpoint=root / "run.checkpoint")
        make = partial(sink_for, root / output, None if rejects is None else root / rejects)
        with forgetting_disk(root) as disk:
            await collection.into(make(), save_every=0)
        expected = contents(root)
        assert sum(map(len, expected.values())) == 20
        assert len(disk.images) > 10
        asked: list[int] = []
        for image in disk.images:
            disk.restore(image)
            before = len(emulator.requests)
            report = await collection.into(make())
            asked.append(len(emulator.requests) - before)
            assert report.complete
            assert contents(root) == expected
    # The first image has no page, so all are requested. Once all is written, no page is, as long as the checkpoint is
    # there. Its removal is the last thing synced: what follows is a new run.
    assert (asked[0], asked[-2], asked[-1]) == (3, 0, 3)
    assert "run.checkpoint" not in disk.images[-1]


def contents(root: Path) -> dict[str, list[str]]:
    """Return the identifiers in each file; any other file would have none."""
    return {str(path.relative_to(root)): sorted(ids(path)) for path in root.rglob("*") if path.is_file()}


async def test_a_plain_output_survives_with_its_name(tmp_path: Path) -> None:
    async with Emulator({"AWS": 25}) as emulator:
        with forgetting_disk(tmp_path) as disk:
            collection: Any = Collection(LISTING, of(emulator, "a"), limits=FAST)
            await collection.into(open_sink(tmp_path / "{label}/a.ndjson"))
            assert disk.synced == {"a": None, "a/a.ndjson": (tmp_path / "a" / "a.ndjson").read_bytes()}
