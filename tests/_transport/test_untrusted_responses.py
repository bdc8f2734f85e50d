"""Bytes that belong to no request, and responses that are too large."""

from __future__ import annotations

import json
import pickle
from contextlib import nullcontext
from functools import partial
from typing import Any

import anyio
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.httpxsession import HttpxSession

from aiopartnercentral import ResponseTooLargeError, account
from aiopartnercentral._transport.http.ry_session import RySession
from aiopartnercentral.bulk import Collection, Source
from tests.support.clients import HTTPX, NEEDS_HTTPX, session_with_models
from tests.support.connections import connection
from tests.support.servers import Reply, ScriptedServer, socket_server
from tests.support.tasks import GUARD

pytestmark = pytest.mark.anyio

HTTP_CLIENTS = pytest.mark.parametrize("http", [AIOHTTPSession, HTTPX, RySession])

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"


def response(token: str) -> bytes:
    body = json.dumps({"ConnectionSummaries": [], "NextToken": token}).encode()
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def second_token(client: account.Client) -> str | None:
    """Return the page token of a second response, once bytes have arrived on the idle connection of the first."""
    first = await client.list_connections(catalog="AWS")
    assert first.next_token == "asked for"
    await anyio.sleep(0.5)
    second = await client.list_connections(catalog="AWS")
    assert second.response_metadata.attempts == 1
    return second.next_token


UNASKED = {
    "a response": response("not asked for"),
    "the head of a response": HEAD + b"Content-Length: 1000\r\n\r\n{",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "a space": b" ",
    "an error": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "an interim response": b"HTTP/1.1 100 Continue\r\n\r\n",
    "no HTTP": b"220 mail.example.com ESMTP\r\n\r\n",
}


@pytest.mark.parametrize("unasked", UNASKED.values(), ids=UNASKED)
async def test_what_arrives_on_an_idle_connection_is_no_response(unasked: bytes) -> None:
    with socket_server(response("asked for"), unasked, pause=0.15) as url:
        for options in ({}, {"http_client": "ry"}):
            async with account.connect(endpoint_url=url, timeout=GUARD, **options) as client:
                assert await second_token(client) == "asked for"
        async with session_with_models().create_client(
            "partnercentral-account", region_name="us-east-1", endpoint_url=url
        ) as stock:
            assert await second_token(account.wrap(stock)) == "asked for"


async def test_all_idle_connections_on_which_something_arrived_are_dropped() -> None:
    with socket_server(response("asked for"), UNASKED["a response"], pause=0.15, delay=0.3) as url:
        async with account.connect(endpoint_url=url, timeout=GUARD) as client:
            async with anyio.create_task_group() as tasks:
                for _ in range(15):
                    tasks.start_soon(partial(client.list_connections, catalog="AWS"))
            await anyio.sleep(0.6)
            once = client.with_options(attempts=1)
            assert (await once.list_connections(catalog="AWS")).next_token == "asked for"


@pytest.mark.parametrize(("http", "wrapped"), [(AIOHTTPSession, False), (AIOHTTPSession, True), (RySession, False)])
async def test_a_header_of_any_bytes_costs_no_connection(http: Any, *, wrapped: bool) -> None:
    body = b'{"ConnectionSummaries": []}'
    head = HEAD + "Via: 1.1 Café\r\n".encode("latin-1") + b"Content-Length: %d\r\n\r\n" % len(body)
    options: Any = {
        "config": AioConfig(max_pool_connections=1, http_session_cls=http),
        "region_name": "us-east-1",
    }
    with anyio.fail_after(GUARD), socket_server(head, body, pause=0.1) as url:
        open_client = session_with_models().create_client if wrapped else account.connect
        service: Any = ("partnercentral-account",) if wrapped else ()
        async with open_client(*service, endpoint_url=url, **options) as opened:
            client = account.wrap(opened) if wrapped else opened
            for _ in range(3):
                page = await client.list_connections(catalog="AWS")
                assert page.response_metadata.http_headers["via"] == "1.1 Café"
                await anyio.sleep(0.5)  # the server sends something unasked every 0.1 s


@HTTP_CLIENTS
async def test_cookies_are_not_sent_back(http: Any, server: ScriptedServer) -> None:
    server.replies(Reply({"ConnectionSummaries": []}, headers={"Set-Cookie": "session=s3cret"}))
    url = server.url.replace("127.0.0.1", "localhost")
    async with account.connect(endpoint_url=url, config=AioConfig(http_session_cls=http)) as client:
        for _ in range(2):
            await client.list_connections(catalog="AWS")
    assert len(server.received) == 2
    assert not any("cookie" in received.headers for received in server.received)


class HastySession(HttpxSession):
    """An HTTP client that waits for a connection for less than a call takes; aiobotocore's waits for 5 seconds."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._timeout.pool = 0.05


@NEEDS_HTTPX
@pytest.mark.parametrize("pool_timeout", [None, 0.05])
async def test_a_call_waits_for_a_connection(pool_timeout: float | None, server: ScriptedServer) -> None:
    server.replies(Reply({"ConnectionSummaries": []}, delay=0.3 if pool_timeout is None else GUARD))
    options: Any = {} if pool_timeout is None else {"connector_args": {"pool_timeout": pool_timeout}}
    config = AioConfig(http_session_cls=HastySession, max_pool_connections=1, **options)
    async with account.connect(endpoint_url=server.url, config=config) as client:
        once = client.with_options(attempts=1)
        with pytest.raises(ExceptionGroup) if pool_timeout else nullcontext():
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(partial(once.list_connections, catalog="AWS"))


ENDLESS = {
    "a known length": (HEAD + b"Content-Length: 1000000000\r\n\r\n{", b" " * 65536),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "until the connection is closed": (HEAD + b"Connection: close\r\n\r\n{", b" " * 65536),
    "an error": (HEAD.replace(b"200 OK", b"500 No") + b"Connection: close\r\n\r\n{", b" " * 65536),
}


@HTTP_CLIENTS
@pytest.mark.parametrize("kind", ENDLESS)
async def test_a_response_that_is_too_large_is_not_read_and_not_repeated(kind: str, http: Any) -> None:
    config = AioConfig(http_session_cls=http)
    with anyio.fail_after(GUARD), socket_server(*ENDLESS[kind]) as url:
        async with account.connect(endpoint_url=url, config=config, max_response_bytes=1_000_000) as client:
            with pytest.raises(ResponseTooLargeError) as caught:
                await client.list_connections(catalog="AWS")
        error: Any = caught.value
        assert (error.max_response_bytes, error.attempts) == (1_000_000, 1)
        assert str(error) == "the response has more than the 1000000 bytes that max_response_bytes allows"
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
        source = Source("AWS", endpoint_url=url, label="a")
        options: Any = {"config": config, "max_response_bytes": 1_000_000, "on_error": "report"}
        report = (await Collection(account.listings.list_connections(), source, **options).collect()).report
    (state,) = report.sources.values()
    assert isinstance(state.error, ResponseTooLargeError)
    assert state.retries == 0


async def test_the_limit_can_be_raised(server: ScriptedServer) -> None:
    body = json.dumps({"ConnectionSummaries": [connection("AWS", 1)]}).encode() + b" " * 200_000
    server.replies(Reply(body))
    async with account.connect(endpoint_url=server.url, max_response_bytes=100_000) as client:
        with pytest.raises(ResponseTooLargeError):
            await client.list_connections(catalog="AWS")
    for options in ({"max_response_bytes": len(body)}, {}):
        async with account.connect(endpoint_url=server.url, **options) as client:
            assert len((await client.list_connections(catalog="AWS")).connection_summaries) == 1


async def test_a_chunked_response_within_the_limit_is_read_and_its_connection_kept() -> None:
    body = b'{"ConnectionSummaries": []}'
    reply = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with socket_server(reply) as url:
        async with account.connect(endpoint_url=url) as client:
            assert (await client.list_connections(catalog="AWS")).connection_summaries == []
