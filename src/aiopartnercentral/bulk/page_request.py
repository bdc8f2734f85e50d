"""One page of one source, whatever it takes: its pace, a seat, a client, repetitions, and no more than its time.

Call.fetch(token) ─ deadline ─ attempts ─┬─ Pace.turn   waits without holding anything
                                         ├─ Seat        one of the requests and pages that there may be at once
                                         ├─ Clients     lends the client, opened if need be
                                         └─ Fetcher     sends, decodes
"""

from __future__ import annotations

import math
import re
import secrets
import traceback
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import anyio
import attrs

from aiopartnercentral.bulk.instrumentation.events import Observer, PageFetched, Retried, SourceRestarted, Throttled
from aiopartnercentral.bulk.instrumentation.logging import Teller
from aiopartnercentral.bulk.rate_limiter import Pace
from aiopartnercentral.bulk.retry import backoff, is_throttling, is_transient, retry_after
from aiopartnercentral.bulk.seats import Seat, Seats
from aiopartnercentral.errors import ServiceError, TimeExceededError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiopartnercentral._pagination.page_iterator import FetchedPage
    from aiopartnercentral.bulk.client_pool import Clients
    from aiopartnercentral.bulk.limits import Limits
    from aiopartnercentral.bulk.origin import Origin

__all__ = ["Call", "Run"]

_OF_A_REQUEST = re.compile(  # modules whose frames are cleared
    r"(?:aiobotocore|botocore|aiopartnercentral\.(?:bulk\.(?:page_request|client_pool|spec)|_client|_pagination\.page_fetcher|_transport))\b"
)

T = TypeVar("T")
PageT = TypeVar("PageT")
ItemT = TypeVar("ItemT")


@attrs.define(eq=False)
class Run:
    """What all sources of one stream share.

    Attributes:
        limits: what each of them, and all together, may do.
        clients: lends their clients.
        observer: is told what happens.
        name: tells the run from others, in what is told of it.
        tell: tells an event to the log and the observer.
        seats: of those that are under way.
        deadline: when the whole must be over, by anyio's clock.
    """

    limits: Limits
    clients: Clients[Any]
    observer: Observer | None
    name: str = attrs.field(factory=lambda: secrets.token_hex(6), init=False)
    tell: Teller = attrs.field(init=False)
    seats: Seats = attrs.field(init=False)
    deadline: float = attrs.field(default=math.inf, init=False)
    _paces: dict[tuple[str, str | None], Pace] = attrs.field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Free all seats."""
        self.tell = Teller(self.observer)
        self.seats = Seats(self.limits.sources, self.limits.concurrency)

    def start(self) -> None:
        """Let the time of the whole run."""
        if self.limits.run_seconds is not None:
            self.deadline = anyio.current_time() + self.limits.run_seconds

    def pace(self, origin: Origin) -> Pace:
        """Return the pace of an origin's account, which may be an operation's own."""
        own = self.limits.rates.get(origin.operation)
        key = (origin.account, None if own is None else origin.operation)
        if key not in self._paces:
            self._paces[key] = Pace(self.limits.rate if own is None else own)
        return self._paces[key]


@attrs.define(eq=False)
class Call(Generic[PageT, ItemT]):
    """Fetches the pages of one origin.

    Attributes:
        run: what it shares with the others.
        origin: whose pages.
        seat: its own, taken before the first page is asked for.
        send: fetches a page through a client, by the page's token.
        resumed: the token that an earlier run has left; None if there is none.
        throttled: how often the service asked for fewer requests.
        repetitions: how often the present page was asked for again.
        restarted: whether the source begins anew, although an earlier run has brought something of it.
    """

    run: Run
    origin: Origin
    seat: Seat
    send: Callable[[Any, str | None], Awaitable[FetchedPage[PageT, ItemT]]]
    resumed: str | None = attrs.field(default=None, repr=False)
    throttled: int = 0
    repetitions: int = 0
    restarted: bool = False
    _spent: float = 0.0
    _pages: int = 0
    _wanted_at: float = 0.0
    _sent_at: float = 0.0

    async def fetch(self, token: str | None) -> FetchedPage[PageT, ItemT]:
        """Fetch a page.

        Raises:
            TimeExceededError: the source or the whole has had its time.
            Exception: what the last attempt failed with.
        """
        with anyio.CancelScope(deadline=self.run.deadline):
            try:
                return await self._attempts(token)
            except Exception as error:
                _let_go(error)
                raise
            except anyio.get_cancelled_exc_class() as interruption:
                if anyio.current_effective_deadline() == -math.inf:
                    raise
                # Of something that a provider of credentials awaits: it is no cancellation of ours.
                raise RuntimeError("what the request waited for was cancelled") from interruption
        raise TimeExceededError(self.run.limits.run_seconds or 0.0, "run_seconds")

    def begin_anew(self) -> None:
        """Note that what an earlier run has brought comes again, and tell so."""
        self.resumed, self.restarted = None, True
        self.run.tell(SourceRestarted(run=self.run.name, origin=self.origin))

    async def _attempts(self, token: str | None) -> FetchedPage[PageT, ItemT]:
        self.repetitions = 0
        self._wanted_at = anyio.current_time()
        while True:
            fetched = await self._tried(token)
            if not isinstance(fetched, Exception):
                fetched = attrs.evolve(fetched, retries=fetched.retries + self.repetitions)
                self._tell_fetched(fetched)
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
            self._tell_retried(error, wait)
            if wait:
                await self.seat.aside(partial(self._in_time, partial(anyio.sleep, wait)), long=True)

    async def _tried(self, token: str | None) -> FetchedPage[PageT, ItemT] | Exception:
        """Fetch a page once, and return what that failed with.

        Others may share the failure, and clear the frames that it has passed when they give up: none of these must be
        waiting by then.
        """
        try:
            return await self._attempt(token)
        except Exception as error:  # noqa: BLE001 - the caller decides about every failure
            return error

    async def _attempt(self, token: str | None) -> FetchedPage[PageT, ItemT]:
        pace = self.run.pace(self.origin)
        if pace.is_free:
            await pace.turn()
        else:
            await self.seat.aside(partial(self._in_time, pace.turn), long=pace.is_slow)
        self._sent_at = anyio.current_time()
        try:
            fetched = await self._in_time(partial(self._sent, token))
        except Exception as error:
            if is_throttling(error):
                self.throttled += 1
                wanted = retry_after(error)
                pace.throttled(self._sent_at, wanted)
                self._tell_throttled(error, pace.rate, wanted)
            raise
        pace.succeeded()
        return fetched

    def _tell_fetched(self, fetched: FetchedPage[PageT, ItemT]) -> None:
        self._pages += 1
        self.run.tell(
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

    def _tell_throttled(self, error: Exception, rate: float, wanted: float | None) -> None:
        self.run.tell(
            Throttled(
                run=self.run.name,
                origin=self.origin,
                attempt=self.repetitions + 1,
                rate=rate,
                retry_after=wanted,
                request_id=getattr(error, "request_id", None),
            )
        )

    def _tell_retried(self, error: Exception, wait: float) -> None:
        self.run.tell(
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

    async def _sent(self, token: str | None) -> FetchedPage[PageT, ItemT]:
        async with self.run.clients.lease(self.origin.source) as client:
            self._sent_at = anyio.current_time()
            return await self.send(client, token)

    async def _in_time(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait for something that takes of the source's time, as waiting for a seat does not: the consumer has them.

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
        """Tell whether the token of an earlier run has been refused, and begin anew if so."""
        refused = isinstance(error, ServiceError) and error.code == "ValidationException"
        if token is None or token != self.resumed or not refused:
            return False
        self.begin_anew()
        return True


def _let_go(failure: Exception) -> None:
    """Clear the frames of a request that has failed, by which a report would keep the client and much else in memory.

    Those of others stay as they are, the consumer's above all: an exception that several share may be on its way
    through one that is not left, and what is cleared there ends amidst.
    """
    seen: set[int] = set()
    waiting: list[BaseException | None] = [failure]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            for frame, _ in traceback.walk_tb(each.__traceback__):
                if _OF_A_REQUEST.match(str(frame.f_globals.get("__name__"))):
                    with suppress(RuntimeError):  # of those that are not left yet, as the caller's
                        frame.clear()
            waiting += [each.__cause__, each.__context__]
            waiting += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
