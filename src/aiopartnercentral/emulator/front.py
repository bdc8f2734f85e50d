"""From an HTTP request to status and body of its answer, and what is remembered of it."""

from __future__ import annotations

import logging
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import attrs
from aiohttp import web

from aiopartnercentral.emulator import faults, framing
from aiopartnercentral.emulator.control import PREFIX, Control
from aiopartnercentral.emulator.shelf import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.identity import Identities
    from aiopartnercentral.emulator.service import Service

logger: logging.Logger = logging.getLogger(__name__)

REMEMBERED_REQUESTS = 10_000


@attrs.define(eq=False)
class Front:
    """Everything of a request that is the same for every operation.

    Attributes:
        service: what answers.
        control: what answers below `/_emulator/`.
        identities: who may ask.
        requests: the latest requests.
    """

    service: Service
    control: Control
    identities: Identities
    requests: deque[framing.RecordedRequest] = attrs.field(
        factory=lambda: deque(maxlen=REMEMBERED_REQUESTS), init=False
    )

    async def answer(self, request: web.BaseRequest) -> tuple[int, bytes]:
        """Return status and body of the answer; cancelled, it has done nothing or everything."""
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            fault = faults.protocol_error("RequestEntityTooLargeException", "The body is too large", status=413)
            return self._remembered(request, {}, fault, b"")
        except web.RequestPayloadError:
            fault = faults.protocol_error("SerializationException", "The body is not encoded as it says")
            return self._remembered(request, {}, fault, b"")
        if request.path.startswith(PREFIX):
            return self.control.answer(request.method, request.path, raw)
        return self._answer(request, raw)

    def _answer(self, request: web.BaseRequest, raw: bytes) -> tuple[int, bytes]:
        operation, sent = framing.operation_name(request), dict[str, Any]()
        fault: faults.ServiceFaultError | None = None
        body = b""
        try:
            framing.check(request, self.service.validator)
            self.identities.check(request, raw)
            sent = framing.parse(raw)
            account, origin = self.identities.claimed(request), f"{request.scheme}://{request.host}"
            body = self.service.answer(operation, sent, account=account, origin=origin)
        except faults.ServiceFaultError as raised:
            fault = raised
        except Exception:
            logger.exception("the emulator failed to answer %s", operation)
            fault = faults.internal_error()
        return self._remembered(request, sent, fault, body)

    def _remembered(
        self, request: web.BaseRequest, sent: dict[str, Any], fault: faults.ServiceFaultError | None, body: bytes
    ) -> tuple[int, bytes]:
        """Remember a request and how it is answered, and return status and body of that."""
        status = fault.status if fault else HTTPStatus.OK.value
        catalog = sent.get("Catalog")
        self.requests.append(
            framing.RecordedRequest(
                account=self.identities.claimed(request),
                operation=framing.operation_name(request),
                catalog=catalog if isinstance(catalog, str) else None,
                status=status,
                error=fault.shape if fault else None,
                page_token_given=sent.get("NextToken") is not None,
                body=sent,
            )
        )
        return status, encode(fault.payload()) if fault else body
