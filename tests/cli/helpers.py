"""A server of a few lines, a terminal, and what a process leaves behind."""

from __future__ import annotations

import inspect
import json
import os
import pty
import re
import sys
import termios
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import attrs
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

GUARD = 60
PYTHON = (sys.executable, "-W", "error::ResourceWarning")
COMMAND = (*PYTHON, "-m", "aiopartnercentral")
LIVE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


@attrs.frozen
class Ended:
    code: int
    out: bytes
    err: str

    @property
    def complaint(self) -> str:
        """The only line on stderr."""
        assert "Traceback" not in self.err
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("aiopartnercentral: ")
        return self.err

    @property
    def items(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


async def everything(stream) -> bytes:
    return b"".join([chunk async for chunk in stream])


@asynccontextmanager
async def serving(answer: Callable[[str, Mapping[str, Any]], Any], **site: Any) -> AsyncIterator[str]:
    """Serve `answer(operation, request)`, which gives the body or (status, body); gives the address."""

    async def respond(request: web.BaseRequest) -> web.Response:
        operation = request.headers["X-Amz-Target"].rpartition(".")[2]
        given = answer(operation, json.loads(await request.read()))
        given = await given if inspect.isawaitable(given) else given
        status, body = given if isinstance(given, tuple) else (200, given)
        return web.Response(status=status, body=body, headers={"Content-Type": "application/x-amz-json-1.0"})

    runner = web.ServerRunner(web.Server(respond, access_log=None, handler_cancellation=True), shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, **site).start()
        scheme = "https" if "ssl_context" in site else "http"
        yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        with anyio.CancelScope(shield=True):
            await runner.cleanup()


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await anyio.sleep(0.01)


def page(items: list[bytes], token: str | None = None, key: str = "ConnectionSummaries") -> bytes:
    """Return the body of a page whose items are spelled just so."""
    more = f',"NextToken":{json.dumps(token)}'.encode() if token else b""
    return b'{"' + key.encode() + b'":[' + b",".join(items) + b"]" + more + b"}"


def connection(number: int, catalog: str = "AWS") -> bytes:
    return json.dumps(
        {
            "Catalog": catalog,
            "Id": f"pac-{number:013d}",
            "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{catalog}/connection/pac-{number:013d}",
            "OtherParticipantAccountId": "123456789012",
            "UpdatedAt": "2025-01-01T00:00:00Z",
            "ConnectionTypes": {
                "SUBSIDIARY": {"Status": "ACTIVE", "OtherParticipant": {"Account": {"Name": f"Company {number}"}}}
            },
        }
    ).encode()


def sources_file(path: Path, urls: Mapping[str, str], catalogs: Sequence[str] = ("AWS", "Sandbox")) -> Path:
    """Write a file of sources: for each account, by its name, where it is."""
    tables = [
        f'[[source]]\nlabel = "{name}/{{catalog}}"\naccount = "{name}"\nendpoint_url = "{urls[name]}"' for name in urls
    ]
    path.write_text("\n".join([f"[defaults]\ncatalogs = {json.dumps(list(catalogs))}", *tables, ""]))
    return path


@contextmanager
def terminal(environment: dict[str, str], columns: int = 120, rows: int = 50) -> Iterator[tuple[int, int]]:
    """Give the terminal's side and the program's side of a pseudo-terminal."""
    environment["TERM"] = "xterm"
    for name in ("COLUMNS", "LINES"):
        environment.pop(name, None)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (rows, columns))
    try:
        yield ours, theirs
    finally:
        os.close(ours)


async def seen(ours: int, theirs: int) -> bytes:
    """Read what is shown until the program has closed its side."""
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = await anyio.to_thread.run_sync(os.read, ours, 65536)
        except OSError:  # how Linux tells that the other side is closed
            chunk = b""
        if not chunk:
            return shown.replace(b"\r\n", b"\n")
        shown += chunk
