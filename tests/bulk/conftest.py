from __future__ import annotations

import pytest

from tests.bulk.counting_server import lines
from tests.support.clients import aws_environment
from tests.support.object_store_fixtures import running_store, store
from tests.support.sts_server import security_token_service

__all__ = ["aws_environment", "running_store", "store"]


@pytest.fixture(scope="session")
def moto():
    with security_token_service() as service:
        yield service


@pytest.fixture
def sts(moto, monkeypatch):
    moto.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOFTHECHAIN")
    return moto


@pytest.fixture
def line():
    with lines() as server:
        yield server
