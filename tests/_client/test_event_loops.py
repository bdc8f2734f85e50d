"""Calls, listings, collections and files on each event loop: asyncio's, uvloop's and trio's."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import anyio
import botocore
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpxsession import HttpxSession
from aiobotocore.session import get_session
from anyio.from_thread import start_blocking_portal

from aiopartnercentral import account, blocking, marketing, selling
from aiopartnercentral._transport.event_loops import opened_elsewhere
from aiopartnercentral.bulk import Collection, Source
from aiopartnercentral.emulator import Emulator
from aiopartnercentral.sinks import open_sink
from tests.support.clients import NEEDS_HTTPX, session_with_models

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

KEYS = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
NO_UVLOOP = pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not support Windows")
LOOPS = [
    pytest.param(("asyncio", {}), id="asyncio"),
    pytest.param(("asyncio", {"use_uvloop": True}), id="uvloop", marks=NO_UVLOOP),
    pytest.param(("trio", {}), id="trio", marks=NEEDS_HTTPX),
]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Return the URL of an emulator in a thread, as it needs asyncio."""
    with start_blocking_portal() as portal:
        emulator = portal.call(Emulator, {"AWS": 30, "Sandbox": 5})
        with portal.wrap_async_context_manager(emulator):
            yield emulator.endpoint_url


@pytest.fixture(params=LOOPS)
def anyio_backend(request) -> tuple[str, dict[str, Any]]:
    return request.param


@pytest.fixture
def options(anyio_backend) -> dict[str, Any]:
    """Return the options of `connect` that the event loop needs."""
    return {"config": AioConfig(http_session_cls=HttpxSession)} if anyio_backend[0] == "trio" else {}


async def test_the_loop_is_the_one_that_was_asked_for(anyio_backend) -> None:
    if anyio_backend[0] == "asyncio":
        import asyncio  # noqa: PLC0415 - not on trio

        loop = type(asyncio.get_running_loop()).__module__.partition(".")[0]
        assert loop == ("uvloop" if anyio_backend[1] else "asyncio")
    else:
        with pytest.raises(RuntimeError):
            __import__("asyncio").get_running_loop()


async def test_a_call_and_a_listing_of_two_catalogs(url, options) -> None:
    async with account.connect(endpoint_url=url, **KEYS, **options) as client:
        page = await client.list_connections(catalog="AWS", max_results=7)
        assert len(page.connection_summaries) == 7
        pairs = await client.paginate.list_connections(catalogs=["AWS", "Sandbox"], page_size=10).collect()
    assert len(pairs) == 35


@pytest.mark.parametrize("way", ["direct", "through botocore", "wrapped"])
async def test_a_service_of_cbor_that_botocore_has_had_since_1_44(url, options, way) -> None:
    if botocore.__version__ < "1.44":
        assert "partnercentral-marketing" not in get_session().get_available_services()
    given = {**KEYS, **options, "endpoint_url": url}
    async with AsyncExitStack() as stack:
        if way == "wrapped":
            opened = session_with_models().create_client("partnercentral-marketing", "us-east-1", **given)
            client = marketing.wrap(await stack.enter_async_context(opened))
        else:
            client = await stack.enter_async_context(marketing.connect(direct=way == "direct", **given))
        ((_, campaign), *_) = await client.paginate.list_campaigns(catalog="AWS").collect()
        got = await client.get_campaign(catalog="AWS", campaign_identifier=campaign.campaign_id)
        assert got.campaign.arn == campaign.arn
        with pytest.raises(marketing.ResourceNotFoundException):
            await client.get_campaign(catalog="AWS", campaign_identifier="camp-0000000000000")


async def test_a_wrapped_client_of_the_callers_session(url, options) -> None:
    session = session_with_models()
    given = {**KEYS, **options, "region_name": "us-east-1", "endpoint_url": url}
    async with session.create_client("partnercentral-account", **given) as client:
        assert len(await account.wrap(client).paginate.list_connections(catalog="AWS").collect()) == 30


async def test_a_collection_writes_files(url, options, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEYS["aws_access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS["aws_secret_access_key"])
    listings = [account.listings.list_connections(), selling.listings.list_opportunities()]
    sources = [Source(catalog, endpoint_url=url) for catalog in ("AWS", "Sandbox")]
    whole = Collection(listings, sources, checkpoint=tmp_path / "progress", **options)
    report = await whole.into(open_sink(tmp_path / "{operation}.ndjson"))
    assert report.complete
    (path,) = tmp_path.glob("ListConnections*.ndjson")
    rows = path.read_text(encoding="utf-8").splitlines()
    assert len({json.loads(row)["Id"] for row in rows}) == 35


async def test_code_that_is_not_async_calls_from_a_thread(url) -> None:
    def connections() -> int:
        with blocking(account.connect(endpoint_url=url, **KEYS)) as call:
            page = call(lambda client: client.list_connections(catalog="AWS", max_results=7))
        return len(page.connection_summaries)

    assert await anyio.to_thread.run_sync(connections) == 7


@pytest.mark.parametrize("way", [{}, {"direct": False}, {"http_client": "ry"}], ids=["direct", "botocore", "ry"])
@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
async def test_another_loop_is_told_so_and_leaves_the_client_as_it_was(anyio_backend, url, way, used) -> None:
    if anyio_backend[0] != "asyncio":
        pytest.skip("the client is asyncio's")
    failures: list[Exception] = []

    def elsewhere(client: account.Client) -> None:
        """Make calls in another loop: one would be sent directly, and the other one over botocore's client."""
        for catalog in ("AWS", "none"):
            try:
                asyncio.run(client.list_connections(catalog=catalog))
            except RuntimeError as error:
                failures.append(error)

    async with account.connect(endpoint_url=url, **KEYS, **way) as client:
        if used:
            await client.list_connections(catalog="AWS")
        await anyio.to_thread.run_sync(elsewhere, client)
        assert len((await client.list_connections(catalog="AWS")).connection_summaries) == 30
        with pytest.raises(account.ValidationException):
            await client.get_connection(catalog="AWS", identifier="none")
    assert [str(each) for each in failures] == [str(opened_elsewhere())] * 2


async def test_a_wrapped_client_belongs_to_the_loop_of_its_first_request(anyio_backend, url) -> None:
    if anyio_backend[0] != "asyncio":
        pytest.skip("the client is asyncio's")

    def elsewhere(client: account.Client) -> None:
        with pytest.raises(RuntimeError, match=f"^{opened_elsewhere()}$"):
            asyncio.run(client.list_connections(catalog="AWS"))

    given = {**KEYS, "region_name": "us-east-1", "endpoint_url": url}
    async with session_with_models().create_client("partnercentral-account", **given) as theirs:
        client = account.wrap(theirs)
        await theirs.list_connections(Catalog="AWS")  # a request that is made without the typed client
        await anyio.to_thread.run_sync(elsewhere, client)
        assert len((await client.list_connections(catalog="AWS")).connection_summaries) == 30
