"""What the tests of bulk collections share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.bulk import Limits, Source

if TYPE_CHECKING:
    from aiopartnercentral.emulator import Emulator

FAST = Limits(rate=10_000, backoff=0.001)


def of(emulator: Emulator, label: str, catalog: str = "AWS") -> Source:
    return Source(catalog, endpoint_url=emulator.endpoint_url, label=label, account=label)
