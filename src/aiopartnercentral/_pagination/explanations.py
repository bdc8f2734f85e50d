"""The explanation of each expected error: one line that says what to do.

No line contains values of a request or response, except the first line of the service's own message if asked for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import exceptions as boto

from aiopartnercentral._pagination.causes import StoredError, is_login, is_rejection
from aiopartnercentral._utils.text import LIMIT, clean, one_line, request_text
from aiopartnercentral.errors import (
    AioPartnerCentralError,
    CheckpointError,
    DecodeError,
    EncodeError,
    PositionError,
    ServiceError,
    SinkError,
    TimeExceededError,
    error_type,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["explanation", "message_of"]

_FIRST_SERVER_STATUS = 500
_NOT_IMPLEMENTED = 501


def message_of(error: Exception) -> str:
    """Return the explanation of an error without the service's text, or the name of an unexpected one."""
    return explanation(error) or error_type(error)


def explanation(error: BaseException, *, quotes: bool = False) -> str | None:
    """Return what an error means and what to do, or None for an unexpected error, whose text may quote anything.

    Arguments:
        error: the error.
        quotes: whether the line has the service's own text, which may quote the request.
    """
    if isinstance(error, ServiceError):
        return _service(error, quotes=quotes)
    if isinstance(error, DecodeError):
        return f"the response does not match the service model: {one_line(str(error))}; is the endpoint right?"
    if isinstance(error, EncodeError):
        return f"a value cannot be sent: {one_line(str(error))}"
    if isinstance(error, SinkError):
        action = "resume" if isinstance(error, PositionError) else "write"
        # Not cut, as it ends with what to do.
        return f"cannot {action} {clean(error.path)}: {one_line(error.reason, limit=None)}"
    if isinstance(error, AioPartnerCentralError):
        text = _unanswered(error) if isinstance(error, TimeExceededError) else str(error)
        # The text in a file was cut when it was written.
        return one_line(text, limit=None if isinstance(error, CheckpointError | StoredError) else LIMIT)
    return _before_answer(error) if isinstance(error, boto.BotoCoreError) else None


def _service(error: ServiceError, *, quotes: bool) -> str:
    message = one_line(str(error.response.get("Error", {}).get("Message") or "")) if quotes else ""
    code = one_line(error.code)
    said = f"{code}: {message}" if message else code
    request, operation = request_text(error.request_id), error.operation_name or "the operation"
    if is_rejection(error):
        # Without the service's message, which quotes the request if its signature was rejected.
        return f"the credentials were not accepted ({code}): renew them, or check the profile and the clock{request}"
    if code.startswith("AccessDenied"):
        return f"{said}: the caller's policy must allow {operation} on this catalog{request}"
    if code.startswith(("Throttling", "TooManyRequests")):
        return f"{said}: try again later, or set a lower rate{request}"
    if code.startswith("Validation"):
        from aiopartnercentral._transport.rejected_members import rejected_members  # noqa: PLC0415 - completion needs none

        problems = ", ".join(rejected_members(error, quotes=quotes))
        return f"{said}{f' ({problems})' if problems else ''}: correct the request{request}"
    advice = ""
    if error.http_status == _NOT_IMPLEMENTED:
        advice = f": the endpoint does not have {operation}"
    elif (error.http_status or 0) >= _FIRST_SERVER_STATUS and error.is_retryable:
        advice = ": try again later"
    return f"{said} (HTTP {error.http_status}){advice}{request}"


def _unanswered(error: TimeExceededError) -> str:
    where, limit = error.endpoint_url, f"within {error.seconds:g} s"
    if where is None:
        return str(error)
    if error.attempts > 1:  # some attempt may have been answered, with an error that is worth a retry
        return f"{where} gave no usable answer {limit}, to {error.attempts} attempts: try again later"
    return f"{where} did not answer {limit}: check the network, the proxy and the address, or try again later"


def _before_answer(error: boto.BotoCoreError) -> str:
    known: Mapping[str, Any] = getattr(error, "kwargs", {})
    where = one_line(str(known.get("endpoint_url") or "the endpoint"))
    if is_login(error):
        return "the login has expired or is missing: log in again, for example by `aws sso login`"
    for classes, line in (
        (boto.ProfileNotFound, f"there is no profile {clean(str(known.get('profile')))!r}: check its name"),
        (boto.NoCredentialsError, "no AWS credentials: log in, set AWS_ACCESS_KEY_ID, or name a profile"),
        (boto.PartialCredentialsError, "the AWS credentials are incomplete: set both key id and secret, or log in"),
        (
            boto.CredentialRetrievalError,
            f"the AWS credentials of {known.get('provider')} are not available: log in again",
        ),
        (boto.SSLError, f"TLS to {where} failed: is its certificate trusted? AWS_CA_BUNDLE adds certificates"),
        (boto.ProxyConnectionError, "the proxy cannot be reached: check HTTP_PROXY, HTTPS_PROXY and NO_PROXY"),
        ((boto.ReadTimeoutError, boto.ConnectTimeoutError), f"{where} did not answer in time: try again later"),
        (boto.EndpointConnectionError, f"cannot connect to {where}: check the network, the region and the address"),
        (boto.ConnectionClosedError, f"{where} closed the connection: check the address, or try again later"),
        (boto.ResponseStreamingError, "the response was incomplete: try again"),
        (boto.InvalidRegionError, f"{clean(str(known.get('region_name')))!r} is not a region: check its name"),
        (boto.ParamValidationError, f"a value cannot be sent: {_report(known)}"),
    ):
        if isinstance(error, classes):
            return line
    return one_line(str(error)) or type(error).__name__


def _report(known: Mapping[str, Any]) -> str:
    """Return why botocore rejected a request, without the value that it quotes."""
    first = one_line(str(known.get("report", "")))
    return first.partition(", value:")[0]
