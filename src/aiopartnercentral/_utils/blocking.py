"""Async context managers for code that is not async: their event loop runs in a thread of its own."""

from __future__ import annotations

import asyncio
import atexit
import os
from collections.abc import Awaitable
from concurrent.futures import Future, InvalidStateError
from contextlib import AbstractAsyncContextManager, suppress
from pickle import PicklingError
from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from weakref import WeakSet, finalize

import anyio
from anyio.from_thread import BlockingPortal

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.ended_threads import running_threads, wait_for_ended
from aiopartnercentral._utils.needs_block import NeedsBlock, RefusesAsync, ShowsUsage
from aiopartnercentral._utils.text import state_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Blocking", "blocking"]

T = TypeVar("T")
R = TypeVar("R")

_FUNCTION = validators.function("a function, such as lambda client: client.list_connections(...)")
_RESULTS = "client.list_connections(...) or client.paginate.list_connections(...).collect()"
_OPEN: WeakSet[Blocking[Any]] = WeakSet()


class Blocking(RefusesAsync, NeedsBlock, Generic[T]):
    """Calls async functions of an open object, such as a client, while its `with` block is open.

    Its event loop runs in a thread of its own, so it can be used where a loop is running already, such as in a
    notebook, and in a process that was forked before. Several threads may call at once. Leaving the block closes the
    object and ends the thread, also after an exception such as `KeyboardInterrupt`, which cancels what is running. The
    cells of a notebook share no block: there, `open` opens the object. It is closed by `close`, at the end of the
    process, or when nothing refers to this any more.
    """

    _usage = "`with blocking(...) as call:` and `call(lambda client: client.list_connections(...))`"

    def __init__(self, manager: AbstractAsyncContextManager[T], what: str) -> None:
        """Prepare to open the object; it opens when this is entered, once.

        Arguments:
            manager: opens the object, and closes it.
            what: what the object is, for errors.
        """
        self._manager = manager
        self._what = what
        self._thread: _EventLoopThread[T] | None = None
        self._has_block = True
        self._finalizer: finalize[..., Blocking[T]] | None = None
        self._process = os.getpid()
        self._portal: BlockingPortal | None = None
        self._opened: T | None = None

    def __repr__(self) -> str:
        return f"<blocking {self._what}, {state_text(was_opened=self._opened is not None, is_open=self.is_open)}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Refuse to be pickled.

        Raises:
            pickle.PicklingError: always.
        """
        raise PicklingError(
            f"a blocking {self._what} cannot be pickled, as it has a thread: call blocking() where it is used"
        )

    def open(self) -> Self:
        """Open the object without a `with` block, such as for the cells of a notebook; `close` ends it.

            call = blocking(account.connect(profile="ada")).open()

        It is also closed at the end of the process, and when nothing refers to it any more.

        Raises:
            RuntimeError: it was opened before.
            Exception: it cannot be opened.
        """
        opened = self.__enter__()
        self._has_block = False
        return opened

    def close(self) -> None:
        """Close the object, and end the thread; nothing happens if it is not open."""
        if self.is_open:
            self.__exit__(None, None, None)

    @property
    def opened(self) -> T | None:
        """The object once it is open, and after that; only functions that are called here may use it meanwhile."""
        return self._opened

    @property
    def is_open(self) -> bool:
        """Whether the block is open."""
        return self._portal is not None

    def __enter__(self) -> Self:
        """Open the object.

        Raises:
            RuntimeError: it was opened before.
            Exception: it cannot be opened.
        """
        if self._opened is not None:
            raise RuntimeError(f"a {self._what} can be entered only once; call `blocking()` again for a new one")
        thread = _EventLoopThread(self._manager)
        self._process = os.getpid()
        # An interrupt can come between any two lines, also where a block is entered or left: the thread then ends with
        # the last reference to this.
        self._finalizer = finalize(self, thread.stop, SystemExit())
        self._finalizer.atexit = False
        try:
            self._thread = thread
            thread.start()
            self._portal, self._opened = thread.opened.result()
            _OPEN.add(self)
        except BaseException as error:
            thread.stop(error)
            self._finalizer.detach()  # its thread has the error, whose traceback refers to this
            with suppress(RuntimeError):  # it was not started
                thread.join()
            self._portal = self._opened = None
            raise
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Close the object, and end the thread."""
        thread = self._thread
        if thread is None or os.getpid() != self._process:
            return  # a forked process has neither the thread nor its event loop
        thread.stop(exc)
        if self._finalizer is not None:
            self._finalizer.detach()
        try:
            thread.join()  # an interrupt leaves it closing; the end of the process then waits for it
        finally:
            self._portal = None
        _OPEN.discard(self)
        if thread.failure is not None:
            raise thread.failure

    def check_open(self) -> None:
        """Raise the error of calls if the block is not open in this process.

        Raises:
            RuntimeError: the block is not open, or it was opened by the process that this one was forked from.
        """
        self._checked()

    def __call__(self, function: Callable[[T], Awaitable[R]]) -> R:
        """Call a function with the object in its event loop, wait for its result, and return it.

            page = call(lambda client: client.list_connections(catalog="AWS"))

        An exception that interrupts the waiting, such as `KeyboardInterrupt`, cancels the call.

        Arguments:
            function: an async function, or another one that returns an awaitable.

        Raises:
            Exception: an error of the function.
            RuntimeError: the block is not open, or it was opened by the process that this one was forked from.
            TypeError: it is not a function, or does not return an awaitable.
        """
        portal, opened = self._checked()
        _FUNCTION("function", function)
        future = portal.start_task_soon(_result_of, function, opened)
        try:
            return future.result()
        finally:
            future.cancel()  # if an interrupt has ended the waiting

    def _checked(self) -> tuple[BlockingPortal, T]:
        opened = self._opened
        if self._portal is None or opened is None:
            where = "inside its `with` block" if self._has_block else "from `open()` until `close()`"
            raise RuntimeError(f"the {self._what} is open only {where}")
        if os.getpid() != self._process:
            raise RuntimeError(
                f"the {self._what} was opened before the process was forked: call `blocking()` in each process"
            )
        return self._portal, opened


def blocking(manager: AbstractAsyncContextManager[T]) -> Blocking[T]:
    """Return a `with` block for a script or a notebook, in which async functions of a client can be called.

        with blocking(account.connect(profile="ada")) as call:
            page = call(lambda client: client.list_connections(catalog="AWS"))
            everything = call(lambda client: client.paginate.list_connections(catalogs=["AWS", "Sandbox"]).collect())

    In a notebook, `call = blocking(...).open()` keeps the client open for further cells, until `call.close()`.

    To iterate over the items of a `Collection`, use its own `blocking()`.

    Arguments:
        manager: opens the client, such as `account.connect()`.

    Raises:
        TypeError: `manager` is not an async context manager.
    """
    if not isinstance(manager, AbstractAsyncContextManager):
        raise TypeError(
            "manager must be an async context manager, such as account.connect() returns, not "
            f"{validators.type_name(manager)}"
        )
    return Blocking(manager, "client")


class _EventLoopThread(Thread, Generic[T]):
    """A thread whose event loop opens an object, and closes it once the thread is told to stop.

    Nothing here waits for the thread when Python releases it, as the generator of `start_blocking_portal` does: in a
    forked process, which does not have the thread, that never ends. It has no reference to the `Blocking` it serves.

    Attributes:
        opened: the portal to the event loop, and the object; or the error of opening it.
        failure: the error of closing the object, once the thread has ended.
    """

    def __init__(self, manager: AbstractAsyncContextManager[T]) -> None:
        super().__init__(name="aiopartnercentral", daemon=True)
        self._manager = manager
        self._process = os.getpid()
        self._stopping: Future[BaseException | None] = Future()
        self._is_closed = False
        self.opened: Future[tuple[BlockingPortal, T]] = Future()
        self.failure: Exception | None = None
        self._last_running: set[int] = set()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread and those of its event loop have really ended, so that the process can be forked."""
        super().join(timeout)
        if not self.is_alive():
            wait_for_ended(self._last_running)

    def stop(self, error: BaseException | None) -> None:
        """Close the object and end, at any time and from any thread; only the first time matters.

        Arguments:
            error: what ends the block. It cancels the opening, and the calls of other threads.
        """
        if os.getpid() == self._process:
            with suppress(InvalidStateError):
                self._stopping.set_result(error)

    def run(self) -> None:
        """Run the event loop."""
        try:
            anyio.run(self._serve)
        except BaseException as error:
            if not self.opened.done():
                self.opened.set_exception(error)
            elif not self._is_closed:
                # Otherwise asyncio needs a thread to end, and Python 3.12 and later start none when they end.
                raise

    async def _serve(self) -> None:
        stopping = asyncio.wrap_future(self._stopping)
        with anyio.CancelScope() as scope:
            stopping.add_done_callback(lambda _: None if self.opened.done() else scope.cancel())
            try:
                async with BlockingPortal() as portal:
                    await self._serve_object(portal, stopping)
            finally:
                stopping.cancel()  # `stop` does nothing any more
                self._last_running = running_threads()
        self._is_closed = True

    async def _serve_object(self, portal: BlockingPortal, stopping: asyncio.Future[BaseException | None]) -> None:
        try:
            opened = await self._manager.__aenter__()
        except Exception as failure:  # noqa: BLE001 - raised where it is opened
            self.opened.set_exception(failure)
            return
        self.opened.set_result((portal, opened))
        error = None
        try:
            error = await stopping
        except BaseException:
            await portal.stop()  # a call has ended the event loop
            raise
        finally:
            details = (None, None, None) if error is None else (type(error), error, error.__traceback__)
            try:
                await self._manager.__aexit__(*details)
            except Exception as failure:  # noqa: BLE001 - raised where it is closed
                self.failure = failure
        if error is not None:
            await portal.stop(cancel_remaining=True)


@atexit.register
def _close_all() -> None:
    """Close what is still open when Python ends, as its connections and checkpoints would stay as they are."""
    for each in list(_OPEN):
        with suppress(Exception, SystemExit):
            error = SystemExit()
            each.__exit__(type(error), error, None)


async def _result_of(function: Callable[[T], Awaitable[R]], opened: T) -> R:
    result = function(opened)
    given: object = result
    if not isinstance(given, Awaitable) or isinstance(given, ShowsUsage):
        raise TypeError(
            f"the result of function must be awaitable, such as {_RESULTS}, not {validators.type_name(result)}"
        )
    return await result
