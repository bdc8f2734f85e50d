"""Bulk work: many accounts, many catalogs, nothing lost.

sources -> Collection -> BulkStream: Queue -> Seats -> Walk -> Call -> Clients
                                     └> Ledger -> Checkpoint, BulkReport
                                     ├> pour -> Sink
                                     └> Teller -> log, observer, Telemetry
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.lazy import lazily

if TYPE_CHECKING:
    from aiopartnercentral.access import Credentials, CredentialsProvider, Role
    from aiopartnercentral.bulk.clients import Clients
    from aiopartnercentral.bulk.collection import BulkCollected, Collection
    from aiopartnercentral.bulk.events import (
        Event,
        Observer,
        PageFetched,
        Retried,
        RunFinished,
        RunStarted,
        SourceFinished,
        SourceRestarted,
        SourceStarted,
        Throttled,
        combine,
        error_type,
    )
    from aiopartnercentral.bulk.job import Listing
    from aiopartnercentral.bulk.limits import Limits
    from aiopartnercentral.bulk.origin import Origin
    from aiopartnercentral.bulk.report import BulkReport, SourceReport
    from aiopartnercentral.bulk.source import Source, check_sources
    from aiopartnercentral.bulk.sources_file import load_sources
    from aiopartnercentral.bulk.stream import BulkStream
    from aiopartnercentral.bulk.telemetry import Telemetry

__all__ = [
    "BulkCollected",
    "BulkReport",
    "BulkStream",
    "Clients",
    "Collection",
    "Credentials",
    "CredentialsProvider",
    "Event",
    "Limits",
    "Listing",
    "Observer",
    "Origin",
    "PageFetched",
    "Retried",
    "Role",
    "RunFinished",
    "RunStarted",
    "Source",
    "SourceFinished",
    "SourceReport",
    "SourceRestarted",
    "SourceStarted",
    "Telemetry",
    "Throttled",
    "check_sources",
    "combine",
    "error_type",
    "load_sources",
]

_MODULES = {
    "BulkCollected": "bulk.collection",
    "BulkReport": "bulk.report",
    "BulkStream": "bulk.stream",
    "Clients": "bulk.clients",
    "Collection": "bulk.collection",
    "Credentials": "access",
    "CredentialsProvider": "access",
    "Event": "bulk.events",
    "Limits": "bulk.limits",
    "Listing": "bulk.job",
    "Observer": "bulk.events",
    "Origin": "bulk.origin",
    "PageFetched": "bulk.events",
    "Retried": "bulk.events",
    "Role": "access",
    "RunFinished": "bulk.events",
    "RunStarted": "bulk.events",
    "Source": "bulk.source",
    "SourceFinished": "bulk.events",
    "SourceReport": "bulk.report",
    "SourceRestarted": "bulk.events",
    "SourceStarted": "bulk.events",
    "Telemetry": "bulk.telemetry",
    "Throttled": "bulk.events",
    "check_sources": "bulk.source",
    "combine": "bulk.events",
    "error_type": "bulk.events",
    "load_sources": "bulk.sources_file",
}

if not TYPE_CHECKING:  # which would take every name for a public one
    __getattr__ = lazily(globals(), _MODULES)


def __dir__() -> list[str]:
    return __all__
