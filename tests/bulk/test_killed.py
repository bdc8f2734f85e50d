"""A run that is killed at any moment, and started again, ends with what an undisturbed one ends with."""

from __future__ import annotations

import csv
import gzip
import json
import random
import subprocess
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pyarrow.parquet
import pytest
from anyio.from_thread import start_blocking_portal

from aiopartnercentral import account
from aiopartnercentral.emulator import Emulator
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT = Path(__file__).with_name("collect_program.py")
SIZES = [{"AWS": 230, "Sandbox": 35}, {"AWS": 0, "Sandbox": 101}, {"AWS": 160, "Sandbox": 1}]


@pytest.fixture(scope="module")
def emulators() -> Iterator[list[Emulator]]:
    async def started(stack: AsyncExitStack) -> list[Emulator]:
        emulators = [Emulator(sizes, seed=number, latency=0.02) for number, sizes in enumerate(SIZES)]
        return [await stack.enter_async_context(emulator) for emulator in emulators]

    with start_blocking_portal("asyncio") as portal:
        stack = AsyncExitStack()
        try:
            yield portal.call(started, stack)
        finally:
            portal.call(stack.aclose)


def started(folder: Path, name: str, emulators: list[Emulator]) -> subprocess.Popen[str]:
    urls = [emulator.endpoint_url for emulator in emulators]
    command = [sys.executable, str(SCRIPT), str(folder / "run.json"), str(folder / name), *urls]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])


def read(path: Path) -> list[str]:
    """Return the identifiers of all connections in a file."""
    match "".join(path.suffixes):
        case ".ndjson":
            ids = [json.loads(line)["Id"] for line in path.read_bytes().splitlines()]
        case ".ndjson.gz":
            ids = [json.loads(line)["Id"] for line in gzip.decompress(path.read_bytes()).splitlines()]
        case ".csv":
            with path.open(newline="", encoding="utf-8") as file:
                rows: Any = csv.DictReader(file)
                ids = [row["id"] for row in rows]
        case _:
            ids = pyarrow.parquet.read_table(path).column("id").to_pylist()
    return sorted(ids)


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz", "a.csv", "a.parquet"])
def test_killed_and_started_again_it_yields_every_item_once(
    tmp_path: Path, emulators: list[Emulator], name: str
) -> None:
    def requests() -> int:
        return sum(len(emulator.requests) for emulator in emulators)

    dice = random.Random(name)
    kills = 0
    for _ in range(100):
        process = started(tmp_path, name, emulators)
        assert process.stdout is not None
        if process.stdout.readline() != "begins\n":
            pytest.fail("the run did not begin")
        if kills < 5:
            last = requests() + dice.randrange(1, 25)  # of 56 requests
            while requests() < last and process.poll() is None:
                time.sleep(0.001)
            kills += process.poll() is None
            process.kill()
        if process.wait(GUARD) == 0:
            break
        process.stdout.close()
    with process.stdout:
        assert int(process.stdout.read()) == sum(sum(sizes.values()) for sizes in SIZES)
    assert kills >= 2
    assert read(tmp_path / name) == everything()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def everything() -> list[str]:
    """Return the identifiers of all connections of the emulators, as an undisturbed reader gets them."""

    async def listed() -> list[str]:
        found: list[str] = []
        for number, sizes in enumerate(SIZES):
            async with Emulator(sizes, seed=number) as emulator, _client(emulator) as client:
                paginator = client.paginate.list_connections(catalogs=["AWS", "Sandbox"])
                found += [item.id for _, item in await paginator.collect()]
        return found

    return sorted(anyio.run(listed))


def _client(emulator: Emulator) -> Any:
    return account.connect(endpoint_url=emulator.endpoint_url, aws_access_key_id="any", aws_secret_access_key="any")
