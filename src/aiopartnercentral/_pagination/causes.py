"""The causes of failures: what happened, who can fix it, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import attrs
from botocore import exceptions as boto

from aiopartnercentral import errors
from aiopartnercentral.errors import (
    AioPartnerCentralError,
    CredentialsError,
    DecodeError,
    EncodeError,
    MalformedItemsError,
    PaginationError,
    ServiceError,
    TimeExceededError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Cause", "StoredError", "by_cause", "cause_of", "is_login", "is_rejection", "type_of"]

T = TypeVar("T")


@attrs.frozen
class Cause:
    """A cause of failures.

    Attributes:
        name: what happened.
        owner: who can fix it.
        step: what to do next: the owner, or the user while another one fixes it.
        is_for_user: whether the step is for the user, who cannot fix it.
    """

    name: str
    owner: str
    step: str
    is_for_user: bool = False

    @property
    def advice(self) -> str:
        """Who can fix it, and what to do next."""
        return f"fixed by {self.owner}; {self.step}" if self.is_for_user else f"{self.owner} can fix it: {self.step}"


_CREDENTIALS: Final = Cause(
    "no valid credentials", "you", "log in again, or correct the profile, the role or its trust policy"
)
_VARIABLE: Final = Cause("no valid credentials", "you", "set the environment variable that the error names")
_DENIED: Final = Cause("access denied", "the account's administrator", "allow the operation on the catalog")
_THROTTLED: Final = Cause("throttled", "you", "run again later, or set a lower rate")
_SERVICE: Final = Cause(
    "service error", "AWS", "run again later, or give the request id to AWS Support", is_for_user=True
)
_NETWORK: Final = Cause(
    "network", "you or your network's administrator", "check the connection, the proxy and the endpoint; then run again"
)
_MALFORMED: Final = Cause(
    "malformed response",
    "AWS or this library",
    "collect NDJSON, or leave malformed items out; then report it",
    is_for_user=True,
)
_REQUEST: Final = Cause("request refused", "you", "correct what the error names")
_SLOW: Final = Cause("time limit", "you", "run again; with a checkpoint, the run continues where it stopped")
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
_REJECTED: Final = (
    "ExpiredToken",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignature",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClient",
)
_LOGIN: Final = ("SSOError", "LoginError", "TokenRetrievalError", "NoAuthTokenError", "UnauthorizedSSOTokenError")
_FIRST_SERVER_STATUS: Final = 500
_SERVER_CODES: Final = ("InternalServer", "ServiceUnavailable")  # of errors without a status, as in a file


class StoredError(AioPartnerCentralError):
    """The error of a source in a report that was read from a file: its text, and the name of its class.

    Attributes:
        type: the name of its class.
    """

    def __init__(self, text: str, type: str) -> None:  # noqa: A002 - as in the file
        super().__init__(text, type)
        self.type = type

    def __str__(self) -> str:
        return str(self.args[0])


def type_of(error: Exception) -> str:
    """Return the name of the class of an error, also of one in a report that was read from a file."""
    return error.type if isinstance(error, StoredError) else type(error).__name__


def cause_of(error: Exception) -> Cause:
    """Return the cause of the failure of a source."""
    if isinstance(error, StoredError):
        return _of_stored(error)
    if isinstance(error, ServiceError):
        return _of_service(error)
    if is_login(error):
        return _CREDENTIALS
    if isinstance(error, CredentialsError):
        return _of_credentials(error)
    if isinstance(error, TimeExceededError) and error.endpoint_url is not None:
        return _NETWORK  # a call was not answered; the time limits of a run are another matter
    return _of_class(type(error))


def by_cause(failures: Iterable[tuple[Cause, T]]) -> list[tuple[Cause, list[T]]]:
    """Return the failures of each cause, the most frequent cause first."""
    found: dict[Cause, list[T]] = {}
    for cause, failure in failures:
        found.setdefault(cause, []).append(failure)
    return sorted(found.items(), key=lambda item: -len(item[1]))


def is_rejection(error: ServiceError) -> bool:
    """Return whether the service has not accepted the credentials."""
    return error.code.startswith(_REJECTED)


def is_login(error: Exception) -> bool:
    """Return whether a login has expired or is missing."""
    return any(cls.__name__ in _LOGIN for cls in type(error).__mro__)


def _of_credentials(error: CredentialsError) -> Cause:
    if error.is_retryable:  # nothing or no usable answer came from their source
        return _NETWORK if error.code is None else _SERVICE
    return _VARIABLE if _names_variable(error) else _CREDENTIALS


def _of_service(error: ServiceError) -> Cause:
    if is_rejection(error):
        return _CREDENTIALS
    if error.code.startswith("AccessDenied"):
        return _DENIED
    if error.is_throttling:
        return _THROTTLED
    is_server_error = (error.http_status or 0) >= _FIRST_SERVER_STATUS or error.code.startswith(_SERVER_CODES)
    return _SERVICE if is_server_error else _REQUEST


def _of_class(cls: type[BaseException]) -> Cause:
    return next((cause for classes, cause in _BY_CLASS if issubclass(cls, classes)), _OTHER)


def _of_stored(error: StoredError) -> Cause:
    """Return the cause by the name of the class, which for an error of a service is its code."""
    cls = getattr(errors, error.type, None) or getattr(boto, error.type, None)
    if cls is ServiceError:
        words = str(error).partition(":")[0].replace("(", " ").replace(")", " ").split()
        return _of_code(next((word for word in words if word.startswith(_REJECTED)), words[0] if words else ""))
    if cls is None:
        return _of_code(error.type) if error.type.endswith("Exception") else _OTHER
    if cls is CredentialsError and _names_variable(error):
        return _VARIABLE
    return _of_class(cls) if isinstance(cls, type) else _OTHER


def _names_variable(error: Exception) -> bool:
    """Return whether the credentials need an environment variable, as that of an external id."""
    return "the environment variable " in str(error)


def _of_code(code: str) -> Cause:
    return _of_service(ServiceError({"Error": {"Code": code}}, ""))
