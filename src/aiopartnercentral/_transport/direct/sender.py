"""Sends the first attempts of the calls of one client without botocore's request path.

What a request must look like is asked of botocore once for each operation. Parameters are checked and serialized by
botocore's serializer, and requests are sent by the client's own HTTP client.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral._transport.call_context import FIRST_ERROR_STATUS, FirstAttempt, Parameters
from aiopartnercentral._transport.direct.body import serializer
from aiopartnercentral._transport.direct.eligibility import handlers_of, operation_obstacle
from aiopartnercentral._transport.direct.handover import RequestCapturedError, capture, register_handover
from aiopartnercentral._transport.direct.http import post
from aiopartnercentral._transport.direct.request import Keys, RequestTemplate, UnsupportedRequestError, trace_id
from aiopartnercentral.types import ResponseMetadata

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._transport.call_context import CallContext
    from aiopartnercentral._transport.clock_skew import ServiceClock
    from aiopartnercentral._transport.direct.http import DirectResponse
    from aiopartnercentral._transport.direct.request import SignedRequest
    from aiopartnercentral.types import JsonValue, Operation

__all__ = ["DirectSender"]

_LOGGER = logging.getLogger("aiopartnercentral.transport")


class _Plan:
    """How to send an operation.

    Attributes:
        model: botocore's model of it.
        tokens: the members that get an idempotency token unless the caller gives one.
        serialize: checks and serializes parameters.
        obstacle: why it is sent by botocore; None if it is sent directly.
        templates: the template of requests with or without a session token and trace header; None if there is none.
    """

    __slots__ = ("model", "obstacle", "serialize", "templates", "tokens")

    def __init__(self, client: Any, model: Any, obstacle: str | None) -> None:  # noqa: ANN401 - botocore's
        self.model = model
        self.tokens = tuple(model.idempotent_members)
        self.serialize = serializer(client, model)
        self.obstacle = obstacle
        self.templates: dict[tuple[bool, bool], RequestTemplate | None] = {}


def random_id() -> str:
    """Return a random UUID of version 4; the objects of Python's module take ten times as long."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


class DirectSender:
    """Sends first attempts for an eligible client.

    Arguments:
        client: the aiobotocore client.
        clock: the service's clock.
    """

    def __init__(self, client: Any, clock: ServiceClock) -> None:  # noqa: ANN401 - aiobotocore has no types
        self._client = client
        self._clock = clock
        self._plans: dict[str, _Plan] = {}
        self._http = client._endpoint.http_session  # noqa: SLF001 - nothing else has the HTTP client
        self._signer = client._request_signer  # noqa: SLF001 - nothing else has the credentials
        self._after_call = [
            handler
            for handler in handlers_of(client, "after-call")
            if handler.__qualname__ == "RetryQuotaChecker.release_retry_quota"
        ]
        register_handover(client)

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
        if plan.obstacle is not None or self._signer._credentials is None:  # noqa: SLF001 - as above
            return None
        missing = [name for name in plan.tokens if name not in params]
        if missing:
            params = {**params, **{name: random_id() for name in missing}}
        body = plan.serialize(params)
        credentials = await self._keys()
        trace = trace_id()
        key = bool(credentials.token), trace is not None
        if key not in plan.templates:
            prepared = await self._prepared(operation, params, call)
            if await self._has_still(credentials):  # otherwise the request may be signed with others
                plan.templates[key] = _template(operation, prepared, credentials)
        template = plan.templates.get(key)
        if template is None:
            return None
        call.signed_with = self._clock.offset
        invocation_id = random_id()
        request = template.request(body, credentials, self._clock.timestamp(), invocation_id, trace=trace)
        call.attempts = 1
        error, response = None, None
        try:
            response = await post(self._http, request)
        except Exception as failure:  # noqa: BLE001 - botocore decides what it means
            error = failure
        else:
            metadata = self._received(response, plan.model, call)
            if metadata is not None:
                return metadata
        call.attempts = 0  # botocore counts it as its own
        call.first_attempt = FirstAttempt(
            params=params,
            request=request,
            invocation_id=invocation_id,
            signed_with=call.signed_with,
            response=None if response is None else response.for_botocore(),
            error=error,
        )
        call.intercept = call.first_attempt.outcome
        return None

    def _received(self, response: DirectResponse, model: Any, call: CallContext) -> ResponseMetadata | None:  # noqa: ANN401 - botocore's
        """Take a response that is a plain success, and return its metadata; None for any other."""
        status, headers = response.status_code, response.headers
        if status >= FIRST_ERROR_STATUS:
            return None
        call.receive({"status_code": status, "headers": headers, "body": response.body}, model)
        call.is_parsed = False
        if call.is_error or call.lacks_body:
            return None
        for handler in self._after_call:
            handler(context={}, http_response=response)
        return ResponseMetadata(
            request_id=headers.get("x-amzn-requestid"), http_status=status, attempts=1, http_headers=headers
        )

    def _planned(self, operation: Operation[Any, Any]) -> _Plan:
        model = self._client.meta.service_model.operation_model(operation.name)
        obstacle = operation_obstacle(self._client, model)
        if not operation.all_in_body:
            obstacle = "botocore parses the responses"
        plan = self._plans[operation.name] = _Plan(self._client, model, obstacle)
        return plan

    async def _keys(self) -> Keys:
        frozen = await self._signer._credentials.get_frozen_credentials()  # noqa: SLF001 - as above
        return Keys(frozen.access_key, frozen.secret_key, frozen.token)

    async def _has_still(self, credentials: Keys) -> bool:
        """Return whether these are the credentials; a failure to obtain them is none of the call that has some."""
        try:
            return await self._keys() == credentials
        except Exception:  # noqa: BLE001 - as above
            return False

    async def _prepared(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], call: CallContext
    ) -> SignedRequest:
        """Return the request that botocore would send for a call."""
        parameters = Parameters(params)
        parameters.call = attrs.evolve(call, pause=None, limits_attempts=False, intercept=capture)
        try:
            await self._client._make_api_call(operation.name, parameters)  # noqa: SLF001 - as above
        except RequestCapturedError as captured:
            request: SignedRequest = captured.request
            return request
        raise RuntimeError("botocore has not sent a request")


def _template(operation: Operation[Any, Any], prepared: SignedRequest, credentials: Keys) -> RequestTemplate | None:
    """Return the template of requests like one of botocore's; None if there is none."""
    template, obstacle = None, None
    try:
        template = RequestTemplate(prepared, credentials)
    except UnsupportedRequestError as error:
        obstacle = str(error)
    _LOGGER.debug("%s is sent %s", operation.name, "directly" if template else f"by botocore: {obstacle}")
    return template
