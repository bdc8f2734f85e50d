"""HTTP/1.1 on asyncio, for direct requests. Nothing here loads aiohttp or botocore.

It does only what they need: POST requests with a body at hand, and responses that are read as a whole. It follows no
redirects, keeps no cookies, decompresses nothing, and uses no proxy.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from socket import AI_ADDRCONFIG, SOCK_STREAM
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs
from aiohappyeyeballs import start_connection

from aiopartnercentral._transport.closed import client_closed
from aiopartnercentral._transport.direct.request import host_header
from aiopartnercentral._transport.event_loops import opened_elsewhere
from aiopartnercentral._transport.http.connection import (
    ClosedConnectionError,
    ConnectingTimeoutError,
    HttpConnection,
    NotConnectedError,
    TlsError,
)
from aiopartnercentral._transport.http.settings import default_ca_bundle

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiopartnercentral._transport.direct.request import SignedRequest
    from aiopartnercentral._transport.http.response import HttpResponse
    from aiopartnercentral._transport.http.settings import HttpSettings

__all__ = ["AsyncioPool"]

_HAPPY_EYEBALLS_DELAY = 0.25  # seconds, as RFC 8305 recommends
_MAX_TARGETS = 256
_ACCEPT = ("Accept", "accept")


@attrs.define(eq=False, repr=False)
class _Origin:
    """A server.

    Attributes:
        host: its name or address.
        port: its port.
        is_tls: whether it speaks TLS.
        idle: the connections that wait for a request; the one that has waited longest is the first.
        addresses: what its name was resolved to.
        stale_at: when the addresses have to be resolved again, by the loop's clock.
        resolving: is held while they are.
    """

    host: str
    port: int
    is_tls: bool
    idle: list[HttpConnection] = attrs.field(factory=list)
    addresses: list[Any] = attrs.field(factory=list)
    stale_at: float = 0.0
    resolving: asyncio.Lock = attrs.field(factory=asyncio.Lock)


class AsyncioPool:
    """A pool of connections, used by the tasks of one asyncio event loop.

    Arguments:
        settings: its settings; a proxy is not supported.
        tls: returns the TLS context; by default one for `verify` of the settings.
    """

    __slots__ = (
        *("_connecting", "_connections", "_idle_timer", "_is_closed", "_origins", "_settings", "_slots", "_targets"),
        *("_tls", "_tls_context", "_tls_lock"),
    )

    def __init__(self, settings: HttpSettings, tls: Callable[[], Awaitable[ssl.SSLContext]] | None = None) -> None:
        self._settings = settings
        self._tls = tls or self._own_tls
        self._tls_context: ssl.SSLContext | None = None
        self._tls_lock = asyncio.Lock()
        self._slots = asyncio.Semaphore(settings.max_connections)
        self._connections: set[HttpConnection] = set()
        self._connecting: set[asyncio.Timeout] = set()
        self._origins: dict[tuple[str, str, int], _Origin] = {}
        self._targets: dict[str, tuple[_Origin, str]] = {}
        self._idle_timer: asyncio.TimerHandle | None = None
        self._is_closed = False

    async def post(self, request: SignedRequest) -> HttpResponse:
        """Send a request and return the response, which may be a redirect; a cancellation closes the connection.

        Raises:
            TransferError: no complete response arrived.
            ResponseTooLargeError: the body is larger than the settings allow.
            OSError: the CA bundle cannot be loaded.
            ValueError: the URL or a header has characters that cannot be sent.
            RuntimeError: the pool is closed.
        """
        origin, head = self._targets.get(request.url) or self._target(request.url)
        async with self._slots:
            connection = (await self._reused(origin) if origin.idle else None) or await self._opened(origin)
            try:
                response = await connection.exchange(_message(head, request))
            except BaseException:
                connection.abort()
                raise
            if connection.is_usable:
                self._keep(origin, connection)
            return response

    async def aclose(self) -> None:
        """Close all connections; requests in flight fail, and those that wait are not sent."""
        self._is_closed = True
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        for origin in self._origins.values():
            origin.idle.clear()
        loop = asyncio.get_running_loop()
        for limit in self._connecting:
            if not limit.expired():
                limit.reschedule(loop.time())
        closing = [each for each in self._connections if each.lost.get_loop() is loop]  # another loop is closed by now
        for connection in closing:
            connection.abort(client_closed())
        if closing:
            await asyncio.wait([connection.lost for connection in closing])

    def _target(self, url: str) -> tuple[_Origin, str]:
        """Return the server of a URL, and the beginning of requests to the URL."""
        parts = urlsplit(url)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        if parts.scheme not in {"http", "https"} or not parts.hostname or not path.isascii() or not path.isprintable():
            raise ValueError("not a URL that a request can be sent to")
        if " " in path:
            raise ValueError("the path of the endpoint URL has a space")
        is_tls = parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
        key = parts.scheme, parts.hostname, port
        origin = self._origins.get(key)
        if origin is None:
            origin = self._origins[key] = _Origin(parts.hostname, port, is_tls)
        if len(self._targets) >= _MAX_TARGETS:
            self._targets.clear()
        head = f"POST {path} HTTP/1.1\r\nHost: {host_header(parts)}\r\nAccept-Encoding: identity\r\n"
        target = self._targets[url] = origin, head
        return target

    async def _reused(self, origin: _Origin) -> HttpConnection | None:
        """Return a connection that waits for a request; None if there is none."""
        loop = asyncio.get_running_loop()
        while origin.idle:
            if origin.idle[-1].lost.get_loop() is not loop:
                raise opened_elsewhere()
            connection = origin.idle.pop()
            waited = loop.time() - connection.active_at
            if connection.is_usable and waited > self._settings.keepalive:
                connection.abort()
            if connection.is_usable and connection.has_unread():
                # Messages of TLS itself may have arrived, or what must not be taken for the response to a request.
                try:
                    for _ in range(2):
                        await asyncio.sleep(0)
                except asyncio.CancelledError:
                    connection.abort()
                    raise
                if connection.has_unread():
                    connection.abort()
            if connection.is_usable:
                return connection
        return None

    def _keep(self, origin: _Origin, connection: HttpConnection) -> None:
        """Keep a connection for another request."""
        keepalive = self._settings.keepalive
        if self._is_closed or keepalive <= 0:
            connection.abort()
            return
        origin.idle.append(connection)
        if self._idle_timer is None:
            self._idle_timer = asyncio.get_running_loop().call_later(keepalive, self._close_idle)

    def _close_idle(self) -> None:
        """Close the connections that have waited for too long."""
        self._idle_timer = None
        loop, keepalive = asyncio.get_running_loop(), self._settings.keepalive
        begun: list[float] = []
        for origin in self._origins.values():
            kept = []
            for connection in origin.idle:
                if not connection.is_usable:
                    continue
                if loop.time() - connection.active_at >= keepalive:
                    connection.abort()
                else:
                    kept.append(connection)
                    begun.append(connection.active_at)
            origin.idle[:] = kept
        if begun:
            self._idle_timer = loop.call_at(min(begun) + keepalive, self._close_idle)

    async def _opened(self, origin: _Origin) -> HttpConnection:
        """Return a new connection.

        Raises:
            TransferError: it cannot be opened, or the server has sent something already.
            OSError: the CA bundle cannot be loaded.
            RuntimeError: the pool is closed.
        """
        has_own_bundle = isinstance(self._settings.verify, str)  # a mistake in which is reported without TLS, too
        context = await self._context() if origin.is_tls or has_own_bundle else None
        if self._is_closed:
            raise client_closed()
        limit = asyncio.timeout(self._settings.connect_timeout)
        try:
            async with limit:
                self._connecting.add(limit)
                try:
                    connection = await self._connected(origin, context if origin.is_tls else None)
                finally:
                    self._connecting.discard(limit)
        except ssl.SSLError as error:
            failure: Exception = TlsError(str(error))
        except OSError as error:
            failure = (
                ConnectingTimeoutError("no connection was opened in time")
                if limit.expired()
                else NotConnectedError(error.strerror or str(error))
            )
        else:
            if self._is_closed:
                connection.abort()
                raise client_closed()
            if not connection.is_usable:
                connection.abort()
                raise ClosedConnectionError("the server closed the connection, or sent data, before any request")
            return connection
        raise self._unless_closed(failure)

    def _unless_closed(self, failure: Exception) -> Exception:
        return client_closed() if self._is_closed else failure

    async def _connected(self, origin: _Origin, context: ssl.SSLContext | None) -> HttpConnection:
        loop, settings = asyncio.get_running_loop(), self._settings
        addresses = await self._resolved(origin)
        sock = await start_connection(addresses, happy_eyeballs_delay=_HAPPY_EYEBALLS_DELAY)
        limits = settings.read_timeout, settings.max_response_bytes
        connection = HttpConnection(loop, *limits, self._connections, sock)
        name = None if context is None else origin.host.rstrip(".")
        try:
            await loop.create_connection(lambda: connection, sock=sock, ssl=context, server_hostname=name)
        except BaseException:
            if connection in self._connections:  # asyncio would wait for the server, and uvloop not report the end
                connection.abort()
                self._connections.discard(connection)
            raise
        return connection

    async def _resolved(self, origin: _Origin) -> list[Any]:
        """Return the addresses of a server; each connection begins with another one."""
        loop = asyncio.get_running_loop()
        async with origin.resolving:
            if not origin.addresses or loop.time() >= origin.stale_at:
                is_address = ":" in origin.host or origin.host.rpartition(".")[2].isdigit()
                flags = 0 if is_address else AI_ADDRCONFIG
                origin.addresses = await loop.getaddrinfo(origin.host, origin.port, type=SOCK_STREAM, flags=flags)
                origin.stale_at = loop.time() + self._settings.dns_ttl
            first, *others = origin.addresses
            origin.addresses = [*others, first]
            return [first, *others]

    async def _own_tls(self) -> ssl.SSLContext:
        return await asyncio.to_thread(_tls_context, self._settings.verify)

    async def _context(self) -> ssl.SSLContext:
        async with self._tls_lock:
            if self._tls_context is None:
                self._tls_context = await self._tls()
                self._tls_context.set_alpn_protocols(["http/1.1"])
            return self._tls_context


def _message(head: str, request: SignedRequest) -> bytes:
    """Return the bytes of a request."""
    headers = request.headers
    lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
    text = "".join(lines)
    if text.count("\n") != len(lines) or text.count("\r") != len(lines) or "\0" in text:
        raise ValueError("a header has a line break or a null character")
    accept = "" if any(name in headers for name in _ACCEPT) else "Accept: */*\r\n"
    return f"{head}{accept}{text}\r\n".encode() + request.body


def _tls_context(verify: bool | str) -> ssl.SSLContext:  # noqa: FBT001 - botocore's option
    # Not the standard library's default context, which accepts fewer certificates than botocore's since Python 3.13.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.post_handshake_auth = True
    if keys := os.environ.get("SSLKEYLOGFILE"):
        context.keylog_filename = keys
    context.load_verify_locations(verify if isinstance(verify, str) else default_ca_bundle())
    return context
