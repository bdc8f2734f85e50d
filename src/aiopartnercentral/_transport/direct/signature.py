"""AWS Signature Version 4 in the `Authorization` header."""

from __future__ import annotations

import hmac
from hashlib import sha256

__all__ = ["Signer", "canonical_request", "signing_key"]

_ALGORITHM = "AWS4-HMAC-SHA256"


def canonical_request(method: str, path: str, query: str, headers: dict[str, str], payload: bytes) -> str:
    """Return the canonical form of a request.

    Arguments:
        method: the HTTP method.
        path: the path of its URL, encoded.
        query: the query of its URL, in canonical form.
        headers: the headers to sign, sorted by name; names in lower case.
        payload: the body.
    """
    lines = "\n".join([f"{name}:{' '.join(value.split())}" for name, value in headers.items()])
    return f"{method}\n{path}\n{query}\n{lines}\n\n{';'.join(headers)}\n{sha256(payload).hexdigest()}"


def signing_key(secret_key: str, day: str, region: str, service: str) -> bytes:
    """Return the key that signs all requests of a day, such as `20150830`."""
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


class Signer:
    """Signs requests to a service in a region, with the key of the last credentials and day at hand.

    Arguments:
        region: the region.
        service: the signing name of the service.
        signed_headers: names of the headers in the canonical requests, sorted, joined by semicolons.
    """

    def __init__(self, region: str, service: str, signed_headers: str) -> None:
        self._region = region
        self._service = service
        self._signed_headers = signed_headers
        self._signs_for: tuple[str | None, str | None, str] = ("", "", "")
        self._signature = hmac.new(b"", digestmod="sha256")
        self._scope = self._prefix = ""

    def authorization(self, access_key: str | None, secret_key: str | None, timestamp: str, canonical: str) -> str:
        """Return the `Authorization` header of a request.

        Arguments:
            access_key: the access key id.
            secret_key: the secret access key.
            timestamp: the time, such as `20150830T123600Z`.
            canonical: the canonical request.
        """
        signs_for = access_key, secret_key, timestamp[:8]
        if self._signs_for != signs_for:
            self._sign_for(*signs_for)
        text = f"{_ALGORITHM}\n{timestamp}\n{self._scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = self._signature.copy()
        signature.update(text.encode())
        return self._prefix + signature.hexdigest()

    def _sign_for(self, access_key: str | None, secret_key: str | None, day: str) -> None:
        key = signing_key(f"{secret_key}", day, self._region, self._service)
        self._signature = hmac.new(key, digestmod="sha256")  # a copy is ready in half the time of a new one
        self._scope = f"{day}/{self._region}/{self._service}/aws4_request"
        named = f"SignedHeaders={self._signed_headers}"
        self._prefix = f"{_ALGORITHM} Credential={access_key}/{self._scope}, {named}, Signature="
        self._signs_for = access_key, secret_key, day
