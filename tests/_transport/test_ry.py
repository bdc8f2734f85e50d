"""What only the HTTP client ry does, or refuses to do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import anyio
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.exceptions import InvalidConfigError

from aiopartnercentral import TransportInfo, account
from aiopartnercentral._transport.http.ry_client import RyClient
from aiopartnercentral._transport.http.ry_session import RySession
from aiopartnercentral._transport.http.settings import HttpSettings, default_ca_bundle
from aiopartnercentral.bulk import ClientPool, Source
from tests.support.clients import HTTPX, IDENTITY
from tests.support.hostile_server import hanging, hostile_server, sending

pytestmark = pytest.mark.anyio

PAGE = b'HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n{"ConnectionSummaries": []}'
ON_RY: Any = {"http_client": "ry"}

REFUSED: dict[str, dict[str, Any]] = {
    "send a client certificate": {"client_cert": "certificate.pem"},
    "use a proxy whose URL begins with https": {"proxies": {"https": "https://127.0.0.1:1"}},
    "apply proxies_config": {"proxies_config": {"proxy_ca_bundle": "bundle.pem"}},
    "apply force_close, use_dns_cache of connector_args": {
        "connector_args": {"use_dns_cache": False, "force_close": True, "keepalive_timeout": 5}
    },
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_it_cannot_do_is_refused_when_a_client_is_opened(what: str) -> None:
    with pytest.raises(InvalidConfigError, match=f"the HTTP client ry cannot {what}.*: use http_client='asyncio'"):
        async with account.connect(config=AioConfig(**REFUSED[what]), **ON_RY):
            pass


async def test_a_path_in_another_form_would_break_the_signature() -> None:
    with hostile_server(sending(PAGE)) as server:
        async with account.connect(endpoint_url=f"{server.url}/a/../b", **ON_RY) as client:
            with pytest.raises(InvalidConfigError, match="the path of the endpoint URL is not in normal form"):
                await client.list_connections(catalog="AWS")
        async with account.connect(endpoint_url=f"{server.url}/a%20b//c/", **ON_RY) as client:
            await client.list_connections(catalog="AWS")
    (request,) = server.requests
    assert request.startswith(b"POST /a%20b//c/ HTTP/1.1\r\n")


async def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ry", None)
    with pytest.raises(ImportError, match=r"this needs ry: pip install ry \(part of the extra 'ry' of"):
        async with account.connect(**ON_RY):
            pass


class OwnSession(AIOHTTPSession):  # type: ignore[misc] # which has no types
    pass


@pytest.mark.parametrize("cls", [HTTPX, OwnSession])
async def test_it_excludes_another_http_session_class(cls: type) -> None:
    config = AioConfig(http_session_cls=cls)
    with pytest.raises(TypeError, match="http_client and an http_session_cls of the config exclude each other"):
        async with account.connect(config=config, **ON_RY):
            pass


def test_the_names_of_http_clients_are_checked() -> None:
    with pytest.raises(ValueError, match="http_client must be 'asyncio' or 'ry', not 'curl'"):
        ClientPool(http_client="curl")  # type: ignore[arg-type] # the mistake


def test_it_needs_asyncio() -> None:
    async def main() -> None:
        async with account.connect(**ON_RY):
            pass

    with pytest.raises(RuntimeError, match="asyncio"):
        anyio.run(main, backend="trio")


@pytest.mark.usefixtures("direct_requests", "loaded_botocore")  # botocore's session is examined, too
async def test_all_clients_send_through_it() -> None:
    with hostile_server(sending(PAGE)) as server:
        source, url = Source("AWS", endpoint_url=server.url), server.url
        async with (
            account.connect(endpoint_url=url, **ON_RY) as usual,
            account.connect(endpoint_url=url, session=AioSession(), **ON_RY) as of_a_session,
            account.connect(endpoint_url=url, direct=False, **ON_RY) as through_botocore,
            ClientPool(**ON_RY) as pool,
            pool.lease(source, account.Client) as pooled,
        ):
            assert usual.transport == pooled.transport == TransportInfo(kind="direct", reason=None)
            for client in (usual, of_a_session, through_botocore, pooled):
                assert (await client.list_connections(catalog="AWS")).connection_summaries == []
                assert isinstance(client._api.transport.connection.botocore.client._endpoint.http_session, RySession)
    assert server.connections == 4


async def test_without_certifi_the_bundle_is_botocores(monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore  # noqa: PLC0415 - to compare with

    monkeypatch.setitem(sys.modules, "certifi", None)
    assert default_ca_bundle() == str(Path(botocore.__file__).with_name("cacert.pem"))
    RyClient(HttpSettings()).close()


async def test_a_closed_client_sends_nothing() -> None:
    client = RyClient(HttpSettings())
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        await client.request("POST", "http://127.0.0.1:1", {}, b"")


async def test_calls_in_flight_at_the_close_send_nothing_further() -> None:
    with hostile_server(hanging()) as server:
        async with account.connect(endpoint_url=server.url, http_client="ry", **IDENTITY) as client:
            calls = [asyncio.create_task(client.list_connections(catalog="AWS")) for _ in range(3)]
            while len(server.requests) < len(calls):
                await asyncio.sleep(0.01)
        server.answer = sending(PAGE)
        for call in calls:
            with pytest.raises(RuntimeError, match="open only inside"):
                await client.list_connections(catalog="AWS")
            call.cancel()
        await asyncio.wait(calls)
        assert len(server.requests) == len(calls)


def test_no_setting_shows_the_password_of_a_proxy() -> None:
    assert "the-secret" not in repr(HttpSettings(proxy="http://user:the-secret@proxy"))


def test_a_process_ends_as_it_should_and_loads_no_botocore() -> None:
    """Other HTTP clients written in Rust abort the process, now and then, if it ends soon after a response."""
    program = dedent("""
        import asyncio, sys
        from aiopartnercentral._transport.http.ry_client import RyClient
        from aiopartnercentral._transport.http.settings import HttpSettings

        async def main(url):
            client = RyClient(HttpSettings(max_connections=4))
            calls = [asyncio.create_task(client.request("POST", url, {}, b"{}")) for _ in range(8)]
            print((await calls[0]).body.decode())
            for call in calls:
                call.cancel()

        asyncio.run(main(sys.argv[1]))
        print({"aiohttp", "aiobotocore", "botocore"} & sys.modules.keys())
    """)
    with hostile_server(sending(PAGE)) as server:
        command = [sys.executable, "-c", program, server.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\n")[:2] == ['{"ConnectionSummaries": []}', "set()"]
