"""The providers of the credential provider chain; their failures are raised as `CredentialsError`.

This module is loaded only when the chain is used, not for explicit credentials.
"""

# ruff: noqa: SLF001 - botocore's providers have no public attributes

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import CredentialRetrievalError, TokenRetrievalError

from aiopartnercentral._transport import config_files
from aiopartnercentral._transport.call_context import (
    FIRST_ERROR_STATUS,
    FIRST_SERVER_ERROR_STATUS,
    TOO_MANY_REQUESTS,
)
from aiopartnercentral._transport.credential_errors import provider_error, provider_name
from aiopartnercentral._transport.credential_sources import guard_provider
from aiopartnercentral._transport.credentials import usable_credentials
from aiopartnercentral._transport.log_filter import begin_secret_work, end_secret_work
from aiopartnercentral._transport.mfa import CodeRequiredError, MfaPrompter
from aiopartnercentral._transport.refreshable_credentials import RefreshingCredentials
from aiopartnercentral._transport.time_limits import in_time
from aiopartnercentral.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiopartnercentral._transport.credentials import Credentials

__all__ = ["credentials_of", "equipped"]

T = TypeVar("T")

_HALF_WAY = (200, TOO_MANY_REQUESTS)
"""Last statuses of an instance metadata service that is there, but gave no credentials."""


def equipped(
    providers: list[Any],
    verify: bool | str | None,  # noqa: FBT001
    timeout: float | None,
) -> list[Provider]:
    """Return the providers of a chain with these settings, which the providers that they use get, too.

    Arguments:
        providers: botocore's providers.
        verify: whether to verify TLS certificates, or the path of a CA bundle; None for botocore's default.
        timeout: maximum seconds to obtain credentials; None for no limit.
    """
    return _equipped(providers, verify, timeout, MfaPrompter())


def credentials_of(provider: Any, timeout: float | None) -> RefreshingCredentials:  # noqa: ANN401 - aiobotocore has no types
    """Return the credentials of one of botocore's providers alone, which is asked for them at the first use."""
    (only,) = equipped([provider], None, timeout)

    async def obtain() -> Credentials:
        obtained, _ = await only.obtain(None)
        return obtained

    return RefreshingCredentials(only.name, obtain, timeout)


def _equipped(
    providers: list[Any],
    verify: bool | str | None,  # noqa: FBT001
    timeout: float | None,
    prompter: MfaPrompter,
) -> list[Provider]:
    for provider in providers:
        guard_provider(provider, verify)
        if hasattr(provider, "_ini_parser"):  # of the credentials file
            provider._ini_parser = config_files.raw_config_parse
        if hasattr(provider, "_config_parser"):  # of keys in the config file
            provider._config_parser = config_files.load_config
        if hasattr(provider, "_prompter"):  # of a profile with a role
            provider._prompter = prompter
            equip = partial(_equipped, verify=verify, timeout=timeout, prompter=prompter)
            builder, sourcer = provider._profile_provider_builder, provider._credential_sourcer
            builder.providers = partial(_made_and_equipped, builder.providers, equip)
            sourcer._providers = equip(sourcer._providers)
    return [Provider(provider, prompter, timeout) for provider in providers]


def _made_and_equipped(
    make: Callable[..., list[Any]],
    equip: Callable[[list[Any]], list[Provider]],
    **options: Any,  # noqa: ANN401 - as botocore's
) -> list[Provider]:
    return equip(make(**options))


class Provider:
    """A provider of the chain; its failures are raised as `CredentialsError`.

    Arguments:
        provider: botocore's provider.
        prompter: asks for MFA codes.
        timeout: maximum seconds to obtain credentials; None for no limit.
    """

    def __init__(self, provider: Any, prompter: MfaPrompter, timeout: float | None) -> None:  # noqa: ANN401 - aiobotocore has no types
        self.name = provider_name(provider)
        self.timeout = timeout
        self._provider = provider
        self._prompter = prompter
        self._login_failure: Exception | None = None
        tokens = getattr(provider, "_token_provider", None)
        if tokens is not None:  # of IAM Identity Center
            tokens._attempt_create_token = partial(self._refresh_login, tokens._attempt_create_token)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as above
        return getattr(self._provider, name)

    async def load(self) -> _ChainCredentials | None:
        """Return the provider's credentials; None if it is not configured.

        Raises:
            CredentialsError: the provider failed.
            botocore.exceptions.BotoCoreError: the configuration is not usable, or a login is required.
        """
        found = await self._attempt(self._load)
        return None if found is None else _ChainCredentials(self, found)

    async def obtain(self, found: Any) -> tuple[Credentials, str | None]:  # noqa: ANN401 - as above
        """Return credentials and their account id, and ask for MFA codes.

        Arguments:
            found: botocore's credentials; None to find them again.

        Raises:
            CredentialsError: the provider failed.
            botocore.exceptions.BotoCoreError: the configuration is not usable, or a login is required.
        """
        while True:
            try:
                return await self._attempt(partial(self._obtain, found))
            except CodeRequiredError as required:
                (prompt,) = required.args
            await self._prompter.ask(prompt)
            found = None

    def forget(self) -> None:
        """Forget the cached credentials."""
        if hasattr(self._provider, "cache"):
            self._provider.cache.clear()

    async def _load(self) -> Any:  # noqa: ANN401 - as above
        if hasattr(self._provider, "_visited_profiles"):
            # aiobotocore before 3.7 takes the profiles of an earlier load for an infinite loop.
            self._provider._visited_profiles = [self._provider._profile_name]
        found = await self._provider.load()
        fetcher = getattr(self._provider, "_role_fetcher", None)
        status: int = getattr(getattr(fetcher, "_session", None), "last_status", 0)
        if found is None and (status in _HALF_WAY or status >= FIRST_SERVER_ERROR_STATUS):
            # botocore takes a failing instance metadata service for one that is not there.
            reason = f"HTTP {status}" if status >= FIRST_ERROR_STATUS else "invalid response"
            raise CredentialRetrievalError(provider=self._provider.METHOD, error_msg=reason)
        return found

    async def _obtain(self, found: Any) -> tuple[Credentials, str | None]:  # noqa: ANN401 - as above
        found = found or await self._load()
        if found is None:
            raise CredentialRetrievalError(provider=self._provider.METHOD, error_msg="no credentials")
        frozen = await found.get_frozen_credentials()
        expires_at = getattr(found, "_expiry_time", None)
        obtained = usable_credentials(frozen.access_key, frozen.secret_key, frozen.token, expires_at)
        return obtained, getattr(frozen, "account_id", None)

    async def _refresh_login(self, create: Callable[[Any], Awaitable[T]], token: Any) -> T | None:  # noqa: ANN401 - as above
        """Refresh the token of a login, and keep the reason if that fails, which aiobotocore only logs."""
        try:
            return await create(token)
        except Exception as error:  # noqa: BLE001 - as below; None is what aiobotocore expects
            self._login_failure = error
            return None

    def _cause(self, error: Exception) -> Exception:
        return self._login_failure or error if isinstance(error, TokenRetrievalError) else error

    async def _attempt(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call to the provider or its credentials."""
        self._login_failure = None
        token = begin_secret_work()
        try:
            return await in_time(self.name, self.timeout, call)
        except CredentialsError:
            raise  # of the provider that this one uses
        except Exception as error:  # noqa: BLE001 - whatever the files, programs and servers of a provider cause
            failure = provider_error(self._provider, self._cause(error))
        finally:
            end_secret_work(token)
        raise failure  # outside the handler: the error may quote a request, a response or a file


class _ChainCredentials(RefreshingCredentials):
    """Credentials that a provider of the chain has found, which are obtained from it again before they expire."""

    def __init__(self, provider: Provider, found: Any) -> None:  # noqa: ANN401 - as above
        super().__init__(provider.name, self._obtain, provider.timeout)
        self.method = found.method
        self.account_id: str | None = None
        self._provider = provider
        self._found = found

    def expire(self, access_key: str) -> None:
        """Obtain them again at the next call, if they are still those with this access key id."""
        if access_key == self._frozen.access_key:
            self._provider.forget()
        super().expire(access_key)

    async def get_account_id(self) -> str | None:
        """Return the id of the account, for endpoints that have it in their names."""
        await self.get_frozen_credentials()
        return self.account_id

    async def _obtain(self) -> Credentials:
        found, self._found = self._found, None
        obtained, self.account_id = await self._provider.obtain(found)
        return obtained
