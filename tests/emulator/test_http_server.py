"""Connections over plain sockets: their limits, their ends, and what is not HTTP."""

from __future__ import annotations

import anyio
import pytest

from aiopartnercentral.emulator import Emulator, Fault, Latency, http_server, pipeline
from tests.support.tasks import GUARD

pytestmark = pytest.mark.anyio

CLOCK = b"GET /_emulator/clock HTTP/1.1\r\nHost: localhost\r\n\r\n"
PAGE = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"
LISTING = (
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
    b"X-Amz-Target: PartnerCentralAccount.ListConnections\r\nContent-Length: 17\r\n\r\n"
)
BODY = b'{"Catalog":"AWS"}'


async def connect(emulator):
    host, _, port = emulator.endpoint_url.removeprefix("http://").rpartition(":")
    return await anyio.connect_tcp(host, int(port))


async def received(stream):
    """Return all that is received until the emulator closes the connection."""
    found = b""
    with anyio.fail_after(30):
        try:
            while True:
                found += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return found


@pytest.mark.parametrize("sent", [CLOCK, PAGE, LISTING + BODY], ids=["admin", "page", "API"])
async def test_a_client_that_shuts_down_its_sending_side_gets_its_answer(sent, emulator, monkeypatch):
    monkeypatch.setattr(http_server, "_HALF_CLOSED_SECONDS", GUARD)  # the first page may take long to load
    async with await connect(emulator) as stream:
        await stream.send(sent)
        await stream.send_eof()
        answer = await received(stream)
    assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.0 200 "))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()


async def test_a_client_may_shut_down_while_it_waits(emulator, monkeypatch):
    monkeypatch.setattr(http_server, "_HALF_CLOSED_SECONDS", GUARD)
    emulator.faults = [Fault(Latency(seconds=0.1))]
    async with await connect(emulator) as stream:
        await stream.send(LISTING + BODY)
        while not emulator.in_flight:
            await anyio.sleep(0.001)
        await stream.send_eof()
        assert (await received(stream)).startswith(b"HTTP/1.1 200 ")
    assert not emulator.in_flight


@pytest.mark.parametrize("sent", [b"", b"GET / HT", LISTING, CLOCK], ids=["nothing", "head", "body", "delayed"])
async def test_a_client_that_closes_its_connection_leaves_nothing_behind(sent, emulator):
    emulator.latency = 3600
    async with await connect(emulator) as stream:
        if sent:
            await stream.send(sent)
        while not emulator.in_flight and sent in (LISTING, CLOCK):
            await anyio.sleep(0.001)
        await stream.send_eof()
        assert await received(stream) == b""
        with anyio.fail_after(10):
            while emulator.in_flight:
                await anyio.sleep(0.001)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc", CLOCK, CLOCK + b"GET"])
async def test_an_idle_connection_and_an_unfinished_head_end(sent, monkeypatch):
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 0.2)
    async with Emulator() as emulator, await connect(emulator) as stream:
        if sent:
            await stream.send(sent)
        assert (await received(stream)).count(b"HTTP/1.1 200") == sent.count(CLOCK)


async def test_a_head_that_arrives_byte_by_byte_ends_too(monkeypatch):
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 0.2)
    async with Emulator() as emulator, await connect(emulator) as stream, anyio.create_task_group() as group:

        async def drip():
            with anyio.fail_after(30):
                while True:
                    await stream.send(b"x")
                    await anyio.sleep(0.02)

        await stream.send(b"GET /")
        group.start_soon(drip)
        assert await received(stream) == b""
        group.cancel_scope.cancel()


async def test_a_body_that_does_not_arrive_is_a_timeout(monkeypatch):
    monkeypatch.setattr(pipeline, "BODY_SECONDS", 0.2)
    async with Emulator() as emulator, await connect(emulator) as stream:
        await stream.send(LISTING + BODY[:5])
        answer = await stream.receive()
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"RequestTimeoutException" in answer
        assert emulator.requests[-1].status == 408
        assert not emulator.in_flight


async def test_a_client_that_never_reads_is_disconnected(monkeypatch):
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 0.2)
    async with Emulator({"AWS": 100}) as emulator, await connect(emulator) as stream:
        await stream.send((LISTING + BODY) * 500)
        with anyio.fail_after(30):
            while not emulator.requests or emulator._runner.server.connections:
                await anyio.sleep(0.01)
        assert 0 < (await received(stream)).count(b"HTTP/1.1 200") < 500


async def test_a_client_that_reads_slowly_is_not(monkeypatch):
    monkeypatch.setattr(http_server, "IDLE_SECONDS", 0.5)
    async with Emulator({"AWS": 100}) as emulator, await connect(emulator) as stream:
        await stream.send((LISTING + BODY) * 200)
        found = b""
        with anyio.fail_after(60):
            while found.count(b"HTTP/1.1 200") < 200:
                found += await stream.receive(1 << 16)
                await anyio.sleep(0.01)


@pytest.mark.parametrize("host", [b"localhost", b"other.example"])
async def test_a_client_that_waits_to_send_the_body_is_asked_for_it(host, emulator):
    head = LISTING.replace(b"localhost", host).replace(b"\r\n\r\n", b"\r\nExpect: 100-Continue\r\n\r\n")
    async with await connect(emulator) as stream:
        await stream.send(head)
        answer = await stream.receive()
        if host == b"localhost":
            assert answer == b"HTTP/1.1 100 Continue\r\n\r\n"
            await stream.send(BODY)
            answer = await stream.receive()
            assert answer.startswith(b"HTTP/1.1 200 ")
        else:
            assert answer.startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02", b"SSH-2.0-x\r\n", b"GET / HTTP/1.1\r\nNo header\r\n\r\n"])
async def test_what_is_not_http_gets_a_request_id(sent, emulator):
    ids = set()
    for _ in range(2):
        async with await connect(emulator) as stream:
            await stream.send(sent + b"\r\n\r\n")
            head = (await received(stream)).partition(b"\r\n\r\n")[0].decode()
        assert head.startswith("HTTP/1.0 400 ")
        ids |= {line.partition(": ")[2] for line in head.lower().splitlines() if line.startswith("x-amzn-requestid:")}
    assert len(ids) == 2
