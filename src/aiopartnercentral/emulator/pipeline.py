"""From an HTTP request to its answer, and what is remembered of it."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import attrs
from aiohttp import web

from aiopartnercentral.emulator import errors, protocol
from aiopartnercentral.emulator.admin_api import PREFIX, Control
from aiopartnercentral.emulator.dispatcher import catalog_named
from aiopartnercentral.emulator.faults.context import Exchange
from aiopartnercentral.emulator.faults.rules import Disorder
from aiopartnercentral.emulator.response import Reply

if TYPE_CHECKING:
    from aiopartnercentral.emulator.auth import Identities
    from aiopartnercentral.emulator.dispatcher import Service
    from aiopartnercentral.emulator.sending import Hold

logger: logging.Logger = logging.getLogger(__name__)

REMEMBERED_REQUESTS = 10_000
REMEMBERED_BYTES = 16 * protocol.MAX_BODY
"""How many bytes of JSON they may be together: parsed, it takes twenty times as much."""


@attrs.define(eq=False)
class Front:
    """Everything of a request that is the same for every operation.

    Attributes:
        service: what answers.
        control: what answers below `/_emulator/`.
        identities: who may ask.
        hold: waits so many seconds, or less if the emulator ends.
        disorder: what goes wrong on demand.
        requests: the latest requests; fewer where they are large.
    """

    service: Service
    control: Control
    identities: Identities
    hold: Hold
    disorder: Disorder = attrs.field(factory=lambda: Disorder(()))
    requests: deque[protocol.RecordedRequest] = attrs.field(factory=deque, init=False)
    _bytes: int = attrs.field(default=0, init=False)

    async def answer(self, request: web.BaseRequest) -> Reply:
        """Return the answer; cancelled, it has done nothing or everything."""
        unreadable: errors.ServiceFaultError | None = None
        raw = None
        try:
            raw = await request.read()
        except web.HTTPRequestEntityTooLarge:
            unreadable = protocol.too_large()
        except web.RequestPayloadError:
            unreadable = errors.protocol_error("SerializationException", "The body is not encoded as it says")
        if raw is not None and request.path.startswith(PREFIX):
            status, body = self.control.answer(request.method, request.path, raw)
            return Reply(status, body)
        return await self._answer(request, raw, unreadable)

    async def _answer(
        self, request: web.BaseRequest, raw: bytes | None, unreadable: errors.ServiceFaultError | None
    ) -> Reply:
        sent, text = dict[str, Any](), b""
        try:
            if raw is not None:
                text = protocol.unpacked(request, raw)
                sent = protocol.parse(text)
        except errors.ServiceFaultError as fault:
            # Told when its turn comes: whoever may not ask learns nothing else.
            unreadable = fault
        account, operation = self.identities.claimed(request), protocol.operation_name(request)
        size = len(text) if sent else 0
        exchange = Exchange(operation, account, catalog_named(sent), sent, self.service.validator, size)
        blow = self.disorder.befall(exchange)
        blow.before(exchange)
        if exchange.wait:
            await self._wait(exchange)
        if exchange.reply is None:
            self._carry_out(request, raw, exchange, unreadable)
        blow.after(exchange)
        return self._remembered(exchange)

    async def _wait(self, exchange: Exchange) -> None:
        """Let time go by before a request is carried out; cancelled, it is remembered as one that was not."""
        try:
            await self.hold(exchange.wait)
        except BaseException:
            exchange.reply = Reply(status=0)
            self._remembered(exchange)
            raise

    def _carry_out(
        self,
        request: web.BaseRequest,
        raw: bytes | None,
        exchange: Exchange,
        unreadable: errors.ServiceFaultError | None,
    ) -> None:
        try:
            if raw is not None:
                protocol.check(request, self.service.validator)
                self.identities.check(request, raw)
            if unreadable is not None:
                raise unreadable  # noqa: TRY301 - an answer like any other
            origin = f"{request.scheme}://{request.host}"
            body = self.service.answer(exchange.operation, exchange.sent, account=exchange.account, origin=origin)
            exchange.reply = Reply(body=body)
        except errors.ServiceFaultError as fault:
            exchange.refuse(fault)
        except Exception:
            logger.exception("the emulator failed to answer %s", exchange.operation)
            exchange.refuse(errors.internal_error())

    def _is_catalog(self, name: str) -> bool:
        """Tell whether this can be a catalog's name: anything else is not to be shown, for it may be anything."""
        return next(self.service.validator.problems("Catalog", name), None) is None

    def _remembered(self, exchange: Exchange) -> Reply:
        """Remember a request and how it is answered, and return that."""
        reply = exchange.reply or Reply()
        catalog = exchange.sent.get("Catalog")
        reply.record = protocol.RecordedRequest(
            at=self.service.history.clock.now(),
            account=exchange.account,
            operation=exchange.operation,
            catalog=catalog if isinstance(catalog, str) and self._is_catalog(catalog) else None,
            status=reply.status,
            error=exchange.error,
            page_token_given=exchange.sent.get("NextToken") is not None,
            body=exchange.sent,
            faults=tuple(exchange.struck),
            size=exchange.size,
        )
        self.requests.append(reply.record)
        self._bytes += exchange.size
        while len(self.requests) > REMEMBERED_REQUESTS or self._bytes > REMEMBERED_BYTES:
            self._bytes -= self.requests.popleft().size
        return reply
