"""A command's coroutine to an exit code: a signal ends it cleanly, a foreseeable fault is one line and no traceback."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import anyio
import attrs

from aiopartnercentral.cli.text import say

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["FAILED", "PIPE_CLOSED", "USAGE", "CommandError", "run"]

FAILED = 1
USAGE = 2
_SIGNAL = 128
# Seconds for a thread to notice that the event loop has ended.
_PATIENCE = 0.5
# What the shell reports of a program that SIGPIPE has ended, which is what happened here in effect.
PIPE_CLOSED = _SIGNAL + 13


class CommandError(Exception):
    """A fault that the person at the terminal can do something about.

    Attributes:
        lines: what to tell, a line for each fault; none to end silently.
        exit_code: how the process is to end.
    """

    def __init__(self, *lines: str, exit_code: int = FAILED) -> None:
        super().__init__(*lines)
        self.lines = lines
        self.exit_code = exit_code


@attrs.define
class _End:
    """How a coroutine ended: at most one of its own ends, and perhaps a signal."""

    code: int | None = None
    error: Exception | None = None
    signal: signal.Signals | None = None


def run(
    job: Callable[[], Awaitable[int]],
    *,
    when_stopped: int | None = None,
    hint: Callable[[], str | None] = lambda: None,
) -> int:
    """Run a coroutine until it ends or a signal ends it, and return the exit code.

    Arguments:
        job: the coroutine function; a signal cancels it.
        when_stopped: the exit code after a signal, for what only a signal ends; None for a line on stderr and 128 plus
            the signal's number.
        hint: gives a further line for that case, or none.

    Raises:
        Exception: what the job raised, apart from a `CommandError`: a fault of the program, not of its use.
    """
    end = anyio.run(_until_signal, job)
    if end.code is not None:
        return end.code
    if end.signal is not None:
        # What the cancelled job raised on its way out is a consequence, not news.
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
    raise RuntimeError("the command ended without saying how")


async def _until_signal(job: Callable[[], Awaitable[int]]) -> _End:
    end = _End()
    with ExitStack() as stack:
        # Around the group, so that further signals are swallowed while what the first one cancelled cleans up.
        signals = None if sys.platform == "win32" else stack.enter_context(anyio.open_signal_receiver(*_signals()))
        async with anyio.create_task_group() as group:
            if signals is not None:
                group.start_soon(_watch, signals, group.cancel_scope, end)
            try:
                end.code = await job()
            except Exception as error:  # noqa: BLE001 - raised again outside the group, which would wrap it
                end.error = error
            group.cancel_scope.cancel()
    return end


async def _watch(signals: AsyncIterator[signal.Signals], scope: anyio.CancelScope, end: _End) -> None:
    """Cancel the scope at the first signal."""
    async for received in signals:
        end.signal = received
        scope.cancel()
        return


def _end_threads(exit_code: int) -> None:
    """End the process at once if a thread is stuck, as in a write to a reader who does not read.

    Python would wait for it at exit, and what asked for the end is a person at the keyboard. Nothing is lost: files are
    settled by now, and no data is in Python's own buffers.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(_PATIENCE)
            if thread.is_alive():
                os._exit(exit_code)


def _signals() -> list[signal.Signals]:
    """Return the signals that end a command; `nohup` asks by ignoring SIGHUP that this one does not."""
    wanted = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    return wanted
