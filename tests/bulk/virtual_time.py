"""Bulk streams in virtual time: what takes hours is over at once, and takes exactly as long as it should."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from weakref import WeakSet

import anyio
import attrs
from trio.testing import MockClock

from aiopartnercentral import account
from aiopartnercentral._pagination.merge import Plan
from aiopartnercentral._pagination.page_fetcher import FetchedPage
from aiopartnercentral._pagination.page_iterator import items_of
from aiopartnercentral.bulk import Limits, Origin, Source
from aiopartnercentral.bulk.incremental import OVERLAP, check_since
from aiopartnercentral.bulk.spec import Spec, digests
from aiopartnercentral.bulk.stream import CollectionStream, CollectionView
from aiopartnercentral.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

T = TypeVar("T")


def service_error(code: str, *, retry_after: str | None = None, status: int = 400) -> ServiceError:
    headers = {} if retry_after is None else {"retry-after": retry_after}
    metadata = {"HTTPStatusCode": status, "HTTPHeaders": headers}
    return ServiceError({"Error": {"Code": code, "Message": ""}, "ResponseMetadata": metadata}, "ListConnections")


@attrs.define(eq=False)
class Pool:
    """Lends clients of a service in memory."""

    service: Service
    origins: dict[Source, Origin]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    @asynccontextmanager
    async def lease(self, source: Source, _: type) -> Any:
        yield _Client(self.service, self.origins[source])


class _Items(list[str]):
    """The items of a page, which a weak set can hold."""

    __hash__ = object.__hash__  # type: ignore[assignment]


@attrs.define(eq=False)
class Service:
    """Answers every source with pages; time passes only as it says."""

    pages: int = 3
    size: int = 2
    latency: float = 0.1
    rates: dict[str, float] = attrs.Factory(dict)
    """Requests a second that an account gets before it is throttled."""
    errors: Callable[[Origin, int], Exception | None] = lambda *_: None
    """What the n-th request of an origin fails with."""
    sent: list[tuple[float, str]] = attrs.Factory(list)
    in_flight: int = 0
    peak: int = 0
    most_alive: int = 0
    """The most pages of items that there ever were at once."""
    _alive: WeakSet[Any] = attrs.Factory(WeakSet)
    _asked: dict[Origin, int] = attrs.Factory(dict)
    _allowed: dict[str, float] = attrs.Factory(dict)

    async def typed(self, origin: Origin, catalog: str, token: str | None) -> FetchedPage[str, str]:
        assert catalog == origin.catalog
        self.sent.append((anyio.current_time(), origin.account))
        self._asked[origin] = self._asked.get(origin, 0) + 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await anyio.sleep(self.latency)
        finally:
            self.in_flight -= 1
        self._throttle(origin.account)
        error = self.errors(origin, self._asked[origin])
        if error is not None:
            raise error
        page = int(token or 0)
        following = str(page + 1) if page + 1 < self.pages else None
        items = [f"{origin.label}.{page}.{index}" for index in range(self.size)]
        fetched = FetchedPage(page="", items=_Items(items), next_token=following)
        self._alive.add(fetched.items)
        self.most_alive = max(self.most_alive, len(self._alive))
        return fetched

    def _throttle(self, account: str) -> None:
        rate = self.rates.get(account)
        if rate is None:
            return
        now = anyio.current_time()
        if now < self._allowed.get(account, 0):
            raise service_error("ThrottlingException")
        self._allowed[account] = now + 1 / rate

    def times(self, account: str) -> list[float]:
        return [at for at, who in self.sent if who == account]


@attrs.define(eq=False)
class _Client:
    """A client of the service in memory, and what fetches its pages."""

    service: Service
    origin: Origin
    endpoint_url = ""

    @property
    def api(self) -> _Client:
        return self

    def page_fetcher(self, *_: object, **__: object) -> _Client:
        return self

    async def typed(self, catalog: str, token: str | None) -> FetchedPage[str, str]:
        return await self.service.typed(self.origin, catalog, token)


def origins(accounts: Iterable[str], each: int = 1) -> tuple[Origin, ...]:
    return tuple(
        Origin(
            source=Source("AWS", label=f"{account}-{number}", account=account),
            service="partnercentral-account",
            listing="ListConnections",
            operation="ListConnections",
        )
        for account in accounts
        for number in range(each)
    )


async def collected(
    service: Service, sources: tuple[Origin, ...], limits: Limits, *, pause: float = 0.0, observer: Any = None
) -> tuple[list[str], Any, dict[str, float]]:
    """Collect everything; gives the items, the report, and when each account had its last item."""
    listings = {"ListConnections": account.listings.list_connections()}
    spec = Spec(
        listings=listings,
        plan=Plan(sources=sources, concurrency=limits.concurrency, buffer_pages=0, on_error="report"),
        reports_malformed=False,
        ignores=lambda _: False,
        limits=limits,
        checkpoint=None,
        checkpoint_max_age=timedelta(hours=1),
        restart=False,
        observer=observer,
        starts=check_since(listings, sources, None, overlap=OVERLAP, whole=(), digests=digests),
        open_pool=lambda: cast("Any", Pool(service, {origin.source: origin for origin in sources})),
    )

    began, items, ended = anyio.current_time(), [], {}
    async with CollectionStream(spec, CollectionView(items_of)) as stream:
        async for origin, item in stream:
            items.append(item)
            ended[origin.account] = anyio.current_time() - began
            if pause:
                await anyio.sleep(pause)
    return items, stream.report, ended


def in_virtual_time(main: Callable[[], Awaitable[T]]) -> T:
    """Run a function in an event loop whose clock jumps to the next time that anything waits for."""
    return anyio.run(main, backend="trio", backend_options={"clock": MockClock(autojump_threshold=0)})


def run(
    service: Service, sources: tuple[Origin, ...], limits: Limits, *, pause: float = 0.0, observer: Any = None
) -> tuple[list[str], Any, dict[str, float]]:
    """Collect everything in virtual time; see `collected`."""
    return in_virtual_time(partial(collected, service, sources, limits, pause=pause, observer=observer))
