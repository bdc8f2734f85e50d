"""The causes of failures: what happened, who can fix it, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
from botocore import exceptions as boto

from aiopartnercentral._utils.text import counted, listed
from aiopartnercentral.cli.messages import explain_all, is_login, is_rejection
from aiopartnercentral.cli.terminal import clean
from aiopartnercentral.errors import (
    CredentialsError,
    DecodeError,
    EncodeError,
    MalformedItemsError,
    PaginationError,
    ServiceError,
    TimeExceededError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Cause", "by_cause", "cause_of", "failure_lines"]


@attrs.frozen
class Cause:
    """A cause of failures.

    Attributes:
        name: what happened.
        owner: who can fix it.
        step: what the owner can do next.
    """

    name: str
    owner: str
    step: str


_CREDENTIALS: Final = Cause(
    "no valid credentials", "you", "log in again, or correct the profile, the role or its trust policy"
)
_DENIED: Final = Cause("access denied", "the account's administrator", "allow the operation on the catalog")
_THROTTLED: Final = Cause("throttled", "you", "run again later, or set a lower --rate")
_SERVICE: Final = Cause("service error", "AWS", "run again later; AWS Support can look up the request id")
_NETWORK: Final = Cause("network", "your network", "check the connection, the proxy and the endpoint; then run again")
_MALFORMED: Final = Cause(
    "malformed response", "AWS or this library", "collect NDJSON, or pass --malformed; then report it"
)
_REQUEST: Final = Cause("request refused", "you", "correct the options that the error names")
_SLOW: Final = Cause("time limit", "you", "run again; with --checkpoint, the run continues where it stopped")
_OTHER: Final = Cause("other error", "you", "read the error of the source")

_BY_CLASS: Final = (
    ((boto.ParamValidationError, boto.InvalidRegionError, EncodeError), _REQUEST),
    ((DecodeError, MalformedItemsError, PaginationError), _MALFORMED),
    (TimeExceededError, _SLOW),
    (
        (
            CredentialsError,
            boto.NoCredentialsError,
            boto.PartialCredentialsError,
            boto.ProfileNotFound,
            boto.CredentialRetrievalError,
        ),
        _CREDENTIALS,
    ),
    ((boto.HTTPClientError, boto.ConnectionError), _NETWORK),
)
_FIRST_SERVER_STATUS: Final = 500


def cause_of(error: Exception) -> Cause:
    """Return the cause of the failure of a source."""
    if isinstance(error, ServiceError):
        return _of_service(error)
    if is_login(error):
        return _CREDENTIALS
    return next((cause for classes, cause in _BY_CLASS if isinstance(error, classes)), _OTHER)


def _of_service(error: ServiceError) -> Cause:
    if is_rejection(error):
        return _CREDENTIALS
    if error.code.startswith("AccessDenied"):
        return _DENIED
    if error.is_throttling:
        return _THROTTLED
    return _SERVICE if (error.http_status or 0) >= _FIRST_SERVER_STATUS else _REQUEST


def by_cause(failures: Mapping[str, Exception]) -> list[str]:
    """Return a line for each cause, the most frequent first; none if all sources failed with the same error."""
    if len(explain_all(failures)) < 2:  # noqa: PLR2004 - the line of a single error says it all
        return []
    sources: dict[Cause, list[str]] = {}
    for source, error in failures.items():
        sources.setdefault(cause_of(error), []).append(clean(source))
    return [
        f"{cause.name}: {counted(len(names), 'source')} ({listed(names)}); {cause.owner} can fix it: {cause.step}"
        for cause, names in sorted(sources.items(), key=lambda item: -len(item[1]))
    ]


def failure_lines(failures: Mapping[str, Exception]) -> list[str]:
    """Return a line for each different error, and, if there are several, for each cause."""
    return [*explain_all(failures), *by_cause(failures)]
