"""The command as a process: how it is called, what it leaves behind, and a terminal to run it in."""

from __future__ import annotations

import json
import os
import pty
import re
import sys
import termios
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import attrs

from aiopartnercentral import account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

GUARD = 60
PYTHON = (sys.executable, "-W", "error::ResourceWarning")
COMMAND = (*PYTHON, "-m", "aiopartnercentral")
HOW_FAR = rb"aiopartnercentral: \d+ complete of \d+ sources?: \d+ items?, \d+ pages?, \d+ retr[^ ]+ in \d+\.\d\d s\n"
RESUMES = r"aiopartnercentral: resumes the run of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, in which %s sources? finished\n"
LIVE = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


@attrs.frozen
class Ended:
    code: int
    out: bytes
    err: str

    @property
    def complaint(self) -> str:
        """The only line on stderr."""
        assert "Traceback" not in self.err
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("aiopartnercentral: ")
        return self.err

    @property
    def items(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


async def everything(stream) -> bytes:
    return b"".join([chunk async for chunk in stream])


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await anyio.sleep(0.01)


@contextmanager
def terminal(environment: dict[str, str], columns: int = 120, rows: int = 50) -> Iterator[tuple[int, int]]:
    """Give the terminal's side and the program's side of a pseudo-terminal."""
    environment["TERM"] = "xterm"
    for name in ("COLUMNS", "LINES"):
        environment.pop(name, None)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (rows, columns))
    try:
        yield ours, theirs
    finally:
        os.close(ours)


async def shown_until(ours: int, wanted: bytes) -> bytes:
    """Read what is shown until something is in it, apart from the codes that draw it."""
    shown = b""
    while wanted not in LIVE.sub(b"", shown):
        shown += await anyio.to_thread.run_sync(os.read, ours, 65536)
    return shown


async def seen(ours: int, theirs: int) -> bytes:
    """Read what is shown until the program has closed its side."""
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = await anyio.to_thread.run_sync(os.read, ours, 65536)
        except OSError:  # how Linux tells that the other side is closed
            chunk = b""
        if not chunk:
            return shown.replace(b"\r\n", b"\n")
        shown += chunk


READY = re.compile(rb"listening on (http://127\.0\.0\.1:\d+)\n")


async def address(process) -> str:
    """Return the address of a started emulator, once it listens."""
    line = b""
    while not line.endswith(b"\n"):
        line += await process.stdout.receive()
    return READY.fullmatch(line)[1].decode()


def connect(url):
    return account.connect(
        endpoint_url=url,
        aws_access_key_id="x",
        aws_secret_access_key="y",
    )
