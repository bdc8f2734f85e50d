"""Requests that are equal to botocore's, built from one that botocore has built.

The requests of an operation differ only in the body, the time, the credentials and a few ids. So one request of
botocore's is a template for all others. A template is used only if it gives that very request, with its signature.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, quote, urlsplit

import attrs

from aiopartnercentral._transport.direct.signature import Signer, canonical_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.credentials import ReadOnlyCredentials

__all__ = ["RequestTemplate", "SignedRequest", "UnsupportedRequestError", "trace_id"]

_CONSTANT = frozenset({"x-amz-target", "x-amz-api-version", "content-type", "user-agent", "amz-sdk-request"})
_VARIABLE = frozenset(
    {
        *("authorization", "x-amz-date", "x-amz-security-token", "amz-sdk-invocation-id", "content-length"),
        "x-amzn-trace-id",
    }
)
_AUTHORIZATION = re.compile(
    "AWS4-HMAC-SHA256 Credential=[^/]+/[0-9]{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request, "
    "SignedHeaders=(?P<headers>[^,]+), Signature=[0-9a-f]{64}"
)
_FIRST_OF_CALL = re.compile("attempt=1(; max=[0-9]+)?")
_USUAL_PORTS = {"http": 80, "https": 443}


class UnsupportedRequestError(Exception):
    """A request of botocore's is not of the usual form; the message says why."""


@attrs.define
class SignedRequest:
    """A request for aiobotocore's HTTP client."""

    method: str
    url: str
    headers: Mapping[str, str] = attrs.field(repr=False)
    body: bytes = attrs.field(repr=False)
    stream_output: bool = False
    context: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


class RequestTemplate:
    """What the requests of one operation have in common.

    Arguments:
        like: botocore's request, with credentials.
        credentials: these credentials.

    Raises:
        UnsupportedRequestError: requests like this one cannot be built.
    """

    def __init__(self, like: Any, credentials: ReadOnlyCredentials) -> None:  # noqa: ANN401 - botocore's, without types
        headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in like.headers.items()}
        by_lower = {name.lower(): value for name, value in headers.items()}
        scope = _AUTHORIZATION.fullmatch(by_lower.get("authorization", ""))
        unknown = sorted(by_lower.keys() - _CONSTANT - _VARIABLE)
        if scope is None:
            raise UnsupportedRequestError("the request has no signature of version 4")
        if unknown or not _FIRST_OF_CALL.fullmatch(by_lower.get("amz-sdk-request", "")):
            raise UnsupportedRequestError(f"the request has other headers ({', '.join(unknown) or 'amz-sdk-request'})")
        if like.method != "POST" or not isinstance(like.body, bytes):
            raise UnsupportedRequestError(f"the request is a {like.method} request without a plain body")
        parts = urlsplit(like.url)
        signed = {
            name: _host(parts) if name == "host" else by_lower.get(name, "") for name in scope["headers"].split(";")
        }
        self._url: str = like.url
        self._headers = headers
        self._signer = Signer(scope["region"], scope["service"], scope["headers"])
        # The canonical request up to the time, between it and the session token, and up to the hash of the body.
        unsigned = {
            **signed,
            **{name: f"\0{name}" for name in ("x-amz-date", "x-amz-security-token") if name in signed},
        }
        canonical = canonical_request("POST", quote(parts.path or "/", safe="/~"), parts.query, unsigned, b"")
        self._parts = re.split("\0x-amz-date|\0x-amz-security-token", canonical.rpartition("\n")[0])
        self._has_token = "x-amz-security-token" in by_lower
        ids = by_lower.get("x-amz-date", ""), by_lower.get("amz-sdk-invocation-id", "")
        again = self.request(like.body, credentials, *ids, trace=by_lower.get("x-amzn-trace-id"))
        if list(again.headers.items()) != list(headers.items()):
            raise UnsupportedRequestError("the request is not signed as expected")

    def request(
        self, body: bytes, credentials: ReadOnlyCredentials, timestamp: str, invocation_id: str, *, trace: str | None
    ) -> SignedRequest:
        """Return a signed request.

        Arguments:
            body: its body.
            credentials: with a session token if the template's request has one.
            timestamp: the time, such as `20150830T123600Z`.
            invocation_id: the id that all attempts of a call share.
            trace: the trace header, if the template's request has one.
        """
        # The names are spelled as botocore spells them, so that the values take the places in the template.
        headers = {**self._headers}
        headers["X-Amz-Date"] = timestamp
        before, *after = self._parts
        if self._has_token:
            token = headers["X-Amz-Security-Token"] = credentials.token or ""
            signed = f"{before}{timestamp}{after[0]}{' '.join(token.split())}{after[-1]}"
        else:
            signed = f"{before}{timestamp}{after[-1]}"
        if trace is not None:
            headers["X-Amzn-Trace-Id"] = trace
        headers["amz-sdk-invocation-id"] = invocation_id
        headers["Content-Length"] = str(len(body))
        headers["Authorization"] = self._signer.authorization(
            credentials.access_key, credentials.secret_key, timestamp, f"{signed}\n{sha256(body).hexdigest()}"
        )
        return SignedRequest("POST", self._url, headers, body)


def _host(url: SplitResult) -> str:
    """Return the `Host` header of a request."""
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname or ""
    return host if url.port in (None, _USUAL_PORTS.get(url.scheme)) else f"{host}:{url.port}"


def trace_id() -> str | None:
    """Return the trace header of a Lambda function's requests; None elsewhere."""
    if "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:
        return None
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    return quote(trace, safe="-=;:+&[]{}\"',") if trace else None
