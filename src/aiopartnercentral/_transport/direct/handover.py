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

    from aiopartnercentral._transport.call_context import CallContext, FirstAttempt

__all__ = ["RequestCapturedError", "capture", "register_handover"]


class RequestCapturedError(Exception):
    """Stands for a request that is only looked at, and not sent."""

    def __init__(self, request: Any) -> None:  # noqa: ANN401 - as above
        super().__init__()
        self.request = request


def capture(request: Any) -> None:  # noqa: ANN401 - as above
    """Raise the request in place of sending it."""
    raise RequestCapturedError(request)


def register_handover(client: Any) -> None:  # noqa: ANN401 - as above
    """Register the handlers with the events of a client, once."""
    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    events.register_first(f"before-call.{service}", _set_id, unique_id=f"{KEY}-ids")
    events.register_first(f"choose-signer.{service}", _sign_nothing, unique_id=f"{KEY}-signatures")
    events.register_first(f"before-send.{service}", _intercept, unique_id=f"{KEY}-interceptions")


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


def _intercept(request: object, **_: object) -> Any:  # noqa: ANN401 - as above
    """On `before-send`: return the response to the first attempt, or raise its exception."""
    call = awaited_call()
    if call is None or call.intercept is None:
        return None
    intercept, call.intercept, call.first_attempt = call.intercept, None, None
    return intercept(request)
