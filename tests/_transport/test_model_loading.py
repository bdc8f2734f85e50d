"""What botocore reads of its models, and how often."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiobotocore.session import AioSession
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import JSONFileLoader, Loader
from botocore.session import Session

from aiopartnercentral import account, add_models, marketing
from aiopartnercentral._transport import chain
from aiopartnercentral._transport.chain import ChainSession
from aiopartnercentral._utils import model_data
from aiopartnercentral.bulk import Collection
from aiopartnercentral.emulator import Emulator
from tests.support.bulk_sources import FAST, LISTING, of

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("loaded_botocore")]

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


async def test_a_pinned_model_is_found_without_looking_for_all_services(monkeypatch) -> None:
    looked_for: list[str] = []
    really = JSONFileLoader.exists

    def exists(loader: JSONFileLoader, path: str) -> bool:
        looked_for.append(path)
        return really(loader, path)

    monkeypatch.setattr(JSONFileLoader, "exists", exists)
    chain._loader.cache_clear()
    async with account.connect(**OPTIONS):
        pass
    assert looked_for
    assert all("/partnercentral-" in path for path in looked_for)


async def test_other_services_and_versions_are_found_as_botocore_finds_them() -> None:
    chain._loader.cache_clear()
    session = ChainSession(None, None, sts_region=None, timeout=None)
    loader, botocore_loader = session.get_component("data_loader"), Loader()
    for name, version in (("sts", "2011-06-15"), ("sts", None)):
        expected = botocore_loader.load_service_model(name, "service-2", api_version=version)
        assert loader.load_service_model(name, "service-2", api_version=version) == expected
    with pytest.raises(UnknownServiceError, match="'nothing'"):
        loader.load_service_model("nothing", "service-2", api_version="2020-01-01")
    with pytest.raises(DataNotFoundError):
        loader.load_service_model("partnercentral-account", "service-2", api_version="2020-01-01")
    pinned = loader.load_service_model("partnercentral-account", "service-2", api_version="2025-04-04")
    assert pinned == model_data.load("partnercentral-account", "2025-04-04")


async def test_a_session_of_the_caller_keeps_its_own(read) -> None:
    async with account.connect(**OPTIONS):
        pass
    read.clear()
    async with account.connect(session=AioSession(), **OPTIONS):
        pass
    assert any(path.endswith("endpoints") for path in read)


SERVICES = {
    "partnercentral-account",
    "partnercentral-benefits",
    "partnercentral-channel",
    "partnercentral-marketing",
    "partnercentral-revenue-measurement",
    "partnercentral-selling",
}


@pytest.mark.parametrize("make", [AioSession, Session, boto3.Session])
async def test_a_session_learns_the_services_that_its_botocore_does_not_know(make, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(Loader, "BUILTIN_DATA_PATH", str(tmp_path))  # as if it knew none
    session = make()
    assert SERVICES.isdisjoint(session.get_available_services())
    add_models(session)
    add_models(session)
    assert set(session.get_available_services()) >= SERVICES


async def test_a_session_learns_the_operations_that_its_botocore_does_not_know(monkeypatch, tmp_path) -> None:
    model = model_data.load("partnercentral-selling", "2022-07-26")
    older = {**model, "operations": {"GetOpportunity": model["operations"]["GetOpportunity"]}}
    place = Path("partnercentral-selling", "2022-07-26", "service-2.json")
    built_in, own = tmp_path / "built in", tmp_path / "own"
    (built_in / place).parent.mkdir(parents=True)
    (built_in / place).write_text(json.dumps(older), encoding="utf-8")
    monkeypatch.setattr(Loader, "BUILTIN_DATA_PATH", str(built_in))
    monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(own))
    session = Session()
    add_models(session)
    loaded = session.get_service_model("partnercentral-selling")
    assert set(loaded.operation_names) == set(model["operations"])
    (own / place).parent.mkdir(parents=True)
    (own / place).write_text(json.dumps(older), encoding="utf-8")
    session = Session()
    add_models(session)
    assert session.get_service_model("partnercentral-selling").operation_names == ["GetOpportunity"]


@pytest.mark.parametrize("used", [False, True])
async def test_a_client_of_such_a_session_can_be_wrapped(used) -> None:
    session = AioSession()
    if used:
        with suppress(UnknownServiceError):
            async with session.create_client("partnercentral-none", **OPTIONS, region_name="us-east-1"):
                pass
    add_models(session)
    options = {**OPTIONS, "region_name": "us-east-1"}
    async with session.create_client("partnercentral-marketing", **options) as client:
        assert marketing.wrap(client).service.name == "partnercentral-marketing"


def test_what_is_not_a_session_gets_no_models() -> None:
    with pytest.raises(TypeError, match=r"session must be a session of aiobotocore, .* not a string"):
        add_models("default")
