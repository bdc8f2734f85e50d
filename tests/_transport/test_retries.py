"""What is sent again, how often and when, over real HTTP."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import BotoCoreError, ConnectionClosedError, EndpointConnectionError

from aiopartnercentral import DecodeError, ServiceError, account
from aiopartnercentral._transport.retries import retry_after
from aiopartnercentral.bulk import ClientPool, Collection, Limits, Source
from tests.support.clients import session_with_models, without_backoff
from tests.support.credential_sources import ASSUME_ROLE, BASE, assumed
from tests.support.servers import Reply, socket_server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.credential_sources import CredentialSources
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

PAGE = Reply({"ConnectionSummaries": []})
DAMAGED = [
    *(b"", b"  ", b"<html>busy</html>", b"upstream error", b"null", b'"busy"', b"[]"),
    *(b'{"ConnectionSummaries": [{"Id"', b'{"ConnectionSummaries": [{"Id": {}}', b'{"ConnectionSummaries": []'),
]
ARN = "arn:aws:partnercentral:us-east-1:123456789012:catalog/AWS/partner/partner-1"


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    without_backoff(monkeypatch)
    monkeypatch.setattr("aiopartnercentral._transport.retries.backoff", lambda *_: 0)


async def call(client: account.Client) -> object:
    return await client.list_connections(catalog="AWS")


async def iterate(client: account.Client) -> object:
    return [item async for item in client.paginate.list_connections(catalog="AWS")]


async def raw(client: account.Client) -> object:
    return await client.paginate.list_connections(catalog="AWS").raw().collect()


async def tag(client: account.Client) -> object:
    return await client.tag_resource(resource_arn=ARN, tags=[account.Tag(key="k", value="v")])


async def send_code(client: account.Client) -> object:
    return await client.send_email_verification_code(catalog="AWS", email="a@example.com")


READS = pytest.mark.parametrize("send", [call, iterate, raw])


async def failure_of(send: Callable[[account.Client], Awaitable[object]], client: account.Client) -> Any:
    with pytest.raises((ServiceError, DecodeError)) as caught:
        await send(client)
    return caught.value


@READS
@pytest.mark.parametrize("body", [b"", b"{}", b"busy"])
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 509])
async def test_a_status_without_a_code_is_repeated(
    status: int, body: bytes, send: Any, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(body, status=status))
    error = await failure_of(send, client)
    assert (error.http_status, error.attempts, len(server.received)) == (status, 3, 3)
    assert (error.is_retryable, error.is_throttling) == (True, status in {429, 509})
    server.replies(Reply(body, status=status), PAGE)
    await send(client)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 501, 505])
async def test_another_status_is_not_repeated(status: int, server: ScriptedServer, client: account.Client) -> None:
    server.replies(Reply(b"", status=status))
    error = await failure_of(call, client)
    assert (error.attempts, len(server.received), error.is_retryable) == (1, 1, False)


@READS
@pytest.mark.parametrize("body", DAMAGED)
async def test_a_damaged_response_is_repeated_and_is_one_error(
    body: bytes, send: Any, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(body))
    error = await failure_of(send, client)
    assert type(error) is DecodeError
    assert (error.is_retryable, error.attempts, len(server.received)) == (True, 3, 3)
    assert error.request_id == "request-3"
    assert error.reason.startswith(("not JSON at character", "expected object, got") if body else "the response has no")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), vars(again)) == (str(error), vars(error))
    server.replies(Reply(body), PAGE)
    await send(client)


@pytest.mark.parametrize("body", DAMAGED)
async def test_a_damaged_response_to_an_operation_that_acts_is_not_repeated(
    body: bytes, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(Reply(body))
    if body:  # an answer without members may have no body
        await failure_of(send_code, client)
    else:
        await send_code(client)
    assert len(server.received) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "SomethingException"])
@pytest.mark.parametrize("place", ["header", "body", "body, later", "long body"])
@pytest.mark.parametrize("send", [call, iterate, raw, tag])
async def test_an_error_with_status_200_is_that_error(
    send: Any, place: str, code: str, server: ScriptedServer, client: account.Client
) -> None:
    body = {
        "body": {"__type": f"com.amazonaws#{code}", "Message": "m"},
        "body, later": {"Message": "m", "__type": code},
        "long body": {"__type": code, "Message": "m", "Details": "x" * 100_000},
    }
    headers = {"x-amzn-ErrorType": f"{code}:http://internal"} if place == "header" else {}
    server.replies(Reply(body.get(place, {"Message": "m"}), headers=headers))
    error = await failure_of(send, client)
    assert (error.code, error.message, error.http_status) == (code, "m", 200)
    assert isinstance(error, getattr(account, code, ServiceError))
    assert error.attempts == len(server.received) == (3 if code == "ThrottlingException" else 1)


async def test_a_response_that_names_its_own_type_is_no_error(server: ScriptedServer, client: account.Client) -> None:
    server.replies(Reply({"__type": "com.amazonaws#ListConnectionsResponse", "ConnectionSummaries": []}))
    assert (await client.list_connections(catalog="AWS")).connection_summaries == []


async def test_the_callers_other_calls_are_as_before(server: ScriptedServer) -> None:
    config = AioConfig(retries={"mode": "standard"})
    async with session_with_models().create_client(
        "partnercentral-account", region_name="us-east-1", endpoint_url=server.url, config=config
    ) as stock:
        client = account.wrap(stock)
        server.replies(Reply(b"", status=429))
        assert (await failure_of(call, client)).attempts == len(server.received) == 3
        server.received.clear()
        with pytest.raises(stock.exceptions.ClientError):
            await stock.list_connections(Catalog="AWS")
        assert len(server.received) == 1
        server.replies(Reply(b""))
        assert (await stock.list_connections(Catalog="AWS"))["ResponseMetadata"]["RetryAttempts"] == 0


@pytest.mark.parametrize("reply", [Reply(b"", status=429), Reply({"__type": "Throttling"}, status=400), Reply(b"<")])
@pytest.mark.parametrize("attempts", [1, 2, 3, 5])
async def test_a_call_may_have_attempts_of_its_own(
    attempts: int, reply: Reply, server: ScriptedServer, client: account.Client
) -> None:
    server.replies(reply)
    error = await failure_of(call, client.with_options(attempts=attempts))
    assert error.attempts == len(server.received) == attempts
    server.received.clear()
    error = await failure_of(iterate, client.with_options(attempts=attempts))
    assert error.attempts == len(server.received) == attempts
    server.received.clear()
    assert (await failure_of(call, client)).attempts == len(server.received) == 3


@pytest.mark.parametrize("attempts", [1, 2, 4])
async def test_a_lost_connection_counts_too(attempts: int) -> None:
    with socket_server(b"") as url:
        async with account.connect(endpoint_url=url) as client:
            with pytest.raises(ConnectionClosedError) as caught:
                await call(client.with_options(attempts=attempts))
            assert caught.value.attempts == attempts  # type: ignore[attr-defined] # set by the library
            collected = client.with_options(attempts=attempts).paginate.list_connections(
                catalog="AWS", on_error="report"
            )
            assert (await collected.collect()).report.retries == attempts - 1
            mine = Source("AWS", client=client.with_options(attempts=attempts), label="mine")
            limits = Limits(rate=1000, backoff=0.001, attempts=3)
            collection = Collection(account.listings.list_connections(), mine, limits=limits, on_error="report")
            assert (await collection.collect()).report.retries == 3 * attempts - 1


async def test_requests_that_no_server_takes_are_counted(client: account.Client) -> None:
    async with account.connect(endpoint_url="http://127.0.0.1:9") as unreachable:
        paginator = unreachable.paginate.list_connections(catalog="AWS", on_error="report")
        (state,) = (await paginator.collect()).report.sources.values()
    assert isinstance(state.error, EndpointConnectionError)
    assert state.retries == 2
    with pytest.raises(ValueError, match="attempts must be an integer of at least 1, not 0"):
        client.with_options(attempts=0)
    with pytest.raises(TypeError, match=r"with_options\(\) has no option retries; did you mean attempts\?"):
        client.with_options(retries=1)  # type: ignore[call-arg] # the test's own


@pytest.mark.parametrize("attempts", [1, None])
@pytest.mark.parametrize("way", ["call", "iterate", "bulk"])
@pytest.mark.parametrize("is_cured", [True, False])
async def test_expired_credentials_are_obtained_again_once_and_all_attempts_count(
    sources: CredentialSources, way: str, attempts: int | None, *, is_cured: bool
) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    sources.give = lambda _: assumed(key=f"KEY{len(sources.given)}")
    expired = Reply({"__type": "ExpiredTokenException", "message": "expired"}, status=400)
    sources.serve = lambda _: PAGE if is_cured and sources.served[-1] == "KEY2" else expired
    error: Any = None
    if way == "bulk":
        source = Source("AWS", profile="p", endpoint_url=sources.url)
        limits = Limits(attempts=attempts or 8)
        listing = account.listings.list_connections()
        report = (await Collection(listing, source, limits=limits, on_error="report").collect()).report
        (state,) = report.sources.values()
        error, counted = state.error, state.retries + 1
    else:
        async with account.connect(profile="p", endpoint_url=sources.url) as opened:
            client = opened if attempts is None else opened.with_options(attempts=attempts)
            try:
                if way == "call":
                    counted = (await client.list_connections(catalog="AWS")).response_metadata.attempts
                else:
                    report = (await client.paginate.list_connections(catalog="AWS").collect()).report
                    counted = report.retries + 1
            except ServiceError as caught:
                error, counted = caught, caught.attempts
    expected = 1 if attempts == 1 else 2
    assert sources.served == ["KEY1", "KEY2"][:expected]
    assert counted == expected
    assert (error is None) == (is_cured and expected == 2)
    assert error is None or error.is_retryable == (expected == 1 or way == "bulk")


async def test_a_pooled_client_leaves_the_retry_to_its_caller(sources: CredentialSources) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    sources.give = lambda _: assumed(key=f"KEY{len(sources.given)}")
    expired = Reply({"__type": "ExpiredTokenException", "message": "expired"}, status=400)
    sources.serve = lambda _: PAGE if sources.served[-1] == "KEY2" else expired
    async with (
        ClientPool() as pool,
        pool.lease(Source("AWS", profile="p", endpoint_url=sources.url), account.Client) as client,
    ):
        error = await failure_of(call, client)
        assert (error.attempts, error.is_retryable, error.is_corrected) == (1, True, True)
        await call(client)
    assert sources.served == ["KEY1", "KEY2"]


NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
DATE = format_datetime(NOW, usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "99999999"}, 60.0),
        ({"retry-after": "9" * 400}, 60.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": format_datetime(NOW + timedelta(seconds=9), usegmt=True), "date": DATE}, 9.0),
        ({"retry-after": "Fri, 01 Jan 2099 00:00:00 GMT"}, 60.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT", "date": "yesterday"}, 0.0),
        ({"retry-after": "Wed, 9999999999999 Oct 2015 07:28:00"}, None),
        ({"x-amz-retry-after": "1500"}, 1.5),
        ({"x-amz-retry-after": "9" * 400}, 60.0),
        ({"x-amz-retry-after": "soon"}, None),
        ({"x-amz-retry-after": "1500", "retry-after": "3"}, 3.0),
    ],
)
def test_the_wait_that_is_asked_for_is_read_and_limited(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds
    assert retry_after(headers, 1.0) == (None if seconds is None else min(1.0, seconds))


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("headers", [{"Retry-After": "7.5"}, {"X-Amz-Retry-After": "7500"}])
async def test_a_call_waits_as_long_as_it_is_asked_to(
    headers: dict[str, str],
    status: int,
    server: ScriptedServer,
    client: account.Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("aiobotocore.endpoint.asyncio", SimpleNamespace(sleep=wait))
    server.replies(Reply(b"", status=status, headers=headers), PAGE)
    await call(client)
    assert waits == [7.5]


@pytest.mark.parametrize("broken", [*(Reply(body) for body in DAMAGED), Reply(b"", status=408), Reply(b"", status=429)])
async def test_a_collection_repeats_what_was_damaged_on_its_way(broken: Reply, server: ScriptedServer) -> None:
    server.replies(Reply({"ConnectionSummaries": [], "NextToken": "t"}), broken, broken, PAGE)
    source = Source("AWS", endpoint_url=server.url, label="a")
    limits = Limits(rate=10_000, backoff=0.001)
    collected = await Collection(account.listings.list_connections(), source, limits=limits).collect()
    assert collected.report.complete
    assert (collected.report.pages, collected.report.retries, len(server.received)) == (2, 2, 4)


async def test_a_response_that_does_not_match_the_model_is_not_repeated(server: ScriptedServer) -> None:
    server.replies(Reply({"ConnectionSummaries": 5}))
    source = Source("AWS", endpoint_url=server.url, label="a")
    with pytest.raises(DecodeError) as caught:
        await Collection(account.listings.list_connections(), source).collect()
    assert (caught.value.is_retryable, len(server.received)) == (False, 1)


@pytest.mark.parametrize("wrapped", [False, True])
async def test_an_error_without_a_response_is_pickled_without_credentials(*, wrapped: bool) -> None:
    secrets = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "s3cret", "aws_session_token": "t0ken"}
    options: Any = {**secrets, "region_name": "us-east-1"}
    with socket_server(b"") as url, socket_server(b"nonsense\r\n\r\n") as other:
        for endpoint in (url, other, "http://127.0.0.1:9"):
            options["endpoint_url"] = endpoint
            opened = (
                session_with_models().create_client("partnercentral-account", **options)
                if wrapped
                else account.connect(**options)
            )
            async with opened as client:
                with pytest.raises(BotoCoreError) as caught:
                    await call(account.wrap(client) if wrapped else client)
            pickled = pickle.dumps(caught.value)
            assert not [secret for secret in secrets.values() if secret.encode() in pickled]
            assert str(pickle.loads(pickled)) == str(caught.value)
            assert "t0ken" not in repr(vars(caught.value))
