"""Marketplace revenue shares, and the allocations below them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import FieldProblem, conflict, invalid_state, validation_failed
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of, is_within
from aiopartnercentral.emulator.operations.resources import Resource, chosen
from aiopartnercentral.emulator.operations.revenue.orders import by_update, is_created_within
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.records import Record

_SHARES: Final = Resource("marketplace-revenue-share", "mrs", "Id", "Revision")
_ALLOCATIONS: Final = Resource("allocation", "mrsa", "MarketplaceRevenueShareAllocationId")
_PARENT: Final = "MarketplaceRevenueShareIdentifier"
_MOST_PERCENT: Final = 100


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
    allocations = [each.item for each in _below(context, record)]
    active = [each for each in allocations if each["Status"] == "ACTIVE"]
    members = {
        **item,
        "LatestRevision": record.item["Revision"],
        "TotalMarketplaceRevenueShareAllocationCount": len(allocations),
        "TotalActiveMarketplaceRevenueShareAllocationCount": len(active),
    }
    if active:
        members["EffectiveFrom"] = min(each["EffectiveFrom"] for each in active)
        members["EffectiveUntil"] = max(each["EffectiveUntil"] for each in active)
    return members


def _response(context: RequestContext, members: dict[str, Any]) -> bytes:
    shape = context.service.output_shape(context.operation) or ""
    return encode(context.service.validator.known(shape, members))


def create_marketplace_revenue_share(context: RequestContext) -> bytes:
    """Create a share of some products."""
    now = format_timestamp(context.now)
    members = {"Products": _products(context), "CreatedDate": now, "LastModifiedDate": now}
    return _response(context, _SHARES.add(context, members, tags=context.request.get("Tags", ())))


def get_marketplace_revenue_share(context: RequestContext) -> bytes:
    """Return a revision of a share, by default the latest."""
    record = _SHARES.find(context, context.request["Identifier"])
    item = _SHARES.revision(record, context.request.get("Revision"))
    return _response(context, _shown(context, record, item))


def update_marketplace_revenue_share(context: RequestContext) -> bytes:
    """Replace the products of a share."""
    record = _SHARES.find(context, context.request["Identifier"])
    _SHARES.check_revision(record, context.request["Revision"])
    changes = {"Products": _products(context), "LastModifiedDate": format_timestamp(context.now)}
    return _response(context, _shown(context, record, _SHARES.change(record, changes)))


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
            and is_created_within(item, request)
        )

    return _SHARES.listed(
        context,
        result_key="MarketplaceRevenueShareSummaries",
        shape="MarketplaceRevenueShareSummary",
        keep=keep,
        order=by_update if "SortBy" in request else None,
        descending=request.get("SortOrder") == "DESCENDING",
        shown=lambda record: _shown(context, record, record.item),
    )


def _below(context: RequestContext, share: Record) -> list[Record]:
    """Return the allocations of a share."""
    return [each for each in _ALLOCATIONS.records(context).values() if each.item[_PARENT] == share.item["Id"]]


def _check_dates(first: str, last: str) -> None:
    """Raise EmulatedServiceError unless an allocation lasts from the first day of a month to the last day of one."""
    problems = []
    begins, ends = _day(first), _day(last)
    if begins is None or begins.day != 1:
        problems.append(FieldProblem("EffectiveFrom", "must be the first day of a month", "INVALID_VALUE"))
    if ends is None or ends == date.max or (ends + timedelta(days=1)).day != 1:
        problems.append(FieldProblem("EffectiveUntil", "must be the last day of a month", "INVALID_VALUE"))
    elif begins is not None and ends < begins:
        problems.append(FieldProblem("EffectiveUntil", "must not be before EffectiveFrom", "INVALID_VALUE"))
    if problems:
        raise validation_failed(problems)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _check_percent(context: RequestContext) -> None:
    if float(context.request.get("RevenueSharePercent", 0)) > _MOST_PERCENT:
        message = f"must be at most {_MOST_PERCENT}"
        raise validation_failed([FieldProblem("RevenueSharePercent", message, "INVALID_VALUE")])


def _allocated(context: RequestContext, share: Record, item: dict[str, Any]) -> bytes:
    """Return an allocation with the revisions of its share."""
    latest = share.item["Revision"]
    revisions = {"MarketplaceRevenueShareLatestRevision": latest, "MarketplaceRevenueShareRevision": latest}
    return _response(context, {**item, **revisions})


def create_marketplace_revenue_share_allocation(context: RequestContext) -> bytes:
    """Allocate a part of the revenue of a share for some months, which no other active allocation may have."""
    request, now = context.request, format_timestamp(context.now)
    share = _SHARES.find(context, request[_PARENT])
    _SHARES.check_revision(share, request["MarketplaceRevenueShareRevision"])
    _check_dates(request["EffectiveFrom"], request["EffectiveUntil"])
    _check_percent(context)
    for each in _below(context, share):
        other = each.item
        overlaps = (
            other["EffectiveFrom"] <= request["EffectiveUntil"] and request["EffectiveFrom"] <= other["EffectiveUntil"]
        )
        if other["Status"] == "ACTIVE" and overlaps:
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
    record = _ALLOCATIONS.find(context, context.request["MarketplaceRevenueShareAllocationId"])
    if record.item[_PARENT] != share.item["Id"]:
        record = _ALLOCATIONS.find(context, "")
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
    _check_percent(context)
    if record.item["EffectiveFrom"] <= f"{context.now:%Y-%m-%d}":
        raise invalid_state("EffectiveFrom", "is not in the future", "INVALID_VALUE")
    changes = {**chosen(context, "RevenueSharePercent", "Status"), "LastModifiedDate": format_timestamp(context.now)}
    return _allocated(context, share, _ALLOCATIONS.change(record, changes))


def list_marketplace_revenue_share_allocations(context: RequestContext) -> bytes:
    """Return a page of the allocations of a share."""
    request = context.request
    share = _SHARES.find(context, request[_PARENT])
    _SHARES.revision(share, request.get("MarketplaceRevenueShareRevision"))

    def keep(item: dict[str, Any]) -> bool:
        return (
            item[_PARENT] == share.item["Id"]
            and item["Status"] == request.get("StatusFilter", item["Status"])
            and all(
                is_within(
                    item[name],
                    {key: request[f"{key}{name}"] for key in ("After", "Before") if f"{key}{name}" in request},
                    str,
                )
                for name in ("EffectiveFrom", "EffectiveUntil")
            )
        )

    return _ALLOCATIONS.listed(
        context,
        result_key="MarketplaceRevenueShareAllocationSummaries",
        shape="MarketplaceRevenueShareAllocationSummary",
        keep=keep,
        order=(lambda item: (item["EffectiveFrom"], item["MarketplaceRevenueShareAllocationId"]))
        if "SortBy" in request
        else None,
        descending=request.get("SortOrder") == "DESCENDING",
    )
