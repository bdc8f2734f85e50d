"""A server that knows who is on the line: whose connections are open, and who has asked how often."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

import anyio
import attrs
from anyio.from_thread import start_blocking_portal

from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_EMPTY = b'{"ConnectionSummaries": []}'


@attrs.define
class Line:
    """Answers everything with an empty page, or with `status`."""

    status: int = 200
    fails_each: int = 0
    """Which requests fail: each one with a number that this divides; 0 for none."""
    url: str = ""
    open: Counter[str] = attrs.field(factory=Counter)
    """How many connections are open, by the access key id that they were last used with."""
    asked: list[str] = attrs.field(factory=list)
    """The access key id of each request."""
    bodies: list[tuple[str, bytes]] = attrs.field(factory=list)
    """The access key id and the body of each request."""

    async def handle(self, stream: anyio.abc.SocketStream) -> None:
        key, buffer = "", b""
        try:
            async with stream:
                while True:
                    while b"\r\n\r\n" not in buffer:
                        buffer += await stream.receive()
                    head, _, buffer = buffer.partition(b"\r\n\r\n")
                    length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
                    while len(buffer) < length:
                        buffer += await stream.receive()
                    request, buffer = buffer[:length], buffer[length:]
                    self.open[key] -= bool(key)
                    key = re.search(rb"Credential=([^/]+)/", head)[1].decode()
                    self.open[key] += 1
                    self.asked.append(key)
                    self.bodies.append((key, request))
                    status = 500 if self.fails_each and len(self.asked) % self.fails_each == 0 else self.status
                    body = _EMPTY if status == 200 else b'{"__type": "InternalServerException"}'
                    head = f"HTTP/1.1 {status} x\r\nContent-Type: application/x-amz-json-1.0\r\n"
                    await stream.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            pass
        finally:
            self.open[key] -= bool(key)
            self.open += Counter()

    async def until_open(self, *keys: str) -> None:
        """Wait until the connections of these are open, and no other's."""
        with anyio.fail_after(GUARD):
            while set(+self.open) != set(keys):
                await anyio.sleep(0.01)


@asynccontextmanager
async def _serving(line: Line) -> AsyncIterator[None]:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, line.handle)
        line.url = f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"  # noqa: S610 - of anyio
        yield
        tasks.cancel_scope.cancel()


@contextmanager
def lines() -> Iterator[Line]:
    line = Line()
    with start_blocking_portal("asyncio") as portal, portal.wrap_async_context_manager(_serving(line)):
        yield line
