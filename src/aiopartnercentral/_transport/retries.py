"""Which failed requests are repeated, and how long to wait before that.

A collection repeats by itself. For other calls botocore repeats, by its own configuration. A handler adds what botocore
does not repeat: HTTP statuses 408, 429 and 509 without an error code. It repeats a request once if the service refused
the time of its signature. It also waits as long as the service asks to, and limits the attempts of single calls.
Requests with damaged responses are repeated where these are decoded.
"""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import (
    ConnectionError as NoConnectionError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidConfigError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    SSLError,
)

from aiopartnercentral._transport.call_context import FIRST_ERROR_STATUS, FIRST_SERVER_ERROR_STATUS, KEY
from aiopartnercentral._transport.clock_skew import moment_of
from aiopartnercentral.errors import (
    CredentialsError,
    DecodeError,
    EncodeError,
    ServiceError,
    TimeExceededError,
    error_type,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral._transport.call_context import CallContext

__all__ = [
    "LONGEST_WAIT",
    "AttemptsEndedError",
    "asked_wait",
    "backoff",
    "is_retryable",
    "is_unexecuted",
    "register_retries",
    "retry_after",
]

LONGEST_WAIT = 60.0
"""Maximum seconds to wait before a retry."""

_REPEATED_BY_BOTOCORE = frozenset({500, 502, 503, 504})
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_NOT_IMPLEMENTED = 501
_REFUSALS = frozenset({*range(400, FIRST_SERVER_ERROR_STATUS), _NOT_IMPLEMENTED}) - {408}
_BEFORE_SENDING = (  # errors that are raised before anything is sent
    *(EncodeError, CredentialsError, ParamValidationError, InvalidConfigError, NoRegionError, ProfileNotFound),
    *(NoCredentialsError, PartialCredentialsError, CredentialRetrievalError),
    *(ConnectTimeoutError, ProxyConnectionError, SSLError),
)
_NOT_CONNECTED = frozenset({"ClientConnectorError", "gaierror", "NotConnectedError", "_NotConnectedError"})
"""The exceptions for connections that did not open: of aiohttp, the standard library and our HTTP clients."""


class AttemptsEndedError(Exception):
    """No further attempt is allowed, whatever botocore would do; internal to the library.

    Attributes:
        response: botocore's parsed response, which is an error; None if none arrived.
        error: the exception if no response arrived.
    """

    def __init__(self, response: dict[str, Any] | None, error: Exception | None) -> None:
        super().__init__()
        self.response = response
        self.error = error


def is_retryable(error: Exception) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, ServiceError | DecodeError | TimeExceededError | CredentialsError):
        return error.is_retryable
    return isinstance(error, NoConnectionError | HTTPClientError) and not isinstance(error, SSLError)


def is_unexecuted(error: Exception) -> bool:
    """Return whether the service certainly has not executed the request that failed.

    False for everything uncertain: server errors, timeouts, and connections that broke. A request with an effect that
    must not happen twice may be sent again only if this is true.
    """
    if isinstance(error, ServiceError):
        is_refused = error.http_status in _REFUSALS and not error.is_retryable
        return error.is_throttling or error.is_corrected or is_refused
    if isinstance(error, EndpointConnectionError):
        return _was_not_connected(error)
    return isinstance(error, _BEFORE_SENDING)


def _was_not_connected(error: EndpointConnectionError) -> bool:
    """Return whether no connection was opened; aiobotocore raises the same error for one that broke later."""
    causes: list[BaseException | None] = [error]
    while causes:
        each = causes.pop()
        if each is not None:
            if any(cls.__name__ in _NOT_CONNECTED for cls in type(each).__mro__):
                return True
            causes.append(each.__cause__ or each.__context__)
    return False


def retry_after(headers: Mapping[str, str], longest: float = LONGEST_WAIT) -> float | None:
    """Return the seconds that a response asks to wait, at most `longest`; None if it does not ask.

    Arguments:
        headers: its headers, names in lower case. `retry-after` has seconds or a date, `x-amz-retry-after`
            milliseconds; if both are there, the longer wait counts.
        longest: maximum seconds.
    """
    waits = [_milliseconds(headers.get("x-amz-retry-after")), _seconds(headers.get("retry-after"), headers.get("date"))]
    asked = [wait for wait in waits if wait is not None]
    return min(longest, max(asked)) if asked else None


def asked_wait(error: Exception, longest: float) -> float | None:
    """Return the seconds that the response of an error asks to wait, at most `longest`; None if it does not ask."""
    if not isinstance(error, ServiceError):
        return None
    return retry_after(error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}), longest)


def backoff(base: float, repetition: int) -> float:
    """Return the seconds to wait before a retry, counted from 1: exponential backoff with full jitter."""
    doublings = min(repetition - 1, 64)  # more would overflow, and change nothing
    return random.uniform(0, min(LONGEST_WAIT, base * 2**doublings))  # noqa: S311 - spreads load, hides nothing


def register_retries(events: Any, service: str) -> None:  # noqa: ANN401 - botocore's, without types
    """Register the handler with the events of a client, once."""
    events.register_first(f"needs-retry.{service}", _needs_retry, unique_id="aiopartnercentral-retries")


def _needs_retry(
    response: tuple[Any, dict[str, Any]] | None,
    attempts: int,
    caught_exception: Exception | None,
    request_dict: Mapping[str, Any],
    **_: object,
) -> float | None:
    """On `needs-retry`, after each attempt: return the seconds until the next one; None leaves that to botocore.

    Raises:
        AttemptsEndedError: the attempt failed, and the call allows no further one.
    """
    call: CallContext | None = request_dict["context"].get(KEY)
    if call is None:
        return None
    if caught_exception is None and call.status < FIRST_ERROR_STATUS and not call.is_error:
        return None
    parsed = None if response is None else response[1]
    _report_failure(call, parsed, caught_exception)
    if parsed is not None:
        call.correct_clock(parsed)
    if not call.has_attempts:
        # botocore ends by itself, unless it has another limit or has not counted all attempts of the call.
        if call.limits_attempts or call.attempts > attempts:
            raise AttemptsEndedError(parsed, caught_exception)
        return None
    if call.is_corrected:
        return 0.0
    if parsed is None:
        can_retry = call.limits_attempts and caught_exception is not None and is_retryable(caught_exception)
        return backoff(1.0, attempts) if can_retry else None
    return _wait(call, parsed, attempts)


def _report_failure(call: CallContext, parsed: dict[str, Any] | None, error: Exception | None) -> None:
    """Tell who watches the call that an attempt has failed."""
    if call.watch is None:
        return
    if parsed is None:
        call.watch.failed(error_type(error), None, None)
    else:
        answer = ServiceError(parsed, "")
        call.watch.failed(error_type(answer), answer.http_status, answer.request_id)


def _wait(call: CallContext, parsed: dict[str, Any], attempts: int) -> float | None:
    """Return the seconds to wait after an error; None if botocore shall decide."""
    error = ServiceError(parsed, "")
    asked = retry_after(parsed["ResponseMetadata"].get("HTTPHeaders", {}))
    has_no_code = error.code in {"", str(error.http_status)}
    is_unknown = has_no_code and error.http_status not in _REPEATED_BY_BOTOCORE
    if not error.is_retryable or not (call.limits_attempts or is_unknown or asked is not None):
        return None
    return max(asked or 0.0, backoff(1.0, attempts))


def _milliseconds(value: str | None) -> float | None:
    return float(value) / 1000 if value is not None and _NUMBER.fullmatch(value) else None


def _seconds(value: str | None, date: str | None) -> float | None:
    """Return the seconds of a number or a date, which counts from the response's own date if there is one."""
    if value is None:
        return None
    if _NUMBER.fullmatch(value):
        return float(value)
    until = moment_of(value)
    return None if until is None else max(0.0, (until - (moment_of(date) or datetime.now(UTC))).total_seconds())
