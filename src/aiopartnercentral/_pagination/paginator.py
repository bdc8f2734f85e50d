"""What `client.paginate` gives: a lazy collection of one or many catalogs, as items, pages or raw bytes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, get_args

import attrs

from aiopartnercentral._pagination.merge import FanOut, OnError, Plan, Walker
from aiopartnercentral._pagination.page_iterator import FetchedPage, Reader, Walk, read_items, read_page
from aiopartnercentral._pagination.reentrant import Reentrant
from aiopartnercentral._pagination.report import CatalogReport, Report
from aiopartnercentral.errors import CatalogsFailedError

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from aiopartnercentral._pagination.page_fetcher import Fetcher

__all__ = ["Collected", "Fetch", "FetchedPage", "OnError", "OnMalformed", "Paginator", "Stream", "StreamSource"]

PageT = TypeVar("PageT")
ItemT = TypeVar("ItemT")
EntryT = TypeVar("EntryT")
FetchedT = TypeVar("FetchedT")
FetchedItemT = TypeVar("FetchedItemT")
ChoiceT = TypeVar("ChoiceT", bound=str)

OnMalformed: TypeAlias = Literal["raise", "report"]
"""What an item does that is not what the model says: fail its catalog, or be left out and reported."""

Fetch: TypeAlias = "Callable[[str, str | None], Awaitable[FetchedPage[PageT, ItemT]]]"
"""Fetches one page: (catalog, page token; None for the first page) -> page."""


class Stream(FanOut[str, EntryT]):
    """The entries of all catalogs, each beside its catalog's name, while its `async with` block is open.

    Several tasks may share one stream: each entry goes to one of them. Fetching stays one page ahead of the consumer
    for each catalog under way, plus the buffer.
    """

    @property
    def report(self) -> Report:
        """What has been handed over up to now, as a snapshot."""
        catalogs = {
            catalog: CatalogReport(catalog=catalog, **attrs.asdict(progress, recurse=False))
            for catalog, progress in self._ledger.progress().items()
        }
        return Report(catalogs=catalogs, elapsed=self._ledger.elapsed)

    def _failed(self, failures: Mapping[str, Exception]) -> Exception:
        return CatalogsFailedError(failures, self.report)


class Collected(list[tuple[str, EntryT]]):
    """The list of `(catalog, entry)` that `collect` gives.

    Attributes:
        report: how far each catalog has come.
    """

    report: Report


class StreamSource(Reentrant["Stream[EntryT]"], Generic[EntryT]):
    """Something that gives a new, independent stream each time it is entered.

    It may be entered again, within itself, and by several tasks at once.
    """

    def __init__(self, plan: Plan[str], walker: Walker[str, EntryT]) -> None:
        """Prepare to collect by the plan."""
        super().__init__()
        self._plan = plan
        self._walker = walker

    def _stream(self) -> Stream[EntryT]:
        return Stream(self._plan, self._walker)

    async def collect(self) -> Collected[EntryT]:
        """Collect everything into a list that has the report; cancelling it stops all fetching and gives nothing.

        Raises:
            Exception: whatever iterating over the stream raises. A `CatalogsFailedError` holds what was collected.
        """
        collected: Collected[EntryT] = Collected()
        async with self as stream:
            try:
                async for entry in stream:
                    collected.append(entry)
            except CatalogsFailedError as error:
                error.collected = collected
                raise
            finally:
                collected.report = stream.report
        return collected


class Paginator(StreamSource[ItemT], Generic[PageT, ItemT]):
    """The items of one or many catalogs, fetched only while one of its streams is open.

    `async with paginator as stream` gives a `Stream` of `(catalog, item)`, `async with paginator.pages() as stream`
    one of `(catalog, page)`, and `await paginator.collect()` the list of all items.
    """

    def __init__(
        self,
        *,
        catalogs: str | Iterable[str],
        fetch: Fetch[PageT, ItemT],
        fetch_raw: Fetch[bytes, bytes],
        max_items: int | None = None,
        ordered: bool = False,
        max_concurrency: int = 10,
        buffer_pages: int = 0,
        on_error: OnError = "raise",
        ignore_errors: Collection[str] = (),
        fetcher: Fetcher[Any, PageT, ItemT] | None = None,
    ) -> None:
        """Check the arguments; nothing is fetched yet.

        Arguments:
            catalogs: one catalog or several, at least one and none twice; they are read once, here.
            fetch: fetches one page.
            fetch_raw: fetches one page whose items stay as the service spelled them.
            max_items: how many items to collect of each catalog; None for all. The last page is cut, except in
                `pages()`.
            ordered: give all of a catalog before the next one; otherwise what arrives first comes first. Later
                catalogs are fetched ahead in both.
            max_concurrency: how many catalogs to fetch at the same time, at most.
            buffer_pages: how many fetched pages may wait for the consumer, beside the one that each catalog being
                fetched may hold; with `ordered`, as many for each of these catalogs.
            on_error: what the failure of a catalog does. `"raise"` stops the others at once and raises it, dropping
                pages that were fetched ahead; `"finish"` lets the others finish and then raises a
                `CatalogsFailedError`; `"report"` raises nothing and leaves it to the report.
            ignore_errors: codes of the service's errors, or names of exceptions, that make a catalog a skipped one
                rather than a failed one, such as `AccessDeniedException`.
            fetcher: whose methods `fetch` and `fetch_raw` are, for who wants to know what is asked.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: an argument has a value that is not allowed.
        """
        plan = Plan(
            sources=_catalogs(catalogs),
            ordered=_flag("ordered", ordered),
            max_concurrency=number("max_concurrency", max_concurrency, least=1),
            buffer_pages=number("buffer_pages", buffer_pages, least=0),
            on_error=one_of("on_error", on_error, get_args(OnError)),
        )
        self._fetch = fetch
        self._fetch_raw = fetch_raw
        self.max_items: int | None = None if max_items is None else number("max_items", max_items, least=1)
        self.fetcher = fetcher
        self._ignored = ignoring(ignore_errors)
        self.is_plain: bool = not ignore_errors and plan == Plan(
            sources=plan.sources[:1], max_concurrency=10, buffer_pages=0, on_error="raise"
        )
        super().__init__(plan, self._walker_of(fetch, read_items))

    def pages(self) -> StreamSource[PageT]:
        """Give whole pages, just as they were fetched.

        With `max_items` a catalog ends after the page in which it reaches the limit; that page is not cut, so its items
        may be more.
        """
        return StreamSource(self._plan, self._walker_of(self._fetch, read_page))

    def raw(self) -> StreamSource[bytes]:
        """Give each item as the bytes that the service spelled on the wire."""
        return StreamSource(self._plan, self._walker_of(self._fetch_raw, read_items))

    def _walker_of(
        self, fetch: Fetch[FetchedT, FetchedItemT], read: Reader[FetchedT, FetchedItemT, EntryT]
    ) -> Walker[str, EntryT]:
        def walker(catalog: str) -> Walk[str, FetchedT, FetchedItemT, EntryT]:
            return Walk(
                catalog,
                name=f"catalog {catalog}",
                fetch=partial(fetch, catalog),
                read=read,
                max_items=self.max_items,
                ignored=self._ignored,
            )

        return walker


def ignoring(errors: Collection[str]) -> Callable[[Exception], bool]:
    """Return what tells whether an error is one of those with these codes or names.

    Raises:
        TypeError: they are no collection of strings.
    """
    if isinstance(errors, str) or not isinstance(errors, Collection):
        raise TypeError(f"ignore_errors must be a collection of error codes, not {type(errors).__name__}")
    for error in errors:
        if not isinstance(error, str):
            raise TypeError(f"ignore_errors must hold strings, not {type(error).__name__}")
    names = frozenset(errors)
    return lambda error: not names.isdisjoint((type(error).__name__, getattr(error, "code", None)))


def _catalogs(value: str | Iterable[str]) -> tuple[str, ...]:
    if not isinstance(value, Iterable):
        raise TypeError(f"catalogs must be a string or an iterable of strings, not {type(value).__name__}")
    catalogs = (value,) if isinstance(value, str) else tuple(value)
    for position, catalog in enumerate(catalogs):
        if not isinstance(catalog, str):
            raise TypeError(f"catalogs[{position}] must be a string, not {type(catalog).__name__}")
        if catalog in catalogs[:position]:
            raise ValueError(f"catalogs names {catalog!r} twice; each catalog is collected once")
    if not catalogs:
        raise ValueError("catalogs must name at least one catalog")
    return catalogs


def is_reporting(on_malformed: OnMalformed) -> bool:
    """Tell whether malformed items are to be reported; raises TypeError or ValueError if it says neither."""
    return one_of("on_malformed", on_malformed, get_args(OnMalformed)) == "report"


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be True or False, not {type(value).__name__}")
    return value


def number(name: str, value: object, *, least: int) -> int:
    """Return a whole number.

    Raises:
        TypeError: it is none.
        ValueError: it is less than the least.
    """
    # True is an int to Python, but nobody means the number 1 by it.
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
    return value


def one_of(name: str, value: ChoiceT, choices: tuple[str, ...]) -> ChoiceT:
    """Return one of several words.

    Raises:
        TypeError: it is no string.
        ValueError: it is another one.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a string, not {type(value).__name__}")
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, not {value!r}")
    return value
