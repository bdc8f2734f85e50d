"""What a run keeps of its sources: their reports, and nothing that they were fetched with."""

from __future__ import annotations

import gc
from functools import partial

import pytest

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Credentials, Limits, Source
from aiopartnercentral.emulator import Emulator

pytestmark = pytest.mark.anyio


async def give(number: int) -> Credentials:
    return Credentials(access_key_id=f"{number:012}", secret_access_key="any")


def clients() -> int:
    gc.collect()
    # By its type: `isinstance` would ask a weak proxy, which may be dead, for its class.
    return sum(type(each) is account.Client for each in gc.get_objects())


async def test_the_clients_of_sources_that_are_over_are_let_go(aws_environment: None) -> None:  # noqa: ARG001 - order
    before = clients()
    async with Emulator({"AWS": 3, "Sandbox": 3}, denied_catalogs=["Sandbox"]) as emulator:
        urls = {"AWS": emulator.endpoint_url, "Sandbox": emulator.endpoint_url, "Nobody": "http://127.0.0.1:9"}
        sources = [
            Source(catalog, credentials=partial(give, number), endpoint_url=url, label=f"{catalog}-{number}")
            for number, (catalog, url) in enumerate([*urls.items()] * 4)
        ]
        limits = Limits(rate=1000, sources=2, concurrency=2, attempts=2, backoff=0.001)
        collection = Collection(account.listings.list_connections(), sources, limits=limits, on_error="report")
        async with collection as stream:
            async for _ in stream:
                pass
            assert clients() - before <= 2
        assert len(stream.report.failures) == 8
        assert clients() == before
