"""Streams for code that is not async: their event loop runs in a thread of its own."""

from __future__ import annotations

from pickle import PicklingError
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from aiopartnercentral._pagination.paginator import Collectable
from aiopartnercentral._utils.blocking import Blocking
from aiopartnercentral._utils.needs_block import RefusesAsync
from aiopartnercentral._utils.text import state_text
from aiopartnercentral.bulk.source import Origin
from aiopartnercentral.bulk.stream import CollectionStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

    from aiopartnercentral._pagination.merge import Stream
    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk.spec import Spec
    from aiopartnercentral.bulk.stream import CollectionView

__all__ = ["BlockingStream", "Streams"]

EntryT = TypeVar("EntryT")


class BlockingStream(RefusesAsync, Generic[EntryT]):
    """The entries of all sources, each with its origin, while its `with` block is open; for one thread at a time.

    Its event loop runs in a thread of its own, so the stream can be used where a loop is running already, such as in a
    notebook, and in a process that was forked before. Leaving the block, also by an exception such as
    `KeyboardInterrupt`, cancels all requests and ends the thread.
    """

    _usage = (
        "`with collection.blocking() as stream:` and `for origin, entry in stream:`, or "
        "`async with collection as stream:` in async code"
    )

    def __init__(self, collectable: Collectable[Origin, EntryT]) -> None:
        """Prepare the stream; it opens when it is entered, once."""
        self._call: Blocking[Stream[Origin, EntryT]] = Blocking(collectable, "stream")
        self._page: Iterator[tuple[Origin, EntryT]] = iter(())

    def __repr__(self) -> str:
        """Return whether it is open, and what was handed over; not while it is open, as its event loop may be busy."""
        stream, is_open = self._call.opened, self._call.is_open
        totals = "" if stream is None or is_open else f": {stream.report.totals}"
        return f"<BlockingStream, {state_text(was_opened=stream is not None, is_open=is_open)}{totals}>"

    @property
    def report(self) -> Report[Origin]:
        """A snapshot of what has been handed over so far.

        Raises:
            RuntimeError: the stream was never entered.
        """
        stream = self._call.opened
        if stream is None:
            raise RuntimeError("a stream has a report once its `with` block is entered")
        return self._call(_report) if self._call.is_open else stream.report

    def __reduce__(self) -> tuple[Any, ...]:
        """Refuse to be pickled, as an open stream has a thread.

        Raises:
            pickle.PicklingError: always.
        """
        raise _not_picklable()

    def __enter__(self) -> Self:
        """Open the stream and begin to fetch.

        Raises:
            RuntimeError: the stream was entered before.
            CheckpointError: as for an `async with` block of the collection.
        """
        self._call.__enter__()
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Cancel all fetching, save the checkpoint, close the clients, and end the thread."""
        self._page = iter(())
        self._call.__exit__(exc_type, exc, tb)

    def check_open(self) -> None:
        """Raise the error of a stream whose block is not open in this process.

        Raises:
            RuntimeError: the block is not open, or it was opened by the process that this one was forked from.
        """
        self._call.check_open()

    def __iter__(self) -> Self:
        """Return the stream itself; each entry is yielded once."""
        return self

    def __next__(self) -> tuple[Origin, EntryT]:
        """Return the next entry with its origin.

        Raises:
            StopIteration: everything has been handed over.
            Exception: as iterating over an async stream of the collection.
            RuntimeError: the block is not open, or it was opened by the process that this one was forked from.
        """
        self._call.check_open()
        for entry in self._page:  # without the event loop, which would take as long as an item of a page
            return entry
        self._page = self._call(_next_page)
        for entry in self._page:
            return entry
        raise StopIteration


async def _report(stream: Stream[Origin, Any]) -> Report[Origin]:
    return stream.report


async def _next_page(stream: Stream[Origin, EntryT]) -> Iterator[tuple[Origin, EntryT]]:
    return await stream.next_page()


def _not_picklable() -> PicklingError:
    return PicklingError(
        "only a collection itself can be pickled: call arrow(), batches(), raw() and blocking() where it is loaded"
    )


class Streams(Collectable[Origin, EntryT], Generic[EntryT]):
    """A `Collectable` of many sources, which code that is not async can iterate over, too."""

    _usage = (
        "`async with collection as stream:` and `async for origin, entry in stream:`, `await collection.collect()`, or "
        "`with collection.blocking() as stream:` in code that is not async"
    )

    def __init__(
        self, spec: Spec, view: CollectionView[EntryT], item_classes: Callable[[], Mapping[str, Any]] = dict
    ) -> None:
        """Prepare to be entered.

        Arguments:
            spec: what to collect.
            view: the form of the entries.
            item_classes: returns the class of each listing's items, if the entries are items.
        """
        self._spec = spec
        super().__init__(lambda: CollectionStream(self._spec, view), item_classes)

    def __reduce__(self) -> tuple[Any, ...]:
        """Refuse to be pickled, unless a subclass can be.

        Raises:
            pickle.PicklingError: always.
        """
        raise _not_picklable()

    def blocking(self) -> BlockingStream[EntryT]:
        """Return a new stream for a `with` block.

            with collection.blocking() as stream:
                for origin, item in stream:
                    print(origin.label, item)
            print(stream.report)

        Credentials providers and observers are called in the thread of its event loop.

        Raises:
            ValueError: a source has an open client, which belongs to another event loop.
        """
        for origin in self._spec.plan.sources:
            if origin.source.client is not None:
                raise ValueError(
                    f"source {origin.label} has an open client, which belongs to its own event loop: "
                    "give the source a profile, a role or a credentials provider"
                )
        return BlockingStream(self)
