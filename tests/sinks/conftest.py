"""Makes the generator's golden packages importable, which have shapes that no service has."""

from __future__ import annotations

import sys

import pytest

from tests.support import synthetic
from tests.support.object_store_fixtures import running_store, store

__all__ = ["running_store", "store"]

sys.path.insert(0, str(synthetic.GOLDEN))


@pytest.fixture
def spool(tmp_path):
    return tmp_path / "spool"
