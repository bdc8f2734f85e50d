"""The credential provider chain of the library's own sessions.

botocore's chain opens clients of its own, for STS, IAM Identity Center and others. They get neither the config nor the
TLS settings of the client that they serve, and their errors look like errors of that client's service. Here, they get
both, and what fails is raised as a `CredentialsError` that names the provider.
"""

# ruff: noqa: SLF001 - botocore's providers have no public attributes

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from aiobotocore.session import AioSession
from botocore.exceptions import CredentialRetrievalError, RefreshWithMFAUnsupportedError
from botocore.loaders import create_loader

from aiopartnercentral._transport.call_context import FIRST_ERROR_STATUS
from aiopartnercentral._transport.credential_errors import FIRST_SERVER_STATUS, TOO_MANY_REQUESTS, provider_error
from aiopartnercentral._transport.http_client import guarded, merged
from aiopartnercentral._transport.log_filter import begin_secret_work, end_secret_work
from aiopartnercentral._transport.mfa import CodeRequiredError, MfaPrompter
from aiopartnercentral._utils import model_data
from aiopartnercentral.errors import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import anyio
    from aiobotocore.config import AioConfig
    from botocore.loaders import Loader

__all__ = ["ChainSession"]

T = TypeVar("T")


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
        lock: held while the credentials are loaded, if several clients share the session.
    """

    def __init__(
        self,
        profile: str | None,
        verify: bool | str | None,  # noqa: FBT001
        *,
        sts_region: str | None,
        lock: anyio.Lock | None = None,
    ) -> None:
        super().__init__(profile=profile)
        self.lazy_register_component("data_loader", lambda: _loader(self.get_config_variable("data_path")))
        self._default_sts_region = sts_region
        self._shared_verify = verify
        self._shared_config: AioConfig | None = None
        self._loading = lock
        # Handlers of a session apply to all of its clients.
        self.register("before-parse.sts", _make_readable)

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
            return await super().get_credentials()
        async with self._loading:
            return await super().get_credentials()

    @property
    def _async_primitives(self) -> Any:  # noqa: ANN401 - as aiobotocore's
        from aiobotocore._async_primitives import infer_async_primitives  # noqa: PLC0415 - older versions lack it

        return infer_async_primitives(getattr(self._shared_config, "http_session_cls", None))

    def _create_credential_resolver(self) -> Any:  # noqa: ANN401 - as aiobotocore's
        if self.sts_region is not None:
            self._last_client_region_used = self.sts_region
        resolver: Any = super()._create_credential_resolver()
        prompter = MfaPrompter()
        for provider in resolver.providers:
            self._equip(provider, prompter)
        resolver.providers = [_Provider(each, prompter) for each in resolver.providers]
        return resolver

    def _equip(self, provider: Any, prompter: MfaPrompter) -> None:  # noqa: ANN401 - as aiobotocore's
        """Give a provider this session's HTTP settings, and name the providers that it uses itself."""
        fetcher: Any = getattr(provider, "_fetcher", None) or getattr(provider, "_role_fetcher", None)
        if hasattr(fetcher, "_session"):  # of container credentials or instance metadata
            fetcher._session = guarded(fetcher._session)
            if self._shared_verify is not None:
                fetcher._session._verify = self._shared_verify
        if hasattr(provider, "_prompter"):  # of a profile with a role
            provider._prompter = prompter
            builder, sourcer = provider._profile_provider_builder, provider._credential_sourcer
            make_providers = builder.providers
            builder.providers = lambda **options: [_Provider(each, prompter) for each in make_providers(**options)]
            sourcer._providers = [_Provider(each, prompter) for each in sourcer._providers]


def _make_readable(response_dict: dict[str, Any], **_: object) -> None:
    """Give an error that is not from STS itself, but from a proxy, a form that botocore can read and may repeat."""
    status = response_dict["status_code"]
    if status >= FIRST_ERROR_STATUS and b"<Error>" not in response_dict["body"]:
        code = "TooManyRequestsException" if status == TOO_MANY_REQUESTS else status
        response_dict["body"] = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()


class _Provider:
    """A provider of the chain, whose failures are raised as `CredentialsError`."""

    def __init__(self, provider: Any, prompter: MfaPrompter) -> None:  # noqa: ANN401 - aiobotocore has no types
        self._provider = provider
        self.prompter = prompter

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as above
        return getattr(self._provider, name)

    async def load(self) -> _ChainCredentials | None:
        """Return the provider's credentials; None if it is not configured."""
        found = await self.find()
        return None if found is None else _ChainCredentials(self, found)

    async def find(self, *, again: bool = False) -> Any:  # noqa: ANN401 - as above
        """Return botocore's credentials, or None; the cached ones are forgotten to obtain them again."""
        if again and hasattr(self._provider, "cache"):
            self._provider.cache.clear()
        return await self.attempt(self._load)

    async def _load(self) -> Any:  # noqa: ANN401 - as above
        found = await self._provider.load()
        fetcher = getattr(self._provider, "_role_fetcher", None)
        status: int = getattr(getattr(fetcher, "_session", None), "last_status", 0)
        if found is None and status >= FIRST_SERVER_STATUS:
            # botocore takes a failing instance metadata service for one that is not there.
            raise CredentialRetrievalError(provider=self._provider.METHOD, error_msg=f"HTTP {status}")
        return found

    async def attempt(self, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call to the provider or its credentials.

        Raises:
            CredentialsError: the provider failed.
            botocore.exceptions.BotoCoreError: the configuration is not usable, or a login is required.
        """
        token = begin_secret_work()
        try:
            return await call()
        except CredentialsError:
            raise  # of the provider that this one uses
        except Exception as error:  # noqa: BLE001 - whatever the files, programs and servers of a provider cause
            failure = provider_error(self._provider, error)
        finally:
            end_secret_work(token)
        raise failure  # outside the handler: the error may quote a request, a response or a file


class _ChainCredentials:
    """Credentials that a provider of the chain has found."""

    def __init__(self, provider: _Provider, found: Any) -> None:  # noqa: ANN401 - aiobotocore has no types
        self._provider = provider
        self._found = found
        self._access_key: str | None = None
        self._is_expired = False
        self._renewing: anyio.Lock | None = None

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as above
        return getattr(self._found, name)

    def expire(self, access_key: str) -> None:
        """Find them again at the next call, if they are still those with this access key id."""
        self._is_expired = self._is_expired or access_key == self._access_key

    async def get_frozen_credentials(self) -> Any:  # noqa: ANN401 - as above
        """Return the current credentials for a signer.

        Raises:
            CredentialsError: they cannot be obtained or refreshed.
            botocore.exceptions.BotoCoreError: a login is required.
        """
        found = self._found
        try:
            if self._is_expired:
                frozen = await self._renewed(found)
            else:
                frozen = await self._provider.attempt(found.get_frozen_credentials)
        except (CodeRequiredError, RefreshWithMFAUnsupportedError):
            frozen = await self._renewed(found)
        self._access_key = frozen.access_key
        return frozen

    async def _renewed(self, used: Any) -> Any:  # noqa: ANN401 - as above
        """Find them again, unless another call just has, and ask for MFA codes."""
        import anyio  # noqa: PLC0415 - rarely needed

        self._renewing = self._renewing or anyio.Lock()
        async with self._renewing:
            while True:
                if self._found is used:
                    self._found = await self._provider.find(again=self._is_expired) or used
                    self._is_expired = False
                try:
                    return await self._provider.attempt(self._found.get_frozen_credentials)
                except CodeRequiredError as required:
                    (prompt,) = required.args
                used = self._found
                await self._provider.prompter.ask(prompt)
