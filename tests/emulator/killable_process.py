"""Runs the emulator as a process that can be killed."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = (sys.executable, "-W", "error::ResourceWarning", "-m", "aiopartnercentral", "emulator")


@attrs.frozen
class Running:
    url: str
    process: subprocess.Popen[bytes]

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)


@contextmanager
def running(*options: object) -> Iterator[Running]:
    """Run the command; it is killed at the end if it still runs."""
    with subprocess.Popen([*COMMAND, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            line = process.stdout.readline()
            ready = re.fullmatch(rb"listening on (http://127\.0\.0\.1:\d+)\n", line)
            assert ready, process.stderr.read()
            yield Running(ready[1].decode(), process)
        finally:
            process.kill()
            process.wait(30)
