"""The library's own HTTP client: what it takes for a response, when it uses a connection again, and what it leaves."""

from __future__ import annotations

import asyncio
import gc
import math
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import asynccontextmanager
from traceback import TracebackException
from typing import TYPE_CHECKING, Any

import aiohttp
import anyio
import pytest
from aiobotocore.config import AioConfig
from hypothesis import given, settings, strategies as st

from aiopartnercentral import account
from aiopartnercentral._transport.direct.request import SignedRequest
from aiopartnercentral._transport.http.asyncio_client import AsyncioPool
from aiopartnercentral._transport.http.connection import (
    ClosedConnectionError,
    ConnectingTimeoutError,
    HttpConnection,
    MalformedResponseError,
    NotConnectedError,
    ReadingTimeoutError,
    TransferError,
)
from aiopartnercentral._transport.http.settings import HttpSettings
from aiopartnercentral.errors import ResponseTooLargeError
from tests.support.certificates import certificate
from tests.support.hostile_server import deaf_port, hanging, hostile_server, sending
from tests.support.tasks import GUARD, no_task_left, skipping_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from anyio.abc import ByteStream

    from aiopartnercentral._transport.http.response import HttpResponse

pytestmark = pytest.mark.anyio

OK = b"HTTP/1.1 200 OK\r\n"
EMPTY = OK + b"Content-Length: 0\r\n\r\n"
PAGE = OK + b"X-Id: 1\r\nContent-Length: 2\r\n\r\n{}"
SECRETS = {"Authorization": "the-signature", "X-Amz-Security-Token": "the-token"}


def request(url: str, headers: Any = None, body: bytes = b"{}") -> SignedRequest:
    return SignedRequest(url, {**SECRETS, "Content-Length": str(len(body)), **(headers or {})}, body)


@asynccontextmanager
async def pool(**options: Any) -> AsyncIterator[AsyncioPool]:
    """Open a pool, which leaves no task and no connection."""
    async with no_task_left():
        opened = AsyncioPool(HttpSettings(**{"read_timeout": 5, "connect_timeout": 5, **options}))
        try:
            yield opened
        finally:
            await opened.aclose()
            assert not opened._connections


async def answer_to(*parts: bytes, closing: bool = False, **options: Any) -> tuple[HttpResponse, bool]:
    """Return the response that these bytes are, and whether the connection can be used again."""
    failure = None
    with hostile_server(sending(*parts, pause=0.02, closing=closing)) as server:
        async with pool(**options) as opened:
            try:
                response = await opened.post(request(server.url))
            except Exception as error:  # noqa: BLE001 - raised below, out of the server's task group
                failure = error
            (origin,) = opened._origins.values()
            is_kept = any(each.is_usable for each in origin.idle)
    if failure is not None:
        assert not is_kept
        raise failure
    return response, is_kept


RESPONSES: dict[str, tuple[bytes, bytes, bool]] = {
    "a length": (PAGE, b"{}", True),
    "chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"{}", True),
    "trailers": (OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Id: 2\r\n\r\n", b"", True),
    "interim responses": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX-Id: 3\r\n\r\n" + EMPTY, b"", True),
    "a redirect": (b"HTTP/1.1 307 T\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", b"", True),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\n1", b"1", True),
    "to be closed": (OK + b"Connection: close\r\nContent-Length: 1\r\n\r\n1", b"1", False),
    "of HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n1", b"1", False),
    "more than asked for": (PAGE + b"HTTP/1.1 200 OK", b"{}", False),
    "a line break after it": (PAGE + b"\r\n", b"{}", True),  # which is to be ignored
    "another one after it": (PAGE + EMPTY, b"{}", False),
    "no HTTP after it": (PAGE + b"220 mail", b"{}", False),
    "more after it was to be closed": (OK + b"Connection: close\r\nContent-Length: 1\r\n\r\n1x", b"1", False),
}


_CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
UNUSUAL: dict[str, tuple[bytes, bytes]] = {
    "bare line feeds": (PAGE.replace(b"\r\n", b"\n"), b"{}"),
    "bare line feeds of an error": (b"HTTP/1.1 503 X\nContent-Length: 2\n\n{}", b"{}"),
    "a folded header": (OK + b"X: 1\r\n 2\r\nContent-Length: 1\r\n\r\n1", b"1"),
    "a folded length": (OK + b"Content-Length:\r\n 1\r\n\r\n1", b"1"),
    "a control character": (OK + b"X: \x01\r\nContent-Length: 1\r\n\r\n1", b"1"),
    "a control character in a trailer": (_CHUNKED + b"1\r\n1\r\n0\r\nX: \x01\r\n\r\n", b"1"),
    "a space after the size of a chunk": (_CHUNKED + b"1 \r\n1\r\n0 \r\n\r\n", b"1"),
    "a space after the size of the last chunk": (_CHUNKED + b"1\r\n1\r\n0  \r\n\r\n", b"1"),
    "line breaks before it": (b"\r\n\n" + PAGE, b"{}"),
    "of HTTP/2": (b"HTTP/2.0 200 OK\r\nContent-Length: 1\r\n\r\n1", b"1"),
    "of HTTP/0.9": (b"HTTP/0.9 200 OK\r\nContent-Length: 1\r\n\r\n1", b"1"),
    "a status below 100": (b"HTTP/1.1 099 OK\r\nContent-Length: 1\r\n\r\n1", b"1"),
    "another protocol from now on": (b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", b""),
}
"""Responses that deviate from the standard, but which aiohttp takes."""


@pytest.mark.parametrize("kind", UNUSUAL)
async def test_the_connection_of_an_unusual_response_is_not_used_again(kind: str) -> None:
    sent, body = UNUSUAL[kind]
    response, is_kept = await answer_to(sent)
    assert (response.body, is_kept) == (body, False)
    response, is_kept = await answer_to(sent[:1], sent[1:9], sent[9:-3], sent[-3:])
    assert (response.body, is_kept) == (body, False)


async def theirs(sent: bytes) -> Any:
    """Return the response that these bytes are to aiohttp; None if they are none."""
    limit = aiohttp.ClientTimeout(total=1)
    with hostile_server(sending(sent)) as server:
        async with aiohttp.ClientSession(auto_decompress=False, timeout=limit) as session:
            try:
                response = await session.post(server.url, data=b"{}", allow_redirects=False)
                return response.status, await response.read(), response.headers.get("x")
            except (aiohttp.ClientError, TimeoutError):
                return None


async def test_aiohttp_takes_the_same_responses() -> None:
    usual = {kind: sent for kind, (sent, *_) in RESPONSES.items() if "after it" not in kind}
    for kind, sent in {**usual, **{kind: sent for kind, (sent, _) in UNUSUAL.items()}}.items():
        response, _ = await answer_to(sent)
        assert await theirs(sent) == (response.status_code, response.body, response.headers.get("x")), kind
    for kind, sent in NO_RESPONSES.items():
        assert await theirs(sent) is None, kind


@pytest.mark.parametrize("kind", RESPONSES)
async def test_a_response_ends_where_it_says(kind: str) -> None:
    sent, body, is_kept = RESPONSES[kind]
    response, was_kept = await answer_to(sent)
    assert (response.body, was_kept) == (body, is_kept)
    assert response.headers.get("x-id") == ("1" if sent.startswith(PAGE) else None)


async def test_a_response_without_a_length_ends_with_the_connection() -> None:
    response, is_kept = await answer_to(OK + b"\r\n", b"{", b"}", closing=True)
    assert (response.body, is_kept) == (b"{}", False)


NO_RESPONSES: dict[str, bytes] = {
    "another protocol": b"220 mail.example.com ESMTP\r\n\r\n",
    "another version": b"HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a length and chunks": OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": OK + b"Content-Length: -1\r\n\r\n",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a null character": OK + b"X: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a bare carriage return": OK + b"X: a\rb\r\nContent-Length: 0\r\n\r\n",
    "a space before a colon": OK + b"X : a\r\nContent-Length: 0\r\n\r\n",
    "line feeds after sizes of chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n",
    "a long header": OK + b"X: " + b"x" * 70_000 + b"\r\nContent-Length: 0\r\n\r\n",
    "many headers": OK + b"X: 1\r\n" * 40_000 + b"Content-Length: 0\r\n\r\n",
    "long trailers": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X: 1\r\n" * 40_000,
    "a long trailer": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 700_000,
    "a long chunk extension": OK + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 700_000,
    "endless interim responses": b"HTTP/1.1 100 Continue\r\n\r\n" * 30_000,
}


@pytest.mark.parametrize("kind", NO_RESPONSES)
async def test_what_is_no_response(kind: str) -> None:
    with pytest.raises(MalformedResponseError):
        await answer_to(NO_RESPONSES[kind])


NONE = [MalformedResponseError, ClosedConnectionError]


@settings(max_examples=60)
@given(data=st.data())
def test_a_response_in_any_parts_is_the_same(data: st.DataObject) -> None:
    responses = {each: body for each, body, *_ in (*RESPONSES.values(), *UNUSUAL.values())}
    sent: bytes = data.draw(st.sampled_from([*responses, *NO_RESPONSES.values()]))
    end = data.draw(st.sampled_from([len(sent), data.draw(st.integers(0, min(1000, len(sent))))]))
    whole = sent[:end]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    parts = [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]

    class Transport(asyncio.Transport):
        def write(self, _: object) -> None: ...
        def abort(self) -> None: ...
        def get_write_buffer_size(self) -> int:
            return 0

    async def outcome(parts: list[bytes]) -> Any:
        loop = asyncio.get_running_loop()
        with socket.socket() as sock:
            connection = HttpConnection(loop, 60.0, None, set(), sock)
            connection.connection_made(Transport())
            waiter = connection.exchange(b"")
            for part in parts:
                if part:
                    connection.data_received(part)
            connection.eof_received()
            connection.connection_lost(None)
        try:
            response = await waiter
        except TransferError as error:
            return type(error)
        return response.status_code, response.headers, response.body

    as_one, in_parts = (asyncio.run(outcome(each)) for each in ([whole], parts))
    # Whether the parser refuses what is cut, or waits for more, depends on the parts.
    assert as_one == in_parts or (end < len(sent) and as_one in NONE and in_parts in NONE)
    if whole == sent in NO_RESPONSES.values():
        assert in_parts is MalformedResponseError
    if whole == sent not in NO_RESPONSES.values():
        assert in_parts[2] == responses[sent]


async def test_random_bytes_never_leave_a_request_waiting() -> None:
    generated = [bytes((seed * 31 + each * each) % 256 for each in range(200)) for seed in range(5)]
    for sent in (b"\0", b"H", b"HTTP/1.1 ", OK, OK * 2, *generated):
        with pytest.raises(TransferError):
            await answer_to(sent, closing=True)


async def test_a_limit_of_bytes() -> None:
    assert (await answer_to(PAGE, max_response_bytes=2))[0].body == b"{}"
    with pytest.raises(ResponseTooLargeError):
        await answer_to(PAGE, max_response_bytes=1)


async def test_a_server_that_speaks_first() -> None:
    async def speak(reader: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(PAGE)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server, pool() as opened:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        origin, _ = opened._target(url)
        connection = await opened._opened(origin)
        with anyio.fail_after(GUARD):
            while connection.is_usable:
                await asyncio.sleep(0.01)


async def test_a_response_before_the_request_is_sent_is_taken_and_the_connection_is_not_used_again() -> None:
    async def refuse(reader: Any, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        await asyncio.sleep(0.1)
        writer.transport.abort()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0, limit=1024)
    async with server, pool() as opened:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        response = await opened.post(request(url, body=b"x" * 50_000_000))
        assert (response.status_code, response.body, len(opened._origins)) == (413, b"no", 1)
        assert not any(origin.idle for origin in opened._origins.values())
        await asyncio.sleep(0.2)


async def test_time_limits() -> None:
    with deaf_port() as port:
        async with pool(connect_timeout=0.2) as opened:
            with pytest.raises(ConnectingTimeoutError):
                await opened.post(request(f"http://127.0.0.1:{port}"))
    with hostile_server(hanging(OK)) as server:
        async with pool(read_timeout=0.2) as opened:
            with pytest.raises(ReadingTimeoutError):
                await opened.post(request(server.url))


async def test_each_request_has_a_time_limit_of_its_own_and_an_idle_connection_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    skip = skipping_time(monkeypatch)

    async def pause() -> None:
        skip(0.9 * GUARD)
        for _ in range(3):  # turns of the loop, in which what is due is called
            await asyncio.sleep(0)

    has_begun, go_on = threading.Event(), threading.Event()

    async def answer(stream: ByteStream) -> bool:
        await stream.send(PAGE[:-1])
        has_begun.set()
        await anyio.to_thread.run_sync(go_on.wait, GUARD)
        return await sending(PAGE[-1:])(stream)

    with hostile_server(sending(PAGE)) as server:
        async with pool(read_timeout=GUARD, keepalive=math.inf) as opened:
            for _ in range(3):
                await opened.post(request(server.url))
                await pause()
            server.answer = answer
            task = asyncio.create_task(opened.post(request(server.url)))
            assert await asyncio.to_thread(has_begun.wait, GUARD)
            await pause()
            go_on.set()
            await task
            assert server.connections == 1


async def test_idle_connections_are_closed_in_time() -> None:
    with hostile_server(sending(PAGE)) as server:
        async with pool(keepalive=0.2) as opened:
            await asyncio.gather(*(opened.post(request(server.url)) for _ in range(3)))
            assert server.connections == 3
            with anyio.fail_after(GUARD):
                while len(opened._connections) > 1:
                    await asyncio.sleep(0.1)
                    await opened.post(request(server.url))  # which keeps one of them busy
                while opened._connections:
                    await asyncio.sleep(0.1)
        async with pool(keepalive=0.0) as opened:
            before = server.connections
            for _ in range(2):
                await opened.post(request(server.url))
            assert server.connections == before + 2


@pytest.mark.parametrize("is_tls", [False, True])
async def test_a_connection_that_ended_while_the_loop_stood_still_is_not_used(
    is_tls: bool,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    import time  # noqa: PLC0415 - of this test alone

    file, tls = certificate(tmp_path)

    async def closing_soon(stream: Any) -> bool:
        await stream.send(PAGE)
        await asyncio.sleep(0.05)
        return True

    with hostile_server(closing_soon, tls if is_tls else None) as server:
        async with pool(verify=str(file)) as opened:
            await opened.post(request(server.url))
            until = time.monotonic() + GUARD
            while not server.ended and time.monotonic() < until:
                time.sleep(0.01)  # noqa: ASYNC251 - as if the machine was suspended
            assert (await opened.post(request(server.url))).body == b"{}"
        assert len(server.requests) == server.connections == 2


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4, 5, 6, 8, 12, 20])
async def test_a_cancellation_anywhere_leaves_nothing(after: int, tmp_path: Path) -> None:
    file, tls = certificate(tmp_path)
    with hostile_server(sending(PAGE[:20], PAGE[20:], pause=0.01), tls) as server:
        async with pool(verify=str(file), max_connections=1) as opened:
            tasks = [asyncio.create_task(opened.post(request(server.url))) for _ in range(3)]
            for _ in range(after):
                await asyncio.sleep(0.002)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            assert (await opened.post(request(server.url))).body == b"{}"
            assert len(opened._connections) == 1
    gc.collect()  # a ResourceWarning would be an error


async def test_closing_ends_requests_in_flight_and_those_that_wait() -> None:
    with hostile_server(hanging(OK)) as server:
        async with pool(max_connections=1) as opened:
            tasks = [asyncio.create_task(opened.post(request(server.url))) for _ in range(2)]
            while not server.requests:
                await asyncio.sleep(0.01)
            await opened.aclose()
            failed = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(each) for each in failed] == [RuntimeError, RuntimeError]
        assert len(server.requests) == 1


async def test_a_name_is_resolved_once_for_many_connections_and_each_address_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    asked: list[str] = []
    really = loop.getaddrinfo

    async def resolve(host: str, port: int, **options: Any) -> Any:
        asked.append(host)
        await asyncio.sleep(0.01)
        refusing = await really("127.0.0.1", 1, **{**options, "flags": 0})
        return [*refusing, *await really("127.0.0.1", port, **{**options, "flags": 0})]

    monkeypatch.setattr(loop, "getaddrinfo", resolve)
    with hostile_server(sending(PAGE)) as server:
        async with pool() as opened:
            url = server.url.replace("127.0.0.1", "service.example")
            await asyncio.gather(*(opened.post(request(url)) for _ in range(5)))
            assert asked == ["service.example"]
        async with pool(dns_ttl=0.0, keepalive=0.0) as opened:
            for _ in range(2):
                await opened.post(request(url))
    assert len(asked) == 3
    assert server.requests[0].startswith(b"POST / HTTP/1.1\r\nHost: service.example:%d\r\n" % server.port)


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nb", "a\rb", "a\0b", "\ud800"])
async def test_a_header_cannot_end_early(value: str) -> None:
    with hostile_server(sending(PAGE)) as server:
        async with pool() as opened:
            with pytest.raises(ValueError, match=r"a header has|surrogates"):
                await opened.post(request(server.url, {"X-Name": value}))
            for path in ("/a b", "/caf\u00e9"):
                with pytest.raises(ValueError, match="URL"):
                    await opened.post(request(server.url + path))
    assert server.requests == []


async def test_no_error_shows_a_secret() -> None:
    with hostile_server(sending(PAGE[:10], closing=True)) as server:
        async with pool() as opened:
            with pytest.raises(ClosedConnectionError) as caught:
                await opened.post(request(server.url))
            with pytest.raises(NotConnectedError) as refused:
                await opened.post(request("http://127.0.0.1:1"))
            shown = repr(opened)
        server.requests.clear()  # they are in a local variable here
    for each in (caught, refused):
        shown += "".join(TracebackException.from_exception(each.value, capture_locals=True).format())
    assert "post" in shown
    assert not any(secret in shown for secret in SECRETS.values())


async def test_tls_asks_for_http_1_and_names_the_server(tmp_path: Path) -> None:
    file, tls = certificate(tmp_path)
    tls.set_alpn_protocols(["h2", "http/1.1"])
    chosen: list[Any] = []

    async def answer(stream: Any) -> bool:
        chosen.append(stream._ssl_object.selected_alpn_protocol())
        await stream.send(PAGE)
        return False

    with hostile_server(answer, tls) as server:
        async with pool(verify=str(file)) as opened:
            await opened.post(request(server.url))
            with pytest.raises(TransferError, match="CERTIFICATE_VERIFY_FAILED"):
                await opened.post(request(server.url.replace("127.0.0.1", "localhost")))
    assert chosen == ["http/1.1"]
    assert isinstance(opened._tls_context, ssl.SSLContext)


def test_uvloop_sends_over_it(tmp_path: Path) -> None:
    uvloop = pytest.importorskip("uvloop")
    file, tls = certificate(tmp_path)
    for context in (None, tls):
        with (
            hostile_server(sending(PAGE), context) as server,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as run,
        ):

            async def main(url: str) -> int:
                async with pool(verify=str(file), max_connections=3) as opened:
                    responses = await asyncio.gather(*(opened.post(request(url)) for _ in range(9)))
                    with pytest.raises(TransferError):
                        await opened.post(request("http://127.0.0.1:1"))
                    return sum(len(each.body) for each in responses)

            assert run.run(main(server.url)) == 18
            assert server.connections == 3


@pytest.mark.usefixtures("direct_requests")
async def test_arguments_for_aiohttp_that_are_unusual_leave_requests_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def transport(**arguments: Any) -> Any:
        config = AioConfig(connector_args=arguments or None)
        async with account.connect(config=config, endpoint_url="http://127.0.0.1:1") as client:
            return client.transport

    usual: dict[str, Any] = {"use_dns_cache": False, "ttl_dns_cache": None, "keepalive_timeout": 1}
    for each in ({}, usual, *({name: value} for name, value in usual.items())):
        assert (await transport(**each)).kind == "direct"
    assert (await transport(resolver=aiohttp.DefaultResolver())).reason == "connector_args has resolver"
    assert (await transport(force_close=True)).reason == "connector_args has force_close"  # which aiohttp may refuse

    async def patched(*_: object, **__: object) -> None:
        """As tools for tests do."""

    monkeypatch.setattr(aiohttp.ClientSession, "_request", patched)
    assert (await transport()).reason == "aiohttp.client.ClientSession._request is patched"
    async with account.connect(
        endpoint_url="http://127.0.0.1:1", aws_access_key_id="a", aws_secret_access_key="b"
    ) as it:
        assert it.transport.reason == "aiohttp.client.ClientSession._request is patched"


def test_importing_it_loads_neither_aiohttp_nor_botocore() -> None:
    program = "import sys, aiopartnercentral._transport.http.asyncio_client; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "httptools" in loaded
    assert loaded.isdisjoint({"aiohttp", "aiobotocore", "botocore", "email.utils", "http.client"})
