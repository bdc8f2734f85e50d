"""Failed requests to S3 as errors that name the object and the cause, without what the store says about it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from aiopartnercentral._transport.retries import is_unexecuted
from aiopartnercentral._transport.s3_retries import DAMAGED, is_repeated
from aiopartnercentral.errors import RedirectError, SinkError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["ConditionError", "ConditionUnsupportedError", "code_of", "errors_of", "is_refusal", "status_of"]

_UNMET = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"})
_PERMISSIONS: Final[Mapping[str, str]] = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "HeadObject": "s3:GetObject",
    "GetObject": "s3:GetObject (and s3:ListBucket on the bucket, if there may be no such object)",
    "DeleteObject": "s3:DeleteObject",
    "ListObjectsV2": "s3:ListBucket",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
}
"""The permission that an operation needs, unless it is `s3:PutObject`."""
_REASONS: Final[Mapping[str, str]] = {
    "NoSuchBucket": "there is no such bucket",
    "InvalidBucketName": "that is not the name of a bucket",
    "NoSuchUpload": "its multipart upload was aborted, for example by a lifecycle rule of the bucket",
    "EntityTooLarge": "it is larger than the store allows",
    **dict.fromkeys(
        ("PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
        "the bucket is in another region: set its region_name",
    ),
    **dict.fromkeys(
        ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "RequestTimeTooSkewed"),
        "the credentials were not accepted: renew them, or check the profile and the clock",
    ),
}


class ConditionError(SinkError):
    """An object was not written or deleted, as it is not the one that the condition of the request names."""


class ConditionUnsupportedError(SinkError):
    """An object was not written or deleted, as the store does not support the condition of the request."""


@contextmanager
def errors_of(target: str, *, is_conditional: bool = False) -> Iterator[None]:
    """Raise a `SinkError` about an object for each failure of a request.

    Raises:
        ConditionError, ConditionUnsupportedError: instead of it, if the request has a condition.
        SinkError: instead of any other.
    """
    try:
        yield
    except (ClientError, BotoCoreError, aiohttp.ClientError, OSError) as error:
        kind = _kind(error) if is_conditional and isinstance(error, ClientError) else SinkError
        raise kind(target, _reason(error)) from error


def _kind(error: ClientError) -> type[SinkError]:
    code, status = code_of(error), status_of(error)
    if code in _UNMET or status == 412:  # noqa: PLR2004 - without a body, there is no code
        return ConditionError
    return ConditionUnsupportedError if status == 501 else SinkError  # noqa: PLR2004 - not implemented


def _reason(error: Exception) -> str:
    """Return why a request failed, without the store's message, which may quote the request."""
    if isinstance(error, ClientError):
        return _response_text(error)
    if isinstance(error, NoCredentialsError):
        return "there are no AWS credentials: log in, set AWS_ACCESS_KEY_ID, or pass a profile"
    if isinstance(error, RedirectError):
        return "the store redirects the request, as for a bucket in another region: set its region_name"
    return " ".join(str(error).split()) or type(error).__name__


def _response_text(error: ClientError) -> str:
    code, status = code_of(error), status_of(error)
    if code in _REASONS:
        return f"{_REASONS[code]} ({code})"
    if status == 403 or code == "AccessDenied":  # noqa: PLR2004 - forbidden
        permission = _PERMISSIONS.get(error.operation_name, "s3:PutObject and the use of its KMS key")
        return f"access denied: the caller's policy and the bucket's must allow {permission} on it"
    if code in DAMAGED:
        return f"the store received other bytes than were sent, in each attempt ({code})"
    if code.startswith("KMS."):
        return f"its KMS key cannot be used ({code})"
    advice = ": try again later" if is_repeated(code, status) else ""
    return f"{error.operation_name} failed with {code} (HTTP {status}){advice}"


def is_refusal(error: SinkError) -> bool:
    """Return whether the store has certainly not executed the request that an error of `errors_of` is about."""
    cause = error.__cause__
    if isinstance(cause, ClientError):
        has_repeated = cause.response.get("ResponseMetadata", {}).get("RetryAttempts", 0) > 0
        return not has_repeated and not is_repeated(code_of(cause), status_of(cause))
    return isinstance(cause, Exception) and (isinstance(cause, RedirectError) or is_unexecuted(cause))


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def status_of(error: ClientError) -> int:
    response: Any = error.response
    return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
