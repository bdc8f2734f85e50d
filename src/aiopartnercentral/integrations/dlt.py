"""Collections as a source of dlt: a resource for each listing, merged into its table by the primary key.

dlt keeps the cursor of each source in the state of the listing's resource. It saves the state together with the rows
that were extracted, so a cursor never moves without them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, Unpack

import attrs

from aiopartnercentral._pagination.report import Report, SourceReport
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral._utils.text import listed
from aiopartnercentral.bulk.client_pool import check_client_options
from aiopartnercentral.bulk.collection import Collection
from aiopartnercentral.bulk.report_file import cursor_from_json
from aiopartnercentral.bulk.spec import name_listings
from aiopartnercentral.bulk.tables import TableMetadata, table_metadata

if TYPE_CHECKING:
    from collections.abc import Collection as AnyCollection, Iterable, Iterator, Mapping, MutableMapping

    from aiopartnercentral._client import ClientOptions
    from aiopartnercentral._pagination.paginator import OnMalformed
    from aiopartnercentral.bulk.instrumentation.events import Observer
    from aiopartnercentral.bulk.limits import Limits
    from aiopartnercentral.bulk.source import Origin, Source
    from aiopartnercentral.bulk.spec import Listings
    from aiopartnercentral.types import Listing

__all__ = ["dlt_source"]

OnFailure: TypeAlias = Literal["report", "raise"]

_REPORT: Final = "report"
_REPORT_KEY: Final = ("run_id", "label", "catalog", "listing")
_CURSORS: Final = "cursors"
_ON_ERROR = validators.one_of(["report", "raise"])


def dlt_source(
    listings: Listings[Any],
    sources: str | Source | Iterable[str | Source],
    *,
    name: str = "partner_central",
    on_error: OnFailure = "report",
    whole: AnyCollection[str] = (),
    schema_contract: str | Mapping[str, str] | None = None,
    limits: Limits | None = None,
    on_malformed: OnMalformed = "raise",
    ignore_errors: AnyCollection[str] = (),
    observer: Observer | None = None,
    **options: Unpack[ClientOptions],
) -> Any:  # noqa: ANN401 - dlt is optional
    """Return a `DltSource` with a resource for each listing, and a table `report` with a row for each source and run.

        pipeline = dlt.pipeline("partners", destination="duckdb", dataset_name="partners")
        pipeline.run(dlt_source(selling.listings.list_opportunities(), [Source("AWS", profile="ada")]))

    A resource has the name of its listing, and dlt makes the name of its table from it: `list_opportunities`. Rows are
    merged by the primary key of `bulk.table_metadata`, so a row that is loaded again is not there twice. Listings are
    collected one after the other, since they share the rate limits of the accounts.

    If the service can filter a listing by modification, each run collects only what has changed. Each source has a
    cursor of its own, which moves only when the source was complete: the first run in which a denied source is allowed
    collects all of it.

    Arguments:
        listings: what to list from each source, as for a `Collection`.
        sources: the sources, as for a `Collection`; none with an open client.
        name: the name of the source, and of its schema.
        on_error: what the failure of a source does. `"report"` loads what was collected of it and of the others, and
            the table `report` has the error. `"raise"` loads nothing of the run.
        whole: names of listings to collect as a whole in each run, although the service can filter them.
        schema_contract: the schema contract of all tables, such as `{"columns": "freeze"}`.
        limits: limits of concurrency, request rate, attempts and time; `Limits()` by default.
        on_malformed: what an item that does not match the model does; see `Collection`.
        ignore_errors: error codes or names of exception classes; a source that fails with one of them is skipped.
        observer: called with each event; see `bulk.Event`.
        options: the options of all clients; see `ClientOptions`.

    Raises:
        ImportError: dlt or pyarrow is not installed.
        TypeError: an argument is of a wrong type.
        ValueError: an argument has a value that is not allowed, a source has an open client, two listings would have
            the same table, or a listing has no primary key.
    """
    dlt = import_optional("dlt", extra="dlt")
    check_client_options("dlt_source()", options, dlt_source)
    given: dict[str, Any] = {
        "limits": limits,
        "on_error": "finish" if _ON_ERROR("on_error", on_error) == "raise" else "report",
        "on_malformed": on_malformed,
        "ignore_errors": ignore_errors,
        "observer": observer,
        **options,
    }
    named = name_listings(listings)
    collection = Collection(named, sources, **given)
    for each in validators.collection_of(validators.text, "names of listings")("whole", whole):
        if each not in named:
            raise ValueError(f"whole names {each!r}, which is not a listing of this source: {listed(named)}")
    turn = Lock()
    tables = [
        _Table(
            name=each,
            listing=listing,
            metadata=_metadata(each, listing),
            is_whole=each in whole,
            origins=[origin for origin in collection.origins if origin.listing == each],
            arguments=given,
            turn=turn,
        )
        for each, listing in named.items()
    ]
    for table in tables:
        table.collection({}).arrow().blocking()  # which checks the sources

    def resources() -> list[Any]:
        return [table.resource(dlt) for table in tables]

    made = dlt.source(resources, name=validators.text("name", name), section=name, schema_contract=schema_contract)()
    _check_names(made.schema.naming.normalize_table_identifier, named)
    return made


def _metadata(name: str, listing: Listing[Any, Any]) -> TableMetadata:
    metadata = table_metadata(listing)
    if not metadata.primary_key:
        raise ValueError(f"the listing {name} has no primary key, so its rows cannot be merged")
    return metadata


def _check_names(table_of: Any, names: Iterable[str]) -> None:  # noqa: ANN401 - a function of dlt
    """Raise `ValueError` for two listings with the same table."""
    owners = {_REPORT: "the reports"}
    for name in names:
        table = table_of(name)
        if table in owners:
            raise ValueError(f"the listing {name} would have the table {table}, as {owners[table]}: rename it")
        owners[table] = f"the listing {name}"


@attrs.frozen(kw_only=True, eq=False)
class _Table:
    """One listing, its sources, and the table into which dlt loads it.

    Attributes:
        name: the listing's name.
        listing: the listing.
        metadata: its primary key and cursor column.
        is_whole: whether each run collects all of it.
        origins: its sources.
        arguments: the further arguments of its collections.
        turn: is held by the listing that is being collected.
    """

    name: str
    listing: Listing[Any, Any]
    metadata: TableMetadata
    is_whole: bool
    origins: list[Origin]
    arguments: Mapping[str, Any] = attrs.field(repr=False)
    turn: Lock = attrs.field(repr=False)

    def resource(self, dlt: Any) -> Any:  # noqa: ANN401 - dlt is optional
        """Return the resource of dlt."""
        hints = dlt.mark.make_hints(table_name=_REPORT, write_disposition="merge", primary_key=_REPORT_KEY, columns={})
        key, newest = self.metadata.primary_key, self.metadata.cursor_column
        # Of two revisions of an item in one run, the last one counts.
        columns = None if newest is None else {newest: {"dedup_sort": "desc"}}

        def rows() -> Iterator[Any]:
            while not self.turn.acquire(blocking=False):
                yield None  # dlt asks the next resource
            try:
                state = dlt.current.resource_state()
                with self.collection(state).arrow().blocking() as stream:
                    for batch in stream:
                        yield _without_nulls(batch, key)
                    if not stream.report.items:
                        yield _without_nulls(stream.schema.empty_table(), key)  # so that the table exists
                _save_cursors(state, stream.report)
                report = _without_nulls(stream.report.to_arrow(), _REPORT_KEY)
                yield dlt.mark.with_hints(report, hints, create_table_variant=True)
            finally:
                self.turn.release()

        return dlt.resource(rows, name=self.name, primary_key=key, write_disposition="merge", columns=columns)

    def collection(self, state: Mapping[str, Any]) -> Collection[Any]:
        """Return a collection of what has changed since the cursors in the state of the resource.

        Raises:
            ValueError: the cursors are of another listing, or are none.
        """
        since = None
        if self.metadata.is_incremental and not self.is_whole:
            since = self._earlier_report(state.get(_CURSORS, {}))
        try:
            return Collection(
                {self.name: self.listing}, [origin.source for origin in self.origins], since=since, **self.arguments
            )
        except ValueError as error:
            if since is None:
                raise
            reason = str(error)
        raise ValueError(
            f"the state of the resource {self.name} does not fit: {reason}. To load all of it again, pass "
            "refresh='drop_resources' to pipeline.run()"
        )

    def _earlier_report(self, cursors: Mapping[str, Any]) -> Report[Origin]:
        """Return a report with the cursors of earlier runs, for `since`."""
        found = {
            origin: SourceReport(earlier_cursor=cursor_from_json(cursors[origin.label]["cursor"]))
            for origin in self.origins
            if origin.label in cursors and cursors[origin.label]["catalog"] == origin.catalog
        }
        return Report(sources=found, elapsed=0.0, run_id="", started_at=datetime.now(UTC))


def _save_cursors(state: MutableMapping[str, Any], report: Report[Origin]) -> None:
    """Keep where the next run of each source continues; sources that this run did not have keep their cursors."""
    cursors = {
        origin.label: {"catalog": origin.catalog, "cursor": cursor.as_json()}
        for origin in report.sources
        if (cursor := report.cursor(origin)) is not None
    }
    if cursors:
        state[_CURSORS] = {**state.get(_CURSORS, {}), **cursors}


def _without_nulls(rows: Any, key: Iterable[str]) -> Any:  # noqa: ANN401 - pyarrow has no types
    """Return rows whose schema says that the columns of the primary key are never null, as dlt expects it."""
    schema = rows.schema
    for name in key:
        position = schema.get_field_index(name)
        schema = schema.set(position, schema.field(position).with_nullable(nullable=False))
    return type(rows).from_arrays(rows.columns, schema=schema)
