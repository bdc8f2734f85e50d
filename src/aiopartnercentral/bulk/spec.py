"""The specification of a bulk collection, checked before anything is fetched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import attrs
import msgspec

from aiopartnercentral._pagination.report import versions_of
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.bulk.source import Origin
from aiopartnercentral.errors import EncodeError
from aiopartnercentral.types import Listing, NestedListing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    from aiopartnercentral._client import ServiceClient
    from aiopartnercentral._pagination.merge import Plan
    from aiopartnercentral._pagination.progress import Beginning
    from aiopartnercentral.bulk.checkpoint_object import CheckpointObject
    from aiopartnercentral.bulk.client_pool import ClientPool
    from aiopartnercentral.bulk.incremental import Start
    from aiopartnercentral.bulk.instrumentation.events import Observer
    from aiopartnercentral.bulk.limits import Limits
    from aiopartnercentral.bulk.source import Source
    from aiopartnercentral.types import JsonValue, Service

__all__ = ["Listings", "Question", "Spec", "client_class", "digests", "name_listings", "origins_of", "question"]

ItemT = TypeVar("ItemT")

Listings: TypeAlias = Listing[Any, ItemT] | Iterable[Listing[Any, ItemT]] | Mapping[str, Listing[Any, ItemT]]
"""One or several listings; a mapping sets their names."""


@attrs.frozen(kw_only=True)
class Spec:
    """The specification of a collection.

    Attributes:
        listings: the listings of every source, by name.
        plan: all sources, each with each listing, and the error policy.
        reports_malformed: whether malformed items are omitted and reported.
        ignores: returns whether a source that fails with an error is skipped.
        limits: the limits of concurrency, request rates, attempts and time.
        checkpoint: the file to resume from, or None.
        checkpoint_max_age: a run that began longer ago is not resumed.
        restart: whether to resume no run.
        observer: called with each event, or None.
        starts: where the run begins with each source.
        open_pool: creates the pool of clients.
        beginning: when the run began, if that was before its stream is made; otherwise None.
    """

    listings: Mapping[str, Listing[Any, Any]]
    plan: Plan[Origin]
    reports_malformed: bool
    ignores: Callable[[Exception], bool]
    limits: Limits
    checkpoint: Path | CheckpointObject | None
    checkpoint_max_age: timedelta
    restart: bool
    observer: Observer | None
    starts: Mapping[Origin, Start]
    open_pool: Callable[[], ClientPool]
    beginning: Beginning | None = None

    @property
    def services(self) -> tuple[str, ...]:
        """The names of the services, each once."""
        return tuple(dict.fromkeys(listing.service.name for listing in self.listings.values()))

    def only(self, name: str) -> Spec:
        """Return the same collection of one of its listings."""
        listing = self.listings[name]
        origins = tuple(origin for origin in self.plan.sources if origin.listing == name)
        return attrs.evolve(
            self,
            listings={name: listing},
            plan=attrs.evolve(self.plan, sources=origins, versions=versions_of([listing.service])),
            starts={origin: self.starts[origin] for origin in origins},
        )


@attrs.frozen(kw_only=True)
class Question:
    """The listings and sources of a collection; a checkpoint can only be resumed with the same ones.

    Attributes:
        listings: for each listing its service, its operation and the digests of its parameters.
        origins: all sources and listings.
    """

    listings: Mapping[str, tuple[str, str, Mapping[str, str]]]
    origins: Sequence[Origin]


def question(spec: Spec) -> Question:
    """Return the listings and sources of a collection, to be compared with those of an earlier run.

    Raises:
        EncodeError: a filter does not match the service model.
    """
    return Question(
        listings={
            name: (listing.service.name, listing.pagination.operation.name, _digests(listing))
            for name, listing in spec.listings.items()
        },
        origins=spec.plan.sources,
    )


def digests(listing: Listing[Any, Any]) -> dict[str, str]:
    """Return a digest of each parameter that decides which items a listing has; not of its page size and `max_items`.

    Raises:
        EncodeError: a filter does not match the service model.
    """
    filters = {name: value for name, value in listing.filters.items() if name != "page_size"}
    return _digests(attrs.evolve(listing, filters=filters, max_items=None))


def client_class(service: Service) -> type[ServiceClient]:
    """Return the generated client class of a service."""
    cls: type[ServiceClient] = import_module(f"{service.package}.client").Client
    return cls


def name_listings(given: Listings[Any]) -> dict[str, Listing[Any, Any]]:
    """Return the listings by name.

    Raises:
        TypeError: an item is not a listing, or its operation has no catalog.
        ValueError: there are no listings, or two have the same name.
    """
    named: list[tuple[str | None, object]]
    if isinstance(given, Mapping):
        named = [(str(name), listing) for name, listing in given.items()]
    elif isinstance(given, Iterable) and not isinstance(given, str | bytes):
        named = [(None, listing) for listing in given]
    else:
        named = [(None, given)]
    if not named:
        raise ValueError("listings must not be empty")
    listings: dict[str, Listing[Any, Any]] = {}
    for given_name, listing in named:
        checked = _check_listing(listing)
        name: str = given_name if given_name is not None else checked.pagination.operation.name
        if name in listings:
            raise ValueError(f"listings must not contain {name} twice; pass a mapping of names to listings")
        listings[name] = checked
    return listings


def origins_of(sources: Iterable[Source], listings: Mapping[str, Listing[Any, Any]]) -> tuple[Origin, ...]:
    """Return the origins: each source with each listing."""
    return tuple(
        Origin(
            source=source,
            service=listing.service.name,
            listing=name,
            operation=listing.pagination.operation.name,
        )
        for source in sources
        for name, listing in listings.items()
    )


def _check_listing(listing: object) -> Listing[Any, Any]:
    if not isinstance(listing, Listing):
        raise TypeError(
            f"listings must be listings, such as account.listings.list_connections(), not {type_name(listing)}"
        )
    if listing.pagination.catalog is None and not isinstance(listing, NestedListing):
        raise TypeError(
            f"listings must be of operations with a catalog, and {listing.pagination.operation.name} has none: "
            f"use client.paginate.{listing.pagination.method}() with a client for each account"
        )
    return listing


def _digests(listing: Listing[Any, Any]) -> dict[str, str]:
    """Return a digest of each parameter of a listing: checkpoints compare parameters without storing them."""
    further: dict[str, JsonValue] = {} if listing.max_items is None else {"max_items": listing.max_items}
    of_parent: dict[str, str] = {}
    asked = listing
    if isinstance(listing, NestedListing):
        asked = listing.of_parent(dict.fromkeys(listing.members, ""))  # text, as what a parent gives
        further |= {"members": dict(listing.members), "parent": listing.parent.pagination.operation.name}
        of_parent = {f"parent.{name}": digest for name, digest in _digests(listing.parent).items()}
    request = asked.request("AWS", None)
    cls = listing.pagination.operation.input
    params: Mapping[str, JsonValue] | None = client_class(listing.service).fast.encode(request, cls)
    parameters = {**(_encoded(listing, request, cls) if params is None else params), **further}
    digests = {
        name: hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:16]
        for name, value in sorted(parameters.items())
    }
    return digests | of_parent


def _encoded(listing: Listing[Any, Any], request: object, cls: type) -> Mapping[str, JsonValue]:
    converters = import_module(f"{listing.service.package}.converters")
    try:
        params: Mapping[str, JsonValue] = converters.botocore_converter.params(request, cls)
    except EncodeError as error:
        error.operation = listing.pagination.operation.name
        raise
    return params
