"""A setting that cannot work is named at once: it is not repeated like a failure of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.exceptions import InvalidConfigError, ProxyConnectionError

from aiopartnercentral import CredentialsError, account
from aiopartnercentral._transport.http.ry_session import RySession
from aiopartnercentral.bulk import Collection, Source
from tests.support.clients import HTTPX, IDENTITY, without_backoff
from tests.support.servers import Reply, socket_server

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers import ScriptedServer

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("http_client", [AIOHTTPSession, HTTPX, RySession])]

PROXY_REFUSAL = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Count the waits before a repetition, and make them short."""
    monkeypatch.setenv("NO_PROXY", "")
    return without_backoff(monkeypatch)


async def mistake(
    http_client: type, endpoint_url: str, *, proxy: str | None = None, user_agent: str | None = None, **options: Any
) -> str:
    proxies = {} if proxy is None else {"http": proxy, "https": proxy}
    config = AioConfig(http_session_cls=http_client, proxies=proxies, user_agent=user_agent)
    with pytest.raises(InvalidConfigError) as caught:
        async with account.connect(endpoint_url=endpoint_url, config=config, **options) as client:
            await client.list_connections(catalog="AWS")
    assert "the-secret" not in "".join(map(str, (caught.value, caught.value.__cause__, caught.value.__context__)))
    return str(caught.value)


@pytest.mark.parametrize("text", [None, "no certificate"])
@pytest.mark.parametrize("way", ["verify", "environment"])
async def test_a_ca_bundle_that_cannot_be_loaded(  # noqa: PLR0917
    http_client: type,
    way: str,
    text: str | None,
    waits: list[object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = tmp_path / "bundle.pem"
    if text is not None:
        bundle.write_text(text)
    if way == "environment":
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    options: dict[str, Any] = {"verify": str(bundle)} if way == "verify" else {}
    message = await mistake(http_client, "https://127.0.0.1:9", **options)
    assert f"the certificates in {bundle} cannot be loaded" in message
    assert "AWS_CA_BUNDLE" in message
    assert waits == []


@pytest.mark.parametrize("proxy", ["http://user:the-secret@proxy:port", "socks5://127.0.0.1:9", "htps://127.0.0.1:9"])
async def test_a_proxy_that_is_not_a_url_or_of_another_kind(
    http_client: type, server: ScriptedServer, proxy: str, waits: list[object]
) -> None:
    assert "the proxy is not usable: check HTTP_PROXY" in await mistake(http_client, server.url, proxy=proxy)
    assert waits == []


@pytest.mark.parametrize("endpoint_url", ["http://192.0.2.1", "https://192.0.2.1"])
async def test_a_proxy_that_demands_a_password_is_not_the_service(
    http_client: type, endpoint_url: str, waits: list[object]
) -> None:
    with socket_server(PROXY_REFUSAL) as url:
        proxy = url.replace("//", "//user:the-secret@")
        message = await mistake(http_client, endpoint_url, proxy=proxy)
    assert "the proxy demands authentication (HTTP 407)" in message
    assert waits == []


async def test_a_proxy_that_is_down_is_repeated(http_client: type, waits: list[object]) -> None:
    config = AioConfig(http_session_cls=http_client, proxies={"http": "http://127.0.0.1:9"})
    async with account.connect(endpoint_url="http://192.0.2.1", config=config) as client:
        with pytest.raises(ProxyConnectionError):
            await client.list_connections(catalog="AWS")
    assert len(waits) == 2


async def test_a_session_token_with_a_newline(http_client: type, server: ScriptedServer, waits: list[object]) -> None:
    session = AioSession()
    session.set_credentials("a", "b", "the-secret\n")
    message = await mistake(http_client, server.url, session=session)
    assert "the header X-Amz-Security-Token has a control character or a surrogate: check AWS_SESSION_TOKEN" in message
    assert (waits, server.received) == ([], [])


async def test_a_user_agent_with_a_surrogate(http_client: type, server: ScriptedServer, waits: list[object]) -> None:
    message = await mistake(http_client, server.url, user_agent="me\ud800")
    assert "the header User-Agent has a control character or a surrogate: check user_agent" in message
    assert (waits, server.received) == ([], [])


async def test_an_argument_that_cannot_be_credentials(http_client: type) -> None:
    config = AioConfig(http_session_cls=http_client)
    options: Any = {**IDENTITY, "aws_secret_access_key": 5}
    with pytest.raises(TypeError, match="aws_secret_access_key must be a string, not an integer"):
        async with account.connect(config=config, **options):
            pass


async def test_a_source_fails_at_once(
    http_client: type, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-secret\n")
    retried: list[object] = []
    collection = Collection(
        account.listings.list_connections(),
        Source("AWS", endpoint_url=server.url),
        config=AioConfig(http_session_cls=http_client),
        observer=lambda event: retried.append(event) if type(event).__name__ == "Retried" else None,
    )
    with pytest.raises(CredentialsError, match="env: session_token must not contain control characters"):
        await collection.collect()
    assert retried == []


async def test_a_redirect_free_response_passes(http_client: type, server: ScriptedServer) -> None:
    server.replies(Reply({"ConnectionSummaries": []}))
    config = AioConfig(http_session_cls=http_client)
    async with account.connect(endpoint_url=server.url, config=config) as client:
        assert (await client.list_connections(catalog="AWS")).connection_summaries == []
