"""What a bulk collection is asked for, and what it gives: a stream, a list, or a filled sink."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

import attrs

from aiopartnercentral._client import ClientOptions, check_options
from aiopartnercentral._pagination.merge import Plan
from aiopartnercentral._pagination.page_iterator import items_of, items_together
from aiopartnercentral._pagination.paginator import (
    Collectable,
    OnError,
    OnMalformed,
    ignoring,
    not_negative,
    on_error_check,
    reports_malformed,
)
from aiopartnercentral._utils import validators
from aiopartnercentral.bulk.client_pool import ClientPool
from aiopartnercentral.bulk.limits import Limits
from aiopartnercentral.bulk.sink_writer import SinkPage, check_sink, page_for_sink, write_all
from aiopartnercentral.bulk.source import Origin, check_sources
from aiopartnercentral.bulk.spec import Listings, Spec, name_listings, origins_of
from aiopartnercentral.bulk.stream import CollectionStream, CollectionView

if TYPE_CHECKING:
    import os
    from collections.abc import Collection as AnyCollection, Iterable, Mapping, Sequence

    from aiopartnercentral._pagination.report import Report
    from aiopartnercentral.bulk.instrumentation.events import Observer
    from aiopartnercentral.bulk.source import Source
    from aiopartnercentral.sinks import Sink
    from aiopartnercentral.types import Listing

__all__ = ["Collection"]

ItemT = TypeVar("ItemT")
EntryT = TypeVar("EntryT")

_LIMITS = validators.instance_of(Limits)
_OBSERVER = validators.optional(validators.function("a function of an event"))


class Collection(Collectable[Origin, ItemT], Generic[ItemT]):
    """The items of many sources, each with its own access, fetched while one of its streams is open.

        collection = Collection(
            [account.listings.list_connections(), account.listings.list_partners()],
            sources=[
                Source("AWS", profile="ada"),
                Source("AWS", role=Role(arn="arn:aws:iam::111122223333:role/partners")),
            ],
        )
        async with collection as stream:
            async for origin, item in stream:
                print(origin.label, origin.operation, item)
        print(stream.report)

    It is lazy, and can be used any number of times; with a checkpoint, one at a time. Its listings may be of several
    services: they share the sessions, the checkpoint and the limits of a run.
    """

    def __init__(
        self,
        listings: Listings[ItemT],
        sources: str | Source | Iterable[str | Source],
        *,
        limits: Limits | None = None,
        on_error: OnError = "finish",
        on_malformed: OnMalformed = "raise",
        ignore_errors: AnyCollection[str] = (),
        buffer_pages: int = 0,
        checkpoint: str | os.PathLike[str] | None = None,
        observer: Observer | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        """Check the arguments; nothing is fetched yet.

        Arguments:
            listings: what to list of each source: one listing or several, such as
                `account.listings.list_connections(page_size=100)`. A mapping gives them names of their own, which an
                operation needs that is listed twice.
            sources: what to collect from; a plain catalog stands for a source with the default AWS credentials.
            limits: how much at once, how fast, and for how long; `Limits()` by default.
            on_error: what the failure of a source does. `"finish"` lets the others finish and then raises a
                `SourcesFailedError`, or for a single source its own error; `"raise"` stops the others at once and
                raises it; `"report"` raises nothing and leaves it to the report.
            on_malformed: what an item that does not match the model does: `"raise"` fails its source; `"report"` leaves
                it out of its page, and the report has its JSON.
            ignore_errors: codes of the service's errors, or names of exceptions, that make a source a skipped one
                rather than a failed one, such as `AccessDeniedException`.
            buffer_pages: how many pages may wait for the consumer, besides those that `limits.concurrency` allows.
            checkpoint: a file in which progress is saved. If it exists, the collection resumes from it; once everything
                is collected, it is deleted.
            observer: is called with each event; see `bulk.Event`.
            options: the options of all clients; see `ClientOptions`.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: an argument has a value that is not allowed.
        """
        limits = Limits() if limits is None else _LIMITS("limits", limits)
        check_options("Collection()", options, ClientOptions)
        named = name_listings(listings)
        _check_rates(limits, named.values())
        plan = Plan(
            sources=origins_of(check_sources(sources), named),
            concurrency=limits.concurrency,
            buffer_pages=not_negative("buffer_pages", buffer_pages),
            on_error=on_error_check("on_error", on_error),
        )
        self._spec = Spec(
            listings=named,
            plan=plan,
            reports_malformed=reports_malformed(on_malformed),
            ignores=ignoring(ignore_errors),
            limits=limits,
            checkpoint=None if checkpoint is None else Path(checkpoint),
            observer=_OBSERVER("observer", observer),
            open_pool=lambda: ClientPool(max_open=limits.sources, **options),
        )
        super().__init__(lambda: CollectionStream(self._spec, CollectionView(items_of)))

    @property
    def origins(self) -> Sequence[Origin]:
        """All sources, each with each listing."""
        return self._spec.plan.sources

    @property
    def item_classes(self) -> Mapping[str, type]:
        """The class of each listing's items, by the listing's name; without those whose items are not of one class."""
        items = {name: listing.pagination.item() for name, listing in self._spec.listings.items()}
        return {name: item for name, item in items.items() if isinstance(item, type)}

    def raw(self) -> Collectable[Origin, bytes]:
        """Give each item as the bytes that the service sent; they are not checked against the model."""
        return Collectable(lambda: CollectionStream(self._spec, CollectionView(items_of, raw=True)))

    def batches(self) -> Collectable[Origin, Sequence[ItemT]]:
        """Give the items of each page in one piece."""
        return Collectable(lambda: CollectionStream(self._spec, CollectionView(items_together)))

    async def into(self, sink: Sink, *, save_every: float = 1.0) -> Report[Origin]:
        """Collect everything into a sink, and return the report.

        The output appears when everything has been collected, or everything that could be; if all sources failed, an
        earlier output stays as it was. With a checkpoint the output holds each item once, however often the process is
        killed: the checkpoint says up to where the output is good, and what lies beyond is discarded and fetched again.
        If the page token of a source has expired by then, its items are recognised by their JSON.

        Arguments:
            sink: where the items go, such as `sinks.open_sink("connections.parquet", cls=account.ConnectionSummary)`.
            save_every: seconds between two checkpoints; 0 for one after every page.

        Raises:
            TypeError, ValueError: it is not a sink, or its output is the checkpoint, or `save_every` is below 0.
            SourcesFailedError: under `"finish"`, what failed, once the output is complete without it; the error itself
                if there is one source.
            SinkError: the output cannot be written.
            CheckpointError: the checkpoint cannot be used.
            Exception: under `"raise"`, the first failure; an earlier output stays as it was.
        """
        check_sink(sink, self._spec.checkpoint, save_every)
        spec, raises_at_end = self._spec, self._spec.plan.on_error == "finish"
        if raises_at_end:  # once the output is complete
            spec = attrs.evolve(spec, plan=attrs.evolve(spec.plan, on_error="report"))
        view: CollectionView[SinkPage] = CollectionView(page_for_sink, raw=sink.wants == "raw", into_sink=True)
        async with CollectionStream(spec, view) as stream:
            await write_all(stream, sink, save_every=save_every, resumable=spec.checkpoint is not None)
        report = stream.report
        error = report.as_error() if raises_at_end else None
        if error is not None:
            raise error
        return report


def _check_rates(limits: Limits, listings: Iterable[Listing[Any, Any]]) -> None:
    """Raise `ValueError` for the rate of an unknown operation: nothing would ever be held to it."""
    services = {listing.service.name: listing.service for listing in listings}
    known = {operation.name for service in services.values() for operation in service.operations}
    for name in limits.rates.keys() - known:
        raise ValueError(f"limits.rates names {name!r}, which is not an operation of {' or '.join(services)}")
