"""Notebooks and pytest show few frames of a failed call; logs have all of them."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest

from aiopartnercentral import EncodeError, account
from tests.support.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

DENIED = Reply({"__type": "AccessDeniedException", "Message": "no"}, status=403)
LISTING: Any = {"catalog": "AWS"}
CALLS: dict[str, tuple[Callable[[account.Client], Awaitable[object]], list[str]]] = {
    "call": (lambda client: client.list_connections(**LISTING), ["list_connections"]),
    "request": (lambda client: client.call(account.ListConnectionsRequest(**LISTING)), []),
    "collect": (
        lambda client: client.paginate.list_connections(**LISTING).collect(),
        ["collect", "__anext__", "fetch"],  # the one of each entry has no time for it
    ),
    "iterate": (
        lambda client: anext(aiter(client.paginate.list_connections(**LISTING))),
        ["__anext__", "_advance", "fetch"],
    ),
}


def shown(error: BaseException) -> list[str]:
    """Return the functions of the frames that IPython and pytest show, without the first one and the last one."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    _, *between, _ = [each.f_code.co_name for each in frames if not each.f_locals.get("__tracebackhide__")]
    return between


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("observer", [None, print])
async def test_few_frames_of_a_failed_call_are_shown(server: ScriptedServer, name: str, observer: Any) -> None:
    server.replies(DENIED)
    call, expected = CALLS[name]
    async with account.connect(endpoint_url=server.url, observer=observer) as client:
        with pytest.raises(account.AccessDeniedException) as caught:
            await call(client)
    assert shown(caught.value) == expected
    text = "".join(traceback.format_exception(caught.value))
    assert "in call\n" in text
    assert text.count("\n  File ") > len(expected) + 3


async def test_few_frames_of_a_wrong_argument_are_shown(client: account.Client) -> None:
    wrong: Any = 5
    with pytest.raises(EncodeError) as caught:
        await client.list_connections(catalog=wrong)
    assert shown(caught.value)[:1] == ["list_connections"]
    assert not {"call", "call_operation"} & set(shown(caught.value))
