"""Options, start and shutdown: nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import subprocess
import sys
import time

import anyio
import anyio.lowlevel
import httpx2
import pytest

from aiopartnercentral.emulator import Emulator
from aiopartnercentral.emulator.state.quotas import TokenBucket

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
async def nothing_left_behind(anyio_backend):  # noqa: ARG001 - asking for it runs this beside synchronous tests
    before = {task.id for task in anyio.get_running_tasks()}
    yield
    # An open socket is a ResourceWarning now, which pytest turns into a failure.
    gc.collect()
    left = [task for task in anyio.get_running_tasks() if task.id not in before]
    assert [task for task in left if not task.coro.__qualname__.startswith("TestRunner.")] == []


async def until(condition):
    with anyio.fail_after(10):
        while not condition():
            await anyio.sleep(0.001)


async def test_it_listens_on_loopback_and_only_inside_its_block(post):
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="async with"):
        _ = emulator.endpoint_url
    async with emulator:
        url = emulator.endpoint_url
        assert url.startswith("http://127.0.0.1:")
        assert (await post(url, "ListConnections", {"Catalog": "AWS"})).status_code == 200
    with pytest.raises(RuntimeError, match="async with"):
        _ = emulator.endpoint_url
    async with httpx2.AsyncClient(trust_env=False) as fresh:
        with pytest.raises(httpx2.ConnectError):
            await fresh.get(url)


async def test_it_can_run_again_but_not_twice_at_once(post):
    emulator = Emulator()
    for _ in range(2):
        async with emulator:
            with pytest.raises(RuntimeError, match="already running"):
                await emulator.__aenter__()
            assert (await post(emulator.endpoint_url, "ListPartners", {"Catalog": "AWS"})).status_code == 200
    assert len(emulator.requests) == 2


async def test_a_port_in_use_is_an_oserror_that_names_it():
    async with Emulator() as first:
        port = int(first.endpoint_url.rpartition(":")[2])
        with pytest.raises(OSError, match=str(port)):
            await Emulator(port=port).__aenter__()
    async with Emulator(port=port) as second:
        assert second.endpoint_url.endswith(f":{port}")


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_on_trio_it_asks_for_asyncio():
    with pytest.raises(RuntimeError, match="asyncio"):
        await Emulator().__aenter__()


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"catalogs": {"A-1": 1}}, "^catalogs key must be 1 to 64 ASCII letters$"),
        ({"catalogs": {"": 1}}, "^catalogs key must not be empty$"),
        ({"catalogs": {"AWS": -1}}, r"^catalogs\['AWS'\] must be an integer from 0 to 60466176, not -1$"),
        ({"latency": -1.0}, "latency"),
        ({"latency": float("nan")}, "latency"),
        ({"requests_per_second": 0}, "requests_per_second"),
        ({"account_id": "12"}, "account_id"),
        ({"catalogs": {"AWS": 5.5}}, r"^catalogs\['AWS'\] must be an integer from 0 to 60466176, not a float$"),
        ({"catalogs": {"AWS": True}}, r"^catalogs\['AWS'\] must be an integer from 0 to 60466176, not a boolean$"),
        ({"catalogs": ["AWS"]}, "^catalogs must be a mapping of catalog names to numbers of connections, not a list$"),
        ({"denied_catalogs": "AWS"}, "^denied_catalogs must be a collection of catalog names, not a string$"),
        ({"denied_catalogs": ["Sandbx"]}, r"^denied_catalogs\[0\] must be 'AWS' or 'Sandbox', not 'Sandbx'$"),
    ],
)
def test_wrong_arguments_are_refused_at_once(arguments, match):
    with pytest.raises((ValueError, TypeError), match=match):
        Emulator(**arguments)


async def test_latency_delays_every_response_and_in_flight_counts_them(post):
    async with Emulator() as emulator:
        emulator.latency = 0.2
        for body in ({"Catalog": "AWS"}, {}):
            began = time.monotonic()
            await post(emulator.endpoint_url, "ListConnections", body)
            assert time.monotonic() - began >= 0.2
        emulator.latency = 3600
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(post, emulator.endpoint_url, "ListConnections", {"Catalog": "AWS"})
            await until(lambda: emulator.in_flight == 6)
            group.cancel_scope.cancel()
        await until(lambda: not emulator.in_flight)
        assert emulator.max_in_flight == 6


async def test_a_client_that_disconnects_is_no_longer_in_flight(post):
    async with Emulator(latency=3600) as emulator:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(post, emulator.endpoint_url, "ListConnections", {"Catalog": "AWS"})
                await until(lambda: emulator.in_flight)
                scope.cancel()
        await until(lambda: not emulator.in_flight)


@pytest.mark.parametrize("cancelled", [False, True])
async def test_shutdown_does_not_wait_for_delayed_responses(cancelled, post):
    answers = []

    async def ask(url):
        answers.append(await post(url, "ListConnections", {"Catalog": "AWS"}))

    async with anyio.create_task_group() as group:
        with anyio.fail_after(20), anyio.CancelScope() as scope:
            async with Emulator(latency=3600) as emulator:
                group.start_soon(ask, emulator.endpoint_url)
                await until(lambda: emulator.in_flight)
                if cancelled:
                    scope.cancel()
                    await anyio.sleep_forever()
    assert [answer.status_code for answer in answers] == [200]
    assert emulator.in_flight == 0


async def drained(stream):
    try:
        while True:
            await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return True


@pytest.mark.parametrize("cancelled", [False, True])
async def test_shutdown_does_not_wait_for_silent_or_idle_clients(cancelled):
    with anyio.fail_after(20):
        with anyio.CancelScope() as scope:
            async with Emulator() as emulator:
                port = int(emulator.endpoint_url.rpartition(":")[2])
                silent = await anyio.connect_tcp("127.0.0.1", port)
                halfway = await anyio.connect_tcp("127.0.0.1", port)
                await halfway.send(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{")
                await until(lambda: emulator.in_flight)
                if cancelled:
                    scope.cancel()
        assert emulator.in_flight == 0
        for stream in (silent, halfway):
            assert await drained(stream)
            await stream.aclose()


def cancel_as_anyio(turns):
    """Run an emulator, cancel it after so many turns of the event loop, and tell whether it had come to its end."""

    async def cancelled(run):
        ended = False
        async with anyio.create_task_group() as group:

            async def running():
                nonlocal ended
                await run()
                ended = True

            group.start_soon(running)
            for _ in range(turns):
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()
        return ended

    return cancelled


def cancel_as_asyncio(turns):
    """Do the same as `asyncio.timeout` and `wait_for` do."""

    async def cancelled(run):
        task = asyncio.ensure_future(run())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return not task.cancelled()

    return cancelled


@pytest.mark.parametrize("cancel", [cancel_as_anyio, cancel_as_asyncio])
async def test_cancelled_at_any_point_nothing_is_left_listening(cancel):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def run():
        async with Emulator(port=port):
            pass

    for turns in range(100):
        ended = await cancel(turns)(run)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port)).close()
        if ended:
            break
    assert ended


async def test_requests_beyond_the_rate_limit_are_throttled(in_thread):
    async with Emulator(requests_per_second=0.001) as emulator:

        def job(client):
            client.list_connections(Catalog="AWS")
            with pytest.raises(client.exceptions.ThrottlingException) as caught:
                client.list_partners(Catalog="Sandbox")
            return caught.value.response

        response = await in_thread(emulator.endpoint_url, job)
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
        assert response["ServiceCode"]
        assert response["QuotaCode"]
        assert emulator.requests_per_second == 0.001
        emulator.requests_per_second = None
        await in_thread(emulator.endpoint_url, lambda client: client.list_partners(Catalog="AWS"))


def test_the_token_bucket_refills_steadily_and_holds_one_second():
    now = 0.0
    bucket = TokenBucket(4, clock=lambda: now)
    assert [bucket.take() for _ in range(5)] == [True] * 4 + [False]
    now = 0.5
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now = 100.0
    assert sum(bucket.take() for _ in range(10)) == 4


def test_the_emulator_needs_neither_botocore_nor_the_client_and_is_imported_lazily():
    code = (
        "import sys, aiopartnercentral.emulator as e; assert 'aiohttp' not in sys.modules; e.Emulator;"
        "bad = [m for m in sys.modules if m.split('.')[0] in ('botocore', 'aiobotocore')"
        " or m.startswith('aiopartnercentral.account')]; assert not bad, bad"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)
