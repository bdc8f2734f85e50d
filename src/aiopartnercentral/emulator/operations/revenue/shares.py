"""Marketplace revenue shares, and the allocations below them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import FieldProblem, conflict, invalid_state, validation_failed
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of
from aiopartnercentral.emulator.operations.resources import Resource, chosen, response
from aiopartnercentral.emulator.operations.revenue import allocations
from aiopartnercentral.emulator.state.clock import format_timestamp

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

_SHARES: Final = Resource("marketplace-revenue-share", "mrs", "Id", "Revision")
_PARENT: Final = "MarketplaceRevenueShareIdentifier"
_ID: Final = "MarketplaceRevenueShareAllocationId"
_ALLOCATIONS: Final = Resource("allocation", "mrsa", _ID, parent_member=_PARENT)


def _products(context: RequestContext) -> list[dict[str, Any]]:
    """Return the products of a request as a share tells them: with the numbers of their accounts."""
    products, problems = [], []
    for position, given in enumerate(context.request["Products"]):
        identifier = identifier_of(given["ProductId"])
        if list(context.service.validator.problems("MarketplaceProductId", identifier)):
            message = "must be the identifier or the ARN of a product"
            problems.append(FieldProblem(f"Products[{position}].ProductId", message, "INVALID_STRING_FORMAT"))
        accounts = [{**each, "Count": len(each["AccountIds"])} for each in given.get("Accounts", ())]
        products.append({"ProductId": identifier, **({"Accounts": accounts} if accounts else {})})
    if problems:
        raise validation_failed(problems)
    return products


def _shown(context: RequestContext, record: Record, item: dict[str, Any]) -> dict[str, Any]:
    """Return a revision of a share with what its allocations add to it."""
    below = (each.item for each in _ALLOCATIONS.children(context, record))
    return {**item, "LatestRevision": record.item["Revision"], **allocations.totals("MarketplaceRevenueShare", below)}


def create_marketplace_revenue_share(context: RequestContext) -> bytes:
    """Create a share of some products."""
    now = format_timestamp(context.now)
    members = {"Products": _products(context), "CreatedDate": now, "LastModifiedDate": now}
    return response(context, _SHARES.add(context, members, tags=context.request.get("Tags", ())))


def get_marketplace_revenue_share(context: RequestContext) -> bytes:
    """Return a revision of a share, by default the latest."""
    record = _SHARES.find(context, context.request["Identifier"])
    item = _SHARES.revision(record, context.request.get("Revision"))
    return response(context, _shown(context, record, item))


def update_marketplace_revenue_share(context: RequestContext) -> bytes:
    """Replace the products of a share; without any, it is closed for good."""
    record = _SHARES.find(context, context.request["Identifier"])
    _SHARES.check_revision(record, context.request["Revision"])
    if not record.item["Products"]:
        raise invalid_state("Identifier", "is of a closed share", "ACTION_NOT_PERMITTED")
    changes = {"Products": _products(context), "LastModifiedDate": format_timestamp(context.now)}
    return response(context, _shown(context, record, _SHARES.change(record, changes)))


def list_marketplace_revenue_shares(context: RequestContext) -> bytes:
    """Return a page of the caller's shares."""
    request = context.request
    wanted = {identifier_of(each) for each in request.get("Identifiers", ())}
    products = {identifier_of(each) for each in request.get("ProductIds", ())}

    def keep(item: dict[str, Any]) -> bool:
        ids = {each["ProductId"] for each in item["Products"]}
        return (
            is_one_of(item["Id"], wanted)
            and (not products or not products.isdisjoint(ids))
            # The emulator knows no code of a product.
            and not request.get("ProductCodes")
            and allocations.is_created_within(item, request)
        )

    return _SHARES.listed(
        context,
        result_key="MarketplaceRevenueShareSummaries",
        shape="MarketplaceRevenueShareSummary",
        keep=keep,
        order=allocations.by_update if "SortBy" in request else None,
        descending=request.get("SortOrder") == "DESCENDING",
        shown=lambda record: _shown(context, record, record.item),
        depends_on=_ALLOCATIONS.records(context).changes,
    )


def _allocated(context: RequestContext, share: Record, item: dict[str, Any]) -> bytes:
    """Return an allocation with the revisions of its share."""
    latest = share.item["Revision"]
    revisions = {"MarketplaceRevenueShareLatestRevision": latest, "MarketplaceRevenueShareRevision": latest}
    return response(context, {**item, **revisions})


def _check(context: RequestContext) -> None:
    """Raise EmulatedServiceError if something is wrong with the allocation of a request."""
    if wrong := list(allocations.problems(context.request)):
        raise validation_failed(wrong)


def create_marketplace_revenue_share_allocation(context: RequestContext) -> bytes:
    """Allocate a part of the revenue of a share for some months, which no other active allocation may have."""
    request, now = context.request, format_timestamp(context.now)
    share = _SHARES.find(context, request[_PARENT])
    _SHARES.check_revision(share, request["MarketplaceRevenueShareRevision"])
    _check(context)
    for each in _ALLOCATIONS.children(context, share):
        if each.item["Status"] == "ACTIVE" and allocations.overlaps(each.item, request):
            raise conflict("RESOURCE_ALREADY_EXISTS")
    members = {
        _PARENT: share.item["Id"],
        **chosen(context, "EffectiveFrom", "EffectiveUntil", "RevenueSharePercent"),
        "Status": "ACTIVE",
        "CreatedDate": now,
        "LastModifiedDate": now,
    }
    return _allocated(context, share, _ALLOCATIONS.add(context, members, parent=f"{_SHARES.path}/{share.item['Id']}"))


def _find_allocation(context: RequestContext) -> tuple[Record, Record]:
    """Return a share and one of its allocations."""
    share = _SHARES.find(context, context.request[_PARENT])
    record = _ALLOCATIONS.find(context, context.request[_ID])
    if record.item[_PARENT] != share.item["Id"]:
        raise _ALLOCATIONS.missing(context.request[_ID])
    return share, record


def get_marketplace_revenue_share_allocation(context: RequestContext) -> bytes:
    """Return one allocation."""
    share, record = _find_allocation(context)
    _SHARES.revision(share, context.request.get("MarketplaceRevenueShareRevision"))
    return _allocated(context, share, record.item)


def update_marketplace_revenue_share_allocation(context: RequestContext) -> bytes:
    """Change the percentage or the status of an allocation that has not begun."""
    share, record = _find_allocation(context)
    _SHARES.check_revision(share, context.request["MarketplaceRevenueShareRevision"])
    _check(context)
    if allocations.has_begun(record.item, context.now):
        raise invalid_state("EffectiveFrom", "is not in the future", "INVALID_VALUE")
    changes = {**chosen(context, "RevenueSharePercent", "Status"), "LastModifiedDate": format_timestamp(context.now)}
    return _allocated(context, share, _ALLOCATIONS.change(record, changes))


def list_marketplace_revenue_share_allocations(context: RequestContext) -> bytes:
    """Return a page of the allocations of a share."""
    request = context.request
    share = _SHARES.find(context, request[_PARENT])
    _SHARES.revision(share, request.get("MarketplaceRevenueShareRevision"))

    return _ALLOCATIONS.listed(
        context,
        result_key="MarketplaceRevenueShareAllocationSummaries",
        shape="MarketplaceRevenueShareAllocationSummary",
        keep=lambda item: allocations.is_effective_within(item, request),
        order=(lambda item: (item["EffectiveFrom"], item[_ID])) if "SortBy" in request else None,
        descending=request.get("SortOrder") == "DESCENDING",
        indices=_ALLOCATIONS.records(context).below(share.item["Id"]),
    )
