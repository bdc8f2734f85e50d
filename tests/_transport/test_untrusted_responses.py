"""Bytes that belong to no request, and responses that are too large."""

from __future__ import annotations

import json
import pickle
from typing import Any

import anyio
import pytest
from aiobotocore.session import AioSession

from aiopartnercentral import ResponseTooLargeError, account
from aiopartnercentral.bulk import Collection, Limits, Source
from tests.support.connections import connection
from tests.support.servers import Reply, ScriptedServer, socket_server

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\n"


def response(token: str) -> bytes:
    body = json.dumps({"ConnectionSummaries": [], "NextToken": token}).encode()
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def second_token(client: account.Client) -> str | None:
    """Return the page token of a second response, once bytes have arrived on the idle connection of the first."""
    first = await client.list_connections(catalog="AWS")
    assert first.next_token == "asked for"
    await anyio.sleep(0.2)
    second = await client.list_connections(catalog="AWS")
    assert second.response_metadata.attempts == 1
    return second.next_token


UNASKED = {
    "a response": response("not asked for"),
    "the head of a response": HEAD + b"Content-Length: 1000\r\n\r\n{",
    "an error": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "an interim response": b"HTTP/1.1 100 Continue\r\n\r\n",
    "no HTTP": b"220 mail.example.com ESMTP\r\n\r\n",
}


@pytest.mark.parametrize("unasked", UNASKED.values(), ids=UNASKED)
async def test_what_arrives_on_an_idle_connection_is_no_response(unasked: bytes) -> None:
    with socket_server(response("asked for"), unasked, pause=0.05) as url:
        async with account.connect(endpoint_url=url) as client:
            assert await second_token(client) == "asked for"
        async with AioSession().create_client(
            "partnercentral-account", region_name="us-east-1", endpoint_url=url
        ) as stock:
            assert await second_token(account.wrap(stock)) == "asked for"


ENDLESS = {
    "a known length": (HEAD + b"Content-Length: 1000000000\r\n\r\n{", b" " * 65536),
    "chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "until the connection is closed": (HEAD + b"Connection: close\r\n\r\n{", b" " * 65536),
    "an error": (HEAD.replace(b"200 OK", b"500 No") + b"Connection: close\r\n\r\n{", b" " * 65536),
}


@pytest.mark.parametrize("kind", ENDLESS)
async def test_a_response_that_is_too_large_is_not_read_and_not_repeated(kind: str) -> None:
    with anyio.fail_after(60), socket_server(*ENDLESS[kind]) as url:
        async with account.connect(endpoint_url=url, max_response_bytes=1_000_000) as client:
            with pytest.raises(ResponseTooLargeError) as caught:
                await client.list_connections(catalog="AWS")
        error: Any = caught.value
        assert (error.max_response_bytes, error.attempts) == (1_000_000, 1)
        assert str(error) == "the response has more than the 1000000 bytes that max_response_bytes allows"
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
        source = Source("AWS", endpoint_url=url, label="a")
        options: Any = {"limits": Limits(rate=1000), "max_response_bytes": 1_000_000, "on_error": "report"}
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


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), ("5", TypeError), (None, TypeError)])
async def test_a_limit_that_is_none_is_refused(value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="max_response_bytes must be an integer of at least 1"):
        async with account.connect(max_response_bytes=value):
            pass


async def test_a_chunked_response_within_the_limit_is_read_and_its_connection_kept() -> None:
    body = b'{"ConnectionSummaries": []}'
    reply = HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    with socket_server(reply) as url:
        async with account.connect(endpoint_url=url) as client:
            assert (await client.list_connections(catalog="AWS")).connection_summaries == []
