"""The default credential provider chain and profiles: they fail as credentials, never as Partner Central."""

from __future__ import annotations

import gc
import json
import os
import warnings
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import anyio
import attrs
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.httpxsession import HttpxSession
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, NoCredentialsError, SSOError

from aiopartnercentral import CredentialsError, Outcome, RedirectError, account
from aiopartnercentral.bulk import ClientPool, Collection, Credentials, Limits, Source
from tests.support.clients import HTTPX, NEEDS_HTTPX, alone, session_with_models, without_backoff
from tests.support.credential_sources import (
    ASSUME_ROLE,
    BASE,
    ROLE,
    assumed,
    container_credentials,
    in_time,
    sso_credentials,
    sts_error,
)
from tests.support.servers import Reply
from tests.support.tasks import bounded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.credential_sources import CredentialSources
    from tests.support.servers import Received

pytestmark = pytest.mark.anyio

EXPIRED = {
    "AccessKeyId": "k",
    "SecretAccessKey": "the-secret-key",
    "SessionToken": "t",
    "Expiration": in_time(hours=-1),
}
HTML = b"<html><body>the-secret-key</body></html>"
WAYS = ("connect", "alone", "session", "wrap", "bulk")


@pytest.fixture(autouse=True)
def no_delays(monkeypatch: pytest.MonkeyPatch) -> None:
    without_backoff(monkeypatch)
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)


@asynccontextmanager
async def opened(
    sources: CredentialSources, way: str = "connect", profile: str | None = "p", **options: Any
) -> AsyncIterator[account.Client]:
    """Open a client in one of the ways that there are; `alone` needs botocore for nothing but its credentials."""
    region: Any = {"region_name": "us-east-1"}
    if way in {"connect", "alone"}:
        arguments: Any = options if profile is None else {"profile": profile, **options}
        with alone() if way == "alone" else nullcontext():
            async with account.connect(endpoint_url=sources.url, **arguments) as client:
                assert way != "alone" or "config" in options or client._api.transport.connection.botocore is None
                yield client
    elif way == "session":
        async with account.connect(session=AioSession(profile=profile), endpoint_url=sources.url, **options) as client:
            yield client
    elif way == "wrap":
        session = session_with_models(profile)
        opening = session.create_client("partnercentral-account", endpoint_url=sources.url, **region, **options)
        async with opening as inner:
            yield account.wrap(inner)
    else:
        source = Source("AWS", profile=profile, endpoint_url=sources.url)
        async with ClientPool(**options) as pool, pool.lease(source, account.Client) as client:
            yield client


async def ask(sources: CredentialSources, way: str = "connect", profile: str | None = "p", **options: Any) -> None:
    async with opened(sources, way, profile, **options) as client:
        await client.list_connections(catalog="AWS")


async def failure(sources: CredentialSources, *arguments: Any, **options: Any) -> CredentialsError:
    with pytest.raises(CredentialsError) as caught:
        await ask(sources, *arguments, **options)
    error = caught.value
    assert sources.served == []
    assert error.__context__ is None
    for secret in ("the-secret", "the-token", "the-external-id", "<html"):
        assert secret not in str(error)
    return error


# Whose failure it is


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
@pytest.mark.parametrize("way", WAYS)
async def test_a_denied_role_is_not_partner_central(sources: CredentialSources, way: str, code: str) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    sources.give = lambda _: sts_error(code, "no" if way == "wrap" else "role the-external-id is not yours")
    error = await failure(sources, way)
    assert error.code == code
    assert f"AssumeRole failed: {code}" in str(error)
    assert "trust policy must allow" in str(error)
    assert not error.is_retryable


@pytest.mark.parametrize("way", ["connect", "alone", "session", "bulk"])
@pytest.mark.parametrize("kind", ["web identity", "sso"])
async def test_a_token_in_a_message_is_not_shown(
    sources: CredentialSources, monkeypatch: pytest.MonkeyPatch, way: str, kind: str
) -> None:
    token = "the-token+/of a person="
    if kind == "sso":
        sources.login(json.dumps({"accessToken": token, "expiresAt": in_time(hours=1)}))
        headers = {"x-amzn-ErrorType": "ForbiddenException"}
        sources.give = lambda _: Reply({"message": f"invalid: {token}"}, status=403, headers=headers)
    else:
        (sources.home / "token").write_text(f"{token}\n")
        sources.configure(f"[profile p]\nrole_arn = {ROLE}\nweb_identity_token_file = {sources.home / 'token'}\n")
        monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
        sources.give = lambda received: sts_error(
            "InvalidIdentityToken", f"invalid: {token}, in {str(received.body).replace('&', ' ')}", 400
        )
    error = await failure(sources, way)
    assert "invalid: <redacted>" in str(error)
    assert "of+a+person" not in str(error)


@pytest.mark.parametrize("way", WAYS)
async def test_an_unknown_sso_role_is_not_an_unknown_resource(sources: CredentialSources, way: str) -> None:
    sources.login()
    reply = Reply({"message": "no role"}, status=404, headers={"x-amzn-ErrorType": "ResourceNotFoundException"})
    sources.give = lambda _: reply
    error = await failure(sources, way)
    assert "GetRoleCredentials failed: ResourceNotFoundException: no role" in str(error)


@pytest.mark.parametrize("way", ["connect", "alone", "session", "wrap"])
async def test_a_denied_role_skips_no_catalog(sources: CredentialSources, way: str) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    sources.give = lambda _: sts_error("AccessDeniedException")
    async with opened(sources, way) as client:
        catalogs = client.paginate.list_connections(catalogs=["AWS"], ignore_errors=["AccessDeniedException"])
        with pytest.raises(CredentialsError):
            await catalogs.collect()
    assert sources.served == []


async def test_a_denied_role_skips_no_source(sources: CredentialSources) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    sources.give = lambda _: sts_error("AccessDeniedException")
    source = Source("AWS", profile="p", endpoint_url=sources.url)
    listing = account.listings.list_connections()
    with pytest.raises(CredentialsError):
        await Collection(listing, source, ignore_errors=["AccessDeniedException"]).collect()
    collection = Collection(listing, source, ignore_errors=["CredentialsError"])
    (state,) = (await collection.collect()).report.sources.values()
    assert state.outcome is Outcome.SKIPPED


# Where STS is


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
@pytest.mark.parametrize(
    ("config", "environment", "region"),
    [
        (ASSUME_ROLE + BASE, {}, "us-east-1"),
        (ASSUME_ROLE + "region = eu-west-3\n" + BASE, {}, "eu-west-3"),
        (ASSUME_ROLE + BASE, {"AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
        (
            ASSUME_ROLE.replace("base", "q") + ASSUME_ROLE.replace("profile p", "profile q") + BASE,
            {},
            "us-east-1",
        ),
        (
            f"[profile p]\nrole_arn = {ROLE}\ncredential_source = Environment\n",
            {"AWS_ACCESS_KEY_ID": "AKIDOFBASE", "AWS_SECRET_ACCESS_KEY": "the-secret-key"},
            "us-east-1",
        ),
    ],
    ids=["default", "profile", "environment", "chained", "credential_source"],
)
async def test_a_profiles_role_is_assumed_in_its_region(  # noqa: PLR0917
    sources: CredentialSources,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
    config: str,
    environment: dict[str, str],
    region: str,
) -> None:
    sources.configure(config)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    await ask(sources, way)
    assert [received.headers["authorization"].split("/")[2] for received in sources.given] == [region] * len(
        sources.given
    )
    assert sources.served == ["ASSUMED"]


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
async def test_the_region_of_a_source_is_that_of_sts(sources: CredentialSources, way: str) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    if way == "connect":
        await ask(sources, region_name="eu-west-3")
    else:
        source = Source("AWS", profile="p", endpoint_url=sources.url, region_name="eu-west-3")
        async with ClientPool() as pool, pool.lease(source, account.Client) as client:
            await client.list_connections(catalog="AWS")
    (received,) = sources.given
    assert "/eu-west-3/sts/" in received.headers["authorization"]


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
async def test_the_profile_of_the_environment(
    sources: CredentialSources, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    monkeypatch.setenv("AWS_PROFILE", "p")
    await ask(sources, way, None)
    assert sources.served == ["ASSUMED"]


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
async def test_a_web_identity(sources: CredentialSources, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    (sources.home / "token").write_text("the-token")
    monkeypatch.setenv("AWS_ROLE_ARN", ROLE)
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(sources.home / "token"))
    sources.give = lambda _: assumed("AssumeRoleWithWebIdentity")
    await ask(sources, way, None)
    assert sources.served == ["ASSUMED"]


# With which settings


@pytest.mark.parametrize("http_client", [AIOHTTPSession, HTTPX])
@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
@pytest.mark.parametrize("kind", ["role", "web identity", "sso"])
async def test_the_proxy_of_the_config_reaches_the_chain(
    sources: CredentialSources, monkeypatch: pytest.MonkeyPatch, http_client: type, way: str, kind: str
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("STS", "SSO"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{name}", "http://192.0.2.1")
    if kind == "role":
        sources.configure(ASSUME_ROLE + BASE)
    elif kind == "sso":
        sources.login()
        sources.give = lambda _: sso_credentials(accessKeyId="ASSUMED")
    else:
        token = sources.home / "token"
        token.write_text("the-token")
        sources.configure(f"[profile p]\nrole_arn = {ROLE}\nweb_identity_token_file = {token}\n")
        sources.give = lambda _: assumed("AssumeRoleWithWebIdentity")
    config = AioConfig(proxies={"http": sources.url}, http_session_cls=http_client, connect_timeout=1)
    await ask(sources, way, config=config)
    assert len(sources.given) == 1
    assert sources.served == ["ASSUMED"]


@pytest.mark.parametrize("way", ["connect", "alone", "session", "bulk"])
@pytest.mark.parametrize("kind", ["role", "sso", "container"])
async def test_the_chain_follows_no_redirect(sources: CredentialSources, way: str, kind: str) -> None:
    profile = configure(sources, kind)
    target = f"{sources.url}/elsewhere?token=the-secret"
    sources.give = lambda _: Reply(status=307, headers={"Location": target})
    with pytest.raises((CredentialsError, RedirectError), match=r"127\.0\.0\.1.* redirects to ") as caught:
        await ask(sources, way, profile)
    assert "the-secret" not in str(caught.value)
    assert len(sources.server.received) == 1
    if kind == "container" and way != "session":
        assert "the container's credentials: 127.0.0.1" in str(caught.value)


def configure(sources: CredentialSources, kind: str) -> str | None:
    """Configure a kind of credentials; returns the profile."""
    if kind == "container":
        sources.container()
        sources.give = lambda _: container_credentials()
        return None
    if kind == "sso":
        sources.login()
        sources.give = lambda _: sso_credentials()
    elif kind == "process":
        sources.process(json.dumps({"Version": 1, "AccessKeyId": "PRINTED", "SecretAccessKey": "s"}))
    else:
        sources.configure(ASSUME_ROLE + BASE)
    return "p"


async def test_a_callers_session_assumes_its_role_in_its_region(sources: CredentialSources) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    await ask(sources, "session", region_name="eu-west-3")
    (received,) = sources.given
    assert "/eu-west-3/sts/" in received.headers["authorization"]


# What takes too long, or gives too much


@pytest.mark.parametrize("way", ["connect", "alone", "session", "bulk"])
@pytest.mark.parametrize(
    ("kind", "name"), [("process", "credential_process"), ("container", "container's credentials")]
)
async def test_a_source_that_hangs_is_named(sources: CredentialSources, way: str, kind: str, name: str) -> None:
    profile = configure(sources, kind)
    sources.give = lambda _: Reply(delay=30)
    if kind == "process":
        sources.command("sleep 30")
    error = await failure(sources, way, profile, timeout=0.2)
    assert f"{'the credentials of the session' if way == 'session' else name}: time limit exceeded" in str(error)
    assert "timeout = 0.2 s" in str(error)
    assert error.is_retryable


async def test_a_process_of_a_source_profile_that_hangs_is_named(sources: CredentialSources) -> None:
    sources.configure(f"{ASSUME_ROLE}[profile base]\ncredential_process = sleep 30\n")
    assert str(await failure(sources, timeout=0.2)).startswith("profile base: credential_process: time limit exceeded")


async def test_the_time_limit_of_a_client_counts_within_a_longer_one(
    sources: CredentialSources,
) -> None:
    async def provider() -> Credentials:
        await ask(sources, timeout=0.2)
        raise AssertionError

    sources.command("sleep 30")
    source = Source("AWS", credentials=provider, endpoint_url=sources.url)
    with bounded(), pytest.raises(CredentialsError, match=r"^profile p: credential_process: .* = 0\.2 s"):
        await Collection(account.listings.list_connections(), source, limits=Limits(attempts=1)).collect()


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
@pytest.mark.parametrize("kind", ["process", "container", "role", "sso"])
async def test_a_source_that_gives_too_much_is_named(sources: CredentialSources, way: str, kind: str) -> None:
    profile = configure(sources, kind)
    sources.give = lambda _: Reply(b"the-secret" * 200_000)
    if kind == "process":
        sources.command("yes the-secret")
    names = {"process": "credential_process", "container": "container's", "role": "AssumeRole", "sso": "IAM Identity"}
    error = await failure(sources, way, profile)
    assert "the response has more than 1048576 bytes: " in str(error)
    assert names[kind] in str(error)


@pytest.mark.parametrize("kind", ["container", "role"])
async def test_a_source_survives_a_credential_source_that_hangs(sources: CredentialSources, kind: str) -> None:
    profile = configure(sources, kind)
    give = sources.give
    sources.give = lambda received: Reply(delay=30) if len(sources.given) == 1 else give(received)
    await collect(sources, profile, timeout=1)
    assert len(sources.given) >= 2
    gc.collect()  # no connection is left open


@pytest.mark.parametrize(
    ("anyio_backend", "http_client", "way"),
    [
        ("asyncio", AIOHTTPSession, "connect"),
        ("asyncio", AIOHTTPSession, "session"),
        pytest.param("trio", HttpxSession, "connect", marks=NEEDS_HTTPX),
    ],
)
async def test_a_cancellation_kills_the_process(sources: CredentialSources, http_client: type, way: str) -> None:
    sources.command(f"sh -c 'echo $$ > {sources.home}/new; mv {sources.home}/new {sources.home}/pid; exec sleep 30'")
    with pytest.raises(ProcessLookupError):
        os.kill(await cancelled(sources, way, config=AioConfig(http_session_cls=http_client)), 0)


@pytest.mark.parametrize("way", ["connect", "alone", "session"])
async def test_a_cancellation_kills_what_the_process_of_a_source_profile_has_started(
    sources: CredentialSources, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aiopartnercentral._transport.credential_sources._has_terminal", lambda: False)
    pipe, new, file = (sources.home / name for name in ("pipe", "new", "pid"))
    os.mkfifo(pipe)
    starts = f"{{ echo $$ > {new}; mv {new} {file}; sleep 30; }} > {pipe} & wait"
    sources.configure(f"{ASSUME_ROLE}[profile base]\ncredential_process = sh -c '{starts}'\n")
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        await cancelled(sources, way)
        with bounded():
            while not is_closed(reading):
                await anyio.sleep(0.01)
    finally:
        os.close(reading)


@NEEDS_HTTPX
async def test_a_cancellation_between_two_requests_closes_the_connection(
    sources: CredentialSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.instance()
    async with anyio.create_task_group() as group:

        async def cancel(*_: object) -> bool:
            group.cancel_scope.cancel()
            return False

        monkeypatch.setattr("aiobotocore.utils.AioInstanceMetadataFetcher._needs_retry_for_role_name", cancel)
        group.start_soon(lambda: ask(sources, profile=None, config=AioConfig(http_session_cls=HttpxSession)))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        gc.collect()
    assert [str(each.message) for each in caught] == []


async def cancelled(sources: CredentialSources, *arguments: Any, **options: Any) -> int:
    """Cancel a call that waits for a program, and return the process id that it has written."""
    file = sources.home / "pid"
    with bounded():
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: ask(sources, *arguments, **options))
            while not file.exists():
                await anyio.sleep(0.01)
            group.cancel_scope.cancel()
    return int(file.read_text())


def is_closed(pipe: int) -> bool:
    """Return whether no program has the other end of the pipe."""
    try:
        return os.read(pipe, 1) == b""
    except BlockingIOError:
        return False


# Broken providers


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (json.dumps({"Version": 1, **EXPIRED}), "got credentials that have expired already"),
        *((printed, "did not print credentials of version 1") for printed in ("[]", "no json", '{"Version": 1}', "{}")),
    ],
)
async def test_a_process_that_gives_no_credentials(
    sources: CredentialSources, way: str, printed: str, reason: str
) -> None:
    sources.process(printed)
    error = await failure(sources, way)
    assert str(error).startswith("profile p: credential_process: ")
    assert reason in str(error)
    assert str(error).endswith("run it and read what it prints")


async def test_a_process_of_a_source_profile_is_named(sources: CredentialSources) -> None:
    sources.process("[]")
    config = (sources.home / "config").read_text().replace("profile p", "profile base")
    sources.configure(ASSUME_ROLE + config)
    assert str(await failure(sources)).startswith("profile base: credential_process: ")


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
@pytest.mark.parametrize(
    ("members", "reason"),
    [({"Expiration": in_time(hours=-1)}, "expired already"), ({"Expiration": None}, "invalid response")],
)
async def test_a_container_that_gives_no_credentials(
    sources: CredentialSources, way: str, members: dict[str, Any], reason: str
) -> None:
    sources.container()
    sources.give = lambda _: container_credentials(**members)
    error = await failure(sources, way, None)
    assert str(error).startswith("the container's credentials: ")
    assert reason in str(error)
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI" in str(error)


async def test_a_container_without_a_secret(sources: CredentialSources) -> None:
    sources.container()
    sources.give = lambda _: Reply({"AccessKeyId": "k", "Token": "t", "Expiration": in_time(hours=1)})
    assert "the container's credentials: invalid response" in str(await failure(sources, "connect", None))


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
@pytest.mark.parametrize("kind", ["process", "container", "sso"])
@pytest.mark.parametrize(
    ("member", "value", "problem"),
    [
        ("AccessKeyId", 5, "access_key_id must be a string, not an integer"),
        ("AccessKeyId", "", "access_key_id must not be empty"),
        ("SecretAccessKey", False, "secret_access_key must be a string, not a boolean"),
        ("SecretAccessKey", "the-secret\ud800", "secret_access_key must not contain surrogates"),
        ("Token", ["the-secret"], "session_token must be a string, not a list"),
    ],
)
async def test_a_value_that_is_none_of_credentials_names_its_member(  # noqa: PLR0917
    sources: CredentialSources, way: str, kind: str, member: str, value: object, problem: str
) -> None:
    profile = configure(sources, kind)
    members = {"AccessKeyId": "k", "SecretAccessKey": "the-secret", "Token": "the-token", member: value}
    if kind == "sso":
        members["sessionToken"] = members.pop("Token")
        members = {name[0].lower() + name[1:]: each for name, each in members.items()}
        sources.give = lambda _: sso_credentials(**members)
    elif kind == "container":
        sources.give = lambda _: container_credentials(**members)
    else:
        sources.process(json.dumps({"Version": 1, "SessionToken": members.pop("Token"), **members}))
    error = await failure(sources, way, profile)
    assert f": {problem}: " in str(error)


@pytest.mark.parametrize("way", ["connect", "alone", "session", "bulk"])
async def test_a_login_that_is_not_text_is_not_quoted(sources: CredentialSources, way: str) -> None:
    sources.login(json.dumps({"accessToken": ["the-token, valid the-token\n"], "expiresAt": in_time(hours=1)}))
    with pytest.raises(BotoCoreError, match="Invalid type for parameter accessToken") as caught:
        await ask(sources, way)
    assert "the-token" not in str(caught.value)
    assert isinstance(caught.value, CredentialsError) == (way != "session")


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
@pytest.mark.parametrize("text", ["{", "[]", '{"accessToken": "the-token", "expiresAt": "soon"}', "5"])
async def test_a_corrupt_login_says_to_log_in(sources: CredentialSources, way: str, text: str) -> None:
    sources.login(text)
    with pytest.raises((CredentialsError, SSOError)) as caught:
        await ask(sources, way)
    if isinstance(caught.value, CredentialsError):
        assert "profile p: IAM Identity Center: " in str(caught.value)
        assert "log in again" in str(caught.value)
    assert "the-token" not in str(caught.value)


@pytest.mark.parametrize("way", ["connect", "alone", "bulk"])
@pytest.mark.parametrize("status", [200, 400, 429, 503])
@pytest.mark.parametrize("body", [HTML, b""])
async def test_something_else_answers_for_sts(sources: CredentialSources, way: str, status: int, body: bytes) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    sources.give = lambda _: Reply(body, status=status)
    error = await failure(sources, way)
    assert str(error).startswith("profile p: AssumeRole")
    assert error.is_retryable == (status != 400)


# What is transient


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"", status=429),
        Reply(HTML, status=429),
        sts_error("ThrottledException", status=400),
        sts_error("SlowDown", status=400),
        sts_error("IDPCommunicationError", status=400),
        Reply(b"", status=500),
        Reply(b"", status=408),
        sts_error("RequestTimeout", status=408),
        Reply(b""),
        Reply(HTML),
        Reply(assumed().body[:-9]),
    ],
    ids=["empty", "html", "throttled", "slow down", "idp", "500", "408", "timeout", "no body", "200 html", "cut off"],
)
async def test_a_source_survives_a_transient_failure_of_sts(sources: CredentialSources, reply: Reply) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    failures = 4
    sources.give = lambda _: reply if len(sources.given) <= failures else assumed()
    await collect(sources)
    assert len(sources.given) == failures + 1
    assert sources.served == ["ASSUMED"]


@pytest.mark.parametrize("way", ["connect", "alone", "session"])
async def test_botocore_repeats_a_request_whose_response_was_damaged(sources: CredentialSources, way: str) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    sources.give = lambda _: Reply(HTML) if len(sources.given) <= 2 else assumed()
    await ask(sources, way)
    assert len(sources.given) == 3


@pytest.mark.parametrize(
    "reply",
    [
        Reply({"__type": "TooManyRequestsException"}, status=429),
        Reply(status=503),
        Reply(b'{"roleCredentials": {"accessKeyId": '),
    ],
    ids=["throttled", "503", "cut off"],
)
async def test_a_source_survives_a_transient_failure_of_identity_center(
    sources: CredentialSources, reply: Reply
) -> None:
    sources.login()
    sources.give = lambda _: reply if len(sources.given) <= 4 else sso_credentials()
    await collect(sources)
    assert sources.served == ["SSO"]


@pytest.mark.parametrize(
    ("error", "status"),
    [("InternalServerException", 500), ("SlowDownException", 400), ("", 503), ("TooManyRequestsException", 429)],
)
async def test_a_login_that_cannot_be_refreshed_now_is_refreshed_later(
    sources: CredentialSources, error: str, status: int
) -> None:
    sources.refreshable_login(hours=-1)
    refused = Reply({"error": "no"}, status=status, headers={"x-amzn-ErrorType": error} if error else {})
    is_up = False

    def give(received: Received) -> Reply:
        if received.path != "/token":
            return sso_credentials()
        return Reply({"accessToken": "new", "expiresIn": 3600}) if is_up else refused

    sources.give = give
    failed = await failure(sources)
    assert failed.is_retryable
    assert "CreateToken failed: " in str(failed)
    assert "log in" not in str(failed)
    is_up = True
    await ask(sources)
    assert sources.given[-1].headers["x-amz-sso_bearer_token"] == "new"


async def test_a_login_whose_service_is_unreachable_is_retryable(
    sources: CredentialSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources.refreshable_login(hours=-1)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO_OIDC", "http://127.0.0.1:9")
    failed = await failure(sources)
    assert failed.is_retryable
    assert "Could not connect" in str(failed)


async def test_a_login_that_has_expired_says_to_log_in(sources: CredentialSources) -> None:
    sources.refreshable_login(hours=-1)
    sources.give = lambda _: Reply({}, status=400, headers={"x-amzn-ErrorType": "InvalidGrantException"})
    failed = await failure(sources)
    assert "CreateToken failed: InvalidGrantException: log in again" in str(failed)
    assert not failed.is_retryable


async def test_a_login_that_is_still_valid_is_used_while_it_cannot_be_refreshed(sources: CredentialSources) -> None:
    sources.refreshable_login(minutes=10)
    sources.give = lambda received: Reply(status=503) if received.path == "/token" else sso_credentials()
    await ask(sources)
    assert sources.served == ["SSO"]


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(b'{"AccessKeyId": ')], ids=["500", "cut off"])
async def test_a_source_survives_a_transient_failure_of_its_container(sources: CredentialSources, reply: Reply) -> None:
    sources.container()
    sources.give = lambda _: reply if len(sources.given) <= 4 else container_credentials()
    await collect(sources, None)
    assert sources.served == ["CONTAINER"]


@pytest.mark.parametrize("failures", [0, 4])
async def test_a_source_survives_a_transient_failure_of_its_instance(sources: CredentialSources, failures: int) -> None:
    sources.instance()
    give = sources.give
    sources.give = lambda received: Reply(status=500) if len(sources.given) <= failures else give(received)
    await collect(sources, None)
    assert sources.served == ["CONTAINER"]


@pytest.mark.parametrize(
    "reply",
    [Reply(b'{"AccessKeyId": '), Reply({"Code": "AssumeRoleUnauthorizedAccess", "Message": "no"}), Reply(status=429)],
    ids=["cut off", "refused", "429"],
)
async def test_an_instance_that_gives_no_credentials_is_named(sources: CredentialSources, reply: Reply) -> None:
    sources.instance()
    give = sources.give
    sources.give = lambda received: reply if received.path.endswith("/reader") else give(received)
    error = await failure(sources, "connect", None)
    assert str(error).startswith("the instance's credentials: ")
    assert error.is_retryable


async def test_an_instance_without_a_role_is_no_failure(sources: CredentialSources) -> None:
    sources.instance()
    give = sources.give
    sources.give = lambda received: give(received) if received.path.endswith("/token") else Reply(status=404)
    with pytest.raises(NoCredentialsError):
        await ask(sources, profile=None)


async def test_the_address_of_a_container_has_no_secret(
    sources: CredentialSources, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "http://user:the-secret@127.0.0.1:1/the-secret?token=the-secret"
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url)
    assert '"http://127.0.0.1:1"' in str(await failure(sources, "connect", None))


async def test_the_endpoint_of_sts_that_is_none(sources: CredentialSources, monkeypatch: pytest.MonkeyPatch) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "the-secret")
    assert "AssumeRole: its endpoint URL is not usable: check AWS_ENDPOINT_URL" in str(await failure(sources))


@pytest.mark.parametrize("token", ["the-secret\n", "the-secret\x1b"])
async def test_the_token_of_a_container_that_cannot_be_sent(
    sources: CredentialSources, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    sources.container()
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", token)
    with pytest.raises(BotoCoreError, match="AWS_CONTAINER_AUTHORIZATION_TOKEN") as caught:
        await ask(sources, profile=None)
    assert "the-secret" not in str(caught.value)


async def collect(sources: CredentialSources, profile: str | None = "p", **options: Any) -> None:
    await Collection(
        account.listings.list_connections(),
        Source("AWS", profile=profile, endpoint_url=sources.url),
        limits=Limits(backoff=0.001, attempts=5),
        **options,
    ).collect()


async def test_calls_that_wait_for_one_role_ask_once(sources: CredentialSources) -> None:
    sources.configure(ASSUME_ROLE + BASE)
    sources.give = lambda _: attrs.evolve(sts_error("AccessDenied"), delay=0.1)
    failures = []

    async def fail(client: account.Client) -> None:
        with pytest.raises(CredentialsError, match="AccessDenied") as caught:
            await client.list_connections(catalog="AWS")
        failures.append(caught.value)

    async with opened(sources) as client:
        for asked in (1, 2):
            async with anyio.create_task_group() as group:
                for _ in range(4):
                    group.start_soon(fail, client)
            assert len(sources.given) == asked
    assert len(failures) == 8


@pytest.mark.parametrize("kind", ["role", "container", "process"])
async def test_expired_credentials_of_each_kind_are_obtained_again(sources: CredentialSources, kind: str) -> None:
    profile = configure(sources, kind)
    if kind == "process":
        prints = f'{sources.home}/runs; printf \'{{"Version": 1, "SecretAccessKey": "s", "AccessKeyId": "KEY%s"}}\' '
        (sources.home / "print.sh").write_text(f"echo >> {prints} $(grep -c '' {sources.home}/runs)")
        sources.command(f"sh {sources.home}/print.sh")
    elif kind == "container":
        sources.give = lambda _: container_credentials(AccessKeyId=f"KEY{len(sources.given)}")
    else:
        sources.give = lambda _: assumed(key=f"KEY{len(sources.given)}")
    expired = Reply({"__type": "ExpiredTokenException", "message": "expired"}, status=400)
    sources.serve = lambda _: Reply({"ConnectionSummaries": []}) if sources.served[-1] == "KEY2" else expired
    await ask(sources, profile=profile)
    assert sources.served == ["KEY1", "KEY2"]
