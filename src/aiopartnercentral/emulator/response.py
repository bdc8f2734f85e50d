"""HTTP responses, and how they are sent: complete, truncated, slowly, or not at all."""

from __future__ import annotations

import math
import socket
import struct
from collections.abc import Awaitable, Callable
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
from aiohttp import web

from aiopartnercentral.emulator.services import JSON_CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.emulator.protocol import RecordedRequest

Sleep: TypeAlias = Callable[[float], Awaitable[bool]]
"""Sleeps for some seconds, or less if the emulator shuts down; returns whether it still runs."""

# Seconds between two chunks of a slow body, unless a chunk would be less than a byte.
_CHUNK_SECONDS: Final = 0.05
# https://pubs.opengroup.org/onlinepubs/9699919799/functions/V2_chap02.html#tag_15_10_16: on, with a timeout of 0.
_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class Delivery(Enum):
    """How much of a response is sent, and how its connection ends."""

    COMPLETE = "complete"
    TRUNCATED = "truncated"
    RESET = "reset"


@attrs.define
class Response:
    """A response.

    Attributes:
        status: HTTP status; 0 if the connection ends before the request is executed.
        body: the body.
        content_type: the Content-Type header.
        headers: further headers.
        delay: seconds to wait before it is sent.
        delivery: whether it is sent completely, and what happens to the connection.
        fraction: how much of a truncated body is sent.
        bytes_per_second: how fast the body is sent; None for at once.
        record: the entry in the list of recent requests; None if there is none.
    """

    status: int = HTTPStatus.OK.value
    body: bytes = b""
    content_type: str = JSON_CONTENT_TYPE
    headers: dict[str, str] = attrs.field(factory=dict)
    delay: float = 0.0
    delivery: Delivery = Delivery.COMPLETE
    fraction: float = 1.0
    bytes_per_second: float | None = None
    record: RecordedRequest | None = None


async def send(
    response: Response, request: web.BaseRequest, more: Mapping[str, str], sleep: Sleep
) -> web.StreamResponse:
    """Send a response; cancelling it leaves the connection to be closed.

    Arguments:
        response: the response.
        request: the request that it answers.
        more: headers that every response has.
        sleep: waits between the chunks of a slow body.
    """
    headers = {"Content-Type": response.content_type, **more, **response.headers}
    if response.delivery is Delivery.RESET:
        _reset(request)
    elif response.body and (response.delivery is Delivery.TRUNCATED or response.bytes_per_second is not None):
        return await _send_in_chunks(response, request, headers, sleep)
    return web.Response(body=response.body, status=response.status or HTTPStatus.OK.value, headers=headers)


async def _send_in_chunks(
    response: Response, request: web.BaseRequest, headers: Mapping[str, str], sleep: Sleep
) -> web.StreamResponse:
    stream = web.StreamResponse(status=response.status, headers=headers)
    stream.content_length = len(response.body)
    await stream.prepare(request)
    is_truncated, rate = response.delivery is Delivery.TRUNCATED, response.bytes_per_second
    body = response.body[: int(len(response.body) * response.fraction)] if is_truncated else response.body
    size = len(body) if rate is None else max(1, math.ceil(rate * _CHUNK_SECONDS))
    for start in range(0, len(body), size or 1):
        await stream.write(body[start : start + size])
        if rate is not None and not await sleep(size / rate):
            # The emulator shuts down: the rest is sent at once.
            await stream.write(body[start + size :])
            break
    if is_truncated and request.transport is not None:
        request.transport.close()
    return stream


def _reset(request: web.BaseRequest) -> None:
    """Close the connection so that the client gets a connection reset."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        request.transport.abort()
