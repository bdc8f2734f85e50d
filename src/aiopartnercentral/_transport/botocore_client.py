"""Calls through an aiobotocore client that return the raw bodies of responses.

Event handlers keep the raw body of a successful response before botocore parses it. So the generated converters decode
it once, and nothing that botocore drops is lost. The handlers affect only calls made through a `Transport`; other calls
of the same client work as before. botocore still does the signing, endpoints, most retries, errors and response
metadata, and parses responses whose members are not all in a JSON body.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import aiohttp
import attrs
from aiobotocore.client import AioBaseClient
from botocore import xform_name
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from aiopartnercentral._transport.call_context import (
    CBOR,
    EMPTY_BODIES,
    FIRST_ERROR_STATUS,
    CallContext,
    Parameters,
    bare_code,
    is_code,
    register_handlers,
)
from aiopartnercentral._transport.clock_skew import ServiceClock
from aiopartnercentral._transport.direct.eligibility import client_obstacle
from aiopartnercentral._transport.direct.sender import DirectSender
from aiopartnercentral._transport.http_client import check_endpoint, guarded
from aiopartnercentral._transport.retries import AttemptsEndedError, register_retries
from aiopartnercentral.errors import DecodeError
from aiopartnercentral.types import ResponseMetadata, TransportInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._transport.call_context import Pause
    from aiopartnercentral.types import JsonValue, Operation, Service

_LOGGER = logging.getLogger("aiopartnercentral.transport")
_JSON_PROTOCOLS = ("json", "rest-json")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException")
_ACCESS_KEY = re.compile("Credential=([^/]+)/")
_ATTEMPTS = {"legacy": 5}
_STANDARD_ATTEMPTS = 3


@attrs.frozen(kw_only=True)
class RawResponse:
    """A successful response.

    Attributes:
        body: the body's bytes; None for a stubbed response, or if botocore parses the response.
        is_cbor: whether the body is CBOR; otherwise it is JSON.
        is_direct: whether botocore has not worked on it, which takes a few tenths of a millisecond.
        parsed: botocore's parsed response: all members if `body` is None, otherwise none.
        received: the body as it arrived; None for a stubbed response or a stream.
        metadata: its metadata.
    """

    body: bytes | None = attrs.field(repr=False)
    is_cbor: bool = False
    is_direct: bool = False
    parsed: Mapping[str, Any] = attrs.field(repr=False)
    received: bytes | None = attrs.field(default=None, repr=False)
    metadata: ResponseMetadata


class ErrorResponseError(Exception):
    """The service answered with an error; internal to the library.

    Attributes:
        error: botocore's exception.
        body: the body's bytes; None for a stubbed response, or if botocore parses the response.
        is_cbor: whether the body is CBOR; otherwise it is JSON.
        access_key: the access key id that signed the request; empty if nothing did.
    """

    def __init__(self, error: ClientError, call: CallContext) -> None:
        super().__init__()
        self.error: ClientError = error
        if call.attempts:  # not of a stubbed response; botocore counts only the attempts of its own
            response: Any = error.response
            response.setdefault("ResponseMetadata", {})["RetryAttempts"] = call.attempts - 1
        self.body: bytes | None = call.body
        self.is_cbor: bool = call.protocol == CBOR
        found = _ACCESS_KEY.search(getattr(call.request, "headers", {}).get("Authorization", ""))
        self.access_key: str = found[1] if found else ""


class Transport:
    """Sends calls through one aiobotocore client, which the caller closes.

    Arguments:
        client: the client.
        service: the service.
        max_response_bytes: maximum bytes of a response; None for no limit.
        obstacle: why no attempt may be sent without botocore's request path; None if that depends on the client.

    Attributes:
        info: how requests are sent.

    Raises:
        TypeError: the client is not an aiobotocore client of the service.
        botocore.exceptions.InvalidConfigError: its endpoint URL cannot be used.
    """

    def __init__(
        self,
        client: Any,  # noqa: ANN401 - aiobotocore has no types
        service: Service,
        max_response_bytes: int | None = None,
        *,
        obstacle: str | None,
    ) -> None:
        if not isinstance(client, AioBaseClient):
            raise TypeError(f"expected an aiobotocore client of {service.name}, got {type(client).__name__}")
        model = client.meta.service_model
        if model.service_name != service.name:
            raise TypeError(f"expected an aiobotocore client of {service.name}, got one of {model.service_name}")
        check_endpoint(client.meta)
        endpoint: Any = client._endpoint  # noqa: SLF001 - nothing else has the HTTP client
        endpoint.http_session = guarded(endpoint.http_session)
        if max_response_bytes is not None:
            endpoint.http_session.max_response_bytes = max_response_bytes
        self._client: Any = client
        self._errors = service.errors
        # From the client's model, which may differ from the model of the generated classes.
        self._protocol: str = getattr(model, "resolved_protocol", None) or model.metadata["protocol"]
        retries: Mapping[str, Any] = self._client.meta.config.retries or {}
        by_default = _ATTEMPTS.get(retries.get("mode", ""), _STANDARD_ATTEMPTS)
        self._max_attempts: int = retries.get("total_max_attempts") or by_default
        self._clock = ServiceClock(client._request_signer)  # noqa: SLF001 - nothing else signs with its credentials
        self._is_cbor = self._protocol == CBOR
        self._closed = False
        register_handlers(client)
        register_retries(client.meta.events, model.service_id.hyphenize())
        obstacle = obstacle or client_obstacle(client)
        self.info: TransportInfo = TransportInfo(kind="botocore" if obstacle else "direct", reason=obstacle)
        self._direct = None if obstacle else DirectSender(client, self._clock)
        _LOGGER.debug("%s: %s", service.name, f"botocore sends all requests: {obstacle}" if obstacle else "direct")

    @property
    def endpoint_url(self) -> str:
        """The URL that the client sends requests to, by its configuration."""
        url: str = self._client.meta.endpoint_url
        return url

    @property
    def max_connections(self) -> int:
        """Maximum connections of the client, by its configuration."""
        most: int = self._client.meta.config.max_pool_connections
        return most

    def close(self) -> None:
        """Reject further calls, as the client is being closed."""
        self._closed = True

    def expire_credentials(self, error: ErrorResponseError) -> bool:
        """Return whether the service says that the credentials have expired, and a call would now obtain new ones."""
        code = str(error.error.response.get("Error", {}).get("Code"))
        signer: Any = self._client._request_signer  # noqa: SLF001 - nothing else has the credentials
        expire = getattr(signer._credentials, "expire", None)  # noqa: SLF001 - as above
        if expire is None or code not in _EXPIRED:
            return False
        expire(error.access_key)
        return True

    def start_call(
        self, operation: Operation[Any, Any], *, attempts: int | None = None, pause: Pause | None = None
    ) -> CallContext:
        """Return the state of a call that has not been sent.

        Arguments:
            operation: the operation.
            attempts: how often the request may be sent; None for as often as the client's configuration says.
            pause: awaited halfway through botocore's work on a call, which takes half a millisecond.
        """
        return CallContext(
            protocol=self._protocol,
            keeps_body=operation.all_in_body and self._protocol in EMPTY_BODIES,
            # In other protocols, members of an error may be in headers.
            keeps_error=self._protocol in ("json", CBOR),
            repairs_error=self._protocol in _JSON_PROTOCOLS,
            error_codes=self._errors,
            max_attempts=attempts or self._max_attempts,
            limits_attempts=attempts is not None,
            is_repeatable=operation.readonly or operation.idempotent,
            clock=self._clock,
            pause=pause,
        )

    async def send(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], call: CallContext
    ) -> RawResponse:
        """Send one call and return its response; a cancellation closes the connection.

        Arguments:
            operation: the operation.
            params: botocore's parameters.
            call: the state of the call.

        Raises:
            ErrorResponseError: the service answered with an error.
            DecodeError: botocore cannot parse the response, or it has no body.
            RuntimeError: the client is closed.
            botocore.exceptions.BotoCoreError: the request could not be sent, or no complete response arrived.
        """
        if self._closed:
            raise RuntimeError("a client is open only inside its `async with` block")
        if not hasattr(self._client, xform_name(operation.name)):
            raise NotImplementedError(f"the wrapped client's version of botocore does not know {operation.name}")
        parsed: dict[str, Any] = {}
        failure: Exception | None = None
        try:
            if self._direct is not None and not call.attempts:
                metadata = await self._direct.send(operation, params, call)
                if metadata is not None:
                    return RawResponse(body=call.body, is_direct=True, parsed=parsed, metadata=metadata)
            parsed = await self._make_call(operation, params, call)
        except Exception as error:  # noqa: BLE001 - raised below
            parsed, failure = _raised(operation.name, call, error)
        # Raised outside the handlers, so that botocore's exception is not the context.
        failure = failure or _failure(operation.name, call, parsed)
        if failure is None:
            metadata = _metadata(parsed, call)
            return RawResponse(
                body=call.body,
                is_cbor=self._is_cbor,
                parsed=parsed,
                received=call.received,
                metadata=metadata,
            )
        if isinstance(failure, _broken_body_errors()):
            failure = _as_botocore_error(failure, self._client.meta.endpoint_url)
        _drop_request(failure)
        if call.attempts:
            failure.attempts = call.attempts  # type: ignore[attr-defined] # botocore's exceptions lack it
        raise failure

    async def _make_call(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], call: CallContext
    ) -> dict[str, Any]:
        """Make a call as a method of the client does, but with the parameters that handlers know the call by."""
        parameters = Parameters(params if call.first_attempt is None else call.first_attempt.params)
        parameters.call = call
        parsed: dict[str, Any] = await self._client._make_api_call(operation.name, parameters)  # noqa: SLF001
        return parsed


def _raised(operation: str, call: CallContext, error: Exception) -> tuple[dict[str, Any], Exception | None]:
    """Return the parsed response and the exception for what botocore has raised."""
    if isinstance(error, AttemptsEndedError):
        return error.response or {}, error.error
    if isinstance(error, ClientError):
        return {}, _answered(operation, call, error)
    if isinstance(error, ParamValidationError):
        return {}, _without_values(error)
    return {}, _unparsed(operation, call, error) if call.is_parsed else error


def _answered(operation: str, call: CallContext, error: ClientError) -> Exception:
    """Return the exception for an error response, which may be that of another service for the credentials."""
    if error.operation_name == operation:
        return ErrorResponseError(error, call)
    # The service was not called: the credentials were not available when the request was signed.
    from aiopartnercentral._transport.credential_errors import credentials_error  # noqa: PLC0415 - rarely needed

    return credentials_error(f"{error.operation_name} failed", error)


def _without_values(error: ParamValidationError) -> ParamValidationError:
    from aiopartnercentral._transport.credential_errors import without_values  # noqa: PLC0415 - rarely needed

    return ParamValidationError(report=without_values(error))


def _failure(operation: str, call: CallContext, parsed: dict[str, Any]) -> Exception | None:
    """Return the exception for a response that is an error or has no body; None for any other."""
    if call.is_error or call.status >= FIRST_ERROR_STATUS:
        response: Any = parsed  # botocore takes any
        return ErrorResponseError(ClientError(response, operation), call)
    if call.lacks_body:
        error = DecodeError("the response has no body", operation=operation, request_id=call.request_id)
        error.is_retryable = True
        return _with_response(error, call)
    return None


def _unparsed(operation: str, call: CallContext, error: Exception) -> DecodeError | ErrorResponseError:
    """Return the exception for a response that botocore cannot parse; an error keeps its code and message."""
    if call.status < FIRST_ERROR_STATUS:
        reason = f"botocore cannot parse the response ({type(error).__name__})"
        return _with_response(DecodeError(reason, operation=operation, request_id=call.request_id), call)
    members = call.error
    kind = members.get("__type")
    code = bare_code(kind) if is_code(kind) else str(call.status)
    message = members.get("message", members.get("Message", ""))
    metadata = {"HTTPStatusCode": call.status, "RequestId": call.request_id}
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ErrorResponseError(ClientError(response, operation), call)


def _with_response(error: DecodeError, call: CallContext) -> DecodeError:
    """Keep the response of the call in an error, and return it."""
    headers = {name.lower(): value for name, value in call.headers.items()}
    error.keep_response(call.received, call.status, headers)
    return error


def _drop_request(error: Exception) -> None:
    """Drop what botocore's error keeps of its request, whose headers and context hold credentials, for its pickle."""
    if not isinstance(error, BotoCoreError):
        return
    for name in ("request", "response"):
        if hasattr(error, name):
            setattr(error, name, None)
    details: Any = error.kwargs
    if isinstance(details.get("error"), Exception):
        details["error"] = str(details["error"])  # as in the error's message


def _metadata(parsed: Mapping[str, Any], call: CallContext) -> ResponseMetadata:
    metadata = parsed.get("ResponseMetadata", {})
    return ResponseMetadata(
        request_id=metadata.get("RequestId"),
        http_status=metadata.get("HTTPStatusCode", 0),
        attempts=max(1, call.attempts),  # none of a stubbed response
        http_headers=dict(metadata.get("HTTPHeaders", {})),
    )


def _broken_body_errors() -> tuple[type[Exception], ...]:
    """Return the HTTP clients' exceptions for a truncated body, which aiobotocore does not translate."""
    loaded = [sys.modules[name] for name in ("httpx2", "httpx") if name in sys.modules]
    return (aiohttp.ClientError, *(module.HTTPError for module in loaded))


def _as_botocore_error(error: Exception, endpoint_url: str) -> Exception:
    failure: Exception = (
        ReadTimeoutError(endpoint_url=endpoint_url, error=error)
        if isinstance(error, TimeoutError)
        else ResponseStreamingError(error=error)
    )
    failure.__cause__ = error
    return failure
