"""Write collected items to NDJSON, CSV and Parquet files, or convert them to Arrow record batches and data frames.

Files are written atomically, and an interrupted run resumes at its last saved position. Optional dependencies
(pyarrow, zstandard, pandas, polars) are imported when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral._utils.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from aiopartnercentral._transport.s3_options import S3Options as S3Options
    from aiopartnercentral.errors import SinkError as SinkError
    from aiopartnercentral.sinks.arrow import (
        arrow_schema as arrow_schema,
        record_batches as record_batches,
    )
    from aiopartnercentral.sinks.base import (
        EarlierFile as EarlierFile,
        Page as Page,
        Sink as Sink,
    )
    from aiopartnercentral.sinks.dataframes import (
        to_arrow as to_arrow,
        to_pandas as to_pandas,
        to_polars as to_polars,
    )
    from aiopartnercentral.sinks.factory import open_sink as open_sink
    from aiopartnercentral.sinks.parquet import ParquetSink as ParquetSink
    from aiopartnercentral.sinks.partitioned import PartitionedSink as PartitionedSink
    from aiopartnercentral.sinks.schema import item_class as item_class
    from aiopartnercentral.sinks.text_files import CsvSink as CsvSink, NdjsonSink as NdjsonSink
else:
    __getattr__, __dir__ = lazy_imports(globals())
