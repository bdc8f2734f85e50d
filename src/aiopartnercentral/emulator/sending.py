"""An answer over the wire, whole or not."""

from __future__ import annotations

import math
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from aiopartnercentral.emulator.response import Ending

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiopartnercentral.emulator.response import Reply

    Hold = Callable[[float], Awaitable[bool]]

# Seconds between two pieces of a body that trickles, unless they would be less than a byte.
_BEAT = 0.05
# https://pubs.opengroup.org/onlinepubs/9699919799/functions/V2_chap02.html#tag_15_10_16: on, and for no time.
_AT_ONCE = struct.pack("ii", 1, 0)


async def send(reply: Reply, request: web.BaseRequest, more: Mapping[str, str], hold: Hold) -> web.StreamResponse:
    """Send an answer; cancelled, it leaves the connection to be closed.

    Arguments:
        reply: the answer.
        request: what it answers.
        more: headers that every answer has.
        hold: waits so many seconds, or less if the emulator ends; tells whether it goes on.
    """
    headers = {"Content-Type": reply.content_type, **more, **reply.headers}
    if reply.ending is Ending.RESET:
        _reset(request)
    elif reply.ending is Ending.CUT or reply.pace is not None:
        return await _send_in_pieces(reply, request, headers, hold)
    return web.Response(body=reply.body, status=reply.status or HTTPStatus.OK.value, headers=headers)


async def _send_in_pieces(
    reply: Reply, request: web.BaseRequest, headers: Mapping[str, str], hold: Hold
) -> web.StreamResponse:
    response = web.StreamResponse(status=reply.status, headers=headers)
    response.content_length = len(reply.body)
    await response.prepare(request)
    body = reply.body[: int(len(reply.body) * reply.share)] if reply.ending is Ending.CUT else reply.body
    size = len(body) if reply.pace is None else max(1, math.ceil(reply.pace * _BEAT))
    for start in range(0, len(body), size or 1):
        await response.write(body[start : start + size])
        if reply.pace is not None and not await hold(size / reply.pace):
            # The emulator ends: what is left goes at once.
            await response.write(body[start + size :])
            break
    if reply.ending is Ending.CUT and request.transport is not None:
        request.transport.close()
    return response


def _reset(request: web.BaseRequest) -> None:
    """End the connection so that its other side gets an error."""
    if request.transport is not None:
        connection = request.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        request.transport.abort()
