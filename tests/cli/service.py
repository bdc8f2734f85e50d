"""A server of a few lines, what it answers, and the file that lists such servers as sources."""

from __future__ import annotations

import inspect
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path


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


def value_of(shapes: dict[str, Any], name: str, depth: int = 4) -> Any:
    """Return a value that botocore accepts, with every member down to a depth; of a union, the last one."""
    shape = shapes[name]
    match shape["type"]:
        case "structure":
            members = {key: member["shape"] for key, member in shape["members"].items()}
            if shape.get("union"):
                members = dict([*members.items()][-1:])
            elif depth <= 0:
                members = {key: members[key] for key in shape.get("required", ())}
            return {key: value_of(shapes, member, depth - 1) for key, member in members.items()}
        case "list":
            return [value_of(shapes, shape["member"]["shape"], depth - 1)] * max(shape.get("min", 0), depth > 0)
        case "timestamp":
            return "2026-11-29T02:15:00Z"
        case "string":
            return shape["enum"][-1] if "enum" in shape else "ü☃" * max(shape.get("min", 0), 1)
        case kind:
            return kind == "boolean" or shape.get("min", 1)
