"""What a bulk collection is asked for, and what it gives: a stream, a list, or a filled sink."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack, get_args

from aiopartnercentral._client import ClientOptions, check_options
from aiopartnercentral._pagination.page_iterator import read_batch, read_items
from aiopartnercentral._pagination.paginator import OnError, OnMalformed, ignoring, one_of
from aiopartnercentral._pagination.reentrant import Reentrant
from aiopartnercentral._utils.validators import type_name
from aiopartnercentral.bulk.client_pool import Clients
from aiopartnercentral.bulk.limits import Limits
from aiopartnercentral.bulk.sink_writer import Poured, check_pouring, pour, read_poured
from aiopartnercentral.bulk.spec import Job, Listing, Listings, make_plan, name_listings
from aiopartnercentral.bulk.stream import BulkStream, View
from aiopartnercentral.errors import SourcesFailedError

if TYPE_CHECKING:
    import os
    from collections.abc import Collection as Several, Iterable, Mapping, Sequence

    from aiopartnercentral._client import ServiceClient
    from aiopartnercentral.bulk.instrumentation.events import Observer
    from aiopartnercentral.bulk.origin import Origin
    from aiopartnercentral.bulk.report import BulkReport
    from aiopartnercentral.bulk.source import Source
    from aiopartnercentral.sinks import Sink

__all__ = ["BulkCollected", "BulkSource", "Collection"]

ItemT = TypeVar("ItemT")
EntryT = TypeVar("EntryT")


class BulkCollected(list[tuple["Origin", EntryT]]):
    """The list of `(origin, entry)` that `collect` gives.

    Attributes:
        report: how far each source has come.
    """

    report: BulkReport


class BulkSource(Reentrant["BulkStream[EntryT]"], Generic[EntryT]):
    """Something that gives a new stream each time it is entered."""

    def __init__(self, job: Job, view: View[EntryT]) -> None:
        """Prepare to do the job."""
        super().__init__()
        self._job = job
        self._view = view

    def _stream(self) -> BulkStream[EntryT]:
        return BulkStream(self._job, self._view)

    async def collect(self) -> BulkCollected[EntryT]:
        """Collect everything into a list that has the report.

        Raises:
            Exception: whatever iterating over the stream raises. A `SourcesFailedError` holds what was collected.
        """
        collected: BulkCollected[EntryT] = BulkCollected()
        async with self as stream:
            try:
                async for entry in stream:
                    collected.append(entry)
            except SourcesFailedError as error:
                error.collected = collected
                raise
            finally:
                collected.report = stream.report
        return collected


class Collection(BulkSource[ItemT], Generic[ItemT]):
    """The items of many sources, each with a way of access of its own, fetched while one of its streams is open.

        collection = Collection(
            account.Client,
            [Source("AWS", profile="ada"), Source("AWS", role=Role(arn="arn:aws:iam::111122223333:role/partners"))],
            [account.Paginate.list_connections, account.Paginate.list_partners],
        )
        async with collection as stream:
            async for origin, item in stream:
                print(origin.label, origin.operation, item)
        print(stream.report)

    It is lazy, and can be used any number of times; with a checkpoint, one at a time.
    """

    def __init__(
        self,
        client_class: type[ServiceClient],
        sources: str | Source | Iterable[str | Source],
        listings: Listing[ItemT] | Listings[ItemT],
        *,
        limits: Limits | None = None,
        on_error: OnError = "finish",
        on_malformed: OnMalformed = "report",
        ignore_errors: Several[str] = (),
        buffer_pages: int = 0,
        checkpoint: str | os.PathLike[str] | None = None,
        observer: Observer | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        """Check the arguments; nothing is fetched yet.

        Arguments:
            client_class: the class of all clients, such as `account.Client`.
            sources: what to collect from; a plain catalog is accessed by the usual AWS credential chain.
            listings: what to ask of each source: one or several methods of the generated `Paginate`, or partials of
                them with filters, `page_size` and `max_items`. A mapping gives them names of their own, which an
                operation needs that is listed twice.
            limits: how much at once, how fast, and for how long; `Limits()` by default.
            on_error: what the failure of a source does. `"finish"` lets the others finish and then raises a
                `SourcesFailedError`; `"report"` raises nothing and leaves it to the report; `"raise"` stops the others
                at once and raises it.
            on_malformed: what an item does that is not what the model says: `"report"` leaves it out of its page, and
                the report has its JSON; `"raise"` fails its source.
            ignore_errors: codes of the service's errors, or names of exceptions, that make a source a skipped one
                rather than a failed one, such as `AccessDeniedException`.
            buffer_pages: how many pages may wait for the consumer, beside those that `limits.concurrency` allows.
            checkpoint: a file to which is written how far each source has come. If it is there, the collection goes on
                from it; once everything is collected, it is removed.
            observer: is called with each event; see `bulk.events`.
            options: what all clients are opened with; see `ClientOptions`.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: an argument has a value that is not allowed.
        """
        limits = Limits() if limits is None else limits
        if not isinstance(limits, Limits):
            raise TypeError(f"limits must be a Limits, not {type_name(limits)}")

        def clients() -> Clients[Any]:
            return Clients(client_class, max_open=limits.sources, **options)

        check_options("Collection()", options, ClientOptions)
        if observer is not None and not callable(observer):
            raise TypeError(f"observer must be a function of an event, not {type_name(observer)}")
        clients()  # what else is wrong is told now
        _check_limits(limits, client_class)
        named = name_listings(listings, client_class)
        paginations = {name: pagination for name, (_, pagination, _) in named.items()}
        plan = make_plan(
            sources, paginations, max_concurrency=limits.concurrency, buffer_pages=buffer_pages, on_error=on_error
        )
        job = Job(
            client_class=client_class,
            listings={name: listing for name, (listing, _, _) in named.items()},
            paginations=paginations,
            max_items={name: max_items for name, (_, _, max_items) in named.items()},
            plan=plan,
            on_malformed=one_of("on_malformed", on_malformed, get_args(OnMalformed)),
            ignored=ignoring(ignore_errors),
            limits=limits,
            checkpoint=None if checkpoint is None else Path(checkpoint),
            observer=observer,
            clients=clients,
        )
        super().__init__(job, View(read_items))

    @property
    def origins(self) -> Sequence[Origin]:
        """All sources, each with each listing."""
        return self._job.plan.sources

    @property
    def item_classes(self) -> Mapping[str, type]:
        """The class of each listing's items, by the listing's name; one whose items have no class is not there."""
        items = {name: pagination.item() for name, pagination in self._job.paginations.items()}
        return {name: item for name, item in items.items() if isinstance(item, type)}

    def raw(self) -> BulkSource[bytes]:
        """Give each item as the bytes that the service spelled; they are not held against the model."""
        return BulkSource(self._job, View(read_items, raw=True))

    def batches(self) -> BulkSource[Sequence[ItemT]]:
        """Give the items of each page in one piece."""
        return BulkSource(self._job, View(read_batch))

    async def into(self, sink: Sink, *, save_every: float = 1.0) -> BulkReport:
        """Collect everything into a sink, and return the report.

        The output appears when everything has been collected, or all that could be; where nothing but failures came, an
        earlier output is as it was. With a checkpoint it holds each item once, whenever and how often the process is
        killed: the checkpoint says how far the output is good, and what lies beyond is dropped and fetched again. That
        goes for a source as well whose page token has expired by then: what comes once more is recognised.

        Arguments:
            sink: where the items go, such as `sinks.open_sink("connections.parquet", cls=account.ConnectionSummary)`.
            save_every: seconds between two checkpoints; 0 for one after every page.

        Raises:
            TypeError, ValueError: it is no sink, or its output is the checkpoint, or `save_every` is not from 0 on.
            SourcesFailedError: under `"finish"`, what failed, once the output is complete without it.
            SinkError: the output cannot be written.
            CheckpointError: the checkpoint cannot be used.
            Exception: under `"raise"`, what the first source to fail has failed with; an earlier output is as it was.
        """
        check_pouring(sink, self._job.checkpoint, save_every)
        stream: BulkStream[Poured] = BulkStream(self._job, View(read_poured, raw=sink.wants == "raw", into_sink=True))
        async with stream:
            resumable = self._job.checkpoint is not None
            await pour(stream, sink, encode=self._job.encoder(), save_every=save_every, resumable=resumable)
        report = stream.report
        if report.failures and self._job.plan.on_error == "finish":
            raise SourcesFailedError(report.failures, report)
        return report


def _check_limits(limits: Limits, client_class: type[ServiceClient]) -> None:
    """Raise `ValueError` for the rate of an operation that there is not: nothing would ever be held to it."""
    service = client_class.service
    for name in limits.rates.keys() - {operation.name for operation in service.operations}:
        raise ValueError(f"limits.rates names {name!r}, which is no operation of {service.name}")
