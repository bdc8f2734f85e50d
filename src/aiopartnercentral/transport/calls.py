"""Calls through an aiobotocore client, and their bodies as they came.

Handlers on botocore's events take the raw body of a successful answer before botocore's own parser walks it, so that
the generated converters decode it once and nothing that botocore would drop is lost. They act only on calls made
through a `Transport`: everybody else's calls on the same client go on as before. Signing, endpoints, retries, errors
and response metadata stay botocore's.
"""

from __future__ import annotations

import json
import sys
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeAlias

import aiohttp
import attrs
from aiobotocore.client import AioBaseClient
from botocore import xform_name
from botocore.exceptions import ClientError, ReadTimeoutError, ResponseStreamingError
from botocore.parsers import ResponseParserError

from aiopartnercentral.shapes import ResponseMetadata

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiopartnercentral.operation import Service
    from aiopartnercentral.shapes import JsonValue

_FIRST_ERROR_STATUS = 300


@attrs.frozen(kw_only=True)
class Answer:
    """A successful answer.

    Attributes:
        body: the body's bytes; None where a stub answered in place of the network.
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
        body: the body's bytes, or None where a stub answered.
    """

    def __init__(self, error: ClientError, body: bytes | None) -> None:
        super().__init__()
        self.error = error
        self.body = body


Pause: TypeAlias = "Callable[[], Awaitable[None]]"
"""Lets other tasks run."""


@attrs.define
class _Taken:
    """What the handlers know of the call under way, and where they leave what they take out of its answer."""

    pause: Pause | None = None
    status: int = 0
    body: bytes | None = None
    request_id: str | None = None


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
    body: bytes = response_dict["body"]
    taken.status, taken.body = response_dict["status_code"], body
    taken.request_id = response_dict["headers"].get("x-amzn-requestid")
    if taken.status < _FIRST_ERROR_STATUS or not _can_be_parsed(body):
        response_dict["body"] = b"{}"


_HANDLERS: dict[str, Callable[..., Any]] = {
    "provide-client-params": _mark_context,
    "request-created": _await_answer,
    "before-parse": _take_body,
}


def _can_be_parsed(body: bytes) -> bool:
    """Tell whether botocore's parser survives the body of an error; text that is no JSON becomes its message."""
    try:
        return isinstance(json.loads(body.decode() or "{}"), dict)
    except (UnicodeDecodeError, RecursionError):
        return False
    except ValueError:
        return True


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

    async def send(self, operation: str, params: Mapping[str, JsonValue], pause: Pause | None = None) -> Answer:
        """Send one call and return its answer; cancelling it drops the connection.

        Arguments:
            operation: its wire name.
            params: what botocore takes.
            pause: awaited where botocore's work on a call has a middle, half a millisecond being long for a loop.

        Raises:
            ErrorAnswerError: the service answered with an error.
            RuntimeError: the client has been closed.
            botocore.exceptions.BotoCoreError: no whole answer came, or the call could not be made.
        """
        if self._closed:
            raise RuntimeError("a client is open only inside its `async with` block")
        method = getattr(self._client, xform_name(operation), None)
        if method is None:
            raise NotImplementedError(f"the wrapped client's version of botocore does not know {operation}")
        taken = _Taken(pause)
        _CALLING.set(taken)
        try:
            parsed = await method(**params)
        except ClientError as error:
            raise ErrorAnswerError(error, taken.body) from None
        except (ResponseParserError, AttributeError, TypeError):
            if taken.status < _FIRST_ERROR_STATUS:
                raise
            raise ErrorAnswerError(_unparsed_error(operation, taken), taken.body) from None
        except _broken_body_errors() as error:
            raise _as_botocore_error(error, self._client.meta.endpoint_url) from error
        finally:
            _CALLING.set(None)
        return Answer(body=taken.body, parsed=parsed, metadata=_metadata(parsed))


def _unparsed_error(operation: str, taken: _Taken) -> ClientError:
    """Return the error for an answer whose members made botocore's parser give up: its code and message count."""
    members = json.loads(taken.body or b"{}")
    kind = members.get("__type")
    code = kind.partition(":")[0].rpartition("#")[2] if isinstance(kind, str) else str(taken.status)
    message = members.get("message", members.get("Message", ""))
    metadata = {"HTTPStatusCode": taken.status, "RequestId": taken.request_id}
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
    return ClientError(response, operation)


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
