"""The credential provider chain of the library's own sessions.

botocore's chain opens clients of its own, for STS, IAM Identity Center and others. They get neither the config nor the
TLS settings of the client that they serve, and their errors look like errors of that client's service. Here, they get
both, and what fails is raised as a `CredentialsError` that names the provider.
"""

# ruff: noqa: SLF001 - botocore's providers have no public attributes

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeVar

from aiobotocore.session import AioSession
from botocore.exceptions import CredentialRetrievalError, InvalidConfigError, TokenRetrievalError
from botocore.loaders import create_loader

from aiopartnercentral._transport.call_context import FIRST_ERROR_STATUS
from aiopartnercentral._transport.credential_errors import (
    FIRST_SERVER_STATUS,
    TOO_MANY_REQUESTS,
    provider_error,
    provider_name,
)
from aiopartnercentral._transport.credential_sources import guard_clients, guard_provider
from aiopartnercentral._transport.credentials import usable_credentials
from aiopartnercentral._transport.http_client import merged
from aiopartnercentral._transport.log_filter import begin_secret_work, end_secret_work
from aiopartnercentral._transport.mfa import CodeRequiredError, MfaPrompter
from aiopartnercentral._transport.refreshable_credentials import RefreshingCredentials
from aiopartnercentral._transport.time_limits import in_time
from aiopartnercentral._utils import model_data
from aiopartnercentral.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import anyio
    from aiobotocore.config import AioConfig
    from botocore.loaders import Loader

    from aiopartnercentral._transport.credentials import Credentials

__all__ = ["ChainSession"]

T = TypeVar("T")

_NUMBERS = ("max_attempts", "metadata_service_timeout", "metadata_service_num_attempts")
_HALF_WAY = (200, TOO_MANY_REQUESTS)
"""Last statuses of an instance metadata service that is there, but gave no credentials."""


@cache
def _loader(data_path: str | None) -> Loader:
    """Return the loader of all sessions of the process, as it keeps the 8 MB that it reads, which takes 50 ms.

    The pinned models take precedence over botocore's, as the generated classes were made from them.

    Arguments:
        data_path: directories of further models, as `AWS_DATA_PATH` has them.
    """
    loader = create_loader(data_path)
    loader.search_paths.insert(0, str(model_data.root()))
    return loader


class ChainSession(AioSession):  # type: ignore[misc] # which has no types
    """A session whose clients, and whose credential provider chain, share a config.

    Arguments:
        profile: a profile of the AWS config files; None for the default credential provider chain.
        verify: whether the chain verifies TLS certificates, or the path of a CA bundle; None for botocore's default.
        sts_region: the region of the chain's STS, unless the profile or the environment sets one.
        timeout: maximum seconds to obtain credentials; None for no limit.
        lock: held while the credentials are loaded, if several clients share the session.
    """

    def __init__(
        self,
        profile: str | None,
        verify: bool | str | None,  # noqa: FBT001
        *,
        sts_region: str | None,
        timeout: float | None,
        lock: anyio.Lock | None = None,
    ) -> None:
        super().__init__(profile=profile)
        self.lazy_register_component("data_loader", lambda: _loader(self.get_config_variable("data_path")))
        self._default_sts_region = sts_region
        self._shared_verify = verify
        self._timeout = timeout
        self._shared_config: AioConfig | None = None
        self._loading = lock
        # Handlers of a session apply to all of its clients.
        self.register("before-parse.sts", _make_readable)
        guard_clients(self)

    @property
    def sts_region(self) -> str | None:
        """The region of STS: that of the profile or the environment, or else the given one."""
        region: str | None = self.get_config_variable("region") or self._default_sts_region
        return region

    def use(self, config: AioConfig) -> None:
        """Set the config of all clients, the chain's own included; a client's own config takes precedence."""
        self._shared_config = config

    def create_client(
        self,
        *arguments: Any,  # noqa: ANN401 - as aiobotocore's
        config: AioConfig | None = None,
        verify: bool | str | None = None,
        **options: Any,  # noqa: ANN401 - as aiobotocore's
    ) -> Any:  # noqa: ANN401 - as aiobotocore's
        if self._shared_config is not None:
            config = self._shared_config if config is None else merged(self._shared_config, config)
        verify = self._shared_verify if verify is None else verify
        return super().create_client(*arguments, config=config, verify=verify, **options)

    async def get_credentials(self) -> Any:  # noqa: ANN401 - as aiobotocore's
        if self._loading is None:
            return await self.with_settings(super().get_credentials)
        async with self._loading:
            return await self.with_settings(super().get_credentials)

    async def with_settings(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what a call returns that uses settings of the environment and the AWS config file.

        Raises:
            botocore.exceptions.InvalidConfigError: a setting has a value for which botocore has no error of its own.
        """
        try:
            return await call()
        except ValueError:
            pass
        raise self._unusable_setting()  # outside the handler: the error may quote a URL with a password

    def _unusable_setting(self) -> InvalidConfigError:
        for name in _NUMBERS:
            try:
                self.get_config_variable(name)
            except ValueError:
                reason = f"must be a number: check {name} of the AWS config file, and AWS_{name.upper()}"
                return InvalidConfigError(error_msg=f"{name} {reason}")
        settings = "AWS_ENDPOINT_URL, those of single services, and endpoint_url of the AWS config file"
        return InvalidConfigError(error_msg=f"an endpoint URL is not usable: check {settings}")

    @property
    def _async_primitives(self) -> Any:  # noqa: ANN401 - as aiobotocore's
        from aiobotocore._async_primitives import infer_async_primitives  # noqa: PLC0415 - older versions lack it

        return infer_async_primitives(getattr(self._shared_config, "http_session_cls", None))

    def _create_credential_resolver(self) -> Any:  # noqa: ANN401 - as aiobotocore's
        if self.sts_region is not None:
            self._last_client_region_used = self.sts_region
        resolver: Any = super()._create_credential_resolver()
        resolver.providers = self._wrapped(resolver.providers, MfaPrompter())
        return resolver

    def _wrapped(self, providers: list[Any], prompter: MfaPrompter) -> list[_Provider]:
        return [_Provider(self._equipped(each, prompter), prompter, self._timeout) for each in providers]

    def _equipped(self, provider: Any, prompter: MfaPrompter) -> Any:  # noqa: ANN401 - as aiobotocore's
        """Return a provider with this session's settings, and with the providers that it uses itself wrapped."""
        guard_provider(provider, self._shared_verify)
        if hasattr(provider, "_prompter"):  # of a profile with a role
            provider._prompter = prompter
            builder, sourcer = provider._profile_provider_builder, provider._credential_sourcer
            make_providers = builder.providers
            builder.providers = lambda **options: self._wrapped(make_providers(**options), prompter)
            sourcer._providers = self._wrapped(sourcer._providers, prompter)
        return provider


def _make_readable(response_dict: dict[str, Any], **_: object) -> None:
    """Give an error that is not from STS itself, but from a proxy, a form that botocore can read and may repeat."""
    status = response_dict["status_code"]
    if status >= FIRST_ERROR_STATUS and b"<Error>" not in response_dict["body"]:
        code = "TooManyRequestsException" if status == TOO_MANY_REQUESTS else status
        response_dict["body"] = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()


class _Provider:
    """A provider of the chain, whose failures are raised as `CredentialsError`.

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
        found = await self._provider.load()
        fetcher = getattr(self._provider, "_role_fetcher", None)
        status: int = getattr(getattr(fetcher, "_session", None), "last_status", 0)
        if found is None and (status in _HALF_WAY or status >= FIRST_SERVER_STATUS):
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

    def __init__(self, provider: _Provider, found: Any) -> None:  # noqa: ANN401 - as above
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
