"""Sends a request over aiohttp, without aiobotocore's objects of each request.

Nothing but a complete response is taken. What any exception means is left to aiobotocore's HTTP client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp.client import URL  # type: ignore[attr-defined] # as aiobotocore does

from aiopartnercentral._transport.http.response import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiopartnercentral._transport.direct.request import SignedRequest

__all__ = ["AiohttpClient", "HttpResponse"]


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
