"""Hands an attempt that was made without botocore over to it, as its own first attempt of the call.

botocore then does with the error response or the exception whatever it does with its own: it counts the attempt, asks
the retry quota, waits, sends the request again, and parses the error.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import UNSIGNED

from aiopartnercentral._transport.call_context import KEY, awaited_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiobotocore.awsrequest import AioAWSResponse

    from aiopartnercentral._transport.call_context import CallContext, FirstAttempt
    from aiopartnercentral._transport.http_client import Guard

__all__ = ["RequestCapturedError", "register_handover"]


class RequestCapturedError(Exception):
    """Stands for a request that is only looked at, and not sent."""

    def __init__(self, request: Any) -> None:  # noqa: ANN401 - as above
        super().__init__()
        self.request = request


def register_handover(client: Any) -> None:  # noqa: ANN401 - as above
    """Register the handlers with the events of a client, once."""

    async def intercept(request: object, **_: object) -> Any:  # noqa: ANN401 - as above
        """On `before-send`: return the response to the first attempt, or raise its exception."""
        call = awaited_call()
        if call is None:
            return None
        if call.is_captured:
            raise RequestCapturedError(request)
        first, call.first_attempt = call.first_attempt, None
        return None if first is None else await _outcome(first, client._endpoint.http_session)  # noqa: SLF001 - nothing else has it

    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    events.register_first(f"before-call.{service}", _set_id, unique_id=f"{KEY}-ids")
    events.register_first(f"choose-signer.{service}", _sign_nothing, unique_id=f"{KEY}-signatures")
    events.register_first(f"before-send.{service}", intercept, unique_id=f"{KEY}-interceptions")


def _set_id(context: dict[str, Any], **_: object) -> None:
    """On `before-call`: give further attempts the id of the first one."""
    first = _first_attempt(context)
    if first is not None:
        context["retries"] = {"invocation-id": first.invocation_id}


def _sign_nothing(context: Mapping[str, Any], **_: object) -> object:
    """On `choose-signer`: the first attempt was signed and sent, so its credentials are not needed again."""
    return None if _first_attempt(context) is None else UNSIGNED


def _first_attempt(context: Mapping[str, Any]) -> FirstAttempt | None:
    call: CallContext | None = context.get(KEY)
    return None if call is None else call.first_attempt


async def _outcome(first: FirstAttempt, http_client: Guard) -> AioAWSResponse:
    """Return the response to a first attempt, or raise the exception that the HTTP client would have raised for it."""
    response, request = first.response, first.request
    if response is None:
        if first.error is not None:
            await http_client.failing_with(first.error).send(request)
        raise first.error or RuntimeError("an attempt without an outcome")
    http_client.last_status = response.status_code
    http_client.check(request, response.status_code, response.headers)
    return response.for_botocore(request.url)
