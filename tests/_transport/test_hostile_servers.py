"""The library's own HTTP client against servers that answer too much, too early, or not to the end."""

from __future__ import annotations

import asyncio
import gc
import math
import random
import socket
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio.abc import SocketAttribute

from aiopartnercentral import account
from aiopartnercentral._transport.closed import client_closed
from aiopartnercentral._transport.http.asyncio_client import AsyncioPool
from aiopartnercentral._transport.http.settings import HttpSettings
from tests.support.certificates import certificate
from tests.support.hostile_server import hostile_server, sending
from tests.support.servers import Reply
from tests.support.tasks import GUARD, no_task_left

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.servers import ScriptedServer

OK = b"HTTP/1.1 200 OK\r\n"
PAGE = OK + b"Content-Length: 2\r\n\r\n{}"
OTHER = OK + b"Content-Length: 4\r\n\r\nevil"


def request(url: str, body: bytes = b"{}") -> Any:
    from aiopartnercentral._transport.direct.request import SignedRequest  # noqa: PLC0415 - of this function alone

    return SignedRequest(url, {"Content-Length": str(len(body))}, body)


def settings(authority: Path, **options: Any) -> HttpSettings:
    verify = str(authority) if authority.is_file() else True
    return HttpSettings(**{"verify": verify, "read_timeout": 5, "connect_timeout": 5, **options})


def loops() -> Iterator[Any]:
    yield pytest.param(None, id="asyncio")
    try:
        import uvloop  # noqa: PLC0415 - is not everywhere
    except ImportError:
        return
    yield pytest.param(uvloop.new_event_loop, id="uvloop")


def open_files() -> int:
    return len([*Path("/proc/self/fd").iterdir()])


every_loop = pytest.mark.parametrize("new_loop", [*loops()])
with_tls = pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "tls"])


def run(new_loop: Callable[[], asyncio.AbstractEventLoop] | None, main: Any) -> Any:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(main)


@every_loop
@with_tls
def test_an_answer_that_waits_on_a_connection_is_never_that_to_the_next_request(
    new_loop: Any,
    is_tls: bool,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    authority, tls = certificate(tmp_path)

    async def main(url: str) -> list[bytes]:
        pool, bodies = AsyncioPool(settings(authority)), []
        for number in range(1, 5):
            bodies.append((await pool.post(request(url))).body)
            until = time.monotonic() + GUARD
            while server.answered < number and time.monotonic() < until:
                time.sleep(0.01)  # noqa: ASYNC251 - as if the page took long to decode; the loop reads nothing meanwhile
        await pool.aclose()
        return bodies

    with hostile_server(sending(PAGE, OTHER, pause=0.03), tls if is_tls else None) as server:
        assert run(new_loop, main(server.url)) == [b"{}"] * 4
        assert server.connections == len(server.requests) == 4


@every_loop
@pytest.mark.parametrize("says_so", [True, False], ids=["tls", "neither"])
def test_a_body_that_ends_with_the_connection_may_end_without_a_word_of_tls(
    says_so: bool,  # noqa: FBT001 - a parameter
    new_loop: Any,
    tmp_path: Path,
) -> None:
    authority, tls = certificate(tmp_path)

    async def answer(stream: Any) -> bool:
        await stream.send(OK + b"\r\n{}")
        await anyio.sleep(0.05)
        if says_so:
            await stream.unwrap()
        else:
            raw: socket.socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610 - of anyio
            raw.shutdown(1)  # as anybody on the way can do
        return True

    async def main(url: str) -> tuple[bytes, bool]:
        pool = AsyncioPool(settings(authority))
        body = (await pool.post(request(url))).body
        is_kept = bool(pool._connections)
        await pool.aclose()
        return body, is_kept

    with hostile_server(answer, tls) as server:
        assert run(new_loop, main(server.url)) == (b"{}", False)


@every_loop
@with_tls
def test_a_thousand_cancellations_leave_nothing(
    new_loop: Any,
    is_tls: bool,  # noqa: FBT001 - a parameter
    tmp_path: Path,
) -> None:
    authority, tls = certificate(tmp_path)
    chance, most = random.Random(7), 10

    async def main(url: str) -> None:
        pool = AsyncioPool(settings(authority, max_connections=most, keepalive=chance.choice([0.0, 12.0])))
        async with no_task_left():
            for _ in range(13):
                tasks = [asyncio.create_task(pool.post(request(url))) for _ in range(20)]
                for task in tasks:
                    for _ in range(chance.randrange(5)):
                        await asyncio.sleep(chance.choice([0, 0, 0.001]))
                    task.cancel()
                await asyncio.wait(tasks)
                assert all(task.cancelled() or task.exception() is None for task in tasks)
                assert len(pool._connections) <= most
            assert (await pool.post(request(url))).body == b"{}"
            with anyio.fail_after(GUARD):
                await pool.aclose()
            assert not pool._connections

    with hostile_server(sending(PAGE[:20], PAGE[20:], pause=0.001), tls if is_tls else None) as server:
        run(new_loop, asyncio.sleep(0))  # what the first loop of a process opens for good
        before = open_files()
        run(new_loop, main(server.url))
        gc.collect()  # a ResourceWarning would be an error
        until = time.monotonic() + GUARD
        while open_files() > before and time.monotonic() < until:
            time.sleep(0.01)  # the server closes its ends
        assert open_files() <= before


@pytest.mark.parametrize(("size", "number"), [(2, 300_000), (2, 1000), (2, 999), (3, 1001), (600_000, 1)])
def test_small_chunks_take_no_more_memory_than_large_ones(size: int, number: int, tmp_path: Path) -> None:
    part = b"ab" * size
    answer = OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"%x\r\n%s\r\n" % (size, part[:size]) * number + b"0\r\n\r\n"

    async def main(url: str) -> bytes:
        pool = AsyncioPool(settings(tmp_path))
        try:
            return (await pool.post(request(url))).body
        finally:
            await pool.aclose()

    with hostile_server(sending(answer)) as server:
        run(None, main(server.url))  # loads what is loaded once
        tracemalloc.start()
        try:
            body = run(None, main(server.url))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert body == part[:size] * number
    assert peak < 4 * len(body) + 2_000_000  # what is read at once, and the loop


@every_loop
def test_closing_ends_what_still_connects(new_loop: Any, tmp_path: Path) -> None:
    async def main(url: str) -> None:
        async with no_task_left():
            pool = AsyncioPool(settings(tmp_path, verify=True, connect_timeout=None))
            tasks = [asyncio.create_task(pool.post(request(url))) for _ in range(3)]
            await asyncio.sleep(0.2)
            with anyio.fail_after(GUARD):
                await pool.aclose()
                failed = await asyncio.gather(*tasks, return_exceptions=True)
            assert [str(each) for each in failed] == [str(client_closed())] * 3

    with socket.create_server(("127.0.0.1", 0)) as silent:  # never answers the TLS handshake
        run(new_loop, main(f"https://127.0.0.1:{silent.getsockname()[1]}"))


@pytest.mark.filterwarnings("ignore:.*")  # of the connection that its loop has left open
def test_another_loop_neither_uses_a_connection_nor_waits_for_its_end(tmp_path: Path) -> None:
    with hostile_server(sending(PAGE)) as server:
        pool = AsyncioPool(settings(tmp_path))
        run(None, pool.post(request(server.url)))
        with pytest.raises(RuntimeError, match="another event loop"):
            run(None, pool.post(request(server.url)))
        run(None, asyncio.wait_for(pool.aclose(), GUARD))
        assert len(server.requests) == 1
        del pool
        gc.collect()


@every_loop
def test_a_connection_may_be_kept_forever(new_loop: Any, tmp_path: Path) -> None:
    async def main(url: str) -> None:
        forever = {"read_timeout": None, "connect_timeout": None, "keepalive": math.inf, "dns_ttl": math.inf}
        pool = AsyncioPool(settings(tmp_path, **forever))
        for _ in range(2):
            assert (await pool.post(request(url))).body == b"{}"
        await pool.aclose()

    with hostile_server(sending(PAGE)) as server:
        run(new_loop, main(server.url))
        assert server.connections == 1


@pytest.mark.anyio
async def test_the_time_limit_begins_when_the_request_is_sent(tmp_path: Path) -> None:
    async def read_late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(12_000_000)
        await asyncio.sleep(2.4)
        await reader.readexactly(12_000_000)
        writer.write(PAGE)
        writer.close()

    server = await asyncio.start_server(read_late, "127.0.0.1", 0, limit=4096)
    async with server:
        pool = AsyncioPool(settings(tmp_path, read_timeout=2.0))
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert (await pool.post(request(url, b"x" * 24_000_000))).body == b"{}"
        await pool.aclose()


@pytest.mark.anyio
@pytest.mark.usefixtures("direct_requests")
async def test_an_unusual_request_of_a_usual_client_is_sent_by_aiohttp(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiopartnercentral._transport.retries.backoff", lambda *_: 0.0)
    failed, page = Reply(status=503), Reply({"ConnectionSummaries": []})
    async with account.connect(endpoint_url=server.url) as client:
        assert client.transport.kind == "direct"
        server.replies(failed, page)
        await client.list_connections(catalog="AWS")
        inner: Any = client._api.transport
        botocore = inner.connection.botocore.client
        used: list[Any] = []
        post = AsyncioPool.post

        async def noted(pool: AsyncioPool, sent: Any) -> Any:
            used.append(sent)
            return await post(pool, sent)

        monkeypatch.setattr(AsyncioPool, "post", noted)
        server.replies(failed, page)
        await client.list_connections(catalog="AWS")
        assert len(used) == 2  # the retry, too

        def change(request: Any, **_: object) -> None:
            request.headers["Connection"] = "close"

        botocore.meta.events.register("before-send.partnercentral-account", change)
        server.replies(failed, page)
        found = await client.list_connections(catalog="AWS")
        assert (found.response_metadata.attempts, len(used)) == (2, 3)
    assert {name.lower(): value for name, value in server.received[-1].headers.items()}["connection"] == "close"
