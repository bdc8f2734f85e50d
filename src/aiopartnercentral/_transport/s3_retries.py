"""Which responses of S3 are repeated: those after which its documentation says to send the request again.

botocore repeats requests without a response, throttling and the usual statuses of servers. It neither repeats damaged
uploads nor conflicts, and takes each error in a response with status 200 for one of the server.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral._transport.retries import backoff, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel

__all__ = ["CRC32_HEADER", "DAMAGED", "is_repeated", "register_retries", "wait_before_retry"]

CRC32_HEADER: Final = "x-amz-checksum-crc32"
DAMAGED: Final = frozenset({"BadDigest", "IncompleteBody", "XAmzContentSHA256Mismatch"})
"""The codes for a body that did not arrive as it was sent."""

_LONGEST_WAIT: Final = 20.0  # as botocore's
_CODES: Final = DAMAGED | {
    *("ConditionalRequestConflict", "OperationAborted"),  # other requests change the object at this moment
    *("InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown", "Throttling", "ThrottlingException"),
}
_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504, 509})
_EMBEDDED: Final = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?<Error\b.*?<Code>\s*([\w.]+)\s*</Code>", re.DOTALL)
_REFUSALS: Final = re.compile(
    rb"AccessDenied|EntityToo\w+|Invalid\w+|KMS\.\w+|Malformed\w+|MethodNotAllowed|NoSuch\w+|NotImplemented"
    rb"|PreconditionFailed"
)
_REFUSED: Final = 400
_SERVER_ERROR: Final = 500
_SUCCESS: Final = 200
_MEMBERS: Final[Mapping[str, str]] = {
    "CompleteMultipartUpload": "ETag",
    "CreateMultipartUpload": "UploadId",
    "PutObject": "ETag",
    "UploadPart": "ETag",
}
"""What a successful response has; without it, it is not one of S3."""


def is_repeated(code: str, status: int) -> bool:
    """Return whether the same request may succeed after an error with this code and HTTP status."""
    return status in _STATUSES or code in _CODES


def register_retries(client: Any, attempts: int) -> None:  # noqa: ANN401 - aiobotocore has no types
    """Register the handlers with the events of a client.

    Arguments:
        client: the client.
        attempts: maximum attempts of a request, unless its config has another limit.
    """
    limit = client.meta.config.retries.get("total_max_attempts", attempts)
    client.meta.events.register_last("before-parse.s3", _refuse_embedded)
    client.meta.events.register_first("needs-retry.s3", partial(_needs_retry, limit))


def wait_before_retry(attempts: int) -> float:
    """Return the seconds to wait after this many attempts."""
    return min(backoff(1.0, attempts), _LONGEST_WAIT)


def _refuse_embedded(response_dict: dict[str, Any], **_: object) -> None:
    """Treat a refusal in a response with status 200 as a refusal; botocore makes it a status that is repeated, 500.

    S3 sends the status of `CompleteMultipartUpload` before it executes it.
    """
    body = response_dict.get("body")
    if response_dict["status_code"] == _SERVER_ERROR and isinstance(body, bytes):
        found = _EMBEDDED.match(body)
        if found is not None and _REFUSALS.fullmatch(found[1]):
            response_dict["status_code"] = _REFUSED


def _needs_retry(
    limit: int,
    response: tuple[Any, dict[str, Any]] | None,
    attempts: int,
    operation: OperationModel,
    request_dict: Mapping[str, Any],
    **_: object,
) -> float | None:
    """On `needs-retry`, after each attempt: return the seconds until the next one; None leaves that to botocore."""
    if response is None or attempts >= limit:
        return None
    parsed = response[1]
    metadata = parsed["ResponseMetadata"]
    status, code = metadata["HTTPStatusCode"], parsed.get("Error", {}).get("Code", "")
    is_damaged = status == _SUCCESS and _is_damaged(parsed, operation.name, request_dict["headers"])
    if not is_damaged and not is_repeated(code, status):
        return None
    asked = retry_after(metadata.get("HTTPHeaders", {}), _LONGEST_WAIT)
    return max(asked or 0.0, wait_before_retry(attempts))


def _is_damaged(parsed: Mapping[str, Any], operation: str, headers: Mapping[str, str]) -> bool:
    """Return whether a response is incomplete, or says that the store has received other bytes than were sent."""
    received = parsed.get("ChecksumCRC32")
    is_other = received is not None and received != headers.get(CRC32_HEADER, received)
    return is_other or (operation in _MEMBERS and _MEMBERS[operation] not in parsed)
