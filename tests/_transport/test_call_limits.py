"""Every call ends, and has as many connections as were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession

from aiopartnercentral import PaginationError, TimeExceededError, account
from aiopartnercentral.bulk import Collection, Limits, Source
from tests.support.connections import connection
from tests.support.servers import Reply, socket_server
from tests.support.tasks import GUARD, no_task_left

if TYPE_CHECKING:
    from tests.support.servers import Received, ScriptedServer

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"
ENDLESS = {
    "a body of a byte at a time": (HEAD + b"Content-Length: 1000000000\r\n\r\n", b"{"),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n"),
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "headers": (HEAD, b"X: y\r\n"),
}


@pytest.mark.parametrize("kind", ENDLESS)
async def test_a_call_ends_in_time_whatever_the_server_sends(kind: str) -> None:
    with anyio.fail_after(GUARD), socket_server(*ENDLESS[kind], pause=0.01) as url:
        async with no_task_left(), account.connect(endpoint_url=url, timeout=0.5) as client:
            with pytest.raises(TimeExceededError) as caught:
                await client.list_connections(catalog="AWS")
            assert (caught.value.limit, caught.value.seconds, caught.value.is_retryable) == ("timeout", 0.5, True)
            assert str(caught.value) == f"time limit exceeded at {url}: timeout = 0.5 s"
            assert caught.value.endpoint_url == url
            with pytest.raises(TimeExceededError) as caught:
                async for _ in client.with_options(timeout=0.1).paginate.list_connections(catalog="AWS"):
                    pass
            assert caught.value.seconds == 0.1


async def test_a_collection_repeats_a_call_that_took_too_long() -> None:
    reply, then = ENDLESS["chunks"]
    with anyio.fail_after(GUARD), socket_server(reply, then, pause=0.01) as url:
        limits = Limits(rate=1000, attempts=2, backoff=0.001)
        source = Source("AWS", endpoint_url=url, label="a")
        options: Any = {"limits": limits, "on_error": "report", "timeout": 0.2}
        (state,) = (
            await Collection(account.listings.list_connections(), source, **options).collect()
        ).report.sources.values()
    assert isinstance(state.error, TimeExceededError)
    assert (state.error.limit, state.retries) == ("timeout", 1)


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), ("5", TypeError), (float("nan"), ValueError)])
async def test_a_time_that_is_none_is_refused(value: Any, error: type[Exception], client: account.Client) -> None:
    with pytest.raises(error, match=r"timeout must be a (finite )?number above 0"):
        client.with_options(timeout=value)
    with pytest.raises(error, match=r"timeout must be a (finite )?number above 0"):
        async with account.connect(timeout=value):
            pass


class Crowd:
    """Counts the requests, none of which is answered in time: they are in flight together."""

    def __init__(self) -> None:
        self.size = 0

    def answer(self, _: Received) -> Reply:
        self.size += 1
        return Reply(delay=600.0)


CATALOGS = [f"c{number}" for number in range(40)]


async def test_as_many_catalogs_are_fetched_at_once_as_asked_for(
    server: ScriptedServer, client: account.Client
) -> None:
    crowd = Crowd()
    server.answer = crowd.answer
    paginator = client.paginate.list_connections(catalogs=CATALOGS, concurrency=40)
    async with paginator as stream, anyio.create_task_group() as tasks:
        await _until(crowd, 40)
        tasks.cancel_scope.cancel()
    assert not stream.report.complete


async def test_a_collection_has_as_many_connections_as_it_may_have_requests(server: ScriptedServer) -> None:
    crowd = Crowd()
    server.answer = crowd.answer
    limits = Limits(rate=10_000, concurrency=40, account_concurrency=40)
    sources = [Source(catalog, endpoint_url=server.url, label=catalog, account="a") for catalog in CATALOGS]
    async with Collection(account.listings.list_connections(), sources, limits=limits):
        await _until(crowd, 40)


async def _until(crowd: Crowd, number: int) -> None:
    with anyio.fail_after(GUARD):
        while crowd.size < number:
            await anyio.sleep(0.01)


async def test_more_than_the_clients_connections_are_refused(server: ScriptedServer) -> None:
    config = AioConfig(max_pool_connections=7)
    async with account.connect(endpoint_url=server.url, config=config) as client:
        assert client.max_connections == 7
        with pytest.raises(ValueError, match="concurrency must be at most 7, the max_pool_connections of the client's"):
            client.paginate.list_connections(catalogs=CATALOGS, concurrency=8)
        client.paginate.list_connections(catalogs=CATALOGS, concurrency=7)
        client.paginate.list_connections(catalogs=CATALOGS)
    session = AioSession()
    session.set_default_client_config(config)
    async with account.connect(endpoint_url=server.url, session=session) as client:
        assert client.max_connections == 7
    async with account.connect(endpoint_url=server.url) as client:
        assert client.max_connections == 100


@pytest.mark.parametrize("collect", ["iterate", "paginate", "bulk"])
async def test_a_listing_of_empty_pages_without_end_is_an_error(
    collect: str, server: ScriptedServer, client: account.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiopartnercentral._pagination.page_iterator._MOST_EMPTY_PAGES", 20)
    numbers = iter(range(10_000))
    server.answer = lambda _: Reply({"ConnectionSummaries": [], "NextToken": f"t{next(numbers)}"})
    paginator = client.paginate.list_connections(catalog="AWS")
    if collect == "bulk":
        source = Source("AWS", endpoint_url=server.url, label="a")
        paginator = Collection(account.listings.list_connections(), source, limits=Limits(rate=10_000))  # type: ignore[assignment]
    with pytest.raises(PaginationError) as caught:
        await (anext(aiter(paginator)) if collect == "iterate" else paginator.collect())
    assert (caught.value.pages, caught.value.empty_pages, len(server.received)) == (20, 20, 20)
    assert "the last 20 pages were empty" in str(caught.value)


async def test_empty_pages_between_others_are_no_error(
    server: ScriptedServer, client: account.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiopartnercentral._pagination.page_iterator._MOST_EMPTY_PAGES", 3)

    def answer(received: Received) -> Reply:
        page = int(received.body.get("NextToken", 0)) + 1
        items = [] if page % 3 else [connection("AWS", page)]
        return Reply({"ConnectionSummaries": items, **({"NextToken": str(page)} if page < 12 else {})})

    server.answer = answer
    assert len(await client.paginate.list_connections(catalog="AWS").collect()) == 4
