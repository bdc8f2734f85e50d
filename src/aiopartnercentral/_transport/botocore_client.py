"""Calls through an aiobotocore client that return the raw bodies of responses.

Event handlers keep the raw body of a successful response before botocore parses it. So the generated converters decode
it once, and nothing that botocore drops is lost. The handlers affect only calls made through a `Transport`; other calls
of the same client work as before. botocore still does the signing, endpoints, most retries, errors and response
metadata, and parses responses whose members are not all in a JSON body.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import aiohttp
from aiobotocore.client import AioBaseClient
from aiobotocore.session import ClientCreatorContext
from botocore import xform_name
from botocore.client import BaseClient
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ParamValidationError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from aiopartnercentral._transport.call_context import (
    CBOR,
    FIRST_ERROR_STATUS,
    STANDARD_ATTEMPTS,
    Parameters,
    bare_code,
    is_code,
    register_handlers,
)
from aiopartnercentral._transport.http_client import check_endpoint, guarded
from aiopartnercentral._transport.responses import ErrorResponseError, RawResponse
from aiopartnercentral._transport.retries import AttemptsEndedError, register_retries
from aiopartnercentral._utils.needs_block import Opening
from aiopartnercentral.errors import DecodeError
from aiopartnercentral.types import ResponseMetadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._transport.call_context import CallContext
    from aiopartnercentral.types import JsonValue, Operation, Service

_EXPIRED = ("ExpiredToken", "ExpiredTokenException")
_LEGACY_ATTEMPTS = 5


class BotocoreClient:
    """Makes calls through one aiobotocore client, which its owner closes.

    Arguments:
        client: the client.
        service: the service.
        max_response_bytes: maximum bytes of a response; None for no limit.

    Attributes:
        client: the client.
        protocol: its protocol.
        max_attempts: how often its configuration lets it send a request.

    Raises:
        TypeError: the client is not an aiobotocore client of the service.
        botocore.exceptions.InvalidConfigError: its endpoint URL cannot be used.
    """

    def __init__(self, client: Any, service: Service, max_response_bytes: int | None = None) -> None:  # noqa: ANN401 - aiobotocore has no types
        if not isinstance(client, AioBaseClient):
            raise TypeError(f"expected an aiobotocore client of {service.name}, got {_how_to_open(client)}")
        model = client.meta.service_model
        if model.service_name != service.name:
            raise TypeError(f"expected an aiobotocore client of {service.name}, got one of {model.service_name}")
        check_endpoint(client.meta)
        endpoint: Any = client._endpoint  # noqa: SLF001 - nothing else has the HTTP client
        endpoint.http_session = guarded(endpoint.http_session)
        if max_response_bytes is not None:
            endpoint.http_session.max_response_bytes = max_response_bytes
        self.client: Any = client
        # From the client's model, which may differ from the model of the generated classes.
        self.protocol: str = getattr(model, "resolved_protocol", None) or model.metadata["protocol"]
        retries: Mapping[str, Any] = self.client.meta.config.retries or {}
        by_default = _LEGACY_ATTEMPTS if retries.get("mode") == "legacy" else STANDARD_ATTEMPTS
        self.max_attempts: int = retries.get("total_max_attempts") or by_default
        register_handlers(client)
        register_retries(client.meta.events, model.service_id.hyphenize())

    @property
    def endpoint_url(self) -> str:
        """The URL of the endpoint by the configuration; botocore's rules may choose another for a request."""
        url: str = self.client.meta.endpoint_url
        return url

    @property
    def max_connections(self) -> int:
        """Maximum connections of the client, by its configuration."""
        most: int = self.client.meta.config.max_pool_connections
        return most

    def sign_with(self, credentials: Any) -> None:  # noqa: ANN401 - botocore's
        """Make the client sign with other credentials than it was opened with; see `NO_KEYS`.

        Arguments:
            credentials: the credentials; None for those of each call alone, so that several accounts can share it.
        """
        self.client._request_signer._credentials = credentials  # noqa: SLF001 - nothing else has them

    def expire_credentials(self, error: ErrorResponseError, credentials: Any) -> bool:  # noqa: ANN401 - botocore's
        """Return whether the service says that the credentials have expired, and a call would now obtain new ones.

        Arguments:
            error: the service's error.
            credentials: those of the call; None for those of the client.
        """
        code = str(error.error.response.get("Error", {}).get("Code"))
        signer: Any = self.client._request_signer  # noqa: SLF001 - nothing else has the credentials
        expire = getattr(credentials or signer._credentials, "expire", None)  # noqa: SLF001 - as above
        if expire is None or code not in _EXPIRED:
            return False
        expire(error.access_key)
        return True

    def serialize(self, name: str, params: Mapping[str, JsonValue]) -> bytes:
        """Return the body of a request.

        Arguments:
            name: the name of the operation.
            params: botocore's parameters.

        Raises:
            botocore.exceptions.ParamValidationError: a parameter is missing or invalid.
        """
        model = self.client.meta.service_model.operation_model(name)
        body: bytes = self.client._serializer.exact.serialize_to_request(params, model)["body"]  # noqa: SLF001 - nothing else serializes
        return body

    async def send(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], call: CallContext
    ) -> RawResponse:
        """Make a call, which may have a first attempt already, and return its response; see `Transport.send`."""
        if not hasattr(self.client, xform_name(operation.name)):
            raise NotImplementedError(f"the wrapped client's version of botocore does not know {operation.name}")
        try:
            parsed = await self._make_call(operation, params, call)
        except Exception as error:  # noqa: BLE001 - raised below
            parsed, failure = _raised(operation.name, call, error)
        else:
            failure = None
        # Raised outside the handler, so that botocore's exception is not the context.
        failure = failure or _failure(operation.name, call, parsed)
        if failure is not None:
            raise self._completed(failure, call)
        return RawResponse(
            body=call.body,
            is_cbor=self.protocol == CBOR,
            parsed=parsed,
            received=call.received,
            metadata=_metadata(parsed, call),
        )

    def failure_of(self, operation: Operation[Any, Any], call: CallContext, error: Exception) -> Exception:
        """Return the exception for one that was raised before the request was sent."""
        _, failure = _raised(operation.name, call, error)
        return self._completed(failure or error, call)

    def _completed(self, failure: Exception, call: CallContext) -> Exception:
        if isinstance(failure, _broken_body_errors()):
            failure = _as_botocore_error(failure, self.endpoint_url)
        _drop_request(failure)
        if call.attempts:
            failure.attempts = call.attempts  # type: ignore[attr-defined] # botocore's exceptions lack it
        return failure

    async def _make_call(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], call: CallContext
    ) -> dict[str, Any]:
        """Make a call as a method of the client does, but with the parameters that handlers know the call by."""
        parameters = Parameters(params if call.first_attempt is None else call.first_attempt.params)
        parameters.call = call
        parsed: dict[str, Any] = await self.client._make_api_call(operation.name, parameters)  # noqa: SLF001 - as above
        return parsed


def _how_to_open(client: object) -> str:
    """Return what was given, and how to get a client instead of something similar; the end of a message."""
    if isinstance(client, Opening):
        return f"{client._name()}, which is typed already: use {client._usage}"  # noqa: SLF001 - of our own class
    name = type(client).__name__
    if isinstance(client, ClientCreatorContext):
        return f"{name}, which is not open yet: use `async with session.create_client(...) as client:`"
    if isinstance(client, BaseClient):
        return f"{name}, which is not async: open one with aiobotocore, or use `connect`"
    return name


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
