"""An HTTP/1.1 connection, which reads responses with llhttp. Nothing here loads botocore.

It takes what aiohttp takes, whose parser is llhttp, too, and allows the same deviations from the standard: if it took
less, a request that was executed would be repeated. But a connection with such a response is not used again, as others
may see the end of that response elsewhere.
"""

from __future__ import annotations

import asyncio
import math
from socket import MSG_PEEK, socket
from typing import cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from aiopartnercentral._transport.http.response import HttpResponse

__all__ = [
    "BrokenConnectionError",
    "ClosedConnectionError",
    "ConnectingTimeoutError",
    "HttpConnection",
    "MalformedResponseError",
    "NotConnectedError",
    "ReadingTimeoutError",
    "TlsError",
    "TransferError",
]

_BEGIN, _VERSIONS = b"HTTP/1.", ("1.0", "1.1")
_ALLOWED = dict.fromkeys(("lenient_headers", "lenient_optional_cr_before_lf", "lenient_spaces_after_chunk_size"), True)
_MAX_HEAD = 64 * 1024  # bytes of the names and values of headers
_MAX_IDLE = 512 * 1024  # bytes of reads without the end of a head or a part of the body; more than any single read has
_MAX_PARTS = 1000
_FIRST_STATUS, _SWITCHING_PROTOCOLS, _FIRST_FINAL_STATUS = 100, 101, 200


class TransferError(Exception):
    """No complete response arrived. The texts have nothing of a request or response."""


class NotConnectedError(TransferError):
    """No connection was opened, so nothing was sent."""


class TlsError(TransferError):
    """The TLS handshake failed, so nothing was sent."""


class ConnectingTimeoutError(TransferError):
    """No connection was opened in time, so nothing was sent."""


class ReadingTimeoutError(TransferError):
    """No further part of the response arrived in time."""


class ClosedConnectionError(TransferError):
    """The connection ended before the response did."""


class BrokenConnectionError(TransferError):
    """The connection broke before the body of the response began."""


class MalformedResponseError(TransferError):
    """What arrived is not an HTTP response."""


class HttpConnection(asyncio.Protocol):
    """A connection that was opened by an event loop.

    Arguments:
        loop: the event loop.
        read_timeout: maximum seconds without any part of a response; None for no limit.
        max_response_bytes: maximum bytes of a response's body; None for no limit.
        connections: the connections that are open, in which it keeps itself.
        sock: the socket.

    Attributes:
        is_usable: whether it can send another request.
        active_at: when it last sent or received anything, by the loop's clock.
        lost: is resolved once the connection is closed.
    """

    __slots__ = (
        *("_begin", "_body", "_connections", "_failure", "_has_head", "_headers", "_is_dirty", "_is_done"),
        *("_is_kept", "_loop", "_most", "_parser", "_read_timeout", "_size", "_size_of_fields"),
        *("_size_of_idle", "_socket", "_status", "_strict_parser", "_timer", "_transport", "_unsent", "_waiter"),
        *("active_at", "is_usable", "lost"),
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        read_timeout: float | None,
        max_response_bytes: int | None,
        connections: set[HttpConnection],
        sock: socket,
    ) -> None:
        self.is_usable = True
        self.active_at = loop.time()
        self.lost: asyncio.Future[None] = loop.create_future()
        self._loop = loop
        self._read_timeout = read_timeout
        self._most: float = math.inf if max_response_bytes is None else max_response_bytes
        self._connections = connections
        self._socket = sock
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(**_ALLOWED)
        self._strict_parser = HttpResponseParser(None)  # only notices deviations
        self._timer: asyncio.TimerHandle | None = None
        self._waiter: asyncio.Future[HttpResponse] | None = None
        self._unsent = 0
        self._clear()

    def _clear(self) -> None:
        """Expect a response."""
        self._failure: Exception | None = None
        self._status = self._size = self._size_of_fields = self._size_of_idle = 0
        self._headers: dict[str, str] = {}
        self._begin = bytearray()  # of the body, whose last parts are not joined yet
        self._body: list[bytes] = []
        self._has_head = self._is_done = self._is_dirty = self._is_kept = False

    def exchange(self, message: bytes) -> asyncio.Future[HttpResponse]:
        """Send a request, and return the response's future. A task that stops waiting for it has to call `abort`."""
        waiter = self._waiter = self._loop.create_future()
        self._clear()
        self.active_at = self._loop.time()
        if self._timer is None and self._read_timeout is not None:
            self._timer = self._loop.call_later(self._read_timeout, self._check_time)
        self._transport.write(message)
        self._unsent = self._transport.get_write_buffer_size()
        return waiter

    def has_unread(self) -> bool:
        """Return whether anything has arrived, or the connection has ended, and the event loop has not noticed yet."""
        try:
            self._socket.recv(1, MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def abort(self, error: Exception | None = None) -> None:
        """Close the connection at once; the response's future fails with the error, if there are both."""
        self.is_usable = False
        waiter, self._waiter = self._waiter, None
        self._transport.abort()
        if error is not None and waiter is not None and not waiter.done():
            waiter.set_exception(error)

    def _check_time(self) -> None:
        """Fail if nothing has arrived for too long. There is one timer for all requests of the connection."""
        self._timer = None
        if self._waiter is None or self._read_timeout is None:
            return
        unsent = self._transport.get_write_buffer_size()
        if unsent < self._unsent:  # a long request was being sent
            self.active_at = self._loop.time()
        self._unsent = unsent
        due = self.active_at + self._read_timeout
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._check_time)
        else:
            self.abort(ReadingTimeoutError("no part of a response arrived in time"))

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Store the transport."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Take a part of the response; anything that arrives while none is expected ends the connection."""
        if self._waiter is None or self._parser is None:
            self.abort()
            return
        self.active_at = self._loop.time()
        self._parse(self._parser, data)
        self._size_of_idle += len(data)
        if self._failure is None and not self._is_done and self._size_of_idle > _MAX_IDLE:
            self._failure = MalformedResponseError("the response has too much that is not its body")
        if self._failure is None and self._size_of_fields > _MAX_HEAD:
            self._failure = MalformedResponseError("the headers of the response are too long")
        if self._failure is not None:
            self.abort(self._failure)
        elif self._is_done:
            self._finish()

    def _parse(self, parser: HttpResponseParser, data: bytes) -> None:
        """Let the parser take a part of the response, and note any deviation from the standard."""
        if not (self._has_head or self._size_of_idle or _BEGIN.startswith(data[: len(_BEGIN)])):
            self._is_dirty = True  # such as a line break before it
        try:
            parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._is_dirty = True
            if not self._is_done:
                self._failure = self._failure or MalformedResponseError(f"the response is not HTTP: {error}")
        if not self._is_dirty:
            try:
                self._strict_parser.feed_data(data)
            except (HttpParserError, HttpParserUpgrade):
                self._is_dirty = True

    def _finish(self) -> None:
        """Return the response, and be ready for another request if nothing else was sent or received."""
        waiter, self._waiter = self._waiter, None
        if not self._is_kept or self._is_dirty or self._transport.get_write_buffer_size():
            self.is_usable = False
        if not self.is_usable:
            self._transport.abort()
        begin, body, self._begin, self._body = self._begin, self._body, bytearray(), []
        if waiter is not None and not waiter.done():
            whole = body[0] if len(body) == 1 and not begin else b"".join((begin, *body))
            waiter.set_result(HttpResponse(self._status, self._headers, whole))

    def eof_received(self) -> None:
        """Note that the server closes the connection; asyncio closes it, too.

        As for aiohttp, TLS need not confirm it. A body that anybody has cut off is noticed later, because no beginning
        of a JSON or CBOR object is one itself.
        """
        self.is_usable = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail, unless the end of the connection is that of the response."""
        self.is_usable = False
        self._connections.discard(self)
        self._parser = None  # it refers to this object
        if self._timer is not None:
            self._timer.cancel()
        if not self.lost.done():
            self.lost.set_result(None)
        if self._waiter is None:
            return
        has_length = not self._headers.keys().isdisjoint(("content-length", "transfer-encoding"))
        if self._has_head and exc is None and not has_length:
            self._finish()
        elif self._has_head or exc is None:
            self.abort(ClosedConnectionError("the server closed the connection before the response was complete"))
        else:
            self.abort(BrokenConnectionError(f"the connection broke: {exc}"))

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Note what follows a response, which belongs to no request."""
        if self._is_done:
            self._is_dirty = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; those after the body only count."""
        self._size_of_fields += len(name) + len(value)
        if self._has_head or self._is_done:
            return
        if b"\0" in value:
            self._failure = MalformedResponseError("a header of the response has a null character")
        try:
            text = value.decode()
        except UnicodeDecodeError:
            text = value.decode("latin-1")  # as it is to boto3
        self._headers[name.decode("latin-1").lower()] = text.rstrip(" \t")

    def on_headers_complete(self) -> None:
        """Take the status of the response, or drop an interim one."""
        if self._is_done or self._parser is None:
            return
        self._status = status = self._parser.get_status_code()
        if self._parser.get_http_version() not in _VERSIONS:
            self._is_dirty = True
        if _FIRST_STATUS <= status < _FIRST_FINAL_STATUS and status != _SWITCHING_PROTOCOLS:
            self._headers = {}
            return
        self._has_head = True
        self._size_of_idle = 0
        if status < _FIRST_FINAL_STATUS:  # which no service has
            self._is_dirty = True

    def on_body(self, data: bytes) -> None:
        """Keep a part of the body, up to the limit."""
        if self._is_done or self._failure is not None:
            return
        self._size_of_idle = 0
        self._size += len(data)
        if self._size <= self._most:
            self._body.append(data)
            if len(self._body) >= _MAX_PARTS:  # small ones would take far more memory than their bytes
                self._begin += b"".join(self._body)
                self._body.clear()
            return
        from aiopartnercentral.errors import ResponseTooLargeError  # noqa: PLC0415 - loads botocore

        self._failure = ResponseTooLargeError(int(self._most))

    def on_message_complete(self) -> None:
        """End the response, but not after an interim one."""
        if self._has_head and self._parser is not None:
            self._is_done = True
            self._is_kept = self._parser.should_keep_alive()
