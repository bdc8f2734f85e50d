"""The listings of `selling`: filters, orders and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from aiopartnercentral.emulator.operations import paging
from aiopartnercentral.emulator.operations.matching import is_one_of, is_within, moment
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from aiopartnercentral.emulator.operations.context import RequestContext
    from aiopartnercentral.emulator.state.collection import ItemCollection

Item = dict[str, Any]

DEFAULT_PAGE_SIZE: Final = 20
"""The size of a page without MaxResults, as AWS documents it for ListOpportunities."""
_MORE: Final = frozenset({"Catalog", "MaxResults", "NextToken"})
_encode_sorted: Final = msgspec.json.Encoder(order="sorted").encode


def is_filtered(request: Mapping[str, Any]) -> bool:
    """Return whether a request has other members than catalog, order and page."""
    return not _MORE.issuperset(request.keys() - {"Sort"})


def list_items(
    context: RequestContext,
    collection: ItemCollection,
    *,
    result_key: str,
    keep: Callable[[Item], bool] | None,
    order: Callable[[Item], Any] | None = None,
    descending: bool | None = None,
    shape: str | None = None,
    shown: Callable[[Item], Item] | None = None,
    kind: str = "",
    state: object = None,
    may_keep: Callable[[int], bool] | None = None,
    among: Sequence[int] | None = None,
) -> bytes:
    """Return a page of the items that pass the filters of a request, in its order.

    Arguments:
        context: the request.
        collection: the items.
        result_key: the member of the response that holds the items.
        keep: returns whether an item passes the filters; None if the request has none.
        order: returns what to sort an item by, which depends on it and `SortBy` alone; None for the order of the
            collection.
        descending: whether the order is descending; by default as the request says.
        shape: the shape of an item in the response; None for the summaries of the collection.
        shown: returns an item with the members that the collection does not have.
        kind: tells apart what `shown` returns for one item and shape.
        state: what the filters and the order depend on apart from items and request.
        may_keep: returns False for the index of an item that does not pass, without making it.
        among: the indices of the few items that can pass; no other item is visited.
    """
    request, size = context.request, context.request.get("MaxResults", DEFAULT_PAGE_SIZE)
    filters = {name: value for name, value in request.items() if name not in _MORE}
    key = _encode_sorted([context.account, context.operation, filters, state])

    known, reduce = context.service.validator.known, None
    if shape is not None:
        reduce = lambda item: known(shape, shown(item) if shown else item)  # noqa: E731 - it is an argument

    def summaries(indices: Sequence[int]) -> Iterable[bytes]:
        return collection.summaries(indices, f"{shape}{kind}" if reduce else "", reduce)

    def passes(index: int) -> bool:
        return (may_keep is None or may_keep(index)) and (keep is None or keep(collection.item(index)))

    if order is not None:
        is_asked = request.get("Sort", {}).get("SortOrder") == "DESCENDING"
        is_descending = is_asked if descending is None else descending
        name = f"{context.operation} {request.get('Sort', {}).get('SortBy')}"
        indices = collection.select(key, passes, order, name=name, descending=is_descending)
        return paging.page(context, indices, summaries, result_key=result_key, size=size, ascending=False)
    if (keep is None and may_keep is None) or among is not None:
        indices = collection.indices if among is None else [index for index in among if passes(index)]
        return paging.page(context, indices, summaries, result_key=result_key, size=size)
    return paging.page_of_matches(
        context,
        lambda first, count: collection.select_from(key, passes, first, count),
        summaries,
        result_key=result_key,
        size=size,
    )


def list_records(
    context: RequestContext,
    records: Sequence[Item],
    *,
    result_key: str,
    shape: str,
    size: int = DEFAULT_PAGE_SIZE,
) -> bytes:
    """Return a page of a few items, given in the order of their creation.

    Arguments:
        context: the request.
        records: the items that pass the filters.
        result_key: the member of the response that holds the items.
        shape: the shape of an item in it.
        size: the size of a page without MaxResults.
    """
    known = context.service.validator.known
    return paging.page(
        context,
        range(len(records)),
        lambda indices: [encode(known(shape, records[index])) for index in indices],
        result_key=result_key,
        size=context.request.get("MaxResults", size),
    )


def list_opportunities(context: RequestContext) -> bytes:
    """Return a page of the caller's opportunities."""
    request = context.request
    stages, reviews = request.get("LifeCycleStage"), request.get("LifeCycleReviewStatus")

    def keep(item: Item) -> bool:
        life_cycle, customer = item["LifeCycle"], item.get("Customer", {}).get("Account", {})
        return (
            is_one_of(item["Id"], request.get("Identifier"))
            and is_one_of(life_cycle.get("Stage"), stages)
            and is_one_of(life_cycle.get("ReviewStatus"), reviews)
            and is_one_of(customer.get("CompanyName"), request.get("CustomerCompanyName"))
            and is_within(moment(item["LastModifiedDate"]), request.get("LastModifiedDate"), moment)
            and is_within(moment(item["CreatedDate"]), request.get("CreatedDate"), moment)
            and is_within(life_cycle.get("TargetCloseDate"), request.get("TargetCloseDate"), str)
        )

    order = _OPPORTUNITY_ORDERS[request["Sort"]["SortBy"]] if "Sort" in request else None
    return list_items(
        context,
        context.own.opportunities,
        result_key="OpportunitySummaries",
        keep=keep if is_filtered(request) else None,
        order=order,
    )


_OPPORTUNITY_ORDERS: Final[Mapping[str, Callable[[Item], Any]]] = {
    "LastModifiedDate": lambda item: (moment(item["LastModifiedDate"]), item["Id"]),
    "CreatedDate": lambda item: (moment(item["CreatedDate"]), item["Id"]),
    "Identifier": lambda item: item["Id"],
    "CustomerCompanyName": lambda item: (
        item.get("Customer", {}).get("Account", {}).get("CompanyName", ""), item["Id"],
    ),
    "TargetCloseDate": lambda item: (item["LifeCycle"].get("TargetCloseDate", ""), item["Id"]),
}  # fmt: skip


def list_solutions(context: RequestContext) -> bytes:
    """Return a page of the caller's solutions."""
    request = context.request

    def keep(item: Item) -> bool:
        return (
            is_one_of(item["Id"], request.get("Identifier"))
            and is_one_of(item["Status"], request.get("Status"))
            and is_one_of(item["Category"], request.get("Category"))
            and is_one_of(item.get("AwsMarketplaceSolutionArn"), request.get("AwsMarketplaceSolutionArn"))
        )

    name = request["Sort"]["SortBy"] if "Sort" in request else None
    orders: Mapping[str | None, Callable[[Item], Any]] = {
        "CreatedDate": lambda item: (moment(item["CreatedDate"]), item["Id"]),
        "Identifier": lambda item: item["Id"],
    }
    order = None if name is None else orders.get(name, lambda item: (item[name], item["Id"]))
    return list_items(
        context,
        context.own.solutions,
        result_key="SolutionSummaries",
        keep=keep if is_filtered(request) else None,
        order=order,
    )
