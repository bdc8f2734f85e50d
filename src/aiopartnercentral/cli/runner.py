"""Runs the coroutine of a command: signals stop it cleanly, and expected errors are printed without a traceback.

A command that has ended well has exit code 0, whatever arrives until the process is gone: its files are written.

Signals are handled in a thread, as any call of the main thread can wait for ever: botocore reads its files in the event
loop, and a file can be a named pipe or on a disk that does not answer.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

import anyio
import attrs

from aiopartnercentral.cli.terminal import say

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator

__all__ = ["FAILED", "PIPE_CLOSED", "USAGE", "CommandError", "UsageError", "run"]

FAILED = 1
USAGE = 2
_SIGNAL = 128
# Seconds for threads to end after the event loop.
_THREAD_SECONDS = 0.5
# Seconds for the command to clean up, after which another signal ends the process; one Ctrl-C may send several signals.
# If the event loop does not answer for that long, the first signal ends the process, too.
_CLEANUP_SECONDS = 2.0
# A shell's exit code for a program that SIGPIPE has killed.
PIPE_CLOSED = _SIGNAL + 13

_REFUSED = "can't start new thread"  # Python's message
_NO_THREAD = (
    "no more threads can be started: the limit of processes and threads is reached, such as `ulimit -u` or the pids "
    "limit of a container"
)


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


class UsageError(CommandError):
    """The arguments or the files that they name are wrong."""

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines, exit_code=USAGE)


_Received: TypeAlias = SimpleQueue[signal.Signals | None]


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
    end, received, earlier = _End(), _Received(), threading.enumerate()
    with _queued_signals(received, end):
        try:
            anyio.run(_until_signal, command, end, received)
        except RuntimeError as error:  # asyncio needs one more thread to end
            if not _lacks_thread(error):
                raise
            if end.code is not None:
                say(_NO_THREAD)
            end.error = end.error or error
    code = _conclude(end, when_stopped, hint)
    _end_threads(code, earlier)
    return code


def _conclude(end: _End, when_stopped: int | None, hint: Callable[[], str | None]) -> int:
    """Print the lines for the end of a command, and return its exit code.

    Raises:
        Exception: an unexpected error of the command.
    """
    if end.code is not None:
        return end.code
    if end.signal is not None:
        # Errors of the cancelled command are not shown, as they are consequences of the signal.
        if when_stopped is not None:
            return when_stopped
        say(f"stopped by {end.signal.name}")
        if (line := hint()) is not None:
            say(line)
        return _SIGNAL + end.signal
    if isinstance(end.error, CommandError):
        for line in end.error.lines:
            say(line)
        return end.error.exit_code
    if end.error is not None and _lacks_thread(end.error):
        say(_NO_THREAD)
        return FAILED
    raise end.error or RuntimeError("the command ended without a result")


def _lacks_thread(error: BaseException) -> bool:
    """Return whether an error, or one of a group, says that the system starts no more threads."""
    if isinstance(error, BaseExceptionGroup):
        return any(map(_lacks_thread, error.exceptions))
    return isinstance(error, RuntimeError) and str(error) == _REFUSED


@contextmanager
def _queued_signals(received: _Received, end: _End) -> Iterator[None]:
    """Queue the signals that stop a command; None marks the end. After a command that ended well, they are ignored.

    Unlike the handlers of an event loop, these run while the main thread waits in a system call. They may run between
    any two instructions, so they only use the queue, which is made for that.
    """

    def handle(number: int, _frame: object) -> None:
        received.put(signal.Signals(number))

    wanted = [] if sys.platform == "win32" else _signals()
    earlier = {each: signal.signal(each, handle) for each in wanted}
    try:
        yield
    finally:
        received.put(None)
        for each, handler in earlier.items():
            signal.signal(each, signal.SIG_IGN if end.code == 0 else signal.SIG_DFL if handler is None else handler)


async def _until_signal(command: Callable[[], Awaitable[int]], end: _End, received: _Received) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(_UnawaitedExecutor())
    with anyio.CancelScope() as scope:
        watch = threading.Thread(target=_watch, args=(received, loop, scope.cancel, end), name="signals", daemon=True)
        watch.start()
        try:
            end.code = await command()
        except Exception as error:  # noqa: BLE001 - raised again outside the event loop
            end.error = error


def _watch(received: _Received, loop: asyncio.AbstractEventLoop, cancel: Callable[[], None], end: _End) -> None:
    """Cancel the command at the first signal, and end the process if the command does not end.

    A command that cleans up waits for its threads, and a thread may wait for a disk or server that does not answer. So
    a later signal ends the process. The first one does if the event loop itself waits for something.
    """
    first = received.get()
    if first is None:
        return
    end.signal, since = first, time.monotonic()
    with suppress(RuntimeError):  # the event loop is closed
        loop.call_soon_threadsafe(cancel)
        while True:
            answered = threading.Event()
            loop.call_soon_threadsafe(answered.set)
            if not answered.wait(_CLEANUP_SECONDS) and loop.is_running():
                _exit(first, end)
            with suppress(Empty):
                another = received.get(timeout=_CLEANUP_SECONDS)
                if another is None:
                    return
                if time.monotonic() - since >= _CLEANUP_SECONDS:
                    _exit(another, end)


def _exit(received: signal.Signals, end: _End) -> None:
    """End the process at once, even if stderr does not take the line."""
    if end.code is not None:
        os._exit(end.code)
    line = threading.Thread(target=say, args=(f"stopped by {received.name}",), daemon=True)
    with suppress(RuntimeError):  # no more threads can be started
        line.start()
        line.join(_THREAD_SECONDS)
    os._exit(_SIGNAL + received)


class _UnawaitedExecutor(ThreadPoolExecutor):
    """Has threads that the event loop does not await at its end, as one may wait for a resolver; see `_end_threads`."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        """Let the threads end once they are idle."""
        super().shutdown(wait=False, cancel_futures=cancel_futures)


def _end_threads(exit_code: int, earlier: Collection[threading.Thread]) -> None:
    """End the process at once if a thread is stuck, such as in a write to a pipe that nobody reads.

    Otherwise Python waits for the thread at exit, although the command has ended. Nothing is lost: files are complete
    or removed by now, and no data is in Python's buffers.

    Arguments:
        exit_code: the exit code of the process.
        earlier: the threads that are not the command's.
    """
    for thread in threading.enumerate():
        if thread not in earlier and not thread.daemon:
            thread.join(_THREAD_SECONDS)
            if thread.is_alive():
                os._exit(exit_code)


def _signals() -> list[signal.Signals]:
    """Return the signals that stop a command; SIGHUP only if it is not ignored, as it is under `nohup`."""
    wanted = [signal.SIGINT, signal.SIGTERM]
    if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.append(signal.SIGHUP)
    return wanted
