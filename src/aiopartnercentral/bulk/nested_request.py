"""Requests the pages of a nested listing: those of the parents, and below each parent those of its items.

    NestedRequest.fetch(token) ─┬─ PageRequest of the parents, one page at a time
                                └─ PageRequest of each parent, in order; the first attempts of the next ones run ahead

The page token of a nested listing names a position: the page of parents, the parent on it, and the page of its items.
So progress, checkpoints and resuming work as for any other listing.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import anyio
import attrs

from aiopartnercentral._pagination.page_fetcher import FetchedPage, NestedPage
from aiopartnercentral._pagination.source_report import note_parent
from aiopartnercentral.bulk.instrumentation.events import SourceRestarted
from aiopartnercentral.bulk.nested_position import Parent, ParentPage, Position, StartOverError, index_of, with_keys
from aiopartnercentral.bulk.page_request import Ahead, PageRequest, Tally, is_refused
from aiopartnercentral.bulk.scheduler import AheadSlotHolder
from aiopartnercentral.errors import ServiceError
from aiopartnercentral.types import SkippedParent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from anyio.abc import TaskGroup

    from aiopartnercentral._pagination.report import SourceReport
    from aiopartnercentral.bulk.run import Run
    from aiopartnercentral.bulk.scheduler import SlotHolder
    from aiopartnercentral.bulk.source import Origin
    from aiopartnercentral.types import NestedListing

__all__ = ["NestedRequest"]

_VANISHED = "ResourceNotFoundException"


class NestedRequest:
    """Fetches the pages of one origin with a nested listing; the source of its page iterator.

    Attributes:
        origin: the source and listing.
        token: page token to start at, from the earlier run; None for the first page.
        items: number of items that the earlier run has handed over.
        max_items: None, as the limit of a nested listing is one of each parent.
        restarted: whether the source restarts from its first page although an earlier run has collected some of it.
    """

    max_items = None

    def __init__(
        self,
        run: Run,
        origin: Origin,
        slots: SlotHolder,
        listing: NestedListing[Any, Any],
        earlier: SourceReport | None = None,
    ) -> None:
        """Prepare the requests.

        Arguments:
            run: the state of the run.
            origin: the source and listing.
            slots: its slots, acquired before the first page is requested.
            listing: the listing.
            earlier: the source's report of an earlier run, or None.
        """
        self.origin = origin
        self.token: str | None = None if earlier is None else earlier.next_token
        self.items: int = 0 if earlier is None else earlier.items
        self.restarted: bool = False
        self._run = run
        self._slots = slots
        self._listing = listing
        self._tally = Tally()
        self._of_parents = self._request(listing.parent, is_of_parents=True)
        self._current = self._of_parents
        self._page: ParentPage | None = None
        self._seen: set[str] = set()  # tokens of pages of parents
        self._seen_of_parent: set[str] = set()  # tokens of pages of the current parent's items
        self._window: deque[Parent] = deque()
        self._changed = anyio.Event()

    @property
    def name(self) -> str:
        """Name of the source in errors."""
        return f"source {self.origin}"

    @property
    def repetitions(self) -> int:
        """How often the current request was sent before its current attempt."""
        return self._current.repetitions

    def ignores(self, error: Exception) -> bool:
        """Return whether a source that fails with this error is skipped."""
        return self._run.spec.ignores(error)

    def restart(self) -> None:
        """Restart from the first page, and notify the observer."""
        self.token, self.restarted = None, True
        self._page = None
        self._seen.clear()
        self._move_window(())
        self._run.progress.restarted(self.origin)
        self._run.notify(SourceRestarted(run=self._run.name, origin=self.origin))

    async def work_ahead(self, work: Callable[[], Awaitable[object]]) -> None:
        """Wait for the work of the source, and make the first attempts of requests ahead meanwhile."""
        try:
            async with anyio.create_task_group() as group:
                if self._width:
                    group.start_soon(self._run_ahead, group)
                try:
                    await work()
                finally:
                    group.cancel_scope.cancel()
        finally:
            self._move_window(())

    async def fetch(self, token: str | None) -> FetchedPage[Any, Any]:
        """Fetch a page of the items of one parent.

        Raises:
            TimeExceededError: the source or the run has exceeded its time limit.
            Exception: the error of the last attempt of a request.
        """
        is_resumed = token is not None and token == self.token
        try:
            return await self._fetch(Position.load(token), is_resumed=is_resumed)
        except StartOverError:
            self.restart()
        return await self._fetch(Position(), is_resumed=False)

    async def _fetch(self, position: Position, *, is_resumed: bool) -> FetchedPage[Any, Any]:
        page = self._page
        if page is None or page.token != position.page:
            page = self._page = await self._parents_at(position, is_resumed=is_resumed)
            self._move_window(page.parents)
        index = 0 if position.key is None else index_of(page.parents, position.key)
        if not page.parents:
            fetched: FetchedPage[Any, Any] = _empty()
            return self._whole(
                fetched, page, position, NestedPage(key=self.origin, is_page=False), self._after(page, position)
            )
        parent = page.parents[index]
        self._move_window(page.parents[index + 1 :])
        fetched, skipped = await self._items_of(parent, position, is_resumed=is_resumed)
        most = self._listing.max_items
        allowed = None if most is None else most - position.items
        count, child_token = len(fetched.items), fetched.next_token
        if allowed is not None and count >= allowed:
            is_cut = count > allowed or child_token is not None
            position = attrs.evolve(position, limited=position.limited or is_cut)
            fetched, child_token = _cut(fetched, allowed), None
        if position.token is None:
            self._seen_of_parent.clear()
        repeats = child_token is not None and (child_token in self._seen_of_parent or child_token == position.token)
        if child_token is not None:
            self._seen_of_parent.add(child_token)
            following: Position | None = attrs.evolve(
                position, key=parent.key, token=child_token, items=position.items + count
            )
        elif index + 1 < len(page.parents):
            following = attrs.evolve(position, key=page.parents[index + 1].key, token=None, items=0)
        else:
            following = self._after(page, position)
        nested = NestedPage(
            key=self.origin.with_parent(parent.given),
            ends_parent=child_token is None,
            repeats=repeats,
            skipped=skipped,
            is_page=skipped is None,
        )
        return self._whole(fetched, page, position, nested, following)

    def _whole(
        self,
        fetched: FetchedPage[Any, Any],
        page: ParentPage,
        position: Position,
        nested: NestedPage,
        following: Position | None,
    ) -> FetchedPage[Any, Any]:
        """Return a page with everything that concerns the parents."""
        is_first = position.key is None  # of the page of parents
        is_last = following is None or following.page != page.token
        return attrs.evolve(
            fetched,
            malformed=(*page.malformed, *fetched.malformed) if is_first else fetched.malformed,
            retries=fetched.retries + (page.retries if is_first else 0),
            next_token=None if following is None else following.dump(),
            nested=attrs.evolve(
                nested,
                repeats=nested.repeats or (is_last and page.repeats),
                limited=position.limited or (is_last and page.limited),
            ),
        )

    def _after(self, page: ParentPage, position: Position) -> Position | None:
        """Return the position after a page of parents; None after the last one."""
        if page.next_token is None:
            return None
        return Position(page.next_token, position.parents + len(page.parents), limited=position.limited)

    async def _parents_at(self, position: Position, *, is_resumed: bool) -> ParentPage:
        """Fetch a page of parents.

        Raises:
            StartOverError: the service refuses the page token of an earlier run.
        """
        listing, self._current = self._listing, self._of_parents
        try:
            fetched = await self._of_parents.fetch(position.page)
        except Exception as error:
            if is_resumed and position.page is not None and is_refused(error):
                raise StartOverError from error
            raise
        most, items, token = listing.parent.max_items, fetched.items, fetched.next_token or None
        allowed = len(items) if most is None else most - position.parents
        is_limited = most is not None and (len(items) > allowed or (len(items) == allowed and token is not None))
        if most is not None and len(items) >= allowed:
            items, token = items[:allowed], None
        repeats = token is not None and (token in self._seen or token == position.page)
        if token is not None:
            self._seen.add(token)
        return ParentPage(
            token=position.page,
            parents=with_keys(map(listing.values_of, items)),
            next_token=token,
            repeats=repeats,
            limited=is_limited,
            malformed=fetched.malformed,
            retries=fetched.retries,
        )

    async def _items_of(
        self, parent: Parent, position: Position, *, is_resumed: bool
    ) -> tuple[FetchedPage[Any, Any], SkippedParent | None]:
        """Fetch a page of a parent's items; an empty one if the parent is skipped.

        Raises:
            StartOverError: the service refuses the page token of an earlier run.
            Exception: the error of the last attempt.
        """
        listing = self._listing
        missing = [listing.members[name] for name, value in parent.values.items() if value is None]
        if missing:
            shown = listing.shown(parent.values)
            return _empty(), SkippedParent(parent=shown, reason=f"it has no {' and no '.join(missing)}")
        if parent.request is None:
            parent.request = self._request(listing.of_parent(parent.given))
        request = self._current = parent.request
        request.slots, request.tally = self._slots, self._tally
        try:
            return await request.fetch(position.token), None
        except Exception as error:
            if is_resumed and position.token is not None and is_refused(error):
                raise StartOverError from error
            shown = listing.shown(parent.values)
            if isinstance(error, ServiceError) and (error.code == _VANISHED or self.ignores(error)):
                skipped = SkippedParent(
                    parent=shown,
                    reason=error.code,
                    vanished=error.code == _VANISHED,
                    request_id=error.request_id,
                )
                return attrs.evolve(_empty(), retries=request.repetitions), skipped
            note_parent(error, shown)
            raise

    def _request(self, listing: Any, *, is_of_parents: bool = False) -> PageRequest:  # noqa: ANN401 - of any types
        return PageRequest(
            self._run, self.origin, self._slots, None, listing=listing, is_of_parents=is_of_parents, tally=self._tally
        )

    # Requests that are made ahead.

    @property
    def _width(self) -> int:
        """How many parents may have a request made ahead."""
        return self._run.limits.concurrency - 1

    def _move_window(self, parents: Iterable[Parent]) -> None:
        """Let requests be made ahead for these parents, and release the slots of all others.

        The next page that is wanted is among the others. It counts as the page of the source from then on.
        """
        kept = deque(parents)
        remaining = set(map(id, kept))
        for parent in self._window:
            if parent.request is not None and parent.request.ahead is not None and id(parent) not in remaining:
                parent.request.ahead.slots.release()
        self._window = kept
        self._changed.set()
        self._changed = anyio.Event()

    def _next_ahead(self) -> Parent | None:
        """Return the next parent that may have a request made ahead, or None."""
        window = list(self._window)[: self._width]
        return next((each for each in window if each.request is None and None not in each.values.values()), None)

    async def _run_ahead(self, group: TaskGroup) -> None:
        """Make the first attempt for each parent in the window, as the rate and the slots allow."""
        limiter = self._run.rate_limiter(self.origin, self._listing.pagination.operation.name)
        while True:
            while self._next_ahead() is None:
                await self._changed.wait()
            await limiter.acquire()  # while it holds no slot
            slots = AheadSlotHolder(self._run.slots)
            try:
                await slots.acquire()
                parent = self._next_ahead()
                if parent is not None:
                    parent.request = request = self._request(self._listing.of_parent(parent.given))
                    request.slots, request.tally = slots, Tally()
                    request.ahead = ahead = Ahead(slots)
                    group.start_soon(request.attempt_ahead, ahead)
            except BaseException:
                slots.release()
                raise
            if parent is None:
                slots.release()


def _empty() -> FetchedPage[Any, Any]:
    return FetchedPage(page=None, items=(), raw_items=())


def _cut(fetched: FetchedPage[Any, Any], most: int) -> FetchedPage[Any, Any]:
    """Return a page with the maximum of items."""
    raw = fetched.raw_items
    return attrs.evolve(fetched, items=fetched.items[:most], raw_items=None if raw is None else raw[:most])
