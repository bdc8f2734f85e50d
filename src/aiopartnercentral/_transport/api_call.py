"""Makes the API calls of one client: encodes the request, sends it, and decodes the response or the error."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import attrs

from aiopartnercentral._serialization import jsontext
from aiopartnercentral._serialization.conversion_errors import hook_failed
from aiopartnercentral._transport.call_context import CBOR
from aiopartnercentral._transport.call_events import LOGGER, CallWatch
from aiopartnercentral._transport.rejected_members import note_rejected_members
from aiopartnercentral._transport.responses import ErrorResponseError
from aiopartnercentral._transport.time_limits import WAIT, Wait, credentials_late
from aiopartnercentral.errors import DecodeError, EncodeError, ServiceError, TimeExceededError, error_type

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiopartnercentral._serialization.codec import Codec
    from aiopartnercentral._serialization.service_converter import ServiceConverter
    from aiopartnercentral._transport.call_context import CallContext, Pause
    from aiopartnercentral._transport.call_events import CallEvent
    from aiopartnercentral._transport.connection import Transport
    from aiopartnercentral._transport.responses import RawResponse
    from aiopartnercentral._utils.notifier import Notifier
    from aiopartnercentral.types import JsonValue, Operation, Pagination, Service, TransportInfo

__all__ = ["DEFAULT_TIMEOUT", "ApiCaller"]

DEFAULT_TIMEOUT = 600.0
"""Seconds for a call with all its attempts."""

_MAPS_OF_CBOR = frozenset(bytes([head]) for head in range(0xA0, 0xC0))

T = TypeVar("T")
ResponseT = TypeVar("ResponseT")
ConversionT = TypeVar("ConversionT", DecodeError, EncodeError)


@attrs.frozen(eq=False, repr=False)
class ApiCaller:
    """Encodes, sends and decodes for one client.

    Attributes:
        service: the service.
        transport: sends the requests.
        codec: converts requests and responses.
        timeout: maximum seconds of a call with all its attempts; None for no limit.
        attempts: maximum attempts of a call; None for as many as botocore's configuration says.
        observer: gets the events of its calls; None for the log alone.
    """

    _service: Service
    transport: Transport
    _codec: Codec
    timeout: float | None = DEFAULT_TIMEOUT
    attempts: int | None = None
    observer: Notifier[CallEvent] | None = None

    def over(self, transport: Transport) -> ApiCaller:
        """Return one with the same options that sends over another transport, in a fifth of the time of `evolve`."""
        return ApiCaller(self._service, transport, self._codec, self.timeout, self.attempts, self.observer)

    @property
    def endpoint_url(self) -> str:
        """The URL of the endpoint by the configuration; botocore's rules may choose another for a request."""
        return self.transport.endpoint_url

    @property
    def max_connections(self) -> int:
        """Maximum connections of the client, by its configuration."""
        return self.transport.max_connections

    @property
    def info(self) -> TransportInfo:
        """How requests are sent."""
        return self.transport.info

    @property
    def is_cbor(self) -> bool:
        """Whether bodies are CBOR; otherwise they are JSON."""
        return self.transport.connection.protocol == CBOR

    async def converter(self) -> ServiceConverter:
        """Return the converter between objects and the plain values of bodies."""
        return await self._codec.botocore() if self.is_cbor else await self._codec.json()

    async def encode(self, operation: Operation[Any, Any], request: object) -> Mapping[str, JsonValue]:
        """Encode a request into botocore's parameters.

        Raises:
            EncodeError: the request does not match the service model.
        """
        __tracebackhide__ = True  # as in `ServiceClient.call`
        try:
            params: Mapping[str, JsonValue] = await self._codec.encode(request, operation.input)
        except EncodeError as error:
            _in_call(error, operation)
            raise
        except Exception as error:
            raise _in_call(hook_failed(error, EncodeError), operation) from error
        return params

    async def call(
        self,
        operation: Operation[Any, Any],
        request: object,
        read: Callable[[RawResponse], Awaitable[T]],
        pause: Pause | None = None,
        *,
        content: bytes | None = None,
        watch: CallWatch | None = None,
    ) -> T:
        """Send a request and return what is read of the response.

        After a response that was damaged on its way, the request is sent again, if that does no harm and an attempt is
        left.

        Arguments:
            operation: the operation.
            request: the request.
            read: decodes the response.
            pause: lets other tasks run; see `Transport.start_call`.
            content: the body to send instead of the encoded request; it may have members that the model does not know.
            watch: reports the events of the call; None for a new one, if anybody wants them.

        Raises:
            CredentialsError: the call took longer than `timeout`, and was waiting for credentials.
            TimeExceededError: the call took longer than `timeout`.
            Exception: see `ServiceClient.call`.
        """
        import anyio  # noqa: PLC0415 - slow to load

        __tracebackhide__ = True  # as in `ServiceClient.call`
        if watch is None and (self.observer is not None or LOGGER.isEnabledFor(logging.INFO)):
            watch = CallWatch(self._service.name, operation.name, self.endpoint_url, self.observer)
            return await watch.around(partial(self.call, operation, request, read, pause, content=content, watch=watch))
        params = await self.encode(operation, request) if content is None else {}
        call = self.transport.start_call(operation, attempts=self.attempts, pause=pause, content=content)
        if watch is not None:
            call.watch, watch.context = watch, call
        known = request if content is None else None
        wait = Wait()
        token = WAIT.set(wait)
        try:
            with anyio.move_on_after(self.timeout):
                while True:
                    try:
                        return await read(await self._send(operation, params, call, known))
                    except DecodeError as error:
                        if not (error.is_retryable and call.is_repeatable and call.has_attempts):
                            raise
                        if watch is not None:
                            watch.failed(error_type(error), error.http_status, error.request_id)
                    await _wait(call)
        finally:
            WAIT.reset(token)
        seconds = self.timeout or 0.0
        if wait.what:
            raise credentials_late(wait.what, seconds)
        raise TimeExceededError(seconds, "timeout", call.sent, self.endpoint_url)

    async def _send(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], call: CallContext, request: object
    ) -> RawResponse:
        """Send a request and return the response before it is decoded; None stands for a request that is not known.

        It raises `DecodeError` only for a response without a body, or that botocore parses.
        """
        is_repetition = False
        while True:
            try:
                response = await self.transport.send(operation, params, call)
            except ErrorResponseError as error:
                call.is_corrected |= not is_repetition and self.transport.expire_credentials(error)
                if call.is_corrected and call.has_attempts:
                    is_repetition = True
                    continue
                failure = await self._service_error(operation, error)
                failure.is_corrected = call.is_corrected
                break
            return response
        note_rejected_members(failure, request)
        if failure.request_id:
            failure.add_note(f"request id {failure.request_id}")
        raise failure

    async def as_json(self, operation: Operation[Any, Any], response: RawResponse) -> RawResponse:
        """Return a response with a body of JSON, which stands for a body of CBOR.

        Raises:
            DecodeError: the body is not CBOR.
        """
        if response.body is None or not response.is_cbor:
            return response
        try:
            body = await self._codec.json_of(response.body)
        except DecodeError as error:
            _in_call(error, operation, response)
            raise
        return attrs.evolve(response, body=body, is_cbor=False, received=response.body)

    async def decode(self, operation: Operation[Any, ResponseT], response: RawResponse) -> ResponseT:
        """Decode a response.

        Raises:
            DecodeError: the response does not match the service model.
        """
        cls = operation.output
        try:
            if response.body is None:
                decoded: ResponseT = await self._codec.structure(response.parsed, cls)
            elif response.is_cbor:
                decoded = await self._codec.decode_cbor(response.body, cls)
            else:
                decoded = await self._codec.decode(response.body or b"{}", cls)
        except DecodeError as error:
            _in_call(error, operation, response)
            raise
        except Exception as error:
            raise _in_call(hook_failed(error, DecodeError), operation, response) from error
        if type(decoded) is cls:  # a user's hook may return an object of another class
            # The object is frozen, but nothing else has a reference to it yet.
            object.__setattr__(decoded, "response_metadata", response.metadata)
        return decoded

    async def dumps(self, response: object) -> bytes:
        """Return the JSON of a response."""
        return (await self._codec.json()).dumps(response)

    async def split_page(
        self, pagination: Pagination[Any, Any, Any], response: RawResponse, body: bytes
    ) -> tuple[list[bytes], str | None]:
        """Return the items of a page, each as its own JSON, and the next page's token.

        Raises:
            DecodeError: the body is not a page.
        """
        split = partial(
            jsontext.split_page,
            result_key=pagination.result_key,
            token_key=pagination.output_token,
            more_key=pagination.more_results,
            may_lack_items=pagination.may_lack_items,
        )
        try:
            return await self._codec.off_the_event_loop(split, body)
        except DecodeError as error:
            _in_call(error, pagination.operation, response)
            raise

    async def _service_error(self, operation: Operation[Any, Any], answer: ErrorResponseError) -> ServiceError:
        """Return the typed error for botocore's; members that cannot be decoded do not prevent that."""
        response: Mapping[str, Any] = answer.error.response
        body = answer.body
        reported = response.get("Error", {})
        # A service that once spoke the query protocol has kept its codes; SQS names them nowhere in its model, so that
        # only the error's name tells which error it is.
        for code in (str(reported.get("Code", "")), str(reported.get("QueryErrorCode", ""))):
            cls = operation.own_codes.get(code) or self._service.errors.get(code)
            if cls is not None:
                break
        else:
            return ServiceError(response, operation.name)
        decoder = await self._codec.error_decoder(cls, of_json=body is not None)
        try:
            if body is not None and answer.is_cbor:
                body = await self._codec.json_of(body)
            members = response if body is None else jsontext.loads(body)
        except DecodeError:
            members = {}
        error = decoder.tolerantly(members, response, operation.name)
        for problem in error.problems:
            problem.operation, problem.request_id = operation.name, error.request_id
        return error


def _in_call(error: ConversionT, operation: Operation[Any, Any], response: RawResponse | None = None) -> ConversionT:
    """Add the operation, the request id and the response to a conversion error, and return it."""
    error.operation = operation.name
    error.request_id = response.metadata.request_id if response is not None else None
    if response is not None and isinstance(error, DecodeError):
        error.attempts = response.metadata.attempts
        body = response.body if response.received is None else response.received
        error.keep_response(body, response.metadata.http_status, response.metadata.http_headers)
        # The service sends only objects; anything else is from something in between, such as a proxy.
        error.is_retryable = error.is_retryable or not _may_be_object(response)
    return error


def _may_be_object(response: RawResponse) -> bool:
    body = response.body
    if body is None:
        return True
    return body[:1] in _MAPS_OF_CBOR if response.is_cbor else body.lstrip().startswith(b"{")


async def _wait(call: CallContext) -> None:
    from anyio import sleep  # noqa: PLC0415 - slow to load

    from aiopartnercentral._transport import retries  # noqa: PLC0415 - loads botocore

    await sleep(retries.backoff(1.0, call.attempts))
