"""A framework runs each step of a generator in another task: what the error says, and the remedies that it names."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import pytest

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection
from aiopartnercentral.emulator import Emulator
from tests.bulk.writing import created, creations
from tests.support.bulk_sources import FAST, LISTING, of
from tests.support.clients import aws_environment
from tests.support.opportunity_server import opportunity_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

__all__ = ["aws_environment"]

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("aws_environment")]
pytestmark += [pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")]
KEYS: dict[str, Any] = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}


@pytest.fixture(autouse=True)
def unclosed() -> Iterator[None]:
    """Release streams that nothing could close while their warnings are filtered, and not in a later test."""
    yield
    gc.collect()


async def step_by_step(generator: AsyncIterator[Any]) -> tuple[int, Exception | None]:
    """Return how many values a generator gives, each asked for in a new task, and the error that it ends with."""
    count, error, ended = 0, None, False

    async def step() -> None:
        nonlocal count, error, ended
        try:
            await anext(generator)
            count += 1
        except StopAsyncIteration:
            ended = True
        except Exception as raised:  # noqa: BLE001 - its text is asserted
            error, ended = raised, True

    while not ended:
        await asyncio.create_task(step())
    return count, error


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator({"AWS": 35}) as emulator:
        yield emulator


async def entering(collectable: Any) -> AsyncIterator[Any]:
    async with collectable as stream:
        async for entry in stream:
            yield entry


MESSAGE = (
    "a stream must be left by the task that entered it, and a framework has run this generator in several tasks: "
    "iterate over `collection.blocking()` of a bulk collection, over `client.paginate` without `async with`, or let a "
    "task of your own enter the stream and send on its items"
)


async def test_a_stream_gives_everything_and_then_names_the_remedies(emulator) -> None:
    async with account.connect(endpoint_url=emulator.endpoint_url, **KEYS) as client:
        for collectable in (
            Collection(LISTING, of(emulator, "a"), limits=FAST),
            Collection(LISTING, of(emulator, "a"), limits=FAST).arrow(),
            client.paginate.list_connections(catalogs=["AWS"]),
        ):
            count, error = await step_by_step(entering(collectable))
            assert count == (4 if hasattr(collectable, "schema") else 35)
            assert repr(error) == repr(RuntimeError(MESSAGE))


async def test_writes_name_theirs() -> None:
    with opportunity_server() as server:
        count, error = await step_by_step(entering(creations(server, [("key", created("x"))])))
    assert (count, type(error)) == (1, RuntimeError), error
    assert str(error).startswith("a stream must be left by the task that entered it, ")
    assert "call `run()`, or let a task of your own enter the stream" in str(error)


async def test_items_of_a_client_may_be_asked_for_by_any_task(emulator) -> None:
    async def items() -> AsyncIterator[account.ConnectionSummary]:
        async for item in client.paginate.list_connections(catalog="AWS", page_size=10):
            yield item

    async with account.connect(endpoint_url=emulator.endpoint_url, **KEYS) as client:
        assert await step_by_step(items()) == (35, None)


async def test_a_blocking_stream_may_be_read_by_any_thread(emulator) -> None:
    def items() -> Iterator[account.ConnectionSummary]:
        with Collection(LISTING, of(emulator, "a"), limits=FAST).blocking() as stream:
            for _, item in stream:
                yield item

    async def steps() -> AsyncIterator[Any]:
        generator = items()
        while (item := await anyio.to_thread.run_sync(lambda: next(generator, None))) is not None:
            yield item

    assert await step_by_step(steps()) == (35, None)


async def test_a_task_of_its_own_sends_the_items_on(emulator) -> None:
    send, receive = anyio.create_memory_object_stream[Any]()

    async def send_all() -> None:
        with suppress(anyio.BrokenResourceError):
            async with send, Collection(LISTING, of(emulator, "a"), limits=FAST) as stream:
                async for entry in stream:
                    await send.send(entry)

    async def items() -> AsyncIterator[Any]:
        async with receive:
            async for entry in receive:
                yield entry

    async with anyio.create_task_group() as owner:
        owner.start_soon(send_all)
        assert await step_by_step(items()) == (35, None)
