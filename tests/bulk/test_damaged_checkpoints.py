"""A checkpoint that was damaged or forged is refused, or changes nothing outside of the output."""

from __future__ import annotations

import os
import random
import threading
from typing import TYPE_CHECKING

import anyio
import pytest

from aiopartnercentral.bulk import Collection, Limits, PageFetched
from aiopartnercentral.bulk.checkpoint_file import _with_checksum
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import CheckpointError
from aiopartnercentral.sinks import open_sink
from tests.support.bulk_sources import LISTING, of

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral.bulk import Event

pytestmark = pytest.mark.anyio

LIMITS = Limits(rate=10_000, concurrency=2)


class Interrupted:
    """A collection of two accounts into a file each, which was interrupted."""

    def __init__(self, root: Path, emulator: Emulator) -> None:
        self.out, self.checkpoint = root / "out", root / "run.checkpoint"
        self.out.mkdir()
        self._sources = [of(emulator, "a"), of(emulator, "b")]
        self._emulator = emulator

    async def begin(self) -> bytes:
        """Collect until the third page of a source, and return the content of the checkpoint."""
        scope = anyio.CancelScope()

        def stop(event: Event) -> None:
            if isinstance(event, PageFetched) and event.page == 3:
                scope.cancel()

        with scope:
            await self.resume(observer=stop)
        return self.checkpoint.read_bytes()

    async def resume(self, *, template: str = "{label}.ndjson", **options: object) -> None:
        collection = Collection(LISTING, self._sources, limits=LIMITS, checkpoint=self.checkpoint, **options)  # type: ignore[arg-type]
        await collection.into(open_sink(self.out / template), save_every=0)

    @property
    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.out.iterdir()}


async def test_no_damage_is_accepted(tmp_path: Path) -> None:
    async with Emulator({"AWS": 60}) as emulator:
        run = Interrupted(tmp_path, emulator)
        data = await run.begin()
        files, dice = run.files, random.Random(4)
        damaged = [data[:length] for length in (1, *dice.sample(range(len(data)), 20), len(data) - 1)]
        damaged += [data + more for more in (b" ", b"\0", data)]
        for position in (*range(8 * (len(data) - 50), 8 * len(data), 7), *dice.sample(range(8 * len(data)), 200)):
            flipped = bytearray(data)
            flipped[position // 8] ^= 1 << position % 8
            damaged.append(bytes(flipped))
        asked = len(emulator.requests)
        for content in damaged:
            run.checkpoint.write_bytes(content)
            with pytest.raises(CheckpointError, match=r"is not a checkpoint|is damaged|has version"):
                await run.resume()
        assert (len(emulator.requests), run.files) == (asked, files)
        run.checkpoint.write_bytes(data)
        await run.resume()
        assert [content.count(b"\n") for content in run.files.values()] == [60, 60]


@pytest.mark.parametrize(
    ("old", "new"), [(b'"first_run_id":', b'"more":1,"first_run_id":'), (b'"sources":[{', b'"sources":[{"more":1,')]
)
async def test_an_unknown_key_is_refused(tmp_path: Path, old: bytes, new: bytes) -> None:
    async with Emulator({"AWS": 60}) as emulator:
        run = Interrupted(tmp_path, emulator)
        content = (await run.begin()).rpartition(b',"checksum":')[0] + b"}"
        assert old in content
        run.checkpoint.write_bytes(_with_checksum(content.replace(old, new, 1)))
        with pytest.raises(CheckpointError, match="unknown field `more`"):
            await run.resume()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no named pipes")
async def test_a_checkpoint_that_is_a_pipe_is_refused_without_waiting_for_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    os.mkfifo(path)
    writer = os.fdopen(os.open(path, os.O_RDWR), "wb", buffering=0)
    late = threading.Timer(10, writer.close)  # ends the wait of a reader, so that the test would fail and not hang
    late.start()
    with pytest.raises(CheckpointError, match="cannot be read: not a regular file"):
        await Collection(LISTING, "AWS", checkpoint=path).collect()
    late.cancel()
    late.join()
    writer.close()
    assert list(tmp_path.iterdir()) == [path]


async def test_a_checkpoint_that_is_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"cannot be read: (not a regular file|Is a directory)"):
        await Collection(LISTING, "AWS", checkpoint=tmp_path).collect()
    assert list(tmp_path.iterdir()) == []
    assert list(tmp_path.parent.glob(".aiopartnercentral-*.lock")) == []
