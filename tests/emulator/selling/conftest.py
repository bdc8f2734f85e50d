"""Accounts that send requests of the service `selling`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from aiopartnercentral.emulator.services import SELLING
from tests.emulator.caller import Caller

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2

    from aiopartnercentral.emulator import Emulator


@pytest.fixture
def caller(http: httpx2.AsyncClient, frozen: Emulator) -> Callable[[str], Caller]:
    """Return `caller(account)`."""
    return lambda account: Caller(account, frozen.endpoint_url, http, SELLING)
