"""Sends JSON 1.0 requests without a client library and without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def request_of(service: Service, operation: str, account: str, value: object) -> dict[str, Any]:
    """Return path, headers and content of a request in the protocol of a service."""
    framing, path = headers(operation, account, service), "/"
    if service.is_cbor:
        del framing["X-Amz-Target"]
        framing |= {"Content-Type": service.content_type, **service.headers}
        path = f"/service/{service.validator.target_prefix}/operation/{operation}"
    return {"url": path, "headers": framing, "content": service.encode(value)}


@attrs.frozen
class Wire:
    """Sends requests of any account to an emulator that runs in another thread."""

    url: str
    http: httpx2.Client

    def send(
        self, operation: str, request: object, account: str = "123456789012", service: Service = ACCOUNT
    ) -> httpx2.Response:
        return self.http.post(self.url, headers=headers(operation, account, service), json=request)
