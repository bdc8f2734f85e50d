"""Connections of aiobotocore clients, which send directly if there is nothing unusual about the client."""

from __future__ import annotations

import math
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession

from aiopartnercentral._transport.botocore_client import BotocoreClient
from aiopartnercentral._transport.chain import UnconfiguredSession
from aiopartnercentral._transport.client_factory import NO_KEYS, open_botocore_client
from aiopartnercentral._transport.clock_skew import ServiceClock
from aiopartnercentral._transport.connection import Connection
from aiopartnercentral._transport.direct.botocore_requests import BotocoreRequests
from aiopartnercentral._transport.direct.eligibility import client_obstacle, quota_handlers, session_obstacle
from aiopartnercentral._transport.direct.handover import register_handover
from aiopartnercentral._transport.direct.sender import DirectSender
from aiopartnercentral._transport.event_loops import loop_check, opened_elsewhere, running_loop
from aiopartnercentral._transport.http.asyncio_client import AsyncioPool
from aiopartnercentral._transport.http.ry_session import RySession
from aiopartnercentral._transport.http.settings import HttpSettings
from aiopartnercentral._transport.http_client import Guard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from aiopartnercentral._transport.http.ry_client import RyPool
    from aiopartnercentral._transport.standalone_settings import StandaloneSettings
    from aiopartnercentral.types import Service

__all__ = ["botocore_connection", "open_botocore_connection"]

_KEEPALIVE, _DNS_TTL, _UNLIMITED = 15.0, 10.0, 1_000_000  # aiohttp's defaults, and what it takes 0 for


@asynccontextmanager
async def open_botocore_connection(
    service: Service, *, max_response_bytes: int, direct: bool, options: Mapping[str, Any]
) -> AsyncIterator[Connection]:
    """Open the connection of a new aiobotocore client.

    Arguments:
        service: the service.
        max_response_bytes: maximum bytes of a response.
        direct: whether requests may be sent directly.
        options: the options of `open_botocore_client`.

    Raises:
        Exception: see `open_botocore_client`.
    """
    obstacle = session_obstacle(options.get("session")) if direct else "direct is False"
    async with open_botocore_client(service, **options) as client:
        connection = botocore_connection(client, service, max_response_bytes, obstacle)
        connection.check_loop = loop_check()
        try:
            yield connection
        finally:
            connection.is_closed = True


def botocore_connection(
    client: Any,  # noqa: ANN401 - aiobotocore has no types
    service: Service,
    max_response_bytes: int | None,
    obstacle: str | None,
) -> Connection:
    """Return the connection of an aiobotocore client, which the caller closes.

    Arguments:
        client: the client.
        service: the service.
        max_response_bytes: maximum bytes of a response; None for no limit.
        obstacle: why botocore has to send every attempt; None if that depends on the client.

    Raises:
        TypeError: the client is not an aiobotocore client of the service.
        botocore.exceptions.InvalidConfigError: its endpoint URL cannot be used.
    """
    botocore = BotocoreClient(client, service, max_response_bytes)
    clock = ServiceClock(client._request_signer)  # noqa: SLF001 - nothing else signs with its credentials
    obstacle = obstacle or client_obstacle(client)
    sender = None
    if obstacle is None:
        register_handover(client)
        http: Any = client._endpoint.http_session  # noqa: SLF001 - nothing else has the HTTP client
        own = http if isinstance(http, RySession) else _pool(client)
        sender = DirectSender(own, BotocoreRequests(botocore), clock)
    return Connection(
        service=service,
        protocol=botocore.protocol,
        endpoint_url=botocore.endpoint_url,
        max_connections=botocore.max_connections,
        max_attempts=botocore.max_attempts,
        clock=clock,
        obstacle=obstacle,
        sender=sender,
        botocore=botocore,
        check_loop=_connections_check(client._endpoint.http_session),  # noqa: SLF001 - nothing else has it
    )


def _connections_check(http: Any) -> Callable[[], None] | None:  # noqa: ANN401 - as above
    """Return a function that raises `opened_elsewhere` if aiohttp's connections belong to another event loop.

    They belong to the loop of the first request, which need not be the one in which the client was opened. HTTP clients
    other than aiobotocore's default are not checked.
    """
    if not isinstance(http, AIOHTTPSession):
        return None

    def check() -> None:
        own = running_loop()
        for session in (http._sessions or {}).values():  # noqa: SLF001 - nothing else has them
            if getattr(session, "_loop", own) is not own:  # aiohttp's, and no other one's
                raise opened_elsewhere()

    return check


def _pool(client: Any) -> AsyncioPool:  # noqa: ANN401 - as above
    """Return connections with the settings of a client's HTTP client, which closes them."""
    http = client._endpoint.http_session  # noqa: SLF001 - nothing else has the HTTP client
    arguments, timeout = http._connector_args or {}, http._timeout  # noqa: SLF001 - nothing else has these
    keepalive, ttl = arguments.get("keepalive_timeout", _KEEPALIVE), arguments.get("ttl_dns_cache", _DNS_TTL)
    settings = HttpSettings(
        connect_timeout=timeout.sock_connect or None,
        read_timeout=timeout.sock_read or None,
        max_connections=http._max_pool_connections or _UNLIMITED,  # noqa: SLF001 - as above
        keepalive=_or_forever(keepalive),
        dns_ttl=_or_forever(ttl) if arguments.get("use_dns_cache", True) else 0.0,
        verify=http._verify,  # noqa: SLF001 - as above
        max_response_bytes=http.max_response_bytes,
    )
    pool = http.pool = AsyncioPool(settings, http.tls_context)
    return pool


def _or_forever(seconds: float | None) -> float:
    return math.inf if seconds is None else float(seconds)


@asynccontextmanager
async def borrowing_botocore(
    service: Service,
    settings: StandaloneSettings,
    pool: AsyncioPool | RyPool,
    max_response_bytes: int,
    user_agent: str,
) -> AsyncIterator[tuple[BotocoreClient, str | None, list[Any]]]:
    """Open an aiobotocore client for attempts that were made without it; it sends over their connections.

    Its settings are theirs, whatever has changed in the environment and the AWS config files since. It yields the
    client, the reason why that is not eligible, or None, and the handlers that tell its retry quota about a success.

    Arguments:
        service: the service.
        settings: the settings of the attempts.
        pool: the connections, which are not closed.
        max_response_bytes: maximum bytes of a response.
        user_agent: the user agent of the attempts, without botocore's version.
    """
    http: Any = _borrowing(pool)
    config = AioConfig(http_session_cls=http, retries={"mode": "standard"}, proxies={}, user_agent=user_agent)
    options: Any = {"region_name": settings.region, "endpoint_url": settings.endpoint_url, "verify": settings.verify}
    # The credentials are none of the options, as tools that report errors show local variables.
    opening = open_botocore_client(
        service, timeout=None, session=UnconfiguredSession(), config=config, **NO_KEYS, **options
    )
    async with opening as client:
        botocore = BotocoreClient(client, service, max_response_bytes)
        botocore.sign_with(settings.keys)
        obstacle = client_obstacle(client)
        register_handover(client)
        yield botocore, obstacle, quota_handlers(client)


def _borrowing(pool: AsyncioPool | RyPool) -> Any:  # noqa: ANN401 - aiobotocore has no types
    """Return a class of aiobotocore's HTTP clients that send over given connections."""
    if isinstance(pool, AsyncioPool):
        return type("Borrowing", (Guard, AIOHTTPSession), {"__module__": __name__, "pool": pool, "owns_pool": False})

    base: Any = RySession
    opened = pool.opened

    class Borrowed(base):  # type: ignore[misc] # as above
        async def _get_session(self, *_: object) -> Any:  # noqa: ANN401 - a client of ry
            return await opened()

    class Borrowing(Guard, Borrowed):
        """An HTTP client over the connections of another one."""

    return Borrowing
