"""All HTTP clients send the same requests, and fail in the same way."""

from __future__ import annotations

import asyncio
import json
import ssl
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
import pytest
import trustme
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.httpxsession import HttpxSession
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidConfigError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)

from aiopartnercentral import RedirectError, account
from aiopartnercentral._transport import http_client
from aiopartnercentral._transport.http_client import guarded
from aiopartnercentral._transport.tls import sharing_tls
from aiopartnercentral.bulk import Collection, Source
from tests.support.certificates import certificate
from tests.support.clients import NEEDS_HTTPX, session_with_models
from tests.support.hostile_server import HostileServer, deaf_port, hanging, hostile_server, resetting, sending
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.support.hostile_server import Answer
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

CLIENTS: dict[str, dict[str, Any]] = {
    "asyncio": {"http_client": "asyncio"},
    "httpx": {"config": AioConfig(http_session_cls=HttpxSession)},
    "ry": {"http_client": "ry"},
}
NAMES = [pytest.param(name, marks=NEEDS_HTTPX if name == "httpx" else ()) for name in CLIENTS]
BY_BOTOCORE = {"aiohttp by botocore": {"direct": False}, "ry by botocore": {"http_client": "ry", "direct": False}}
BODY = b'{"ConnectionSummaries": []}'
PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(BODY) + BODY
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("aiopartnercentral._transport.retries.backoff", lambda *_: 0.0)
    monkeypatch.setenv("NO_PROXY", "")
    for variable in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(variable, raising=False)
    return str(request.param)


@pytest.fixture
def connect(name: str) -> Callable[..., AbstractAsyncContextManager[account.Client]]:
    """Return what opens a client, given its URL, arguments of the config, and options of `connect`."""

    def connect(url: str, *, options: Any = None, **config: Any) -> AbstractAsyncContextManager[account.Client]:
        given = {**(CLIENTS | BY_BOTOCORE)[name], **(options or {})}
        own = given.pop("config", AioConfig())
        merged: Any = AioConfig(**config).merge(own)
        merged.http_session_cls = own.http_session_cls
        return account.connect(endpoint_url=url, config=merged, **given)

    return connect


async def failure(opened: AbstractAsyncContextManager[account.Client]) -> Any:
    """Return the error of a call of two attempts."""
    async with opened as client:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - each has another class
            await client.with_options(attempts=2).list_connections(catalog="AWS")
    return caught.value


FAILURES: dict[str, tuple[Answer, type[Exception]]] = {
    "closed before the response": (sending(closing=True), ConnectionClosedError),
    "closed within the head": (sending(HEAD[:30], closing=True), ConnectionClosedError),
    "closed within the body": (sending(HEAD + b"{", closing=True), ConnectionClosedError),
    "closed within a chunk": (sending(CHUNKED + b"9\r\n{", closing=True), ConnectionClosedError),
    "reset before the response": (resetting(), EndpointConnectionError),
    "reset within the head": (resetting(HEAD[:30]), EndpointConnectionError),
    "reset within the body": (resetting(HEAD + b"{"), ConnectionClosedError),
    "not HTTP": (sending(b"220 mail.example.com ESMTP\r\n\r\n"), HTTPClientError),
    "a status that is no number": (sending(b"HTTP/1.1 abc OK\r\n\r\n"), HTTPClientError),
    "a length that is no number": (sending(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}"), HTTPClientError),
    "two lengths": (sending(PAGE.replace(b"OK\r\n", b"OK\r\nContent-Length: 1\r\n")), HTTPClientError),
    "an endless head": (sending(PAGE.replace(b"OK\r\n", b"OK\r\nX: %s\r\n" % (b"y" * 1_000_000))), HTTPClientError),
    "a chunk without length": (sending(CHUNKED + b"zz\r\n{}"), HTTPClientError),
    "no response": (hanging(), ReadTimeoutError),
    "no end of the head": (hanging(HEAD[:30]), ReadTimeoutError),
    "no end of the body": (hanging(HEAD + b"{"), ReadTimeoutError),
    "no end of the chunks": (hanging(CHUNKED + b"1\r\n{\r\n"), ReadTimeoutError),
}


@pytest.mark.parametrize("name", [*NAMES, *BY_BOTOCORE], indirect=True)
async def test_what_is_not_a_complete_response_is_repeated(name: str, connect: Any) -> None:
    expected = {kind: (cls.__name__, 2, 2) for kind, (_, cls) in FAILURES.items()}
    if name == "httpx":  # aiobotocore has fewer classes for it
        expected = {kind: was if "Timeout" in was[0] else ("HTTPClientError", 2, 2) for kind, was in expected.items()}
    found = {}
    with hostile_server(sending(PAGE)) as server:
        async with connect(server.url, read_timeout=0.3) as hasty, connect(server.url, read_timeout=GUARD) as patient:
            for kind, (answer, cls) in FAILURES.items():
                client = hasty if cls is ReadTimeoutError else patient
                server.answer = answer
                server.requests.clear()
                with pytest.raises((HTTPClientError, EndpointConnectionError)) as caught:
                    await client.with_options(attempts=2).list_connections(catalog="AWS")
                found[kind] = type(caught.value).__name__, caught.value.attempts, len(server.requests)
    assert found == expected


async def test_a_body_may_take_longer_than_the_read_timeout(connect: Any) -> None:
    parts = [BODY[start : start + 2] for start in range(0, len(BODY), 2)]
    assert len(parts) > 12
    whole = sending(PAGE.removesuffix(BODY), *parts, pause=0.1)
    in_chunks = sending(CHUNKED, *map(chunk, parts), chunk(b""), pause=0.1)

    async def ask(server: HostileServer) -> None:
        async with connect(server.url, read_timeout=1.2) as client:
            page = await client.with_options(attempts=1).list_connections(catalog="AWS")
        assert page.connection_summaries == []

    with hostile_server(whole) as one, hostile_server(in_chunks) as other:
        async with anyio.create_task_group() as tasks:
            for server in (one, other):
                tasks.start_soon(ask, server)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


@pytest.mark.parametrize(("connecting", "reading"), [(0.3, 5), (0.3, 0.3)])
async def test_no_connection_in_time(connecting: float, reading: float, connect: Any) -> None:
    with deaf_port() as port:
        error = await failure(connect(f"http://127.0.0.1:{port}", connect_timeout=connecting, read_timeout=reading))
    assert (type(error), error.attempts) == (ConnectTimeoutError, 2)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "https://127.0.0.1:1", "http://no-such-host.invalid"])
async def test_no_connection_at_all(url: str, connect: Any) -> None:
    error = await failure(connect(url))
    assert (type(error), error.attempts) == (EndpointConnectionError, 2)


async def test_certificates(connect: Any, tmp_path: Path) -> None:
    file, context = certificate(tmp_path)
    with hostile_server(sending(PAGE), context) as server:
        for verify in (str(file), False):
            async with connect(server.url, options={"verify": verify}) as client:
                await client.list_connections(catalog="AWS")
        unknown = await failure(connect(server.url))
    authority = trustme.CA()
    other = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("other.example").configure_cert(other)
    authority.cert_pem.write_to_path(str(file))  # of the same path
    with hostile_server(sending(PAGE), other) as server:
        of_another = await failure(connect(server.url, options={"verify": str(file)}))
        async with connect(server.url, options={"verify": False}) as client:
            await client.list_connections(catalog="AWS")
    for error in (unknown, of_another):
        assert (type(error), error.attempts) == (SSLError, 2)


async def test_the_name_of_a_server_is_verified_whatever_the_version_of_aiobotocore() -> None:
    for verify in (True, "authority.pem", False):
        http_client = guarded(AIOHTTPSession(verify=verify))
        assert http_client._get_ssl_context().check_hostname is bool(verify)
    shared = sharing_tls()()
    assert shared._get_ssl_context().check_hostname

    class Older(AIOHTTPSession):  # type: ignore[misc] # which has no types
        def _setup_proxy_ssl_context(self, _: str) -> None: ...

    through_proxy = guarded(Older())._setup_proxy_ssl_context("http://127.0.0.1:1")
    assert (through_proxy.check_hostname, through_proxy.verify_mode) == (True, ssl.CERT_REQUIRED)


async def test_a_ca_bundle_is_trusted_instead_of_the_usual_authorities(
    connect: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, context = certificate(tmp_path)
    monkeypatch.setattr("aiopartnercentral._transport.http.ry_client.default_ca_bundle", lambda: str(usual))
    monkeypatch.setattr("botocore.httpsession.where", lambda: str(usual))
    bundle = tmp_path / "bundle.pem"
    trustme.CA().cert_pem.write_to_path(str(bundle))
    with hostile_server(sending(PAGE), context) as server:
        async with connect(server.url) as client:
            await client.list_connections(catalog="AWS")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
        monkeypatch.setenv("SSL_CERT_FILE", str(usual))
        assert type(await failure(connect(server.url))) is SSLError


async def test_no_tls(connect: Any) -> None:
    with hostile_server(sending(PAGE)) as server:
        url = server.url.replace("http:", "https:")
        error = await failure(connect(url, connect_timeout=0.3, read_timeout=5))
    assert (type(error), error.attempts) == (ConnectTimeoutError, 2)


async def test_a_connection_is_used_again_and_ends_with_the_client(connect: Any) -> None:
    with hostile_server(sending(PAGE)) as server:
        async with connect(server.url) as client:
            for _ in range(3):
                await client.list_connections(catalog="AWS")
            assert (server.connections, server.ended) == (1, 0)
        await until(lambda: server.ended == 1)


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(GUARD):
        while not condition():
            await anyio.sleep(0.01)


async def test_an_idle_connection_that_the_server_has_closed(connect: Any) -> None:
    with hostile_server(sending(PAGE, closing=True)) as server:
        async with connect(server.url) as client:
            for number in range(1, 6):
                page = await client.list_connections(catalog="AWS")
                assert page.response_metadata.attempts == 1
                await until(lambda: server.ended == number)  # noqa: B023 - waited for
                await anyio.sleep(0.1)  # the event loop notices it
    assert (len(server.requests), server.connections) == (5, 5)


async def test_connections_are_limited(connect: Any) -> None:
    with hostile_server(sending(PAGE)) as server:
        async with connect(server.url, max_pool_connections=2) as client, anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(partial(client.list_connections, catalog="AWS"))
    assert (len(server.requests), server.connections <= 2) == (10, True)


@pytest.mark.parametrize("parts", [(), (HEAD[:30],), (HEAD, b"{"), (CHUNKED, b"1\r\n{\r\n")])
async def test_a_cancellation_closes_the_connection(parts: tuple[bytes, ...], connect: Any) -> None:
    before = asyncio.all_tasks()
    with hostile_server(hanging(*parts)) as server:
        async with connect(server.url, max_pool_connections=1) as client:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(partial(client.list_connections, catalog="AWS"))
                await until(lambda: len(server.requests) == 1)
                await anyio.sleep(0.1)  # the parts of a response arrive
                tasks.cancel_scope.cancel()
            await until(lambda: server.ended == 1)
            server.answer = sending(PAGE)
            with anyio.fail_after(GUARD):  # the only connection is free again
                await client.list_connections(catalog="AWS")
    assert len(server.requests) == 2
    assert asyncio.all_tasks() == before


async def test_a_call_that_is_cancelled_while_it_waits_is_not_sent(connect: Any) -> None:
    with hostile_server(hanging()) as server:
        async with connect(server.url, max_pool_connections=1) as client:
            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(partial(client.list_connections, catalog="AWS"))
                await until(lambda: len(server.requests) == 1)
                await anyio.sleep(0.05)
                tasks.cancel_scope.cancel()
            await until(lambda: server.ended == 1)
            await anyio.sleep(0.05)
        assert (len(server.requests), server.connections) == (1, 1)


async def test_headers_arrive_as_they_were_signed(connect: Any) -> None:
    with hostile_server(sending(PAGE)) as server:
        async with connect(server.url, user_agent="me/1.0 caf\u00e9  two") as client:
            await client.list_connections(catalog="AWS", max_results=5)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    _, *lines = head.decode().split("\r\n")
    headers = [(header.lower(), value) for header, _, value in (line.partition(": ") for line in lines)]
    assert json.loads(body) == {"Catalog": "AWS", "MaxResults": 5}
    known = dict(headers)
    assert len(known) == len(headers)
    agent = known.pop("user-agent")
    assert agent.startswith("me/1.0 caf\u00e9  two")
    assert {header: known.get(header) for header in ("host", "accept", "accept-encoding", "content-length")} == {
        "host": server.url.removeprefix("http://"),
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-length": str(len(body)),
    }
    signed = {"x-amz-date", "x-amz-target", "content-type", "authorization", "amz-sdk-invocation-id", "amz-sdk-request"}
    assert known.keys() - {"connection"} == {*signed, "host", "accept", "accept-encoding", "content-length"}


async def test_the_last_of_several_headers_counts(name: str, connect: Any) -> None:
    page = PAGE.replace(b"OK\r\n", b"OK\r\nX-Twice: 1\r\nX-Twice: 2\r\nX-Amzn-RequestId: the-id\r\n")
    with hostile_server(sending(page)) as server:
        async with connect(server.url) as client:
            response = (await client.list_connections(catalog="AWS")).response_metadata
    assert response.request_id == "the-id"
    assert response.http_headers["x-twice"] == ("1, 2" if name == "httpx" else "2")


async def test_a_compressed_body_is_not_asked_for_and_not_decompressed(name: str, connect: Any) -> None:
    if name == "httpx":
        pytest.skip("aiobotocore's session decompresses")
    page = PAGE.replace(b"OK\r\n", b"OK\r\nContent-Encoding: gzip\r\n")
    with hostile_server(sending(page)) as server:
        async with connect(server.url) as client:
            assert (await client.list_connections(catalog="AWS")).connection_summaries == []


async def test_a_redirect_is_not_followed(connect: Any) -> None:
    with hostile_server(sending(b"HTTP/1.1 302 F\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")) as server:
        error = await failure(connect(server.url))
    assert (type(error), len(server.requests)) == (RedirectError, 1)


async def test_a_proxy(connect: Any, tmp_path: Path) -> None:
    with hostile_server(sending(PAGE)) as server:
        proxies = {"http": server.url.replace("//", "//us%20er:pass@")}
        async with connect("http://service.invalid/", proxies=proxies) as client:
            await client.list_connections(catalog="AWS")
    head = server.requests[0].decode().lower()
    assert head.startswith("post http://service.invalid/ http/1.1")
    assert "proxy-authorization: basic dxmgzxi6cgfzcw==" in head
    file, context = certificate(tmp_path)
    with hostile_server(sending(PAGE), context) as target, hostile_server(tunnel(target)) as server:
        async with connect(target.url, options={"verify": str(file)}, proxies={"https": server.url}) as client:
            for _ in range(2):
                await client.list_connections(catalog="AWS")
        unknown = await failure(connect(target.url, proxies={"https": server.url}))
    assert server.requests[0].startswith(f"CONNECT 127.0.0.1:{target.port} ".encode())
    assert len(target.requests) == 2
    assert type(unknown) is SSLError


def tunnel(target: HostileServer) -> Answer:
    """Return an answer that connects to another server."""

    async def answer(stream: Any) -> bool:
        async with await anyio.connect_tcp("127.0.0.1", target.port) as other, anyio.create_task_group() as tasks:
            await stream.send(b"HTTP/1.1 200 OK\r\n\r\n")

            async def forward(source: Any, to: Any) -> None:
                try:
                    async for data in source:
                        await to.send(data)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(forward, stream, other)
            await forward(other, stream)
        return True

    return answer


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_fails(scheme: str, connect: Any) -> None:
    error = await failure(connect(f"{scheme}://service.invalid", proxies={scheme: "http://127.0.0.1:1"}))
    assert (type(error), error.attempts) == (ProxyConnectionError, 2)
    with hostile_server(sending(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")) as server:
        error = await failure(connect("https://service.invalid", proxies={"https": server.url}))
    assert (type(error), error.attempts) == (ProxyConnectionError, 2)


async def test_a_proxy_of_the_environment(connect: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with hostile_server(sending(PAGE)) as server:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        assert type(await failure(connect(server.url))) is ProxyConnectionError
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        async with connect(server.url) as client:
            await client.list_connections(catalog="AWS")
        async with connect(server.url, proxies={}) as client:
            await client.list_connections(catalog="AWS")
    assert len(server.requests) == 2


async def test_a_collection_and_its_retries(name: str, server: ScriptedServer) -> None:
    from tests.support.servers import Reply  # noqa: PLC0415 - of this test alone

    server.replies(Reply(status=503), Reply({"ConnectionSummaries": []}))
    options = CLIENTS[name]
    collection = Collection(account.listings.list_connections(), Source("AWS", endpoint_url=server.url), **options)
    collected = await collection.collect()
    (state,) = collected.report.sources.values()
    assert (state.error, state.retries, len(server.received)) == (None, 1, 2)


@pytest.mark.parametrize("way", ["connect", "session", "wrap"])
async def test_httpx_of_an_older_aiobotocore_is_refused(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would ignore `verify`, proxies and a limit of bytes."""
    monkeypatch.setattr(http_client, "SUPPORTS_HTTPX", False)
    session, config = session_with_models(), AioConfig(http_session_cls=HttpxSession)
    with pytest.raises(InvalidConfigError, match=r"install 'aiobotocore\[httpx2\]>=3\.9'"):  # noqa: PT012 - the ways differ
        if way == "wrap":
            async with session.create_client("partnercentral-account", "us-east-1", config=config) as inner:
                account.wrap(inner)
        else:
            async with account.connect(config=config, **({"session": session} if way == "session" else {})):
                pass
