"""Connections that start without botocore, whose import and first client take almost half of the time to a first page.

Anything unusual opens botocore's client: an error, a broken connection, an unusual parameter. Credentials that are not
keys in the environment or a profile need botocore's chain, but no client.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs
import botocore

from aiopartnercentral._transport.call_context import MAX_CONNECTIONS, STANDARD_ATTEMPTS
from aiopartnercentral._transport.clock_skew import ServiceClock
from aiopartnercentral._transport.closed import client_closed
from aiopartnercentral._transport.connection import Connection
from aiopartnercentral._transport.direct.pinned_requests import PinnedRequests
from aiopartnercentral._transport.direct.sender import DirectSender
from aiopartnercentral._transport.event_loops import loop_check
from aiopartnercentral._transport.http.settings import HttpSettings
from aiopartnercentral._transport.user_agent import user_agent
from aiopartnercentral._utils import model_data
from aiopartnercentral._utils.loading import load_in_this_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiopartnercentral._transport.botocore_client import BotocoreClient
    from aiopartnercentral._transport.http.asyncio_client import AsyncioPool
    from aiopartnercentral._transport.http.ry_client import RyPool
    from aiopartnercentral._transport.standalone_settings import StandaloneSettings
    from aiopartnercentral.types import Service

__all__ = ["chain_credentials", "open_standalone_connection"]

_LOGGER = logging.getLogger("aiopartnercentral.transport")


@asynccontextmanager
async def open_standalone_connection(
    service: Service, settings: StandaloneSettings, max_response_bytes: int
) -> AsyncIterator[Connection]:
    """Open a connection that starts without botocore.

    Arguments:
        service: the service.
        settings: its settings.
        max_response_bytes: maximum bytes of a response.
    """
    from aiobotocore import __version__ as aiobotocore_version  # noqa: PLC0415 - only the version

    description = model_data.load(service.name, service.api_version)
    agent, clock = user_agent("aiobotocore", aiobotocore_version, "standard"), ServiceClock()
    requests = PinnedRequests(
        description=description,
        protocol=settings.protocol,
        endpoint_url=settings.endpoint_url.rstrip("/"),
        region=settings.region,
        user_agent=f"{agent} botocore/{botocore.__version__}",
        keys=settings.keys,
    )
    async with AsyncExitStack() as stack:
        pool = _pool(settings, max_response_bytes)
        stack.push_async_callback(pool.aclose)
        connection = Connection(
            service=service,
            protocol=settings.protocol,
            endpoint_url=settings.endpoint_url,
            max_connections=MAX_CONNECTIONS,
            max_attempts=STANDARD_ATTEMPTS,
            clock=clock,
            obstacle=None,
            sender=DirectSender(pool, requests, clock),
            open_botocore=_Opener(service, settings, max_response_bytes, agent, pool, requests, stack).open,
            check_loop=loop_check(),
        )
        requests.opened_botocore = connection.opened_botocore
        try:
            yield connection
        finally:
            connection.is_closed = True


def _pool(settings: StandaloneSettings, max_response_bytes: int) -> AsyncioPool | RyPool:
    """Return the connections, with the settings that aiobotocore has by default."""
    is_tls = settings.endpoint_url.startswith("https")
    verify = settings.verify if is_tls or isinstance(settings.verify, str) else False
    http = HttpSettings(verify=verify, max_response_bytes=max_response_bytes)
    if settings.http_client == "ry":
        from aiopartnercentral._transport.http.ry_client import RyPool  # noqa: PLC0415 - an optional dependency

        return RyPool(http)
    from aiopartnercentral._transport.http.asyncio_client import AsyncioPool  # noqa: PLC0415 - ry does without it

    return AsyncioPool(http)


@attrs.define(eq=False, repr=False)
class _Opener:
    """Opens botocore's client, which sends over the same connections."""

    service: Service
    settings: StandaloneSettings
    max_response_bytes: int
    user_agent: str
    pool: AsyncioPool | RyPool
    requests: PinnedRequests
    stack: AsyncExitStack
    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)

    async def open(self, connection: Connection) -> BotocoreClient:
        """Open the client, and let failed attempts be handed over to it; further calls wait for the first one."""
        async with self.lock:
            return connection.botocore or await self._open(connection)

    async def _open(self, connection: Connection) -> BotocoreClient:
        await asyncio.to_thread(load_in_this_thread, "aiopartnercentral._transport.botocore_connection")
        from aiopartnercentral._transport.botocore_connection import borrowing_botocore  # noqa: PLC0415 - loads botocore

        opening = borrowing_botocore(self.service, self.settings, self.pool, self.max_response_bytes, self.user_agent)
        botocore, obstacle, self.requests.after_call = await self.stack.enter_async_context(opening)
        if connection.is_closed:  # meanwhile, so that nobody else closes it
            await self.stack.aclose()
            raise client_closed()
        connection.clock.signer = botocore.client._request_signer  # noqa: SLF001 - nothing else signs with its credentials
        if obstacle is not None:
            connection.obstacle, connection.sender = obstacle, None
        _LOGGER.debug("%s: botocore is loaded", self.service.name)
        return botocore


async def chain_credentials(options: Mapping[str, Any], region: str) -> Any:  # noqa: ANN401 - botocore's, without types
    """Return the credentials that botocore's chain finds; None if it finds none.

    Arguments:
        options: the options of a client.
        region: the region of STS, unless the profile or the environment sets another.

    Raises:
        CredentialsError: they cannot be obtained.
        botocore.exceptions.BotoCoreError: the configuration is not usable, or a login is required.
    """
    # Not in a thread, so that nothing changes the settings or forks the process before the session has read them.
    from aiopartnercentral._transport.client_factory import chain_session  # noqa: PLC0415 - loads botocore
    from aiopartnercentral._transport.time_limits import in_time  # noqa: PLC0415 - as above

    timeout = options.get("timeout")
    session = chain_session(options.get("profile"), options.get("verify"), region, timeout)
    credentials = await in_time("the credentials of the session", timeout, session.get_credentials)
    session.get_auth_token()  # refuses a login that is configured wrongly, as for each client
    return credentials
