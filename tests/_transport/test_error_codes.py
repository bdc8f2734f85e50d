"""Where an error's code may be, over real HTTP, and that retries see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import ClientError

from aiopartnercentral import ServiceError, account
from tests.support.clients import session_with_models, without_backoff
from tests.support.servers import Reply

if TYPE_CHECKING:
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

NAMESPACE = "com.amazonaws.partnercentral.account#"
ADDRESS = ":http://internal.example.com/coral/com.example.validate/"
SPELLINGS = ["{}", NAMESPACE + "{}", "{}" + ADDRESS, NAMESPACE + "{}" + ADDRESS]


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    without_backoff(monkeypatch)


async def raised(client: account.Client) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await client.list_connections(catalog="AWS")
    return caught.value


def named(place: str, code: str, **members: Any) -> Reply:
    """Return the answer that names the code in a header or in a member of the body."""
    if place == "header":
        return Reply(members, status=400, headers={"X-Amzn-ErrorType": code})
    return Reply({place: code, **members}, status=400)


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("place", ["__type", "code", "Code", "header"])
async def test_the_code_is_found(place: str, spelling: str, server: ScriptedServer, client: account.Client) -> None:
    server.replies(named(place, spelling.format("AccessDeniedException"), Message="no", Reason="ACCESS_DENIED"))
    error = await raised(client)
    assert type(error) is account.AccessDeniedException
    assert (error.code, error.message, error.reason) == ("AccessDeniedException", "no", "ACCESS_DENIED")
    assert error.attempts == len(server.received) == 1


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("place", ["__type", "code", "Code", "header"])
async def test_retries_see_the_code(place: str, spelling: str, server: ScriptedServer, client: account.Client) -> None:
    server.replies(named(place, spelling.format("ThrottlingException"), Message="slow"))
    error = await raised(client)
    assert type(error) is account.ThrottlingException
    assert error.attempts == len(server.received) == 3


async def test_a_call_succeeds_after_a_throttling_error_that_only_the_header_names(
    server: ScriptedServer, client: account.Client
) -> None:
    server.replies(named("header", "ThrottlingException"), Reply({"ConnectionSummaries": []}))
    page = await client.list_connections(catalog="AWS")
    assert page.connection_summaries == []
    assert page.response_metadata.attempts == len(server.received) == 2


async def test_retries_see_it_in_calls_through_a_wrapped_client_and_in_no_others(server: ScriptedServer) -> None:
    config = AioConfig(retries={"mode": "standard"})
    async with session_with_models().create_client(
        "partnercentral-account", region_name="us-east-1", endpoint_url=server.url, config=config
    ) as stock:
        client = account.wrap(stock)
        server.replies(named("header", "ThrottlingException"))
        assert (await raised(client)).attempts == len(server.received) == 3
        server.received.clear()
        with pytest.raises(ClientError) as caught:
            await stock.list_connections(Catalog="AWS")
    assert caught.value.response["Error"]["Code"] == "400"
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"<html>no</html>", b"\xff", b'{"__type": ""}', b'{"__type": 5}', b'{"__type": null}']
)
async def test_a_header_names_the_error_whatever_the_body_is(
    body: bytes, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(body, status=503, headers={"X-Amzn-ErrorType": "InternalServerException" + ADDRESS}))
    error = await raised(client)
    assert type(error) is account.InternalServerException
    assert (error.code, error.http_status, error.message) == ("InternalServerException", 503, None)


@pytest.mark.parametrize("code", ["E42", NAMESPACE + "E42", 5, None, ["AccessDeniedException"]])
async def test_a_member_that_names_no_error_is_no_code(
    code: object, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply({"code": code, "message": "no"}, status=400))
    error = await raised(client)
    assert type(error) is ServiceError
    assert error.code == "400"
