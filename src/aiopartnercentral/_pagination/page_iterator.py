"""One source, page by page: tokens, the limit and failures, one request at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Self, TypeAlias, TypeVar

import attrs

from aiopartnercentral._pagination.progress import Batch
from aiopartnercentral._pagination.report import MalformedItem, Outcome
from aiopartnercentral.errors import AioPartnerCentralError, MalformedItemsError, PaginationError

__all__ = ["MOST_MALFORMED", "Fetch", "FetchedPage", "Reader", "Walk", "read_batch", "read_items", "read_page"]

MOST_MALFORMED = 1000
"""How many malformed items of one source are left out, and kept for the report, before the source has failed."""

SourceT = TypeVar("SourceT")
PageT = TypeVar("PageT")
ItemT = TypeVar("ItemT")
EntryT = TypeVar("EntryT")


@attrs.frozen(kw_only=True)
class FetchedPage(Generic[PageT, ItemT]):
    """What one request brought.

    Attributes:
        page: the whole page.
        items: the items of the page, in order.
        malformed: items that are not among them, because they cannot be decoded.
        next_token: token of the page after it; None or empty after the last one.
        retries: how often the request was sent again.
        request_id: the service's id of the request, or None.
    """

    page: PageT = attrs.field(repr=False)
    items: Sequence[ItemT] = attrs.field(repr=False)
    malformed: tuple[MalformedItem, ...] = ()
    next_token: str | None = attrs.field(default=None, repr=False)
    retries: int = 0
    request_id: str | None = None


Fetch: TypeAlias = Callable[[str | None], Awaitable[FetchedPage[PageT, ItemT]]]
"""Fetches one page of a source: page token, None for the first page -> page."""

Reader: TypeAlias = Callable[[FetchedPage[PageT, ItemT], int | None], tuple[tuple[EntryT, ...], int]]
"""Chooses what of a page is handed over: (page, items still allowed) -> (entries, items that one entry stands for)."""


def read_items(fetched: FetchedPage[PageT, ItemT], limit: int | None) -> tuple[tuple[ItemT, ...], int]:
    """Hand over the page's items, and no more of them than the limit."""
    return tuple(fetched.items[:limit]), 1


def read_batch(fetched: FetchedPage[PageT, ItemT], limit: int | None) -> tuple[tuple[Sequence[ItemT], ...], int]:
    """Hand over the page's items in one piece, and no more of them than the limit."""
    items = tuple(fetched.items[:limit])
    return (items,), len(items)


def read_page(fetched: FetchedPage[PageT, ItemT], limit: int | None) -> tuple[tuple[PageT, ...], int]:  # noqa: ARG001 - the limit of a Reader; a page is never cut
    """Hand over the page itself, as it came."""
    return (fetched.page,), len(fetched.items)


class Walk(Generic[SourceT, PageT, ItemT, EntryT]):
    """The batches of one source, fetched one by one as they are asked for.

    It never raises a failure of the fetch: the last batch tells of it. A class rather than an async generator, so that
    one left half way leaves nothing behind that waits to be closed.
    """

    def __init__(
        self,
        source: SourceT,
        *,
        name: str,
        fetch: Fetch[PageT, ItemT],
        read: Reader[PageT, ItemT, EntryT],
        max_items: int | None = None,
        ignored: Callable[[Exception], bool] = lambda _: False,
        repeated: Callable[[], int] = lambda: 0,
        restarted: Callable[[], bool] = lambda: False,
        token: str | None = None,
        items: int = 0,
    ) -> None:
        """Prepare the walk; nothing is fetched yet.

        Arguments:
            source: where its batches come from.
            name: what the source is called in errors, such as `catalog AWS`.
            fetch: fetches one page.
            read: chooses what of a page is handed over.
            max_items: how many items to hand over; None for all.
            ignored: tells a failure that is to be ignored from one that counts.
            repeated: tells how often the request that has failed had been sent again, beside what its error says.
            restarted: tells whether the fetch began anew, from the first page, rather than from where it was told to.
            token: where to begin; None for the first page.
            items: how many items have been handed over before that.
        """
        self._source = source
        self._name = name
        self._fetch = fetch
        self._read = read
        self._max_items = max_items
        self._ignored = ignored
        self._repeated = repeated
        self._restarted = restarted
        self._token = token
        self._seen: set[str] = set() if token is None else {token}
        self._pages = 0
        self._items = items
        self._malformed = 0
        self._last: AioPartnerCentralError | None = None
        self._ended = False

    def __aiter__(self) -> Self:
        """Give the walk itself: it can be gone once."""
        return self

    async def __anext__(self) -> Batch[SourceT, EntryT]:
        """Fetch the next page; cancelling it cancels the request, and the walk may then be resumed."""
        if self._ended:
            raise StopAsyncIteration
        if self._last is not None:
            return self._failure(self._last)
        try:
            fetched = await self._fetch(self._token)
        except StopAsyncIteration as exc:
            # Raised on to the consumer's `async for`, it would pass for the regular end of the stream.
            error = RuntimeError("the fetch of a page raised StopAsyncIteration")
            error.__cause__ = exc
            return self._failure(error)
        except Exception as exc:  # noqa: BLE001 - the consumer's error policy decides about every failure
            return self._failure(exc)
        return self._batch(fetched)

    def _batch(self, fetched: FetchedPage[PageT, ItemT]) -> Batch[SourceT, EntryT]:
        restarts = self._pages == 0 and self._restarted()
        if restarts:
            self._items = 0
            self._seen.clear()
        allowed = None if self._max_items is None else self._max_items - self._items
        entries, weight = self._read(fetched, allowed)
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
            self._last, next_token = PaginationError(self._name, self._pages), None
        else:
            self._seen.add(next_token)
        self._malformed += len(fetched.malformed)
        if self._malformed > MOST_MALFORMED:
            outcome, self._last = None, MalformedItemsError(self._name, self._malformed)
        self._ended = outcome is not None
        self._token = next_token
        return Batch(
            source=self._source,
            entries=entries,
            weight=weight,
            malformed=fetched.malformed,
            restarts=restarts,
            retries=fetched.retries,
            next_token=next_token,
            outcome=outcome,
        )

    def _failure(self, error: Exception) -> Batch[SourceT, EntryT]:
        self._ended = True
        note = f"while collecting {self._name}"
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        attempts = getattr(error, "attempts", 1)
        retries = max(0, attempts - 1) if isinstance(attempts, int) else 0
        return Batch(
            source=self._source,
            pages=0,
            retries=retries + self._repeated(),
            outcome=Outcome.SKIPPED if self._ignored(error) else Outcome.FAILED,
            error=error,
        )
