"""Typed, concurrent access to AWS Partner Central for asyncio services and bulk jobs.

The services are subpackages, such as `aiopartnercentral.account`. What they share is here, loaded when first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from aiopartnercentral.lazy import lazily

if TYPE_CHECKING:
    from aiopartnercentral import account
    from aiopartnercentral.client import ConnectOptions
    from aiopartnercentral.emulator import Emulator
    from aiopartnercentral.errors import (
        AioPartnerCentralError,
        CatalogsFailedError,
        CheckpointError,
        CredentialsError,
        DecodeError,
        EncodeError,
        MalformedItemsError,
        PaginationError,
        PositionError,
        ServiceError,
        SinkError,
        SourcesFailedError,
        SourcesFileError,
        TimeExceededError,
    )
    from aiopartnercentral.paging import Collected, Paginator, Stream
    from aiopartnercentral.report import CatalogReport, MalformedItem, Outcome, Progress, Report
    from aiopartnercentral.shapes import OpenEnum, Request, ResponseMetadata, UnknownMember

__version__ = "0.1.0"

__all__ = [
    "AioPartnerCentralError",
    "CatalogReport",
    "CatalogsFailedError",
    "CheckpointError",
    "Collected",
    "ConnectOptions",
    "CredentialsError",
    "DecodeError",
    "Emulator",
    "EncodeError",
    "MalformedItem",
    "MalformedItemsError",
    "OpenEnum",
    "Outcome",
    "PaginationError",
    "Paginator",
    "PositionError",
    "Progress",
    "Report",
    "Request",
    "ResponseMetadata",
    "ServiceError",
    "SinkError",
    "SourcesFailedError",
    "SourcesFileError",
    "Stream",
    "TimeExceededError",
    "UnknownMember",
    "__version__",
    "account",
]

_MODULES = {
    "AioPartnerCentralError": "errors",
    "CatalogReport": "report",
    "CatalogsFailedError": "errors",
    "CheckpointError": "errors",
    "Collected": "paging",
    "ConnectOptions": "client",
    "CredentialsError": "errors",
    "DecodeError": "errors",
    "Emulator": "emulator",
    "EncodeError": "errors",
    "MalformedItem": "report",
    "MalformedItemsError": "errors",
    "OpenEnum": "shapes",
    "Outcome": "report",
    "PaginationError": "errors",
    "Paginator": "paging",
    "PositionError": "errors",
    "Progress": "report",
    "Report": "report",
    "Request": "shapes",
    "ResponseMetadata": "shapes",
    "ServiceError": "errors",
    "SinkError": "errors",
    "SourcesFailedError": "errors",
    "SourcesFileError": "errors",
    "Stream": "paging",
    "TimeExceededError": "errors",
    "UnknownMember": "shapes",
}


if not TYPE_CHECKING:  # which would take every name for a public one
    _loaded = lazily(globals(), _MODULES)

    def __getattr__(name: str) -> object:
        return import_module(f"{__name__}.account") if name == "account" else _loaded(name)


def __dir__() -> list[str]:
    return __all__
