"""Whatever a tool patches of what a request runs through, the client leaves all requests to botocore."""

from __future__ import annotations

import functools
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from unittest import mock

import aiobotocore.endpoint
import aiohttp
import pytest
import wrapt

from aiopartnercentral import account
from aiopartnercentral._transport import standalone_settings
from aiopartnercentral._transport.direct import patches
from tests.support.servers import Reply

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from tests.support.servers import ScriptedServer

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("loaded_botocore")]

PAGE = Reply({"ConnectionSummaries": []})
PACKAGES = {"aiobotocore", "aiohttp", "botocore"}
UNPATCHED = (None, None)


def patched() -> tuple[str | None, str | None]:
    return patches.patched_in_aiohttp(), patches.patched_in_botocore()


async def functions_of_a_request(url: str) -> set[tuple[str, str]]:
    """Return the modules and names of all functions of the packages that work on a request."""
    called: set[tuple[str, str]] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        module = frame.f_globals.get("__name__") or ""
        if event == "call" and module.partition(".")[0] in PACKAGES:
            called.add((module, frame.f_code.co_qualname))

    async with account.connect(endpoint_url=url, direct=False) as client:
        sys.setprofile(note)
        try:
            await client.list_connections(catalog="AWS")
        finally:
            sys.setprofile(None)
    return called


def with_wraps(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(*arguments: Any, **options: Any) -> Any:
        return function(*arguments, **options)

    return wrapper


TOOLS: dict[str, Callable[[Any], Any]] = {
    "a mock": lambda _: mock.MagicMock(),
    "a mock of the same signature": mock.create_autospec,
    "what is equal to anything": lambda _: mock.ANY,
    "a function": lambda _: lambda *_: None,
    "a function that looks the same": with_wraps,
    "a wrapper of wrapt": lambda function: wrapt.FunctionWrapper(function, lambda *_: None),
    "a part": functools.partial,
    "a part of a method": functools.partialmethod,
    "a cache": lambda function: functools.cache(with_wraps(function)),
    "a static method": lambda function: staticmethod(with_wraps(function)),
    "a property": lambda function: property(with_wraps(function)),
    "a bound method": lambda _: ExitStack().close,
    "a class": lambda _: type("Mine", (), {}),
}


async def test_any_patch_of_what_a_request_runs_through_is_noticed(server: ScriptedServer) -> None:
    server.replies(PAGE)
    called = await functions_of_a_request(server.url)
    modules = {module for module, _ in called} - {"aiobotocore.credentials", "botocore.credentials"}
    assert {"aiohttp.connector", "aiobotocore.endpoint", "botocore.auth"} < modules
    assert modules <= {*patches._AIOHTTP, *patches._BOTOCORE}
    assert patched() == UNPATCHED
    places = [place for place in sorted(called) if place[0] in modules and "<" not in place[1]]
    assert len(places) > 200
    tools = list(TOOLS.values())
    for number, (module, name) in enumerate(places):
        owner: Any = sys.modules[module]
        *classes, member = name.split(".")
        for each in classes:
            owner = getattr(owner, each)
        if member.startswith("__") and not member.endswith("__"):
            member = f"_{classes[-1]}{member}"
        function = getattr(owner, member)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(owner, member, tools[number % len(tools)](function if callable(function) else print))
            assert patched() != UNPATCHED, (module, name)
    assert patched() == UNPATCHED


@pytest.mark.parametrize("tool", TOOLS)
def test_each_kind_of_patch_is_noticed(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for owner, name, found in (
        (aiohttp.ClientSession, "_request", ("aiohttp.client.ClientSession._request", None)),
        (aiohttp.TCPConnector, "connect", ("aiohttp.connector.TCPConnector.connect", None)),  # of its base
        (aiohttp, "ClientSession", ("aiohttp.ClientSession", None)),
        (aiobotocore.endpoint, "convert_to_response_dict", (None, "aiobotocore.endpoint.convert_to_response_dict")),
    ):
        assert patched() == UNPATCHED
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, TOOLS[tool](getattr(owner, name)))
            assert patched() == found
    assert patched() == UNPATCHED


def test_a_module_in_the_place_of_one_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "aiohttp.client", mock.MagicMock())
        assert patched() == ("aiohttp.client", None)
    monkeypatch.setattr(aiobotocore.endpoint, "asyncio", mock.MagicMock())
    assert patched() == (None, "aiobotocore.endpoint.asyncio")


def test_other_values_of_the_packages_are_no_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    assert patched() == UNPATCHED
    monkeypatch.setattr(aiohttp, "__version__", "1")
    monkeypatch.setattr("aiohttp.client.DEFAULT_TIMEOUT", aiohttp.ClientTimeout(total=1))
    monkeypatch.setattr("botocore.history.HISTORY_RECORDER", None)
    monkeypatch.setattr("aiohttp.client.__loader__", object())
    assert patched() == UNPATCHED


@pytest.fixture(params=[True, False], ids=["a start without botocore", "a start with botocore"])
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standalone_settings, "_has_loaded_botocore", lambda: not request.param)


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize("name", ["ClientSession.request", "TCPConnector._resolve_host", "ClientResponse.read"])
async def test_a_patched_aiohttp_gets_the_requests(
    name: str, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, member = name.split(".")
    original = getattr(getattr(aiohttp, owner), member)
    seen = []

    def hook(*arguments: Any, **options: Any) -> Any:
        seen.append(member)
        return original(*arguments, **options)

    server.replies(PAGE)
    monkeypatch.setattr(getattr(aiohttp, owner), member, hook)
    async with account.connect(
        endpoint_url=server.url.replace("127.0.0.1", "localhost"), aws_access_key_id="a", aws_secret_access_key="b"
    ) as client:
        assert (client.transport.kind, (client.transport.reason or "")[-10:]) == ("botocore", "is patched")
        await client.list_connections(catalog="AWS")
    assert seen == [member]
