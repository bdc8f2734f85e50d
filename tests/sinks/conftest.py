"""Makes the generator's golden packages importable, which have shapes that no service has, and runs an object store."""

from __future__ import annotations

import sys

import pytest

from tests.support import synthetic
from tests.support.moto_server import moto_server
from tests.support.object_store import ObjectStore

sys.path.insert(0, str(synthetic.GOLDEN))


@pytest.fixture(scope="module")
def running_store():
    with moto_server() as url:
        yield ObjectStore.at(url)


@pytest.fixture
def store(running_store):
    """An object store with an empty bucket."""
    running_store.reset()
    return running_store


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"
