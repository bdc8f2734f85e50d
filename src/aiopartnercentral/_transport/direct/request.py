"""Requests that are equal to botocore's.

The requests of an operation differ only in the body, the time, the credentials and a few ids. So one request of
botocore's is a template for all others. It is used only if it gives that very request, with its signature.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import SplitResult, quote, urlsplit

from aiopartnercentral._transport.direct.signature import Signer, canonical_request

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Keys",
    "RequestTemplate",
    "SignedRequest",
    "UnsupportedRequestError",
    "host_header",
    "runs_in_lambda",
    "trace_id",
    "usual_path",
]

_CONSTANT = frozenset(
    {
        *("x-amz-target", "x-amz-api-version", "content-type", "user-agent", "amz-sdk-request"),
        *("smithy-protocol", "accept", "x-amzn-query-mode"),
    }
)
_VARIABLE = frozenset(
    {
        *("authorization", "x-amz-date", "x-amz-security-token", "amz-sdk-invocation-id", "content-length"),
        "x-amzn-trace-id",
    }
)
_IN_CANONICAL = frozenset({"x-amz-date", "x-amz-security-token"})
_USUAL_PORTS = {"http": 80, "https": 443}
_MAX_PORT = 65535
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HOST = rf"(?:{_LABEL}\.)*(?=[a-z]){_LABEL}|(?:{_OCTET}\.){{3}}{_OCTET}|\[::1\]"
_URL = re.compile(rf"https?://(?:{_HOST})(?::([1-9][0-9]{{0,4}}))?((?:/[A-Za-z0-9._~%/-]*)?)")


class UnsupportedRequestError(Exception):
    """A request of botocore's is not of the usual form; the message says why."""


class Keys:
    """Credentials that no repr shows, as tools that report errors show local variables."""

    __slots__ = ("access_key", "secret_key", "token")

    def __init__(self, access_key: str, secret_key: str, token: str | None) -> None:
        self.access_key: str = access_key
        self.secret_key: str = secret_key
        self.token: str | None = token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Keys) and all(getattr(self, each) == getattr(other, each) for each in Keys.__slots__)

    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    @classmethod
    def of(cls, frozen: Any) -> Keys:  # noqa: ANN401 - botocore's, without types
        """Return the keys in frozen credentials."""
        return cls(frozen.access_key, frozen.secret_key, frozen.token)


class SignedRequest:
    """A request for aiobotocore's HTTP client."""

    __slots__ = ("body", "context", "headers", "method", "stream_output", "url")

    def __init__(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        self.method: str = "POST"
        self.url: str = url
        self.headers: Mapping[str, str] = headers
        self.body: bytes = body
        self.stream_output: bool = False
        self.context: Mapping[str, Any] = {}


class RequestTemplate:
    """What the requests of one operation have in common.

    Arguments:
        url: their URL.
        headers: their headers in the order they are sent, with any values for those that differ.
        region: the region that they are signed for.
        service: the signing name of the service.
        signed_headers: names of the headers that are signed, sorted, joined by semicolons.

    Raises:
        UnsupportedRequestError: requests like this one cannot be built.
    """

    def __init__(self, url: str, headers: Mapping[str, str], region: str, service: str, signed_headers: str) -> None:
        by_lower = {name.lower(): value for name, value in headers.items()}
        parts = urlsplit(url)
        signed = {
            name: host_header(parts) if name == "host" else by_lower.get(name, "") for name in signed_headers.split(";")
        }
        self._url: str = url
        self._headers = headers
        self._signer = Signer(region, service, signed_headers)
        # The canonical request up to the time, between it and the session token, and up to the hash of the body.
        marked = {name: "\0" if name in _IN_CANONICAL else value for name, value in signed.items()}
        canonical = canonical_request("POST", quote(parts.path or "/", safe="/~"), parts.query, marked, b"")
        self._parts = canonical.rpartition("\n")[0].split("\0")
        self._has_token = "x-amz-security-token" in by_lower
        if len(self._parts) != (3 if self._has_token else 2):
            raise UnsupportedRequestError("the time or the session token is not signed")

    @classmethod
    def like(cls, request: Any, keys: Keys) -> RequestTemplate:  # noqa: ANN401 - botocore's, without types
        """Return the template of requests like one of botocore's.

        Arguments:
            request: botocore's request.
            keys: the credentials that signed it.

        Raises:
            UnsupportedRequestError: requests like this one cannot be built.
        """
        headers = {
            name: value.decode() if isinstance(value, bytes) else value for name, value in request.headers.items()
        }
        by_lower = {name.lower(): value for name, value in headers.items()}
        region, service, names = _signed_with(by_lower.get("authorization", ""))
        unknown = sorted(by_lower.keys() - _CONSTANT - _VARIABLE)
        if unknown or not f"{by_lower.get('amz-sdk-request')};".startswith(("attempt=1;", "attempt=1; max=")):
            raise UnsupportedRequestError(f"the request has other headers ({', '.join(unknown) or 'amz-sdk-request'})")
        if usual_path(request.url) is None:
            raise UnsupportedRequestError("the URL is not of the usual form")
        if request.method != "POST" or not isinstance(request.body, bytes):
            raise UnsupportedRequestError(f"the request is a {request.method} request without a plain body")
        template = cls(request.url, headers, region, service, names)
        ids = by_lower.get("x-amz-date", ""), by_lower.get("amz-sdk-invocation-id", "")
        again = template.request(request.body, keys, *ids, trace=by_lower.get("x-amzn-trace-id"))
        if list(again.headers.items()) != list(headers.items()):
            raise UnsupportedRequestError("the request is not signed as expected")
        return template

    def request(
        self, body: bytes, keys: Keys, timestamp: str, invocation_id: str, *, trace: str | None
    ) -> SignedRequest:
        """Return a signed request.

        Arguments:
            body: its body.
            keys: with a session token if the template's request has one.
            timestamp: the time, such as `20150830T123600Z`.
            invocation_id: the id that all attempts of a call share.
            trace: the trace header, if the template's request has one.
        """
        # The names are spelled as botocore spells them, so that the values take the places in the template.
        headers = {**self._headers}
        headers["X-Amz-Date"] = timestamp
        before, *after = self._parts
        if self._has_token:
            token = headers["X-Amz-Security-Token"] = keys.token or ""
            signed = f"{before}{timestamp}{after[0]}{' '.join(token.split())}{after[-1]}"
        else:
            signed = f"{before}{timestamp}{after[-1]}"
        if trace is not None:
            headers["X-Amzn-Trace-Id"] = trace
        headers["amz-sdk-invocation-id"] = invocation_id
        headers["Content-Length"] = str(len(body))
        headers["Authorization"] = self._signer.authorization(
            keys.access_key, keys.secret_key, timestamp, f"{signed}\n{sha256(body).hexdigest()}"
        )
        return SignedRequest(self._url, headers, body)


def _signed_with(authorization: str) -> tuple[str, str, str]:
    """Return the region, the service and the names of the signed headers."""
    try:
        credential, headers, _ = authorization.split(", ")
        _, _, region, service, _ = credential.split("/")
    except ValueError:
        raise UnsupportedRequestError("the request has no signature of version 4") from None
    return region, service, headers.partition("=")[2]


def usual_path(url: str) -> str | None:
    """Return the path of a URL that all HTTP clients send to the same host, and write in the same way.

    Of any other URL, such as one with upper case in its host or a space in its path, it returns None.
    """
    match = _URL.fullmatch(url)
    return None if match is None or int(match[1] or 0) > _MAX_PORT else match[2]


def host_header(url: SplitResult) -> str:
    """Return the `Host` header of a request."""
    host = f"[{url.hostname}]" if ":" in (url.hostname or "") else url.hostname or ""
    return host if url.port in (None, _USUAL_PORTS.get(url.scheme)) else f"{host}:{url.port}"


def runs_in_lambda() -> bool:
    """Return whether this process is a Lambda function, whose requests have a trace header."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def trace_id() -> str | None:
    """Return the trace header of a Lambda function's next request; None if it is not traced."""
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    return quote(trace, safe="-=;:+&[]{}\"',") if trace else None
