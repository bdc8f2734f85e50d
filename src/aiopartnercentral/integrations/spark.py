"""Listings as data frames of Spark: a data source for Spark 4, and `frame` for Spark 3.5, too.

The sources are divided into partitions by account. A partition is read by one task, page by page, as Arrow record
batches. Neither the plan nor a task has a secret: the sources' credentials are found by the process that reads them.
"""

from __future__ import annotations

import json
import pickle
import re
from contextlib import suppress
from functools import partial
from importlib import import_module
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import attrs

from aiopartnercentral._pagination.explanations import message_of
from aiopartnercentral._serialization.members import attribute_types, without_none
from aiopartnercentral._utils import validators
from aiopartnercentral._utils.lazy_imports import import_optional
from aiopartnercentral._utils.text import listed
from aiopartnercentral.bulk.collection import Collection
from aiopartnercentral.bulk.config_file import load_sources
from aiopartnercentral.bulk.partitions import by_account
from aiopartnercentral.sinks.base import origin_columns
from aiopartnercentral.sinks.schema import unused_name
from aiopartnercentral.types import Listing, NestedListing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from aiopartnercentral.bulk.source import Origin, Source

__all__ = ["ERROR_COLUMN", "OnError", "data_source", "frame"]

OnError: TypeAlias = Literal["row", "raise"]
"""What the failure of a source does: it becomes a row, or the exception of its task, which Spark repeats."""

ERROR_COLUMN: Final = "source_error"
"""The column after those of the source; null except in the row of a source that failed."""

PARTITIONS: Final = 32
"""Maximum partitions by default: a task collects from several accounts at the same time."""

_OLDEST: Final = 4
"""The first version of Spark with data sources in Python."""
_ROOT: Final = "aiopartnercentral"
_OPTIONS: Final = ("sources", "listing", "filters", "onError", "partitions")
_SECRET: Final = re.compile("secret|passw|token|external_?id|access_?key|credential|session", re.IGNORECASE)
_OF_A_FILE: Final = ("checkpoint", "checkpoint_max_age", "restart")
_LISTING: Final = validators.instance_of(Listing, "a listing, such as account.listings.list_connections()")
_ON_ERROR: Final[validators.Check[OnError]] = validators.one_of(("row", "raise"))


def frame(
    spark: Any,  # noqa: ANN401 - pyspark is optional
    listing: Listing[Any, Any],
    sources: str | Source | Iterable[str | Source],
    *,
    on_error: OnError = "row",
    partitions: int = PARTITIONS,
    **options: Any,  # noqa: ANN401 - those of a collection
) -> Any:  # noqa: ANN401 - as above
    """Return a `DataFrame` of a listing, in Spark 3.5 and later.

        connections = frame(spark, account.listings.list_connections(), load_sources("sources.toml"))

    Nothing is requested until Spark reads it, and everything is requested again each time that it does so.

    Arguments:
        spark: the Spark session.
        listing: what to list.
        sources: the sources, each with a profile, a role or the default AWS credentials.
        on_error: `"row"` adds a row for each source that failed, with its error in the column `source_error`. `"raise"`
            raises the error, and Spark then repeats the task; there is no such column.
        partitions: maximum partitions; there are fewer if there are fewer accounts.
        options: further arguments of `Collection`, such as `limits` or `since`; no checkpoint.

    Raises:
        ImportError: pyspark or pyarrow is not installed.
        TypeError: an argument is of a wrong type.
        ValueError: an argument has a value that is not allowed.
        pickle.PicklingError: a source has a secret; the message names the source and the remedy.
    """
    scan = _scan(listing, sources, on_error=on_error, partitions=partitions, options=options)

    def read(batches: Iterable[Any]) -> Iterator[Any]:
        for batch in batches:
            for (number,) in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield from scan.read(number)

    schema = scan.spark_schema()
    return spark.range(0, len(scan.parts), 1, len(scan.parts)).mapInArrow(read, schema)


def data_source(
    listing: Listing[Any, Any] | None = None,
    sources: str | Source | Iterable[str | Source] | None = None,
    *,
    name: str = "partnercentral",
    on_error: OnError = "row",
    partitions: int = PARTITIONS,
    **options: Any,  # noqa: ANN401 - those of a collection
) -> Any:  # noqa: ANN401 - pyspark is optional
    """Return a class of a data source for `spark.dataSource.register`, in Spark 4.

        spark.dataSource.register(data_source(account.listings.list_connections(), sources, name="connections"))
        connections = spark.read.format("connections").load()

    Without a listing and sources, the options of the reader name them: `listing`, such as `account.list_connections`;
    `sources`, a file for `load_sources`; and optionally `filters` (JSON), `onError` and `partitions`. Spark finds that
    one by itself, as `partnercentral`.

    Arguments:
        listing: what to list.
        sources: the sources, each with a profile, a role or the default AWS credentials.
        name: the name for `format`.
        on_error: as for `frame`.
        partitions: as for `frame`.
        options: further arguments of `Collection`, such as `limits` or `since`; no checkpoint.

    Raises:
        ImportError: pyspark is older than 4.0, or pyspark or pyarrow is not installed.
        TypeError: an argument is of a wrong type, or only one of `listing` and `sources` is given.
        ValueError: an argument has a value that is not allowed.
        pickle.PicklingError: a source has a secret; the message names the source and the remedy.
    """
    version = import_optional("pyspark", extra="spark").__version__
    if int(version.partition(".")[0]) < _OLDEST:
        raise ImportError(
            f"a data source needs Spark {_OLDEST}.0, and pyspark is {version}: use frame()", name="pyspark"
        )
    engine = import_module("pyspark.sql.datasource")
    validators.text("name", name)
    if listing is None and sources is None:
        if options:
            raise TypeError(f"{listed(list(options))}: only with a listing and sources")
        return _source_class(engine, name, partial(_scan_of_options, on_error=on_error, partitions=partitions))
    if listing is None or sources is None:
        raise TypeError("listing and sources must be given together, or both as options of the reader")
    scan = _scan(listing, sources, on_error=on_error, partitions=partitions, options=options)
    return _source_class(engine, name, partial(_without_options, scan))


def _source_class(engine: Any, name: str, scan_of: Callable[[Mapping[str, str]], _Scan]) -> Any:  # noqa: ANN401 - pyspark is optional
    """Return the class of a data source, which Spark copies to its processes with what the function has bound."""
    reader_base: Any = engine.DataSourceReader
    source_base: Any = engine.DataSource
    partition: Any = engine.InputPartition

    class PartnerCentralReader(reader_base):  # type: ignore[misc] # pyspark is optional
        """Reads the partitions. Where pushdown is disabled, Spark refuses a reader that defines `pushFilters`."""

        def __init__(self, scan: _Scan) -> None:
            self._scan = scan

        def partitions(self) -> list[Any]:
            return [partition(number) for number in range(len(self._scan.parts))]

        def read(self, part: Any) -> Iterator[Any]:  # noqa: ANN401 - pyspark is optional
            return self._scan.read(part.value)

    class PartnerCentral(source_base):  # type: ignore[misc] # pyspark is optional
        """A listing of many accounts."""

        @classmethod
        def name(cls) -> str:
            return name

        def schema(self) -> Any:  # noqa: ANN401 - pyspark is optional
            return scan_of(self.options).spark_schema()

        def reader(self, schema: Any) -> PartnerCentralReader:  # noqa: ANN401 - pyspark is optional
            scan = scan_of(self.options)
            if schema != scan.spark_schema():
                raise ValueError("a listing has its own schema: leave out schema(), and select the columns instead")
            return PartnerCentralReader(scan)

    return PartnerCentral


@attrs.frozen
class _Scan:
    """A listing of sources in partitions.

    Attributes:
        parts: the pickled collection of each partition.
        schema: the `pyarrow.Schema` of the record batches.
        origin: how many columns say where an item is from; they come first.
        has_errors: whether the failure of a source is a row; a column for the error follows those of the origin.
    """

    parts: tuple[bytes, ...] = attrs.field(repr=False)
    schema: Any
    origin: int
    has_errors: bool

    def spark_schema(self) -> Any:  # noqa: ANN401 - pyspark is optional
        """Return the schema as a `StructType`."""
        return import_optional("pyspark.sql.pandas.types", extra="spark").from_arrow_schema(self.schema)

    def read(self, number: int) -> Iterator[Any]:
        """Yield the record batches of one partition, and at the end one with the sources that failed."""
        collection: Collection[Any] = pickle.loads(self.parts[number])  # noqa: S301 - `_scan` has made it
        with collection.arrow().blocking() as stream:
            for batch in stream:
                yield self._with_errors(batch) if self.has_errors else batch
            failures = stream.report.failures
        if failures:
            yield self._rows_of(failures)

    def _with_errors(self, batch: Any) -> Any:  # noqa: ANN401 - pyarrow has no types
        pa = import_optional("pyarrow", extra="arrow")
        columns = batch.columns
        columns.insert(self.origin, pa.nulls(batch.num_rows, pa.string()))
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)

    def _rows_of(self, failures: Mapping[Origin, Exception]) -> Any:  # noqa: ANN401 - pyarrow has no types
        label, catalog, error = (self.schema.names[number] for number in (0, 1, self.origin))
        rows = [
            {label: origin.label, catalog: origin.catalog, error: message_of(failure)}
            for origin, failure in failures.items()
        ]
        return import_optional("pyarrow", extra="arrow").RecordBatch.from_pylist(rows, schema=self.schema)


def _scan(
    listing: Listing[Any, Any],
    sources: str | Source | Iterable[str | Source],
    *,
    on_error: OnError,
    partitions: int,
    options: Mapping[str, Any],
) -> _Scan:
    pa = import_optional("pyarrow", extra="arrow")
    for name in _OF_A_FILE:
        if name in options:
            raise ValueError(f"{name}: a checkpoint is a local file, and Spark repeats tasks on other machines")
    _LISTING("listing", listing)
    has_errors = _ON_ERROR("on_error", on_error) == "row"
    collections: list[Collection[Any]] = [
        Collection(listing, group, on_error="report" if has_errors else "finish", **options)
        for group in by_account(sources, validators.count("partitions", partitions))
    ]
    schema = collections[0].arrow_schema()
    origin = len(origin_columns(source=True, parent=isinstance(listing, NestedListing)))
    if has_errors:
        column = pa.field(unused_name(ERROR_COLUMN, set(schema.names)), pa.string())
        schema = schema.insert(origin, column)
    return _Scan(tuple(map(pickle.dumps, collections)), schema, origin, has_errors)


def _without_options(scan: _Scan, options: Mapping[str, str]) -> _Scan:
    for key in options:
        raise ValueError(f"option {key!r} is unknown: this data source was made with its listing and sources")
    return scan


def _scan_of_options(options: Mapping[str, str], *, on_error: OnError, partitions: int) -> _Scan:
    """Return what the options of a reader name; their keys are case-insensitive.

    Raises:
        ValueError: an option is unknown, missing, or has a value that is not allowed; or it may be a secret, which the
            message does not show.
        SourcesFileError: the sources file is not valid.
        OSError: the sources file cannot be read.
    """
    known = {name.lower(): name for name in _OPTIONS}
    for key in options:
        if key.lower() not in known:
            if _SECRET.search(key):
                raise ValueError(
                    f"option {key!r} may be a secret, and Spark shows options in plans and logs: name a profile, a "
                    "role or external_id_env in the sources file instead"
                )
            raise ValueError(f"option {key!r} is unknown: allowed are {listed(list(_OPTIONS))}")
    given = {known[key.lower()]: value for key, value in options.items()}
    for name in ("sources", "listing"):
        if name not in given:
            examples = {"sources": "sources.toml", "listing": "account.list_connections"}
            raise ValueError(f"option {name} is missing; an example is {examples[name]!r}")
    if "partitions" in given:
        if not given["partitions"].isdecimal():
            raise ValueError("option partitions must be a number")
        partitions = int(given["partitions"])
    return _scan(
        _listing_of_options(given["listing"], given.get("filters", "{}")),
        load_sources(given["sources"]),
        on_error=_ON_ERROR("option onError", given.get("onError", on_error)),
        partitions=partitions,
        options={},
    )


def _listing_of_options(name: str, filters: str) -> Listing[Any, Any]:
    service, _, method = name.partition(".")
    services = sorted(each.name for each in files(_ROOT).iterdir() if each.joinpath("client.py").is_file())
    package = f"{_ROOT}.{validators.one_of(services)('the service in option listing', service)}"
    paginations = {each.method: each for each in import_module(f"{package}.operations").SERVICE.paginations}
    pagination = paginations[validators.one_of(paginations)("the name in option listing", method)]
    hints = attribute_types(pagination.operation.input) | {"max_items": int}
    converter = import_module(f"{package}.converters").json_converter
    values = {}
    for each, value in _json_object(filters).items():
        hint = hints.get(pagination.attributes.get(each, each), object)  # the listing refuses an unknown one
        values[each] = _converted(converter, each, value, hint)
    listing: Listing[Any, Any] = getattr(import_module(f"{package}.listings"), method)(**values)
    return listing


def _converted(converter: Any, name: str, value: object, hint: Any) -> Any:  # noqa: ANN401 - of the filter's type
    kind = without_none(hint)
    if kind is object or value is None:
        return value
    with suppress(Exception):  # hooks raise several, whose messages quote values
        return converter.get_structure_hook(kind)(value, kind)
    raise ValueError(f"option filters: {name} does not match the service model")


def _json_object(text: str) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
        if isinstance(value, dict):
            return value
    raise ValueError("""option filters must be a JSON object, such as {"connection_type": "SUBSIDIARY"}""")
