"""The content of an object of S3, in chunks; after a broken connection, the missing part is requested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aiohttp
import anyio
from botocore.exceptions import BotoCoreError, ClientError

from aiopartnercentral._transport.s3_errors import ConditionError, errors_of, status_of
from aiopartnercentral._transport.s3_retries import wait_before_retry
from aiopartnercentral.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["content_of"]

_CHUNK_BYTES: Final = 1 << 20
_NO_SUCH_RANGE: Final = 416


async def content_of(
    name: str,
    response: Any,  # noqa: ANN401 - aiobotocore has no types
    *,
    get: Callable[..., Awaitable[Any]],
    attempts: int,
) -> AsyncIterator[bytes]:
    """Yield the content of an object.

    Arguments:
        name: its name, for errors.
        response: botocore's response of `GetObject`.
        get: sends another request, with these conditions, and returns the response; None if there is no object.
        attempts: maximum consecutive responses that break before they bring another byte.

    Raises:
        SinkError: it cannot be read to its end, or was replaced while it was read.
    """
    etag, size, position, failures = response["ETag"], _size(name, response), 0, 0
    while response is not None:
        async with response["Body"] as body:
            while data := await _next(name, body, is_last=failures + 1 >= attempts):
                position, failures = position + len(data), 0
                yield data
        if data is not None and size in {None, position}:
            return
        failures += 1
        if failures >= attempts or (size is not None and position > size):
            raise SinkError(name, f"the store sent {position} of its {size} bytes")
        await anyio.sleep(wait_before_retry(failures))
        response = await _rest(name, get, position, etag)
        total = "" if response is None else response.get("ContentRange", "").rpartition("/")[2]
        size = int(total) if size is None and total.isdigit() else size
    if size not in {None, position}:
        raise SinkError(name, f"the store sent {position} of its {size} bytes")


def _size(name: str, response: Any) -> int | None:  # noqa: ANN401 - aiobotocore has no types
    """Return the size of an object; None for a chunked response, which marks its last chunk."""
    headers = response["ResponseMetadata"]["HTTPHeaders"]
    if "content-length" in headers:
        return int(headers["content-length"])
    if "transfer-encoding" not in headers:
        raise SinkError(name, "the store did not send its size")
    return None


async def _next(name: str, body: Any, *, is_last: bool) -> bytes | None:  # noqa: ANN401 - as above
    """Return the next bytes of a body, no bytes at its end, or None if its connection broke and `is_last` is false."""
    with errors_of(name):
        try:
            data: bytes = await body.read(_CHUNK_BYTES)
        except (BotoCoreError, aiohttp.ClientError):
            if is_last:
                raise
            return None
    return data


async def _rest(name: str, get: Callable[..., Awaitable[Any]], position: int, etag: str) -> Any:  # noqa: ANN401 - as above
    """Return the response with the content of the same object from a position on; None if the object ends there."""
    part = {"Range": f"bytes={position}-"} if position else {}
    try:
        with errors_of(name, is_conditional=True):
            try:
                response = await get(IfMatch=etag, **part)
            except ClientError as error:
                if status_of(error) == _NO_SUCH_RANGE and _actual_size(error.response) == str(position):
                    return None
                raise
    except ConditionError:
        response = None
    if response is None:
        raise SinkError(name, "it was replaced while it was read")
    if part and not response.get("ContentRange", "").startswith(f"bytes {position}-"):
        raise SinkError(name, "the store sent other bytes than were requested")
    return response


def _actual_size(response: Any) -> str:  # noqa: ANN401 - as above
    """Return the size of an object from the response that refuses a range after its end."""
    in_header: str = response["ResponseMetadata"]["HTTPHeaders"].get("content-range", "").removeprefix("bytes */")
    return in_header or str(response["Error"].get("ActualObjectSize"))
