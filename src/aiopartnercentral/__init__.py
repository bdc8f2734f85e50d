"""Typed, concurrent access to AWS Partner Central, for asyncio applications and bulk jobs.

Each AWS service is a subpackage: `account`, `benefits`, `channel`, `marketing`, `revenue` and `selling`. The names
that they share are here. Each is imported on first use.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiopartnercentral import (
        account as account,
        benefits as benefits,
        channel as channel,
        marketing as marketing,
        revenue as revenue,
        selling as selling,
    )
    from aiopartnercentral._client import PaginateOptions as PaginateOptions
    from aiopartnercentral._modification.difference import Change as Change
    from aiopartnercentral._modification.modify import (
        Modification as Modification,
        NotModifiableError as NotModifiableError,
        modify as modify,
    )
    from aiopartnercentral._pagination.collected import Collected as Collected
    from aiopartnercentral._pagination.merge import Stream as Stream
    from aiopartnercentral._pagination.paginator import Items as Items, Paginator as Paginator
    from aiopartnercentral._pagination.report import (
        Cursor as Cursor,
        EarlierRun as EarlierRun,
        Outcome as Outcome,
        Report as Report,
        SourceReport as SourceReport,
        SourcesFailedError as SourcesFailedError,
    )
    from aiopartnercentral._pagination.source_report import SkippedParents as SkippedParents
    from aiopartnercentral._serialization.plain import to_dict as to_dict, to_json as to_json
    from aiopartnercentral._transport.call_events import (
        CallEvent as CallEvent,
        CallFinished as CallFinished,
        CallObserver as CallObserver,
        CallRetried as CallRetried,
        CallStarted as CallStarted,
    )
    from aiopartnercentral._transport.client_factory import add_models as add_models
    from aiopartnercentral._transport.options import (
        CallOptions as CallOptions,
        ClientOptions as ClientOptions,
        ConnectOptions as ConnectOptions,
    )
    from aiopartnercentral._utils.blocking import Blocking as Blocking, blocking as blocking
    from aiopartnercentral.emulator import Emulator as Emulator
    from aiopartnercentral.errors import (
        AioPartnerCentralError as AioPartnerCentralError,
        CheckpointError as CheckpointError,
        CredentialsError as CredentialsError,
        DecodeError as DecodeError,
        EncodeError as EncodeError,
        MalformedItemsError as MalformedItemsError,
        PaginationError as PaginationError,
        PositionError as PositionError,
        RedirectError as RedirectError,
        ResponseTooLargeError as ResponseTooLargeError,
        ServiceError as ServiceError,
        SinkError as SinkError,
        SourcesFileError as SourcesFileError,
        TimeExceededError as TimeExceededError,
    )
    from aiopartnercentral.types import (
        Listing as Listing,
        MalformedItem as MalformedItem,
        NestedListing as NestedListing,
        OpenEnum as OpenEnum,
        Request as Request,
        ResponseMetadata as ResponseMetadata,
        SkippedParent as SkippedParent,
        TransportInfo as TransportInfo,
        UnknownMember as UnknownMember,
    )
else:

    @cache
    def _exports() -> tuple:
        # Not imported with this module: another thread may be importing it for a generated package, which waits for
        # this module, so that the two would wait for each other.
        from aiopartnercentral._utils.lazy_imports import lazy_imports  # noqa: PLC0415

        return lazy_imports(globals())

    def __getattr__(name: str) -> object:
        return _exports()[0](name)

    def __dir__() -> list[str]:
        return _exports()[1]()


__version__ = "0.1.0"
