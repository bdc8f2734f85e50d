"""The steps of a request: parsing, fault injection, authentication, execution, recording."""

from __future__ import annotations

import logging
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import anyio
import attrs
from aiohttp import web

from aiopartnercentral.emulator import errors, protocol
from aiopartnercentral.emulator.admin_api import PREFIX, AdminApi
from aiopartnercentral.emulator.faults.context import FaultContext
from aiopartnercentral.emulator.operations.arns import catalog_named
from aiopartnercentral.emulator.operations.selling import bulk_jobs
from aiopartnercentral.emulator.response import Response
from aiopartnercentral.emulator.services import ACCOUNT
from aiopartnercentral.emulator.state.clock import CLOCK_LOCK

if TYPE_CHECKING:
    from aiopartnercentral.emulator.auth import Authenticator
    from aiopartnercentral.emulator.dispatcher import Dispatcher
    from aiopartnercentral.emulator.recording import Upstream
    from aiopartnercentral.emulator.response import Sleep
    from aiopartnercentral.emulator.settings import Settings

logger: logging.Logger = logging.getLogger(__name__)

BODY_SECONDS = 60.0
"""How long the body of a request may take to arrive."""
RECORDED_REQUESTS = 10_000
RECORDED_BYTES = 16 * protocol.MAX_BODY
"""The most bytes of JSON that are recorded; parsed, they take twenty times as much memory."""
RECORDED_RESPONSE_BYTES = 16 * 1024**2
"""The most bytes of responses that are recorded, each for a recorded request."""


@attrs.define(eq=False)
class RequestPipeline:
    """Processes the requests of all operations.

    Attributes:
        dispatcher: executes requests.
        admin_api: responds to requests below `/_emulator/`.
        authenticator: finds and verifies the account of a request.
        sleep: sleeps for some seconds, or less if the emulator shuts down.
        settings: has the fault injector.
        upstream: answers requests instead of the dispatcher; None for the dispatcher.
        requests: the latest requests; fewer if they are large.
        processed: the number of requests that have a response, including those of the admin API.
    """

    dispatcher: Dispatcher
    admin_api: AdminApi
    authenticator: Authenticator
    sleep: Sleep
    settings: Settings
    upstream: Upstream | None = None
    requests: deque[protocol.RecordedRequest] = attrs.field(factory=deque, init=False)
    processed: int = attrs.field(default=0, init=False)
    _recorded_bytes: int = attrs.field(default=0, init=False)
    _responses: deque[protocol.RecordedRequest] = attrs.field(factory=deque, init=False)
    _response_bytes: int = attrs.field(default=0, init=False)

    async def respond(self, request: web.BaseRequest) -> Response:
        """Return the response. If this is cancelled, the request was executed completely or not at all."""
        error: errors.EmulatedServiceError | None = None
        raw = None
        try:
            if request.content.is_eof():  # usually, the body has arrived together with the head
                raw = await request.read()
            else:
                with anyio.fail_after(BODY_SECONDS):
                    await protocol.ask_for_body(request)
                    raw = await request.read()
        except TimeoutError:
            message = f"The body did not arrive within {BODY_SECONDS:g} seconds"
            error = errors.protocol_error("RequestTimeoutException", message, status=HTTPStatus.REQUEST_TIMEOUT)
        except web.HTTPRequestEntityTooLarge:
            error = protocol.too_large()
        except web.RequestPayloadError:
            error = errors.protocol_error("SerializationException", protocol.WRONG_ENCODING)
        if request.path.startswith(bulk_jobs.REPORTS):
            return self._report(request.path)
        if raw is not None and request.path.startswith(PREFIX):
            self.processed += 1
            status, body = self.admin_api.respond(request.method, request.path, request.content_type, raw)
            return Response(status, body)
        return await self._respond(request, raw, error)

    def _report(self, path: str) -> Response:
        """Return the report of a bulk job."""
        store = self.dispatcher.store
        with CLOCK_LOCK:
            written = bulk_jobs.report(store.state, path, store.clock.now())
        if written is None:
            return Response(HTTPStatus.FORBIDDEN, b"The URL has expired, or is of no report\n", "text/plain")
        return Response(HTTPStatus.OK, written, "text/csv; charset=utf-8")

    async def _respond(
        self, request: web.BaseRequest, raw: bytes | None, error: errors.EmulatedServiceError | None
    ) -> Response:
        """Return the response; if this is cancelled before the execution ends, it is recorded as not executed."""
        parsed, text, target = dict[str, Any](), b"", protocol.Target.of(request)
        try:
            if raw is not None:
                text = protocol.decompress(request, raw)
                parsed = protocol.parse(text, target.service)
        except errors.EmulatedServiceError as parse_error:
            # Returned only after authentication: without it, a client learns nothing else.
            error = parse_error
        account = self.authenticator.account_of(request)
        text = text if parsed else b""
        context = FaultContext(target.operation, account, catalog_named(parsed), parsed, target.service, text)
        injection = self.settings.injector.match(context, self.dispatcher.store.clock.now())
        injection.before(context)
        try:
            if context.delay:
                await self.sleep(context.delay)
            if context.response is None:
                await self._execute(request, raw, context, target, error)
        except BaseException:  # its client has disconnected
            context.response = Response(status=0)
            self._recorded(context)
            raise
        injection.after(context)
        return self._recorded(context)

    async def _execute(
        self,
        request: web.BaseRequest,
        raw: bytes | None,
        context: FaultContext,
        target: protocol.Target,
        error: errors.EmulatedServiceError | None,
    ) -> None:
        try:
            if raw is not None:
                protocol.check(request, target)
                self.authenticator.check(request, raw, target.service.validator.signing_name)
            if error is not None:
                raise error  # noqa: TRY301 - handled like every other error
            if self.upstream is not None:
                self.dispatcher.admit(context.service, context.operation, context.request, context.account)
                answer = await self.upstream.answer(context.service, context.operation, context.request)
                context.error = answer.error
                context.respond(answer.body, status=answer.status)
                return
            origin = f"{request.scheme}://{request.host}"
            response = await self.dispatcher.respond(
                context.service, context.operation, context.request, account=context.account, origin=origin
            )
            context.respond(context.service.response_body(context.operation, response))
        except protocol.OtherServiceError as other:
            context.fail(other)
            if other.body is not None:
                context.response = Response(other.status or 0, other.body.encode(), "text/xml")
        except errors.EmulatedServiceError as service_error:
            context.fail(service_error)
        except Exception:
            logger.exception("the emulator failed to respond to %s", context.operation)
            context.fail(errors.internal_error())

    def _recorded(self, context: FaultContext) -> Response:
        """Record a request, and return its response."""
        response = context.response or Response()
        catalog = context.request.get("Catalog", context.request.get("catalog"))
        response.record = protocol.RecordedRequest(
            at=self.dispatcher.store.clock.now(),
            account=context.account,
            service=context.service.name,
            operation=context.operation,
            catalog=catalog if isinstance(catalog, str) and _is_catalog_name(catalog) else None,
            status=response.status,
            error=context.error,
            has_page_token=context.request.get(context.next_token) is not None,
            body=context.request,
            faults=tuple(context.injected),
            size=len(context.text),
            text=context.text,
            response=response.body,
        )
        self._record(response.record, len(response.body))
        return response

    def _record(self, record: protocol.RecordedRequest, response_bytes: int) -> None:
        """Add a request to the latest ones, and drop the oldest if there are too many, or too many bytes."""
        self.processed += 1
        self.requests.append(record)
        self._responses.append(record)
        self._recorded_bytes += record.size
        self._response_bytes += response_bytes
        while len(self.requests) > RECORDED_REQUESTS or self._recorded_bytes > RECORDED_BYTES:
            dropped = self.requests.popleft()
            self._recorded_bytes -= dropped.size
            if dropped is self._responses[0]:
                self._drop_response()
        while self._response_bytes > RECORDED_RESPONSE_BYTES:
            self._drop_response()

    def forget(self) -> None:
        """Clear the list of requests."""
        self.requests.clear()
        self._responses.clear()
        self._recorded_bytes = self._response_bytes = 0

    def _drop_response(self) -> None:
        record = self._responses.popleft()
        self._response_bytes -= len(record.response or b"")
        record.response = None


def _is_catalog_name(name: str) -> bool:
    """Return whether this may be the name of a catalog; anything else may be sensitive, and is not shown."""
    return next(ACCOUNT.validator.problems("Catalog", name), None) is None
