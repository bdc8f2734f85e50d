"""Calls through an aiobotocore client, and their bodies as they came.

Handlers on botocore's events take the raw body of a successful answer before botocore's own parser walks it, so that
the generated converters decode it once and nothing that botocore would drop is lost. They act only on calls made
through a `Transport`: everybody else's calls on the same client go on as before. Signing, endpoints, retries, errors
and response metadata stay botocore's. So does taking an answer apart whose members are not all in a JSON body.
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

from aiopartnercentral.errors import DecodeError
from aiopartnercentral.types import ResponseMetadata

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Mapping

    from aiopartnercentral.types import JsonValue, Operation, Service

_FIRST_ERROR_STATUS = 300
_JSON_PROTOCOLS = ("json", "rest-json")
# What botocore's validator says of a number that is too small, which may be sensitive; of other values it says lengths.
_QUOTED_NUMBER = re.compile(r", value: \S+(?=, valid min value: )")


@attrs.frozen(kw_only=True)
class Answer:
    """A successful answer.

    Attributes:
        body: the body's bytes; None where a stub answered in place of the network, or botocore takes the answer apart.
        parsed: what botocore made of it: all members if `body` is None, otherwise none.
        metadata: what came beside it.
    """

    body: bytes | None = attrs.field(repr=False)
    parsed: Mapping[str, Any] = attrs.field(repr=False)
    metadata: ResponseMetadata


class ErrorAnswerError(Exception):
    """The service answered with an error; never leaves the library.

    Attributes:
        error: botocore's exception.
        body: the body's bytes; None where a stub answered, or botocore takes the answer apart.
    """

    def __init__(self, error: ClientError, body: bytes | None) -> None:
        super().__init__()
        self.error = error
        self.body = body


Pause: TypeAlias = "Callable[[], Awaitable[None]]"
"""Lets other tasks run."""


@attrs.define(kw_only=True)
class _Taken:
    """What the handlers know of the call under way, and where they leave what they take out of its answer.

    An error's body is mended for botocore's parser in any protocol of JSON, and taken where all members are in it.
    While botocore takes an answer apart, whatever is raised is about that answer, and may quote it.
    """

    takes_answer: bool
    takes_error: bool
    mends_error: bool
    error_codes: Container[str]
    pause: Pause | None = None
    status: int = 0
    body: bytes | None = None
    error: Mapping[str, Any] = attrs.field(factory=dict)
    request_id: str | None = None
    is_parsed: bool = False


# Both live for a moment, in the task of the call alone: `_CALLING` from the beginning of a call of ours until botocore
# has a context for it, `_AWAITED` from the making of a request until its answer. So a call that somebody else makes
# from within ours, in a handler of an event, is never taken for it.
_CALLING: ContextVar[_Taken | None] = ContextVar("aiopartnercentral_calling", default=None)
_AWAITED: ContextVar[_Taken | None] = ContextVar("aiopartnercentral_awaited", default=None)
_KEY = "aiopartnercentral"


def _mark_context(context: dict[str, Any], **_: object) -> None:
    """On `provide-client-params`: tie the call's context, which is its own, to the call."""
    context[_KEY] = _CALLING.get()
    _CALLING.set(None)


async def _await_answer(request: Any, **_: object) -> None:  # noqa: ANN401 - an AWSRequest
    """On `request-created`, which comes before each attempt: the next answer in this task is to this request."""
    taken = request.context.get(_KEY)
    _AWAITED.set(taken)
    if taken is not None and taken.pause is not None:
        await taken.pause()


def _take_body(response_dict: dict[str, Any], **_: object) -> None:
    """On `before-parse`: take the body of an answer to a call of ours."""
    taken = _AWAITED.get()
    _AWAITED.set(None)
    if taken is None:
        return
    taken.is_parsed = True
    taken.status, headers = response_dict["status_code"], response_dict["headers"]
    taken.request_id = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
    if taken.status < _FIRST_ERROR_STATUS and taken.takes_answer:
        taken.body, response_dict["body"] = response_dict["body"], b"{}"
    elif taken.status >= _FIRST_ERROR_STATUS and taken.mends_error:
        body: bytes = response_dict["body"]
        taken.body = body if taken.takes_error else None
        response_dict["body"], taken.error = _legible_error(body, headers.get("x-amzn-errortype"), taken.error_codes)


def _parsed(context: dict[str, Any], **_: object) -> None:
    """On `response-received`: botocore has taken the answer apart, or there was none."""
    taken = context.get(_KEY)
    if taken is not None:
        taken.is_parsed = False


_HANDLERS: dict[str, Callable[..., Any]] = {
    "provide-client-params": _mark_context,
    "request-created": _await_answer,
    "before-parse": _take_body,
    "response-received": _parsed,
}


def _legible_error(body: bytes, header: str | None, codes: Container[str]) -> tuple[bytes, Mapping[str, Any]]:
    """Return the body of an error as botocore's parser survives it, and its members.

    Services may say which error it is in a header or in a member `code` as well, where the parser does not look: then
    the body says it where it does. The member may mean something else, so it counts only where it is the code of a
    modelled error.
    """
    text = ""
    try:
        text = body.decode()
        members = json.loads(text or "{}")
    except (UnicodeDecodeError, RecursionError):
        members = None
    except ValueError:
        members = {"message": text}  # which is what the parser makes of it
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
    """Return an error's code without the namespace before it and the address behind it."""
    return code.partition(":")[0].rpartition("#")[2]


class Transport:
    """Sends calls through one aiobotocore client, which stays its owner's.

    Raises:
        TypeError: the client is no aiobotocore client of the service.
    """

    def __init__(self, client: Any, service: Service) -> None:  # noqa: ANN401 - aiobotocore has no types
        if not isinstance(client, AioBaseClient):
            raise TypeError(f"expected an aiobotocore client of {service.name}, got {type(client).__name__}")
        model = client.meta.service_model
        if model.service_name != service.name:
            raise TypeError(f"expected an aiobotocore client of {service.name}, got one of {model.service_name}")
        self._client: Any = client
        self._errors = service.errors
        # Of the client's own model, which may be another than the one that the generated classes were made from.
        self._protocol: str = getattr(model, "resolved_protocol", None) or model.metadata["protocol"]
        self._closed = False
        for event, handler in _HANDLERS.items():
            name = f"{event}.{model.service_id.hyphenize()}"
            client.meta.events.register_first(name, handler, unique_id=f"{_KEY}-{event}")

    @property
    def endpoint_url(self) -> str:
        """Where the client sends calls, as far as its configuration tells."""
        url: str = self._client.meta.endpoint_url
        return url

    def close(self) -> None:
        """Refuse further calls: the client is being closed."""
        self._closed = True

    async def send(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], pause: Pause | None = None
    ) -> Answer:
        """Send one call and return its answer; cancelling it drops the connection.

        Arguments:
            operation: which one.
            params: what botocore takes.
            pause: awaited where botocore's work on a call has a middle, half a millisecond being long for a loop.

        Raises:
            ErrorAnswerError: the service answered with an error.
            DecodeError: botocore cannot take the answer apart.
            RuntimeError: the client has been closed.
            botocore.exceptions.BotoCoreError: no whole answer came, or the call could not be made.
        """
        if self._closed:
            raise RuntimeError("a client is open only inside its `async with` block")
        method = getattr(self._client, xform_name(operation.name), None)
        if method is None:
            raise NotImplementedError(f"the wrapped client's version of botocore does not know {operation.name}")
        taken = _Taken(
            takes_answer=operation.json_body and self._protocol in _JSON_PROTOCOLS,
            # Elsewhere members of an error may be in headers.
            takes_error=self._protocol == "json",
            mends_error=self._protocol in _JSON_PROTOCOLS,
            error_codes=self._errors,
            pause=pause,
        )
        _CALLING.set(taken)
        try:
            parsed = await method(**params)
        except ClientError as error:
            raise ErrorAnswerError(error, taken.body) from None
        except ParamValidationError as error:
            failure: Exception = ParamValidationError(report=_QUOTED_NUMBER.sub("", str(error.kwargs["report"])))
        except _broken_body_errors() as error:
            raise _as_botocore_error(error, self._client.meta.endpoint_url) from error
        except Exception as error:
            if not taken.is_parsed:
                raise
            failure = _unparsed(operation.name, taken, error)
        else:
            return Answer(body=taken.body, parsed=parsed, metadata=_metadata(parsed))
        finally:
            _CALLING.set(None)
        raise failure  # here, where it does not bring along what botocore raised


def _unparsed(operation: str, taken: _Taken, error: Exception) -> DecodeError | ErrorAnswerError:
    """Return what to raise for an answer that made botocore's parser give up; an error's code and message count."""
    if taken.status < _FIRST_ERROR_STATUS:
        reason = f"botocore cannot take the answer apart ({type(error).__name__})"
        return DecodeError(reason, operation=operation, request_id=taken.request_id)
    members = taken.error
    kind = members.get("__type")
    code = _bare_code(kind) if _is_code(kind) else str(taken.status)
    message = members.get("message", members.get("Message", ""))
    metadata = {"HTTPStatusCode": taken.status, "RequestId": taken.request_id}
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ErrorAnswerError(ClientError(response, operation), taken.body)


def _metadata(parsed: Mapping[str, Any]) -> ResponseMetadata:
    metadata = parsed.get("ResponseMetadata", {})
    return ResponseMetadata(
        request_id=metadata.get("RequestId"),
        http_status=metadata.get("HTTPStatusCode", 0),
        attempts=metadata.get("RetryAttempts", 0) + 1,
        http_headers=dict(metadata.get("HTTPHeaders", {})),
    )


def _broken_body_errors() -> tuple[type[Exception], ...]:
    """Return what the HTTP clients raise when a body breaks off, which aiobotocore lets through as it is."""
    loaded = [sys.modules[name] for name in ("httpx2", "httpx") if name in sys.modules]
    return (aiohttp.ClientError, *(module.HTTPError for module in loaded))


def _as_botocore_error(error: Exception, endpoint_url: str) -> Exception:
    if isinstance(error, TimeoutError):
        timeout: Exception = ReadTimeoutError(endpoint_url=endpoint_url, error=error)
        return timeout
    broken: Exception = ResponseStreamingError(error=error)
    return broken
