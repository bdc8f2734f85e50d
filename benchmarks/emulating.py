"""Runs the emulator, or a server that sends the same bytes without thinking, in a process of its own.

`python -m benchmarks.emulating emulator`, or `bare`, which first takes bodies by operation, a JSON object, from stdin.
Each writes its port as a line on stdout and serves until its stdin ends.
"""

from __future__ import annotations

import asyncio
import sys
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from aiopartnercentral.emulator import Emulator, Quotas
from benchmarks.server import HOST

CONNECTIONS = 1000
CONTENT_TYPE = "application/x-amz-json-1.0"
_PLENTY = 10**9


async def emulate() -> None:
    """Run the emulator with as many connections as a catalog may have, and no other limit."""
    quotas = Quotas(active_connections=_PLENTY, open_invitations=_PLENTY, invitations_per_day=_PLENTY)
    async with Emulator({"AWS": CONNECTIONS}, quotas=quotas) as emulator:
        await _until_told(urlsplit(emulator.endpoint_url).port)


async def repeat() -> None:
    """Run a server of aiohttp that reads each request and answers it with the body that its operation always has."""
    bodies = {name: body.encode() for name, body in orjson.loads(sys.stdin.readline()).items()}

    async def respond(request: web.BaseRequest) -> web.Response:
        await request.read()
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        return web.Response(body=bodies[operation], headers={"Content-Type": CONTENT_TYPE})

    runner = web.ServerRunner(web.Server(respond, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, HOST, 0).start()
    await _until_told(runner.addresses[0][1])
    await runner.cleanup()


async def _until_told(port: int | None) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run({"emulator": emulate, "bare": repeat}[sys.argv[1]]())
