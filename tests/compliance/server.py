"""The server of a run: keeps the one request that a case makes, and answers as the case says."""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs
from aiohttp import abc, web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from multidict import CIMultiDictProxy

_FRAMING = frozenset({"content-length", "transfer-encoding"})


@attrs.frozen
class Received:
    """A request as it stood on the wire.

    Attributes:
        method: the HTTP method.
        uri: path and query, quoted as they came.
        headers: all of them.
        body: the bytes, compressed if they were.
    """

    method: str
    uri: str
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def host(self) -> str:
        """The host that the request is for, without the port."""
        return self.headers["Host"].partition(":")[0]


@attrs.frozen
class Reply:
    """What to answer."""

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = b""


@attrs.define
class Server:
    """Answers every request in the same way until told otherwise."""

    reply: Reply = attrs.field(factory=Reply)
    received: list[Received] = attrs.field(factory=list)
    port: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Keep the request and answer it."""
        body = await request.read()
        self.received.append(Received(request.method, request.raw_path, request.headers, body))
        response = web.Response(status=self.reply.status, body=self.reply.body)
        response.force_close()
        return response

    async def bare(self, _: web.Request, response: web.StreamResponse) -> None:
        """Leave of an answer's headers those of the case: its end is that of the connection."""
        response.headers.clear()
        response.headers.update({k: v for k, v in self.reply.headers.items() if k.lower() not in _FRAMING})


class Loopback(abc.AbstractResolver):
    """Finds every host on this machine, so that requests may name the host that a case is about."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[abc.ResolveResult]:
        """Return the loopback address."""
        found = abc.ResolveResult(
            hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
        )
        return [{**found, "family": socket.AF_INET}]

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    """Run a server on a socket of this machine."""
    server = Server()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    application.on_response_prepare.append(server.bare)
    runner = web.AppRunner(application, access_log=None, auto_decompress=False, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()
