"""Base classes of generated code, and types shared by requests, responses and listings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral._utils.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from aiopartnercentral.types.listings import (
        Listing as Listing,
        NestedListing as NestedListing,
    )
    from aiopartnercentral.types.messages import (
        MalformedItem as MalformedItem,
        Request as Request,
        Response as Response,
        ResponseMetadata as ResponseMetadata,
        SkippedParent as SkippedParent,
        Structure as Structure,
        TransportInfo as TransportInfo,
        Variant as Variant,
    )
    from aiopartnercentral.types.operations import (
        Operation as Operation,
        Pagination as Pagination,
        Service as Service,
        TimeFilter as TimeFilter,
    )
    from aiopartnercentral.types.unknown_values import (
        JsonValue as JsonValue,
        OpenEnum as OpenEnum,
        UnknownMember as UnknownMember,
        redacted as redacted,
    )
else:
    __getattr__, __dir__ = lazy_imports(globals())
