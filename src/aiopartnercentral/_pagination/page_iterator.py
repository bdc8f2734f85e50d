"""One source, page by page: tokens, the limit and failures, one request at a time."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeAlias, TypeVar

from aiopartnercentral._pagination.page_fetcher import FetchedPage
from aiopartnercentral._pagination.progress import Batch
from aiopartnercentral._pagination.report import Outcome
from aiopartnercentral.errors import AioPartnerCentralError, MalformedItemsError, PaginationError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["MOST_MALFORMED", "PageIterator", "PageSource", "View", "items_of", "items_together", "page_itself"]

MOST_MALFORMED = 1000
"""How many malformed items of one source are left out, and kept for the report, before the source has failed."""

KeyT = TypeVar("KeyT", bound=Hashable)
PageT = TypeVar("PageT")
ItemT = TypeVar("ItemT")
EntryT = TypeVar("EntryT")

View: TypeAlias = Callable[[FetchedPage[PageT, ItemT], int | None], tuple[tuple[EntryT, ...], int]]
"""What the consumer gets of a page: (page, items still allowed) -> (entries, items that one entry stands for)."""


def items_of(fetched: FetchedPage[PageT, ItemT], limit: int | None) -> tuple[tuple[ItemT, ...], int]:
    """Give the page's items, and no more of them than the limit."""
    return tuple(fetched.items[:limit]), 1


def items_together(fetched: FetchedPage[PageT, ItemT], limit: int | None) -> tuple[tuple[Sequence[ItemT], ...], int]:
    """Give the page's items in one piece, and no more of them than the limit."""
    items = tuple(fetched.items[:limit])
    return (items,), len(items)


def page_itself(fetched: FetchedPage[PageT, ItemT], limit: int | None) -> tuple[tuple[PageT, ...], int]:  # noqa: ARG001 - the limit of a view; a page is never cut
    """Give the page itself, as it came."""
    return (fetched.page,), len(fetched.items)


class PageSource(Protocol[PageT, ItemT]):
    """Where a page iterator gets the pages of one source from."""

    @property
    def name(self) -> str:
        """What errors call the source, such as `catalog AWS`."""

    @property
    def max_items(self) -> int | None:
        """How many items to hand over; None for all."""

    @property
    def token(self) -> str | None:
        """Where to begin; None for the first page."""

    @property
    def items(self) -> int:
        """How many items were handed over before that."""

    @property
    def restarted(self) -> bool:
        """Whether the source started again from its first page, rather than from its token."""

    @property
    def repetitions(self) -> int:
        """How often the present request was sent again, apart from what its error says."""

    async def fetch(self, token: str | None) -> FetchedPage[PageT, ItemT]:
        """Fetch one page; None stands for the first."""
        ...

    def ignores(self, error: Exception) -> bool:
        """Tell whether an error makes the source a skipped one rather than a failed one."""
        ...


class PageIterator(Generic[KeyT, PageT, ItemT, EntryT]):
    """The batches of one source, fetched one by one as they are asked for.

    It never raises what the fetch of a page raises: the last batch holds the error. A class rather than an async
    generator, so that one left half way leaves nothing behind that waits to be closed.
    """

    def __init__(self, key: KeyT, source: PageSource[PageT, ItemT], view: View[PageT, ItemT, EntryT]) -> None:
        """Prepare the iteration; nothing is fetched yet.

        Arguments:
            key: what batches name as their source.
            source: gives the pages.
            view: chooses what the consumer gets of a page.
        """
        self._key = key
        self._source = source
        self._view = view
        self._token = source.token
        self._seen: set[str] = set() if source.token is None else {source.token}
        self._pages = 0
        self._items = source.items
        self._malformed = 0
        self._last: AioPartnerCentralError | None = None
        self._ended = False

    def __aiter__(self) -> Self:
        """Give the iterator itself: it can be iterated once."""
        return self

    async def __anext__(self) -> Batch[KeyT, EntryT]:
        """Fetch the next page; cancelling it cancels the request, and the iteration may then be resumed."""
        if self._ended:
            raise StopAsyncIteration
        if self._last is not None:
            return self._failure(self._last)
        try:
            fetched = await self._source.fetch(self._token)
        except StopAsyncIteration as exc:
            # Raised on to the consumer's `async for`, it would pass for the regular end of the stream.
            error = RuntimeError("the fetch of a page raised StopAsyncIteration")
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
        outcome = None
        if size > len(entries) * weight:
            outcome, next_token = Outcome.LIMITED, self._token
        elif next_token is None:
            outcome = Outcome.COMPLETE
        elif allowed is not None and size >= allowed:
            outcome = Outcome.LIMITED
        elif next_token in self._seen:
            self._last, next_token = PaginationError(self._source.name, self._pages), None
        else:
            self._seen.add(next_token)
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
            retries=fetched.retries,
            next_token=next_token,
            outcome=outcome,
        )

    def _failure(self, error: Exception) -> Batch[KeyT, EntryT]:
        self._ended = True
        note = f"while collecting {self._source.name}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        attempts = getattr(error, "attempts", 1)
        retries = max(0, attempts - 1) if isinstance(attempts, int) else 0
        return Batch(
            source=self._key,
            pages=0,
            retries=retries + self._source.repetitions,
            outcome=Outcome.SKIPPED if self._source.ignores(error) else Outcome.FAILED,
            error=error,
        )
