"""An emulator, a stock boto3 client against it, and raw HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import boto3
import httpx2
import pytest
from botocore.config import Config

from aiopartnercentral import add_models
from aiopartnercentral.emulator import Clock, Emulator
from tests.emulator.caller import Caller
from tests.emulator.dashboard_pages import show

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from contextlib import AbstractContextManager

    Post = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator() as running:
        yield running


@pytest.fixture
def stock_client() -> Callable[[str], AbstractContextManager[Any]]:
    """Return a context manager that gives boto3's client, without retries, for an endpoint."""

    @contextmanager
    def connect(endpoint_url: str) -> Iterator[Any]:
        session = boto3.session.Session("AKIDEXAMPLE", "example", region_name="us-east-1")
        add_models(session)
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False)
        client = session.client("partnercentral-account", endpoint_url=endpoint_url, config=config)
        try:
            yield client
        finally:
            client.close()

    return connect


@pytest.fixture
def in_thread(
    stock_client: Callable[[str], AbstractContextManager[Any]],
) -> Callable[[str, Callable[[Any], Any]], Awaitable[Any]]:
    """Return `await in_thread(endpoint_url, job)`: runs `job(stock client)` beside the event loop."""

    async def run(endpoint_url: str, job: Callable[[Any], Any]) -> Any:
        def work() -> Any:
            with stock_client(endpoint_url) as client:
                return job(client)

        return await anyio.to_thread.run_sync(work)

    return run


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def post(http: httpx2.AsyncClient) -> Post:
    """Return `await post(endpoint_url, operation, json-or-bytes)`: an unsigned JSON 1.0 request."""

    async def send(endpoint_url: str, operation: str, body: object, **headers: str) -> httpx2.Response:
        framing = {
            "X-Amz-Target": f"PartnerCentralAccount.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            **headers,
        }
        sent = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await http.post(endpoint_url, headers=framing, **sent)

    return send


@pytest.fixture
async def frozen() -> AsyncIterator[Emulator]:
    """Return an emulator whose time only tests move, and whose tasks take a minute of it."""
    async with Emulator(clock=Clock(running=False), task_seconds=60) as running:
        yield running


@pytest.fixture
def caller(http: httpx2.AsyncClient, frozen: Emulator) -> Callable[[str], Caller]:
    """Return `caller(account)`."""
    return lambda account: Caller(account, frozen.endpoint_url, http)


@pytest.fixture
def of_service(http: httpx2.AsyncClient, frozen: Emulator) -> Callable[..., Caller]:
    """Return `of_service(service)`: a caller of one of the six services, by default of Ada's account."""
    return lambda service, account="111111111111": Caller(account, frozen.endpoint_url, http, service)


@pytest.fixture
def shown(http: httpx2.AsyncClient, frozen: Emulator) -> Callable[..., Awaitable[Any]]:
    """Return `await shown(path)`: what a page of the dashboard shows, as JSON."""
    return show(http, frozen)


@pytest.fixture
def ada(caller: Callable[[str], Caller]) -> Caller:
    return caller("111111111111")


@pytest.fixture
def bob(caller: Callable[[str], Caller]) -> Caller:
    return caller("222222222222")


@pytest.fixture
def owner(caller: Callable[[str], Caller]) -> Caller:
    return caller("123456789012")
