"""Options of wrong types are refused before anything is opened."""

from __future__ import annotations

from typing import Any

import pytest

from aiopartnercentral import account
from aiopartnercentral.bulk import Collection, Source

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("verify", [0, 1, b"", [], {}, 5])
async def test_what_does_not_say_whether_to_verify_is_refused(verify: Any) -> None:
    expected = "verify must be a boolean, or the path of a CA bundle, not "
    with pytest.raises(TypeError, match=expected):
        async with account.connect(verify=verify):
            pass
    collection = Collection(account.listings.list_connections(), Source("AWS"), verify=verify)
    with pytest.raises(TypeError, match=expected):
        await collection.collect()
