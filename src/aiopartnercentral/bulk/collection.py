"""`Collection`: a bulk collection as a stream, as a list, or into a sink."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, Unpack

import attrs

from aiopartnercentral._pagination.ignored_errors import ignoring
from aiopartnercentral._pagination.merge import Plan
from aiopartnercentral._pagination.page_iterator import items_of, items_together
from aiopartnercentral._pagination.paginator import OnError, OnMalformed, reports_malformed
from aiopartnercentral._pagination.progress import Beginning
from aiopartnercentral._pagination.report import Report, versions_of
from aiopartnercentral._transport.pickling import check_no_password, check_picklable
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.text import counted, listed
from aiopartnercentral._utils.threads import run_to_completion
from aiopartnercentral.bulk.arrow_stream import ArrowBatches, listing_table
from aiopartnercentral.bulk.blocking import Streams
from aiopartnercentral.bulk.checkpoint_object import check_checkpoint
from aiopartnercentral.bulk.client_pool import ClientPool, check_client_options
from aiopartnercentral.bulk.incremental import OVERLAP, Since, check_since, read_since
from aiopartnercentral.bulk.limits import Limits
from aiopartnercentral.bulk.sink_writer import SinkOpening, SinkPage, check_sink, page_for_sink, write_all
from aiopartnercentral.bulk.source import Origin, check_sources
from aiopartnercentral.bulk.spec import Listings, Spec, digests, name_listings, origins_of
from aiopartnercentral.bulk.stream import CollectionStream, CollectionView
from aiopartnercentral.sinks.base import begin_run
from aiopartnercentral.types import NestedListing

if TYPE_CHECKING:
    import os
    from collections.abc import Collection as AnyCollection, Iterable, Mapping, Sequence

    from aiopartnercentral._client import ClientOptions
    from aiopartnercentral._pagination.report import SourceReport
    from aiopartnercentral._transport.s3_options import S3Options
    from aiopartnercentral.bulk.instrumentation.events import Observer
    from aiopartnercentral.bulk.source import Source
    from aiopartnercentral.sinks import Sink
    from aiopartnercentral.types import Listing

__all__ = ["MAX_AGE", "Collection", "begin_at"]

ItemT = TypeVar("ItemT")
EntryT = TypeVar("EntryT")

MAX_AGE = timedelta(hours=12)

_LIMITS = validators.instance_of(Limits)
_OBSERVER = validators.optional(validators.observer())
_OBJECTS = {"observer", "config", "json_converter", "botocore_converter"}
"""The arguments that may be any object, and so one that cannot be pickled."""


class Collection(Streams[ItemT], Generic[ItemT]):
    """The items of many sources, each with its own credentials; they are fetched while a stream of it is open.

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

    It is lazy and can be collected any number of times, with a checkpoint only one at a time. The listings may be of
    several services, which share the sessions, the checkpoint and the limits of a run.

    It can be compared, and pickled for another process if its sources have profiles, roles or the default credentials:
    a pickle has no secrets.
    """

    _conversion = (
        "`(await collection.collect()).{name}()`, or `with collection.arrow().blocking() as stream:` and "
        "`pyarrow.table(stream)` in code that is not async"
    )

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
        checkpoint_s3: S3Options | None = None,
        checkpoint_max_age: timedelta = MAX_AGE,
        restart: bool = False,
        since: Since = None,
        overlap: timedelta = OVERLAP,
        whole: AnyCollection[str] = (),
        observer: Observer | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        """Check the arguments; nothing is fetched yet.

        Arguments:
            listings: what to list from each source: one listing or several, such as
                `account.listings.list_connections(page_size=100)`. To list one operation twice, pass a mapping of names
                to listings.
            sources: the sources; a plain catalog means a source with the default AWS credentials.
            limits: limits of concurrency, request rate, attempts and time; `Limits()` by default.
            on_error: what the failure of a source does. `"finish"` collects the others, then raises a
                `SourcesFailedError`, or a single source's own error. `"raise"` cancels the others at once and raises
                the error. `"report"` raises nothing; the report has the error.
            on_malformed: what an item that does not match the model does. `"raise"` fails its source; `"report"` omits
                it from its page, and the report has its JSON.
            ignore_errors: error codes or names of exception classes, such as `AccessDeniedException`; a source that
                fails with one of them is skipped.
            buffer_pages: maximum pages that wait for the consumer, in addition to those that `limits.concurrency`
                allows.
            checkpoint: a file in which progress is saved, or an object, such as `s3://bucket/run.json`. If it exists,
                the collection resumes from it; once everything is collected, it is deleted. Sources that the resumed
                run did not have join it, and those that are not given any more are left out.
            checkpoint_s3: for a checkpoint in S3, the credentials and other options.
            checkpoint_max_age: the progress of a run that began longer ago than this is discarded, so that the items of
                last night never pass for those of this night. A run is as old as the earliest one that it resumes.
            restart: whether to discard the progress of an earlier run in any case; only with a checkpoint.
            since: collect only what was modified at this time or later, or since an earlier run: its report, or the
                file with its JSON. A source that the report does not have, or that was never complete, is collected as
                a whole. Items that the earlier run gave are not given again unless they have changed.
            overlap: how long before that time to begin, so that changes that the service shows late are not lost.
            whole: names of listings to collect as a whole, as the service cannot filter them by time.
            observer: called with each event; see `bulk.Event`.
            options: the options of all clients; see `ClientOptions`.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: an argument has a value that is not allowed.
            OSError: the report cannot be read.
        """
        limits = Limits() if limits is None else _LIMITS("limits", limits)
        check_client_options("Collection()", options, Collection.__init__)
        if validators.flag("restart", restart) and checkpoint is None:
            raise ValueError("restart=True needs a checkpoint: without one, every run starts over")
        named = name_listings(listings)
        _check_rates(limits, named.values())
        origins = origins_of(check_sources(sources), named)
        since = read_since(since)
        plan = Plan(
            sources=origins,
            concurrency=limits.concurrency,
            buffer_pages=buffer_pages,
            on_error=on_error,
            versions=versions_of(listing.service for listing in named.values()),
        )
        spec = Spec(
            listings=named,
            plan=plan,
            reports_malformed=reports_malformed(on_malformed),
            ignores=ignoring(ignore_errors, [each.service for each in named.values()]),
            limits=limits,
            checkpoint=check_checkpoint(checkpoint, checkpoint_s3),
            checkpoint_max_age=validators.positive_duration("checkpoint_max_age", checkpoint_max_age),
            restart=restart,
            observer=_OBSERVER("observer", observer),
            starts=check_since(named, origins, since, overlap=overlap, whole=whole, digests=digests),
            open_pool=lambda: ClientPool(max_open=limits.sources, max_connections=limits.concurrency, **options),
        )
        super().__init__(spec, CollectionView(items_of), lambda: self.item_classes)
        self._arguments: Mapping[str, Any] = {
            "listings": named,
            "sources": tuple(dict.fromkeys(origin.source for origin in origins)),
            "limits": limits,
            "on_error": on_error,
            "on_malformed": on_malformed,
            "ignore_errors": frozenset(ignore_errors),
            "buffer_pages": buffer_pages,
            "checkpoint": None if checkpoint is None else str(spec.checkpoint),
            "checkpoint_s3": checkpoint_s3,
            "checkpoint_max_age": checkpoint_max_age,
            "restart": restart,
            "since": since,
            "overlap": overlap,
            "whole": frozenset(whole),
            "observer": observer,
            **options,
        }

    def __repr__(self) -> str:
        labels = dict.fromkeys(origin.label for origin in self.origins)
        return f"<Collection of {listed(self._spec.listings)} from {counted(len(labels), 'source')}: {listed(labels)}>"

    def _repr_html_(self) -> str:
        from aiopartnercentral._utils.html import ROWS, table, text  # noqa: PLC0415 - only in notebooks

        heads = ("source", "catalog", "account", "service", "listing")
        shown = [(each.label, each.catalog, each.account, each.service, each.listing) for each in self.origins[:ROWS]]
        rows = [[*map(text, row)] for row in shown]
        return table(heads, rows, caption=f"{self!r}".strip("<>"), total=len(self.origins), noun="source")

    def __eq__(self, other: object) -> bool:
        """Return whether the other one is a collection of the same listings and sources with the same options."""
        return self._compared == other._compared if isinstance(other, Collection) else NotImplemented

    def __hash__(self) -> int:
        """Return a hash of the sources."""
        return hash(self._arguments["sources"])

    @property
    def _compared(self) -> Mapping[str, Any]:
        since, config = self._arguments["since"], self._arguments.get("config")
        return {
            **self._arguments,
            "since": since.as_json() if isinstance(since, Report) else since,
            "config": None if config is None else vars(config),  # botocore's have no equality
        }

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the arguments.

        Raises:
            pickle.PicklingError: the pickle would have a secret, or an argument cannot be pickled; the message names
                the source or the argument.
        """
        check_no_password(self._arguments.get("config"))
        for name in _OBJECTS & self._arguments.keys():
            check_picklable(name, self._arguments[name])
        return partial(type(self), **self._arguments), ()

    @property
    def origins(self) -> Sequence[Origin]:
        """All sources, each with each listing."""
        return self._spec.plan.sources

    @property
    def pending(self) -> Mapping[Origin, SourceReport]:
        """The report of each source before a run, with the cursor of the earlier run."""
        return {origin: start.report for origin, start in self._spec.starts.items()}

    @property
    def item_classes(self) -> Mapping[str, Any]:
        """The class of each listing's items, by the listing's name; a union if they are of several classes."""
        return {name: listing.pagination.item() for name, listing in self._spec.listings.items()}

    @property
    def nested(self) -> Sequence[str]:
        """The names of the nested listings, whose items have a parent."""
        return [name for name, listing in self._spec.listings.items() if isinstance(listing, NestedListing)]

    def raw(self) -> Streams[bytes]:
        """Return a collection of the items as the bytes that the service sent, not checked against the model."""
        return Streams(self._spec, CollectionView(items_of, raw=True))

    def batches(self) -> Streams[Sequence[ItemT]]:
        """Return a collection of batches, each with the items of one page."""
        return Streams(self._spec, CollectionView(items_together))

    def arrow(self, listing: str | None = None) -> ArrowBatches:
        """Return a collection of Arrow record batches, each with the items of one page.

            async with collection.arrow() as batches:
                async for batch in batches:
                    print(batch.num_rows)
            print(batches.report)

        The columns are those of Parquet files: `source_label`, `source_catalog`, for a nested listing `source_parent`,
        and the attributes of the items. Each listing has its own schema, so only one is collected.

        Arguments:
            listing: the name of the listing; needed if the collection has several.

        Raises:
            ImportError: pyarrow is not installed.
            TypeError: `listing` is not a string.
            ValueError: there is no such listing, it is needed, or the collection has several and a checkpoint.
        """
        return ArrowBatches(self._spec, listing)

    def arrow_schema(self, listing: str | None = None) -> Any:  # noqa: ANN401 - pyarrow has no types
        """Return the `pyarrow.Schema` of the record batches of `arrow`, without a request.

        Arguments:
            listing: the name of the listing; needed if the collection has several.

        Raises:
            ImportError: pyarrow is not installed.
            TypeError: `listing` is not a string.
            ValueError: there is no such listing, or it is needed.
        """
        return listing_table(self._spec, listing).schema

    async def into(self, sink: Sink, *, save_every: float | None = None) -> Report[Origin]:
        """Collect everything into a sink, and return the report.

        The output is written atomically at the end of the run. It has what was collected of each source, even if the
        source failed after some pages: the report says which sources are complete. If every source failed, an earlier
        output is unchanged. With a checkpoint, the output has each item once, however often the
        process is killed or the power fails: a later run drops what was written after the checkpoint's position, and
        fetches it again. If the page token of a source has expired by then, the source restarts, and items in the
        output are recognised by their JSON.

        Arguments:
            sink: the sink to write, such as `sinks.open_sink("connections.parquet", cls=account.ConnectionSummary)`.
            save_every: seconds between two checkpoints; 0 for one after every page. By default 1 for a file, and 10 for
                an object in S3.

        Raises:
            TypeError, ValueError: `sink` is not a sink or cannot write these items, two files of the run are the same,
                or `save_every` is below 0.
            SourcesFailedError: with `"finish"`, if sources failed, after the others have been written; if there is one
                source, its own error.
            SinkError: the output cannot be written.
            CheckpointError: the checkpoint cannot be used.
            Exception: with `"raise"`, the first failure; an earlier output is unchanged.
        """
        beginning = self._spec.beginning or Beginning()
        begin_run(sink, beginning.wall)
        # In a thread, as it looks up links of every output.
        classes = self.item_classes
        await run_to_completion(partial(check_sink, sink, self.origins, classes, self._spec.checkpoint, save_every))
        spec, raises_at_end = attrs.evolve(self._spec, beginning=beginning), self._spec.plan.on_error == "finish"
        if raises_at_end:  # once the output is complete
            spec = attrs.evolve(spec, plan=attrs.evolve(spec.plan, on_error="report"))
        opening = SinkOpening(sink, spec.checkpoint)
        view: CollectionView[SinkPage] = CollectionView(
            page_for_sink, raw=sink.wants == "raw", into_sink=True, resume=opening.resume
        )
        async with opening, CollectionStream(spec, view) as stream:
            await write_all(stream, opening, save_every=save_every)
        report = stream.report
        error = report.as_error() if raises_at_end else None
        if error is not None:
            raise error
        return report


def begin_at(collection: Collection[Any], beginning: Beginning) -> None:
    """Set when the only run of a collection began, and its id."""
    collection._spec = attrs.evolve(collection._spec, beginning=beginning)  # noqa: SLF001 - of this module


def _check_rates(limits: Limits, listings: Iterable[Listing[Any, Any]]) -> None:
    """Raise `ValueError` for the rate of an unknown operation, which would have no effect."""
    services = {listing.service.name: listing.service for listing in listings}
    known = {operation.name for service in services.values() for operation in service.operations}
    for name in limits.rates.keys() - known:
        raise ValueError(f"limits.rates names {name!r}, which is not an operation of {' or '.join(services)}")
