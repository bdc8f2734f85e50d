"""The state of a call while botocore works on it, and the event handlers that keep it.

The handlers take the raw body of a response before botocore parses it, and find errors where botocore does not look:
the code of an error in a header, and an error in a response with status 200.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard

import attrs

from aiopartnercentral._transport.request_times import with_exact_times

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Container, Mapping

    from aiopartnercentral._transport.call_events import CallWatch
    from aiopartnercentral._transport.clock_skew import ServiceClock
    from aiopartnercentral._transport.http.response import HttpResponse
    from aiopartnercentral.types import JsonValue

__all__ = [
    "CBOR",
    "EMPTY_BODIES",
    "FIRST_ERROR_STATUS",
    "FIRST_SERVER_ERROR_STATUS",
    "KEY",
    "MAX_CONNECTIONS",
    "STANDARD_ATTEMPTS",
    "TOO_MANY_REQUESTS",
    "CallContext",
    "FirstAttempt",
    "Parameters",
    "Pause",
    "awaited_call",
    "bare_code",
    "is_code",
    "register_handlers",
]

MAX_CONNECTIONS = 100
"""Connections of a client, unless the caller has configured another number; botocore's default is 10."""
STANDARD_ATTEMPTS = 3
"""How often a request is sent at most in the retry mode `standard`, unless the configuration sets another number."""

FIRST_ERROR_STATUS = 300
FIRST_SERVER_ERROR_STATUS = 500
TOO_MANY_REQUESTS = 429
_ERROR_STATUS = 400  # for botocore's parser, which takes a response with status 200 for a success
_ERROR_ENDINGS = ("Exception", "Error", "Fault")

CBOR = "smithy-rpc-v2-cbor"
EMPTY_BODIES = {"json": b"{}", "rest-json": b"{}", CBOR: b"\xa0"}
"""What botocore parses instead of a body that is kept, by protocol."""

_SHORT, _START = 8 * 1024, 128  # bytes; a body is searched for the type of an error, a longer one at its start

Pause: TypeAlias = "Callable[[], Awaitable[None]]"
"""Lets other tasks run."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FirstAttempt:
    """The first attempt of a call, made without botocore, that did not succeed.

    Attributes:
        params: botocore's parameters, with the idempotency tokens that were sent.
        request: the request, with its headers.
        invocation_id: the id that all attempts of the call share.
        signed_with: how far the service's clock was ahead, as far as was known.
        response: the response; None if none arrived.
        error: the exception of the HTTP client, if no response arrived.
    """

    params: Mapping[str, JsonValue]
    request: Any
    invocation_id: str
    signed_with: timedelta
    response: HttpResponse | None = None
    error: Exception | None = None


@attrs.define(kw_only=True, eq=False, repr=False)
class CallContext:
    """The state of a call that the event handlers share.

    In every JSON protocol, the body of an error is repaired for botocore's parser; it is kept if all members are in it.
    An exception raised while botocore parses a response is about that response, and may quote it.

    Attributes:
        protocol: the client's protocol.
        keeps_body: whether the body of a success is kept, and not parsed.
        keeps_error: whether the body of an error is kept.
        repairs_error: whether the body of an error is repaired.
        error_codes: the codes of the modelled errors.
        max_attempts: how often the request may be sent.
        limits_attempts: whether that is a limit of this call, rather than of its client.
        is_repeatable: whether the request may be sent again although the service has executed it.
        clock: the service's clock.
        pause: awaited before each attempt is signed.
        credentials: what signs the requests; None for the credentials of botocore's client.
        content: the body to send instead of one that is made of the parameters; None for that.
        request: botocore's request of the last attempt; None before the first.
        attempts: how often the request was sent.
        status: the HTTP status of the last response.
        headers: its headers.
        body: its body, if it is kept.
        received: its body as it arrived; None for a stream.
        error: the members of the error that it is.
        request_id: the service's id of the request.
        is_error: whether it is an error with the status of a success.
        lacks_body: whether it is a success without the body that it should have.
        is_corrected: whether it is an error whose cause has been corrected, so that a further attempt may succeed.
        is_parsed: whether botocore is parsing it.
        signed_with: how far the service's clock was ahead when the last request was signed, as far as was known.
        first_attempt: the attempt that was made without botocore, until botocore has taken its outcome.
        is_captured: whether botocore's request is only to be looked at, and not sent.
        watch: reports the call's events; None if nobody wants them.
    """

    protocol: str
    keeps_body: bool
    keeps_error: bool
    repairs_error: bool
    error_codes: Container[str]
    max_attempts: int
    limits_attempts: bool
    is_repeatable: bool
    clock: ServiceClock
    pause: Pause | None = None
    credentials: Any = None
    content: bytes | None = None
    request: Any = None
    attempts: int = 0
    status: int = 0
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes | None = None
    received: bytes | None = None
    error: Mapping[str, Any] = attrs.field(factory=dict)
    request_id: str | None = None
    is_error: bool = False
    lacks_body: bool = False
    is_corrected: bool = False
    is_parsed: bool = False
    signed_with: timedelta = timedelta()
    first_attempt: FirstAttempt | None = None
    is_captured: bool = False
    watch: CallWatch | None = None
    _has_corrected_clock: bool = False

    @property
    def sent(self) -> int:
        """How often the request was sent, a first attempt that botocore has not taken yet included."""
        return self.attempts or int(self.first_attempt is not None)

    @property
    def has_attempts(self) -> bool:
        """Whether the request may be sent once more."""
        return self.attempts < self.max_attempts

    def correct_clock(self, error: Mapping[str, Any]) -> None:
        """Correct the clock if it has caused the error; only once for a call."""
        if self._has_corrected_clock or "Error" not in error:
            return
        code, headers = error["Error"].get("Code", ""), error["ResponseMetadata"].get("HTTPHeaders", {})
        self._has_corrected_clock = self.is_corrected = self.clock.corrects(code, headers, self.signed_with)

    def receive(self, response: dict[str, Any], *, requires_output: bool, has_output: bool) -> None:
        """Take a response, and change it so that botocore's parser can read it.

        Arguments:
            response: botocore's dictionary of it.
            requires_output: whether the operation has members that its response cannot lack.
            has_output: whether its response may have members.
        """
        status, headers, body = response["status_code"], response["headers"], response["body"]
        self.status, self.request_id = status, headers.get("x-amzn-requestid") or headers.get("x-amz-request-id")
        self.is_parsed, self.is_error, self.lacks_body, self.body = True, False, False, None
        self.headers, self.received = headers, body if isinstance(body, bytes) else None
        kind = headers.get("x-amzn-errortype")
        if status < FIRST_ERROR_STATUS:
            self.is_error = self.repairs_error and isinstance(body, bytes) and (bool(kind) or self._holds_error(body))
            if not self.is_error:
                if self.keeps_body:
                    self.body, response["body"] = body, EMPTY_BODIES[self.protocol]
                    # In REST protocols, a body without members may be empty.
                    is_needed = self.keeps_error and (requires_output or (self.is_repeatable and has_output))
                    self.lacks_body = body == b"" and is_needed
                return
            response["status_code"] = _ERROR_STATUS
        if self.repairs_error:
            self.body = body if self.keeps_error else None
            response["body"], self.error = _readable_error(body, kind, self.error_codes)
        elif self.keeps_error:
            self.body = body

    def _holds_error(self, body: bytes) -> bool:
        """Return whether a body is that of an error by its type; services may name the type of any response in it."""
        if body.find(b'"__type"', 0, None if len(body) <= _SHORT else _START) < 0:
            return False
        try:
            kind = json.loads(body)["__type"]
        except (ValueError, RecursionError, KeyError, TypeError):
            return False
        code = bare_code(kind) if is_code(kind) else ""
        return code in self.error_codes or code.endswith(_ERROR_ENDINGS)


KEY = "aiopartnercentral"
"""The key of the call in botocore's context of it."""

# The call whose response is awaited; botocore does not pass it to the handler that takes the body.
_AWAITED: ContextVar[CallContext | None] = ContextVar("aiopartnercentral_awaited", default=None)


class Parameters(dict[str, Any]):
    """botocore's parameters of a `Transport` call; handlers of calls that others make get another dictionary."""

    __slots__ = ("call",)

    call: CallContext

    def __reduce__(self) -> tuple[Any, ...]:
        """Make a copy, such as a user's handler makes, a plain dictionary."""
        return dict, (dict(self),)


def register_handlers(client: Any) -> None:  # noqa: ANN401 - botocore's, without types
    """Register the handlers with the events of a client, once."""
    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    _scope_responses(client._endpoint)  # noqa: SLF001 - nothing else knows the call of a response
    if not isinstance(client._serializer, _ContentSerializer):  # noqa: SLF001 - nothing else makes bodies
        client._serializer = _ContentSerializer(client._serializer)  # noqa: SLF001 - as above
    events.register_first(f"provide-client-params.{service}", _mark_context, unique_id=f"{KEY}-calls")
    events.register_first(f"request-created.{service}", _prepare, unique_id=f"{KEY}-preparations")
    # After the signer, whose failure means that nothing was sent.
    events.register_last(f"request-created.{service}", _expect_response, unique_id=f"{KEY}-requests")
    events.register_first(f"before-parse.{service}", _receive, unique_id=f"{KEY}-responses")
    events.register_first(f"response-received.{service}", _parsed, unique_id=f"{KEY}-parsed")


class _ContentSerializer:
    """Makes the requests of a client: of our calls exactly or with content that they have, and botocore's for others.

    Arguments:
        serializer: botocore's serializer, which validates the parameters first unless the configuration says otherwise.

    Attributes:
        exact: the serializer of our calls.
    """

    def __init__(self, serializer: Any) -> None:  # noqa: ANN401 - botocore's, without types
        self._serializer = serializer
        self.exact = with_exact_times(serializer)

    def serialize_to_request(self, params: Mapping[str, Any], operation_model: Any) -> Any:  # noqa: ANN401 - as above
        """Return botocore's dictionary of a request."""
        if not isinstance(params, Parameters):
            return self._serializer.serialize_to_request(params, operation_model)
        content = params.call.content
        if content is None:
            return self.exact.serialize_to_request(params, operation_model)
        unchecked = getattr(self._serializer, "_serializer", self._serializer)
        return {**unchecked.serialize_to_request({}, operation_model), "body": content}


def _scope_responses(endpoint: Any) -> None:  # noqa: ANN401 - as above
    """Make an endpoint set `_AWAITED` while it sends a request and reads its response.

    A user's event handlers may call the same client in between, so it is set to what it was afterwards.
    """
    if KEY in vars(endpoint):
        return
    setattr(endpoint, KEY, True)
    respond = endpoint._do_get_response  # noqa: SLF001 - as above

    async def respond_in_scope(request: object, operation_model: object, context: Mapping[str, Any]) -> object:
        token = _AWAITED.set(context.get(KEY))
        try:
            return await respond(request, operation_model, context)
        finally:
            _AWAITED.reset(token)

    endpoint._do_get_response = respond_in_scope  # noqa: SLF001 - as above


def _mark_context(params: dict[str, Any], context: dict[str, Any], **_: object) -> None:
    """On `provide-client-params`: store the call in botocore's context of the call."""
    if isinstance(params, Parameters):
        context[KEY] = params.call


async def _prepare(request: Any, **_: object) -> None:  # noqa: ANN401 - an AWSRequest
    """On `request-created`, before the request is signed: let other tasks run, and set the credentials of the call."""
    call: CallContext | None = request.context.get(KEY)
    if call is None or call.first_attempt is not None:
        return
    if call.pause is not None:
        await call.pause()
    if call.credentials is not None:
        request.context.setdefault("signing", {})["request_credentials"] = call.credentials


async def _expect_response(request: Any, **_: object) -> None:  # noqa: ANN401 - an AWSRequest
    """On `request-created`, before each attempt: count it, and sign it with the service's time."""
    call: CallContext | None = request.context.get(KEY)
    if call is None:
        return
    first = call.first_attempt
    if first is None:
        call.request, call.signed_with = request, call.clock.offset
        if call.signed_with:
            await call.clock.sign(request, call.credentials)
    else:
        call.request, call.signed_with = first.request, first.signed_with
    call.is_corrected = False
    if call.attempts and call.watch is not None:
        call.watch.resent(call.attempts)
    call.attempts += 1


def awaited_call() -> CallContext | None:
    """Return the call whose response is awaited in this task; None if another's client awaits one."""
    return _AWAITED.get()


def _receive(response_dict: dict[str, Any], operation_model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's
    """On `before-parse`: take a response to a `Transport` call."""
    call = awaited_call()
    if call is not None:
        output = operation_model.output_shape
        requires_output, has_output = (
            (False, False) if output is None else (bool(output.required_members), bool(output.members))
        )
        call.receive(response_dict, requires_output=requires_output, has_output=has_output)


def _parsed(context: dict[str, Any], parsed_response: dict[str, Any] | None = None, **_: object) -> None:
    """On `response-received`: botocore has parsed the response, or no response arrived."""
    call: CallContext | None = context.get(KEY)
    if call is not None:
        call.is_parsed = False
        if call.is_error and parsed_response is not None:
            parsed_response["ResponseMetadata"]["HTTPStatusCode"] = call.status


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
    if not is_code(members.get("__type")):
        named = (members.get("code"), members.get("Code"))
        found = [bare for bare in map(bare_code, filter(is_code, named)) if bare in codes]
        code = bare_code(header) if header else next(iter(found), None)
        if code:
            members = {**members, "__type": code}
            body = json.dumps(members).encode()
    return body, members


def is_code(value: object) -> TypeGuard[str]:
    """Return whether a value of a response may be an error code."""
    return isinstance(value, str) and value != ""


def bare_code(code: str) -> str:
    """Return an error code without its namespace and URL."""
    return code.partition(":")[0].rpartition("#")[2]
