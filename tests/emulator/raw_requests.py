"""Sends JSON 1.0 requests without a client library and without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiopartnercentral.emulator.services import ACCOUNT

if TYPE_CHECKING:
    import httpx2

    from aiopartnercentral.emulator.services import Service


def headers(operation: str, account: str, service: Service = ACCOUNT) -> dict[str, str]:
    """Return the headers of a request of an account, with a signature that is none."""
    credential = f"Credential={account}/20251001/us-east-1/{service.validator.signing_name}/aws4_request"
    return {
        "X-Amz-Target": f"{service.validator.target_prefix}.{operation}",
        "Content-Type": "application/x-amz-json-1.0",
        "Authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00",
    }


@attrs.frozen
class Wire:
    """Sends requests of any account to an emulator that runs in another thread."""

    url: str
    http: httpx2.Client

    def send(
        self, operation: str, request: object, account: str = "123456789012", service: Service = ACCOUNT
    ) -> httpx2.Response:
        return self.http.post(self.url, headers=headers(operation, account, service), json=request)
