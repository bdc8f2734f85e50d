"""No request follows a redirect: its headers and its body stay where they were sent."""

from __future__ import annotations

import gc
import pickle
import weakref
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession

from aiopartnercentral import CredentialsError, RedirectError, account
from aiopartnercentral._transport.http.ry_session import RySession
from aiopartnercentral.bulk import ClientPool, Collection, Role, Source
from tests.support.clients import HTTPX, IDENTITY, session_with_models
from tests.support.servers import Reply, scripted_server
from tests.support.tasks import GUARD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

STATUSES = (301, 302, 303, 307, 308)
EMPTY_PAGE = Reply({"ConnectionSummaries": []})


class OwnSession(AIOHTTPSession):  # type: ignore[misc] # which has no types
    """An HTTP client of the caller's own."""


HTTP_CLIENTS = (AIOHTTPSession, HTTPX, OwnSession, RySession)


@pytest.fixture
def other() -> Iterator[ScriptedServer]:
    """Another host, which answers everything as if it were Partner Central."""
    with scripted_server() as server:
        server.replies(EMPTY_PAGE)
        yield server


def redirect(server: ScriptedServer, other: ScriptedServer, status: int = 307) -> None:
    address = other.url.replace("//", "//user:the-secret@") + "/portal?token=the-secret"
    server.replies(Reply(status=status, headers={"Location": address}))


async def refused(client: account.Client, server: ScriptedServer, other: ScriptedServer) -> RedirectError:
    with pytest.raises(RedirectError) as caught:
        await client.list_connections(catalog="AWS")
    error = caught.value
    assert (error.host, error.target) == (server.url.removeprefix("http://"), other.url.removeprefix("http://"))
    assert f"{error.host} redirects to {error.target}" in str(error)
    assert "the-secret" not in str(error)
    assert len(server.received) == 1
    assert other.received == []
    return error


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("http_client", HTTP_CLIENTS)
async def test_a_redirect_is_an_error_that_names_its_host(
    server: ScriptedServer, other: ScriptedServer, status: int, http_client: type
) -> None:
    redirect(server, other, status)
    config = AioConfig(http_session_cls=http_client)
    async with account.connect(endpoint_url=server.url, config=config, aws_session_token="t", **IDENTITY) as client:
        await refused(client, server, other)


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
async def test_no_retry_mode_repeats_it(server: ScriptedServer, other: ScriptedServer, mode: str) -> None:
    redirect(server, other)
    config = AioConfig(retries={"mode": mode, "max_attempts": 3})
    async with account.connect(endpoint_url=server.url, config=config) as client:
        await refused(client, server, other)


@pytest.mark.parametrize("http_client", HTTP_CLIENTS)
@pytest.mark.parametrize("is_open", [True, False])
async def test_a_wrapped_client_and_a_callers_session(
    server: ScriptedServer, other: ScriptedServer, http_client: type, *, is_open: bool
) -> None:
    redirect(server, other)
    session = session_with_models()
    session.set_default_client_config(AioConfig(http_session_cls=http_client))
    options: Any = {"endpoint_url": server.url, "region_name": "us-east-1", **IDENTITY}
    async with AsyncExitStack() as stack:
        if is_open:
            inner = await stack.enter_async_context(session.create_client("partnercentral-account", **options))
            client = account.wrap(inner)
        else:
            client = await stack.enter_async_context(account.connect(session=session, **options))
        await refused(client, server, other)
        server.replies(EMPTY_PAGE)
        assert (await client.list_connections(catalog="AWS")).connection_summaries == []


async def test_a_redirect_to_the_same_host_names_it(server: ScriptedServer, client: account.Client) -> None:
    server.replies(Reply(status=302, headers={"Location": "/login"}))
    with pytest.raises(RedirectError) as caught:
        await client.list_connections(catalog="AWS")
    assert caught.value.host == caught.value.target == server.url.removeprefix("http://")


async def test_a_collection_fails_instead_of_being_empty(server: ScriptedServer, other: ScriptedServer) -> None:
    redirect(server, other, 302)
    collection = Collection(account.listings.list_connections(), [Source("AWS", endpoint_url=server.url)])
    with pytest.raises(RedirectError):
        await collection.collect()
    assert (len(server.received), other.received) == (1, [])


async def test_an_assumed_role_stays_with_sts(
    server: ScriptedServer, other: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    redirect(server, other)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.url)
    role = Role(arn="arn:aws:iam::111122223333:role/reader", external_id="the-external-id")
    async with ClientPool() as pool:
        with pytest.raises(CredentialsError, match=r"role/reader cannot be assumed: .* redirects to ") as caught:
            async with pool.lease(Source("AWS", role=role), account.Client):
                pass
    assert not caught.value.is_retryable
    assert (len(server.received), other.received) == (1, [])


async def test_the_http_client_class_of_a_run_ends_with_it(server: ScriptedServer) -> None:
    server.replies(EMPTY_PAGE)
    async with ClientPool() as pool, pool.lease(Source("AWS", endpoint_url=server.url), account.Client) as client:
        await client.list_connections(catalog="AWS")
        class_of_run = weakref.ref(type(client._api.transport.connection.botocore.client._endpoint.http_session))
    del client, pool
    with anyio.fail_after(GUARD):  # the event loop closes the connection a little later
        while class_of_run() is not None:
            await anyio.sleep(0.01)
            gc.collect()


def test_the_error_survives_a_pickle() -> None:
    error = pickle.loads(pickle.dumps(RedirectError("here:1", "there:2")))
    assert (error.host, error.target) == ("here:1", "there:2")
