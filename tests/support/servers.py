"""HTTP servers for tests, on loopback sockets and in a thread of their own: the client's loop is only the client's."""

from __future__ import annotations

import json
import socket
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import cbor2
from aiohttp import web
from anyio.from_thread import start_blocking_portal

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator


@attrs.frozen
class Received:
    """One request as it came in; a body that is neither JSON nor CBOR is text."""

    operation: str
    body: Any
    headers: dict[str, str]
    path: str = "/"


@attrs.frozen
class Reply:
    """What to answer: `body` is sent as it is if bytes, otherwise as JSON, or as CBOR to a request in CBOR."""

    body: Any = attrs.field(factory=dict)
    status: int = 200
    headers: dict[str, str] = attrs.field(factory=dict)
    delay: float = 0.0

    def response(self, *, is_cbor: bool, headers: dict[str, str]) -> web.Response:
        if is_cbor:
            headers = {"smithy-protocol": "rpc-v2-cbor", **headers}
        dumped = self.body if isinstance(self.body, bytes) else (_cbor if is_cbor else _json)(self.body)
        return web.Response(
            body=dumped,
            status=self.status,
            headers={**headers, **self.headers},
            content_type="application/cbor" if is_cbor else "application/x-amz-json-1.0",
        )


def _json(body: Any) -> bytes:
    return json.dumps(body).encode()


def _cbor(body: Any) -> bytes:
    return cbor2.dumps(body)


@attrs.define
class ScriptedServer:
    """Answers each request by what `answer` says; by an empty object unless told otherwise."""

    answer: Callable[[Received], Reply] = attrs.field(default=lambda _: Reply())
    received: list[Received] = attrs.field(factory=list)
    disconnected: int = 0
    in_flight: int = 0
    peak: int = 0
    """How many requests were answered at the same time."""
    port: int = 0
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    def replies(self, *replies: Reply) -> None:
        """Answer by these in turn; the last one again and again."""
        pending = list(replies)
        self.answer = lambda _: pending.pop(0) if len(pending) > 1 else pending[0]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        is_cbor = request.content_type == "application/cbor"
        target = request.path.rpartition("/") if is_cbor else request.headers.get("X-Amz-Target", "").rpartition(".")
        received = Received(
            operation=target[2],
            body=cbor2.loads(await request.read()) if is_cbor else _parsed(await request.text()),
            headers={k.lower(): v for k, v in request.headers.items()},
            path=request.path,
        )
        self.received.append(received)
        reply = self.answer(received)
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await anyio.sleep(reply.delay)
        except anyio.get_cancelled_exc_class():
            self.disconnected += 1
            raise
        finally:
            self.in_flight -= 1
        return reply.response(is_cbor=is_cbor, headers={"x-amzn-RequestId": f"request-{len(self.received)}"})


def _parsed(body: str) -> Any:
    try:
        return json.loads(body or "null")
    except ValueError:
        return body


@asynccontextmanager
async def _serving(server: ScriptedServer) -> AsyncIterator[None]:
    runner = web.AppRunner(
        _application(server.handle), access_log=None, handler_cancellation=True, shutdown_timeout=0.1
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server.tls)
        await site.start()
        server.port = runner.addresses[0][1]
        yield
    finally:
        await runner.cleanup()


def _application(handle: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.Application:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    return application


@contextmanager
def scripted_server(tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Run a scripted server in a thread."""
    server = ScriptedServer(tls=tls)
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(_serving(server)):
        yield server


@contextmanager
def refusing_port(port: int = 0) -> Iterator[int]:
    """Yield a port that refuses connections, and that no server of another test gets meanwhile."""
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a server's last connections may be on it
        reserved.bind(("127.0.0.1", port))
        yield reserved.getsockname()[1]


@contextmanager
def socket_server(reply: bytes, then: bytes = b"", pause: float = 0.0, delay: float = 0.0) -> Iterator[str]:
    """Run a server that sends these bytes, whatever it is asked, and closes the connection; yields its URL.

    Instead of closing the connection, it sends the bytes `then` again and again, if there are any, each time after a
    pause in seconds. `delay` is a pause before the reply.
    """

    async def handle(stream: anyio.abc.SocketStream) -> None:
        with suppress(anyio.BrokenResourceError, anyio.EndOfStream):  # the client hangs up
            async with stream:
                await stream.receive()
                await anyio.sleep(delay)
                await stream.send(reply)
                while then:
                    await anyio.sleep(pause)
                    await stream.send(then)

    @asynccontextmanager
    async def serving() -> AsyncIterator[str]:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, handle)
            yield f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"  # noqa: S610 - of anyio
            tasks.cancel_scope.cancel()

    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(serving()) as url:
        yield url
