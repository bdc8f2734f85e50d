"""A lease that is cancelled at any step leaves no task, socket, lock or room behind."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import suppress

import anyio
import anyio.lowlevel
import pytest

from aiopartnercentral import account
from aiopartnercentral.bulk import ClientPool, Credentials, Source
from tests.support.tasks import GUARD, no_task_left

pytestmark = pytest.mark.anyio


@pytest.fixture
def make_sources(line, aws_environment):  # noqa: ARG001 - order
    """Make three sources of accounts that nobody has asked for, in regions of their own."""
    names = itertools.count()

    def slow(name):
        async def provider():
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
            return Credentials(access_key_id=name, secret_access_key="secret")

        return Source("AWS", credentials=provider, endpoint_url=line.url, region_name=f"us-{name}")

    return lambda: [slow(f"key-{next(names)}") for _ in range(3)]


async def open_all(clients, sources):
    """Open, close for another's sake, and open again."""
    for source in [*sources, sources[0]]:
        async with clients.lease(source, account.Client):
            await anyio.lowlevel.checkpoint()


async def use_all(clients, sources):
    async with anyio.create_task_group() as group:
        for source in [*sources, *sources]:
            group.start_soon(use, clients, source)


async def use(clients, source):
    async with clients.lease(source, account.Client) as client:
        await client.list_connections(catalog="AWS")


async def check_that_nothing_is_held(clients, sources):
    """Whoever comes next finds all the room there is, and no lock that is held."""
    assert clients.open <= 2
    with anyio.fail_after(GUARD):
        async with clients.lease(sources[0], account.Client), clients.lease(sources[1], account.Client):
            assert clients.open == 2


@pytest.mark.parametrize("work", [open_all, use_all])
async def test_a_cancellation_at_any_step_leaves_nothing(make_sources, line, work):
    step, finished = 0, False
    async with ClientPool(max_open=2) as clients:
        while not finished:
            sources = make_sources()
            async with no_task_left(), anyio.create_task_group() as group:
                with anyio.fail_after(GUARD), anyio.CancelScope() as scope:
                    group.start_soon(_cancel_later, scope, step)
                    await work(clients, sources)
                    finished = True
                group.cancel_scope.cancel()
            await check_that_nothing_is_held(clients, sources)
            # The wire takes many more steps than all else.
            step = step + 1 if step < 25 or work is open_all else step * 4 // 3
    assert clients.open == 0
    assert step > 30
    await line.until_open()


async def _cancel_later(scope, steps):
    for _ in range(steps):
        await anyio.lowlevel.checkpoint()
    scope.cancel()


@pytest.mark.parametrize("work", [open_all, use_all])
async def test_native_cancellations_leave_nothing(make_sources, line, work):
    async with ClientPool(max_open=2) as clients:
        for step in range(0, 60, 3):
            sources = make_sources()
            async with no_task_left():
                task = asyncio.create_task(work(clients, sources))
                for _ in range(step):
                    await asyncio.sleep(0)
                task.cancel()
                with suppress(asyncio.CancelledError):  # it may have come too late
                    await task
                    assert step > 20
            await check_that_nothing_is_held(clients, sources)
    assert clients.open == 0
    await line.until_open()


async def test_who_waits_goes_on_where_the_one_who_opens_is_cancelled(make_sources):
    source = make_sources()[0]
    async with ClientPool() as clients, anyio.create_task_group() as group:
        lent = []

        async def hold(scope):
            with scope:
                async with clients.lease(source, account.Client) as client:
                    lent.append(client)

        scopes = [anyio.CancelScope() for _ in range(3)]
        for scope in scopes:
            group.start_soon(hold, scope)
        for _ in range(3):
            await anyio.lowlevel.checkpoint()
        scopes[0].cancel()
        with anyio.fail_after(GUARD):
            while len(lent) < 2:
                await anyio.sleep(0.001)
        assert lent[0]._api.transport.connection is lent[1]._api.transport.connection
        assert clients.open == 1


async def test_leaving_the_pool_while_cancelled_closes_all(make_sources, line):
    with anyio.CancelScope() as scope:
        async with ClientPool() as clients:
            await use_all(clients, make_sources())
            scope.cancel()
            await anyio.lowlevel.checkpoint()
    assert clients.open == 0
    await line.until_open()
