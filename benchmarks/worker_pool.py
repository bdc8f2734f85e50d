"""Separate processes for clients, decoders and servers; none outlives this one."""

from __future__ import annotations

import asyncio
import inspect
import multiprocessing
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

import attrs

from benchmarks.errors import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

_context = multiprocessing.get_context("spawn")
_SECONDS_TO_END = 2


@attrs.frozen
class Worker:
    """A process that holds a subject, such as an open client, and runs functions on it.

    Attributes:
        name: its name in tables and messages.
    """

    name: str
    _process: SpawnProcess
    _connection: Connection

    def ask(self, function: Callable[..., Any], *arguments: Any) -> Any:  # noqa: ANN401 - whatever the function takes
        """Call a function with the subject and the arguments in the process, and return its result.

        Raises:
            BenchmarkError: it failed, or the process has died.
        """
        with suppress(BrokenPipeError):  # `_answer` reports that the process has died
            self._connection.send((function, arguments))
        return self._answer()

    def _answer(self) -> Any:  # noqa: ANN401 - as above
        try:
            succeeded, answer = self._connection.recv()
        except (EOFError, ConnectionError):
            self._died()
        if not succeeded:
            raise BenchmarkError(f"{self.name} failed: {answer}")
        return answer

    def _died(self) -> NoReturn:
        self._process.join(_SECONDS_TO_END)
        raise BenchmarkError(f"the process of {self.name} has died, with exit code {self._process.exitcode}")


@contextmanager
def worker(
    name: str,
    opener: Callable[..., AbstractAsyncContextManager[Any]],
    *arguments: Any,  # noqa: ANN401 - of the opener
    loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
) -> Iterator[Worker]:
    """Run a process in which `opener(*arguments)` is open while the block lasts.

    Raises:
        BenchmarkError: it did not start.
    """
    here, there = _context.Pipe()
    process = _context.Process(target=_run, args=(there, opener, arguments, loop), daemon=True)
    process.start()
    there.close()
    started = Worker(name, process, here)
    try:
        started._answer()  # noqa: SLF001 - of this module
        yield started
    finally:
        here.close()
        process.join(_SECONDS_TO_END)
        process.kill()
        process.join()


def itself(subject: Any) -> Any:  # noqa: ANN401 - whatever it is
    """Return the subject: of a server, its address."""
    return subject


def _run(connection: Connection, opener: Any, arguments: Any, loop: Any) -> None:  # noqa: ANN401 - see `worker`
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the parent process, and so this one
    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(_answer_all(connection, opener, arguments))


async def _answer_all(connection: Connection, opener: Any, arguments: Any) -> None:  # noqa: ANN401 - see `worker`
    try:
        async with opener(*arguments) as subject:
            connection.send((True, None))
            while True:
                function, given = await asyncio.to_thread(connection.recv)
                connection.send(await _result(function, subject, given))
    except (EOFError, BrokenPipeError):
        return  # the parent process is done
    except Exception as error:  # noqa: BLE001 - it could not be opened, which the one who asked wants to know
        with suppress(BrokenPipeError):
            connection.send((False, _reason(error)))


async def _result(function: Any, subject: Any, arguments: Any) -> tuple[bool, Any]:  # noqa: ANN401 - see `ask`
    try:
        result = function(subject, *arguments)
        return True, await result if inspect.isawaitable(result) else result
    except Exception as error:  # noqa: BLE001 - whatever it is, the one who asked wants to know
        return False, _reason(error)


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return f"{type(error).__name__}: {error}"
