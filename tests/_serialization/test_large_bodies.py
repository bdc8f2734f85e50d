"""Bodies beyond a bound are converted in a thread; all that a caller sees of it is a loop that goes on."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import anyio.from_thread
import anyio.to_thread
import attrs
import pytest

from aiopartnercentral import account
from aiopartnercentral.account.fast import FAST
from aiopartnercentral.errors import DecodeError
from tests.support.servers import Reply

if TYPE_CHECKING:
    from aiopartnercentral._client import ConnectOptions
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

BEYOND_THE_BOUND = 1000  # connections, about 240 kB


def connection(number: int, **changes: Any) -> dict[str, Any]:
    connected = {"Status": "ACTIVE", "OtherParticipant": {"Account": {"Name": f"Company {number}"}}}
    return {
        "Catalog": "AWS",
        "Id": f"pac-{number:013}",
        "Arn": f"arn:aws:partnercentral:us-east-1::catalog/AWS/connection/pac-{number:013}",
        "OtherParticipantAccountId": "123456789012",
        "UpdatedAt": "2024-05-01T12:00:00Z",
        "ConnectionTypes": {"SUBSIDIARY": connected},
    } | changes


@attrs.define
class Watched:
    """A converter whose hook notes in which threads it is called."""

    threads: set[int] = attrs.field(factory=set)

    def converter(self) -> Any:
        converter = account.make_json_converter()
        generated = converter.get_structure_hook(account.ConnectionSummary)

        def watched(value: Any, cls: Any) -> account.ConnectionSummary:
            self.threads.add(threading.get_ident())
            decoded: account.ConnectionSummary = generated(value, cls)
            return decoded

        converter.register_structure_hook(account.ConnectionSummary, watched)
        return converter


@pytest.mark.parametrize(("count", "in_the_loop"), [(100, True), (BEYOND_THE_BOUND, False)])
async def test_a_large_body_is_decoded_in_a_thread(
    server: ScriptedServer, client: account.Client, monkeypatch: pytest.MonkeyPatch, count: int, *, in_the_loop: bool
) -> None:
    threads: set[int] = set()
    decode = FAST.decoder(account.ListConnectionsResponse)
    assert decode is not None

    def watched(body: bytes) -> Any:
        threads.add(threading.get_ident())
        return decode(body)

    monkeypatch.setattr(FAST, "decoder", lambda _: watched)
    server.replies(Reply({"ConnectionSummaries": [connection(number) for number in range(count)]}))
    response = await client.list_connections(catalog="AWS")
    assert [summary.id for summary in response.connection_summaries] == [f"pac-{n:013}" for n in range(count)]
    assert len(threads) == 1
    assert (threading.get_ident() in threads) is in_the_loop


@pytest.mark.parametrize("count", [100, BEYOND_THE_BOUND])
async def test_hooks_of_others_are_called_in_the_loop_whatever_the_size(server: ScriptedServer, count: int) -> None:
    server.replies(Reply({"ConnectionSummaries": [connection(number) for number in range(count)]}))
    watched = Watched()
    options: ConnectOptions = {"endpoint_url": server.url, "json_converter": watched.converter()}
    async with account.connect(**options) as client:
        await client.list_connections(catalog="AWS")
    assert watched.threads == {threading.get_ident()}


async def test_large_bodies_are_decoded_while_all_threads_wait_for_them(
    server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply({"ConnectionSummaries": [connection(number) for number in range(BEYOND_THE_BOUND)]}))
    done: list[account.ListConnectionsResponse] = []

    async def call() -> None:
        done.append(await client.list_connections(catalog="AWS"))

    def wait_for_it() -> None:
        anyio.from_thread.run(call)

    limiter = anyio.to_thread.current_default_thread_limiter()
    before, limiter.total_tokens = limiter.total_tokens, 3
    try:
        with anyio.fail_after(30):
            async with anyio.create_task_group() as group:
                for _ in range(3):
                    group.start_soon(partial(anyio.to_thread.run_sync, wait_for_it, abandon_on_cancel=True))
    finally:
        limiter.total_tokens = before
    assert len(done) == 3


async def test_a_large_body_is_the_same_by_the_fast_way(server: ScriptedServer, client: account.Client) -> None:
    body = {"ConnectionSummaries": [connection(number) for number in range(BEYOND_THE_BOUND)]}
    server.replies(Reply(body))
    response = await client.list_connections(catalog="AWS")
    assert response == account.json_converter.structure(body, account.ListConnectionsResponse)
    assert response.response_metadata is not None


async def test_a_fault_in_a_large_body_is_found(server: ScriptedServer, client: account.Client) -> None:
    connections = [connection(number) for number in range(BEYOND_THE_BOUND)]
    server.replies(Reply({"ConnectionSummaries": [*connections, connection(0, UpdatedAt="soon")]}))
    with pytest.raises(DecodeError) as caught:
        await client.list_connections(catalog="AWS")
    assert caught.value.path == f"$.ConnectionSummaries[{BEYOND_THE_BOUND}].UpdatedAt"
    assert (caught.value.operation, caught.value.request_id) == ("ListConnections", "request-1")


async def test_the_items_of_a_large_page_come_as_served(server: ScriptedServer, client: account.Client) -> None:
    connections = [connection(number) for number in range(BEYOND_THE_BOUND)]
    server.replies(Reply({"ConnectionSummaries": connections}))
    async with client.paginate.list_connections(catalogs="AWS").raw() as stream:
        items = [json.loads(item) async for _, item in stream]
    assert items == connections
