"""Which clients send directly, and what a direct attempt that does not succeed is handed over as."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from functools import partial
from traceback import TracebackException
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from aiobotocore.client import AioBaseClient
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from anyio import to_thread
from botocore import UNSIGNED
from botocore.exceptions import ConnectionClosedError, HTTPClientError, NoCredentialsError

from aiopartnercentral import (
    CredentialsError,
    RedirectError,
    ResponseTooLargeError,
    ServiceError,
    TransportInfo,
    account,
)
from aiopartnercentral._transport.http.asyncio_client import AsyncioPool
from aiopartnercentral._utils import model_data
from aiopartnercentral.bulk import ClientPool, Source
from tests.support.clients import IDENTITY, session_with_models, without_backoff
from tests.support.servers import Reply, socket_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.servers import ScriptedServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("loaded_botocore")]

DIRECT = TransportInfo(kind="direct", reason=None)
PAGE = Reply({"ConnectionSummaries": []})


class OwnHttpClient(AIOHTTPSession):  # type: ignore[misc] # which has no types
    pass


def botocore(reason: str) -> TransportInfo:
    return TransportInfo(kind="botocore", reason=reason)


def without_botocore(client: account.Client) -> None:
    """Make each further call fail that botocore makes."""

    async def fail(*_: object) -> None:
        raise AssertionError("botocore has made the call")

    inner: Any = client._api.transport
    inner.connection.botocore.client._make_api_call = fail


async def test_a_success_takes_nothing_of_botocore(server: ScriptedServer, client: account.Client) -> None:
    server.replies(PAGE)
    await client.list_connections(catalog="AWS")
    without_botocore(client)
    page = await client.list_connections(catalog="AWS")
    assert client.transport == DIRECT
    assert (page.response_metadata.attempts, page.response_metadata.request_id) == (1, "request-2")
    assert await client.paginate.list_connections(catalog="AWS").collect() == []
    assert len(server.received) == 3


CONFIGS = [
    (AioConfig(retries={"mode": "adaptive"}), "the retry mode is adaptive"),
    (AioConfig(signature_version=UNSIGNED), "the signature version is none"),
    (AioConfig(signature_version="v4-query"), "the signature version is v4-query"),
    (AioConfig(user_agent_appid="app"), "the user agent names the features of each call"),
    (AioConfig(proxies={"http": "http://127.0.0.1:1"}), "requests go through a proxy"),
    (AioConfig(client_cert="certificate.pem"), "there is a client certificate"),
    (AioConfig(http_session_cls=OwnHttpClient), "the HTTP client is a class of the caller's"),
]


@pytest.mark.parametrize(("config", "reason"), CONFIGS, ids=[reason for _, reason in CONFIGS])
async def test_an_unusual_setting_is_left_to_botocore(config: AioConfig, reason: str) -> None:
    async with account.connect(endpoint_url="http://127.0.0.1:2", config=config) as client:
        assert client.transport.kind == "botocore"
        assert (client.transport.reason or "").startswith(reason.partition(" is ")[0])


async def test_what_others_have_created_is_left_to_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    session = session_with_models()
    async with account.connect(session=session) as client:
        assert client.transport == botocore("the session was created by the caller")
    async with session.create_client("partnercentral-account", region_name="us-east-1") as inner:
        assert account.wrap(inner).transport == botocore("the client was created by the caller")
    async with account.connect(direct=False) as client:
        assert client.transport == botocore("direct is False")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    async with account.connect() as client:
        assert client.transport == botocore("requests go through a proxy")


async def test_usual_clients_send_directly_and_so_do_those_of_a_run() -> None:
    for config in (None, AioConfig(retries={"mode": "legacy"}), AioConfig(connect_timeout=5, read_timeout=5)):
        options: Any = {} if config is None else {"config": config}
        async with account.connect(**options) as client:
            assert client.transport == DIRECT
    async with ClientPool() as pool, pool.lease(Source("AWS"), account.Client) as client:
        assert client.transport == DIRECT
    async with ClientPool(direct=False) as pool, pool.lease(Source("AWS"), account.Client) as client:
        assert client.transport == botocore("direct is False")


async def test_an_instrumentation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    original: Callable[..., Any] = AioBaseClient._make_api_call

    async def patched(*arguments: Any, **options: Any) -> Any:
        return await original(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(AioBaseClient, "_make_api_call", patched)
        async with account.connect() as client:
            assert client.transport == botocore("aiobotocore.client.AioBaseClient._make_api_call is patched")
    monkeypatch.setattr("botocore.handlers.BUILTIN_HANDLERS", [*_builtin_handlers(), ("before-send", patched)])
    async with account.connect() as client:
        reason = client.transport.reason or ""
        assert "test_direct" in reason
        assert reason.endswith("patched handles before-send")


def _builtin_handlers() -> list[Any]:
    from botocore.handlers import BUILTIN_HANDLERS  # noqa: PLC0415 - as it is now

    return list(BUILTIN_HANDLERS)


async def test_a_handler_of_one_operation_is_noticed_at_its_first_call(
    server: ScriptedServer, client: account.Client
) -> None:
    server.replies(PAGE)
    seen: list[str] = []
    events: Any = client._api.transport.connection.botocore.client.meta.events
    events.register("before-send.partnercentral-account.ListConnections", lambda request, **_: seen.append(request.url))
    await client.list_connections(catalog="AWS")
    assert len(seen) == len(server.received) == 1


async def test_botocores_debug_log_stays_complete(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "aiopartnercentral.transport")
    async with account.connect() as client:
        assert client.transport == DIRECT
    for name in ("botocore", "botocore.endpoint"):
        with caplog.at_level(logging.DEBUG, name):
            async with account.connect() as client:
                assert client.transport == botocore("botocore logs at DEBUG")
    told = [record.getMessage() for record in caplog.records if record.name == "aiopartnercentral.transport"]
    assert told == [
        "partnercentral-account: direct",
        *["partnercentral-account: botocore sends all requests: botocore logs at DEBUG"] * 2,
    ]


async def test_further_attempts_have_the_id_and_the_token_of_the_first(
    server: ScriptedServer, client: account.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_backoff(monkeypatch)
    server.replies(Reply(status=503), Reply(status=503), Reply({"Catalog": "AWS"}))
    with pytest.raises(Exception, match="required member"):
        await client.start_verification()
    first, *others = server.received
    assert len(others) == 2
    for other in others:
        assert other.body == first.body
        assert other.headers["amz-sdk-invocation-id"] == first.headers["amz-sdk-invocation-id"]
    assert first.headers["amz-sdk-request"].startswith("attempt=1")
    assert "attempt=3" in others[-1].headers["amz-sdk-request"]


async def test_the_retry_quota_gets_back_what_botocore_would_give_back(
    server: ScriptedServer, client: account.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_backoff(monkeypatch)
    server.replies(Reply(status=503), Reply(status=503), Reply(status=503), PAGE)
    with pytest.raises(ServiceError):
        await client.list_connections(catalog="AWS")
    (handler,) = client._api.transport.connection.sender._requests._after_call  # type: ignore[union-attr] # it is direct
    before = handler.__self__._quota.available_capacity
    without_botocore(client)
    await client.list_connections(catalog="AWS")
    assert handler.__self__._quota.available_capacity == before + 1


async def test_errors_are_those_of_botocore(server: ScriptedServer) -> None:
    async with account.connect(endpoint_url=server.url, max_response_bytes=10) as client:
        once = client.with_options(attempts=1)
        server.replies(Reply(status=307, headers={"Location": "http://example.com/"}))
        with pytest.raises(RedirectError, match=r"example\.com"):
            await client.list_connections(catalog="AWS")
        server.replies(Reply({"ConnectionSummaries": [], "More": "x" * 100}))
        with pytest.raises(ResponseTooLargeError):
            await once.list_connections(catalog="AWS")
        server.replies(Reply(status=407))
        with pytest.raises(Exception, match="the proxy demands authentication"):
            await client.list_connections(catalog="AWS")
        assert len(server.received) == 3
    with socket_server(b"") as url:
        async with account.connect(endpoint_url=url) as client:
            with pytest.raises(ConnectionClosedError) as caught:
                await client.with_options(attempts=2).list_connections(catalog="AWS")
            assert caught.value.attempts == 2


async def test_an_unknown_exception_of_the_http_client_is_translated_as_ever(
    server: ScriptedServer, client: account.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise OSError("something else")

    server.replies(PAGE)
    await client.list_connections(catalog="AWS")
    monkeypatch.setattr(AsyncioPool, "post", fail)
    with pytest.raises(HTTPClientError, match="something else") as caught:
        await client.with_options(attempts=1).list_connections(catalog="AWS")
    assert caught.value.attempts == 1
    assert len(server.received) == 1


async def test_credentials_that_fail_are_asked_for_once(server: ScriptedServer) -> None:
    asked: list[int] = []

    async def provider() -> Any:
        asked.append(1)
        raise CredentialsError("refused")

    async with ClientPool() as pool:
        source = Source("AWS", credentials=provider, endpoint_url=server.url)
        with pytest.raises(CredentialsError):
            async with pool.lease(source, account.Client):
                pass
    assert (len(asked), server.received) == (1, [])


async def test_without_credentials_botocore_says_so(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    async with account.connect(endpoint_url=server.url) as client:
        with pytest.raises(NoCredentialsError):
            await client.list_connections(catalog="AWS")


async def test_new_credentials_and_a_session_token_are_used_at_the_next_call(server: ScriptedServer) -> None:
    from aiobotocore.credentials import AioCredentials  # noqa: PLC0415 - of this test alone

    server.replies(PAGE)
    async with account.connect(endpoint_url=server.url, **IDENTITY) as client:
        signer: Any = client._api.transport.connection.botocore.client._request_signer
        for key, token in [
            ("AKIDEXAMPLE", None),
            ("OTHER", None),
            ("OTHER", "token"),
            ("THIRD", "new"),
            ("THIRD", None),
        ]:
            signer._credentials = AioCredentials(key, "secret", token)
            await client.list_connections(catalog="AWS")
            headers = server.received[-1].headers
            assert f"Credential={key}/" in headers["authorization"]
            assert headers.get("x-amz-security-token") == token


async def test_boto3_sends_the_same_request(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *_: moment)
    monkeypatch.setattr("aiopartnercentral._transport.clock_skew._now", lambda: moment)
    monkeypatch.setenv("AWS_DATA_PATH", str(model_data.root()))
    server.replies(PAGE)
    session = boto3.Session(aws_session_token="a-token", **IDENTITY)
    stock: Any = session.client("partnercentral-account", region_name="us-east-1", endpoint_url=server.url)
    await to_thread.run_sync(partial(stock.list_connections, Catalog="AWS", MaxResults=5))
    stock.close()
    for direct in (True, False):
        options: Any = {**IDENTITY, "direct": direct, "aws_session_token": "a-token"}
        async with account.connect(endpoint_url=server.url, **options) as client:
            await client.list_connections(catalog="AWS", max_results=5)
    their_headers, *ours = [
        {name: value for name, value in each.headers.items() if name not in {"user-agent", "amz-sdk-invocation-id"}}
        for each in server.received
    ]
    for headers in ours:
        assert {**headers, "accept": None} == {**their_headers, "accept": None}  # which aiohttp adds
    assert {str(each.body) for each in server.received} == {"{'Catalog': 'AWS', 'MaxResults': 5}"}


REDIRECT = b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.parametrize(("reply", "delay"), [(b"", 0.0), (REDIRECT, 0.0), (REDIRECT, 30.0)])
async def test_no_local_variable_of_an_error_shows_the_credentials(reply: bytes, delay: float) -> None:
    with socket_server(reply, delay=delay) as url:
        async with account.connect(endpoint_url=url, **IDENTITY) as client:
            with pytest.raises(Exception) as caught:  # noqa: PT011 - each has another class
                async with asyncio.timeout(0.5 if delay else 30):
                    await client.with_options(attempts=1).list_connections(catalog="AWS")
    shown = "".join(TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert "/_transport/" in shown
    assert IDENTITY["aws_secret_access_key"] not in shown
