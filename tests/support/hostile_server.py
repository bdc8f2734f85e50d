"""A server that reads requests and answers them with anything, byte by byte, or not at all."""

from __future__ import annotations

import re
import socket
import struct
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, TypeAlias

import anyio
import attrs
from anyio.abc import ByteStream, SocketAttribute
from anyio.from_thread import start_blocking_portal
from anyio.streams.tls import TLSStream

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from anyio.abc import SocketStream

    Answer: TypeAlias = Callable[[ByteStream], Awaitable[bool]]

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_GONE = (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)


@attrs.define
class HostileServer:
    """Hands the connection to `answer` after each request.

    Attributes:
        answer: returns whether the connection is closed now.
        tls: what it speaks TLS with; None for none.
        requests: the requests as they came in, heads and bodies.
        connections: how many there were.
        answered: how many requests `answer` has dealt with; what it has sent waits at the client then.
        ended: how many of the connections are closed.
    """

    answer: Answer
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = attrs.field(factory=list)
    connections: int = 0
    answered: int = 0
    ended: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http{'' if self.tls is None else 's'}://127.0.0.1:{self.port}"

    async def handle(self, stream: SocketStream) -> None:
        self.connections += 1
        try:
            with suppress(*_GONE, OSError):
                await self._serve(stream)
        finally:
            with anyio.CancelScope(shield=True):
                await stream.aclose()
            self.ended += 1

    async def _serve(self, stream: SocketStream) -> None:
        plain: ByteStream = stream
        if self.tls is not None:
            plain = await TLSStream.wrap(stream, server_side=True, ssl_context=self.tls, standard_compatible=False)
        while True:
            received = b""
            while b"\r\n\r\n" not in received:
                received += await plain.receive()
            head, _, body = received.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            while length and len(body) < int(length[1]):
                body += await plain.receive()
            self.requests.append(head + b"\r\n\r\n" + body)
            is_closed = await self.answer(plain)
            self.answered += 1
            if is_closed:
                return


def sending(*parts: bytes, pause: float = 0.0, closing: bool = False) -> Answer:
    """Return an answer that sends parts, with pauses between them."""

    async def answer(stream: ByteStream) -> bool:
        for number, part in enumerate(parts):
            await anyio.sleep(pause if number else 0)
            await stream.send(part)
        return closing

    return answer


def resetting(*parts: bytes) -> Answer:
    """Return an answer that sends parts, and then resets the connection."""

    async def answer(stream: ByteStream) -> bool:
        await sending(*parts)(stream)
        await anyio.sleep(0.05 if parts else 0)  # a reset drops what has not been read
        raw: socket.socket = stream.extra(SocketAttribute.raw_socket)  # noqa: S610 - of anyio
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return True

    return answer


def hanging(*parts: bytes) -> Answer:
    """Return an answer that sends parts, and then nothing until the client closes the connection."""

    async def answer(stream: ByteStream) -> bool:
        await sending(*parts)(stream)
        await stream.receive()
        return True

    return answer


@asynccontextmanager
async def _serving(server: HostileServer) -> AsyncIterator[None]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    server.port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - of anyio
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, server.handle)
        yield
        tasks.cancel_scope.cancel()


@contextmanager
def hostile_server(answer: Answer, tls: ssl.SSLContext | None = None) -> Iterator[HostileServer]:
    """Run a hostile server in a thread."""
    server = HostileServer(answer, tls)
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(_serving(server)):
        yield server


@contextmanager
def deaf_port() -> Iterator[int]:
    """Yield a port that accepts no further connections, and does not refuse them either."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port: int = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)  # noqa: FBT003 - of the standard library
            each.connect_ex(("127.0.0.1", port))
        yield port
        for each in waiting:
            each.close()
