"""Runs the command in processes of its own that have the libraries loaded already.

Loading aiobotocore and what it needs is most of the CPU time of a short command. A server loads them once, and forks
for each command; arguments, environment, working directory, pipes, signals and exit code are those of any process.

`python -m tests.support.fork_server SOCKET` is the server; SOCKET is a file descriptor.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

import anyio
import anyio.to_thread
import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROOT = Path(__file__).parents[2]
_LOADED = (
    "aiobotocore.session",
    "aiopartnercentral.account.client",
    "aiopartnercentral.bulk.collection",
    "aiopartnercentral.cli.collect",
    "aiopartnercentral.cli.subcommands",
    "pydantic.type_adapter",  # typer loads it where it is installed, which `nox -s matrix` does not do
    "rich.live",
    "rich.table",
)
_MOST_BYTES = 1 << 17


@attrs.frozen
class Completed:
    """What a process left: its exit code, negative for a signal, and what it wrote."""

    code: int
    out: bytes
    err: bytes


class ForkServer:
    """The server, while a `with` block lasts."""

    def __enter__(self) -> Self:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "error::ResourceWarning", "-m", __name__, str(theirs.fileno())],
                cwd=_ROOT,
                pass_fds=[theirs.fileno()],
            )
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.wait()

    async def run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> Completed:
        """Run the command; a cancellation kills it."""
        result, stdout, stderr = self._start(arguments, environment)
        with result, stdout, stderr:
            written: dict[IO[bytes], bytes] = {}

            async def read(file: IO[bytes]) -> None:
                written[file] = await anyio.to_thread.run_sync(file.read, abandon_on_cancel=True)

            pid = int(await anyio.to_thread.run_sync(result.recv, 100))
            try:
                async with anyio.create_task_group() as group:
                    group.start_soon(read, stdout)
                    group.start_soon(read, stderr)
                code = int(await anyio.to_thread.run_sync(result.recv, 100, abandon_on_cancel=True))
            except BaseException:
                os.kill(pid, signal.SIGKILL)
                raise
        return Completed(code, written[stdout], written[stderr])

    def _start(
        self, arguments: Sequence[str], environment: Mapping[str, str]
    ) -> tuple[socket.socket, IO[bytes], IO[bytes]]:
        """Have the command started; returns where its number and exit code come from, its stdout and its stderr."""
        result, theirs_result = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # keeps two messages apart
        stdout, theirs_stdout = os.pipe()
        stderr, theirs_stderr = os.pipe()
        with (
            theirs_result,
            os.fdopen(theirs_stdout, "wb"),
            os.fdopen(theirs_stderr, "wb"),
            Path(os.devnull).open("rb") as stdin,
        ):
            task = json.dumps([arguments, dict(environment), str(Path.cwd())])
            fds = [theirs_result.fileno(), stdin.fileno(), theirs_stdout, theirs_stderr]
            socket.send_fds(self._socket, [task.encode()], fds)
        return result, os.fdopen(stdout, "rb"), os.fdopen(stderr, "rb")


def _serve(server: socket.socket) -> list[str]:
    """Fork for each task until the other side is closed; returns, in the fork, the arguments of its command."""
    signal.signal(signal.SIGCHLD, _reap)
    while True:
        task, fds, *_ = socket.recv_fds(server, _MOST_BYTES, 4)
        if not task:
            server.close()
            sys.exit()
        if os.fork() == 0:
            server.close()
            return _become(json.loads(task), fds)
        for fd in fds:
            os.close(fd)


def _reap(*_: object) -> None:
    with suppress(ChildProcessError):  # none is left
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become(task: tuple[list[str], dict[str, str], str], fds: list[int]) -> list[str]:
    """Fork once more, to tell the process's number and its end; returns in the process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    arguments, environment, directory = task
    result, *streams = fds
    if pid := os.fork():
        os.write(result, str(pid).encode())
        for fd in streams:
            os.close(fd)
        _, status = os.waitpid(pid, 0)
        os.write(result, str(os.waitstatus_to_exitcode(status)).encode())
        os._exit(0)
    for fd, name in zip(streams, (0, 1, 2), strict=True):
        os.dup2(fd, name)
    for fd in fds:
        os.close(fd)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    return arguments


if __name__ == "__main__":
    for module in _LOADED:
        if importlib.util.find_spec(module.partition(".")[0]):
            importlib.import_module(module)
    gc.freeze()
    sys.argv[1:] = _serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("aiopartnercentral", run_name="__main__", alter_sys=True)
