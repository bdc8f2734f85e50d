"""The list operations: pages of cached JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.errors import invalid_field
from aiopartnercentral.emulator.operations import page_tokens, paging

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.collection import ItemCollection

# AWS does not publish the page size without MaxResults; this is the maximum.
DEFAULT_PAGE_SIZE = 100
# ListPartners has no MaxResults; its response holds at most this many.
PARTNERS_PAGE_SIZE = 50

_TYPE_FILTERS = frozenset(
    f"{name}{status}" for name in ("OPPORTUNITY_COLLABORATION", "SUBSIDIARY") for status in ("", ":ACTIVE", ":CANCELED")
)


def _page(
    context: RequestContext,
    collection: ItemCollection,
    *,
    result_key: str,
    labels: Iterable[str] = (),
    default_size: int = DEFAULT_PAGE_SIZE,
) -> bytes:
    """Return one page of a listing.

    Arguments:
        context: the request; its page tokens are bound to account, operation and filters.
        collection: the items.
        result_key: the member of the response that holds the items.
        labels: labels that every item must have.
        default_size: the page size without MaxResults.
    """
    request, wanted = context.request, frozenset(labels)
    others, size = frozenset(request.get("OtherParticipantIdentifiers", ())), request.get("MaxResults", default_size)
    if not wanted and not others:
        return paging.page(context, collection.indices, collection.summaries, result_key=result_key, size=size)
    key = page_tokens.list_key(context.service.name, context.account, context.operation, request)
    return paging.page_of_matches(
        context,
        lambda first, count: collection.select_from(
            key, lambda index: collection.has(index, wanted, others), first, count
        ),
        collection.summaries,
        result_key=result_key,
        size=size,
    )


def list_connections(context: RequestContext) -> bytes:
    """Return a page of connections.

    ConnectionType is a type, optionally narrowed by the status of that type: `SUBSIDIARY` or `SUBSIDIARY:ACTIVE`.
    OtherParticipantIdentifiers match the other account, or a profile that it shows in one of the connection's types.
    """
    labels = [context.request["ConnectionType"]] if "ConnectionType" in context.request else []
    if not _TYPE_FILTERS.issuperset(labels):
        message = f"must be one of {', '.join(sorted(_TYPE_FILTERS))}"
        raise invalid_field("ConnectionType", message, "INVALID_ENUM_VALUE")
    return _page(context, context.catalog.connections, result_key="ConnectionSummaries", labels=labels)


def list_connection_invitations(context: RequestContext) -> bytes:
    """Return a page of invitations that pass all filters of the request."""
    names = ("ConnectionType", "Status", "ParticipantType")
    return _page(
        context,
        context.catalog.invitations,
        result_key="ConnectionInvitationSummaries",
        labels=[context.request[name] for name in names if name in context.request],
    )


def list_partners(context: RequestContext) -> bytes:
    """Return a page of the account's partners."""
    return _page(context, context.catalog.partners, result_key="PartnerSummaryList", default_size=PARTNERS_PAGE_SIZE)
