"""Checkpoints in S3, whose part moto's server plays: who may use one, and what is lost when a process is killed."""

from __future__ import annotations

import asyncio
import itertools
import json
import pickle
import random
import re
import shutil
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from aiohttp import web

from aiopartnercentral._transport import s3, s3_content
from aiopartnercentral.bulk import RunStarted, Writes, checkpoint_object
from aiopartnercentral.bulk.checkpoint_file import saved_progress
from aiopartnercentral.bulk.checkpoint_object import check_checkpoint
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import CheckpointError
from aiopartnercentral.sinks import open_sink
from tests.bulk.checkpoint_runs import KEY, URL, collected
from tests.support.bulk_sources import FAST, take
from tests.support.object_store import BUCKET, CREDENTIALS, ObjectStore, forward, refusal, relaying
from tests.support.tasks import GUARD, no_task_left

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
import anyio
from aiopartnercentral.bulk import Collection, RunStarted, Source, checkpoint_object
from aiopartnercentral.sinks import S3Options, open_sink
from tests.support.bulk_sources import FAST, LISTING
from tests.support.object_store import CREDENTIALS

store, service, checkpoint, output, spool, lease = sys.argv[1:]
checkpoint_object._LEASE_SECONDS = float(lease)
options = S3Options(endpoint_url=store, credentials=CREDENTIALS)
collection = Collection(
    LISTING,
    [Source("AWS", endpoint_url=service, label="a")],
    limits=FAST,
    checkpoint=checkpoint,
    checkpoint_s3=options,
    observer=lambda event: isinstance(event, RunStarted) and print(event.resumption or "begins", flush=True),
)
anyio.run(lambda: collection.into(open_sink(output, s3=options, spool=spool), save_every=0))
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"  # aiobotocore's own HTTP client needs its event loop


@asynccontextmanager
async def started(*arguments: object) -> AsyncIterator[anyio.abc.Process]:
    async with await anyio.open_process([sys.executable, "-c", PROGRAM, *map(str, arguments)], cwd=ROOT) as process:
        try:
            with anyio.fail_after(GUARD):
                yield process
        finally:
            if process.returncode is None:
                process.kill()


async def test_a_later_run_resumes_and_the_object_is_that_of_a_local_checkpoint(
    store: ObjectStore, tmp_path: Path
) -> None:
    async with no_task_left(), Emulator({"AWS": 95}) as emulator:
        collection = collected(store, emulator)
        first = await take(collection, 40)
        saved = store.get(KEY)
        assert store.head(KEY)["ContentType"] == "application/json"
        location = check_checkpoint(URL, store.options())
        assert location is not None
        assert saved_progress(location) == "40 items, 0 of 1 source finished"
        (tmp_path / "run.json").write_bytes(saved)
        local = await take(collected(store, emulator, checkpoint=tmp_path / "run.json", checkpoint_s3=None), 100)
        again = await take(collection, 100)
    assert again == local
    assert len({*first, *again}) == len(first) + len(again) == 95
    assert store.keys() == []


async def test_the_object_has_neither_secrets_nor_items(store: ObjectStore) -> None:
    async with Emulator({"AWS": 35}) as emulator, collected(store, emulator) as stream:
        _, item = await anext(stream)
        saved = store.get(KEY)
    lease = json.loads(saved.splitlines()[-1])
    assert lease.keys() == {"format", "id", "number", "run", "owner", "seconds"}
    for secret in (CREDENTIALS.secret_access_key, CREDENTIALS.access_key_id, item.id):
        assert secret.encode() not in saved


async def test_one_run_at_a_time(store: ObjectStore) -> None:
    async with no_task_left(), Emulator({"AWS": 35}) as emulator:
        async with collected(store, emulator) as stream:
            await anext(stream)
            asked = len(emulator.requests)
            with pytest.raises(
                CheckpointError, match=f"{URL} is in use by another run, [0-9a-f]+ of process .*free in"
            ):
                await collected(store, emulator, restart=True).collect()
            assert len(emulator.requests) <= asked + FAST.concurrency
        assert len(await take(collected(store, emulator), 100)) >= 25


async def test_of_runs_that_begin_at_the_same_moment_one_uses_it(store: ObjectStore) -> None:
    """All have read that there is no object before one writes it."""
    asked, everybody, one_at_a_time = 0, anyio.Event(), anyio.Lock()

    async def wait(request: Any, what: str) -> Any:
        nonlocal asked
        if what == "get":
            response = await forward(store, request)
            asked += 1
            if asked == 4:
                everybody.set()
            await everybody.wait()
            return response
        async with one_at_a_time:  # as S3 does; moto looks first and writes then
            return await forward(store, request)

    refused: list[CheckpointError] = []
    async with no_task_left(), Emulator({"AWS": 35}) as emulator, relaying(store, wait) as url:
        users = 0

        async def use() -> None:
            nonlocal users
            try:
                async with collected(store, emulator, checkpoint_s3=store.options(endpoint_url=url)):
                    users += 1
                    while len(refused) < 3:
                        await anyio.sleep(0.01)
            except CheckpointError as error:
                refused.append(error)

        with anyio.fail_after(GUARD):
            async with anyio.create_task_group() as tasks:
                for _ in range(4):
                    tasks.start_soon(use)
    assert users == 1
    assert all("is in use by another run" in str(error) for error in refused)


async def test_the_lease_is_renewed_while_the_consumer_is_slow_and_ends_when_nobody_renews_it(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint_object, "_LEASE_SECONDS", 4.0)  # an object tells whole seconds
    async with no_task_left(), Emulator({"AWS": 35}) as emulator:
        async with AsyncExitStack() as stack:
            stack.enter_context(pytest.raises(CheckpointError, match=r"was taken over by another run, .* of process"))
            stream = await stack.enter_async_context(collected(store, emulator))
            await anext(stream)
            for _ in range(5):
                await anyio.sleep(1.2)
                with pytest.raises(CheckpointError, match="in use"):
                    await collected(store, emulator).collect()
            monkeypatch.setattr(checkpoint_object, "_RENEWALS", 0.001)  # as if the process were stopped for a while
            await anyio.sleep(6)
            async with collected(store, emulator) as other:
                await anext(other)
                await other.save()
                saved = store.get(KEY)
                with pytest.raises(CheckpointError, match="was taken over"):
                    await stream.save()
                assert store.get(KEY) == saved
        assert b"lease" not in store.get(KEY)


async def test_an_object_that_vanishes_during_a_run_ends_it(store: ObjectStore) -> None:
    async with no_task_left(), Emulator({"AWS": 35}) as emulator:
        with pytest.raises(CheckpointError, match=f"{URL} was replaced or deleted while this run used it"):  # noqa: PT012
            async with collected(store, emulator) as stream:
                await anext(stream)
                store.client.delete_object(Bucket=BUCKET, Key=KEY)
                await stream.save()
    assert store.keys() == []


async def test_killed_at_random_moments_every_item_is_in_the_output_once(store: ObjectStore, tmp_path: Path) -> None:
    dice, said, code = random.Random(7), list[str](), None
    async with Emulator({"AWS": 600}, latency=0.02) as emulator:
        arguments = (store.url, emulator.endpoint_url, URL, f"s3://{BUCKET}/out.ndjson", tmp_path / "spool", 2)
        for number in range(4):
            async with started(*arguments) as process:
                assert process.stdout is not None
                line = b""
                while not line.endswith(b"\n"):
                    line += await process.stdout.receive()
                said.append(line.decode())
                if number < 3:
                    while b'"pages":' not in store.get(KEY):
                        await anyio.sleep(0.01)
                    await anyio.sleep(dice.random() * 0.5)
                    process.send_signal(signal.SIGKILL)
                code = await process.wait()
            if number < 3:
                assert code == -signal.SIGKILL
                await anyio.sleep(3.1)  # until the lease is over
    assert code == 0
    ids = [json.loads(line)["Id"] for line in store.get("out.ndjson").splitlines()]
    assert len(ids) == len({*ids}) == 600
    assert said[0] == "begins\n"
    assert all(each.startswith("resumes the run of") for each in said[1:])
    assert store.keys() == ["out.ndjson"]
    assert store.uploads() == []


async def test_two_processes_at_once_are_one_run_and_one_refusal(store: ObjectStore, tmp_path: Path) -> None:
    async with Emulator({"AWS": 900}, latency=1.0) as emulator:
        outputs = [
            (f"s3://{BUCKET}/{name}.ndjson", tmp_path / name) for name in "ab"
        ]  # each as on a machine of its own
        arguments = [(store.url, emulator.endpoint_url, URL, *output, 60) for output in outputs]
        async with started(*arguments[0]) as first:
            with anyio.fail_after(GUARD):
                while store.keys() != [KEY]:
                    await anyio.sleep(0.01)
            async with started(*arguments[1]) as second:
                assert second.stderr is not None
                errors = b"".join([chunk async for chunk in second.stderr]).decode()
                assert await second.wait() == 1
            emulator.latency = 0.0
            assert f"CheckpointError: the checkpoint {URL} is in use by another run" in errors
            assert await first.wait() == 0
    assert store.keys() == ["a.ndjson"]


GONE = ["spool", "spool of a template", "checkpoint", "checkpoint of a template", "local output"]


@pytest.mark.parametrize("gone", GONE)
async def test_what_is_gone_restarts_the_run_and_says_so(store: ObjectStore, tmp_path: Path, gone: str) -> None:
    events: list[RunStarted] = []

    def observe(event: object) -> None:
        if isinstance(event, RunStarted):
            events.append(event)

    path = str(tmp_path / "out.ndjson") if gone == "local output" else f"s3://{BUCKET}/out.ndjson"
    given: dict[str, Any] = {} if gone == "local output" else {"s3": store.options(), "spool": tmp_path / "spool"}
    if gone.endswith("of a template"):
        path = f"s3://{BUCKET}/{{label}}.ndjson"
    async with no_task_left(), Emulator({"AWS": 95}) as emulator:
        collection = collected(store, emulator, observer=observe)
        with anyio.move_on_after(GUARD) as scope:
            async with asyncio.TaskGroup() as tasks:
                task = tasks.create_task(collection.into(open_sink(path, **given), save_every=0))
                while not (store.keys() == [KEY] and re.search(rb'"pages":[2-9]', store.get(KEY))):
                    await anyio.sleep(0.001)
                task.cancel()
        assert not scope.cancelled_caught
        if gone.startswith("checkpoint"):
            store.client.delete_object(Bucket=BUCKET, Key=KEY)
        elif gone == "spool":
            store.put("out.ndjson", b"of last night")
            shutil.rmtree(tmp_path / "spool")
        elif gone == "spool of a template":  # on another machine, whose spool is elsewhere
            given["spool"] = tmp_path / "another"
        else:
            for file in tmp_path.glob(".*.part"):
                file.unlink()
        report = await collection.into(open_sink(path, **given))
    assert events[0].resumption is None
    says = "are gone: its partial file .* no longer exists"
    if gone.startswith("checkpoint"):
        says = (
            f"does not exist, and there are files of an earlier run in {re.escape(str(tmp_path / 'spool'))}.*; delete"
        )
        # In the directory of a template, they can be those of another run's other files.
        assert bool(list((tmp_path / "spool").rglob("*.part"))) == (gone == "checkpoint of a template")
    assert re.search(f"starts over: .*{says}", events[1].resumption or "")
    assert report.complete
    assert report.resumes is None
    key = "a.ndjson" if gone.endswith("of a template") else "out.ndjson"
    written = store.get(key) if given else (tmp_path / "out.ndjson").read_bytes()
    ids = [json.loads(line)["Id"] for line in written.splitlines()]
    assert len(ids) == len({*ids}) == 95


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (403, "AccessDenied", "must allow s3:GetObject"),
        (301, "PermanentRedirect", "a bucket in another region"),
        (400, "AuthorizationHeaderMalformed", "the bucket is in another region"),
        (403, "InvalidAccessKeyId", "the credentials were not accepted"),
    ],
)
@pytest.mark.parametrize("when", ["get", "put"])
async def test_a_refusal_names_the_object_and_nothing_is_collected(
    store: ObjectStore, status: int, code: str, message: str, when: str
) -> None:
    async def refuse(request: Any, what: str) -> Any:
        if what != when:
            return None
        await request.read()  # else the server's own task waits for it
        return refusal(status, code)

    if when == "put" and code == "AccessDenied":
        message = "must allow s3:PutObject"
    async with no_task_left(), Emulator({"AWS": 5}) as emulator, relaying(store, refuse) as url:
        collection = collected(store, emulator, checkpoint_s3=store.options(endpoint_url=url))
        with pytest.raises(CheckpointError, match=f"the checkpoint {URL} cannot be .*{message}") as caught:
            await collection.collect()
        assert "a secret of the store" not in str(caught.value)
        assert not emulator.requests


async def test_a_missing_bucket_is_named(store: ObjectStore) -> None:
    async with Emulator({"AWS": 5}) as emulator:
        with pytest.raises(
            CheckpointError, match="the checkpoint s3://nowhere/a cannot be used: there is no such bucket"
        ):
            await collected(store, emulator, checkpoint="s3://nowhere/a").collect()


async def test_a_store_that_knows_no_conditions_is_refused(store: ObjectStore) -> None:
    async def ignore(request: Any, what: str) -> Any:
        if what == "put":
            store.put(KEY, await request.read())
            return web.Response(headers={"ETag": store.head(KEY)["ETag"]})
        return None

    async with no_task_left(), Emulator({"AWS": 5}) as emulator, relaying(store, ignore) as url:
        collection = collected(store, emulator, checkpoint_s3=store.options(endpoint_url=url))
        with pytest.raises(CheckpointError, match="cannot be locked: its store ignores If-Match"):
            await collection.collect()
        assert not emulator.requests


async def test_a_write_whose_response_is_lost_is_no_other_run(store: ObjectStore) -> None:
    count = 0

    async def lose(request: Any, what: str) -> Any:
        nonlocal count
        if what in ("put", "delete"):
            count += 1
            if count % 3 == 1:
                await forward(store, request)
                return refusal(503, "SlowDown")
        return None

    async with no_task_left(), Emulator({"AWS": 95}) as emulator, relaying(store, lose) as url:
        collection = collected(store, emulator, checkpoint_s3=store.options(endpoint_url=url))
        first = await take(collection, 30)
        assert len(first) + len(await take(collection, 100)) == 95
    assert count > 6
    assert store.keys() == []


@pytest.mark.parametrize("native", [False, True])
async def test_a_cancellation_at_any_request_leaves_no_task_and_no_lease(store: ObjectStore, *, native: bool) -> None:
    for number in itertools.count(1):
        seen, reached = 0, anyio.Event()

        async def count(_: object, __: str, number: int = number, reached: anyio.Event = reached) -> None:
            nonlocal seen
            seen += 1
            if seen == number:
                reached.set()
                await anyio.sleep(0.02)

        async with Emulator({"AWS": 35}) as emulator, relaying(store, count) as url:
            collection = collected(store, emulator, checkpoint_s3=store.options(endpoint_url=url))

            async def collect(collection: Any = collection, reached: anyio.Event = reached) -> None:
                await collection.collect()
                reached.set()

            before = asyncio.all_tasks()
            with anyio.fail_after(GUARD):
                if native:
                    task = asyncio.create_task(collect())
                    await reached.wait()
                    task.cancel()
                    await asyncio.wait([task])
                else:
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(collect)
                        await reached.wait()
                        tasks.cancel_scope.cancel()
            left = [repr(task) for task in asyncio.all_tasks() - before]
            assert [each for each in left if "RequestHandler" not in each] == []  # those are of the servers
            if not native:
                assert store.keys() == [] or b"lease" not in store.get(KEY)
        store.reset()
        if seen < number:  # it was complete before
            break
    assert number > 5


async def test_an_object_is_read_on_after_a_broken_connection(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_content, "wait_before_retry", lambda _: 0.0)
    ranges = []

    async def cut(request: Any, what: str) -> Any:
        if what != "get":
            return None
        ranges.append(request.headers.get("Range"))
        whole = await forward(store, request)
        if len(ranges) > 1:
            return whole
        response = web.StreamResponse(headers=whole.headers)
        response.content_length = len(whole.body)
        await response.prepare(request)
        await response.write(whole.body[:20])
        await anyio.sleep(0.1)  # until the client has read them
        request.transport.close()
        return response

    async with no_task_left(), Emulator({"AWS": 95}) as emulator:
        first = await take(collected(store, emulator), 40)
        async with relaying(store, cut) as url:
            again = await take(collected(store, emulator, checkpoint_s3=store.options(endpoint_url=url)), 100)
    assert ranges[:2] == [None, "bytes=20-"]
    assert len({*first, *again}) == len(first) + len(again) == 95


async def test_an_object_that_is_too_large_is_refused(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "_MAX_READ_BYTES", 50)
    async with no_task_left(), Emulator({"AWS": 95}) as emulator:
        await take(collected(store, emulator), 40)
        with pytest.raises(CheckpointError, match=f"the checkpoint {URL} cannot be .*larger than 1 GiB"):
            await collected(store, emulator).collect()


async def test_the_output_is_another_object(store: ObjectStore, tmp_path: Path) -> None:
    async with Emulator({"AWS": 5}) as emulator:
        collection = collected(store, emulator, checkpoint=f"s3://{BUCKET}/a.ndjson")
        sink = open_sink(f"s3://{BUCKET}/a.ndjson", s3=store.options(), spool=tmp_path)
        with pytest.raises(ValueError, match="the output and the checkpoint name the same object"):
            await collection.into(sink)


async def test_a_pickle_has_the_options_but_no_secret(store: ObjectStore) -> None:
    async with Emulator({"AWS": 5}) as emulator:
        with pytest.raises(pickle.PicklingError, match="S3Options has a credentials provider that may hold secrets"):
            pickle.dumps(collected(store, emulator))
        collection = collected(store, emulator, checkpoint_s3=store.options(credentials=None, profile="exports"))
        assert pickle.loads(pickle.dumps(collection)) == collection


def test_writes_refuse_it() -> None:
    from aiopartnercentral import selling  # noqa: PLC0415 - for this test alone

    with pytest.raises(ValueError, match="checkpoint must be a local file: each row is appended"):
        Writes(selling.CreateOpportunityRequest, [], "AWS", checkpoint=URL)
