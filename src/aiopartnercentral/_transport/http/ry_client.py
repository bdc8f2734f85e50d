"""HTTP requests through ry, whose HTTP and TLS run outside the interpreter lock. Nothing here loads botocore.

ry is a Python interface of reqwest, hyper and rustls. It reads no response before it is asked to, closes the connection
of a request that is cancelled, and does not follow redirects, keep cookies or decompress responses if told so.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiopartnercentral._transport.closed import client_closed
from aiopartnercentral._transport.http.response import HttpResponse
from aiopartnercentral._transport.http.ry_module import load_ry
from aiopartnercentral._transport.http.settings import default_ca_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._transport.direct.request import SignedRequest
    from aiopartnercentral._transport.http.settings import HttpSettings

__all__ = ["RyClient", "RyPool", "UnsendableUrlError"]

_NO_PROXY_AT_ALL = "*,0.0.0.0/0,::/0"  # a star matches names, but no addresses
_BEFORE_READ_TIMEOUT, _MARGIN = 0.99, 0.1  # a share of it, and seconds


class UnsendableUrlError(ValueError):
    """A URL would be sent in another form than the one that was signed."""


class RyClient:
    """A pool of connections, used by the tasks of one asyncio event loop.

    Arguments:
        settings: its settings.

    Raises:
        ImportError: ry is not installed.
        OSError: the CA bundle cannot be loaded.
        RuntimeError: the process was forked after its parent had loaded ry.
        ValueError: the proxy is not the URL of an HTTP proxy.
    """

    def __init__(self, settings: HttpSettings) -> None:
        self._client: Any = _opened(settings)
        self._most = settings.max_response_bytes
        self._slots = asyncio.Semaphore(settings.max_connections)

    async def post(self, request: SignedRequest) -> HttpResponse:
        """Send a request and return the response; see `request`."""
        return await self.request(request.method, request.url, request.headers, request.body)

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Send a request and return the response, which may be a redirect.

        A cancellation closes the connection.

        Arguments:
            method: the HTTP method.
            url: the URL.
            headers: a dictionary of headers; `Host`, `Content-Length`, `Accept` and `Accept-Encoding` are added.
            body: the body.

        Raises:
            ResponseTooLargeError: the response is larger than `max_response_bytes`.
            UnsendableUrlError: the URL would be sent in another form.
            ry.ReqwestError: no complete response arrived.
            TypeError: a header has characters that no header has.
            RuntimeError: the client is closed.
        """
        client, most = self._client, self._most
        if client is None:
            raise RuntimeError("the HTTP client is closed")
        async with self._slots:
            response = await client.fetch(_sendable(url), method=method, headers=headers, body=body)
            length = response.content_length
            if most is None or (length is not None and length <= most):
                content = bytes(await response.bytes())
            else:
                content = await _bounded(response, most, length)
        return HttpResponse(response.status, _texts(response.headers.to_dict()), content)

    def close(self) -> None:
        """Close the idle connections. Requests that have been sent still receive their responses."""
        self._client = None


class RyPool:
    """A client that is opened by the first request.

    Arguments:
        settings: its settings.

    Raises:
        ImportError: ry is not installed.
        RuntimeError: the process was forked after its parent had loaded ry.
    """

    def __init__(self, settings: HttpSettings) -> None:
        load_ry()
        self._settings = settings
        self._client: RyClient | None = None
        self._is_closed = False

    async def opened(self) -> RyClient:
        """Return the client.

        Raises:
            OSError: the CA bundle cannot be loaded.
        """
        if self._is_closed:
            raise client_closed()
        if self._client is None:
            self._client = RyClient(self._settings)
        return self._client

    async def post(self, request: SignedRequest) -> HttpResponse:
        """Send a request and return the response, which may be a redirect; see `RyClient.request`."""
        return await (self._client or await self.opened()).post(request)

    async def aclose(self) -> None:
        """Close the idle connections."""
        self._is_closed = True
        if self._client is not None:
            self._client.close()


def _opened(settings: HttpSettings) -> Any:  # noqa: ANN401 - ry's
    """Return a client of ry."""
    ry = load_ry()
    connect, read = settings.connect_timeout, settings.read_timeout
    if connect is not None and read is not None:
        # A read timeout counts from the start of a request, and its error does not say whether there is a connection.
        connect = min(connect, read * _BEFORE_READ_TIMEOUT, max(read - _MARGIN, read / 2))
    certificates = _certificates(settings.verify) if settings.verify else None
    return ry.Client(
        http1_only=True,
        headers={"Accept-Encoding": "identity"},
        user_agent=False,
        redirect=None,
        referer=False,
        cookies=False,
        gzip=False,
        brotli=False,
        deflate=False,
        zstd=False,
        hickory_dns=False,  # the operating system's
        connect_timeout=None if connect is None else ry.Duration.from_secs_f64(float(connect)),
        read_timeout=None if read is None else ry.Duration.from_secs_f64(float(read)),
        pool_idle_timeout=ry.Duration.from_secs_f64(float(settings.keepalive)),
        pool_max_idle_per_host=settings.max_connections,
        tls_certs_only=certificates,
        tls_danger_accept_invalid_certs=certificates is None,
        proxy=_proxy(ry, settings.proxy),
    )


def _proxy(ry: Any, url: str | None) -> Any:  # noqa: ANN401 - a module
    """Return ry's proxy for a URL; for None, one that is never used, as ry would take that of the environment."""
    if url is None:
        return ry.Proxy.all("http://127.0.0.1:9", no_proxy=_NO_PROXY_AT_ALL)
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.port == 0 or "://" in parts.path:
        raise ValueError("not the URL of an HTTP proxy")
    return ry.Proxy.all(url)


def _certificates(verify: bool | str) -> Any:  # noqa: ANN401, FBT001 - ry's
    """Return the certificates of a CA bundle."""
    path = Path(verify if isinstance(verify, str) else default_ca_bundle())
    status = path.stat()
    if isinstance(verify, str):
        _check(path, status.st_mtime_ns, status.st_size)
    return _parsed(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=8)
def _parsed(path: Path, *_: int) -> Any:  # noqa: ANN401 - as above
    """Return the certificates of a file; ry takes 8 milliseconds for the usual ones."""
    return load_ry().Certificate.from_pem_bundle(path.read_bytes())


@lru_cache(maxsize=8)
def _check(path: Path, *_: int) -> None:
    """Raise the errors of OpenSSL for a file without certificates, which ry would report only at the first request."""
    import ssl  # noqa: PLC0415 - slow to load

    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)


@lru_cache(maxsize=256)
def _sendable(url: str) -> Any:  # noqa: ANN401 - ry's
    """Return a URL for ry."""
    parsed = load_ry().URL(url)
    given, sent = urlsplit(url), urlsplit(str(parsed))
    if (given.path or "/", given.query) != (sent.path, sent.query):
        raise UnsendableUrlError("the path or query of the URL would be sent in another form")
    return parsed


def _texts(headers: dict[str, Any]) -> dict[str, str]:
    """Return headers with values that are strings."""
    for value in headers.values():
        if type(value) is not str:
            return {name: _text(each) for name, each in headers.items()}
    return headers


def _text(value: str | bytes | list[Any]) -> str:
    """Return the text of a header's value; what is not UTF-8 is Latin-1, as it is to boto3."""
    last = value[-1] if isinstance(value, list) else value
    if isinstance(last, str):
        return last
    try:
        return last.decode()
    except UnicodeDecodeError:
        return last.decode("latin-1")


async def _bounded(response: Any, most: int, length: int | None) -> bytes:  # noqa: ANN401 - ry's
    """Return the body of a response of unknown length, or of one that is known to be too long."""
    body = bytearray()
    async with response.bytes_stream() as parts:
        if length is None:
            async for part in parts:
                body += part
                if len(body) > most:
                    break
            else:
                return bytes(body)
    from aiopartnercentral.errors import ResponseTooLargeError  # noqa: PLC0415 - loads botocore

    raise ResponseTooLargeError(most)
