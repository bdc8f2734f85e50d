"""The HTTP server's connections: how long they may be idle, how they end, and the request id of every answer."""

from __future__ import annotations

import asyncio
import uuid
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

IDLE_SECONDS: Final = 75.0
"""How long a connection may be idle, take to send the head of a request, or leave a response unread."""
# How long an answer may take if the client has shut down its sending side: it may have closed the connection.
_HALF_CLOSED_SECONDS: Final = 1.0
# One random part for all: asking the system for each request would take a twentieth of a small response's time.
_REQUEST_IDS = map(f"{str(uuid.uuid4())[:23]}-{{:012x}}".format, count(1))


def request_id() -> dict[str, str]:
    """Return the header with the id of a request."""
    return {"x-amzn-RequestId": next(_REQUEST_IDS)}


class HttpServer(web.Server):
    """Creates the connections of an HTTP server on asyncio.

    Arguments:
        handler: responds to a request.

    Raises:
        RuntimeError: the event loop is not asyncio's.
    """

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        super().__init__(handler, handler_cancellation=True)

    def __call__(self) -> web.RequestHandler:
        """Return a new connection."""
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            access_log=None,  # which turns it off
            auto_decompress=False,
            keepalive_timeout=IDLE_SECONDS,
        )


class _Connection(web.RequestHandler):
    __slots__ = ("_closing", "_unread")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - aiohttp's
        super().__init__(*args, **kwargs)
        self._closing: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start to read requests."""
        super().connection_made(transport)
        if isinstance(transport, asyncio.WriteTransport):
            # So that `pause_writing` is called for every response that the system's buffers cannot take.
            transport.set_write_buffer_limits(high=0)

    def pause_writing(self) -> None:
        """Wait for the client to read, but not for ever."""
        super().pause_writing()
        if self.transport is not None:
            self._unread = asyncio.get_running_loop().call_later(IDLE_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Continue, as the client has read."""
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()

    def eof_received(self) -> bool:  # type: ignore[override] # asyncio keeps the connection open if it is true
        """Answer a request that has arrived before the client shut down its sending side."""
        is_idle = self._waiter is not None and not self._waiter.done()
        if is_idle:
            return False
        self.close()  # after the response
        self._closing = asyncio.get_running_loop().call_later(_HALF_CLOSED_SECONDS, self.force_close)
        return True

    def connection_lost(self, exc: BaseException | None) -> None:
        """Cancel the request in progress."""
        for timer in (self._closing, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is not HTTP."""
        response = super().handle_error(request, status, exc, message)
        response.headers.update(request_id())
        return response
