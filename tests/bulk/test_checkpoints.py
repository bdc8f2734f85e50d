"""Going on where an earlier run has stopped, from a file that says how far each source had come."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import time
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import pytest

from aiopartnercentral import account
from aiopartnercentral._pagination.progress import Beginning
from aiopartnercentral._pagination.report import Outcome, SourcesFailedError
from aiopartnercentral.bulk import Collection, RunStarted, Source, SourceRestarted, SourceStarted
from aiopartnercentral.bulk.checkpoint import Checkpoint
from aiopartnercentral.bulk.spec import Question
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import CheckpointError, DecodeError, SinkError
from aiopartnercentral.sinks import NdjsonSink, S3Options, open_sink
from tests.support.bulk_sources import FAST, of, take
from tests.support.connections import connection
from tests.support.servers import Reply, scripted_server
from tests.support.tasks import GUARD, no_task_left

if TYPE_CHECKING:
    from tests.support.servers import Received, ScriptedServer

pytestmark = pytest.mark.anyio

LISTING = account.listings.list_connections(page_size=10)
OURS = b'{"format":"aiopartnercentral checkpoint"'


def told(path: Path) -> dict[str, Any]:
    return {entry["label"]: entry for entry in json.loads(path.read_bytes())["sources"]}


async def saved(path: Path, *, pages: int) -> None:
    """Wait until the checkpoint has these pages of the source."""
    with anyio.fail_after(GUARD):
        while told(path)["a"].get("pages", 0) != pages:
            await anyio.sleep(0.005)


async def test_a_later_run_goes_on_exactly_where_this_one_was_left(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 95, "Sandbox": 25}) as emulator:
        sources = [of(emulator, "a"), of(emulator, "b", "Sandbox")]
        whole = await Collection(LISTING, sources, limits=FAST).collect()
        everything = sorted(item.id for _, item in whole)
        make = partial(Collection, LISTING, sources, limits=FAST, checkpoint=path)
        seen: list[str] = []
        for step in (11, 31, 1, 20, 100):
            asked = len(emulator.requests)
            seen += await take(make(), step)
            if path.exists():
                pages = sum(entry.get("pages", 0) for entry in told(path).values())
                seen = seen[: pages * 10]  # what stands in a page that was not taken to its end comes again
            assert len(emulator.requests) - asked <= 12
        assert sorted(seen) == everything
        assert not path.exists()
        assert list(tmp_path.iterdir()) == []


async def test_finished_sources_are_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 25}) as good, Emulator({"AWS": 5}, denied_catalogs=["AWS"]) as denied:
        sources = [of(good, "good"), of(denied, "denied")]
        collection = Collection(LISTING, sources, limits=FAST, checkpoint=path)
        with pytest.raises(SourcesFailedError) as caught:
            await collection.collect()
        kept: Any = caught.value.collected
        assert len(kept) == kept.report.items == 25
        good_entry = told(path)["good"]
        assert good_entry.pop("started_at") <= good_entry.pop("finished_at")
        assert good_entry == {
            "label": "good",
            "catalog": "AWS",
            "listing": "ListConnections",
            "outcome": "complete",
            "pages": 3,
            "items": 25,
        }
        assert told(path)["denied"]["error"] == "AccessDeniedException"
        denied.denied_catalogs = []
        asked = len(good.requests)
        collected = await collection.collect()
        assert len(good.requests) == asked
        assert [origin.label for origin, _ in collected] == ["denied"] * 5
        assert collected.report.complete
        assert collected.report.items == 30
    assert not path.exists()


class Full(NdjsonSink):
    """Has no room at the end."""

    async def commit(self) -> None:
        raise SinkError(self.output, "No space left on device")


async def test_an_output_that_fails_at_the_very_end_can_be_gone_on_with(tmp_path: Path) -> None:
    path, file = tmp_path / "run.json", tmp_path / "a.ndjson"
    async with Emulator({"AWS": 25}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        with pytest.raises(SinkError):
            await collection.into(Full(file))
        asked = len(emulator.requests)
        report = await collection.into(NdjsonSink(file))
        assert len(emulator.requests) == asked
    assert report.complete
    assert file.read_bytes().count(b"\n") == 25
    assert [each.name for each in tmp_path.iterdir()] == ["a.ndjson"]


async def test_a_consumer_that_fails_at_the_last_page_gets_it_again(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 25}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        with suppress(ZeroDivisionError):
            async with collection as stream:
                for _ in range(25):
                    await anext(stream)
                raise ZeroDivisionError
        assert len(await collection.collect()) == 5
    assert not path.exists()


async def test_it_is_written_after_every_page_that_was_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 30}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        async with collection as stream:
            for number in range(30):
                await anext(stream)
                pages = number // 10
                with anyio.fail_after(GUARD):
                    while told(path)["a"].get("pages", 0) != pages:
                        await anyio.sleep(0.005)


async def test_it_holds_neither_secrets_nor_items_and_is_its_owners(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASECRET")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-seen")
    path = tmp_path / "run.json"
    wrong = {**connection("AWS", 1), "UpdatedAt": "then"}
    with scripted_server() as server:
        server.replies(Reply({"ConnectionSummaries": [connection("AWS", 3), wrong], "NextToken": "t"}), Reply(b"{"))
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        listing = account.listings.list_connections(other_participant_identifiers=["123456789012"])
        collection = Collection(
            listing,
            source,
            limits=FAST,
            checkpoint=path,
            on_malformed="report",
        )
        with pytest.raises(DecodeError):
            await collection.collect()
        text = path.read_text()
        for hidden in ("123456789012", "AKIASECRET", "not-to-be-seen", wrong["Id"]):
            assert hidden not in text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert told(path)["a"]["malformed"][0]["path"] == "$.ConnectionSummaries[1].UpdatedAt"
        server.replies(Reply({"ConnectionSummaries": []}))
        collected = await collection.collect()
    (state,) = collected.report.sources.values()
    assert (state.outcome, state.items, state.complete) == (Outcome.COMPLETE, 1, False)
    assert [(item.path, item.raw) for item in state.malformed] == [("$.ConnectionSummaries[1].UpdatedAt", None)]


class OddError(Exception):
    """Has a code that is no text, as errors of other libraries have."""

    def __init__(self, code: object) -> None:
        super().__init__("hidden")
        self.code = code


@pytest.mark.parametrize("code", [403, print, "s e c r e t", None])
async def test_an_error_with_an_odd_code_is_kept_by_its_name(tmp_path: Path, code: object) -> None:
    async def fail() -> Any:
        raise OddError(code)

    path = tmp_path / "run.json"
    async with Emulator({"AWS": 5}) as emulator:
        sources = [of(emulator, "a"), Source("AWS", credentials=fail, endpoint_url=emulator.endpoint_url, label="b")]
        for _ in range(2):
            collection = Collection(LISTING, sources, limits=FAST, checkpoint=path, on_error="report")
            report = await collection.into(open_sink(tmp_path / "out.ndjson"))
            assert [type(error) for error in report.failures.values()] == [OddError]
            assert told(path)["b"]["error"] == "OddError"


async def test_leaving_by_a_cancellation_saves_it(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 95}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        with anyio.CancelScope() as scope:
            async with collection as stream:
                for _ in range(41):
                    await anext(stream)
                scope.cancel()
                await anyio.lowlevel.checkpoint()
    assert scope.cancelled_caught
    assert told(path)["a"]["pages"] == 4


async def test_a_native_cancellation_lets_no_two_write_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really, loop, writers, most, written = os.fsync, asyncio.get_running_loop(), 0, 0, 0

    def fsync(fd: int) -> None:
        nonlocal writers, most, written
        writers, written = writers + 1, written + 1
        most = max(most, writers)
        if written == 3:
            loop.call_soon_threadsafe(task.cancel)
            time.sleep(0.05)
        really(fd)
        writers -= 1

    path = tmp_path / "run.json"
    async with Emulator({"AWS": 95}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        with monkeypatch.context() as slow:
            slow.setattr(os, "fsync", fsync)
            task = asyncio.create_task(collection.into(open_sink(tmp_path / "out.ndjson"), save_every=0))
            with pytest.raises(asyncio.CancelledError):
                await task
        assert most == 1
        assert (await collection.into(open_sink(tmp_path / "out.ndjson"))).complete
    assert [file.name for file in tmp_path.iterdir()] == ["out.ndjson"]


def expiring(server: ScriptedServer, tokens: list[str], code: str = "ValidationException") -> None:
    """Answer three pages of one connection each; refuse the tokens until the listing begins after a refusal.

    A run that was left early may have asked for a page that the server has not read yet: that request counts for
    nothing.
    """
    refused: set[str] = set()

    def answer(received: Received) -> Reply:
        token = received.body.get("NextToken")
        if token is None and refused:
            tokens.clear()
        if token in tokens:
            refused.add(token)
            return Reply({"__type": code, "Message": "no such token", "Reason": "X"}, status=400)
        number = int(token or 0)
        following = {"NextToken": str(number + 1)} if number < 2 else {}
        return Reply({"ConnectionSummaries": [connection("AWS", number)], **following})

    server.answer = answer


async def test_an_expired_token_restarts_its_source_and_says_so(tmp_path: Path) -> None:
    path, events = tmp_path / "run.json", list[Any]()
    with scripted_server() as server:
        expiring(server, [])
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        make = partial(Collection, LISTING, source, limits=FAST, checkpoint=path, observer=events.append)
        async with make() as stream:
            await anext(stream)
            await anext(stream)
        assert told(path)["a"]["next_token"] == "2"
        events.clear()
        expiring(server, ["2"])
        collected = await make().collect()
    assert [item.id for _, item in collected] == [connection("AWS", number)["Id"] for number in range(3)]
    (state,) = collected.report.sources.values()
    assert (state.restarted, state.items, state.pages, state.outcome) == (True, 3, 3, Outcome.COMPLETE)
    assert (state.resumed, state.resumed_items, state.resumed_pages) == (True, 0, 0)
    assert state.started_at is not None
    assert state.started_at < collected.report.started_at  # an output would still have items of the earlier run
    assert [type(event) for event in events[1:3]] == [SourceStarted, SourceRestarted]
    assert events[1].resumed


async def test_a_resumed_source_that_is_denied_has_failed_and_does_not_begin_anew(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    with scripted_server() as server:
        expiring(server, [])
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        make = partial(Collection, LISTING, source, limits=FAST, checkpoint=path, on_error="report")
        async with make() as stream:
            await anext(stream)
            await anext(stream)
        expiring(server, ["2"], "AccessDeniedException")
        collected = await make().collect()
    assert collected == []
    (state,) = collected.report.sources.values()
    assert (state.restarted, state.outcome, state.next_token) == (False, Outcome.FAILED, "2")


async def test_what_the_consumer_failed_over_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 25}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - raised over the last item of the second page
            async with collection as stream:
                for _ in range(20):
                    await anext(stream)
                assert stream.report.pages == 2  # handed over, and yet not taken over
                raise ZeroDivisionError
        assert told(path)["a"]["pages"] == 1
        collected = await collection.collect()
    assert len(collected) == 15


async def test_a_token_that_is_refused_in_the_same_run_is_a_failure(tmp_path: Path) -> None:
    with scripted_server() as server:
        expiring(server, ["1"])
        source = Source("AWS", endpoint_url=server.url, label="a", account="a")
        collection = Collection(LISTING, source, limits=FAST, checkpoint=tmp_path / "run.json")
        with pytest.raises(account.ValidationException):
            await collection.collect()
        assert len(server.received) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"listings": account.listings.list_partners()}, "ListConnections is missing"),
        (
            {"listings": {"ListConnections": account.listings.list_partners()}},
            "ListConnections was partnercentral-account ListConnections and is",
        ),
        (
            {"listings": account.listings.list_connections(page_size=11)},
            "ListConnections differs in MaxResults",
        ),
        (
            {"listings": account.listings.list_connections(page_size=10, connection_type="SUBSIDIARY", max_items=7)},
            "ListConnections differs in ConnectionType, max_items",
        ),
    ],
)
async def test_another_question_is_refused(tmp_path: Path, change: Any, message: str) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 25}) as emulator:
        given: Any = {"sources": of(emulator, "a"), "listings": LISTING, "limits": FAST, "checkpoint": path}
        await take(Collection(**given), 11)
        before = path.read_bytes()
        with pytest.raises(CheckpointError, match=message) as caught:
            await Collection(**(given | change)).collect()
        assert str(path) in str(caught.value)
        assert path.read_bytes() == before


async def test_further_sources_may_join(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 25, "Sandbox": 3}) as emulator:
        make = partial(Collection, listings=LISTING, limits=FAST, checkpoint=path)
        await take(make(sources=[of(emulator, "a")]), 11)
        collected = await make(sources=[of(emulator, "b", "Sandbox"), of(emulator, "a")]).collect()
    assert {origin.label for origin, _ in collected} == {"a", "b"}
    assert collected.report.items == 28


async def test_sources_may_leave_and_their_items_are_not_asked_for(tmp_path: Path) -> None:
    path, events = tmp_path / "run.json", []
    async with Emulator({"AWS": 25, "Sandbox": 3}) as emulator:
        make = partial(Collection, LISTING, limits=FAST, checkpoint=path, observer=events.append)
        a, b = of(emulator, "a"), of(emulator, "b", "Sandbox")
        await take(make([a, b]), 11)
        collected = await make([b]).collect()
        assert {origin.label for origin, _ in collected} <= {"b"}
        assert collected.report.items == 3
    _, resumed = [event for event in events if isinstance(event, RunStarted)]
    assert (resumed.dropped, resumed.joined, resumed.starts_over) == (("a",), (), None)
    assert resumed.resumes is not None


async def test_a_run_that_is_too_old_or_unwanted_starts_over(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 25}) as emulator:
        make = partial(Collection, LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        for options in ({"restart": True}, {"checkpoint_max_age": timedelta(microseconds=1)}):
            await take(make(), 11)
            collected = await make(**options).collect()  # type: ignore[arg-type]
            assert (len(collected), collected.report.resumed_items) == (25, 0)
        await take(make(), 11)
        collected = await make().collect()
        assert (len(collected), collected.report.items, collected.report.resumed_items) == (15, 25, 10)


async def test_starting_over_needs_nothing_of_the_earlier_output(tmp_path: Path) -> None:
    path, output, other = tmp_path / "run.json", tmp_path / "out.ndjson", tmp_path / "other.ndjson"
    async with Emulator({"AWS": 25}) as good, Emulator({"AWS": 5}, denied_catalogs=["AWS"]) as denied:
        make = partial(Collection, LISTING, [of(good, "a"), of(denied, "b")], limits=FAST, checkpoint=path)
        report = await make(on_error="report").into(open_sink(output))
        output.unlink()  # as a job does that moves it to where it is needed
        for sink in (open_sink(output), open_sink(other)):
            report = await make(on_error="report", restart=True).into(sink)
            assert (report.items, report.resumed_items) == (25, 0)
    assert output.read_bytes().count(b"\n") == other.read_bytes().count(b"\n") == 25


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"checkpoint_max_age": 3600}, TypeError, "checkpoint_max_age must be a timedelta, not an integer"),
        (
            {"checkpoint_max_age": timedelta(0)},
            ValueError,
            "checkpoint_max_age must be a timedelta above 0, not 0:00:00",
        ),
        ({"checkpoint_max_age": timedelta(days=-1)}, ValueError, "must be a timedelta above 0, not -1 day, 0:00:00"),
        ({"restart": 1}, TypeError, "restart must be a boolean, not an integer"),
        ({"checkpoint": "s3://bucket"}, ValueError, "checkpoint must name a bucket and a key"),
        ({"checkpoint": "s3://bucket/a\n"}, ValueError, "checkpoint must not contain control characters: 's3"),
        ({"checkpoint": PurePath("s3://bucket/run.json")}, ValueError, "checkpoint must be a string if it is a URL"),
        (
            {"checkpoint_s3": S3Options()},
            ValueError,
            "checkpoint_s3 is an option of a checkpoint that begins with s3://",
        ),
        ({"restart": True, "checkpoint": None}, ValueError, "restart=True needs a checkpoint"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Collection(LISTING, "AWS", **{"checkpoint": "run.json", **options})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{}", "is not a checkpoint, or its beginning is damaged; remove it to start over"),
        (b"\xff", "is not a checkpoint"),
        (b'{"format":"else","version":1}', "is not a checkpoint"),
        (OURS + b',"version":1}', "has version 1, not 6"),
        (OURS + b',"version":6}', "its checksum does not match; restart=True starts over"),
        (OURS + b',"version":', "is damaged: Input data was truncated; restart=True starts over"),
    ],
)
async def test_only_what_begins_as_a_checkpoint_may_be_replaced(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "run.json"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        await Collection(LISTING, "AWS", checkpoint=path).collect()
    assert path.read_bytes() == content
    async with Emulator({"AWS": 3}) as emulator:
        anew = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path, restart=True)
        if content.startswith(OURS):
            assert len(await anew.collect()) == 3
        else:
            with pytest.raises(CheckpointError, match=message):
                await anew.collect()
            assert path.read_bytes() == content


async def test_one_run_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    async with Emulator({"AWS": 25}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        async with collection as stream:
            await anext(stream)
            with pytest.raises(CheckpointError, match="is in use by another run"):
                await collection.collect()
            assert len([entry async for entry in stream]) == 24


async def test_a_link_to_a_checkpoint_stays_one_and_is_the_same_checkpoint(tmp_path: Path) -> None:
    path, link = tmp_path / "elsewhere" / "run.json", tmp_path / "link"
    path.parent.mkdir()
    link.symlink_to(path)
    async with Emulator({"AWS": 250}) as emulator:
        make = partial(Collection, LISTING, of(emulator, "a"), limits=FAST)
        async with make(checkpoint=link) as stream:
            got = [await anext(stream) for _ in range(150)]
            with pytest.raises(CheckpointError, match="is in use by another run"):
                await make(checkpoint=path).collect()
        assert link.readlink() == path
        got += await make(checkpoint=path).collect()
    assert 250 <= len(got) <= 300
    assert len({item.id for _, item in got}) == 250
    assert not path.exists()
    assert [each.name for each in tmp_path.rglob("*")] == ["elsewhere", "link"]


async def test_however_often_it_is_opened_and_closed_nobody_shares_it(tmp_path: Path) -> None:
    question, holders, opened = Question(listings={}, origins=()), 0, 0

    async def open_and_close() -> None:
        nonlocal holders, opened
        for _ in range(150):
            with suppress(CheckpointError):
                checkpoint = await Checkpoint.open(
                    tmp_path / "run.json", question, run=Beginning().run, max_age=timedelta(hours=1), restart=False
                )
                opened, holders = opened + 1, holders + 1
                assert holders == 1
                await anyio.lowlevel.checkpoint()
                holders -= 1
                await checkpoint.close()

    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(open_and_close)
    assert opened > 100
    assert list(tmp_path.iterdir()) == []


async def test_a_native_cancellation_leaves_it_to_the_next(tmp_path: Path) -> None:
    question = Question(listings={}, origins=())

    async def open_and_close() -> None:
        checkpoint = await Checkpoint.open(
            tmp_path / "run.json", question, run=Beginning().run, max_age=timedelta(hours=1), restart=False
        )
        try:
            await checkpoint.save()
        finally:
            await checkpoint.close(remove=True)

    for step in range(60):
        task = asyncio.create_task(open_and_close())
        for _ in range(step // 4):
            await asyncio.sleep(0)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
        with suppress(asyncio.CancelledError):  # it may have come too late
            await task
        assert list(tmp_path.iterdir()) == []
        await open_and_close()


async def test_what_cannot_be_written_is_told_before_anything_is_fetched(tmp_path: Path) -> None:
    async with no_task_left(), Emulator({"AWS": 25}) as emulator:
        for path in (tmp_path / "missing" / "run.json", tmp_path):
            collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
            with pytest.raises(CheckpointError, match=str(path)):
                await collection.collect()
        assert not emulator.requests
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_is_full_ends_the_run_and_keeps_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    async with no_task_left(), Emulator({"AWS": 95}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        before = b""
        with pytest.raises(CheckpointError, match="No space left on device"):  # noqa: PT012
            async with collection as stream:
                for _ in range(21):
                    await anext(stream)
                await saved(path, pages=2)
                before = path.read_bytes()
                monkeypatch.setattr(os, "fsync", no_space)
                for _ in range(20):
                    await anext(stream)
                with anyio.fail_after(GUARD):
                    await anyio.sleep_forever()
        assert path.read_bytes() == before


async def test_a_checkpoint_that_cannot_be_removed_has_nothing_left_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    async with no_task_left(), Emulator({"AWS": 25}) as emulator:
        collection = Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path)
        with monkeypatch.context() as patch:
            unlink = Path.unlink

            def protected(file: Path, **options: Any) -> None:
                if file == path:
                    raise PermissionError(13, "Permission denied")
                unlink(file, **options)

            patch.setattr(Path, "unlink", protected)
            with pytest.raises(CheckpointError, match="cannot be removed: Permission denied"):
                await collection.collect()
        assert await collection.collect() == []
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_is_full_once_nothing_is_left_to_save_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.json"
    async with no_task_left(), Emulator({"AWS": 25}) as emulator:
        async with Collection(LISTING, of(emulator, "a"), limits=FAST, checkpoint=path) as stream:
            for _ in range(25):
                await anext(stream)
            await saved(path, pages=2)
            monkeypatch.setattr(os, "fsync", no_space)
            with pytest.raises(StopAsyncIteration):
                await anext(stream)
        assert stream.report.complete
    assert list(tmp_path.iterdir()) == []


def no_space(_: int) -> None:
    raise OSError(28, "No space left on device")


async def test_an_output_and_its_checkpoint_belong_together(tmp_path: Path) -> None:
    path, output = tmp_path / "run.json", tmp_path / "out.ndjson"
    async with Emulator({"AWS": 25}) as good, Emulator({"AWS": 5}, denied_catalogs=["AWS"]) as denied:
        collection = Collection(LISTING, [of(good, "a"), of(denied, "b")], limits=FAST, checkpoint=path)
        with pytest.raises(SourcesFailedError):
            await collection.into(open_sink(output))
        assert len(output.read_bytes().splitlines()) == 25
        with pytest.raises(CheckpointError, match=r"belongs to an output: .*; restart=True starts over"):
            await collection.collect()
        denied.denied_catalogs = []
        report = await collection.into(open_sink(output))
        assert report.complete
        assert len(output.read_bytes().splitlines()) == 30
        assert [file.name for file in tmp_path.iterdir()] == ["out.ndjson"]
        async with collection as stream:
            for _ in range(11):
                await anext(stream)
        with pytest.raises(CheckpointError, match=r"has no output: .*; restart=True starts over"):
            await collection.into(open_sink(output))
