"""What every test shares: the Hypothesis profiles and the event loop that async tests run on."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# A shared build machine pauses at will: neither a deadline nor a limit on drawing time says anything about the code.
_SLOW_IS_FINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", _SLOW_IS_FINE, max_examples=15, print_blob=True)
settings.register_profile("thorough", _SLOW_IS_FINE, max_examples=400, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "dev")


def pytest_addoption(parser: pytest.Parser) -> None:
    text = "what sends the first attempts of usual calls, unless a test says so"
    parser.addoption("--transport", choices=("direct", "standalone", "botocore"), default="direct", help=text)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--transport") == "botocore":
        from aiopartnercentral._transport.direct import eligibility  # noqa: PLC0415 - otherwise loaded by calls

        eligibility.session_obstacle = lambda _: "the tests say so"
    if config.getoption("--transport") == "standalone":
        from aiopartnercentral._transport import standalone_settings as standalone  # noqa: PLC0415 - as above

        standalone._has_loaded_botocore = lambda: False  # the tests have loaded them


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio; a module that means trio overrides this.

    Of session scope so that an async fixture of any scope may depend on it.
    """
    return "asyncio"


@pytest.fixture
def direct_requests(pytestconfig: pytest.Config) -> None:
    """Skip the test, which shows when requests are sent directly, if botocore is to send all."""
    if pytestconfig.getoption("--transport") == "botocore":
        pytest.skip("--transport botocore")


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """Fail if the test leaves a thread behind; portals belong to fixtures."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if "portal" not in thread.name:
            thread.join(10)  # idle workers of an event loop end soon after it
            assert not thread.is_alive(), thread
