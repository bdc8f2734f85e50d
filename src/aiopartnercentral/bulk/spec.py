"""What a bulk collection is to do, checked before anything is fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast, get_args

import attrs

from aiopartnercentral._client import ServiceClient, unconnected
from aiopartnercentral._pagination.merge import OnError, Plan
from aiopartnercentral._pagination.paginator import OnMalformed, Paginator, number, one_of
from aiopartnercentral.bulk.checkpoint import Question, digests
from aiopartnercentral.bulk.origin import Origin
from aiopartnercentral.bulk.source import Source, check_sources

if TYPE_CHECKING:
    from pathlib import Path

    from aiopartnercentral._pagination.page_fetcher import Fetcher
    from aiopartnercentral._pagination.page_iterator import FetchedPage
    from aiopartnercentral.bulk.client_pool import Clients
    from aiopartnercentral.bulk.instrumentation.events import Observer
    from aiopartnercentral.bulk.limits import Limits
    from aiopartnercentral.types import Pagination

__all__ = ["Job", "Listing", "Listings", "fetched", "make_plan", "name_listings"]

ItemT_co = TypeVar("ItemT_co", covariant=True)


class Paginated(Protocol[ItemT_co]):
    """A paginator, as far as the types of its items go."""

    async def __aenter__(self) -> AsyncIterator[tuple[str, ItemT_co]]:
        """Open a stream."""
        ...


class Listing(Protocol[ItemT_co]):
    """A method of the generated `Paginate`, or a partial of one with the filters bound: what is asked of every source.

    Examples: `account.Paginate.list_connections`, `partial(account.Paginate.list_connections, page_size=100)`.
    """

    def __call__(self, paginate: Any, /, *, catalogs: str, on_malformed: OnMalformed) -> Paginated[ItemT_co]:  # noqa: ANN401 - each service has its own
        """Return the paginator of one catalog."""
        ...


Listings = Iterable[Listing[ItemT_co]] | Mapping[str, Listing[ItemT_co]]
"""Several listings, by their operations' names or by names of one's own."""


@attrs.frozen(kw_only=True)
class Job:
    """What is to be done.

    Attributes:
        client_class: the class of all clients.
        listings: what is asked of every source, by name.
        paginations: how the answers to each of them go on, by the same names.
        max_items: how many items of each source are wanted, by the same names.
        plan: all sources, each with each listing, and what their failures do.
        on_malformed: what a malformed item does.
        ignored: tells a failure that makes its source a skipped one.
        limits: how much may be done at once, how fast, and for how long.
        checkpoint: the file to go on from, or None.
        observer: is told what happens, or None.
        clients: makes or lends the pool of clients.
    """

    client_class: type[ServiceClient]
    listings: Mapping[str, Listing[Any]]
    paginations: Mapping[str, Pagination[Any, Any, Any]]
    max_items: Mapping[str, int | None]
    plan: Plan[Origin]
    on_malformed: OnMalformed
    ignored: Callable[[Exception], bool]
    limits: Limits
    checkpoint: Path | None
    observer: Observer | None
    clients: Callable[[], Clients[Any]]

    def fetcher(self, origin: Origin, client: ServiceClient) -> Fetcher[Any, Any, Any]:
        """Return what fetches an origin's pages through a client."""
        return _fetcher(_paginator(self.listings[origin.listing], client, origin.catalog, self.on_malformed))

    def encoder(self) -> Callable[[object], Awaitable[bytes]]:
        """Return what encodes an item."""
        return self.fetcher(self.plan.sources[0], unconnected(self.client_class)).exchange.encoded

    async def question(self) -> Question:
        """Return what is asked, to be compared with what an earlier run has asked.

        Raises:
            EncodeError: an argument is not what the service model says.
        """
        client = unconnected(self.client_class)
        asked: dict[str, tuple[str, Mapping[str, str]]] = {}
        for origin in self.plan.sources:
            if origin.listing not in asked:
                fetcher, max_items = self.fetcher(origin, client), self.max_items[origin.listing]
                operation = fetcher.pagination.operation
                params = dict(await fetcher.exchange.params(operation, fetcher.request(origin.catalog, None)))
                params.pop("Catalog", None)
                if max_items is not None:
                    params["max_items"] = max_items
                asked[origin.listing] = (operation.name, digests(params))
        return Question(service=self.client_class.service.name, listings=asked, origins=self.plan.sources)


async def fetched(
    job: Job, origin: Origin, client: ServiceClient, token: str | None, *, raw: bool
) -> FetchedPage[Any, Any]:
    """Fetch a page of an origin through the client that it is lent, and keep nothing of that."""
    fetcher = job.fetcher(origin, client)
    return await (fetcher.raw if raw else fetcher.typed)(origin.catalog, token)


def make_plan(
    sources: str | Source | Iterable[str | Source],
    paginations: Mapping[str, Pagination[Any, Any, Any]],
    *,
    max_concurrency: int,
    buffer_pages: int,
    on_error: OnError,
) -> Plan[Origin]:
    """Return the plan of every listing of every source.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument has a value that is not allowed.
    """
    checked = check_sources(sources)
    return Plan(
        sources=tuple(
            Origin(source=source, listing=name, operation=pagination.operation.name)
            for source in checked
            for name, pagination in paginations.items()
        ),
        max_concurrency=max_concurrency,
        buffer_pages=number("buffer_pages", buffer_pages, least=0),
        on_error=one_of("on_error", on_error, get_args(OnError)),
    )


def name_listings(
    given: Listing[Any] | Listings[Any], client_class: type[ServiceClient]
) -> dict[str, tuple[Listing[Any], Pagination[Any, Any, Any], int | None]]:
    """Return the listings by name, each with how its answers go on and how many items are wanted of it.

    Raises:
        TypeError: one is no listing of the service.
        ValueError: there is none, two have the same name, or one says how it is to be collected.
    """
    client = unconnected(client_class)
    if isinstance(given, str):  # it would be one of letters
        raise _no_listing(given, client)
    named: list[tuple[str | None, Listing[Any]]]
    if isinstance(given, Mapping):
        named = list(cast("Mapping[str, Listing[Any]]", given).items())
    else:
        named = [(None, listing) for listing in (given if isinstance(given, Iterable) else [given])]
    if not named:
        raise ValueError("listings must name at least one listing")
    listings: dict[str, tuple[Listing[Any], Pagination[Any, Any, Any], int | None]] = {}
    for name, listing in named:
        paginator = _checked(listing, client)
        pagination = _fetcher(paginator).pagination
        key = pagination.operation.name if name is None else name
        if key in listings:
            raise ValueError(f"{key} is listed twice: give the listings names of their own, by a mapping")
        listings[key] = (listing, pagination, paginator.max_items)
    return listings


def _checked(listing: Listing[Any], client: ServiceClient) -> Paginator[Any, Any]:
    if not callable(listing):
        raise _no_listing(listing, client)
    paginator = _paginator(listing, client, "AWS", "raise")
    if not paginator.is_plain:
        raise ValueError(
            "a listing has what is asked of the service, and max_items; how it is collected is told to the collection"
        )
    return paginator


def _no_listing(given: object, client: ServiceClient) -> TypeError:
    return TypeError(f"a listing must be a method of {type(client).__module__}.Paginate, not {given!r}")


def _paginator(
    listing: Listing[Any],
    client: Any,  # noqa: ANN401 - the generated class
    catalog: str,
    on_malformed: OnMalformed,
) -> Paginator[Any, Any]:
    paginator: Any = listing(client.paginate, catalogs=catalog, on_malformed=on_malformed)
    if not isinstance(paginator, Paginator):
        raise TypeError(f"a listing must give a paginator, not {type(paginator).__name__}")
    return paginator


def _fetcher(paginator: Paginator[Any, Any]) -> Fetcher[Any, Any, Any]:
    if paginator.fetcher is None:
        raise TypeError("a listing must give a paginator of a generated client")
    return paginator.fetcher
