"""Options of wrong types are refused at once, before anything is opened, by all that take them."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import InvalidConfigError

from aiopartnercentral import account, selling
from aiopartnercentral.bulk import ClientPool, Collection, Role, Source, Writes
from tests.support.clients import session_with_models

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.anyio

VERIFY = "verify must be a boolean, or the path of a CA bundle, not "
WRONG: list[tuple[str, Any, str]] = [
    *(("verify", value, VERIFY) for value in (0, 1, b"", [], {}, 5)),
    ("verify", "", "verify must not be empty"),
    ("config", {"retries": {}}, "config must be an AioConfig, not a mapping"),
    ("timeout", "5", "timeout must be a number above 0, not a string"),
    ("timeout", 0, "timeout must be a number above 0, not 0"),
    ("timeout", float("nan"), "timeout must be a finite number"),
    *(
        ("max_response_bytes", value, "max_response_bytes must be an integer of at least 1, not ")
        for value in (0, "5", None)
    ),
    ("use_ssl", "yes", "use_ssl must be a boolean, not a string"),
    ("use_ssl", None, "use_ssl must be a boolean, not None"),
    ("api_version", 2025, "api_version must be a string, not an integer"),
    ("json_converter", account.botocore_converter, "json_converter must be a JsonConverter, not a BotocoreConverter"),
    ("botocore_converter", object(), "botocore_converter must be a BotocoreConverter, not an object"),
]
WRONG_FOR_ONE: list[tuple[str, Any, str]] = [
    ("region_name", 5, "region_name must be a string, not an integer"),
    ("region_name", "us east 1", "region_name must be the name of a region, such as us-east-1"),
    ("endpoint_url", 5, "endpoint_url must be a string, not an integer"),
    ("endpoint_url", "example.com", "endpoint_url must be a URL that begins with http:// or https://"),
    ("endpoint_url", "https://user:s3cret@example.com", "endpoint_url must be a URL without user name and password"),
    ("profile", 5, "profile must be a string, not an integer"),
    ("session", object(), "session must be an AioSession, not an object"),
    ("aws_access_key_id", b"A", "aws_access_key_id must be a string, not bytes"),
    ("aws_secret_access_key", b"s3cret", "aws_secret_access_key must be a string, not bytes"),
    ("aws_session_token", 5, "aws_session_token must be a string, not an integer"),
    ("aws_account_id", 111122223333, "aws_account_id must be a string, not an integer"),
]


CONNECT = account.connect
COLLECTION = partial(Collection, account.listings.list_connections(), "AWS")
WRITES = partial(Writes, selling.CreateOpportunityRequest, [], "AWS")
# An option of something else: what takes it, and how.
ELSEWHERE: list[tuple[Any, str, str]] = [
    (CONNECT, "attempts", "client.with_options(attempts=...)"),
    (CONNECT, "retries", "client.with_options(attempts=...)"),
    (CONNECT, "max_attempts", "client.with_options(attempts=...)"),
    (CONNECT, "catalogs", "client.paginate.list_...(catalogs=...)"),
    (CONNECT, "on_error", "client.paginate.list_...(on_error=...)"),
    (CONNECT, "max_items", "client.paginate.list_...(max_items=...)"),
    (CONNECT, "read_timeout", "config=AioConfig(read_timeout=...)"),
    (CONNECT, "max_pool_connections", "config=AioConfig(max_pool_connections=...)"),
    (CONNECT, "region", "region_name"),
    *((each, "concurrency", "limits=Limits(concurrency=...)") for each in (COLLECTION, WRITES)),
    *((each, "retries", "limits=Limits(attempts=...)") for each in (COLLECTION, WRITES)),
    *((each, "profile", "Source(..., profile=...)") for each in (COLLECTION, WRITES)),
    *((COLLECTION, name, meant) for name, meant in (("on_eror", "on_error"), ("checkpont", "checkpoint"))),
    *((COLLECTION, name, meant) for name, meant in (("limit", "limits"), ("sinc", "since"), ("obsrver", "observer"))),
    *((WRITES, name, meant) for name, meant in (("on_eror", "on_error"), ("resend", "resend_unknown"))),
    *((each, "timeot", "timeout") for each in (COLLECTION, WRITES)),
    (partial(ClientPool, max_connections=2), "maxopen", "max_open"),
    *((each, "proxies", "config=AioConfig(proxies=...)") for each in (COLLECTION, WRITES)),
]


@pytest.mark.parametrize(("taker", "name", "meant"), ELSEWHERE)
def test_an_option_of_something_else_is_shown_where_it_belongs(taker: Any, name: str, meant: str) -> None:
    with pytest.raises(TypeError, match=rf"\(\) has no option {name}; did you mean {re.escape(meant)}\?$"):
        taker(**{name: 5})


async def test_options_of_clients_calls_and_listings_are_told_apart(client: account.Client) -> None:
    cases: list[tuple[Any, str, str]] = [
        (client.with_options, "profile", "connect(profile=...)"),
        (client.with_options, "concurrency", "client.paginate.list_...(concurrency=...)"),
        (client.with_options, "retries", "attempts"),
        (partial(client.paginate.list_connections, catalog="AWS"), "timeout", "client.with_options(timeout=...)"),
        (partial(client.paginate.list_connections, catalog="AWS"), "profile", "connect(profile=...)"),
    ]
    for taker, name, meant in cases:
        with pytest.raises(TypeError, match=rf"\(\) has no option {name}; did you mean {re.escape(meant)}\?$"):
            taker(**{name: 5})


@pytest.mark.parametrize(("name", "value", "expected"), WRONG + WRONG_FOR_ONE)
async def test_a_wrong_option_is_refused_by_its_name(name: str, value: Any, expected: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        async with account.connect(**{name: value}):
            pass
    assert str(caught.value).startswith(expected)
    assert caught.value.__context__ is None
    assert "s3cret" not in str(caught.value)
    if (name, value, expected) in WRONG:
        options: Any = {name: value}
        for construct in (
            lambda: Collection(account.listings.list_connections(), "AWS", **options),
            lambda: ClientPool(**options),
        ):
            with pytest.raises(type(caught.value)) as again:
                construct()
            assert str(again.value) == str(caught.value)


@pytest.mark.parametrize("name", ["config", "region_name", "endpoint_url", "profile", "session", "verify", "timeout"])
async def test_none_is_an_option_that_is_not_given(name: str) -> None:
    async with account.connect(**{name: None}):
        pass


@asynccontextmanager
async def wrapped(**options: Any) -> AsyncIterator[account.Client]:
    async with session_with_models().create_client(
        "partnercentral-account", region_name="us-east-1", **options
    ) as client:
        yield account.wrap(client)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://user:s3cret@example.com", "has a user name and password"),
        ("ftp://example.com/s3cret", "must begin with http:// or https://"),
    ],
)
@pytest.mark.parametrize("way", ["environment", "wrap", "STS"])
async def test_an_endpoint_that_no_request_can_be_sent_to(
    way: str, url: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, service = {"STS": ("_STS", "STS")}.get(way, ("", "PartnerCentral Account"))
    monkeypatch.setenv(f"AWS_ENDPOINT_URL{name}", url)
    role = Source("AWS", role=Role(arn="arn:aws:iam::111122223333:role/reader"))
    async with ClientPool() as pool:
        lease: Any = partial(pool.lease, role, account.Client)
        opening: dict[str, Any] = {"environment": account.connect, "wrap": wrapped, "STS": lease}
        with pytest.raises(InvalidConfigError, match=f"the endpoint URL of {service} {reason}") as caught:
            async with opening[way]():
                pass
    assert "s3cret" not in str(caught.value)
    assert f"AWS_ENDPOINT_URL_{service.upper().replace(' ', '_')}" in str(caught.value)


@pytest.mark.parametrize("way", ["connect", "profile", "role"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, "s3cret") for name in ("AWS_METADATA_SERVICE_TIMEOUT", "AWS_METADATA_SERVICE_NUM_ATTEMPTS")),
        *(("AWS_ENDPOINT_URL", url) for url in ("user:s3cret@example.com", "http://[s3cret", "http://s3cret:99999")),
    ],
)
async def test_a_setting_that_is_none_is_named(
    way: str, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    role = Role(arn="arn:aws:iam::111122223333:role/reader") if way == "role" else None
    async with ClientPool() as pool:
        lease = pool.lease(Source("AWS", role=role), account.Client)
        with pytest.raises(InvalidConfigError, match=rf"check .*\b{name}\b") as caught:
            async with account.connect() if way == "connect" else lease:
                pass
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None


async def test_a_number_of_attempts_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "s3cret")
    with pytest.raises(InvalidConfigError, match=r"must be a number: check max_attempts of .* and AWS_MAX_ATTEMPTS"):
        async with account.connect():
            pass
