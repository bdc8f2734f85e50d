"""The pool: who shares a client, how many are open, and which is closed."""

from __future__ import annotations

import json
import pickle
from functools import partial

import anyio
import attrs
import pytest
from aiobotocore.config import AioConfig
from botocore.exceptions import ProfileNotFound

from aiopartnercentral import CredentialsError, ServiceError, account
from aiopartnercentral._client import ServiceClient
from aiopartnercentral._transport.sessions import Sessions
from aiopartnercentral.bulk import ClientPool, Credentials, Role, Source
from tests.support.tasks import GUARD

pytestmark = pytest.mark.anyio


async def give(name, delay=0):
    await anyio.sleep(delay)
    return Credentials(access_key_id=name, secret_access_key="secret")


@pytest.fixture
def source(line, aws_environment):  # noqa: ARG001 - order
    """Make a source of an account of its own by its name; the same name is the same account, in a region of its own."""
    providers = {}

    def source(name, catalog="AWS", **options):
        provider = providers.setdefault(name, partial(give, name, options.pop("delay", 0)))
        region = options.pop("region_name", f"us-{name.replace(' ', '')}-1")
        return Source(catalog, credentials=provider, endpoint_url=line.url, region_name=region, **options)

    return source


async def ask(clients, source):
    async with clients.lease(source, account.Client) as client:
        await client.list_connections(catalog=source.catalog)


async def test_leases_of_one_access_at_the_same_time_open_one_client(source):
    lent = []

    async def hold(clients, each):
        async with clients.lease(each, account.Client) as client:
            lent.append(client)

    async with ClientPool() as clients:
        assert clients.open == 0
        async with anyio.create_task_group() as group:
            for catalog in ("AWS", "Sandbox", "AWS"):
                group.start_soon(hold, clients, source("a", catalog, delay=0.05))
        assert clients.open == 1
    assert len(lent) == 3
    assert len({id(client._api.transport.connection) for client in lent}) == 1


async def test_accounts_with_the_same_settings_share_a_client(source, line):
    async with ClientPool(max_open=1) as clients:
        async with anyio.create_task_group() as group:
            for name in "abc" * 3:
                group.start_soon(ask, clients, source(name, delay=0.02, region_name=None))
        assert clients.open == 1
        await ask(clients, Source("AWS", endpoint_url=line.url))
        assert clients.open == 1
    assert sorted(line.asked) == ["AKIDEXAMPLE", *"aaabbbccc"]


@pytest.mark.parametrize("direct", [True, False])
async def test_accounts_of_one_client_keep_their_credentials_apart(source, line, direct):
    async def often(clients, name):
        async with clients.lease(source(name, region_name=None), account.Client) as client:
            for _ in range(10):
                await client.with_options(attempts=8).list_connections(catalog=name)

    line.fails_each = 7
    async with ClientPool(direct=direct) as clients, anyio.create_task_group() as group:
        for name in "abcde":
            group.start_soon(often, clients, name)
    assert len(line.bodies) > 55
    assert {(key, json.loads(body)["Catalog"]) for key, body in line.bodies} == {(name, name) for name in "abcde"}


async def test_with_retries_each_account_has_a_client_with_a_quota_of_its_own(source):
    config = AioConfig(retries={"mode": "standard", "total_max_attempts": 2})
    async with ClientPool(config=config) as clients:
        for name in "aba":
            await ask(clients, source(name, region_name=None))
        assert clients.open == 2


async def test_clients_are_not_shared_where_the_endpoint_depends_on_the_account(aws_environment):  # noqa: ARG001 - order
    sessions = Sessions(None, None, 10, None)
    session, ours = sessions.session(None, "us-east-1"), account.Client.service
    assert sessions.share_clients(session, ours)
    assert not sessions.share_clients(session, attrs.evolve(ours, name="dynamodb", api_version="2012-08-10"))


async def test_a_failing_account_is_no_failure_of_those_that_share_its_client(source, line):
    async def fail():
        raise OSError("no credentials today")

    async with ClientPool() as clients:
        for _ in range(2):
            with pytest.raises(OSError, match="no credentials today"):
                await ask(clients, Source("AWS", credentials=fail, endpoint_url=line.url))
            await ask(clients, source("a", region_name=None))
        assert clients.open == 1


async def test_another_region_or_endpoint_is_another_client(source, line):
    async with ClientPool() as clients:
        for each in (
            source("a", region_name=None),
            source("a", region_name="us-east-1"),
            Source("AWS", endpoint_url=line.url),
            Source("AWS", endpoint_url=f"{line.url}/"),
        ):
            await ask(clients, each)
        assert clients.open == 3
    assert line.asked == ["a", "a", "AKIDEXAMPLE", "AKIDEXAMPLE"]


async def test_the_least_recently_used_is_closed_for_another(source, line):
    async with ClientPool(max_open=2) as clients:
        for name in "abac":
            await ask(clients, source(name))
        await line.until_open("a", "c")
        assert clients.open == 2
    await line.until_open()
    assert clients.open == 0


async def test_leases_wait_in_turn_while_all_clients_are_held(source, line):
    order = []

    async def use(clients, name, done):
        async with clients.lease(source(name), account.Client):
            order.append(name)
            await done.wait()

    async with ClientPool(max_open=1) as clients, anyio.create_task_group() as group:
        events = {name: anyio.Event() for name in "abcd"}
        for name, event in events.items():
            group.start_soon(use, clients, name, event)
            await anyio.wait_all_tasks_blocked()
        for number, event in enumerate(events.values(), 1):
            with anyio.fail_after(GUARD):
                while len(order) < number:
                    await anyio.sleep(0.001)
            await anyio.wait_all_tasks_blocked()
            assert (len(order), clients.open) == (number, 1)
            event.set()
    assert order == list("abcd")
    assert not line.asked


async def test_a_task_may_hold_several_leases_of_one_access(source):
    async with ClientPool(max_open=1) as clients:
        with anyio.fail_after(GUARD):
            async with (
                clients.lease(source("a"), account.Client) as first,
                anyio.create_task_group() as group,
            ):
                group.start_soon(ask, clients, source("b"))
                await anyio.wait_all_tasks_blocked()
                async with clients.lease(source("a", "Sandbox"), account.Client) as second:
                    assert second._api.transport.connection is first._api.transport.connection
                group.cancel_scope.cancel()


async def test_a_client_of_the_callers_own_is_used_as_it_is(source, line):
    line.status = 500
    config = AioConfig(retries={"mode": "standard", "total_max_attempts": 2})
    async with account.connect(endpoint_url=line.url, config=config) as own:
        async with ClientPool(max_open=1) as clients:
            async with (
                clients.lease(source("a"), account.Client),
                clients.lease(Source("AWS", client=own), account.Client) as lent,
            ):
                assert lent is own
                assert clients.open == 1
            with pytest.raises(ServiceError):
                await ask(clients, Source("AWS", client=own))
        line.status = 200
        await own.list_connections(catalog="AWS")
    assert len(line.asked) == 3


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
async def test_a_request_is_sent_once(source, line, monkeypatch, mode):
    monkeypatch.setenv("AWS_RETRY_MODE", mode)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "4")
    line.status = 500
    async with ClientPool() as clients:
        with pytest.raises(ServiceError) as caught:
            await ask(clients, source("a"))
    assert caught.value.attempts == 1
    assert line.asked == ["a"]


async def test_a_config_with_retries_has_its_way(source, line):
    line.status = 500
    config = AioConfig(retries={"mode": "standard", "total_max_attempts": 2})
    async with ClientPool(config=config) as clients:
        with pytest.raises(ServiceError):
            await ask(clients, source("a"))
    assert line.asked == ["a"] * 2


async def test_a_profile_that_is_not_there_is_an_error_of_its_source(source, line):
    async with ClientPool() as clients:
        for _ in range(2):
            with pytest.raises(ProfileNotFound):
                await ask(clients, Source("AWS", profile="nobody"))
            with pytest.raises(ProfileNotFound):
                await ask(
                    clients, Source("AWS", role=Role(arn="arn:aws:iam::111122223333:role/reader", profile="nobody"))
                )
        assert clients.open == 0
        await ask(clients, source("a"))
    assert line.asked == ["a"]


async def test_clients_share_a_tls_context(source):
    async with ClientPool() as clients:
        contexts = []
        for name in "ab":
            async with clients.lease(source(name), account.Client) as client:
                await client.list_connections(catalog="AWS")
                http = client._api.transport.connection.botocore.client._endpoint.http_session
                contexts.append(await (http.pool._context() if http.pool else http.tls_context()))
        assert len(contexts) == 2
        assert contexts[0] is contexts[1]
        assert contexts[0].cert_store_stats()["x509_ca"] > 10


async def test_closing_the_pool_closes_everything(source, line):
    closed = anyio.Event()
    errors = []

    async def hold(clients):
        async with clients.lease(source("a"), account.Client) as client:
            await client.list_connections(catalog="AWS")
            held.set()
            await closed.wait()
            with pytest.raises(RuntimeError, match="open only inside"):
                await client.list_connections(catalog="AWS")

    async def fail(clients, each):
        try:
            await ask(clients, each)
        except RuntimeError as error:
            errors.append(str(error))

    held = anyio.Event()
    async with anyio.create_task_group() as group:
        with anyio.fail_after(GUARD):
            async with ClientPool(max_open=1) as clients:
                group.start_soon(hold, clients)
                await held.wait()
                group.start_soon(fail, clients, source("slow", delay=60))
                group.start_soon(fail, clients, source("slow"))
                await anyio.wait_all_tasks_blocked()
                group.start_soon(fail, clients, source("waits"))
                group.start_soon(fail, clients, source("waits too"))
                await anyio.wait_all_tasks_blocked()
            await line.until_open()
        closed.set()
    assert clients.open == 0
    assert errors == ["the pool was closed before the client was open"] * 4
    with pytest.raises(RuntimeError, match="only inside"):
        await ask(clients, source("a"))
    with pytest.raises(RuntimeError, match="only once"):
        await clients.__aenter__()


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"max_open": 0}, ValueError, "max_open must be an integer of at least 1, not 0"),
        ({"max_open": True}, TypeError, "max_open must be an integer of at least 1, not a boolean"),
        ({"verfy": False}, TypeError, r"ClientPool\(\) has no option verfy; did you mean verify"),
        ({"profile": "a"}, TypeError, r"ClientPool\(\) has no option profile"),
    ],
)
def test_what_no_pool_can_be(options, kind, message):
    with pytest.raises(kind, match=message):
        ClientPool(**options)


async def test_what_no_lease_can_be_of(line):
    class Other(ServiceClient):
        service, fast = account.Client.service, account.Client.fast

    async with ClientPool() as clients, account.connect(endpoint_url=line.url) as own:
        with pytest.raises(TypeError, match="source must be a Source, not a string"):
            async with clients.lease("AWS", account.Client):
                pass
        with pytest.raises(TypeError, match=r"must be a .*Other, not an aiopartnercentral\.account\.client\.Client"):
            async with clients.lease(Source("AWS", client=own), Other):
                pass
        for wrong in (account, dict, "Client"):
            with pytest.raises(TypeError, match="client_class must be a class of clients, such as account"):
                async with clients.lease(Source("AWS", endpoint_url=line.url), wrong):
                    pass


def test_an_error_of_credentials_survives_a_pickle():
    error = pickle.loads(pickle.dumps(CredentialsError("why", code="AccessDenied", is_retryable=True)))
    assert (str(error), error.code, error.is_retryable) == ("why", "AccessDenied", True)
