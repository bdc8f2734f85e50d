"""Calls through an aiobotocore client that return the raw bodies of responses.

Event handlers keep the raw body of a successful response before botocore parses it. So the generated converters decode
it once, and nothing that botocore drops is lost. The handlers affect only calls made through a `Transport`; other calls
of the same client work as before. botocore still does the signing, endpoints, retries, errors and response metadata,
and parses responses whose members are not all in a JSON body.
"""

from __future__ import annotations

import json
import re
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import aiohttp
import attrs
from aiobotocore.client import AioBaseClient
from botocore import xform_name
from botocore.exceptions import ClientError, ParamValidationError, ReadTimeoutError, ResponseStreamingError

from aiopartnercentral._transport.credential_errors import credentials_error
from aiopartnercentral._transport.http_client import guarded
from aiopartnercentral.errors import DecodeError
from aiopartnercentral.types import ResponseMetadata

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Mapping

    from aiopartnercentral.types import JsonValue, Operation, Service

_FIRST_ERROR_STATUS = 300
_JSON_PROTOCOLS = ("json", "rest-json")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException")
_ACCESS_KEY = re.compile("Credential=([^/]+)/")
# botocore's validation message quotes a number that is too small, which may be sensitive; of other values it only has
# lengths.
_QUOTED_NUMBER = re.compile(r", value: \S+(?=, valid min value: )")


@attrs.frozen(kw_only=True)
class RawResponse:
    """A successful response.

    Attributes:
        body: the body's bytes; None for a stubbed response, or if botocore parses the response.
        parsed: botocore's parsed response: all members if `body` is None, otherwise none.
        metadata: its metadata.
    """

    body: bytes | None = attrs.field(repr=False)
    parsed: Mapping[str, Any] = attrs.field(repr=False)
    metadata: ResponseMetadata


class ErrorResponseError(Exception):
    """The service answered with an error; internal to the library.

    Attributes:
        error: botocore's exception.
        body: the body's bytes; None for a stubbed response, or if botocore parses the response.
        access_key: the access key id that signed the request; empty if nothing did.
    """

    def __init__(self, error: ClientError, call: _CallContext) -> None:
        super().__init__()
        self.error = error
        self.body = call.body
        found = _ACCESS_KEY.search(getattr(call.request, "headers", {}).get("Authorization", ""))
        self.access_key = found[1] if found else ""


Pause: TypeAlias = "Callable[[], Awaitable[None]]"
"""Lets other tasks run."""


@attrs.define(kw_only=True)
class _CallContext:
    """The state of a call that the event handlers share.

    In every JSON protocol, the body of an error is repaired for botocore's parser; it is kept if all members are in it.
    An exception raised while botocore parses a response is about that response, and may quote it.
    """

    keeps_body: bool
    keeps_error: bool
    repairs_error: bool
    error_codes: Container[str]
    pause: Pause | None = None
    status: int = 0
    body: bytes | None = None
    request: Any = None
    error: Mapping[str, Any] = attrs.field(factory=dict)
    request_id: str | None = None
    is_parsed: bool = False


# Both are set only briefly, in the task of the call: `_CALLING` from the start of a `Transport` call until botocore has
# a context for it, `_AWAITED` from the creation of a request until its response. So a call that a user's event handler
# makes meanwhile is never taken for the `Transport` call.
_CALLING: ContextVar[_CallContext | None] = ContextVar("aiopartnercentral_calling", default=None)
_AWAITED: ContextVar[_CallContext | None] = ContextVar("aiopartnercentral_awaited", default=None)
_KEY = "aiopartnercentral"


def _mark_context(context: dict[str, Any], **_: object) -> None:
    """On `provide-client-params`: store the call in botocore's context of the call."""
    context[_KEY] = _CALLING.get()
    _CALLING.set(None)


async def _expect_response(request: Any, **_: object) -> None:  # noqa: ANN401 - an AWSRequest
    """On `request-created`, before each attempt: the next response in this task is to this request."""
    call = request.context.get(_KEY)
    _AWAITED.set(call)
    if call is not None:
        call.request = request
        if call.pause is not None:
            await call.pause()


def _keep_body(response_dict: dict[str, Any], **_: object) -> None:
    """On `before-parse`: keep the body of a response to a `Transport` call."""
    call = _AWAITED.get()
    _AWAITED.set(None)
    if call is None:
        return
    call.is_parsed = True
    call.status, headers = response_dict["status_code"], response_dict["headers"]
    call.request_id = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
    if call.status < _FIRST_ERROR_STATUS and call.keeps_body:
        call.body, response_dict["body"] = response_dict["body"], b"{}"
    elif call.status >= _FIRST_ERROR_STATUS and call.repairs_error:
        body: bytes = response_dict["body"]
        call.body = body if call.keeps_error else None
        response_dict["body"], call.error = _readable_error(body, headers.get("x-amzn-errortype"), call.error_codes)


def _parsed(context: dict[str, Any], **_: object) -> None:
    """On `response-received`: botocore has parsed the response, or no response arrived."""
    call = context.get(_KEY)
    if call is not None:
        call.is_parsed = False


_HANDLERS: dict[str, Callable[..., Any]] = {
    "provide-client-params": _mark_context,
    "request-created": _expect_response,
    "before-parse": _keep_body,
    "response-received": _parsed,
}


def _readable_error(body: bytes, header: str | None, codes: Container[str]) -> tuple[bytes, Mapping[str, Any]]:
    """Return an error's body in a form that botocore's parser can read, and its members.

    Services may send the error code in a header or in a member `code`, which the parser ignores: it is copied to
    `__type`. The member may mean something else, so it is used only if it is the code of a modelled error.
    """
    text = ""
    try:
        text = body.decode()
        members = json.loads(text or "{}")
    except (UnicodeDecodeError, RecursionError):
        members = None
    except ValueError:
        members = {"message": text}  # as botocore's parser does
    if not isinstance(members, dict):
        members, body = {}, b"{}"
    if not _is_code(members.get("__type")):
        named = (members.get("code"), members.get("Code"))
        found = [bare for bare in map(_bare_code, filter(_is_code, named)) if bare in codes]
        code = _bare_code(header) if header else next(iter(found), None)
        if code:
            members = {**members, "__type": code}
            body = json.dumps(members).encode()
    return body, members


def _is_code(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value != ""


def _bare_code(code: str) -> str:
    """Return an error code without its namespace and URL."""
    return code.partition(":")[0].rpartition("#")[2]


class Transport:
    """Sends calls through one aiobotocore client, which the caller closes.

    Raises:
        TypeError: the client is not an aiobotocore client of the service.
    """

    def __init__(self, client: Any, service: Service) -> None:  # noqa: ANN401 - aiobotocore has no types
        if not isinstance(client, AioBaseClient):
            raise TypeError(f"expected an aiobotocore client of {service.name}, got {type(client).__name__}")
        model = client.meta.service_model
        if model.service_name != service.name:
            raise TypeError(f"expected an aiobotocore client of {service.name}, got one of {model.service_name}")
        endpoint: Any = client._endpoint  # noqa: SLF001 - nothing else has the HTTP client
        endpoint.http_session = guarded(endpoint.http_session)
        self._client: Any = client
        self._errors = service.errors
        # From the client's model, which may differ from the model of the generated classes.
        self._protocol: str = getattr(model, "resolved_protocol", None) or model.metadata["protocol"]
        self._closed = False
        for event, handler in _HANDLERS.items():
            name = f"{event}.{model.service_id.hyphenize()}"
            client.meta.events.register_first(name, handler, unique_id=f"{_KEY}-{event}")

    @property
    def endpoint_url(self) -> str:
        """The URL that the client sends requests to, by its configuration."""
        url: str = self._client.meta.endpoint_url
        return url

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

    async def send(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], pause: Pause | None = None
    ) -> RawResponse:
        """Send one call and return its response; a cancellation closes the connection.

        Arguments:
            operation: the operation.
            params: botocore's parameters.
            pause: awaited halfway through botocore's work on a call, which takes half a millisecond.

        Raises:
            ErrorResponseError: the service answered with an error.
            DecodeError: botocore cannot parse the response.
            RuntimeError: the client is closed.
            botocore.exceptions.BotoCoreError: the request could not be sent, or no complete response arrived.
        """
        if self._closed:
            raise RuntimeError("a client is open only inside its `async with` block")
        method = getattr(self._client, xform_name(operation.name), None)
        if method is None:
            raise NotImplementedError(f"the wrapped client's version of botocore does not know {operation.name}")
        call = _CallContext(
            keeps_body=operation.json_body and self._protocol in _JSON_PROTOCOLS,
            # In other protocols, members of an error may be in headers.
            keeps_error=self._protocol == "json",
            repairs_error=self._protocol in _JSON_PROTOCOLS,
            error_codes=self._errors,
            pause=pause,
        )
        _CALLING.set(call)
        try:
            parsed = await method(**params)
        except ClientError as error:
            if call.request is None or error.operation_name == operation.name:
                raise ErrorResponseError(error, call) from None
            # The service was not called: the credentials were not available when the request was signed.
            failure: Exception = credentials_error(f"{error.operation_name} failed", error)
        except ParamValidationError as error:
            failure = ParamValidationError(report=_QUOTED_NUMBER.sub("", str(error.kwargs["report"])))
        except _broken_body_errors() as error:
            raise _as_botocore_error(error, self._client.meta.endpoint_url) from error
        except Exception as error:
            if not call.is_parsed:
                raise
            failure = _unparsed(operation.name, call, error)
        else:
            return RawResponse(body=call.body, parsed=parsed, metadata=_metadata(parsed))
        finally:
            _CALLING.set(None)
        raise failure  # outside the handlers, so that botocore's exception is not its context


def _unparsed(operation: str, call: _CallContext, error: Exception) -> DecodeError | ErrorResponseError:
    """Return the exception for a response that botocore cannot parse; an error keeps its code and message."""
    if call.status < _FIRST_ERROR_STATUS:
        reason = f"botocore cannot parse the response ({type(error).__name__})"
        return DecodeError(reason, operation=operation, request_id=call.request_id)
    members = call.error
    kind = members.get("__type")
    code = _bare_code(kind) if _is_code(kind) else str(call.status)
    message = members.get("message", members.get("Message", ""))
    metadata = {"HTTPStatusCode": call.status, "RequestId": call.request_id}
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ErrorResponseError(ClientError(response, operation), call)


def _metadata(parsed: Mapping[str, Any]) -> ResponseMetadata:
    metadata = parsed.get("ResponseMetadata", {})
    return ResponseMetadata(
        request_id=metadata.get("RequestId"),
        http_status=metadata.get("HTTPStatusCode", 0),
        attempts=metadata.get("RetryAttempts", 0) + 1,
        http_headers=dict(metadata.get("HTTPHeaders", {})),
    )


def _broken_body_errors() -> tuple[type[Exception], ...]:
    """Return the HTTP clients' exceptions for a truncated body, which aiobotocore does not translate."""
    loaded = [sys.modules[name] for name in ("httpx2", "httpx") if name in sys.modules]
    return (aiohttp.ClientError, *(module.HTTPError for module in loaded))


def _as_botocore_error(error: Exception, endpoint_url: str) -> Exception:
    if isinstance(error, TimeoutError):
        timeout: Exception = ReadTimeoutError(endpoint_url=endpoint_url, error=error)
        return timeout
    broken: Exception = ResponseStreamingError(error=error)
    return broken
