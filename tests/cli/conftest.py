"""The command, as a real process for the most part."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from aiopartnercentral.cli import main
from aiopartnercentral.emulator import Emulator
from tests.cli.processes import COMMAND, GUARD, Ended
from tests.support.fork_server import ForkServer
from tests.support.object_store_fixtures import running_store, store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

__all__ = ["running_store", "store"]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    """Return an environment without anything of AWS but credentials, and with nowhere to find more."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("AWS_", "PYTHON")) and not name.upper().endswith("_PROXY")
    }
    inherited.pop("FORCE_COLOR", None)
    return inherited | {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "the-secret-key",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
    }


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    with ForkServer() as running:
        yield running


@pytest.fixture
def run(environment, fork_server) -> Callable[..., Awaitable[Ended]]:
    """Return `await run(*arguments, **environment)`."""

    async def run_command(*arguments: object, **extra: str) -> Ended:
        with anyio.fail_after(GUARD):
            ended = await fork_server.run(
                [*map(str, arguments)], {name: value for name, value in (environment | extra).items() if value}
            )
        return Ended(ended.code, ended.out, ended.err.decode())

    return run_command


@pytest.fixture
def run_here(environment, monkeypatch, capfdbinary) -> Callable[..., Ended]:
    """Return `run_here(*arguments)`, the same in this process: for what ends before anything begins."""

    def run_command(*arguments: object, **extra: str) -> Ended:
        for name in list(os.environ):
            monkeypatch.delenv(name)
        for name, value in (environment | extra).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["aiopartnercentral", *map(str, arguments)])
        monkeypatch.setattr(logging.getLogger(), "handlers", logging.getLogger().handlers[:])
        handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            code = main()
        except SystemExit as ended:
            code = ended.code
        finally:
            for each, handler in handlers.items():  # ignored after a success, and then by every process started here
                signal.signal(each, handler)
        out, err = capfdbinary.readouterr()
        return Ended(code, out, err.decode())

    return run_command


@pytest.fixture
def started(environment) -> Callable[..., Any]:
    """Return `async with started(*arguments) as process`; it is killed at the end if it still runs."""

    @asynccontextmanager
    async def start(*arguments: object, **options: Any) -> AsyncIterator[anyio.abc.Process]:
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        process = await anyio.open_process([*COMMAND, *map(str, arguments)], env=environment, **options)
        try:
            with anyio.fail_after(GUARD):
                yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.aclose()

    return start


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with Emulator({"AWS": 250, "Sandbox": 30, "Denied": 1}, denied_catalogs=["Denied"]) as running:
        yield running
