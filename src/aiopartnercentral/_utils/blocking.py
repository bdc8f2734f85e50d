"""Async context managers for code that is not async: their event loop runs in a thread of its own."""

from __future__ import annotations

import atexit
import os
from collections.abc import Awaitable
from concurrent.futures import Future, InvalidStateError
from contextlib import AbstractAsyncContextManager, ExitStack, suppress
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar
from weakref import WeakSet

import anyio
from anyio.from_thread import BlockingPortal

from aiopartnercentral._utils import validators
from aiopartnercentral._utils.needs_block import NeedsBlock
from aiopartnercentral._utils.text import state_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

__all__ = ["Blocking", "blocking"]

T = TypeVar("T")
R = TypeVar("R")

_FUNCTION = validators.function("a function, such as lambda client: client.list_connections(...)")
_AWAITABLE: validators.Check[Awaitable[object]] = validators.instance_of(
    Awaitable,  # type: ignore[type-abstract] # only for isinstance
    "awaitable, such as client.list_connections(...) or client.paginate.list_connections(...).collect()",
)
_OPEN: WeakSet[Blocking[Any]] = WeakSet()


class Blocking(NeedsBlock, Generic[T]):
    """Calls async functions of an open object, such as a client, while its `with` block is open.

    Its event loop runs in a thread of its own, so it can be used where a loop is running already, such as in a
    notebook, and in a process that was forked before. Several threads may call at once. Leaving the block closes the
    object and ends the thread, also after an exception such as `KeyboardInterrupt`, which cancels what is running. The
    cells of a notebook share no block: there, `open` opens the object, and `close` or the end of the process closes it.
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
        self._stack = ExitStack()
        self._thread: Thread | None = None
        self._is_broken = False
        self._has_block = True
        self._process = os.getpid()
        self._portal: BlockingPortal | None = None
        self._opened: T | None = None

    def __repr__(self) -> str:
        return f"<blocking {self._what}, {state_text(was_opened=self._opened is not None, is_open=self.is_open)}>"

    def open(self) -> Self:
        """Open the object without a `with` block, such as for the cells of a notebook; `close` ends it.

            call = blocking(account.connect(profile="ada")).open()

        The end of the process closes it, too.

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
        with ExitStack() as stack:
            portal, thread = _start_portal()
            stack.push(partial(_stop, portal, thread))
            self._thread = thread
            self._opened = stack.enter_context(portal.wrap_async_context_manager(self._manager))
            self._portal, self._process = portal, os.getpid()
            self._stack = stack.pop_all()
        _OPEN.add(self)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Close the object, and end the thread."""
        if os.getpid() != self._process:
            return  # a forked process, which has neither the thread nor its event loop
        _OPEN.discard(self)
        try:
            if self._is_broken and self._thread is not None:
                self._thread.join()
            else:
                self._stack.__exit__(exc_type, exc, tb)
        finally:
            self._portal = None

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
        except BaseException:
            # A KeyboardInterrupt leaves it waiting. Raised by the function, it ends the event loop, as SystemExit does.
            if not future.cancel() and not isinstance(future.exception(), Exception):
                self._is_broken = True
            raise

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


def _start_portal() -> tuple[BlockingPortal, Thread]:
    """Start an event loop in a thread of its own.

    Not by `start_blocking_portal`, whose generator waits for the thread when Python releases it: in a forked process,
    which does not have the thread, that never ends.
    """
    started: Future[BlockingPortal] = Future()
    is_stopped = False

    async def run() -> None:
        nonlocal is_stopped
        async with BlockingPortal() as portal:
            with suppress(InvalidStateError):  # nobody waits for it any more
                started.set_result(portal)
                await portal.sleep_until_stopped()
        is_stopped = True

    def work() -> None:
        try:
            anyio.run(run)
        except BaseException as error:
            if not started.done():
                started.set_exception(error)
            elif not is_stopped:
                # Otherwise asyncio needs a thread to end, and Python 3.12 and later start none when they end.
                raise

    thread = Thread(target=work, name="aiopartnercentral", daemon=True)
    thread.start()
    try:
        return started.result(), thread
    except BaseException:  # such as KeyboardInterrupt
        started.cancel()
        raise


def _stop(portal: BlockingPortal, thread: Thread, exc_type: type[BaseException] | None, *_: object) -> None:
    with suppress(RuntimeError):  # it is not running any more
        # After an exception, it cancels the calls of other threads.
        portal.start_task_soon(portal.stop, exc_type is not None)
    thread.join()


@atexit.register
def _close_all() -> None:
    """Close what is still open when Python ends, as its connections and checkpoints would stay as they are."""
    for each in list(_OPEN):
        with suppress(Exception, SystemExit):
            error = SystemExit()
            each.__exit__(type(error), error, None)


async def _result_of(function: Callable[[T], Awaitable[R]], opened: T) -> R:
    result = function(opened)
    _AWAITABLE("the result of function", result)
    return await result
