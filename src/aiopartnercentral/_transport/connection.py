"""A connection to a service, which all accounts with the same settings share, and the calls of one account over it.

The first attempt of a usual call is sent directly. Everything else goes through botocore's client, which may be opened
when it is first needed.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral._transport.call_context import CBOR, EMPTY_BODIES, CallContext
from aiopartnercentral._transport.closed import client_closed
from aiopartnercentral._transport.responses import RawResponse
from aiopartnercentral.types import TransportInfo

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiopartnercentral._transport.botocore_client import BotocoreClient
    from aiopartnercentral._transport.call_context import Pause
    from aiopartnercentral._transport.clock_skew import ServiceClock
    from aiopartnercentral._transport.direct.sender import DirectSender
    from aiopartnercentral._transport.responses import ErrorResponseError
    from aiopartnercentral.types import JsonValue, Operation, Service

__all__ = ["Connection", "Transport"]

_LOGGER = logging.getLogger("aiopartnercentral.transport")
_JSON_PROTOCOLS = ("json", "rest-json")


@attrs.define(kw_only=True, eq=False, repr=False)
class Connection:
    """A connection to a service.

    Attributes:
        service: the service.
        protocol: the protocol.
        endpoint_url: the URL that requests are sent to.
        max_connections: maximum requests in flight.
        max_attempts: how often a request may be sent.
        clock: the service's clock.
        obstacle: why botocore sends every attempt; None if the first attempts of usual calls are sent directly.
        sender: sends them directly.
        open_botocore: opens botocore's client, if it is not open.
        botocore: botocore's client, once it is open.
        is_closed: whether calls are rejected.
        check_loop: raises in another event loop; None if calls may be made in any.
    """

    service: Service
    protocol: str
    endpoint_url: str
    max_connections: int
    max_attempts: int
    clock: ServiceClock
    obstacle: str | None
    sender: DirectSender | None
    open_botocore: Callable[[Connection], Awaitable[BotocoreClient]] | None = None
    botocore: BotocoreClient | None = None
    is_closed: bool = False
    check_loop: Callable[[], None] | None = None

    def __attrs_post_init__(self) -> None:
        way = f"botocore sends all requests: {self.obstacle}" if self.obstacle else "direct"
        _LOGGER.debug("%s: %s", self.service.name, way)

    @property
    def info(self) -> TransportInfo:
        """How requests are sent."""
        return TransportInfo(kind="botocore" if self.obstacle else "direct", reason=self.obstacle)

    async def opened_botocore(self) -> BotocoreClient:
        """Return botocore's client, which is opened if it is not open."""
        if self.botocore is None and self.open_botocore is not None:
            try:
                self.botocore = await self.open_botocore(self)
            except OSError as error:  # such as too many open files
                from botocore.exceptions import HTTPClientError  # noqa: PLC0415 - slow to load

                raise HTTPClientError(error=error) from error
        if self.botocore is None:
            raise RuntimeError("a connection without botocore's client")
        return self.botocore


@attrs.frozen(eq=False, repr=False)
class Transport:
    """Sends the calls of one account over a connection.

    Attributes:
        connection: the connection.
        credentials: botocore's credentials of the account; None for those of the connection.
    """

    connection: Connection
    credentials: Any = None

    @property
    def info(self) -> TransportInfo:
        """How requests are sent."""
        return self.connection.info

    @property
    def endpoint_url(self) -> str:
        """The URL of the endpoint by the configuration; botocore's rules may choose another for a request."""
        return self.connection.endpoint_url

    @property
    def max_connections(self) -> int:
        """Maximum requests in flight, by the configuration."""
        return self.connection.max_connections

    def expire_credentials(self, error: ErrorResponseError) -> bool:
        """Return whether the service says that the credentials have expired, and a call would now obtain new ones."""
        botocore = self.connection.botocore
        return botocore is not None and botocore.expire_credentials(error, self.credentials)

    def start_call(
        self,
        operation: Operation[Any, Any],
        *,
        attempts: int | None = None,
        pause: Pause | None = None,
        content: bytes | None = None,
    ) -> CallContext:
        """Return the state of a call that has not been sent.

        Arguments:
            operation: the operation.
            attempts: how often the request may be sent; None for as often as the configuration says.
            pause: awaited halfway through botocore's work on a call, which takes half a millisecond.
            content: the body to send instead of one that is made of the parameters.
        """
        connection = self.connection
        protocol = connection.protocol
        return CallContext(
            protocol=protocol,
            keeps_body=operation.all_in_body and protocol in EMPTY_BODIES,
            # In other protocols, members of an error may be in headers.
            keeps_error=protocol in ("json", CBOR),
            repairs_error=protocol in _JSON_PROTOCOLS,
            error_codes=connection.service.errors,
            max_attempts=attempts or connection.max_attempts,
            limits_attempts=attempts is not None,
            is_repeatable=operation.readonly or operation.idempotent,
            clock=connection.clock,
            pause=pause,
            credentials=self.credentials,
            content=content,
        )

    async def send(
        self, operation: Operation[Any, Any], params: Mapping[str, JsonValue], call: CallContext
    ) -> RawResponse:
        """Send one call and return its response; a cancellation closes the connection.

        Arguments:
            operation: the operation.
            params: botocore's parameters.
            call: the state of the call.

        Raises:
            ErrorResponseError: the service answered with an error.
            DecodeError: botocore cannot parse the response, or it has no body.
            RuntimeError: the client is closed, or was opened in another event loop.
            botocore.exceptions.BotoCoreError: the request could not be sent, or no complete response arrived.
        """
        connection = self.connection
        if connection.is_closed:
            raise client_closed()
        if connection.check_loop is not None:  # before anything is opened, which its own loop could not close
            connection.check_loop()
        sender, failure = connection.sender, None
        if sender is not None and not call.attempts:
            try:
                metadata = await sender.send(operation, params, call)
            except Exception as error:  # noqa: BLE001 - raised below
                failure = error
            else:
                if metadata is not None:
                    is_cbor = connection.protocol == CBOR
                    return RawResponse(body=call.body, is_cbor=is_cbor, is_direct=True, parsed={}, metadata=metadata)
        botocore = connection.botocore
        if botocore is None:
            try:
                botocore = await connection.opened_botocore()
            except Exception as error:
                error.attempts = call.sent  # type: ignore[attr-defined] # botocore's exceptions lack it
                raise
        if failure is not None:
            raise botocore.failure_of(operation, call, failure)
        return await botocore.send(operation, params, call)
