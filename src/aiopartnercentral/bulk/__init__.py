"""Bulk work: many accounts, many catalogs, nothing lost.

sources -> Collection -> BulkStream: Queue -> Seats -> Walk -> Call -> Clients
                                     └> Ledger -> Checkpoint, BulkReport
                                     ├> pour -> Sink
                                     └> Teller -> log, observer, Telemetry
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
    from aiopartnercentral.bulk.client_pool import Clients as Clients
    from aiopartnercentral.bulk.collection import (
        BulkCollected as BulkCollected,
        Collection as Collection,
    )
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
        error_type as error_type,
    )
    from aiopartnercentral.bulk.instrumentation.opentelemetry import Telemetry as Telemetry
    from aiopartnercentral.bulk.limits import Limits as Limits
    from aiopartnercentral.bulk.origin import Origin as Origin
    from aiopartnercentral.bulk.report import (
        BulkReport as BulkReport,
        SourceReport as SourceReport,
    )
    from aiopartnercentral.bulk.source import (
        Source as Source,
        check_sources as check_sources,
    )
    from aiopartnercentral.bulk.spec import Listing as Listing
    from aiopartnercentral.bulk.stream import BulkStream as BulkStream
else:
    __getattr__, __dir__ = lazy_imports(globals())
