"""Opens connections: without botocore where nothing needs it yet, otherwise those of aiobotocore clients."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral._transport.api_call import DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiopartnercentral._transport.connection import Connection
    from aiopartnercentral.types import Service

__all__ = ["open_connection"]

_MAX_RESPONSE_BYTES = 100 * 1024 * 1024
_OF_CLIENTS = frozenset({"json_converter", "botocore_converter", "max_response_bytes", "direct", "observer"})


@asynccontextmanager
async def open_connection(service: Service, options: Mapping[str, Any]) -> AsyncIterator[Connection]:
    """Open a connection to a service.

    Arguments:
        service: the service.
        options: the options of a client, checked; see `ConnectOptions`.

    Raises:
        ImportError: the package of the HTTP client is not installed.
        RuntimeError: the process was forked after its parent had loaded the HTTP client ry.
        TypeError: two options exclude each other.
        CredentialsError: the credentials cannot be obtained.
        botocore.exceptions.BotoCoreError: the profile does not exist, or the configuration is not usable.
    """
    if options.get("http_client") == "ry":
        # First, so that a forked process is refused before it opens anything that may wait forever.
        from aiopartnercentral._transport.http.ry_module import load_ry  # noqa: PLC0415 - an optional dependency

        load_ry()
    direct: bool = options.get("direct", True)
    most: int = options.get("max_response_bytes", _MAX_RESPONSE_BYTES)
    own = {name: value for name, value in options.items() if name not in _OF_CLIENTS}
    own.setdefault("timeout", DEFAULT_TIMEOUT)
    from aiopartnercentral._transport.standalone_settings import standalone_settings  # noqa: PLC0415 - loads asyncio

    settings = standalone_settings(service, own) if direct else None
    if settings is not None:
        from aiopartnercentral._transport import standalone  # noqa: PLC0415 - as above

        if settings.keys == "chain":
            settings = attrs.evolve(settings, keys=await standalone.chain_credentials(own, settings.region))
        async with standalone.open_standalone_connection(service, settings, most) as connection:
            yield connection
        return
    from aiopartnercentral._transport.botocore_connection import open_botocore_connection  # noqa: PLC0415 - loads botocore

    async with open_botocore_connection(service, max_response_bytes=most, direct=direct, options=own) as connection:
        yield connection
