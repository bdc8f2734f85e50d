"""Fixtures that conftests import: a client of a scripted server, and an environment without this machine's settings."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.httpxsession import HttpxSession
from aiobotocore.session import AioSession
from botocore import retryhandler
from botocore.retries.standard import ExponentialBackoff

from aiopartnercentral import account, add_models
from aiopartnercentral._transport import standalone_settings as standalone
from aiopartnercentral._transport.http_client import SUPPORTS_HTTPX
from tests.support.servers import scripted_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.support.servers import ScriptedServer

NEEDS_HTTPX = pytest.mark.skipif(not SUPPORTS_HTTPX, reason="aiobotocore before 3.9")
"""For tests of aiobotocore's HttpxSession, without which no client runs on trio."""
HTTPX = pytest.param(HttpxSession, marks=NEEDS_HTTPX)
TRIO = pytest.param("trio", marks=NEEDS_HTTPX)
IDENTITY: Any = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "not-a-secret"}
AWS_VARIABLES = (
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_RETRY_MODE",
    "AWS_MAX_ATTEMPTS",
    "AWS_ENDPOINT_URL",
)


def session_with_models(profile: str | None = None) -> AioSession:
    """Return a session that has the services even if its botocore does not."""
    session = AioSession(profile=profile)
    add_models(session)
    return session


@pytest.fixture(autouse=True)
def aws_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give botocore credentials, and nothing of this machine's own configuration."""
    empty = tmp_path_factory.mktemp("aws") / "empty"
    empty.touch()
    for name in AWS_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(empty))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(empty))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")


@pytest.fixture
def loaded_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients start with botocore, as they do where it is loaded already, whatever the command line says."""
    monkeypatch.setattr(standalone, "_has_loaded_botocore", lambda: True)


def without_backoff(patch: pytest.MonkeyPatch) -> list[object]:
    """Let botocore repeat requests at once, and return a list with an item for each wait that it would have been.

    Functions in the place of botocore's own would turn direct requests off.
    """
    waits: list[object] = []

    def delay_amount(self: object, context: object, waits: list[object] = waits) -> int:  # noqa: ARG001 - botocore's
        waits.append(context)
        return 0

    def delay_exponential(base: object, growth_factor: object, attempts: object) -> int:  # noqa: ARG001 - as above
        return 0

    patch.setattr(ExponentialBackoff.delay_amount, "__code__", delay_amount.__code__)
    patch.setattr(ExponentialBackoff.delay_amount, "__defaults__", delay_amount.__defaults__)
    patch.setattr(retryhandler.delay_exponential, "__code__", delay_exponential.__code__)
    return waits


@pytest.fixture
def unloaded_botocore(aws_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001 - order
    """Let clients start without botocore, although the tests have loaded it."""
    _unload_botocore(monkeypatch)


@contextmanager
def alone() -> Iterator[None]:
    """Do the same in a block."""
    with pytest.MonkeyPatch.context() as patch:
        _unload_botocore(patch)
        yield


def _unload_botocore(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(standalone, "_has_loaded_botocore", lambda: False)
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        patch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
async def client(server: ScriptedServer, aws_environment: None) -> AsyncIterator[account.Client]:  # noqa: ARG001 - order
    async with account.connect(endpoint_url=server.url) as client:
        yield client
