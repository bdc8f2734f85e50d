"""Collect from many accounts at once, and write many rows: rate limits, retries, checkpoints, sinks and events.

sources, listings -> Collection -> CollectionStream ─┬> FairQueue -> PageIterator -> PageRequest -> ClientPool
                                                     ├> ProgressTracker -> Checkpoint, Report
                                                     ├> sink_writer -> Sink
                                                     └> instrumentation -> log, observer, Telemetry

source, rows -> Writes -> WriteStream ─┬> RowEncoder -> RowRequest -> RateLimiter, ClientPool
                                       ├> Journal
                                       └> WriteReport
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral._utils.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from aiopartnercentral._transport.credentials import (
        Credentials as Credentials,
        CredentialsProvider as CredentialsProvider,
        Role as Role,
    )
    from aiopartnercentral.bulk.arrow_stream import (
        ArrowBatches as ArrowBatches,
        ArrowStream as ArrowStream,
        BlockingArrowStream as BlockingArrowStream,
    )
    from aiopartnercentral.bulk.blocking import BlockingStream as BlockingStream
    from aiopartnercentral.bulk.client_pool import ClientPool as ClientPool
    from aiopartnercentral.bulk.collection import Collection as Collection
    from aiopartnercentral.bulk.config_file import load_sources as load_sources
    from aiopartnercentral.bulk.instrumentation.events import (
        Event as Event,
        Observer as Observer,
        PageFetched as PageFetched,
        Retried as Retried,
        RunFinished as RunFinished,
        RunStarted as RunStarted,
        SourceFinished as SourceFinished,
        SourceRestarted as SourceRestarted,
        SourceStarted as SourceStarted,
        Throttled as Throttled,
        combine as combine,
    )
    from aiopartnercentral.bulk.instrumentation.opentelemetry import Telemetry as Telemetry
    from aiopartnercentral.bulk.instrumentation.write_events import (
        RowFinished as RowFinished,
        RowRetried as RowRetried,
        WriteEvent as WriteEvent,
        WriteObserver as WriteObserver,
        WritesFinished as WritesFinished,
        WritesStarted as WritesStarted,
    )
    from aiopartnercentral.bulk.limits import Limits as Limits
    from aiopartnercentral.bulk.partitions import by_account as by_account
    from aiopartnercentral.bulk.report_file import load_report as load_report
    from aiopartnercentral.bulk.source import Origin as Origin, Source as Source, check_sources as check_sources
    from aiopartnercentral.bulk.tables import (
        TableMetadata as TableMetadata,
        table_metadata as table_metadata,
    )
    from aiopartnercentral.bulk.write_report import (
        RowOutcome as RowOutcome,
        RowResult as RowResult,
        RowsNotWrittenError as RowsNotWrittenError,
        WriteReport as WriteReport,
    )
    from aiopartnercentral.bulk.write_stream import WriteStream as WriteStream
    from aiopartnercentral.bulk.writes import Writes as Writes
    from aiopartnercentral.errors import error_type as error_type
else:
    __getattr__, __dir__ = lazy_imports(globals())
