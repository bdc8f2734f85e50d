"""Checkpoints in S3 whose store loses responses, answers with conflicts, or does not have what it should have."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from aiopartnercentral._transport import s3_retries
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.errors import CheckpointError
from tests.bulk.checkpoint_runs import KEY, URL, collected
from tests.support.bulk_sources import take
from tests.support.object_store import ObjectStore, forward, refusal, relaying
from tests.support.tasks import no_task_left

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_retries, "backoff", lambda *_: 0.001)


async def resumed(store: ObjectStore, fault: Any) -> None:
    """Interrupt a run and resume it; each item is delivered once, and nothing is left."""
    async with no_task_left(), Emulator({"AWS": 35}) as emulator, relaying(store, fault) as url:
        collection = collected(store, emulator, checkpoint_s3=store.options(endpoint_url=url))
        first = await take(collection, 20)
        again = await take(collection, 100)
    assert len({*first, *again}) == len(first) + len(again) == 35
    assert store.keys() == []


@pytest.mark.parametrize("way", ["reset", "refusal", "empty"])
@pytest.mark.parametrize("what", ["put", "delete"])
async def test_a_lost_response_to_any_write_is_no_failure(store: ObjectStore, what: str, way: str) -> None:
    number, count = 0, 1

    async def lose(request: Any, name: str) -> Any:
        nonlocal count
        if name != what:
            return None
        count += 1
        response = await forward(store, request)
        if count != number:
            return response
        if way == "reset":
            request.transport.abort()
        return refusal(503, "SlowDown") if way == "refusal" else web.Response(status=response.status)

    while number <= count:
        number, count = number + 1, 0
        await resumed(store, lose)
    assert number > (6 if what == "put" else 1)


@pytest.mark.parametrize("code", ["ConditionalRequestConflict", "OperationAborted", "RequestTimeout", "BadDigest"])
async def test_a_conflict_at_any_write_is_repeated(store: ObjectStore, code: str) -> None:
    """S3 answers so while another request to the same object is executed."""
    count = 0

    async def conflict(request: Any, what: str) -> Any:
        nonlocal count
        if what not in ("put", "delete"):
            return None
        await request.read()
        count += 1
        return refusal(409 if code[0] in "CO" else 400, code) if count % 2 else None

    await resumed(store, conflict)
    assert count > 8


@pytest.mark.parametrize("way", ["truncated", "reset", "refusal"])
async def test_a_damaged_response_to_a_read_is_repeated(store: ObjectStore, way: str) -> None:
    """Of the first read, and of those that follow a write whose response was lost."""
    counts = {"get": 0, "put": 0}

    async def damage(request: Any, what: str) -> Any:
        if what not in counts:
            return None
        counts[what] += 1
        response = await forward(store, request)
        if what == "put":
            return refusal(503, "SlowDown") if counts["put"] % 3 == 0 else response
        if counts["get"] % 2 == 0 or response.status != 200:
            return response
        if way == "refusal":
            return refusal(503, "SlowDown")
        assert isinstance(response.body, bytes)
        damaged = web.StreamResponse(headers={**response.headers, "Content-Length": str(len(response.body))})
        damaged.content_length = len(response.body)
        await damaged.prepare(request)
        await damaged.write(response.body[: 0 if way == "reset" else 10])
        request.transport.abort()
        return damaged

    await resumed(store, damage)
    assert counts["get"] > 4


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 2026 99:99:99 GMT"])
async def test_a_store_that_does_not_say_its_time(store: ObjectStore, date: str) -> None:
    async def change(request: Any, what: str) -> Any:
        if what != "get":
            return None
        response = await forward(store, request)
        response.headers["Date"] = date
        return response

    await resumed(store, change)


async def test_a_store_that_refuses_conditional_writes_is_named(store: ObjectStore) -> None:
    async def refuse(request: Any, what: str) -> Any:
        await request.read()
        return refusal(501, "NotImplemented") if what == "put" else None

    async with no_task_left(), Emulator({"AWS": 5}) as emulator, relaying(store, refuse) as url:
        collection = collected(store, emulator, checkpoint_s3=store.options(endpoint_url=url))
        with pytest.raises(CheckpointError, match=f"{URL} cannot be .*does not support conditional.* local file"):
            await collection.collect()
        assert not emulator.requests


async def test_a_store_without_conditional_deletes(store: ObjectStore) -> None:
    plain = 0

    async def refuse(request: Any, what: str) -> Any:
        nonlocal plain
        if what == "delete" and "If-Match" in request.headers:
            return refusal(501, "NotImplemented")
        plain += what == "delete"
        return None

    await resumed(store, refuse)
    assert plain == 1


@pytest.mark.parametrize("missing", ["ETag", "Last-Modified"])
async def test_a_response_without_what_it_must_have_is_named(store: ObjectStore, missing: str) -> None:
    store.put(KEY, b"")

    async def remove(request: Any, what: str) -> Any:
        if what != "get":
            return None
        response = await forward(store, request)
        del response.headers[missing]
        return response

    async with no_task_left(), Emulator({"AWS": 5}) as emulator, relaying(store, remove) as url:
        collection = collected(store, emulator, checkpoint_s3=store.options(endpoint_url=url))
        with pytest.raises(CheckpointError, match=f"{URL} cannot be used: the response of the store has no"):
            await collection.collect()
