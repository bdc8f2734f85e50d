"""Roles, with a real STS and an emulator that accepts only the credentials of assumed roles."""

from __future__ import annotations

import pickle

import anyio
import pytest

from aiopartnercentral import CredentialsError, Emulator, account
from aiopartnercentral.bulk import ClientPool, Role, Source
from tests.support.servers import socket_server
from tests.support.sts_server import AssumedCredentials, brief_sessions
from tests.support.tasks import GUARD

pytestmark = pytest.mark.anyio

ACME = "arn:aws:iam::111122223333:role/partner/reader"
OTHER = "arn:aws:iam::444455556666:role/reader"


@pytest.fixture
async def emulator(sts):
    async with Emulator(credentials=AssumedCredentials(sts)) as emulator:
        yield emulator


@pytest.fixture
async def clients(aws_environment):  # noqa: ARG001 - order
    async with ClientPool() as clients:
        yield clients


def source(emulator, arn, catalog="AWS", **options):
    return Source(catalog, role=Role(arn=arn, **options), endpoint_url=emulator.endpoint_url)


async def ask(clients, source):
    async with clients.lease(source, account.Client) as client:
        await client.list_connections(catalog=source.catalog)


async def test_each_role_sends_requests_of_its_own_account(sts, emulator, clients):
    async with anyio.create_task_group() as group:
        for arn in (ACME, OTHER):
            for catalog in ("AWS", "Sandbox"):
                group.start_soon(ask, clients, source(emulator, arn, catalog))
    asked = sorted((request.account, request.catalog, request.status) for request in emulator.requests)
    assert asked == [
        ("111122223333", "AWS", 200),
        ("111122223333", "Sandbox", 200),
        ("444455556666", "AWS", 200),
        ("444455556666", "Sandbox", 200),
    ]
    assert clients.open == 1
    assert len(sts.assumed(ACME)) == len(sts.assumed(OTHER)) == 1


async def test_the_arguments_of_a_role_reach_sts(sts, emulator, clients):
    await ask(clients, source(emulator, ACME, external_id="a:secret", session_name="nightly", duration=900))
    await ask(clients, source(emulator, OTHER))
    (acme,), (other,) = sts.assumed(ACME), sts.assumed(OTHER)
    assert (acme["external_id"], acme["session_name"]) == ("a:secret", "nightly")
    assert (other.get("external_id"), other["session_name"]) == (None, "aiopartnercentral")


async def test_an_external_id_is_read_where_the_role_is_assumed(sts, emulator, clients, monkeypatch):
    monkeypatch.delenv("READER_ID", raising=False)
    role = Role(arn=ACME, external_id_env="READER_ID")
    one = Source("AWS", role=pickle.loads(pickle.dumps(role)), endpoint_url=emulator.endpoint_url)
    with pytest.raises(CredentialsError, match=r"^the environment variable READER_ID, .* is not set: set it$"):
        await ask(clients, one)
    monkeypatch.setenv("READER_ID", "s3cret !")
    with pytest.raises(CredentialsError, match="variable READER_ID must be made of letters") as caught:
        await ask(clients, one)
    assert "s3cret" not in str(caught.value)
    monkeypatch.setenv("READER_ID", "a:secret")
    await ask(clients, one)
    assert [each["external_id"] for each in sts.assumed(ACME)] == ["a:secret"]
    assert b"a:secret" not in pickle.dumps(role)


async def test_the_shortest_session_is_not_refreshed_at_each_call(sts, emulator, clients):
    for _ in range(5):
        await ask(clients, source(emulator, ACME, duration=900))
    assert len(sts.assumed(ACME)) == 1


async def test_a_role_is_assumed_again_while_its_client_is_in_use(sts, clients, monkeypatch):
    with brief_sessions(sts, 2) as url, anyio.fail_after(GUARD):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        # A request that was signed in the last moment can arrive later.
        async with Emulator(credentials=AssumedCredentials(sts, 2 + 1)) as emulator:
            async with clients.lease(source(emulator, ACME), account.Client) as client:
                while len(sts.assumed(ACME)) < 3:
                    async with anyio.create_task_group() as group:
                        for _ in range(4):
                            group.start_soon(ask_with, client)
            assert {request.status for request in emulator.requests} == {200}
            assert len(emulator.requests) > 4 * 3


async def ask_with(client):
    await client.list_connections(catalog="AWS")


async def test_a_client_is_reopened_without_assuming_the_role_again(sts, emulator, aws_environment):  # noqa: ARG001 - order
    async with ClientPool(max_open=1) as clients:
        for arn in (ACME, OTHER, ACME):
            await ask(clients, source(emulator, arn))
    assert len(sts.assumed(ACME)) == 1


async def test_the_profile_of_a_role_assumes_it(sts, emulator, clients, monkeypatch, tmp_path):
    key, secret = sts.user_who_may_assume(ACME)
    config = tmp_path / "config"
    config.write_text(
        f"[profile runner]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\nservices = local\n"
        f"[services local]\nsts =\n  endpoint_url = {sts.url}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.delenv("AWS_ENDPOINT_URL_STS")
    await ask(clients, source(emulator, ACME, profile="runner"))
    assert [request.account for request in emulator.requests] == ["111122223333"]


async def test_a_denied_role_does_not_affect_others(sts, emulator, clients, monkeypatch):
    key, secret = sts.user_who_may_assume(ACME)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    with pytest.raises(CredentialsError, match=f"^role {OTHER} cannot be assumed: AccessDenied: ") as caught:
        await ask(clients, source(emulator, OTHER, external_id="a:secret"))
    assert (caught.value.code, caught.value.is_retryable) == ("AccessDenied", False)
    assert caught.value.__context__ is None
    assert secret not in str(caught.value)
    assert "a:secret" not in str(caught.value)
    assert clients.open == 0
    await ask(clients, source(emulator, ACME))
    assert clients.open == 1


async def test_all_leases_that_wait_for_one_role_fail_with_one_attempt(sts, emulator, clients, monkeypatch):
    sts.user_who_may_assume(ACME)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
    failures = []

    async def fail():
        with pytest.raises(CredentialsError, match="InvalidClientTokenId") as caught:
            await ask(clients, source(emulator, ACME))
        failures.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(fail)
    assert len(failures) == 5
    assert len(set(map(id, failures))) == 1


async def test_an_unreachable_sts_is_a_retryable_error(clients, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(CredentialsError, match="Could not connect") as caught:
        await ask(clients, Source("AWS", role=Role(arn=ACME)))
    assert (caught.value.code, caught.value.is_retryable) == (None, True)


async def test_an_external_id_in_an_sts_message_is_not_shown(clients, monkeypatch):
    said = (
        b"<ErrorResponse><Error><Code>ValidationError</Code><Message>a:secret is bad</Message></Error></ErrorResponse>"
    )
    with scripted_sts(said) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        with pytest.raises(CredentialsError, match="is bad") as caught:
            await ask(clients, Source("AWS", role=Role(arn=ACME, external_id="a:secret")))
    assert "a:secret" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 400])
async def test_a_response_that_is_not_from_sts_is_a_credentials_error(clients, monkeypatch, status):
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with scripted_sts(b'{"__type":"a:secret"}', status) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        with pytest.raises(CredentialsError, match=r"cannot be assumed: .*invalid response") as caught:
            await ask(clients, Source("AWS", role=Role(arn=ACME)))
    assert "a:secret" not in str(caught.value)
    assert url.removeprefix("http://") in str(caught.value)


@pytest.mark.parametrize("way", ["role", "profile"])
async def test_an_endpoint_that_is_not_sts_is_named(clients, monkeypatch, tmp_path, way):
    """The emulator answers so for all services that one variable sends to it."""
    config = tmp_path / "config"
    config.write_text(f"[profile reader]\nrole_arn={ACME}\ncredential_source=Environment\n", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    async with Emulator() as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"{emulator.endpoint_url}/s3cret")
        one = Source("AWS", role=Role(arn=ACME)) if way == "role" else Source("AWS", profile="reader")
        with pytest.raises(CredentialsError, match="serves Partner Central only, and not sts") as caught:
            await ask(clients, one)
    assert "s3cret" not in str(caught.value)


async def test_roles_can_be_rehearsed_with_the_emulator(sts, clients, monkeypatch):
    """As docs/sources.md says: moto is the STS, and the emulator everything else."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    async with Emulator() as emulator:
        monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.endpoint_url)
        await ask(clients, Source("AWS", role=Role(arn=ACME)))
    assert len(sts.assumed(ACME)) == len(emulator.requests) == 1


NO_TIME = b"<AssumeRoleResult><Credentials><Expiration>inf</Expiration></Credentials></AssumeRoleResult>"


@pytest.mark.parametrize("result", [b"", b"<AssumeRoleResult/>", NO_TIME])
async def test_a_response_without_credentials_is_a_credentials_error(clients, monkeypatch, result):
    with scripted_sts(b"<AssumeRoleResponse>%s</AssumeRoleResponse>" % result, 200) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        with pytest.raises(CredentialsError, match=rf"{ACME} cannot be assumed: invalid response .* from {url}:"):
            await ask(clients, Source("AWS", role=Role(arn=ACME)))


def scripted_sts(body, status=400):
    head = f"HTTP/1.1 {status} x\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return socket_server(head.encode() + body)
