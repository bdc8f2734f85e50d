"""Guards of aiohttp against responses that are too large, and against bytes that belong to no request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import ServerDisconnectedError

from aiopartnercentral.errors import ResponseTooLargeError

if TYPE_CHECKING:
    from aiohttp import BaseConnector, ClientResponse
    from aiohttp.connector import Connection

__all__ = ["drop_dirty_connections", "limit_body"]

_MOST_DROPPED = 10
_MARK = "_aiopartnercentral_drops"


def drop_dirty_connections(connector: BaseConnector) -> None:
    """Make a pool drop each idle connection on which the head of a response has arrived.

    aiohttp would take that for the response to the next request on the connection.
    """
    if hasattr(connector, _MARK):
        return
    setattr(connector, _MARK, True)
    connect = connector.connect

    async def connect_cleanly(*arguments: Any, **options: Any) -> Connection:  # noqa: ANN401 - aiohttp's arguments
        for _ in range(_MOST_DROPPED):
            connection = await connect(*arguments, **options)
            if connection.protocol is None or not connection.protocol.should_close:
                return connection
            connection.close()
        raise ServerDisconnectedError("the server sends before it is asked")

    connector.connect = connect_cleanly  # type: ignore[method-assign]


def limit_body(response: ClientResponse, most: int) -> None:
    """Make reading a response's body raise `ResponseTooLargeError` if it has more bytes than that."""
    read = response.read

    async def read_at_most() -> bytes:
        length = response.content_length
        if length is not None and length <= most:
            return await read()
        body = bytearray()
        try:
            async for part in response.content.iter_any():
                body += part
                if len(body) > most:
                    break
        except BaseException:
            response.close()
            raise
        if len(body) > most:
            response.close()
            raise ResponseTooLargeError(most)
        response.release()
        return bytes(body)

    response.read = read_at_most  # type: ignore[method-assign]
