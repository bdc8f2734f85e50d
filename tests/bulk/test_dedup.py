"""What is in an output already is recognised when a source has to begin anew."""

from __future__ import annotations

import csv
import json
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import msgspec
import pytest
from hypothesis import given, strategies as st

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, PageFetched, Source, SourceRestarted, checkpoint_file
from aiopartnercentral.bulk.dedup import SeenItems
from aiopartnercentral.emulator import Emulator, ExpiredPageToken, Fault
from aiopartnercentral.errors import CheckpointError
from aiopartnercentral.sinks import open_sink
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.connections import connection
from tests.support.servers import Reply, scripted_server

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from aiopartnercentral.bulk import Event, Report
    from tests.support.servers import Received

ITEMS = st.lists(st.binary(max_size=1), max_size=12)


@given(passes=st.lists(ITEMS, min_size=1, max_size=5), kept=st.booleans())
def test_everything_is_new_as_often_as_it_was_there_at_once(passes: Iterable[list[bytes]], kept: bool) -> None:  # noqa: FBT001 - drawn
    seen, output, most = SeenItems(), Counter[bytes](), Counter[bytes]()
    for number, items in enumerate(passes):
        if number:
            seen.restart()
        for item in items:
            output[item] += seen.add(item)
            if kept:
                seen = SeenItems.load(bytes(seen.seen), seen.stored_expected)
        most |= Counter(items)
        assert +output == most


async def collected(emulator: Emulator, folder: Path, name: str, *, until: int | None = None) -> Report | None:
    """Collect into a file until so many pages have come in this run, or everything."""
    scope = anyio.CancelScope()

    def stop(event: Event) -> None:
        if isinstance(event, PageFetched) and event.page == until and event.origin.label == "a":
            scope.cancel()

    sources = [of(emulator, "a"), of(emulator, "b", "Sandbox")]
    options: dict[str, Any] = {"limits": FAST, "checkpoint": folder / "run.json", "observer": stop}
    collection = Collection(LISTING, sources, on_malformed="report", **options)
    (cls,) = collection.item_classes.values()
    with scope:
        return await collection.into(open_sink(folder / name, cls=cls), save_every=0)
    return None


def identifiers(path: Path) -> list[str]:
    if path.suffix == ".ndjson":
        return sorted(json.loads(line)["Id"] for line in path.read_bytes().splitlines())
    with path.open(newline="", encoding="utf-8") as file:
        return sorted(row["id"] for row in csv.DictReader(file))


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["out.ndjson", "out.csv"])
async def test_each_item_is_written_once_whenever_tokens_expire(tmp_path: Path, name: str) -> None:
    sizes, expired = {"AWS": 250, "Sandbox": 30}, Fault(ExpiredPageToken(), catalog="AWS", calls=1)
    async with Emulator(sizes) as emulator:
        whole = tmp_path / "whole"
        whole.mkdir()
        assert await collected(emulator, whole, name)
        assert await collected(emulator, tmp_path, name, until=9) is None
    # Once more from the beginning; then from within what is in the output already, and from the beginning again.
    for faults, until in (([expired], 4), ([], 2), ([expired], 7)):
        async with Emulator(sizes, faults=faults) as emulator:
            assert await collected(emulator, tmp_path, name, until=until) is None
    async with Emulator(sizes) as emulator:
        report = await collected(emulator, tmp_path, name)
    assert report is not None
    assert report.complete
    assert report.items == 280
    assert identifiers(tmp_path / name) == identifiers(whole / name)
    assert len(set(identifiers(whole / name))) == 280


@pytest.mark.anyio
async def test_a_source_whose_tokens_went_in_a_circle_begins_anew(tmp_path: Path) -> None:
    following, events = {None: "a", "a": "b", "b": "a"}, list[Any]()

    def answer(received: Received) -> Reply:
        token = received.body.get("NextToken")
        item = connection("AWS", list(following).index(token))
        return Reply({"ConnectionSummaries": [item], "NextToken": following[token]})

    with scripted_server() as server:
        server.answer = answer
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        options: dict[str, Any] = {"limits": FAST, "checkpoint": tmp_path / "run.json", "observer": events.append}
        collection = Collection(LISTING, source, on_error="report", **options)
        report = await collection.into(open_sink(tmp_path / "out.ndjson"))
        assert len(report.failures) == 1
        following["b"] = ""
        report = await collection.into(open_sink(tmp_path / "out.ndjson"))
    (state,) = report.sources.values()
    assert (state.complete, state.restarted, state.items, state.pages) == (True, True, 3, 3)
    assert [type(event) for event in events].count(SourceRestarted) == 1
    assert identifiers(tmp_path / "out.ndjson") == [connection("AWS", number)["Id"] for number in range(3)]


@pytest.mark.anyio
async def test_the_report_counts_what_is_in_the_output_although_the_service_has_less(tmp_path: Path) -> None:
    here, tokens, denied = list(range(12)), "a", 6

    def answer(received: Received) -> Reply:
        kind, _, number = received.body.get("NextToken", f"{tokens}-0").partition("-")
        if kind != tokens:
            return Reply({"__type": "ValidationException"}, status=400)
        if int(number) >= denied:
            return Reply({"__type": "AccessDeniedException"}, status=400)
        page = [each for each in here if each >= int(number)]
        following = f"{tokens}-{page[3]}" if page[3:] else None
        return Reply({"ConnectionSummaries": [connection("AWS", each) for each in page[:3]], "NextToken": following})

    counts = []
    with scripted_server() as server:
        server.answer = answer
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        # The run that restarts is interrupted while most of what it has fetched is in the output.
        for now, limit in (("a", 6), ("b", 4), ("b", 9), ("b", 100)):
            tokens, denied, here = now, limit, [each for each in here if now == "a" or each not in (1, 4)]
            collection = Collection(LISTING, source, limits=FAST, checkpoint=tmp_path / "run.json", on_error="report")
            report = await collection.into(open_sink(tmp_path / "out.ndjson"))
            (state,) = report.sources.values()
            counts.append((state.items, state.resumed_items, state.restarted))
    assert identifiers(tmp_path / "out.ndjson") == [connection("AWS", number)["Id"] for number in range(12)]
    assert counts == [(6, 0, False), (6, 6, True), (11, 6, False), (12, 11, False)]
    assert state.complete


@pytest.mark.anyio
async def test_what_was_malformed_once_is_not_taken_for_written(tmp_path: Path) -> None:
    item = connection("AWS", 0)
    strict = account.make_json_converter()
    spelled = strict.dumps(strict.structure(item, account.ConnectionSummary))  # as it is recognised by

    def refuse(*_: object) -> account.ConnectionSummary:
        raise ValueError

    strict.register_structure_hook(account.ConnectionSummary, refuse)
    expired = False

    def answer(received: Received) -> Reply:
        if expired and "NextToken" in received.body:
            return Reply({"__type": "ValidationException", "Message": "", "Reason": "X"}, status=400)
        following = b"" if "NextToken" in received.body or expired else b',"NextToken":"t"'
        return Reply(b'{"ConnectionSummaries":[%b]%b}' % (spelled, following))

    with scripted_server() as server:
        server.answer = answer
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        make = partial(Collection, LISTING, source, limits=FAST, checkpoint=tmp_path / "run.json")
        scope = anyio.CancelScope()
        with scope:
            await make(json_converter=strict, on_malformed="report", observer=lambda event: after(event, scope)).into(
                open_sink(tmp_path / "out.csv", cls=account.ConnectionSummary), save_every=0
            )
        expired = True
        report = await make().into(open_sink(tmp_path / "out.csv", cls=account.ConnectionSummary))
    assert report.complete
    assert identifiers(tmp_path / "out.csv") == [item["Id"]]


def after(event: Event, scope: anyio.CancelScope) -> None:
    if isinstance(event, PageFetched) and event.page == 2:
        scope.cancel()


@pytest.mark.anyio
async def test_a_checkpoint_whose_fingerprints_are_cut_off_is_refused(tmp_path: Path) -> None:
    async with Emulator({"AWS": 250, "Sandbox": 1}) as emulator:
        await collected(emulator, tmp_path, "out.ndjson", until=9)
        told = msgspec.json.decode((tmp_path / "run.json").read_bytes())
        assert len(told["sources"][0]["seen"]) > 100
        told["sources"][0]["seen"] = told["sources"][0]["seen"][4:]
        del told["checksum"]
        (tmp_path / "run.json").write_bytes(checkpoint_file._with_checksum(msgspec.json.encode(told)))
        with pytest.raises(CheckpointError, match="fingerprints are truncated"):
            await collected(emulator, tmp_path, "out.ndjson")
