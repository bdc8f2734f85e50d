"""Which errors are retried, and how long to wait before a retry."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from botocore.exceptions import ConnectionError as NoConnectionError, HTTPClientError, SSLError

from aiopartnercentral.errors import CredentialsError, ServiceError

__all__ = ["backoff", "is_throttling", "is_transient", "retry_after"]

# The codes that botocore's `standard` retry mode retries.
_THROTTLING = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_TRANSIENT = frozenset({"InternalError", "InternalServerException", "RequestTimeout", "RequestTimeoutException"})
_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = range(500, 600)
_LONGEST = 60.0  # seconds


def is_throttling(error: Exception) -> bool:
    """Return whether the service throttled the request."""
    return isinstance(error, ServiceError) and (error.code in _THROTTLING or error.http_status == _TOO_MANY_REQUESTS)


def is_transient(error: Exception) -> bool:
    """Return whether a retry may succeed: no response arrived, or a server error; throttling is separate."""
    if isinstance(error, ServiceError):
        return error.code in _TRANSIENT or error.http_status in _SERVER_ERRORS
    if isinstance(error, CredentialsError):
        return error.is_retryable
    return isinstance(error, NoConnectionError | HTTPClientError) and not isinstance(error, SSLError)


def retry_after(error: Exception) -> float | None:
    """Return the seconds of a response's `Retry-After` header, in either form; None without one."""
    if not isinstance(error, ServiceError):
        return None
    value = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("retry-after", "")
    try:
        seconds = float(value) if value.isdecimal() else (_moment(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return max(0.0, seconds)


def _moment(text: str) -> datetime:
    moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def backoff(base: float, repetition: int) -> float:
    """Return the seconds to wait before a retry, counted from 1: exponential backoff with full jitter."""
    return random.uniform(0, min(_LONGEST, base * 2 ** (repetition - 1)))  # noqa: S311 - spreads load, hides nothing
