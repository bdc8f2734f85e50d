"""The result of `client.paginate`: a lazy collection of one or many catalogs, as items, pages or raw bytes."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, Self, TypeAlias, TypeVar, get_args

import anyio
import attrs

from aiopartnercentral._pagination.collected import Collected
from aiopartnercentral._pagination.ignored_errors import ignoring
from aiopartnercentral._pagination.merge import OnError, Plan, Stream, take_turn
from aiopartnercentral._pagination.page_iterator import PageIterator, View, items_of, page_itself
from aiopartnercentral._pagination.progress import ProgressTracker
from aiopartnercentral._pagination.report import Outcome, Report, SourcesFailedError
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.needs_block import NeedsBlock, RefusesAwait
from aiopartnercentral._utils.text import counted, listed, request_text
from aiopartnercentral.errors import error_type

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator
    from types import TracebackType

    from aiopartnercentral._pagination.page_fetcher import FetchedPage
    from aiopartnercentral._pagination.progress import Batch
    from aiopartnercentral._transport.prefetch import Prefetch
    from aiopartnercentral.types import Service

__all__ = ["Collectable", "Items", "OnError", "OnMalformed", "Paginator", "reports_malformed"]

KeyT = TypeVar("KeyT", bound=Hashable)
EntryT = TypeVar("EntryT")
PageT = TypeVar("PageT")
ItemT = TypeVar("ItemT")
FetchedT = TypeVar("FetchedT")
FetchedItemT = TypeVar("FetchedItemT")

_LOGGER = logging.getLogger("aiopartnercentral.pagination")

OnMalformed: TypeAlias = Literal["raise", "report"]
"""What an item that does not match the model does: fail its source, or be omitted and reported."""


_ON_MALFORMED: validators.Check[OnMalformed] = validators.one_of(get_args(OnMalformed))
_CATALOGS = validators.collection_of(
    validators.any_text, "a string or an iterable of strings", not_empty=True, unique=True
)


class Fetcher(Protocol[PageT, ItemT]):
    """Fetches the pages of catalogs; see `PageFetcher`."""

    @property
    def max_items(self) -> int | None:
        """Maximum items of each catalog; None for all."""

    async def typed(self, catalog: str, token: str | None) -> FetchedPage[PageT, ItemT]:
        """Fetch a page of typed items."""
        ...

    async def raw(self, catalog: str, token: str | None) -> FetchedPage[bytes, bytes]:
        """Fetch a page whose items stay as the service sent them."""
        ...


class Collectable(RefusesAwait, NeedsBlock, Generic[KeyT, EntryT]):
    """Something that opens a new, independent stream each time it is entered by `async with`.

    It may be entered several times, also nested and by several tasks at once.
    """

    _usage = "`async with pages as stream:` and `async for catalog, page in stream:`, or `await pages.collect()`"

    def __init__(
        self, open_stream: Callable[[], Stream[KeyT, EntryT]], item_classes: Callable[[], Mapping[str, Any]] = dict
    ) -> None:
        """Prepare to be entered.

        Arguments:
            open_stream: makes a new stream.
            item_classes: returns the class of each listing's items, if the entries are items.
        """
        self._open_stream = open_stream
        self._item_classes = item_classes
        self._entered: dict[int, list[Stream[KeyT, EntryT]]] = {}

    async def __aenter__(self) -> Stream[KeyT, EntryT]:
        """Open a new stream and begin to fetch."""
        stream = await self._open_stream().__aenter__()
        self._entered.setdefault(anyio.get_current_task().id, []).append(stream)
        return stream

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Close the stream that this task entered last; an exception of the block propagates unchanged.

        Raises:
            RuntimeError: this task has not entered it.
        """
        task = anyio.get_current_task().id
        streams = self._entered.get(task)
        if not streams:
            raise RuntimeError(
                "a stream must be left by the task that entered it, and a framework has run this generator in several "
                "tasks: iterate over `collection.blocking()` of a bulk collection, over `client.paginate` without "
                "`async with`, or let a task of your own enter the stream and send on its items"
            )
        stream = streams.pop()
        if not streams:
            del self._entered[task]
        await stream.__aexit__(exc_type, exc, tb)

    async def collect(self) -> Collected[KeyT, EntryT]:
        """Collect everything into a list that has the report; a cancellation cancels all fetching.

        Raises:
            Exception: any error of iterating over the stream. A `SourcesFailedError` has what was collected.
        """
        collected: Collected[KeyT, EntryT] = Collected()
        async with self as stream:
            try:
                async for entry in stream:
                    collected.append(entry)
            except SourcesFailedError as error:
                error.collected = collected
                raise
            finally:
                collected.report = stream.report
                collected.item_classes = self._item_classes()
        return collected


class Paginator(Collectable[str, ItemT], Generic[PageT, ItemT]):
    """The items of one or many catalogs, fetched only while they are iterated over.

        async for item in paginator: ...                # one catalog after the other, one page ahead
        async with paginator as stream:                 # all catalogs at once
            async for catalog, item in stream: ...

    `pages()` yields whole pages, `raw()` the items' bytes, and `await paginator.collect()` returns a list.
    """

    _usage = "`async for item in paginator:`, `await paginator.collect()`, or `async with paginator as stream:`"
    _conversion = "`(await paginator.collect()).{name}()`"

    def __init__(
        self,
        fetcher: Fetcher[PageT, ItemT],
        *,
        catalogs: str | Iterable[str],
        ordered: bool = False,
        concurrency: int = 10,
        buffer_pages: int = 0,
        on_error: OnError = "finish",
        ignore_errors: Collection[str] = (),
        item_classes: Callable[[], Mapping[str, Any]] = dict,
        versions: Mapping[str, str] | None = None,
        services: Iterable[Service] = (),
    ) -> None:
        """Check the arguments; nothing is fetched yet.

        Arguments:
            fetcher: fetches the pages, and has the maximum items of each catalog.
            catalogs: one catalog or several, each once; an iterable is consumed here.
            ordered: complete each catalog before the next one; otherwise yield pages as they arrive. Later catalogs are
                fetched ahead in both cases.
            concurrency: maximum catalogs that are fetched at the same time.
            buffer_pages: maximum fetched pages that wait for the consumer, plus one for each catalog that is being
                fetched; with `ordered`, the maximum for each catalog.
            on_error: what the failure of a catalog does. `"finish"` collects the others, then raises a
                `SourcesFailedError`, or a single catalog's own error. `"raise"` cancels the others at once, drops pages
                that were fetched ahead, and raises the error. `"report"` raises nothing; the report has the error.
            ignore_errors: error codes or names of exception classes, such as `AccessDeniedException`; a catalog that
                fails with one of them is skipped.
            item_classes: returns the class of the items, by the operation's name.
            versions: the versions of this library and of the model, for the report.
            services: the service that is called; `ignore_errors` is compared with its errors.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: an argument has a value that is not allowed.
        """
        self._fetcher = fetcher
        self._ignores = ignoring(ignore_errors, services)
        self._plan = Plan(
            # A member of an enum is a string, but reports are to show it as any other catalog.
            sources=tuple(map(str, _CATALOGS("catalogs", (catalogs,) if isinstance(catalogs, str) else catalogs))),
            ordered=ordered,
            concurrency=concurrency,
            buffer_pages=buffer_pages,
            on_error=on_error,
            versions=versions or {},
        )
        super().__init__(lambda: self._stream(self._fetcher.typed, items_of), item_classes)

    def __repr__(self) -> str:
        return f"<Paginator of {getattr(self._fetcher, 'listing', 'items')!r}: {listed(self._plan.sources)}>"

    def __aiter__(self) -> Items[ItemT]:
        """Return an iterator over the items that starts at the first page; it needs no `async with`."""
        return Items(self._plan, lambda catalog: self._pages_of(catalog, self._fetcher.typed, items_of))

    def pages(self) -> Collectable[str, PageT]:
        """Return a collection of whole pages, as they were fetched.

        With `max_items`, a catalog ends after the page in which it reaches the limit. That page is not cut, so there
        may be more items than the limit.
        """
        return Collectable(lambda: self._stream(self._fetcher.typed, page_itself))

    def raw(self) -> Collectable[str, bytes]:
        """Return a collection of the items as the bytes that the service sent."""
        return Collectable(lambda: self._stream(self._fetcher.raw, items_of))

    def _stream(
        self, fetch: _Fetch[FetchedT, FetchedItemT], view: View[FetchedT, FetchedItemT, EntryT]
    ) -> Stream[str, EntryT]:
        return Stream(self._plan, lambda catalog: self._pages_of(catalog, fetch, view))

    def _pages_of(
        self, catalog: str, fetch: _Fetch[FetchedT, FetchedItemT], view: View[FetchedT, FetchedItemT, EntryT]
    ) -> PageIterator[str, FetchedT, FetchedItemT, EntryT]:
        return _LoggedPages(catalog, _Catalog(catalog, fetch, self._fetcher.max_items, self._ignores), view)


_Fetch: TypeAlias = "Callable[[str, str | None], Awaitable[FetchedPage[PageT, ItemT]]]"


@attrs.frozen
class _Catalog(Generic[PageT, ItemT]):
    """One catalog as the source of a page iterator."""

    catalog: str
    _fetch: _Fetch[PageT, ItemT]
    max_items: int | None
    ignores: Callable[[Exception], bool]
    token: None = attrs.field(default=None, init=False)
    items: int = attrs.field(default=0, init=False)
    restarted: bool = attrs.field(default=False, init=False)
    repetitions: int = attrs.field(default=0, init=False)

    @property
    def name(self) -> str:
        return f"catalog {self.catalog}"

    async def fetch(self, token: str | None) -> FetchedPage[PageT, ItemT]:
        return await self._fetch(self.catalog, token)


class _LoggedPages(PageIterator[KeyT, PageT, ItemT, EntryT]):
    """Logs each page (DEBUG) and each failure of a catalog (INFO); a bulk collection logs its own events instead."""

    async def __anext__(self) -> Batch[KeyT, EntryT]:
        batch = await super().__anext__()
        if _LOGGER.isEnabledFor(logging.INFO):
            _log(batch)
        return batch


def _log(batch: Batch[Any, Any]) -> None:
    retries = f"after {counted(batch.retries, 'retry', 'retries')}"
    if batch.error is None:
        _LOGGER.debug("catalog %s: a page with %s, %s", batch.source, counted(batch.items, "item"), retries)
    else:
        outcome = "skipped" if batch.outcome is Outcome.SKIPPED else "failed"
        request = request_text(getattr(batch.error, "request_id", None))
        _LOGGER.info("catalog %s: %s with %s%s, %s", batch.source, outcome, error_type(batch.error), request, retries)


class Items(Generic[ItemT]):
    """The items of one or several catalogs, one catalog after the other, with one page fetched ahead.

    The page is fetched ahead in a task that runs while the consumer works. The task is cancelled by `aclose`, by a
    cancellation or an error of the iteration, and when the iterator is released. CPython releases it as soon as the
    loop over it is left.
    """

    def __init__(self, plan: Plan[str], open_source: Callable[[str], PageIterator[str, Any, Any, ItemT]]) -> None:
        """Prepare the iteration; nothing is fetched yet."""
        self._plan = plan
        self._open_source = open_source
        self._progress: ProgressTracker[str, ItemT] = ProgressTracker(plan.sources, versions=plan.versions)
        self._catalogs = iter(plan.sources)
        self._pages: PageIterator[str, Any, Any, ItemT] | None = None
        self._ahead: Prefetch[Batch[str, ItemT]] | None = None
        self._page: Iterator[tuple[str, ItemT]] = iter(())
        self._turn = anyio.Semaphore(1)
        self._over = False
        self._cancelled = False

    @property
    def report(self) -> Report[str]:
        """A snapshot of what has been handed over so far."""
        return self._progress.report

    def __aiter__(self) -> Self:
        """Return the iterator itself; several tasks may share it, and each item goes to one of them."""
        return self

    async def __anext__(self) -> ItemT:
        """Return the next item; a cancellation ends the iteration.

        Raises:
            StopAsyncIteration: everything has been handed over.
            Exception: the error of a catalog, depending on `on_error`.
            RuntimeError: another task has closed the iterator meanwhile, or an earlier call was cancelled.
        """
        for _, item in self._page:
            return item
        await take_turn(self._turn)
        try:
            return await self._advance()
        finally:
            self._turn.release()

    async def _advance(self) -> ItemT:
        # Another task may have received a new page while this one waited for its turn.
        for _, item in self._page:
            return item
        while not self._over:
            try:
                batch = await self._next_batch()
            except BaseException as error:
                self._cancelled = not isinstance(error, Exception)
                with anyio.CancelScope(shield=True):
                    await self.aclose()
                raise
            if self._over:
                raise RuntimeError("the iterator was closed while it waited for a page")
            if batch is None:
                raise self._end()
            self._page = self._progress.hand_over(batch)
            if batch.error is not None and batch.outcome is Outcome.FAILED and self._plan.on_error == "raise":
                self._end()
                raise batch.error
            for _, item in self._page:
                return item
        if self._cancelled:
            raise RuntimeError("the iteration was cancelled while it waited for a page: items are missing")
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """End the iteration: cancel the request that is fetched ahead, and wait for its end."""
        ahead, self._ahead = self._ahead, None
        self._end()
        self._page = iter(())
        if ahead is not None:
            await ahead.aclose()

    def __del__(self) -> None:
        if self._ahead is not None:
            self._ahead.cancel()

    async def _next_batch(self) -> Batch[str, ItemT] | None:
        """Return the next batch, and start to fetch the one after it; None after the last one."""
        from aiopartnercentral._transport.prefetch import Prefetch  # noqa: PLC0415 - loaded at the first collection

        if self._ahead is None:
            catalog = next(self._catalogs, None)
            if catalog is None:
                return None
            self._pages = self._open_source(catalog)
            self._progress.start(catalog)
            batch = await anext(self._pages)
        else:
            batch = await self._ahead.result()
            self._ahead = None
        if batch.outcome is None and self._pages is not None and not self._over:
            self._ahead = Prefetch(self._pages.__anext__)
        return batch

    def _end(self) -> Exception:
        """Stop counting, and return the exception that ends the consumer's iteration."""
        if not self._over:
            self._over = True
            self._progress.close()
        error = self.report.as_error() if self._plan.on_error == "finish" else None
        return StopAsyncIteration() if error is None else error


def reports_malformed(on_malformed: OnMalformed) -> bool:
    """Return whether malformed items are reported; raises TypeError or ValueError for an invalid choice."""
    return _ON_MALFORMED("on_malformed", on_malformed) == "report"
