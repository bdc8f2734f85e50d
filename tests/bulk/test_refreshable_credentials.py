"""Credentials of the caller's own: when they are asked for, and what becomes of failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import attrs
import pytest

from aiopartnercentral import CredentialsError, account
from aiopartnercentral.bulk import ClientPool, Credentials, Source
from tests.support.tasks import GUARD

pytestmark = pytest.mark.anyio


@attrs.define
class Provider:
    """Gives `key-1`, `key-2` and so on, each good for so many seconds; or fails."""

    seconds: float | None = None
    delay: float = 0
    gate: anyio.Event | None = None
    failing: list[Exception] = attrs.field(factory=list)
    asked: int = 0
    asking: int = 0

    async def __call__(self):
        self.asked += 1
        assert not self.asking, "two are asking at a time"
        self.asking += 1
        try:
            await anyio.sleep(self.delay)
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.asking -= 1
        if self.failing:
            raise self.failing.pop(0)
        return self.credentials()

    def credentials(self):
        expires_at = None if self.seconds is None else datetime.now(UTC) + timedelta(seconds=self.seconds)
        return Credentials(access_key_id=f"key-{self.asked}", secret_access_key="s3cret", expires_at=expires_at)


@pytest.fixture
async def clients(aws_environment):  # noqa: ARG001 - order
    async with ClientPool() as clients:
        yield clients


async def ask(client):
    await client.list_connections(catalog="AWS")


async def test_credentials_that_do_not_expire_are_asked_for_once(clients, line):
    provider = Provider()
    source = Source("AWS", credentials=provider, endpoint_url=line.url)
    assert provider.asked == 0
    for _ in range(3):
        async with clients.lease(source, account.Client) as client:
            await ask(client)
    assert line.asked == ["key-1"] * 3


async def test_they_are_asked_for_again_before_they_expire(clients, line):
    provider = Provider(seconds=1)
    with anyio.fail_after(GUARD):
        async with clients.lease(Source("AWS", credentials=provider, endpoint_url=line.url), account.Client) as client:
            rounds = 0
            while provider.asked < 3:
                rounds += 1
                async with anyio.create_task_group() as group:
                    for _ in range(5):
                        group.start_soon(ask, client)
    assert len(set(line.asked)) > 1
    assert len(line.asked) == 5 * rounds


def make_early(client, *, late=False):
    """Let a quarter of the time be left, which nobody wants to wait for; or less than a sixth, which all wait for."""
    credentials = client._api.transport.credentials
    credentials._early = datetime.now(UTC)
    credentials._late = datetime.now(UTC) if late else credentials._late


async def test_calls_go_on_while_new_ones_are_asked_for_early(clients, line):
    provider = Provider(seconds=3600)
    async with clients.lease(Source("AWS", credentials=provider, endpoint_url=line.url), account.Client) as client:
        make_early(client)
        provider.gate = anyio.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(ask, client)
            with anyio.fail_after(GUARD):
                while not provider.asking:
                    await anyio.sleep(0.001)
                await ask(client)
            assert line.asked == ["key-1"]
            provider.gate.set()
    assert line.asked == ["key-1", "key-2"]


async def test_who_has_waited_for_new_ones_does_not_ask_again(clients, line):
    provider = Provider(seconds=3600)
    async with clients.lease(Source("AWS", credentials=provider, endpoint_url=line.url), account.Client) as client:
        make_early(client, late=True)
        provider.delay = 0.05
        async with anyio.create_task_group() as group:
            for _ in range(4):
                group.start_soon(ask, client)
    assert (provider.asked, line.asked) == (2, ["key-2"] * 4)


async def test_an_early_failure_is_nobodys_and_is_not_tried_again_at_once(clients, line, caplog):
    provider = Provider(seconds=3600)
    async with clients.lease(Source("AWS", credentials=provider, endpoint_url=line.url), account.Client) as client:
        make_early(client)
        provider.failing = [OSError("s3cret")]
        for _ in range(3):
            await ask(client)
        assert (provider.asked, line.asked) == (2, ["key-1"] * 3)
        make_early(client)
        await ask(client)
    assert (provider.asked, line.asked[-1]) == (3, "key-3")
    assert "no new credentials yet (OSError)" in caplog.text
    assert "s3cret" not in caplog.text


async def test_what_a_provider_raises_is_raised_to_all_that_wait_and_the_next_asks_again(clients, line):
    error = OSError("the vault is sealed")
    provider = Provider(delay=0.05, failing=[error])
    source = Source("AWS", credentials=provider, endpoint_url=line.url)
    failures = []

    async def fail():
        with pytest.raises(OSError, match="sealed") as caught:
            async with clients.lease(source, account.Client):
                pass
        failures.append(caught.value)

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(fail)
    assert failures == [error] * 4
    assert (provider.asked, clients.open) == (1, 0)
    async with clients.lease(source, account.Client) as client:
        await ask(client)
    assert line.asked == ["key-2"]


async def test_a_failure_when_they_have_expired_is_raised_to_all_that_wait(clients, line):
    provider = Provider(seconds=0.2)
    async with clients.lease(Source("AWS", credentials=provider, endpoint_url=line.url), account.Client) as client:
        await anyio.sleep(0.25)
        error = OSError("the vault is sealed")
        provider.failing, provider.delay = [error], 0.05
        failures = []

        async def fail():
            with pytest.raises(OSError, match="sealed") as caught:
                await ask(client)
            failures.append(caught.value)

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(fail)
        assert failures == [error] * 3
        provider.delay, provider.seconds = 0, 60
        await ask(client)
    assert line.asked == ["key-3"]


async def test_a_provider_that_hangs_exceeds_the_time_limit(aws_environment):  # noqa: ARG001 - order
    provider = Provider(delay=30)
    async with ClientPool(timeout=0.1) as clients:
        with pytest.raises(CredentialsError, match=r"^credentials provider: time limit exceeded: timeout = 0\.1 s$"):
            async with clients.lease(Source("AWS", credentials=provider), account.Client):
                pass


async def test_a_provider_that_hangs_later_is_named_and_costs_no_call_that_has_credentials(line, caplog):
    provider = Provider(seconds=3600)
    source = Source("AWS", credentials=provider, endpoint_url=line.url)
    async with ClientPool(timeout=2.0) as clients, clients.lease(source, account.Client) as client:
        provider.delay = 30
        make_early(client)
        await ask(client)
        assert (provider.asked, line.asked) == (2, ["key-1"])
        assert "no new credentials yet (CredentialsError)" in caplog.text
        make_early(client, late=True)
        with pytest.raises(CredentialsError, match=r"^credentials provider: time limit exceeded: timeout = 2 s$"):
            await ask(client)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"AccessKeyId": "s3cret"}, "expected Credentials, got dict"),
        (None, "expected Credentials, got NoneType"),
        (
            Credentials(access_key_id="a", secret_access_key="s3cret", expires_at=datetime.now(UTC)),
            "got credentials that have expired already",
        ),
    ],
)
async def test_what_is_no_usable_credentials_is_an_error_of_the_source(clients, given, message):
    async def provider():
        return given

    with pytest.raises(CredentialsError, match=f"^credentials provider: {message}$") as caught:
        async with clients.lease(Source("AWS", credentials=provider), account.Client):
            pass
    assert "s3cret" not in repr(caught.value)


async def test_a_provider_that_is_not_async_is_named_as_the_mistake(clients):
    found = Credentials(access_key_id="a", secret_access_key="s3cret")
    message = r"^credentials must be an async function, not one that returns a Credentials at once: write `async def`$"
    with pytest.raises(CredentialsError, match=message) as caught:
        async with clients.lease(Source("AWS", credentials=lambda: found), account.Client):
            pass
    assert "s3cret" not in repr(caught.value)
