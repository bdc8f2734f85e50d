"""Runs with outputs of each format, of which the checkpoint, the partial files and the committed files are stored.

The columns are chosen, as a release may add others.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from aiopartnercentral import account
from aiopartnercentral.sinks import Page, open_sink
from aiopartnercentral.sinks.rejects import SinkWithRejects
from aiopartnercentral.types import MalformedItem
from tests.formats.service import CATALOGS, PAGES, complete, interrupt, items
from tests.support.connections import connection
from tests.support.moto_server import moto_server
from tests.support.object_store import BUCKET, ObjectStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiopartnercentral.sinks import Sink

NAMES = ("out.ndjson", "out.ndjson.gz", "out.ndjson.zst", "out.csv", "out.csv.gz", "out.parquet")
TEMPLATES = ("{catalog}.csv", "{catalog}/{date}.parquet")
OBJECTS = (f"s3://{BUCKET}/out.parquet", f"s3://{BUCKET}/{{catalog}}.csv.gz")
COLUMNS = ("source_label", "source_catalog", "id", "arn", "other_participant_account_id", "updated_at")
MALFORMED = MalformedItem(
    raw=b'{"Id":7}',
    path="$.ConnectionSummaries[2].Id",
    reason="expected a string, found a number",
    request_id="request-1",
)


def sink(path: str, **options: Any) -> Sink:
    if ".ndjson" in path:
        return open_sink(path, **options)
    return open_sink(path, cls=account.ConnectionSummary, columns=COLUMNS, **options)


def assert_complete(directory: Path, name: str) -> None:
    """Check that a file, or the files of a template, have each item once, in the order of its catalog."""
    patterns = sorted({name.format(catalog=catalog, date="*") for catalog in CATALOGS})
    found = [each for pattern in patterns for path in directory.glob(pattern) for each in ids_in(path)]
    assert found == [each for catalog in CATALOGS for each in items(catalog)]


def ids_in(path: Path) -> list[str]:
    rows = duckdb.connect().execute(f"select Id from '{path}'").fetchall()  # noqa: S608 - a path of ours
    return [each for (each,) in rows]


def tear(directory: Path) -> None:
    """Append to each partial file what a killed process may have written after its last position."""
    for path in directory.rglob("*.part"):
        with path.open("ab") as file:
            file.write(b"torn")


async def begin_collection(directory: Path) -> None:
    await interrupt(directory, sink("{catalog}.ndjson"), "run.json")


async def resume_collection(directory: Path) -> None:
    tear(directory)
    await complete(directory, sink("{catalog}.ndjson"), "run.json")
    assert_complete(directory, "{catalog}.ndjson")


async def begin_files(directory: Path) -> None:
    """Leave a directory for runs that were interrupted, one for those killed after `commit`, and one with rejects."""
    for each in ("interrupted", "committed", "rejects"):
        (directory / each).mkdir()
    await begin_rejects(directory / "rejects")
    for name in NAMES:
        await interrupt(directory / "interrupted", sink(name), f"{name}.json")
        output = sink(str(directory / "committed" / name))
        await output.open(run_id="run")
        await output.write(page(0))
        position = await output.flush()
        await output.write(page(1))
        await output.commit()
        (directory / "committed" / f"{name}.json").write_text(json.dumps(position), encoding="utf-8")


async def resume_files(directory: Path) -> None:
    tear(directory)
    await resume_rejects(directory / "rejects")
    for name in NAMES:
        await complete(directory / "interrupted", sink(name), f"{name}.json")
        assert_complete(directory / "interrupted", name)
        output = sink(str(directory / "committed" / name))
        await output.open(json.loads((directory / "committed" / f"{name}.json").read_bytes()))
        for number in range(1, PAGES):
            await output.write(page(number))
        await output.commit()
        assert ids_in(directory / "committed" / name) == items("AWS")


def page(number: int, *malformed: MalformedItem) -> Page:
    wire = [connection("AWS", 2 * number + each) for each in (0, 1)]
    raw = [json.dumps(each).encode() for each in wire]
    read = [account.json_converter.loads(each, account.ConnectionSummary) for each in raw]
    return Page("AWS", "AWS", "ListConnections", read, raw, malformed=malformed)


def with_rejects(directory: Path) -> Sink:
    rejects = directory / "rejects.ndjson"
    return SinkWithRejects(sink(str(directory / "items.csv")), open_sink(rejects), str(rejects))


async def begin_rejects(directory: Path) -> None:
    output = with_rejects(directory)
    await output.open(run_id="run")
    await output.write(page(0, MALFORMED))
    (directory / "position.json").write_text(json.dumps(await output.flush()), encoding="utf-8")
    await output.abort(keep=True)


async def resume_rejects(directory: Path) -> None:
    output = with_rejects(directory)
    await output.open(json.loads((directory / "position.json").read_bytes()))
    await output.write(page(1))
    await output.write(page(2, MALFORMED))
    await output.commit()
    assert ids_in(directory / "items.csv") == items("AWS")
    found = [json.loads(line)["item"] for line in (directory / "rejects.ndjson").read_bytes().splitlines()]
    assert found == [{"Id": 7}, {"Id": 7}]


async def begin_partitions(directory: Path) -> None:
    for number, template in enumerate(TEMPLATES):
        await interrupt(directory, sink(template), f"{number}.json")


async def resume_partitions(directory: Path) -> None:
    tear(directory)
    for number, template in enumerate(TEMPLATES):
        await complete(directory, sink(template), f"{number}.json")
        assert_complete(directory, template)


@contextmanager
def objects() -> Iterator[ObjectStore]:
    """Run a store, which the environment names: as an option, its address would change the name of the spool."""
    with moto_server() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL_S3", url)
        store = ObjectStore.at(url)
        store.reset()
        yield store


async def begin_spool(directory: Path) -> None:
    with objects() as store:
        for number, url in enumerate(OBJECTS):
            await interrupt(directory, sink(url, spool=directory / "spool"), f"{number}.json")
        assert store.keys() == []


async def resume_spool(directory: Path) -> None:
    tear(directory)
    with objects() as store:
        for number, url in enumerate(OBJECTS):
            await complete(directory, sink(url, spool=directory / "spool"), f"{number}.json")
        for key in list(store.keys()):
            (directory / key).write_bytes(store.get(key))
    assert not list((directory / "spool").rglob("*.part"))
    for url in OBJECTS:
        assert_complete(directory, url.removeprefix(f"s3://{BUCKET}/"))
