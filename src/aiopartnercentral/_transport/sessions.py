"""The aiobotocore sessions of a run, one for each profile, and the credentials of its accounts.

A session, and each client of it, takes time and memory to create. Roles and providers add only credentials.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession

from aiopartnercentral._transport.client_factory import as_aio_config, chain_session
from aiopartnercentral._transport.credentials import provided
from aiopartnercentral._transport.http_client import merged
from aiopartnercentral._transport.refreshable_credentials import RefreshingCredentials
from aiopartnercentral._transport.sts import assume
from aiopartnercentral._transport.tls import sharing_tls
from aiopartnercentral._utils.threads import SharedAttempt

if TYPE_CHECKING:
    from collections.abc import Hashable

    from aiopartnercentral._transport.chain import ChainSession
    from aiopartnercentral._transport.credentials import Credentials, CredentialsProvider, Role
    from aiopartnercentral.types import Service

__all__ = ["Sessions"]

_ONE_ATTEMPT = {"mode": "standard", "total_max_attempts": 1}


class Sessions:
    """The sessions and credentials of a run, and the STS clients that assume its roles, created on first use.

    Arguments:
        config: the config of all clients, or None for botocore's defaults.
        verify: whether to verify TLS certificates, or the path of a CA bundle; None for botocore's default.
        connections: the maximum connections of each client, unless the config sets a number.
        timeout: maximum seconds to obtain credentials; None for no limit.
    """

    def __init__(
        self,
        config: AioConfig | None,
        verify: bool | str | None,  # noqa: FBT001
        connections: int,
        timeout: float | None,
    ) -> None:
        self._timeout = timeout
        self._verify = verify
        self._connections = connections
        self._profiles: dict[Hashable, ChainSession] = {}
        self._loadings: dict[Hashable, SharedAttempt] = {}
        self._names_account: dict[str, bool] = {}
        self._credentials: dict[Hashable, RefreshingCredentials] = {}
        self._sts_locks: dict[Hashable, anyio.Lock] = {}
        self._sts_clients: dict[Hashable, Any] = {}
        self._stack = AsyncExitStack()
        given = as_aio_config(config)
        self._config = merged(given, AioConfig())
        self._has_retries = getattr(given, "retries", None) is not None
        if given.http_session_cls is AIOHTTPSession:
            self._config.http_session_cls = sharing_tls()

    @property
    def config(self) -> AioConfig:
        """The config to open clients with: without retries, unless the run's config has some."""
        config = AioConfig(retries=_ONE_ATTEMPT, max_pool_connections=self._connections).merge(self._config)
        config.connector_args, config.http_session_cls = self._config.connector_args, self._config.http_session_cls
        return config

    def session(self, profile: str | None, region_name: str | None) -> ChainSession:
        """Return the session of a profile, or of the default credential provider chain.

        Arguments:
            profile: the profile; None for the default credential provider chain.
            region_name: the region of STS, unless the profile sets one.

        Raises:
            botocore.exceptions.BotoCoreError: the profile does not exist, or its configuration is not usable.
        """
        session = self._profiles.get((profile, region_name))
        if session is None:
            session = chain_session(profile, self._verify, region_name, self._timeout, self._config)
            self._profiles[profile, region_name] = session
        return session

    def share_clients(self, session: ChainSession, service: Service) -> bool:
        """Return whether accounts can share the clients of a service.

        They cannot if clients retry, as each client has a quota of retries, or if the endpoint depends on the account.

        Arguments:
            session: a session of the service's clients.
            service: the service.
        """
        if self._has_retries:
            return False
        if service.name not in self._names_account:
            loader = session.get_component("data_loader")
            rules = loader.load_service_model(service.name, "endpoint-rule-set-1", service.api_version)
            known = (str(parameter.get("builtIn")) for parameter in rules["parameters"].values())
            self._names_account[service.name] = any("AccountId" in each for each in known)
        return not self._names_account[service.name]

    async def of_profile(self, profile: str | None, region_name: str | None) -> Any:  # noqa: ANN401 - aiobotocore has no types
        """Return botocore's credentials of a profile, or of the chain, once they are loaded; None if there are none.

        Arguments:
            profile: as for `session`.
            region_name: as for `session`.

        Raises:
            CredentialsError: the credentials cannot be obtained.
            botocore.exceptions.BotoCoreError: the profile does not exist, or its configuration is not usable.
        """
        loading = self._loadings.setdefault((profile, region_name), SharedAttempt())
        return await loading(partial(_loaded, self.session(profile, region_name)))

    async def of_role(self, role: Role, region_name: str | None) -> Any:  # noqa: ANN401 - as above
        """Return botocore's credentials of a role, once it has been assumed.

        Arguments:
            role: the role.
            region_name: the region to assume it in, unless its profile sets one.

        Raises:
            CredentialsError: the role cannot be assumed.
            botocore.exceptions.BotoCoreError: the profile that assumes it does not exist.
        """
        return await self._refreshing((role, region_name), f"role {role.arn}", partial(self._assume, role, region_name))

    async def of_provider(self, provider: CredentialsProvider, identity: Hashable) -> Any:  # noqa: ANN401 - as above
        """Return botocore's credentials of a provider, once it has returned some.

        Arguments:
            provider: the credentials provider.
            identity: identifies it among the providers of the run.

        Raises:
            CredentialsError: the provider returned no usable credentials.
            Exception: an error of the provider.
        """
        return await self._refreshing(identity, "credentials provider", partial(provided, provider))

    async def _refreshing(self, key: Hashable, name: str, fetch: CredentialsProvider) -> RefreshingCredentials:
        credentials = self._credentials.get(key)
        if credentials is None:
            credentials = self._credentials[key] = RefreshingCredentials(name, fetch, self._timeout)
        await credentials.get_frozen_credentials()
        return credentials

    async def close(self) -> None:
        """Close the STS clients."""
        self._sts_clients.clear()
        await self._stack.aclose()

    async def _assume(self, role: Role, region_name: str | None) -> Credentials:
        return await assume(await self._sts(role.profile, region_name), role)

    async def _sts(self, profile: str | None, region_name: str | None) -> Any:  # noqa: ANN401 - aiobotocore has no types
        """Return the STS client of a profile, in the profile's region or else in the given one."""
        session = self.session(profile, region_name)
        key = (profile, region_name)
        async with self._sts_locks.setdefault(key, anyio.Lock()):
            if key not in self._sts_clients:
                opening = session.create_client("sts", region_name=session.sts_region)
                enter = partial(self._stack.enter_async_context, opening)
                self._sts_clients[key] = await session.with_settings(enter)
        return self._sts_clients[key]


async def _loaded(session: ChainSession) -> Any:  # noqa: ANN401 - as above
    credentials = await session.get_credentials()
    if credentials is not None:
        await credentials.get_frozen_credentials()
    return credentials
