"""Serves prepared pages as fast as one process can: HTTP/1.1 with keep-alive, with TLS or without.

They are those of ListConnections, and in CBOR those of ListRevenueAttributions.
"""

from __future__ import annotations

import asyncio
import gc
import re
import selectors
import ssl
from contextlib import asynccontextmanager
from email.utils import formatdate
from itertools import count
from typing import TYPE_CHECKING

import attrs
import cbor2
import orjson

from benchmarks.cbor_pages import cbor_contents, cbor_page
from benchmarks.pages import ITEMS_PER_PAGE, BenchCatalog, index_of, page_contents

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HOST = "127.0.0.1"
HEAD_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OPERATION = re.compile(rb"\r\nx-amz-target: *PartnerCentralAccount\.ListConnections\r\n", re.IGNORECASE)
_CBOR = re.compile(rb"POST /service/PartnerCentralRevenueMeasurement/operation/ListRevenueAttributions ")
_STARTED = formatdate(usegmt=True).encode()
_UNKNOWN = b'{"__type":"UnknownOperationException","message":"only two listings of a Bench catalog are served"}'
_numbers = count()


@attrs.frozen
class Address:
    """Where a server listens.

    Attributes:
        port: its port on loopback.
        authority: file of the certificate authority that its clients trust; empty for plain HTTP.
    """

    port: int
    authority: str = ""

    @property
    def url(self) -> str:
        """The endpoint URL."""
        return f"{'https' if self.authority else 'http'}://{HOST}:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make every client trust the authority: botocore reads one, OpenSSL the other."""
        return {"AWS_CA_BUNDLE": self.authority, "SSL_CERT_FILE": self.authority} if self.authority else {}


_JSON_HEADERS = b"Content-Type: application/x-amz-json-1.0"
_CBOR_HEADERS = b"Content-Type: application/cbor\r\nsmithy-protocol: rpc-v2-cbor"


def _answer(status: bytes, body: bytes, headers: bytes = _JSON_HEADERS) -> bytes:
    return (
        b"HTTP/1.1 %b\r\nDate: %b\r\n%b\r\n"
        b"x-amzn-RequestId: %08x-0000-4000-8000-000000000000\r\nContent-Length: %d\r\n\r\n%b"
    ) % (status, _STARTED, headers, next(_numbers), len(body), body)


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
        end = self._received.find(HEAD_END)
        if end < 0:
            return
        head = self._received[: end + len(HEAD_END)]
        length = LENGTH.search(head)
        if length is None:
            self._send(_answer(b"411 Length Required", b"{}"))
            return
        whole = len(head) + int(length[1])
        if len(self._received) >= whole:
            body, self._received = self._received[len(head) : whole], self._received[whole:]
            self._handle(head, body)

    def _handle(self, head: bytes, body: bytes) -> None:
        is_cbor = _CBOR.match(head) is not None
        request = cbor2.loads(body) if is_cbor else orjson.loads(body)
        catalog = BenchCatalog.of(request["Catalog"])
        if catalog is None or not (is_cbor or _OPERATION.search(head)):
            self._send(_answer(b"400 Bad Request", _UNKNOWN))
            return
        size = request.get("MaxResults", ITEMS_PER_PAGE)
        index = index_of(request.get("NextToken"))
        if is_cbor:
            following = f"{index + 1:032}" if index + 1 < catalog.pages else None
            answer = _answer(b"200 OK", cbor_page(index, following), _CBOR_HEADERS)
        else:
            answer = _answer(b"200 OK", catalog.body(index, size))
        if catalog.delay_ms:
            asyncio.get_running_loop().call_later(catalog.delay_ms / 1000, self._send, answer)
        else:
            self._send(answer)

    def _send(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


@asynccontextmanager
async def open_server(folder: Path) -> AsyncIterator[tuple[Address, Address]]:
    """Serve while the block lasts, with certificates in a folder; yields the addresses without TLS and with it."""
    page_contents()
    cbor_contents()
    authority, context = _certificates(folder)
    gc.freeze()
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(Connection, HOST, 0, backlog=256)
    encrypted = await loop.create_server(Connection, HOST, 0, backlog=256, ssl=context)
    try:
        yield Address(_port(plain)), Address(_port(encrypted), authority)
    finally:
        plain.close()
        encrypted.close()


def _certificates(folder: Path) -> tuple[str, ssl.SSLContext]:
    """Return the file of a new certificate authority, and the context of a server with its certificate."""
    import trustme  # noqa: PLC0415 - clients import this module for the address

    authority, file = trustme.CA(), str(folder / "authority.pem")
    authority.cert_pem.write_to_path(file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    return file, context


def _port(server: asyncio.Server) -> int:
    port: int = server.sockets[0].getsockname()[1]
    return port


def event_loop() -> asyncio.AbstractEventLoop:
    """Return an event loop with exact timers; epoll rounds to milliseconds, so responses would clump."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())
