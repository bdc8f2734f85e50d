"""Sends JSON 1.0 requests without a client library and without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import httpx2


def headers(operation: str, account: str) -> dict[str, str]:
    """Return the headers of a request of an account, with a signature that is none."""
    credential = f"Credential={account}/20251001/us-east-1/partnercentral-account/aws4_request"
    return {
        "X-Amz-Target": f"PartnerCentralAccount.{operation}",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00",
    }


@attrs.frozen
class Wire:
    """Sends requests of any account to an emulator that runs in another thread."""

    url: str
    http: httpx2.Client

    def send(self, operation: str, request: object, account: str = "123456789012") -> httpx2.Response:
        return self.http.post(self.url, headers=headers(operation, account), json=request)
