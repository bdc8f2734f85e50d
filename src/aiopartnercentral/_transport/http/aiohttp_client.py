"""Sends a request over aiohttp, without aiobotocore's objects of each request.

Nothing but a complete response is taken. What any exception means is left to aiobotocore's HTTP client.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.client import URL  # type: ignore[attr-defined] # as aiobotocore does

from aiopartnercentral._transport.closed import client_closed
from aiopartnercentral._transport.http.response import HttpResponse
from aiopartnercentral._transport.http.settings import default_ca_bundle
from aiopartnercentral._transport.untrusted_responses import WithoutRedirects, guard_aiohttp

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from aiopartnercentral._transport.direct.request import SignedRequest
    from aiopartnercentral._transport.http.settings import HttpSettings

__all__ = ["AiohttpClient", "AiohttpPool"]


class AiohttpClient:
    """Sends requests over the connections of aiohttp.

    Arguments:
        session: returns the session, which follows no redirects.
    """

    __slots__ = ("_session",)

    def __init__(self, session: Callable[[], Awaitable[Any]]) -> None:
        self._session = session

    async def post(self, request: SignedRequest) -> HttpResponse:
        """Send a request and return the response, which may be a redirect.

        Raises:
            Exception: no complete response arrived.
        """
        session = await self._session()
        response = await session.request(
            request.method,
            url=URL(request.url, encoded=True),
            headers={**request.headers, "Accept-Encoding": "identity"},  # as aiobotocore does
            data=request.body,
        )
        headers = {name.decode().lower(): value.decode() for name, value in response.raw_headers}
        return HttpResponse(response.status, headers, await response.read())


class AiohttpPool(AiohttpClient):
    """Connections of aiohttp with the settings of aiobotocore's; the session is opened by the first request.

    Arguments:
        settings: the settings; a proxy is not supported.
    """

    __slots__ = ("_is_closed", "_lock", "_opened", "_settings")

    def __init__(self, settings: HttpSettings) -> None:
        super().__init__(self.opened)
        self._settings = settings
        self._lock = asyncio.Lock()
        self._is_closed = False
        self._opened: tuple[aiohttp.ClientSession, WithoutRedirects] | None = None

    async def opened(self) -> WithoutRedirects:
        """Return the session.

        Raises:
            OSError: the CA bundle cannot be loaded.
            RuntimeError: the connections are closed.
        """
        opened = self._opened or await self._open()
        return opened[1]

    async def _open(self) -> tuple[aiohttp.ClientSession, WithoutRedirects]:
        async with self._lock:
            if self._is_closed:
                raise client_closed()
            self._opened = self._opened or await _opened(self._settings)
            return self._opened

    async def aclose(self) -> None:
        """Close the connections, once those that are being opened are open."""
        self._is_closed = True
        async with self._lock:
            if self._opened is not None:
                await self._opened[0].close()
                self._opened = None


async def _opened(settings: HttpSettings) -> tuple[aiohttp.ClientSession, WithoutRedirects]:
    tls: Any = await asyncio.to_thread(_tls_context, settings.verify) if settings.verify else False
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=settings.max_connections, ssl=tls, keepalive_timeout=settings.keepalive),
        timeout=aiohttp.ClientTimeout(sock_connect=settings.connect_timeout, sock_read=settings.read_timeout),
        skip_auto_headers={"CONTENT-TYPE"},
        auto_decompress=False,
    )
    guard_aiohttp(session, settings.max_response_bytes)
    return session, WithoutRedirects(session)


def _tls_context(verify: bool | str) -> ssl.SSLContext:  # noqa: FBT001 - botocore's option
    import ssl  # noqa: PLC0415 - loaded by aiohttp

    # Not the standard library's default context, which accepts fewer certificates than botocore's since Python 3.13.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.post_handshake_auth = True
    if keys := os.environ.get("SSLKEYLOGFILE"):
        context.keylog_filename = keys
    context.load_verify_locations(verify if isinstance(verify, str) else default_ca_bundle())
    return context
