"""Runs the coroutine of a command: signals stop it cleanly, and expected errors are printed without a traceback."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import anyio
import attrs

from aiopartnercentral.cli.terminal import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["FAILED", "PIPE_CLOSED", "USAGE", "CommandError", "run"]

FAILED = 1
USAGE = 2
_SIGNAL = 128
# Seconds for threads to end after the event loop.
_THREAD_SECONDS = 0.5
# Seconds for the command to clean up, after which another signal ends the process; one Ctrl-C may send several signals.
_CLEANUP_SECONDS = 2.0
# A shell's exit code for a program that SIGPIPE has killed.
PIPE_CLOSED = _SIGNAL + 13


class CommandError(Exception):
    """An expected error, which ends the command with messages and an exit code.

    Attributes:
        lines: the lines to print, one for each error; none to end silently.
        exit_code: the exit code of the process.
    """

    def __init__(self, *lines: str, exit_code: int = FAILED) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.exit_code = exit_code


@attrs.define
class _End:
    """How a coroutine ended: its exit code or error, and the signal that stopped it."""

    code: int | None = None
    error: Exception | None = None
    signal: signal.Signals | None = None


def run(
    command: Callable[[], Awaitable[int]],
    *,
    when_stopped: int | None = None,
    hint: Callable[[], str | None] = lambda: None,
) -> int:
    """Run a coroutine until it ends or a signal stops it, and return the exit code.

    Arguments:
        command: the coroutine function; a signal cancels it.
        when_stopped: the exit code after a signal, for a command that only a signal stops; None for a line on stderr
            and 128 plus the signal's number.
        hint: returns a further line for that case, or None.

    Raises:
        Exception: an unexpected error of the coroutine; a `CommandError` is printed instead.
    """
    end = anyio.run(_until_signal, command)
    if end.code is not None:
        return end.code
    if end.signal is not None:
        # Errors of the cancelled command are not shown, as they are consequences of the signal.
        if when_stopped is not None:
            return when_stopped
        say(f"stopped by {end.signal.name}")
        if (line := hint()) is not None:
            say(line)
        _end_threads(_SIGNAL + end.signal)
        return _SIGNAL + end.signal
    if isinstance(end.error, CommandError):
        for line in end.error.lines:
            say(line)
        return end.error.exit_code
    if end.error is not None:
        raise end.error
    raise RuntimeError("the command ended without a result")


async def _until_signal(command: Callable[[], Awaitable[int]]) -> _End:
    end = _End()
    with ExitStack() as stack:
        signals = None if sys.platform == "win32" else stack.enter_context(anyio.open_signal_receiver(*_signals()))
        async with anyio.create_task_group() as group:
            with anyio.CancelScope() as scope:
                if signals is not None:
                    group.start_soon(_watch, signals, scope, end)
                try:
                    end.code = await command()
                except Exception as error:  # noqa: BLE001 - raised again outside the group, which would wrap it
                    end.error = error
            group.cancel_scope.cancel()
    return end


async def _watch(signals: AsyncIterator[signal.Signals], scope: anyio.CancelScope, end: _End) -> None:
    """Cancel the scope at the first signal; a later one ends the process if the command does not end.

    A command that cleans up waits for its threads, and a thread may wait for a disk or server that does not answer.
    """
    since = math.inf
    async for received in signals:
        if end.signal is None:
            end.signal, since = received, anyio.current_time()
            scope.cancel()
        elif anyio.current_time() - since >= _CLEANUP_SECONDS:
            say(f"stopped by {received.name}")
            os._exit(_SIGNAL + received)


def _end_threads(exit_code: int) -> None:
    """End the process at once if a thread is stuck, such as in a write to a pipe that nobody reads.

    Otherwise Python waits for the thread at exit, although the user has pressed Ctrl-C. Nothing is lost: files are
    complete or removed by now, and no data is in Python's buffers.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(_THREAD_SECONDS)
            if thread.is_alive():
                os._exit(exit_code)


def _signals() -> list[signal.Signals]:
    """Return the signals that stop a command; SIGHUP only if it is not ignored, as it is under `nohup`."""
    wanted = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    return wanted
