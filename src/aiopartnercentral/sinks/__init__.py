"""Where a bulk run puts what it collects: NDJSON, CSV and Parquet files, Arrow record batches and data frames.

A file appears whole or not at all, and an unfinished one can be gone on with, exactly where a position says. What is
optional is loaded when it is first used: pyarrow, zstandard, pandas, polars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.lazy import lazily

if TYPE_CHECKING:
    from aiopartnercentral.errors import SinkError
    from aiopartnercentral.sinks.arrow import arrow_schema, record_batches
    from aiopartnercentral.sinks.csv_sink import CsvSink
    from aiopartnercentral.sinks.frames import to_arrow, to_pandas, to_polars
    from aiopartnercentral.sinks.layout import item_class
    from aiopartnercentral.sinks.many import TemplateSink
    from aiopartnercentral.sinks.ndjson_sink import NdjsonSink
    from aiopartnercentral.sinks.opening import open_sink
    from aiopartnercentral.sinks.page import Page, Sink
    from aiopartnercentral.sinks.parquet_sink import ParquetSink

__all__ = [
    "CsvSink",
    "NdjsonSink",
    "Page",
    "ParquetSink",
    "Sink",
    "SinkError",
    "TemplateSink",
    "arrow_schema",
    "item_class",
    "open_sink",
    "record_batches",
    "to_arrow",
    "to_pandas",
    "to_polars",
]

_MODULES = {
    "CsvSink": "sinks.csv_sink",
    "NdjsonSink": "sinks.ndjson_sink",
    "Page": "sinks.page",
    "ParquetSink": "sinks.parquet_sink",
    "Sink": "sinks.page",
    "SinkError": "errors",
    "TemplateSink": "sinks.many",
    "arrow_schema": "sinks.arrow",
    "item_class": "sinks.layout",
    "open_sink": "sinks.opening",
    "record_batches": "sinks.arrow",
    "to_arrow": "sinks.frames",
    "to_pandas": "sinks.frames",
    "to_polars": "sinks.frames",
}

if not TYPE_CHECKING:  # which would take every name for a public one
    __getattr__ = lazily(globals(), _MODULES)


def __dir__() -> list[str]:
    return __all__
