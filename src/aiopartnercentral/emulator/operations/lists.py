"""The lists: pages of items that are encoded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.errors import invalid_field
from aiopartnercentral.emulator.operations import page_tokens
from aiopartnercentral.emulator.state.collection import Shelf, encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiopartnercentral.emulator.operations.context import Call

# The service does not publish how many items it returns when MaxResults is absent: the maximum shows most in a page.
DEFAULT_PAGE_SIZE = 100
# ListPartners has no MaxResults; its answer holds at most this many.
PARTNERS_PAGE_SIZE = 50

_TYPE_FILTERS = frozenset(
    f"{name}{status}" for name in ("OPPORTUNITY_COLLABORATION", "SUBSIDIARY") for status in ("", ":ACTIVE", ":CANCELED")
)


def _page(
    call: Call,
    shelf: Shelf,
    *,
    result_key: str,
    labels: Iterable[str] = (),
    default_size: int = DEFAULT_PAGE_SIZE,
) -> bytes:
    """Return one page of a list: already encoded items, joined.

    Arguments:
        call: the request; its page tokens are bound to account, operation and filters.
        shelf: where the items are.
        result_key: the answer's member that holds the items.
        labels: what every item of the list is labelled with.
        default_size: how many items there are in a page if the request does not say.
    """
    request = call.request
    indices = shelf.matching(frozenset(labels), frozenset(request.get("OtherParticipantIdentifiers", ())))
    identity = page_tokens.list_identity(f"{call.account}/{call.operation}", request)
    start = page_tokens.read_token(identity, request["NextToken"]) if "NextToken" in request else 0
    size = request.get("MaxResults", default_size)
    wanted = shelf.page(indices, start, size + 1)
    items = b",".join(shelf.summaries(wanted[:size]))
    more = b',"NextToken":' + encode(page_tokens.make_token(identity, wanted[size])) if len(wanted) > size else b""
    return b"".join((b'{"', result_key.encode(), b'":[', items, b"]", more, b"}"))


def list_connections(call: Call) -> bytes:
    """Return a page of connections.

    ConnectionType is a type, optionally narrowed by the status of that type: `SUBSIDIARY` or `SUBSIDIARY:ACTIVE`.
    OtherParticipantIdentifiers match the other account, or a profile that it shows in one of the connection's types.
    """
    labels = [call.request["ConnectionType"]] if "ConnectionType" in call.request else []
    if not _TYPE_FILTERS.issuperset(labels):
        message = f"must be one of {', '.join(sorted(_TYPE_FILTERS))}"
        raise invalid_field("ConnectionType", message, "INVALID_ENUM_VALUE")
    return _page(call, call.catalog.connections, result_key="ConnectionSummaries", labels=labels)


def list_connection_invitations(call: Call) -> bytes:
    """Return a page of invitations that pass all filters of the request."""
    names = ("ConnectionType", "Status", "ParticipantType")
    return _page(
        call,
        call.catalog.invitations,
        result_key="ConnectionInvitationSummaries",
        labels=[call.request[name] for name in names if name in call.request],
    )


def list_partners(call: Call) -> bytes:
    """Return a page of the account's partners."""
    return _page(call, call.catalog.partners, result_key="PartnerSummaryList", default_size=PARTNERS_PAGE_SIZE)
