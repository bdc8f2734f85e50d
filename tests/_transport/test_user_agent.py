"""The user agent is put together once for a client, unless the caller has a say in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiobotocore import __version__ as aiobotocore_version
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import __version__ as botocore_version

from aiopartnercentral import __version__, account
from tests.support.servers import Reply

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral._client import ConnectOptions
    from tests.support.servers import ScriptedServer

pytestmark = pytest.mark.anyio

OURS = f"md/aiopartnercentral#{__version__}"


async def sent(server: ScriptedServer, config: AioConfig | None = None, session: AioSession | None = None) -> str:
    """Return the user agent that the server sees."""
    server.replies(Reply({"ConnectionSummaries": []}))
    options: ConnectOptions = {"endpoint_url": server.url}
    if config is not None:
        options["config"] = config
    if session is not None:
        options["session"] = session
    async with account.connect(**options) as client:
        await client.list_connections(catalog="AWS")
    return {name.lower(): value for name, value in server.received[-1].headers.items()}["user-agent"]


async def test_it_names_the_libraries_and_each_of_them_once(server: ScriptedServer) -> None:
    words = (await sent(server)).split()
    assert words[0] == f"aiobotocore/{aiobotocore_version}"
    assert words.count(f"botocore/{botocore_version}") == 1
    assert words.count(OURS) == 1


async def test_it_has_the_form_and_the_facts_of_botocores_own(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EXECUTION_ENV", "a\nb (c) é")
    ours = (await sent(server)).split()
    theirs = (await sent(server, AioConfig(user_agent_appid="app"))).split()
    features = [word for word in theirs if word.startswith("m/")]
    assert set(theirs) - {*features, "app/app"} == set(ours) - {OURS}
    assert "exec-env/a-b--c---" in ours


async def test_an_extra_of_the_config_is_added(server: ScriptedServer) -> None:
    words = (await sent(server, AioConfig(user_agent_extra="nightly/1"))).split()
    assert OURS in words
    assert words.count("nightly/1") == 1


async def test_the_name_of_the_session_is_kept(server: ScriptedServer) -> None:
    session = AioSession()
    session.user_agent_name, session.user_agent_version, session.user_agent_extra = "My Tool", "3", ""
    words = (await sent(server, session=session)).split()
    assert words[0] == "My-Tool/3"
    assert OURS in words


async def test_a_user_agent_of_the_callers_is_sent_as_it_is(server: ScriptedServer) -> None:
    assert (await sent(server, AioConfig(user_agent="mine/1"))).startswith("mine/1")
    assert OURS not in await sent(server, AioConfig(user_agent=""))
    session = AioSession()
    session.set_default_client_config(AioConfig(user_agent="theirs/1"))
    assert (await sent(server, session=session)).startswith("theirs/1")


async def test_an_application_id_is_sent_wherever_it_was_set(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "app/by-config" in (await sent(server, AioConfig(user_agent_appid="by-config"))).split()
    monkeypatch.setenv("AWS_SDK_UA_APP_ID", "by-environment")
    assert "app/by-environment" in (await sent(server)).split()
    monkeypatch.delenv("AWS_SDK_UA_APP_ID")
    profile = tmp_path / "config"
    profile.write_text("[default]\nsdk_ua_app_id = by-profile\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profile))
    assert "app/by-profile" in (await sent(server)).split()
