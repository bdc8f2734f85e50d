"""Requests one page of one source: rate limit, slots, a client, retries and time limits.

PageRequest.fetch(token) ─ deadline ─ attempts ─┬─ RateLimiter.acquire  waits without holding anything
                                                ├─ SlotHolder           one of the requests and pages allowed at once
                                                ├─ ClientPool           leases a client, and opens it on first use
                                                └─ PageFetcher          sends, decodes
"""

from __future__ import annotations

import math
import re
import traceback
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

import anyio
import attrs

from aiopartnercentral._transport.retries import asked_wait, backoff, is_retryable
from aiopartnercentral._utils.threads import own_cancellation_only
from aiopartnercentral.bulk.instrumentation.events import CURSOR_AHEAD, PageFetched, Retried, SourceRestarted, Throttled
from aiopartnercentral.bulk.spec import client_class
from aiopartnercentral.errors import ServiceError, TimeExceededError, attempts_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiopartnercentral._pagination.page_fetcher import FetchedPage
    from aiopartnercentral._pagination.report import SourceReport
    from aiopartnercentral.bulk.incremental import Increment
    from aiopartnercentral.bulk.run import Run
    from aiopartnercentral.bulk.scheduler import SlotHolder
    from aiopartnercentral.bulk.source import Origin
    from aiopartnercentral.types import Listing

__all__ = ["Ahead", "PageRequest", "Tally", "is_refused"]

_REQUEST_MODULES = re.compile(  # the modules whose frames are cleared
    r"(?:aiobotocore|botocore|"
    r"aiopartnercentral\.(?:bulk\.(?:page_request|nested_request|client_pool)|_client|_pagination\.page_fetcher|_transport))\b"
)

T = TypeVar("T")


@attrs.define(eq=False)
class Tally:
    """What all requests of one origin have in common.

    Attributes:
        spent: seconds that fetching took.
        pages: number of pages that were fetched.
    """

    spent: float = 0.0
    pages: int = 0


@attrs.define(eq=False)
class Ahead:
    """The first attempt of a request that is made before its page is wanted.

    Attributes:
        slots: its slots, which a fetched page keeps until it is wanted.
        outcome: the page or the error; None if the attempt was cancelled.
        done: set once there is an outcome.
    """

    slots: SlotHolder
    outcome: FetchedPage[Any, Any] | Exception | None = None
    done: anyio.Event = attrs.field(factory=anyio.Event)


@attrs.define(eq=False)
class PageRequest:
    """Fetches the pages of one origin; the source of its page iterator.

    Attributes:
        run: the state of the run.
        origin: the source and listing.
        slots: its slots, acquired before the first page is requested.
        earlier: the source's report of an earlier run, or None.
        listing: what to list; by default the listing of the origin.
        is_of_parents: whether its items are only the parents of others, so that they are always typed, and not counted.
        tally: what all requests of the origin have in common.
        ahead: the first attempt if it is made ahead, or None.
        token: page token to start at, from the earlier run; None for the first page.
        repetitions: how often the request for the current page was sent before the current attempt; an attempt of a
            client that retries may send it several times.
        increment: remembers what the next incremental run must know; None for a request of a nested listing.
        restarted: whether the source restarts from its first page although an earlier run has collected some of it.
    """

    run: Run
    origin: Origin
    slots: SlotHolder
    increment: Increment | None
    earlier: SourceReport | None = None
    listing: Listing[Any, Any] = attrs.field(
        default=attrs.Factory(lambda self: self.increment.start.listing, takes_self=True)
    )
    is_of_parents: bool = False
    tally: Tally = attrs.field(factory=Tally)
    ahead: Ahead | None = None
    token: str | None = attrs.field(init=False, repr=False)
    repetitions: int = 0
    restarted: bool = False
    _wanted_at: float = 0.0
    _sent_at: float = 0.0
    _endpoint_url: str = ""
    _was_corrected: bool = False
    _has_passed: bool = False

    def __attrs_post_init__(self) -> None:
        """Start at the page token of the earlier run."""
        self.token = None if self.earlier is None else self.earlier.next_token

    @property
    def name(self) -> str:
        """Name of the source in errors."""
        return f"source {self.origin}"

    @property
    def max_items(self) -> int | None:
        """Maximum items to hand over; None for all."""
        return self.listing.max_items

    @property
    def items(self) -> int:
        """Number of items that the earlier run has handed over."""
        return 0 if self.earlier is None else self.earlier.items

    def ignores(self, error: Exception) -> bool:
        """Return whether a source that fails with this error is skipped."""
        return self.run.spec.ignores(error)

    async def fetch(self, token: str | None) -> FetchedPage[Any, Any]:
        """Fetch a page.

        Raises:
            TimeExceededError: the source or the run has exceeded its time limit.
            Exception: the error of the last attempt.
        """
        with anyio.CancelScope(deadline=self.run.deadline), own_cancellation_only("the credentials provider"):
            try:
                return await self._attempts(token)
            except Exception as error:
                _clear_frames(error)
                raise
        raise TimeExceededError(self.run.limits.run_seconds or 0.0, "run_seconds")

    async def attempt_ahead(self, ahead: Ahead) -> None:
        """Make the first attempt of the request for the first page now; `fetch` takes its outcome.

        The caller has waited for the rate limit.
        """
        self._wanted_at, self._has_passed = anyio.current_time(), True
        try:
            ahead.outcome = await self._attempt_or_error(None)
        finally:
            if ahead.outcome is None or isinstance(ahead.outcome, Exception):
                ahead.slots.release()
            ahead.done.set()

    def restart(self) -> None:
        """Restart from the first page, and notify the observer."""
        self.token, self.restarted = None, True
        self.run.progress.restarted(self.origin)
        self.run.notify(SourceRestarted(run=self.run.name, origin=self.origin))

    async def _attempts(self, token: str | None) -> FetchedPage[Any, Any]:
        self.repetitions, attempt, self._was_corrected = 0, 1, False
        ahead, self.ahead = self.ahead, None
        if ahead is None:
            self._wanted_at = anyio.current_time()
        while True:
            fetched = await (self._attempt_or_error(token) if ahead is None else self._outcome_or_error(ahead, token))
            ahead = None
            if not isinstance(fetched, Exception):
                if self.repetitions:
                    fetched = attrs.evolve(fetched, retries=fetched.retries + self.repetitions)
                new = self._new_of(fetched, is_first=token is None)
                if new is None:
                    continue
                self._notify_fetched(new)
                return new
            error = fetched
            if self._may_restart(token, error):
                token = None
                continue
            sent = self._sent(error)
            if attempt >= self.run.limits.attempts or not self._may_retry(error):
                if sent > 1:
                    error.add_note(f"sent {sent} times")
                raise error
            wait = self._wait(error, attempt)
            self.repetitions, attempt = sent, attempt + 1
            self._notify_retried(error, wait)
            if wait:
                await self.slots.without(partial(self._in_time, partial(anyio.sleep, wait)), long=True)

    def _new_of(self, fetched: FetchedPage[Any, Any], *, is_first: bool) -> FetchedPage[Any, Any] | None:
        """Return a page without what the consumer has; None if the cursor was wrong, so that all is to be listed."""
        increment = self.increment
        if increment is None:
            return fetched
        if not (is_first and increment.starts_ahead(fetched)):
            return increment.take(fetched, anyio.current_time() - self._sent_at, is_first=is_first)
        increment.start = increment.start.as_whole
        self.listing = increment.start.listing
        self.run.notify(SourceRestarted(run=self.run.name, origin=self.origin, reason=CURSOR_AHEAD))
        return None

    def _sent(self, error: Exception) -> int:
        """Return how often the request has been sent, once an attempt has failed."""
        return self.repetitions + max(1, attempts_of(error))

    def _may_retry(self, error: Exception) -> bool:
        """Return whether a retry may help; an error whose cause the client has corrected is retried once."""
        if not _is_corrected(error):
            return is_retryable(error)
        was_corrected, self._was_corrected = self._was_corrected, True
        return not was_corrected

    def _wait(self, error: Exception, attempt: int) -> float:
        """Return the seconds to wait after a failed attempt; a throttled request waits for the account's rate."""
        if _is_throttling(error) or _is_corrected(error):
            return 0.0
        return max(backoff(self.run.limits.backoff, attempt), asked_wait(error, self.run.limits.retry_after) or 0.0)

    async def _attempt_or_error(self, token: str | None) -> FetchedPage[Any, Any] | Exception:
        """Fetch a page once, and return the error if that failed.

        Other sources may share the error, and clear the frames of its traceback when they fail. So the error is
        returned, rather than handled here: a frame of its traceback must not be suspended by then.
        """
        try:
            return await self._attempt(token)
        except Exception as error:  # noqa: BLE001 - the caller decides about every failure
            return error

    async def _outcome_or_error(self, ahead: Ahead, token: str | None) -> FetchedPage[Any, Any] | Exception:
        """Return the outcome of the first attempt that is made ahead."""
        try:
            await self._in_time(ahead.done.wait)
        except TimeExceededError as error:
            return error
        return await self._attempt_or_error(token) if ahead.outcome is None else ahead.outcome

    async def _attempt(self, token: str | None) -> FetchedPage[Any, Any]:
        limiter = self.run.rate_limiter(self.origin, self.listing.pagination.operation.name)
        if self._has_passed:
            self._has_passed = False
        elif limiter.is_free:
            await limiter.acquire()
        else:
            await self.slots.without(partial(self._in_time, limiter.acquire), long=limiter.is_slow)
        self._sent_at = anyio.current_time()
        try:
            fetched = await self._in_time(partial(self._send, token))
        except Exception as error:
            if _is_throttling(error):
                self.run.progress.throttled(self.origin)
                wanted = asked_wait(error, self.run.limits.retry_after)
                limiter.throttled(self._sent_at, wanted)
                self._notify_throttled(error, limiter.rate, wanted)
            raise
        limiter.succeeded()
        return fetched

    async def _send(self, token: str | None) -> FetchedPage[Any, Any]:
        run, origin, listing = self.run, self.origin, self.listing
        is_incremental = self.increment is not None and listing.pagination.since is not None
        async with run.pool.lease(origin.source, client_class(listing.service)) as client:
            self._sent_at = anyio.current_time()
            fetcher = client.page_fetcher(
                listing,
                reports_malformed=run.spec.reports_malformed,
                keeps_raw=(run.keeps_raw or is_incremental) and not self.is_of_parents,
            )
            self._endpoint_url = fetcher.api.endpoint_url
            is_raw = run.raw and not self.is_of_parents
            return await (fetcher.raw if is_raw else fetcher.typed)(origin.catalog, token)

    async def _in_time(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait for something and count it as the source's time; waiting for slots is the consumer's time.

        Raises:
            TimeExceededError: the source has exceeded its time limit.
        """
        began, most = anyio.current_time(), self.run.limits.source_seconds
        try:
            with anyio.CancelScope(deadline=math.inf if most is None else began + most - self.tally.spent):
                return await wait()
        finally:
            self.tally.spent += anyio.current_time() - began
        raise TimeExceededError(most or 0.0, "source_seconds")

    def _may_restart(self, token: str | None, error: Exception) -> bool:
        """Restart if the service refused the page token of an earlier run, and return whether it did."""
        if token is None or token != self.token or not is_refused(error):
            return False
        self.restart()
        return True

    def _notify_fetched(self, fetched: FetchedPage[Any, Any]) -> None:
        if self.is_of_parents:
            return
        self.tally.pages += 1
        self.run.notify(
            PageFetched(
                run=self.run.name,
                origin=self.origin,
                page=self.tally.pages,
                items=len(fetched.items),
                malformed=len(fetched.malformed),
                attempts=fetched.retries + 1,
                seconds=anyio.current_time() - self._sent_at,
                waited=self._sent_at - self._wanted_at,
                request_id=fetched.request_id,
                endpoint_url=self._endpoint_url,
            )
        )

    def _notify_throttled(self, error: Exception, rate: float, wanted: float | None) -> None:
        self.run.notify(
            Throttled(
                run=self.run.name,
                origin=self.origin,
                attempt=self._sent(error),
                rate=rate,
                retry_after=wanted,
                request_id=getattr(error, "request_id", None),
            )
        )

    def _notify_retried(self, error: Exception, wait: float) -> None:
        self.run.notify(
            Retried(
                run=self.run.name,
                origin=self.origin,
                attempt=self.repetitions,
                seconds=anyio.current_time() - self._sent_at,
                wait=wait,
                error=error,
                request_id=getattr(error, "request_id", None),
            )
        )


def is_refused(error: Exception) -> bool:
    """Return whether the service refused a request, such as one with an expired page token."""
    return isinstance(error, ServiceError) and error.code == "ValidationException"


def _is_throttling(error: Exception) -> TypeGuard[ServiceError]:
    return isinstance(error, ServiceError) and error.is_throttling


def _is_corrected(error: Exception) -> bool:
    return isinstance(error, ServiceError) and error.is_corrected


def _clear_frames(failure: Exception) -> None:
    """Clear the frames of a failed request, as they would keep the client in memory for as long as the report exists.

    Frames of other code, such as the consumer's, are not cleared: an exception that several sources share may be
    propagating through them, and clearing a suspended frame ends it.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [failure]
    while pending:
        each = pending.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            for frame, _ in traceback.walk_tb(each.__traceback__):
                if _REQUEST_MODULES.match(str(frame.f_globals.get("__name__"))):
                    with suppress(RuntimeError):  # a frame that is still running, such as the caller's
                        frame.clear()
            pending += [each.__cause__, each.__context__]
            pending += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
