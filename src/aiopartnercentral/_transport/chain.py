"""The credential provider chain of the library's own sessions.

botocore's chain opens clients of its own, for STS, IAM Identity Center and others. They get neither the config nor the
TLS settings of the client that they serve, and their errors look like errors of that client's service. Here, they get
both, and what fails is raised as a `CredentialsError` that names the provider.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.configprovider import ConfigValueStore, ConstantProvider
from botocore.exceptions import DataNotFoundError, InvalidConfigError
from botocore.loaders import Loader, create_loader

from aiopartnercentral._transport import config_files
from aiopartnercentral._transport.call_context import FIRST_ERROR_STATUS, TOO_MANY_REQUESTS
from aiopartnercentral._transport.credential_sources import guard_clients
from aiopartnercentral._transport.http_client import merged
from aiopartnercentral._utils import model_data

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["ChainSession", "UnconfiguredSession"]

T = TypeVar("T")

_NUMBERS = ("max_attempts", "metadata_service_timeout", "metadata_service_num_attempts")


class _Loader(Loader):
    """A loader of the pinned models, which the generated classes were made from, and of others as botocore loads them.

    Arguments:
        others: finds the others.
    """

    def __init__(self, others: Loader) -> None:
        pinned = str(model_data.root())
        super().__init__([pinned, *others.search_paths], include_default_search_paths=False)
        self._pinned = Loader([pinned], include_default_search_paths=False)

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:  # noqa: ANN401 - JSON
        """Return a model; a pinned one without botocore's search through the files of all services: 10 ms."""
        if api_version is not None:
            with suppress(DataNotFoundError):
                return self._pinned.load_service_model(service_name, type_name, api_version)
        return super().load_service_model(service_name, type_name, api_version)


@cache
def _loader(data_path: str | None) -> Loader:
    """Return the loader of all sessions of the process, as it keeps the 8 MB that it reads, which takes 50 ms.

    Arguments:
        data_path: directories of further models, as `AWS_DATA_PATH` has them.
    """
    return _Loader(create_loader(data_path))


class ChainSession(AioSession):  # type: ignore[misc] # which has no types
    """A session whose clients, and whose credential provider chain, share a config.

    Arguments:
        profile: a profile of the AWS config files; None for the default credential provider chain.
        verify: whether the chain verifies TLS certificates, or the path of a CA bundle; None for botocore's default.
        sts_region: the region of the chain's STS, unless the profile or the environment sets one.
        timeout: maximum seconds to obtain credentials; None for no limit.

    Attributes:
        config: the config of all clients, the chain's own included; a client's own config takes precedence.
    """

    def __init__(
        self,
        profile: str | None,
        verify: bool | str | None,  # noqa: FBT001
        *,
        sts_region: str | None,
        timeout: float | None,
    ) -> None:
        super().__init__(profile=profile)
        self._config: Any = None  # botocore's, of the AWS config files
        self.lazy_register_component("data_loader", lambda: _loader(self.get_config_variable("data_path")))
        self._default_sts_region = sts_region
        self._shared_verify = verify
        self._timeout = timeout
        self.config = AioConfig()
        self._loading = anyio.Lock()  # several clients may share the session
        # Handlers of a session apply to all of its clients.
        self.register("before-parse.sts", _make_readable)
        guard_clients(self)

    @property
    def full_config(self) -> Any:  # noqa: ANN401 - as botocore's
        """The contents of the AWS config files when the session first used them, which all sessions share."""
        if self._config is None:
            files = (self.get_config_variable(name) for name in ("config_file", "credentials_file"))
            self._config = config_files.full_config(*files)
        return self._config

    @property
    def sts_region(self) -> str | None:
        """The region of STS: that of the profile or the environment, or else the given one."""
        region: str | None = self.get_config_variable("region") or self._default_sts_region
        return region

    def create_client(
        self,
        *arguments: Any,  # noqa: ANN401 - as aiobotocore's
        config: AioConfig | None = None,
        verify: bool | str | None = None,
        **options: Any,  # noqa: ANN401 - as aiobotocore's
    ) -> Any:  # noqa: ANN401 - as aiobotocore's
        chosen = getattr(config, "http_session_cls", AIOHTTPSession)
        config = self.config if config is None else merged(self.config, config)
        if chosen is not AIOHTTPSession:
            config.http_session_cls = chosen
        verify = self._shared_verify if verify is None else verify
        return super().create_client(*arguments, config=config, verify=verify, **options)

    async def get_credentials(self) -> Any:  # noqa: ANN401 - as aiobotocore's
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

        return infer_async_primitives(self.config.http_session_cls)

    def _create_credential_resolver(self) -> Any:  # noqa: ANN401 - as aiobotocore's
        from aiopartnercentral._transport.providers import equipped  # noqa: PLC0415 - explicit credentials need none

        if self.sts_region is not None:
            self._last_client_region_used = self.sts_region
        resolver: Any = super()._create_credential_resolver()
        resolver.providers = equipped(resolver.providers, self._shared_verify, self._timeout)
        return resolver


class UnconfiguredSession(ChainSession):
    """A session that ignores the environment and the AWS config files: every setting has botocore's default."""

    def __init__(self) -> None:
        super().__init__(None, None, sts_region=None, timeout=None)
        defaults = {name: ConstantProvider(default) for name, (_, _, default, _) in self.SESSION_VARIABLES.items()}
        self.register_component("config_store", ConfigValueStore(mapping=defaults))

    @property
    def full_config(self) -> Any:  # noqa: ANN401 - as botocore's
        """The contents of the AWS config files: nothing."""
        return {"profiles": {}}


def _make_readable(response_dict: dict[str, Any], **_: object) -> None:
    """Give an error that is not from STS itself, but from a proxy, a form that botocore can read and may repeat."""
    status = response_dict["status_code"]
    if status >= FIRST_ERROR_STATUS and b"<Error>" not in response_dict["body"]:
        code = "TooManyRequestsException" if status == TOO_MANY_REQUESTS else status
        response_dict["body"] = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()
