"""Fixtures of an object store, for the conftest of each suite that needs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.moto_server import moto_server
from tests.support.object_store import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def running_store() -> Iterator[ObjectStore]:
    with moto_server() as url:
        yield ObjectStore.at(url)


@pytest.fixture
def store(running_store: ObjectStore) -> ObjectStore:
    """An object store with an empty bucket."""
    running_store.reset()
    return running_store
