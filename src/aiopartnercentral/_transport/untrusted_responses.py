"""Guards of aiohttp against responses that are too large, and against bytes that belong to no request."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from aiohttp import ClientResponse, ServerDisconnectedError

from aiopartnercentral.errors import ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiohttp import BaseConnector, ClientSession
    from aiohttp.connector import Connection

__all__ = ["drop_dirty_connections", "limit_responses"]

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
        raise ServerDisconnectedError("the server sent data before any request")

    connector.connect = connect_cleanly  # type: ignore[method-assign]


def limit_responses(session: ClientSession, most: int) -> None:
    """Make reading a response's body raise `ResponseTooLargeError` if it has more bytes than that."""
    session._response_class = _limited_class(most)  # noqa: SLF001 - aiobotocore creates the session


@cache
def _limited_class(most: int) -> type[ClientResponse]:
    class LimitedResponse(ClientResponse):
        """A response whose body is limited."""

        def read(self) -> Coroutine[Any, Any, bytes]:  # pyright: ignore[reportIncompatibleMethodOverride] # it is one
            length = self.content_length
            return super().read() if length is not None and length <= most else self._read_at_most()

        async def _read_at_most(self) -> bytes:
            body = bytearray()
            try:
                async for part in self.content.iter_any():
                    body += part
                    if len(body) > most:
                        break
            except BaseException:
                self.close()
                raise
            if len(body) > most:
                self.close()
                raise ResponseTooLargeError(most)
            self.release()
            return bytes(body)

    return LimitedResponse
