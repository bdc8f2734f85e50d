"""The files around a checkpoint: its partial file and its lock."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from aiopartnercentral._pagination import progress
from aiopartnercentral.bulk import Collection, PageFetched, RunFinished, RunStarted, checkpoint_storage
from aiopartnercentral.bulk.checkpoint_file import read
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import CheckpointError, ServiceError
from aiopartnercentral.sinks import Sink, open_sink
from aiopartnercentral.sinks.partial_file import PartialFile
from aiopartnercentral.sinks.rejects import SinkWithRejects
from tests.support.bulk_sources import FAST, LISTING, of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from aiopartnercentral.bulk import Event

pytestmark = pytest.mark.anyio


def link(victim: Path, path: Path) -> None:
    path.symlink_to(victim)


def hard_link(victim: Path, path: Path) -> None:
    path.hardlink_to(victim)


def pipe(_: Path, path: Path) -> None:
    os.mkfifo(path)


@pytest.fixture
def readers() -> Iterator[list[int]]:
    """Descriptors that are closed at the end."""
    opened: list[int] = []
    yield opened
    for fd in opened:
        os.close(fd)


@pytest.mark.parametrize("plant", [link, hard_link, pipe])
async def test_what_lies_in_the_place_of_its_partial_file_is_replaced_and_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readers: list[int], plant: object
) -> None:
    path, victim, really = tmp_path / "run.checkpoint", tmp_path / "victim", os.fsync
    victim.write_text("precious")
    places = {tmp_path / "run.checkpoint.part"}

    def fsync(fd: int) -> None:
        really(fd)
        places.update(tmp_path.glob(".*.part"))

    async with Emulator({"AWS": 15}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        with monkeypatch.context() as watched:
            watched.setattr(os, "fsync", fsync)
            assert len(await collection.collect()) == 15
        for place in places:
            plant(victim, place)  # type: ignore[operator]
            if plant is pipe:
                readers.append(os.open(place, os.O_RDONLY | os.O_NONBLOCK))  # so that writing would not wait either
        assert len(await collection.collect()) == 15
    assert victim.read_text() == "precious"
    assert len(places) == 2
    assert {found.name for found in tmp_path.iterdir()} == {"victim", "run.checkpoint.part"}


@pytest.fixture(params=[errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL], ids=errno.errorcode.get)
def no_locks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", flock)


@pytest.mark.usefixtures("no_locks")
async def test_on_a_file_system_without_locks_it_is_used_without_one(tmp_path: Path) -> None:
    path, output = tmp_path / "run.checkpoint", tmp_path / "a.ndjson"
    async with Emulator({"AWS": 25}) as good, Emulator({"AWS": 5}, denied_catalogs=["AWS"]) as denied:
        sources = [of(good, "a"), of(denied, "b")]
        collection = Collection(LISTING, sources, limits=FAST, checkpoint=path, on_error="report")
        assert not (await collection.into(open_sink(output))).complete
        denied.denied_catalogs = []
        assert (await collection.into(open_sink(output))).complete
    assert output.read_bytes().count(b"\n") == 30
    assert [found.name for found in tmp_path.iterdir()] == ["a.ndjson"]


async def test_a_checkpoint_that_is_refused_leaves_no_lock_behind(tmp_path: Path) -> None:
    path = tmp_path / "run.checkpoint"
    path.write_text("else")
    with pytest.raises(CheckpointError):
        await Collection(LISTING, "AWS", checkpoint=path).collect()
    assert [found.name for found in tmp_path.iterdir()] == ["run.checkpoint"]


async def test_what_a_killed_run_left_of_a_source_that_is_skipped_later_is_removed(tmp_path: Path) -> None:
    path, output = tmp_path / "run.checkpoint", tmp_path / "{label}.ndjson"
    async with Emulator({"AWS": 25}) as good, Emulator({"AWS": 5}, denied_catalogs=["AWS"]) as denied:
        sources, options = [of(good, "a"), of(denied, "b")], dict[str, Any](limits=FAST, checkpoint=path)
        assert not (await Collection(LISTING, sources, on_error="report", **options).into(open_sink(output))).complete
        run_id = json.loads(path.read_bytes())["first_run_id"]
        left_over = PartialFile.create(str(tmp_path / "b.ndjson"), run_id)
        left_over.append(b"{}\n")
        left_over.close()
        other = PartialFile.create(str(tmp_path / "b.ndjson"), "another run")
        other.close()
        skipping = Collection(LISTING, sources, ignore_errors={"AccessDeniedException"}, **options)
        await skipping.into(open_sink(output))
    assert sorted(tmp_path.iterdir()) == [other.path, tmp_path / "a.ndjson"]


async def interrupted(collection: Callable[..., Collection[Any]], sink: Sink) -> None:
    """Collect until the third page of a source, and keep the partial files."""
    with anyio.CancelScope() as scope:

        def stop(event: Event) -> None:
            if isinstance(event, PageFetched) and event.page == 3:
                scope.cancel()

        await collection(observer=stop).into(sink, save_every=0)
    assert scope.cancelled_caught


@pytest.mark.parametrize(
    ("earlier", "later", "said"),
    [
        ("out.ndjson", "out.ndjson", None),
        ("out.ndjson", "other.ndjson", None),
        ("out.ndjson", "out.ndjson.gz", None),
        ("{label}.ndjson", "new-{label}.ndjson", None),
        ("{label}.ndjson", "out.ndjson", None),
        ("out.ndjson", "moved/out.ndjson", "the partial files of out.ndjson are not in the directory of the output"),
        ("out.ndjson", "moved/other.ndjson", "the partial files of out.ndjson are not in the directory of the output"),
        ("{label}/out.ndjson", "{label}/other.ndjson", None),
        (
            "b/{label}.ndjson",
            "{label}.ndjson",
            "the partial files of a.ndjson, b.ndjson are not in the directory of the output",
        ),
    ],
)
async def test_starting_over_leaves_no_partial_file_of_the_earlier_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, earlier: str, later: str, said: str | None
) -> None:
    for name in ("b", "moved"):
        (tmp_path / name).mkdir()
    async with Emulator({"AWS": 95}) as emulator:
        sources, path = [of(emulator, "a"), of(emulator, "b")], tmp_path / "run.json"
        make: Any = partial(Collection, LISTING, sources, limits=FAST, checkpoint=path)
        await interrupted(make, open_sink(tmp_path / earlier))
        run_id = json.loads(path.read_bytes())["first_run_id"]
        left = set(tmp_path.rglob(".*.part"))
        PartialFile.create(str(tmp_path / later.format(label="b")), run_id).close()  # after the last checkpoint
        assert left
        assert (await make(restart=True).into(open_sink(tmp_path / later))).complete
    is_elsewhere = earlier.count("/") != later.count("/")
    assert set(tmp_path.rglob(".*.part")) == (left if is_elsewhere else set())
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ([] if said is None else [said])


@pytest.mark.parametrize("is_killed", [True, False])
async def test_starting_over_on_another_day_finds_the_files_of_the_day_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, *, is_killed: bool
) -> None:
    def sink() -> SinkWithRejects:
        rejects = open_sink(tmp_path / "bad" / "{date}" / "m.ndjson")
        return SinkWithRejects(open_sink(tmp_path / "{date}" / "{label}.ndjson"), rejects, "m.ndjson")

    (tmp_path / "bad").mkdir()
    async with Emulator({"AWS": 95}) as good, Emulator({"AWS": 5}, denied_catalogs=["AWS"]) as denied:
        sources = [of(good, "a"), of(denied, "b")]
        make: Any = partial(Collection, LISTING, sources, limits=FAST, checkpoint=tmp_path / "run.json")
        with monkeypatch.context() as patched:
            patched.setattr(progress, "datetime", TheDayBefore)
            if is_killed:
                await interrupted(make, sink())
            else:
                await make(on_error="report").into(sink())
        assert bool(list(tmp_path.rglob(".*.part"))) == is_killed
        assert (tmp_path / "2026-01-01" / "a.ndjson").exists() != is_killed
        denied.denied_catalogs = []
        caplog.clear()
        assert (await make(restart=True).into(sink())).complete
    assert not list(tmp_path.rglob(".*.part"))
    assert caplog.messages == []


class TheDayBefore(datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime(2026, 1, 1, tzinfo=tz)


async def test_starting_over_says_which_sources_are_new(tmp_path: Path) -> None:
    path, output, events = tmp_path / "run.json", tmp_path / "out.ndjson", list[RunStarted]()

    def observe(event: Event) -> None:
        if isinstance(event, RunStarted):
            events.append(event)

    async with Emulator({"AWS": 95}) as emulator:
        a, b, c = (of(emulator, label) for label in "abc")
        await interrupted(partial(Collection, LISTING, [a, b], limits=FAST, checkpoint=path), open_sink(output))
        make: Any = partial(Collection, LISTING, limits=FAST, checkpoint=path, observer=observe)
        await make([a, c], on_error="report").into(open_sink(output))
    (event,) = events
    assert event.resumption == (
        "starts over: the output has items of sources that are no longer collected; new: c ListConnections; "
        "no longer collected: b"
    )


async def test_files_that_a_run_leaves_in_place_are_in_its_report(tmp_path: Path) -> None:
    path, stale = tmp_path / "run.json", tmp_path / "b.json"
    stale.touch()
    os.utime(stale, (1764300000, 1764300000))
    reports = []

    def observe(event: Event) -> None:
        if isinstance(event, RunFinished):
            reports.append(event.report)

    async with Emulator({"AWS": 25}) as good, Emulator({"AWS": 5}, denied_catalogs=["AWS"]) as denied:
        sources, options = [of(good, "a"), of(denied, "b")], dict[str, Any](limits=FAST, observer=observe)
        collection = Collection(LISTING, sources, checkpoint=path, on_error="report", **options)
        report = await collection.into(open_sink(tmp_path / "{label}.json", format="ndjson"))
        with pytest.raises(ServiceError):
            await Collection(LISTING, sources[1], **options).into(open_sink(tmp_path / "{label}.json", format="ndjson"))
    assert path.exists()
    assert [file.path for file in report.earlier_files] == [str(stale)]
    line = f"earlier files left in place: {stale}; written 2025-11-28 03:20:00 UTC"
    assert str(report).splitlines()[-1] == line
    assert reports[0].earlier_files == report.earlier_files
    assert [file.path for file in reports[1].earlier_files] == [str(tmp_path / "a.json"), str(stale), str(path)]


async def test_only_its_own_lock_is_removed(tmp_path: Path) -> None:
    path, other = tmp_path / "run.checkpoint", tmp_path / "run.checkpoint.lock"
    other.write_text("of another program")
    async with Emulator({"AWS": 5}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        async with collection as stream:
            assert len(list(tmp_path.glob(".*.lock"))) == 1
            async for _ in stream:
                pass
    assert other.read_text() == "of another program"
    assert list(tmp_path.iterdir()) == [other]


async def test_its_removal_survives_a_power_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, removed, really = tmp_path / "run.checkpoint", list[bool](), checkpoint_storage.sync_directory

    def sync_directory(directory: Path) -> None:
        really(directory)
        removed.append(not path.exists())

    monkeypatch.setattr(checkpoint_storage, "sync_directory", sync_directory)
    async with Emulator({"AWS": 15}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        await collection.into(open_sink(tmp_path / "out.ndjson"), save_every=0)
    assert removed == [True]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "1 second"), (1.5, "1.5 seconds"), (60, "1 minute"), (3600, "1 hour"), (43200, "12 hours")],
)
def test_the_age_that_is_too_old_is_told_in_words(tmp_path: Path, seconds: float, words: str) -> None:
    path = tmp_path / "run.json"
    path.write_text('{"format":"aiopartnercentral checkpoint"')
    os.utime(path, (0, 0))
    _, reason = read(path, timedelta(seconds=seconds), restart=False)
    assert reason == f"the run of 1970-01-01 00:00:00 UTC is older than {words}"
