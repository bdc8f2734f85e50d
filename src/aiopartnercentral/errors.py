"""The exceptions that this library defines.

AioPartnerCentralError
├── DecodeError            (ValueError)      a response does not match the service model
├── EncodeError            (TypeError)       an argument does not match the service model, and cannot be sent
├── PaginationError                          a listing does not end: a page token came twice, or only empty pages came
├── MalformedItemsError                      a listing has too many malformed items to omit them
├── SourcesFailedError     (ExceptionGroup)  some sources failed after all others were collected
├── TimeExceededError      (TimeoutError)    a call, a source, or a bulk collection exceeded its time limit
├── CheckpointError                          a checkpoint is damaged, in use, or belongs to another collection
├── SourcesFileError       (ValueError)      a sources file has an unknown key or a value that is not allowed
├── CredentialsError       (BotoCoreError)   a role cannot be assumed, or a provider gave no usable credentials
├── RedirectError          (BotoCoreError)   a request was redirected to another address; no redirect is followed
├── ResponseTooLargeError  (BotoCoreError)   a response was larger than the client accepts
├── SinkError                                an output cannot be written
│   └── PositionError                        an output cannot be resumed
└── ServiceError           (botocore.exceptions.ClientError)
    └── one class for each error that the service models, such as account.AccessDeniedException

Failures that happen before the service answers (no credentials, unknown profile, unreachable endpoint) stay
`botocore.exceptions.BotoCoreError`, as every handler written for botocore expects.

No message, repr or note made here holds a value from a request or a response: they may be sensitive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from botocore.exceptions import BotoCoreError, ClientError

from aiopartnercentral._utils.text import REDACTED, KeptResponse, request_text

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "AioPartnerCentralError",
    "CheckpointError",
    "CredentialsError",
    "DecodeError",
    "EncodeError",
    "MalformedItemsError",
    "PaginationError",
    "PositionError",
    "RedirectError",
    "ResponseTooLargeError",
    "ServiceError",
    "SinkError",
    "SourcesFileError",
    "TimeExceededError",
    "attempts_of",
    "error_text",
    "error_type",
]

# The error codes and HTTP statuses that mean throttling, and other failures that may pass. The codes are those of
# botocore's `standard` retry mode.
_THROTTLING_CODES = frozenset(
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
_THROTTLING_STATUSES = frozenset({429, 509})
_TRANSIENT_CODES = frozenset({"InternalError", "InternalServerException", "RequestTimeout", "RequestTimeoutException"})
_TRANSIENT_STATUSES = frozenset({408, 500, 502, 503, 504})  # those of botocore's standard mode, and 408


class AioPartnerCentralError(Exception):
    """Base of everything this library raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        # From the state: not every constructor takes `args`, and botocore's errors would lose their attributes.
        return _rebuild, (type(self), self.args, dict(self.__dict__))


def _rebuild(cls: type[AioPartnerCentralError], args: tuple[Any, ...], state: dict[str, Any]) -> AioPartnerCentralError:
    error = cls.__new__(cls, *args)
    error.args = args  # an OSError takes them apart
    error.__dict__.update(state)
    return error


class _ConversionError(AioPartnerCentralError):
    """A value does not match the service model.

    Attributes:
        reason: what was expected and what was found, without the value itself.
        path: JSON path of the value, such as `$.ConnectionSummaries[3].Id`.
        operation: wire name of the operation, or None outside a call.
        request_id: the service's id of the request, or None.
    """

    def __init__(
        self, reason: str, *, path: str = "$", operation: str | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.path: str = path
        self.operation = operation
        self.request_id = request_id

    def within(self, segment: str) -> Self:
        """Prefix the path by the segment (`.Member` or `[3]`) that leads to the value; returns the same error."""
        self.path = f"${segment}{self.path[1:]}"
        return self

    def __str__(self) -> str:
        where = f"{self.operation}: {self.path}" if self.operation else self.path
        return f"{where}: {self.reason}{request_text(self.request_id)}"


class DecodeError(_ConversionError, ValueError):
    """A response does not match the service model: wrong JSON type, missing member, malformed union.

    The service has probably executed the request, so the error keeps the response. No text or repr shows it, as it may
    be sensitive.

    Attributes:
        is_retryable: whether the response was damaged or replaced on its way, so that a retry may help: it is empty,
            cut off, or not a JSON object, such as the HTML page of a proxy.
        attempts: how often the request was sent, retries included.
    """

    is_retryable: bool = False
    attempts: int = 1
    _response: KeptResponse | None = None

    def keep_response(self, body: bytes | None, http_status: int, http_headers: Mapping[str, str]) -> None:
        """Keep the response that could not be decoded."""
        self._response = KeptResponse(body, http_status, http_headers)

    @property
    def body(self) -> bytes | None:
        """The response's body as the service sent it; None for a stream, and outside a call."""
        return None if self._response is None else self._response.body

    @property
    def http_status(self) -> int | None:
        """The response's HTTP status; None outside a call."""
        return None if self._response is None else self._response.http_status

    @property
    def http_headers(self) -> Mapping[str, str]:
        """The response's headers, names in lower case."""
        return {} if self._response is None else self._response.http_headers


class EncodeError(_ConversionError, TypeError):
    """An argument does not match the service model: wrong Python type, or an unknown payload."""


class PaginationError(AioPartnerCentralError):
    """A listing does not end: the service returned a page token that was used before, or only empty pages.

    Attributes:
        source: what was listed, such as `catalog AWS`.
        pages: how many of its pages had been fetched.
        empty_pages: how many of the last pages were empty, if that is the reason; 0 if a page token was used before.
    """

    def __init__(self, source: str, pages: int, empty_pages: int = 0) -> None:
        super().__init__(source, pages, empty_pages)
        self.source = source
        self.pages = pages
        self.empty_pages = empty_pages

    def __str__(self) -> str:
        if self.empty_pages:
            return f"{self.source}: the last {self.empty_pages} pages were empty, but have page tokens"
        return f"{self.source}: page {self.pages} returned a page token that was already used: the listing loops"


class MalformedItemsError(AioPartnerCentralError):
    """Too many items of a listing do not match the service model.

    Attributes:
        source: what was listed, such as `catalog AWS`.
        items: how many of its items were malformed.
    """

    def __init__(self, source: str, items: int) -> None:
        super().__init__(source, items)
        self.source = source
        self.items = items

    def __str__(self) -> str:
        return f"{self.source}: {self.items} items do not match the service model; the report lists them"


class TimeExceededError(AioPartnerCentralError, TimeoutError):
    """A call or a collection exceeded a time limit.

    Attributes:
        seconds: the limit.
        limit: its name: `timeout` of a call, `source_seconds` or `run_seconds` of a collection.
        attempts: how often the request had been sent, if the limit is `timeout`.
        endpoint_url: the URL of the endpoint that it was sent to, if the limit is `timeout`; otherwise None.
    """

    def __init__(self, seconds: float, limit: str, attempts: int = 1, endpoint_url: str | None = None) -> None:
        super().__init__(seconds, limit, attempts, endpoint_url)
        self.seconds = seconds
        self.limit = limit
        self.attempts = attempts
        self.endpoint_url = endpoint_url

    @property
    def is_retryable(self) -> bool:
        """Whether a retry may help: only one call was slow."""
        return self.limit == "timeout"

    def __str__(self) -> str:
        where = "" if self.endpoint_url is None else f" at {self.endpoint_url}"
        return f"time limit exceeded{where}: {self.limit} = {self.seconds:g} s"


class CheckpointError(AioPartnerCentralError):
    """A checkpoint cannot be read or written, is in use, or belongs to another collection; the message says which."""


class SourcesFileError(AioPartnerCentralError, ValueError):
    """A sources file is invalid; the message names the file, the table and the key."""


class CredentialsError(AioPartnerCentralError, BotoCoreError):
    """No credentials to sign with: a role cannot be assumed, or a provider gave no usable credentials.

    The text names the provider or the role, and says what to do. The service was not called.

    Attributes:
        code: the error code of STS or IAM Identity Center, such as `AccessDenied`; None without a response from them.
        is_retryable: whether a retry may help, as after a lost connection.
    """

    def __init__(self, reason: str, *, code: str | None = None, is_retryable: bool = False) -> None:
        Exception.__init__(self, reason)
        self.kwargs: Mapping[str, Any] = {}  # of BotoCoreError, which makes its message of them
        self.code = code
        self.is_retryable = is_retryable


class RedirectError(AioPartnerCentralError, BotoCoreError):
    """A request was redirected. No redirect is followed, as AWS sends none; a proxy or a captive portal may do so.

    Attributes:
        host: the host, and the port if it is not the usual one, that answered with the redirect.
        target: the host and port of the address that it named, without the rest, which may be secret.
    """

    def __init__(self, host: str, target: str) -> None:
        Exception.__init__(self, host, target)
        self.kwargs: Mapping[str, Any] = {}  # of BotoCoreError, which makes its message of them
        self.host = host
        self.target = target

    def __str__(self) -> str:
        reason = "redirects are not followed, as AWS sends none"
        return f"{self.host} redirects to {self.target}, and {reason}: check the network, the proxy and the endpoint"


class ResponseTooLargeError(AioPartnerCentralError, BotoCoreError):
    """A response was larger than the client accepts; the rest of it was not read.

    Attributes:
        max_response_bytes: the client's limit.
    """

    def __init__(self, max_response_bytes: int) -> None:
        Exception.__init__(self, max_response_bytes)
        self.kwargs: Mapping[str, Any] = {}  # of BotoCoreError, which makes its message of them
        self.max_response_bytes = max_response_bytes

    def __str__(self) -> str:
        return f"the response has more than the {self.max_response_bytes} bytes that max_response_bytes allows"


class SinkError(AioPartnerCentralError):
    """An output cannot be written.

    Attributes:
        path: the output.
        reason: the cause, such as the operating system's error text.
    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        action = "resume" if isinstance(self, PositionError) else "write"
        return f"cannot {action} {self.path}: {self.reason}"


class PositionError(SinkError):
    """An output cannot be resumed: the position is of another output, or the partial file is missing or was changed."""


class ServiceError(AioPartnerCentralError, ClientError):
    """The service answered with an error.

    Attributes:
        message: the service's text, or None.
        response: botocore's parsed error response.
        operation_name: wire name of the operation; empty outside a call.
        problems: why modelled members could not be decoded; those members are None.
        is_corrected: whether the client has corrected the cause of the error, so that the same request may succeed: it
            has adopted the service's clock, or will obtain new credentials for those that had expired.
    """

    message: str | None
    is_corrected: bool = False
    message_is_sensitive: ClassVar[bool] = False
    """Whether the model marks the error's message as sensitive; if so, the exception's text does not show it."""

    def __init__(self, error_response: Mapping[str, Any], operation_name: str) -> None:
        response: Any = error_response  # botocore takes any
        if self.message_is_sensitive:
            response = {**response, "Error": {**response.get("Error", {}), "Message": REDACTED}}
        metadata = response.get("ResponseMetadata", {})
        if not metadata.get("RetryAttempts"):
            # botocore adds "reached max retries: 0" to every error of a client that does not retry.
            response = {**response, "ResponseMetadata": {**metadata, "MaxAttemptsReached": False}}
        ClientError.__init__(self, response, operation_name)
        if not operation_name:  # created or decoded outside a call
            Exception.__init__(self, str(self).replace(" when calling the  operation", "", 1))
        self.response = error_response  # type: ignore[assignment] # botocore takes any
        self.message = error_response.get("Error", {}).get("Message") or None
        self.problems: tuple[DecodeError, ...] = ()

    @property
    def code(self) -> str:
        """The error's code, such as `AccessDeniedException`."""
        return str(self.response.get("Error", {}).get("Code", "Unknown"))

    @property
    def request_id(self) -> str | None:
        """The service's id of the request, or None."""
        request_id: str | None = self.response.get("ResponseMetadata", {}).get("RequestId")
        return request_id

    @property
    def http_status(self) -> int | None:
        """The HTTP status of the response."""
        status: int | None = self.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return status

    @property
    def attempts(self) -> int:
        """How often the request was sent, retries included."""
        return int(self.response.get("ResponseMetadata", {}).get("RetryAttempts", 0)) + 1

    @property
    def is_throttling(self) -> bool:
        """Whether the service asks for fewer requests: by the error's code, or by HTTP status 429 or 509."""
        return self.code in _THROTTLING_CODES or self.http_status in _THROTTLING_STATUSES

    @property
    def is_retryable(self) -> bool:
        """Whether the same request may succeed later.

        It may after throttling, HTTP status 408, 500, 502, 503 or 504, a code that says the same with another status,
        or an error whose cause the client has corrected. Other server errors, such as 501 for an operation that the
        endpoint does not have, will be the same later.
        """
        is_transient = self.code in _TRANSIENT_CODES or self.http_status in _TRANSIENT_STATUSES
        return self.is_throttling or is_transient or self.is_corrected


def attempts_of(error: Exception) -> int:
    """Return how often the request that failed was sent; 1 for an error that does not have the number."""
    attempts = getattr(error, "attempts", 1)
    return attempts if isinstance(attempts, int) else 1


def error_type(error: BaseException | None) -> str:
    """Return the error code of a service error, and the class name of any other; never its text; None for no error."""
    code = "None" if error is None else getattr(error, "code", None)
    return code if isinstance(code, str) and code.replace(".", "").isalnum() else type(error).__name__


def error_text(error: Exception) -> str:
    """Return the text of an error of this library, and the name of any other, whose text may quote a request."""
    is_ours = isinstance(error, AioPartnerCentralError) and not hasattr(error, "code")
    return str(error) if is_ours else error_type(error)
