"""The pytest plugin: a local Partner Central for each test, and clients of its services connected to it.

pytest imports this module in every run, as it is an entry point. So it imports only pytest; everything else is imported
when a test first uses a fixture.
"""

from __future__ import annotations

import copy
import os
from abc import abstractmethod
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

try:
    import pytest
except ModuleNotFoundError as _error:
    raise ModuleNotFoundError("this needs pytest: pip install pytest", name="pytest") from _error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from aiopartnercentral import (
        ConnectOptions,
        Emulator,
        account,
        benefits,
        channel,
        marketing,
        revenue,
        selling,
    )

__all__ = [
    "EmulatorFactory",
    "partnercentral_benefits_client",
    "partnercentral_channel_client",
    "partnercentral_client",
    "partnercentral_client_options",
    "partnercentral_emulator",
    "partnercentral_emulator_arguments",
    "partnercentral_emulator_factory",
    "partnercentral_marketing_client",
    "partnercentral_revenue_client",
    "partnercentral_selling_client",
]

_SERVICES: Final = ("account", "benefits", "channel", "marketing", "revenue", "selling")
_MARKER: Final = "partnercentral_emulator"
_ON_ANYIO: Final = "_partnercentral_client_on_anyio"
_ON_ASYNCIO: Final = "_partnercentral_client_on_asyncio"
_ASYNCIO_MODULE: Final = "aiopartnercentral_on_asyncio"
# These variables may lead botocore to the developer's own credentials or to another endpoint.
_REMOVED: Final = (
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_PROFILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)


class EmulatorFactory(Protocol):
    """Runs emulators in a separate thread."""

    @abstractmethod
    def __call__(self, **arguments: Any) -> AbstractContextManager[Emulator]:  # noqa: ANN401 - the arguments of Emulator
        """Return a context manager that runs an emulator.

        Arguments:
            arguments: the arguments of `aiopartnercentral.Emulator`, and optionally `scenario`: the name or path of a
                scenario, as in `Emulator.from_scenario`.
        """


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and the fixtures of clients with pytest-asyncio if it is installed."""
    config.addinivalue_line(
        "markers", f"{_MARKER}(**arguments): arguments of aiopartnercentral.Emulator, or scenario, for its emulator."
    )
    asyncio_plugin: Any = config.pluginmanager.getplugin("asyncio")
    if hasattr(asyncio_plugin, "fixture"):
        # pytest-asyncio runs only fixtures that it has decorated itself.
        module: Any = ModuleType(_ASYNCIO_MODULE)
        for service in _SERVICES:
            fixture = asyncio_plugin.fixture(_connecting(service), name=f"{_ON_ASYNCIO}_{service}")
            setattr(module, service, fixture)
        config.pluginmanager.register(module, module.__name__)


@pytest.fixture
def partnercentral_emulator_arguments() -> Mapping[str, Any]:
    """Return arguments of `aiopartnercentral.Emulator` for each test's emulator; override this fixture to set them.

    A marker `partnercentral_emulator(...)` overrides single arguments; the marker closest to the test wins.
    """
    return {}


@pytest.fixture(scope="session")
def partnercentral_emulator_factory() -> Iterator[EmulatorFactory]:
    """Return a function that runs emulators, for fixtures of a wider scope and for tests with several emulators.

        with partnercentral_emulator_factory(catalogs={"AWS": 3}) as emulator:

    It does not change environment variables.
    """
    from anyio.from_thread import start_blocking_portal  # noqa: PLC0415 - see the module

    emulator = _emulator_class()

    # A separate event loop, so that tests can run on asyncio, on trio, or without an event loop.
    with start_blocking_portal("asyncio") as portal:

        def run(*, scenario: str | None = None, **arguments: Any) -> AbstractContextManager[Emulator]:  # noqa: ANN401 - as above
            made = emulator(**arguments) if scenario is None else emulator.from_scenario(scenario, **arguments)
            return portal.wrap_async_context_manager(made)

        yield run


def _emulator_class() -> type[Emulator]:
    """Return the class; without the emulator, or with one of another version, the test fails with what to install."""
    try:
        from aiopartnercentral.emulator import Emulator  # noqa: PLC0415 - see the module
    except ImportError as error:
        if error.name != "aiopartnercentral.emulator":
            raise
        reason = error.msg
    else:
        return Emulator
    pytest.fail(reason, pytrace=False)


@pytest.fixture
def partnercentral_emulator(
    request: pytest.FixtureRequest,
    partnercentral_emulator_factory: EmulatorFactory,
    partnercentral_emulator_arguments: Mapping[str, Any],
) -> Iterator[Emulator]:
    """Return a running emulator, new for each test, for clients of any kind.

    During the test, environment variables direct boto3, the AWS CLI and this library to it, with credentials that are
    worthless anywhere else.
    """
    arguments = dict(partnercentral_emulator_arguments)
    for marker in reversed(list(request.node.iter_markers(_MARKER))):
        if marker.args:
            pytest.fail(f"the marker {_MARKER} takes keyword arguments of Emulator only", pytrace=False)
        # A marker is evaluated once for many tests: moving its clock in one test must not move it in the others.
        arguments |= copy.deepcopy(marker.kwargs)
    with partnercentral_emulator_factory(**arguments) as emulator:
        if "scenario" in arguments:
            from aiopartnercentral.emulator import read_scenario  # noqa: PLC0415 - see the module

            arguments = read_scenario(arguments["scenario"]) | arguments
        with _environment(emulator, arguments):
            yield emulator


@contextmanager
def _environment(emulator: Emulator, arguments: Mapping[str, Any]) -> Iterator[None]:
    """Direct botocore to an emulator inside the block, and hide the developer's own AWS settings."""
    from aiopartnercentral.emulator.services import SERVICES  # noqa: PLC0415 - see the module

    host = urlsplit(emulator.endpoint_url).hostname or ""
    # An access key id of twelve digits is that account; any other is the owner of the seeded data.
    variables = {
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        **{service.endpoint_variable: emulator.endpoint_url for service in SERVICES.values()},
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for access_key, credential in (arguments.get("credentials") or {}).items():
        variables |= {"AWS_ACCESS_KEY_ID": access_key, "AWS_SECRET_ACCESS_KEY": credential.secret_access_key}
        if credential.session_token:
            variables["AWS_SESSION_TOKEN"] = credential.session_token
        break
    for name in ("no_proxy", "NO_PROXY"):
        variables[name] = ",".join(filter(None, (os.environ.get(name), host)))
    with pytest.MonkeyPatch.context() as patch:
        for name in _REMOVED:
            patch.delenv(name, raising=False)
        for name, value in variables.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def partnercentral_client_options() -> ConnectOptions:
    """Return options of `connect` for each test's clients; override this fixture to set them."""
    return {}


@pytest.fixture
def partnercentral_client(request: pytest.FixtureRequest) -> account.Client:
    """Return a client of the test's emulator, for async tests that anyio's plugin or pytest-asyncio runs."""
    client: account.Client = _client(request, "account")
    return client


@pytest.fixture
def partnercentral_selling_client(request: pytest.FixtureRequest) -> selling.Client:
    """Return a client of the emulator's selling service, for async tests."""
    client: selling.Client = _client(request, "selling")
    return client


@pytest.fixture
def partnercentral_benefits_client(request: pytest.FixtureRequest) -> benefits.Client:
    """Return a client of the emulator's benefits service, for async tests."""
    client: benefits.Client = _client(request, "benefits")
    return client


@pytest.fixture
def partnercentral_channel_client(request: pytest.FixtureRequest) -> channel.Client:
    """Return a client of the emulator's channel service, for async tests."""
    client: channel.Client = _client(request, "channel")
    return client


@pytest.fixture
def partnercentral_marketing_client(request: pytest.FixtureRequest) -> marketing.Client:
    """Return a client of the emulator's marketing service, for async tests."""
    client: marketing.Client = _client(request, "marketing")
    return client


@pytest.fixture
def partnercentral_revenue_client(request: pytest.FixtureRequest) -> revenue.Client:
    """Return a client of the emulator's revenue measurement service, for async tests."""
    client: revenue.Client = _client(request, "revenue")
    return client


def _client(request: pytest.FixtureRequest, service: str) -> Any:  # noqa: ANN401 - of one of six packages
    """Return the client of a service that the test's own plugin for async code opens and closes."""
    if "anyio_backend" in request.fixturenames:
        name = _ON_ANYIO
    elif request.node.get_closest_marker("asyncio"):
        if not request.config.pluginmanager.hasplugin(_ASYNCIO_MODULE):
            pytest.fail(
                "this test is marked for pytest-asyncio, which is not installed: install it, or mark the test with "
                "pytest.mark.anyio",
                pytrace=False,
            )
        name = _ON_ASYNCIO
    else:
        pytest.fail(
            f"{request.fixturename} is for async tests: mark this one with pytest.mark.anyio or pytest.mark.asyncio, "
            "or use partnercentral_emulator with a client of your own",
            pytrace=False,
        )
    return request.getfixturevalue(f"{name}_{service}")


def _connecting(service: str) -> Callable[[Emulator, ConnectOptions], AsyncIterator[Any]]:
    """Return the fixture function of a service's client; a new one each time, as decorating changes it."""

    async def connected(
        partnercentral_emulator: Emulator, partnercentral_client_options: ConnectOptions
    ) -> AsyncIterator[Any]:
        options: ConnectOptions = {"endpoint_url": partnercentral_emulator.endpoint_url}
        options.update(partnercentral_client_options)
        async with import_module(f"aiopartnercentral.{service}").connect(**options) as client:
            yield client

    return connected


# pytest finds fixtures among the names of a module.
for _name in _SERVICES:
    globals()[f"_{_name}_on_anyio"] = pytest.fixture(_connecting(_name), name=f"{_ON_ANYIO}_{_name}")
