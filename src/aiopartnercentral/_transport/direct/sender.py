"""Sends the first attempts of the calls over one connection without botocore's request path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from aiopartnercentral._transport.call_context import FIRST_ERROR_STATUS, FirstAttempt
from aiopartnercentral._transport.direct.request import Keys, runs_in_lambda, trace_id
from aiopartnercentral.types import ResponseMetadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._transport.call_context import CallContext
    from aiopartnercentral._transport.clock_skew import ServiceClock
    from aiopartnercentral._transport.direct.model import OperationModel
    from aiopartnercentral._transport.direct.request import RequestTemplate, SignedRequest
    from aiopartnercentral._transport.http.response import HttpResponse
    from aiopartnercentral.types import JsonValue, Operation

__all__ = ["DirectSender", "HttpClient", "RequestSource", "random_id"]


class HttpClient(Protocol):
    """Connections to a service."""

    async def post(self, request: SignedRequest) -> HttpResponse:
        """Send a request and return the response, whatever its status, or raise any exception."""
        ...


class RequestSource(Protocol):
    """Knows what the requests of a service look like."""

    def operation(self, operation: Operation[Any, Any]) -> OperationModel:
        """Return what the service model says about an operation."""
        ...

    async def serialize(self, name: str, params: Mapping[str, JsonValue]) -> bytes:
        """Return the body of a request whose parameters are not plain, or not valid."""
        ...

    async def template(
        self,
        operation: Operation[Any, Any],
        params: Mapping[str, JsonValue],
        call: CallContext,
        keys: Keys,
        trace: str | None,
    ) -> tuple[RequestTemplate | None, bool]:
        """Return the template of requests with or without token and trace, or None, and whether that may be kept."""
        ...

    @property
    def credentials(self) -> Any:  # noqa: ANN401 - botocore's, without types
        """The credentials of calls that have none of their own; None for none."""
        ...

    def succeeded(self, response: HttpResponse) -> None:
        """Take note of a success."""
        ...


class _Plan:
    """How to send an operation.

    Attributes:
        model: what the service model says about it.
        templates: the template of requests with or without a session token and trace header; None if there is none.
    """

    __slots__ = ("model", "templates")

    def __init__(self, model: OperationModel) -> None:
        self.model = model
        self.templates: dict[tuple[bool, bool], RequestTemplate | None] = {}


def random_id() -> str:
    """Return a random UUID of version 4; the objects of Python's module take ten times as long."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


class DirectSender:
    """Sends first attempts over one connection.

    Arguments:
        http: the connections.
        requests: knows the requests of the service.
        clock: the service's clock.
    """

    def __init__(self, http: HttpClient, requests: RequestSource, clock: ServiceClock) -> None:
        self._http = http
        self._requests = requests
        self._clock = clock
        self._plans: dict[str, _Plan] = {}
        self._is_traced = runs_in_lambda()  # asked once, as looking up an absent variable takes 3 us

    async def send(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], call: CallContext
    ) -> ResponseMetadata | None:
        """Send the first attempt of a call, and return the metadata of a success, whose body the call has.

        If it returns None, botocore must make the call. If the call then has a `first_attempt`, that was made, and
        botocore is to begin with it, and its parameters.

        Arguments:
            operation: the operation.
            params: botocore's parameters.
            call: the state of the call, of which nothing was sent.

        Raises:
            botocore.exceptions.ParamValidationError: a parameter is missing or too short.
            Exception: the credentials cannot be obtained.
        """
        plan = self._plans.get(operation.name) or self._planned(operation)
        model = plan.model
        credentials = call.credentials or self._requests.credentials
        if model.obstacle is not None or credentials is None:
            return None
        missing = [name for name in model.tokens if name not in params]
        if missing:
            params = {**params, **{name: random_id() for name in missing}}
        body = call.content or await self._body(model, params)
        keys = Keys.of(await credentials.get_frozen_credentials())
        trace = trace_id() if self._is_traced else None
        key = bool(keys.token), trace is not None
        if key not in plan.templates:
            template, is_lasting = await self._requests.template(operation, params, call, keys, trace)
            if is_lasting:
                plan.templates[key] = template
        template = plan.templates.get(key)
        if template is None:
            return None
        call.signed_with = self._clock.offset
        invocation_id = random_id()
        request = template.request(body, keys, self._clock.timestamp(), invocation_id, trace=trace)
        call.attempts = 1
        error, response = None, None
        try:
            response = await self._http.post(request)
        except Exception as failure:  # noqa: BLE001 - botocore decides what it means
            error = failure
        else:
            metadata = self._received(response, model, call)
            if metadata is not None:
                return metadata
        call.attempts = 0  # botocore counts it as its own
        call.first_attempt = FirstAttempt(
            params=params,
            request=request,
            invocation_id=invocation_id,
            signed_with=call.signed_with,
            response=response,
            error=error,
        )
        return None

    async def _body(self, model: OperationModel, params: Mapping[str, JsonValue]) -> bytes:
        """Return the body that botocore makes of parameters."""
        if model.is_valid is not None and model.is_valid(params):
            return model.write(params)
        return await self._requests.serialize(model.name, params)

    def _planned(self, operation: Operation[Any, Any]) -> _Plan:
        plan = self._plans[operation.name] = _Plan(self._requests.operation(operation))
        return plan

    def _received(self, response: HttpResponse, model: OperationModel, call: CallContext) -> ResponseMetadata | None:
        """Take a response that is a plain success, and return its metadata; None for any other."""
        status, headers = response.status_code, response.headers
        if status >= FIRST_ERROR_STATUS:
            return None
        received = {"status_code": status, "headers": headers, "body": response.body}
        call.receive(received, requires_output=model.requires_output, has_output=model.has_output)
        call.is_parsed = False
        if call.is_error or call.lacks_body:
            return None
        self._requests.succeeded(response)
        return ResponseMetadata(
            request_id=headers.get("x-amzn-requestid"), http_status=status, attempts=1, http_headers=headers
        )
