"""Guards of HTTP clients against responses that are too large, and against bytes that belong to no request."""

from __future__ import annotations

import math
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from aiohttp import ClientResponse, DummyCookieJar, ServerDisconnectedError

from aiopartnercentral.errors import ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiohttp import BaseConnector, ClientSession
    from aiohttp.connector import Connection
    from aiohttp.typedefs import RawHeaders

__all__ = ["WithoutRedirects", "guard_aiohttp", "guard_httpx"]

_MARK = "_aiopartnercentral_drops"


def guard_aiohttp(session: ClientSession, most: int | None) -> None:
    """Make an aiohttp session limit the bytes of responses, drop connections with unexpected data, and keep no cookies.

    Arguments:
        session: the session.
        most: maximum bytes of a response's body; None for no limit. Reading more raises `ResponseTooLargeError`.
    """
    if session.connector is not None:
        _drop_dirty_connections(session.connector)
    # Set here, as aiobotocore creates the session without them.
    session._response_class = _guarded_class(math.inf if most is None else most)  # noqa: SLF001
    session._cookie_jar = DummyCookieJar()  # noqa: SLF001


class WithoutRedirects:
    """An aiohttp session whose requests follow no redirects."""

    __slots__ = ("_session",)

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    def request(self, method: str, **options: Any) -> Any:  # noqa: ANN401 - aiohttp's arguments and result
        return self._session.request(method, allow_redirects=False, **options)


def guard_httpx(session: Any, most: int | None) -> None:  # noqa: ANN401 - an optional dependency
    """Make an httpx client limit the bytes of responses as `guard_aiohttp` does, and keep no cookies."""
    from http.cookiejar import CookieJar, DefaultCookiePolicy  # noqa: PLC0415 - loaded by httpx, and slow to load

    limit = math.inf if most is None else most

    async def guard(response: Any) -> None:  # noqa: ANN401 - as above
        response.aread = partial(_read_httpx, response, limit)

    session.event_hooks = {**session.event_hooks, "response": [*session.event_hooks["response"], guard]}
    session.headers["Accept-Encoding"] = "identity"  # as with aiohttp, and as aiobotocore intends
    session.cookies = CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _drop_dirty_connections(connector: BaseConnector) -> None:
    """Make a pool drop each idle connection on which anything has arrived.

    aiohttp would take that for the response to the next request on the connection.
    """
    if hasattr(connector, _MARK):
        return
    setattr(connector, _MARK, True)
    connect = connector.connect

    async def connect_cleanly(*arguments: Any, **options: Any) -> Connection:  # noqa: ANN401 - aiohttp's arguments
        while True:
            connection = await connect(*arguments, **options)
            protocol: Any = connection.protocol
            parser = getattr(protocol, "_parser", None)  # None if the connection is new
            try:
                # Only the parser has the beginning of a head. The next request gets a new one, so it may end here.
                if not (protocol.should_close or (parser is not None and parser.feed_eof() is not None)):
                    return connection
            except Exception:  # noqa: BLE001, S110 - what has arrived is not a head
                pass
            connection.close()
            if parser is None:
                raise ServerDisconnectedError("the server sent data before any request")

    connector.connect = connect_cleanly  # type: ignore[method-assign]


@cache
def _guarded_class(most: float) -> type[ClientResponse]:
    class GuardedResponse(ClientResponse):
        """A response whose body is limited, and whose headers can be decoded."""

        @property
        def raw_headers(self) -> RawHeaders:  # pyright: ignore[reportIncompatibleVariableOverride] # read-only, too
            """The headers with values in UTF-8, from which aiobotocore decodes them.

            It would fail on any other and not release the connection, although the response may be good.
            """
            for _, value in self._raw_headers:
                if not value.isascii():
                    return tuple((name, _utf8(value)) for name, value in self._raw_headers)
            return self._raw_headers

        def read(self) -> Coroutine[Any, Any, bytes]:  # pyright: ignore[reportIncompatibleMethodOverride] # it is one
            length = self.content_length
            return super().read() if length is not None and length <= most else self._read_at_most()

        async def _read_at_most(self) -> bytes:
            body = bytearray()
            try:
                async for part in self.content.iter_any():
                    body += part
                    _check_size(body, most)
            except BaseException:
                self.close()
                raise
            self.release()
            return bytes(body)

    return GuardedResponse


async def _read_httpx(response: Any, most: float) -> bytes:  # noqa: ANN401 - as above
    """Return the body of an httpx response; the connection is released even if the body cannot be decoded."""
    body = bytearray()
    try:
        async for part in response.aiter_bytes():
            body += part
            _check_size(body, most)
    finally:
        await response.aclose()
    return bytes(body)


def _check_size(body: bytearray, most: float) -> None:
    if len(body) > most:
        raise ResponseTooLargeError(int(most))


def _utf8(value: bytes) -> bytes:
    """Return a header's value in UTF-8; what is not UTF-8 is Latin-1, as it is to boto3."""
    try:
        value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1").encode()
    return value
