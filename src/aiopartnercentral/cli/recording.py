"""Forwards requests to AWS, for `emulator --record`: signed with the credentials of this process, and to AWS alone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import aiohttp
import anyio.to_thread
import attrs
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from aiopartnercentral.cli.services import SERVICES, facts
from aiopartnercentral.emulator.hosts import is_loopback

if TYPE_CHECKING:
    from aiopartnercentral.emulator.services import Service

__all__ = ["Forwarder"]

_SECONDS: Final = 60.0


@attrs.define(eq=False)
class Forwarder:
    """Sends requests to AWS, or to an endpoint that the user has named, with credentials of the default provider chain.

    A redirect is an answer like any other: nothing is sent to another host. Endpoints in the environment are ignored,
    as they may lead back to this process.

    Arguments:
        endpoint_url: the endpoint; None for that of AWS.

    Raises:
        ValueError: the endpoint is not the address of a host, or would get a session token without encryption.
    """

    endpoint_url: str | None
    _session: Any = attrs.field(factory=Session, init=False, repr=False)
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check the endpoint."""
        if self.endpoint_url is None:
            return
        parts = urlsplit(self.endpoint_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or "@" in parts.netloc:
            raise ValueError("--record-from must be the address of a host, such as https://example.com")
        if parts.scheme == "http" and parts.hostname != "localhost" and not is_loopback(parts.hostname):
            raise ValueError("--record-from must begin with https, unless it is on this machine")

    def check_credentials(self) -> None:
        """Check that there are credentials; this may ask the service that gives them.

        Raises:
            ValueError: there are none; the message says why.
        """
        try:
            self._credentials()
        except (BotoCoreError, OSError) as error:
            text = str(error).rstrip(".")
            raise ValueError(f"--record needs AWS credentials: {text}: set AWS_PROFILE or log in") from None

    async def __call__(self, service: Service, operation: str, body: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer to a request.

        Raises:
            OSError: there are no credentials, or the endpoint cannot be reached.
        """
        try:
            # botocore reads files, and may ask a service for credentials.
            request = await anyio.to_thread.run_sync(self._signed, service, operation, body)
        except BotoCoreError as error:
            raise OSError(str(error)) from None
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(request.url, data=body, headers=dict(request.headers), allow_redirects=False) as response,
            ):
                return response.status, await response.read()
        except aiohttp.ClientError as error:
            raise OSError(type(error).__name__) from None

    def _signed(self, service: Service, operation: str, body: bytes) -> Any:  # noqa: ANN401 - botocore has no types
        """Return a signed request."""
        frozen = self._credentials()
        known = next(each for each in map(facts, SERVICES) if each.name == service.name)
        endpoint = (self.endpoint_url or known.endpoint_url or "").rstrip("/")
        prefix = service.validator.target_prefix
        headers = {"Content-Type": service.content_type, **service.headers}
        path = "/"
        if service.is_cbor:
            path, headers["Accept"] = f"/service/{prefix}/operation/{operation}", service.content_type
        else:
            headers["X-Amz-Target"] = f"{prefix}.{operation}"
        request = AWSRequest("POST", f"{endpoint}{path}", headers=headers, data=body)
        SigV4Auth(frozen, service.validator.signing_name, known.region or "").add_auth(request)
        return request

    def _credentials(self) -> Any:  # noqa: ANN401 - botocore has no types
        """Return the credentials of this process, or raise OSError or BotoCoreError."""
        with self._lock:
            credentials = self._session.get_credentials()
        if credentials is None:
            raise OSError("there are no credentials in the environment of the recorder")
        return credentials.get_frozen_credentials()
