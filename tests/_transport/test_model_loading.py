"""What botocore reads of its models, and how often."""

from __future__ import annotations

from typing import Any

import pytest
from aiobotocore.session import AioSession
from botocore.loaders import JSONFileLoader

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection
from aiopartnercentral.emulator import Emulator
from tests.support.bulk_sources import FAST, LISTING, of

pytestmark = pytest.mark.anyio

OPTIONS: dict[str, Any] = {
    "endpoint_url": "http://127.0.0.1:9",
    "aws_access_key_id": "AKIDEXAMPLE",
    "aws_secret_access_key": "the-secret-key",
}


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """Record each file that botocore reads."""
    paths: list[str] = []
    really = JSONFileLoader.load_file

    def load_file(loader: JSONFileLoader, path: str) -> object:
        loaded = really(loader, path)
        if loaded is not None:
            paths.append(path)
        return loaded

    monkeypatch.setattr(JSONFileLoader, "load_file", load_file)
    return paths


async def test_a_process_reads_them_once(read) -> None:
    async with account.connect(**OPTIONS):
        pass
    async with Emulator({"AWS": 1}) as emulator:
        read.clear()
        async with account.connect(**OPTIONS):
            pass
        assert (await Collection(LISTING, of(emulator, "a"), limits=FAST).collect()).report.complete
        assert read == []


async def test_each_data_path_has_its_own(tmp_path, monkeypatch, read) -> None:
    async with account.connect(**OPTIONS):
        pass
    read.clear()
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    async with account.connect(**OPTIONS):
        pass
    assert any(path.endswith("endpoints") for path in read)


async def test_a_session_of_the_caller_keeps_its_own(read) -> None:
    async with account.connect(**OPTIONS):
        pass
    read.clear()
    async with account.connect(session=AioSession(), **OPTIONS):
        pass
    assert any(path.endswith("endpoints") for path in read)
