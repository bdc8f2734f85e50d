"""Iterates over the pages of one source, one request at a time: page tokens, `max_items` and failures."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeAlias, TypeVar

from aiopartnercentral._pagination.page_fetcher import FetchedPage
from aiopartnercentral._pagination.progress import Batch
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.errors import AioPartnerCentralError, MalformedItemsError, PaginationError, attempts_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_MALFORMED", "PageIterator", "PageSource", "View", "items_of", "items_together", "page_itself"]

MOST_MALFORMED = 1000
"""Maximum malformed items of one source that are omitted and kept for the report; with more, the source fails."""

_MOST_EMPTY_PAGES = 1000  # in a row

KeyT = TypeVar("KeyT", bound=Hashable)
PageT = TypeVar("PageT")
ItemT = TypeVar("ItemT")
EntryT = TypeVar("EntryT")

View: TypeAlias = Callable[[FetchedPage[PageT, ItemT], int | None], tuple[tuple[EntryT, ...], int]]
"""Selects the consumer's entries of a page: (page, items still allowed) -> (entries, items per entry)."""


def items_of(fetched: FetchedPage[PageT, ItemT], limit: int | None) -> tuple[tuple[ItemT, ...], int]:
    """Return the page's items, at most as many as the limit."""
    return tuple(fetched.items[:limit]), 1


def items_together(fetched: FetchedPage[PageT, ItemT], limit: int | None) -> tuple[tuple[Sequence[ItemT], ...], int]:
    """Return the page's items as one entry, at most as many as the limit."""
    items = tuple(fetched.items[:limit])
    return (items,), len(items)


def page_itself(fetched: FetchedPage[PageT, ItemT], limit: int | None) -> tuple[tuple[PageT, ...], int]:  # noqa: ARG001 - the limit of a view; a page is never cut
    """Return the page itself, unchanged."""
    return (fetched.page,), len(fetched.items)


class PageSource(Protocol[PageT, ItemT]):
    """Fetches the pages of one source for a page iterator."""

    @property
    def name(self) -> str:
        """Name of the source in errors, such as `catalog AWS`."""
        ...

    @property
    def max_items(self) -> int | None:
        """Maximum items to hand over; None for all."""
        ...

    @property
    def token(self) -> str | None:
        """Page token to start at; None for the first page."""
        ...

    @property
    def items(self) -> int:
        """Number of items that were handed over before that token."""
        ...

    @property
    def restarted(self) -> bool:
        """Whether the source started again from its first page, rather than from its token."""
        ...

    @property
    def repetitions(self) -> int:
        """How often the current request was retried, in addition to the attempts that its error counts."""
        ...

    async def fetch(self, token: str | None) -> FetchedPage[PageT, ItemT]:
        """Fetch one page; None stands for the first."""
        ...

    def ignores(self, error: Exception, /) -> bool:
        """Return whether a source that fails with this error is skipped rather than failed."""
        ...


class PageIterator(Generic[KeyT, PageT, ItemT, EntryT]):
    """Fetches the batches of one source, one at a time.

    It does not raise errors of a fetch: the last batch holds them. It is a class rather than an async generator because
    a generator that is abandoned halfway would need to be closed.
    """

    def __init__(self, key: KeyT, source: PageSource[PageT, ItemT], view: View[PageT, ItemT, EntryT]) -> None:
        """Prepare the iteration; nothing is fetched yet.

        Arguments:
            key: the source of the batches.
            source: fetches the pages.
            view: selects the consumer's entries of a page.
        """
        self._key = key
        self._source = source
        self._view = view
        self._token = source.token
        self._seen: set[str] = set() if source.token is None else {source.token}
        self._pages = 0
        self._items = source.items
        self._malformed = 0
        self._empty_pages = 0
        self._last: AioPartnerCentralError | None = None
        self._ended = False

    def __aiter__(self) -> Self:
        """Return the iterator itself; it can be iterated once."""
        return self

    async def __anext__(self) -> Batch[KeyT, EntryT]:
        """Fetch the next page; a cancellation cancels the request, and a further call repeats it."""
        __tracebackhide__ = True  # as in `ServiceClient.call`
        if self._ended:
            raise StopAsyncIteration
        if self._last is not None:
            return self._failure(self._last)
        try:
            fetched = await self._source.fetch(self._token)
        except StopAsyncIteration as exc:
            # The consumer's `async for` would take it for the regular end of the stream.
            error = RuntimeError("fetching a page raised StopAsyncIteration")
            error.__cause__ = exc
            return self._failure(error)
        except Exception as exc:  # noqa: BLE001 - the consumer's error policy decides about every failure
            return self._failure(exc)
        return self._batch(fetched)

    def _batch(self, fetched: FetchedPage[PageT, ItemT]) -> Batch[KeyT, EntryT]:
        restarts = self._pages == 0 and self._source.restarted
        if restarts:
            self._items = 0
            self._seen.clear()
        max_items = self._source.max_items
        allowed = None if max_items is None else max_items - self._items
        entries, weight = self._view(fetched, allowed)
        size = len(fetched.items)
        self._pages += 1
        self._items += size
        next_token = fetched.next_token or None
        outcome, nested = None, fetched.nested
        if size > len(entries) * weight:
            outcome, next_token = Outcome.LIMITED, self._token
        elif next_token is None:
            outcome = Outcome.LIMITED if nested is not None and nested.limited else Outcome.COMPLETE
        elif allowed is not None and size >= allowed:
            outcome = Outcome.LIMITED
        elif next_token in self._seen or (nested is not None and nested.repeats):
            self._last, next_token = PaginationError(self._source.name, self._pages), None
        elif nested is not None and nested.ends_parent:  # the service has not sent the token, so it cannot loop
            self._empty_pages = 0
        else:
            self._seen.add(next_token)
            self._empty_pages = 0 if size or fetched.malformed or fetched.omitted else self._empty_pages + 1
            if self._empty_pages >= _MOST_EMPTY_PAGES:
                self._last = PaginationError(self._source.name, self._pages, self._empty_pages)
        self._malformed += len(fetched.malformed)
        if self._malformed > MOST_MALFORMED:
            outcome, self._last = None, MalformedItemsError(self._source.name, self._malformed)
        self._ended = outcome is not None
        self._token = next_token
        return Batch(
            source=self._key,
            entries=entries,
            weight=weight,
            malformed=fetched.malformed,
            restarts=restarts,
            pages=1 if nested is None else int(nested.is_page),
            retries=fetched.retries,
            next_token=next_token,
            outcome=outcome,
            shown=None if nested is None else nested.key,
            skipped=None if nested is None else nested.skipped,
        )

    def _failure(self, error: Exception) -> Batch[KeyT, EntryT]:
        self._ended = True
        note = f"while collecting {self._source.name}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        return Batch(
            source=self._key,
            pages=0,
            retries=max(0, attempts_of(error) - 1) + self._source.repetitions,
            outcome=Outcome.SKIPPED if self._source.ignores(error) else Outcome.FAILED,
            error=error,
        )
