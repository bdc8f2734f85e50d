"""The emulator, and a server that repeats its responses, for workers to open."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from aiopartnercentral.emulator import Emulator, Quotas
from benchmarks.server import HOST, Address

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

CONNECTIONS = 1000
CONTENT_TYPE = "application/x-amz-json-1.0"
_PLENTY = 10**9


@asynccontextmanager
async def open_emulator(latency: float = 0.0) -> AsyncIterator[Address]:
    """Run the emulator with the maximum connections of a catalog and no other limit; yields its address.

    Arguments:
        latency: seconds that it waits before each response.
    """
    quotas = Quotas(active_connections=_PLENTY, open_invitations=_PLENTY, invitations_per_day=_PLENTY)
    async with Emulator({"AWS": CONNECTIONS}, quotas=quotas, latency=latency) as emulator:
        yield Address(urlsplit(emulator.endpoint_url).port or 0)


@asynccontextmanager
async def open_repeater(bodies: Mapping[str, bytes]) -> AsyncIterator[Address]:
    """Run an aiohttp server that answers each request with the prepared body of its operation."""

    async def respond(request: web.BaseRequest) -> web.Response:
        await request.read()
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        return web.Response(body=bodies[operation], headers={"Content-Type": CONTENT_TYPE})

    runner = web.ServerRunner(web.Server(respond, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    yield Address(runner.addresses[0][1])
    await runner.cleanup()
