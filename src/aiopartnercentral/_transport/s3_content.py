"""The content of an object of S3, in chunks; after a broken connection, the missing part is requested."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import aiohttp
import anyio
from botocore.exceptions import BotoCoreError

from aiopartnercentral._transport.s3_errors import ConditionError, errors_of
from aiopartnercentral._transport.s3_retries import wait_before_retry
from aiopartnercentral.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["content_of"]

_CHUNK_BYTES: Final = 1 << 20


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
        SinkError: it cannot be read, or was replaced while it was read.
    """
    etag, position, failures = response["ETag"], 0, 0
    while True:
        async with response["Body"] as body:
            while (data := await _next(name, body, is_last=failures + 1 >= attempts)) is not None:
                if not data:
                    return
                position, failures = position + len(data), 0
                yield data
        failures += 1
        await anyio.sleep(wait_before_retry(failures))
        response = await _rest(name, get, position, etag)


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
    """Return the response with the content of the same object from a position on."""
    part = {"Range": f"bytes={position}-"} if position else {}
    try:
        with errors_of(name, is_conditional=True):
            response = await get(IfMatch=etag, **part)
    except ConditionError:
        response = None
    if response is None:
        raise SinkError(name, "it was replaced while it was read")
    if part and not response.get("ContentRange", "").startswith(f"bytes {position}-"):
        raise SinkError(name, "the store sent other bytes than were requested")
    return response
