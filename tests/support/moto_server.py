"""moto's server, in a process of its own: STS, IAM and S3."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@contextmanager
def moto_server() -> Iterator[str]:
    """Yield its URL."""
    command = [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            url = _address(process.stderr)
            # It writes a line for each request, and must never wait for a reader.
            threading.Thread(target=process.stderr.read).start()
            yield url
        finally:
            process.terminate()


def _address(lines: Iterable[str]) -> str:
    said = []
    for line in lines:
        said.append(line)
        if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", line):
            return found[1]
    raise RuntimeError(f"moto did not start: {''.join(said)}")
