"""Serves ListConnections as fast as one process can: HTTP/1.1 with keep-alive, and prepared pages."""

from __future__ import annotations

import asyncio
import gc
import re
import selectors
from contextlib import asynccontextmanager
from email.utils import formatdate
from itertools import count
from typing import TYPE_CHECKING

import orjson

from benchmarks.pages import BenchCatalog, index_of, page_contents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOST = "127.0.0.1"
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OPERATION = re.compile(rb"\r\nx-amz-target: *PartnerCentralAccount\.ListConnections\r\n", re.IGNORECASE)
_STARTED = formatdate(usegmt=True).encode()
_UNKNOWN = b'{"__type":"UnknownOperationException","message":"only ListConnections of a Bench catalog is served"}'
_numbers = count()


def _answer(status: bytes, body: bytes) -> bytes:
    return (
        b"HTTP/1.1 %b\r\nDate: %b\r\nContent-Type: application/x-amz-json-1.0\r\n"
        b"x-amzn-RequestId: %08x-0000-4000-8000-000000000000\r\nContent-Length: %d\r\n\r\n%b"
    ) % (status, _STARTED, next(_numbers), len(body), body)


class Connection(asyncio.Protocol):
    """One connection; a client sends the next request when it has the answer to the one before."""

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request once it is complete."""
        self._received += data
        end = self._received.find(_HEAD_END)
        if end < 0:
            return
        head = self._received[: end + len(_HEAD_END)]
        length = _LENGTH.search(head)
        if length is None:
            self._send(_answer(b"411 Length Required", b"{}"))
            return
        whole = len(head) + int(length[1])
        if len(self._received) >= whole:
            body, self._received = self._received[len(head) : whole], self._received[whole:]
            self._handle(head, body)

    def _handle(self, head: bytes, body: bytes) -> None:
        request = orjson.loads(body)
        catalog = BenchCatalog.of(request["Catalog"])
        if catalog is None or not _OPERATION.search(head):
            self._send(_answer(b"400 Bad Request", _UNKNOWN))
            return
        answer = _answer(b"200 OK", catalog.body(index_of(request.get("NextToken"))))
        if catalog.delay_ms:
            asyncio.get_running_loop().call_later(catalog.delay_ms / 1000, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


@asynccontextmanager
async def open_server() -> AsyncIterator[int]:
    """Serve while the block lasts; yields the port."""
    page_contents()
    gc.freeze()
    server = await asyncio.get_running_loop().create_server(Connection, HOST, 0, backlog=256)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def event_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop with exact timers; epoll rounds to milliseconds, so responses would clump."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())
