"""botocore's requests over the library's own HTTP client, and the failures of that client as botocore's exceptions."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)

from aiopartnercentral._transport.direct.request import SignedRequest, usual_path
from aiopartnercentral._transport.http.connection import (
    BrokenConnectionError,
    ClosedConnectionError,
    ConnectingTimeoutError,
    NotConnectedError,
    ReadingTimeoutError,
    TlsError,
)

__all__ = ["as_botocores", "plain_request"]

_UNUSUAL = frozenset({"host", "transfer-encoding", "expect", "connection", "accept-encoding"})
"""Headers by which a request is not one that the HTTP client can send."""


def plain_request(request: Any) -> SignedRequest | None:  # noqa: ANN401 - botocore's, without types
    """Return a request that is sent just as aiobotocore's HTTP client would send it; None for any other request."""
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()}
    names = {name.lower() for name in headers}
    if request.method != "POST" or not isinstance(request.body, bytes) or request.stream_output:
        return None
    if usual_path(request.url) is None or "content-length" not in names or not names.isdisjoint(_UNUSUAL):
        return None
    if (getattr(request, "context", None) or {}).get("read_timeout") is not None:
        return None
    return SignedRequest(request.url, headers, request.body)


def as_botocores(error: Exception, request: Any) -> BotoCoreError:  # noqa: ANN401 - as above
    """Return the exception that aiobotocore's HTTP client would raise for a failure of ours."""
    url = request.url
    match error:
        case ConnectingTimeoutError():
            failure: BotoCoreError = ConnectTimeoutError(endpoint_url=url, error=error)
        case ReadingTimeoutError():
            failure = ReadTimeoutError(endpoint_url=url, error=error)
        case TlsError():
            failure = SSLError(endpoint_url=url, error=error)
        case NotConnectedError() | BrokenConnectionError():
            failure = EndpointConnectionError(endpoint_url=url, error=error)
        case ClosedConnectionError():
            failure = ConnectionClosedError(error=error, request=request, endpoint_url=url)
        case _:
            failure = HTTPClientError(error=error)
    failure.__cause__ = error  # by which `is_unexecuted` knows what was not sent
    return failure
