"""Processes that live no longer than this one: each ends when the pipe to its stdin does."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import attrs

from benchmarks.contenders.settings import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
_SECONDS_TO_END = 2


@attrs.frozen
class Child:
    """A running process.

    Attributes:
        stdin: where it takes lines from.
        stdout: where it answers.
    """

    _process: subprocess.Popen[str]
    stdin: IO[str]
    stdout: IO[str]

    @property
    def exit_code(self) -> int | None:
        """How it ended, or None while it runs."""
        return self._process.poll()

    def end(self) -> int:
        """Wait until it has ended, which it must be about to do, and return how."""
        return self._process.wait(_SECONDS_TO_END)


@contextmanager
def child(module: str, *arguments: str) -> Iterator[Child]:
    """Run a module of this package in a process of its own, which Ctrl-C does not reach, while the block lasts."""
    process = subprocess.Popen(  # noqa: S603 - a module of this package
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=clean_environment(),
        start_new_session=True,
    )
    if process.stdin is None or process.stdout is None:
        raise TypeError("a child has pipes")
    try:
        yield Child(process, process.stdin, process.stdout)
    except BaseException:
        process.kill()
        raise
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
