"""`{date}` in the names of files: the day on which the run began, for all of them, whenever they are opened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from aiopartnercentral import account
from aiopartnercentral._pagination import progress
from aiopartnercentral.bulk import Collection, Source
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import SinkError
from aiopartnercentral.sinks import open_sink, path_template
from aiopartnercentral.sinks.partitioned import PartitionedSink
from aiopartnercentral.sinks.rejects import SinkWithRejects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiopartnercentral.sinks import Sink

pytestmark = pytest.mark.anyio

AGE = timedelta(days=99999)


class Clock(datetime):
    """A wall clock that shows another day each time."""

    days = 0

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        cls.days += 1
        return datetime(2026, 1, 1, tzinfo=tz) + timedelta(days=cls.days - 1)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(Clock, "days", 0)
    for module in (progress, path_template):
        monkeypatch.setattr(module, "datetime", Clock)
    monkeypatch.setattr("aiopartnercentral.sinks.partitioned.datetime", Clock)
    return Clock


@pytest.fixture
async def make() -> Any:
    async with Emulator({"AWS": 95}) as emulator:
        yield partial(
            Collection, account.listings.list_connections(), Source("AWS", endpoint_url=emulator.endpoint_url)
        )


@pytest.fixture
def sink(tmp_path: Path) -> Callable[[], Sink]:
    def make_sink() -> Sink:
        rejects = open_sink(tmp_path / "{date}" / "bad.ndjson")
        return SinkWithRejects(open_sink(tmp_path / "{date}" / "{catalog}.ndjson"), rejects, "bad.ndjson")

    return make_sink


def days(folder: Path) -> dict[str, set[str]]:
    """Return the names of the files in each directory."""
    return {path.name: {each.name for each in path.iterdir()} for path in folder.iterdir() if path.is_dir()}


@pytest.mark.usefixtures("clock")
async def test_every_file_has_the_day_in_the_report(make: Any, sink: Callable[[], Sink], tmp_path: Path) -> None:
    made = sink()
    report = await make().into(made)
    assert days(tmp_path) == {f"{report.started_at:%Y-%m-%d}": {"AWS.ndjson", "bad.ndjson"}}
    again = await make().into(made)  # as in a service that makes its sink once
    assert again.started_at > report.started_at
    assert days(tmp_path).keys() == {f"{each.started_at:%Y-%m-%d}" for each in (report, again)}


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("is_opened", [False, True])
async def test_a_resumed_run_keeps_the_day_of_the_first(
    make: Any, sink: Callable[[], Sink], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_opened: bool
) -> None:
    name = "write" if is_opened else "open"  # the latter before the checkpoint has a position of the sink
    collect = partial(make, checkpoint=tmp_path / "run.json", checkpoint_max_age=AGE)

    async def refuse(*_: object, **__: object) -> None:
        await anyio.lowlevel.checkpoint()
        raise SinkError("AWS.ndjson", "No space left on device")

    with monkeypatch.context() as patched:
        if is_opened:
            patched.setattr("aiopartnercentral.sinks.text_files.NdjsonSink.write", refuse)
        else:
            patched.setattr(PartitionedSink, name, refuse)
        with pytest.raises(SinkError, match="No space"):
            await collect().into(sink())
    report = await collect().into(sink())
    assert report.resumes is not None
    assert report.started_at > report.resumes.started_at
    files = {day: names for day, names in days(tmp_path).items() if names}
    assert files == {f"{report.resumes.started_at:%Y-%m-%d}": {"AWS.ndjson", "bad.ndjson"}}


@pytest.mark.usefixtures("clock")
async def test_without_a_collection_it_is_the_day_on_which_the_sink_is_opened(tmp_path: Path) -> None:
    sink = open_sink(tmp_path / "{date}.ndjson")
    for _ in range(2):
        await sink.open()
        await sink.commit()
    first, second = sorted(path.name for path in tmp_path.iterdir())
    assert first < second
    assert f"{datetime.now(UTC):%Y-%m-%d}.ndjson" not in {first, second}
