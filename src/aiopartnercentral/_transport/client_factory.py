"""Opens aiobotocore clients with the pinned model, the service's region, standard retries and a cached user agent."""

from __future__ import annotations

import os
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from botocore.session import Session

from aiopartnercentral._transport.call_context import MAX_CONNECTIONS
from aiopartnercentral._transport.chain import ChainSession
from aiopartnercentral._transport.credential_sources import guard_clients, guard_provider
from aiopartnercentral._transport.event_loops import running_loop
from aiopartnercentral._transport.http.choice import with_http_client
from aiopartnercentral._transport.http_client import guarded_config, merged
from aiopartnercentral._transport.time_limits import in_time
from aiopartnercentral._transport.user_agent import user_agent
from aiopartnercentral._utils import model_data
from aiopartnercentral._utils.validators import type_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiobotocore.session import AioSession

    from aiopartnercentral.types import Service

NO_KEYS: Final[dict[str, Any]] = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
"""Options of a client that gets its credentials otherwise, so that its session looks for none."""


@asynccontextmanager
async def open_botocore_client(
    service: Service,
    *,
    timeout: float | None,  # noqa: ASYNC109 - limits only the opening
    region_name: str | None = None,
    profile: str | None = None,
    session: AioSession | None = None,
    config: AioConfig | None = None,
    http_client: str | None = None,
    **options: Any,  # noqa: ANN401 - what aiobotocore's create_client takes
) -> AsyncIterator[Any]:
    """Open an aiobotocore client of the service from its pinned model.

    Raises:
        TypeError: an option is unknown, or `profile` and `session` are both given.
        CredentialsError: the credentials cannot be obtained.
        botocore.exceptions.BotoCoreError: the profile does not exist, or the configuration is not usable.
    """
    if session is not None and profile is not None:
        raise TypeError("profile and session exclude each other: a session has its own profile")
    check_event_loop(config)
    if session is None:
        sts_region = region_name or service.region
        session = own = chain_session(profile, options.get("verify"), sts_region, timeout, config)
        config = own.config
    else:
        add_models(session)
        config = with_defaults(session, config)
    options.setdefault("api_version", service.api_version)
    config = with_http_client(config, http_client)
    if region_name is None and not _names_region(session, config):
        region_name = service.region
    if not isinstance(session, ChainSession) and options.get("aws_access_key_id") is None:
        _guard_session(session, region_name, config)
    async with AsyncExitStack() as stack:
        opening = session.create_client(service.name, region_name=region_name, config=config, **options)
        enter = partial(stack.enter_async_context, opening)
        if isinstance(session, ChainSession):
            enter = partial(session.with_settings, enter)
        yield await in_time("the credentials of the session", timeout, enter)


def chain_session(
    profile: str | None,
    verify: bool | str | None,  # noqa: FBT001 - botocore's option
    sts_region: str | None,
    timeout: float | None,
    config: AioConfig | None = None,
) -> ChainSession:
    """Return a new session whose clients, its chain's own included, have a config with the library's defaults.

    Arguments:
        profile: see `ChainSession`, as for the other arguments.
        verify: as above.
        sts_region: as above.
        timeout: as above.
        config: the config; None for botocore's defaults.

    Raises:
        botocore.exceptions.BotoCoreError: the profile does not exist, or its configuration is not usable.
    """
    session = ChainSession(profile, verify, sts_region=sts_region, timeout=timeout)
    session.config = with_defaults(session, config)
    return session


def _guard_session(session: Any, region_name: str | None, config: AioConfig) -> None:  # noqa: ANN401 - an AioSession
    """Guard the clients and programs that a session of the caller's own obtains its credentials with."""
    guard_clients(session)
    # The region of the chain's STS, which `create_client` would set only after this has made the chain.
    theirs = session.get_default_client_config()
    session._resolve_region_name(region_name, theirs.merge(config) if theirs else config)  # noqa: SLF001 - untyped
    for provider in getattr(session.get_component("credential_provider"), "providers", ()):
        guard_provider(provider)


def add_models(session: Any) -> None:  # noqa: ANN401 - of one of four libraries, of which two may not be installed
    """Let a session create clients of all six services, with all operations that this library knows.

    So `wrap` can take a client of an older aiobotocore or of aioboto3. For these services, the models of this library
    take the place of botocore's, which may be older; models in `~/.aws/models` still come first.

    Arguments:
        session: a session of aiobotocore, aioboto3, botocore or boto3.

    Raises:
        TypeError: it is not a session of one of these.
    """
    session = getattr(session, "_session", session)  # of aioboto3 or boto3
    if not isinstance(session, Session):
        raise TypeError(
            f"session must be a session of aiobotocore, aioboto3, botocore or boto3, not {type_name(session)}"
        )
    pinned, loader = str(model_data.root()), session.get_component("data_loader")
    if pinned not in loader.search_paths:
        paths = loader.search_paths
        built_in = loader.BUILTIN_DATA_PATH
        paths.insert(paths.index(built_in) if built_in in paths else len(paths), pinned)
        loader._cache.clear()  # noqa: SLF001 - a session that was used has listed its services before


def with_defaults(session: AioSession, config: AioConfig | None) -> AioConfig:
    """Return the config with the library's retry mode, pool and user agent, unless the caller has configured others.

    Its HTTP client follows no redirects.
    """
    config = _with_user_agent(session, _with_pool(session, _with_retries(session, config)))
    return guarded_config(config, session.get_default_client_config())


def check_event_loop(config: AioConfig | None) -> None:
    """Raise on trio, which aiobotocore's default HTTP client does not support; the error names the one that does."""
    http = getattr(config, "http_session_cls", AIOHTTPSession)
    if not (isinstance(http, type) and issubclass(http, AIOHTTPSession)):
        return
    if running_loop() is None:
        raise RuntimeError(
            "aiobotocore's default HTTP client supports only asyncio; on trio, pass "
            "config=AioConfig(http_session_cls=aiobotocore.httpxsession.HttpxSession)"
        )


def _names_region(session: AioSession, config: AioConfig) -> bool:
    """Return whether the caller's config or session sets a region; environment and profile set it for all services."""
    configs = (config, session.get_default_client_config())
    named = any(getattr(each, "region_name", None) for each in configs)
    return named or bool(session.instance_variables().get("region"))


def _with_retries(session: AioSession, config: AioConfig | None) -> AioConfig:
    """Return the config with the retry mode `standard`, unless the caller has configured a mode."""
    config = as_aio_config(config)
    retries = {**_retries(session.get_default_client_config()), **_retries(config)}
    asked = {
        "retry_mode": os.environ.get("AWS_RETRY_MODE"),
        **session.get_scoped_config(),
        **session.instance_variables(),
    }
    if "mode" in retries or asked["retry_mode"]:
        return config
    return merged(config, AioConfig(retries={**retries, "mode": "standard"}))


def _with_pool(session: AioSession, config: AioConfig) -> AioConfig:
    """Return the config with the library's size of the pool, unless the caller has configured one."""
    theirs = session.get_default_client_config() or AioConfig()
    chosen: Any = AioConfig(max_pool_connections=MAX_CONNECTIONS).merge(theirs).merge(config)
    return merged(config, AioConfig(max_pool_connections=chosen.max_pool_connections))


def _with_user_agent(session: AioSession, config: AioConfig) -> AioConfig:
    """Return the config with the library's user agent, unless the caller has configured one."""
    asked = (config, session.get_default_client_config())
    if any(getattr(each, name, None) is not None for each in asked for name in ("user_agent", "user_agent_appid")):
        return config
    if session.get_config_variable("user_agent_appid"):
        return config
    ours = user_agent(session.user_agent_name, session.user_agent_version, _retries(config).get("mode"))
    return merged(config, AioConfig(user_agent=ours))


def as_aio_config(config: AioConfig | None) -> AioConfig:
    """Return the config as an `AioConfig`, even if it is botocore's own `Config`."""
    if isinstance(config, AioConfig):
        return config
    return AioConfig() if config is None else AioConfig().merge(config)


def _retries(config: Any) -> dict[str, Any]:  # noqa: ANN401 - a config, or None
    return dict(getattr(config, "retries", None) or {})
