"""Objects that are easily used in a wrong way, such as without their block; the error says how to use them."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, ClassVar, Never, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["NeedsBlock", "Opening", "RefusesArrow", "RefusesAsync", "RefusesAwait", "RefusesFor", "ShowsUsage"]

T = TypeVar("T")

# Methods of other libraries that do what the block does.
_METHODS = frozenset({"aclose", "close", "connect", "open", "run", "serve", "shutdown", "start", "stop"})
# Methods of the list that `collect()` returns, which some users look for in the object that has `collect`.
_CONVERSIONS = frozenset({"to_arrow", "to_pandas", "to_polars"})


class ShowsUsage:
    """The base of an object whose errors say how to use it when it is used in a wrong way.

    Type checkers do not see the methods that raise these errors, so they report such a use before it runs.

    Attributes:
        _usage: how to use it, in words that follow "use".
    """

    __slots__ = ()

    _usage: str

    def _name(self) -> str:
        """Return what the object is, as the beginning of a message."""
        return f"{type(self).__name__!r} object"

    if not TYPE_CHECKING:

        def _misuse(self, problem: str) -> TypeError:
            return TypeError(f"{self._name()} {problem}: use {self._usage}")


class RefusesAwait(ShowsUsage):
    """The base of an object that cannot be awaited, although users may expect it, such as a paginator.

    Some libraries await the result of a function if it is awaitable, such as anyio's `BlockingPortal.call`. They get
    the error, too. So only objects whose `.collect()` or block is often forgotten have this base; an `Emulator` does
    not. Nor does the iterator of a paginator, `aiter(paginator)`, which libraries may iterate over.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __await__(self) -> Never:
            raise self._misuse("cannot be awaited")


class RefusesArrow(ShowsUsage):
    """The base of an object with record batches that engines cannot read, such as an async stream of them.

    Otherwise, pyarrow, polars and DuckDB refuse it with errors of their own, which do not say what is missing.
    """

    __slots__ = ()

    if not TYPE_CHECKING:

        def __arrow_c_stream__(self, requested_schema: object | None = None) -> Never:
            raise self._misuse("cannot be read as an Arrow stream")


class RefusesFor(RefusesAwait):
    """The base of an object that `for` cannot iterate over, such as an open async stream."""

    __slots__ = ()

    if not TYPE_CHECKING:
        # Not `__iter__`: with that, it would be an instance of `collections.abc.Iterable`.
        def __getitem__(self, key: object) -> Never:
            raise self._misuse("is neither iterable nor subscriptable")


class RefusesAsync(RefusesAwait):
    """The base of an object that neither `async for` nor `async with` can use, such as a blocking stream."""

    __slots__ = ()

    if not TYPE_CHECKING:

        def __aiter__(self) -> Never:
            raise self._misuse("cannot be iterated over by `async for`")

        async def __aenter__(self) -> Never:
            raise self._misuse("cannot be entered by `async with`")

        async def __aexit__(self, *exc: object) -> None:
            """Do nothing; Python looks for it before it enters."""


class NeedsBlock(ShowsUsage):
    """The base of an object that a block opens; using it in another way raises an error that says how to use it.

    Attributes:
        _opens_itself: whether the block opens the object itself. A misspelt attribute then has nothing to do with it.
        _conversion: how its items become a table, in words that follow "use", with `{name}` for the method; empty if
            they do not.
    """

    _opens_itself: ClassVar[bool] = False
    _conversion: ClassVar[str] = ""

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Never:
            # An object that is being copied has no attribute yet, and `copy` asks for some that begin with `_`.
            if name.startswith("_") or (self._opens_itself and name not in _METHODS):
                text = f"{type(self).__name__!r} object has no attribute {name!r}"
            else:
                conversion = self._conversion.format(name=name) if name in _CONVERSIONS else ""
                text = f"{self._name()} has no attribute {name!r}: use {conversion or self._usage}"
            raise AttributeError(text, name=name, obj=self)

        def __aiter__(self) -> Never:
            raise self._misuse("cannot be iterated over by `async for`")

        # As in `RefusesFor`.
        def __getitem__(self, key: object) -> Never:
            raise self._misuse("is neither iterable nor subscriptable")

        def __enter__(self) -> Never:
            raise self._misuse("cannot be entered by `with`")

        def __exit__(self, *exc: object) -> None:
            """Do nothing; Python looks for it before it enters."""


class Opening(RefusesAwait, NeedsBlock, AbstractAsyncContextManager[T]):
    """Opens an object for one `async with` block.

    Arguments:
        manager: opens the object, and closes it.
        call: the call that returns this, for errors.
        usage: how to use it, in words that follow "use".
    """

    def __init__(self, manager: AbstractAsyncContextManager[T], call: str, usage: str) -> None:
        self._manager = manager
        self._call = call
        self._usage = usage
        self._is_used = False

    def __repr__(self) -> str:
        return f"<{self._call}: use {self._usage}>"

    def _name(self) -> str:
        return self._call

    async def __aenter__(self) -> T:
        """Open the object.

        Raises:
            RuntimeError: it was opened before.
        """
        __tracebackhide__ = True  # notebooks and pytest leave out such frames, which only pass a call on
        if self._is_used:
            raise RuntimeError(f"the result of {self._call} can be entered only once: call it again for another block")
        self._is_used = True
        return await self._manager.__aenter__()

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> bool | None:
        """Close the object."""
        return await self._manager.__aexit__(exc_type, exc, tb)
