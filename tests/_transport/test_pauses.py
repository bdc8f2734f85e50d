"""Where a call lets other tasks run: its work is done in two halves, each half a millisecond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import account
from aiopartnercentral.account import operations
from tests.support.servers import Reply

if TYPE_CHECKING:
    from tests.support.servers import ScriptedServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("loaded_botocore")]


async def test_other_tasks_run_before_a_request_is_signed(client: account.Client, server: ScriptedServer) -> None:
    order: list[str] = []

    async def pause() -> None:
        order.append("pause")

    api: Any = client._api
    events = api.transport.connection.botocore.client.meta.events
    events.register("before-sign.partnercentral-account", lambda **_: order.append("signed"))
    server.replies(Reply({"ConnectionSummaries": []}))

    async def read(_: object) -> None:
        order.append("read")

    await api.call(operations.LIST_CONNECTIONS, account.ListConnectionsRequest(catalog="AWS"), read, pause)
    assert order == ["pause", "signed", "read"]
