"""Sends a request through the connections of aiobotocore's HTTP client, but without its objects of each request.

Nothing but a complete response is taken. Any exception of aiohttp is raised again within aiobotocore's HTTP client, so
that it becomes the exception that it would have become there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiobotocore.awsrequest import AioAWSResponse
from aiohttp.client import URL  # type: ignore[attr-defined] # as aiobotocore does

from aiopartnercentral._transport.call_context import FIRST_ERROR_STATUS

if TYPE_CHECKING:
    from aiopartnercentral._transport.direct.request import SignedRequest
    from aiopartnercentral._transport.http_client import Guard

__all__ = ["DirectResponse", "post"]


class DirectResponse:
    """A complete response.

    Attributes:
        status_code: its HTTP status.
        headers: its headers, names in lower case.
        body: its body.
    """

    __slots__ = ("_raw", "body", "headers", "status_code")

    def __init__(self, status: int, headers: dict[str, str], body: bytes, raw: Any) -> None:  # noqa: ANN401 - aiohttp's
        self.status_code: int = status
        self.headers: dict[str, str] = headers
        self.body: bytes = body
        self._raw = raw

    def for_botocore(self) -> AioAWSResponse:
        """Return it as a response of aiobotocore's HTTP client."""
        headers: Any = self.headers  # as aiobotocore passes them
        response = AioAWSResponse(str(self._raw.url), self.status_code, headers, self._raw)
        response._content = self.body  # noqa: SLF001 - it is read
        return response


async def post(http_client: Guard, request: SignedRequest) -> DirectResponse:
    """Send a request and return the response, which cannot be a redirect.

    Raises:
        Exception: as `Guard.send`.
    """
    try:
        session = await http_client._get_session(None)  # noqa: SLF001 - as aiobotocore does
        raw = await session.request(
            request.method,
            url=URL(request.url, encoded=True),
            headers={**request.headers, "Accept-Encoding": "identity"},  # as aiobotocore does
            data=request.body,
        )
        headers = {name.decode().lower(): value.decode() for name, value in raw.raw_headers}
        body = await raw.read()
    except Exception as error:  # noqa: BLE001 - raised by aiobotocore
        failure = error
    else:
        http_client.last_status = raw.status
        if raw.status >= FIRST_ERROR_STATUS:
            http_client.check(request, raw.status, headers)
        return DirectResponse(raw.status, headers, body, raw)
    await http_client.failing_with(failure).send(request)
    raise failure
