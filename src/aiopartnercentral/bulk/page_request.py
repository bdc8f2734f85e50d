"""One page of one source, with all it takes: rate limit, slots, a client, retries and time limits.

PageRequest.fetch(token) ─ deadline ─ attempts ─┬─ RateLimiter.acquire  waits without holding anything
                                                ├─ SlotHolder           one of the requests and pages allowed at once
                                                ├─ ClientPool           lends the client, opened if need be
                                                └─ PageFetcher          sends, decodes
"""

from __future__ import annotations

import math
import re
import secrets
import traceback
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
import attrs

from aiopartnercentral.bulk.instrumentation.events import PageFetched, Retried, SourceRestarted, Throttled
from aiopartnercentral.bulk.instrumentation.logging import Notifier
from aiopartnercentral.bulk.rate_limiter import RateLimiter
from aiopartnercentral.bulk.retry import backoff, is_throttling, is_transient, retry_after
from aiopartnercentral.bulk.scheduler import SlotHolder, Slots
from aiopartnercentral.bulk.spec import client_class
from aiopartnercentral.errors import ServiceError, TimeExceededError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiopartnercentral._pagination.page_fetcher import FetchedPage
    from aiopartnercentral._pagination.progress import ProgressTracker
    from aiopartnercentral._pagination.report import SourceReport
    from aiopartnercentral.bulk.client_pool import ClientPool
    from aiopartnercentral.bulk.limits import Limits
    from aiopartnercentral.bulk.source import Origin
    from aiopartnercentral.bulk.spec import Spec

__all__ = ["PageRequest", "Run"]

_REQUEST_MODULES = re.compile(  # whose frames are cleared
    r"(?:aiobotocore|botocore|"
    r"aiopartnercentral\.(?:bulk\.(?:page_request|client_pool)|_client|_pagination\.page_fetcher|_transport))\b"
)

T = TypeVar("T")


@attrs.define(eq=False)
class Run:
    """What all sources of one stream share.

    Attributes:
        spec: what is to be done.
        pool: lends the clients.
        raw: whether items stay as the service sent them.
        keeps_raw: whether typed items come with their JSON.
        progress: counts what happens to each source.
        name: identifies the run in events and log messages.
        notify: gives an event to the log and the observer.
        slots: of the sources in progress.
        deadline: when the run must be over, by anyio's clock.
    """

    spec: Spec
    pool: ClientPool
    raw: bool
    keeps_raw: bool
    progress: ProgressTracker[Origin, Any]
    name: str = attrs.field(factory=lambda: secrets.token_hex(6), init=False)
    notify: Notifier = attrs.field(init=False)
    slots: Slots = attrs.field(init=False)
    deadline: float = attrs.field(default=math.inf, init=False)
    _rate_limiters: dict[tuple[str, str, str | None], RateLimiter] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Free all slots."""
        self.notify = Notifier(self.spec.observer)
        self.slots = Slots(self.limits.sources, self.limits.concurrency)

    @property
    def limits(self) -> Limits:
        """What each source, and all together, may do."""
        return self.spec.limits

    def start(self) -> None:
        """Begin to measure the time of the run."""
        if self.limits.run_seconds is not None:
            self.deadline = anyio.current_time() + self.limits.run_seconds

    def rate_limiter(self, origin: Origin) -> RateLimiter:
        """Return the limiter of an origin's account and service, or of its operation if that has a rate of its own."""
        own = self.limits.rates.get(origin.operation)
        key = (origin.account, origin.service, None if own is None else origin.operation)
        if key not in self._rate_limiters:
            self._rate_limiters[key] = RateLimiter(self.limits.rate if own is None else own)
        return self._rate_limiters[key]


@attrs.define(eq=False)
class PageRequest:
    """Fetches the pages of one origin; the source of its page iterator.

    Attributes:
        run: what it shares with the others.
        origin: whose pages.
        slots: its slots, acquired before the first page is requested.
        earlier: what an earlier run has brought; None if there was none.
        token: where to begin: the page token of the earlier run, or None for the first page.
        repetitions: how often the present page was requested again.
        restarted: whether the source starts again, although an earlier run has brought something of it.
    """

    run: Run
    origin: Origin
    slots: SlotHolder
    earlier: SourceReport | None = None
    token: str | None = attrs.field(init=False, repr=False)
    repetitions: int = 0
    restarted: bool = False
    _spent: float = 0.0
    _pages: int = 0
    _wanted_at: float = 0.0
    _sent_at: float = 0.0

    def __attrs_post_init__(self) -> None:
        """Begin where the earlier run has stopped."""
        self.token = None if self.earlier is None else self.earlier.next_token

    @property
    def name(self) -> str:
        """What errors call the source."""
        return f"source {self.origin}"

    @property
    def max_items(self) -> int | None:
        """How many items to hand over; None for all."""
        return self.run.spec.listings[self.origin.listing].max_items

    @property
    def items(self) -> int:
        """How many items the earlier run has handed over."""
        return 0 if self.earlier is None else self.earlier.items

    def ignores(self, error: Exception) -> bool:
        """Tell whether an error makes the source a skipped one."""
        return self.run.spec.ignores(error)

    async def fetch(self, token: str | None) -> FetchedPage[Any, Any]:
        """Fetch a page.

        Raises:
            TimeExceededError: the source or the run has had its time.
            Exception: what the last attempt failed with.
        """
        with anyio.CancelScope(deadline=self.run.deadline):
            try:
                return await self._attempts(token)
            except Exception as error:
                _clear_frames(error)
                raise
            except anyio.get_cancelled_exc_class() as cancelled:
                if anyio.current_effective_deadline() == -math.inf:
                    raise
                # A provider of credentials has awaited something that was cancelled: we were not.
                raise RuntimeError("what the request waited for was cancelled") from cancelled
        raise TimeExceededError(self.run.limits.run_seconds or 0.0, "run_seconds")

    def restart(self) -> None:
        """Note that what an earlier run has brought comes again, and report it."""
        self.token, self.restarted = None, True
        self.run.progress.restarted(self.origin)
        self.run.notify(SourceRestarted(run=self.run.name, origin=self.origin))

    async def _attempts(self, token: str | None) -> FetchedPage[Any, Any]:
        self.repetitions = 0
        self._wanted_at = anyio.current_time()
        while True:
            fetched = await self._attempt_or_error(token)
            if not isinstance(fetched, Exception):
                if self.repetitions:
                    fetched = attrs.evolve(fetched, retries=fetched.retries + self.repetitions)
                self._notify_fetched(fetched)
                return fetched
            error = fetched
            if self._may_restart(token, error):
                token = None
                continue
            attempt = self.repetitions + 1
            if attempt >= self.run.limits.attempts or not (is_throttling(error) or is_transient(error)):
                if self.repetitions:
                    error.add_note(f"sent {attempt} times")
                raise error
            self.repetitions = attempt
            wait = 0.0 if is_throttling(error) else backoff(self.run.limits.backoff, attempt)
            self._notify_retried(error, wait)
            if wait:
                await self.slots.without(partial(self._in_time, partial(anyio.sleep, wait)), long=True)

    async def _attempt_or_error(self, token: str | None) -> FetchedPage[Any, Any] | Exception:
        """Fetch a page once, and return the error if that failed.

        Others may share the error, and clear the frames that it has passed when they give up: none of these frames may
        be waiting by then.
        """
        try:
            return await self._attempt(token)
        except Exception as error:  # noqa: BLE001 - the caller decides about every failure
            return error

    async def _attempt(self, token: str | None) -> FetchedPage[Any, Any]:
        limiter = self.run.rate_limiter(self.origin)
        if limiter.is_free:
            await limiter.acquire()
        else:
            await self.slots.without(partial(self._in_time, limiter.acquire), long=limiter.is_slow)
        self._sent_at = anyio.current_time()
        try:
            fetched = await self._in_time(partial(self._send, token))
        except Exception as error:
            if is_throttling(error):
                self.run.progress.throttled(self.origin)
                wanted = retry_after(error)
                limiter.throttled(self._sent_at, wanted)
                self._notify_throttled(error, limiter.rate, wanted)
            raise
        limiter.succeeded()
        return fetched

    async def _send(self, token: str | None) -> FetchedPage[Any, Any]:
        run, origin = self.run, self.origin
        listing = run.spec.listings[origin.listing]
        async with run.pool.lease(origin.source, client_class(listing.service)) as client:
            self._sent_at = anyio.current_time()
            fetcher = client.page_fetcher(
                listing, reports_malformed=run.spec.reports_malformed, keeps_raw=run.keeps_raw
            )
            return await (fetcher.raw if run.raw else fetcher.typed)(origin.catalog, token)

    async def _in_time(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait for something that counts as the source's time; waiting for slots does not, since the consumer has them.

        Raises:
            TimeExceededError: the source has had its time.
        """
        began, most = anyio.current_time(), self.run.limits.source_seconds
        try:
            with anyio.CancelScope(deadline=math.inf if most is None else began + most - self._spent):
                return await wait()
        finally:
            self._spent += anyio.current_time() - began
        raise TimeExceededError(most or 0.0, "source_seconds")

    def _may_restart(self, token: str | None, error: Exception) -> bool:
        """Tell whether the token of an earlier run was refused, and start again if so."""
        refused = isinstance(error, ServiceError) and error.code == "ValidationException"
        if token is None or token != self.token or not refused:
            return False
        self.restart()
        return True

    def _notify_fetched(self, fetched: FetchedPage[Any, Any]) -> None:
        self._pages += 1
        self.run.notify(
            PageFetched(
                run=self.run.name,
                origin=self.origin,
                page=self._pages,
                items=len(fetched.items),
                malformed=len(fetched.malformed),
                attempts=fetched.retries + 1,
                seconds=anyio.current_time() - self._sent_at,
                waited=self._sent_at - self._wanted_at,
                request_id=fetched.request_id,
            )
        )

    def _notify_throttled(self, error: Exception, rate: float, wanted: float | None) -> None:
        self.run.notify(
            Throttled(
                run=self.run.name,
                origin=self.origin,
                attempt=self.repetitions + 1,
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


def _clear_frames(failure: Exception) -> None:
    """Clear the frames of a request that has failed; a report would keep the client and much else in memory by them.

    Frames of other code stay as they are, the consumer's above all: an exception that several sources share may be on
    its way through a frame that is still running, and clearing a suspended frame ends it.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [failure]
    while pending:
        each = pending.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            for frame, _ in traceback.walk_tb(each.__traceback__):
                if _REQUEST_MODULES.match(str(frame.f_globals.get("__name__"))):
                    with suppress(RuntimeError):  # frames that are still running, as the caller's
                        frame.clear()
            pending += [each.__cause__, each.__context__]
            pending += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
