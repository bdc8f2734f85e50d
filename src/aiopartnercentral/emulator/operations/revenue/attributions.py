"""Revenue attributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import conflict
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of
from aiopartnercentral.emulator.operations.resources import Resource, chosen
from aiopartnercentral.emulator.operations.revenue.orders import by_update, is_created_within
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext

_ATTRIBUTIONS: Final = Resource("revenue-attribution", "ra", "Id", "Revision")


def _shown(context: RequestContext, item: dict[str, Any], latest: dict[str, Any]) -> bytes:
    """Return a revision of an attribution as the response of the operation."""
    shape = context.service.output_shape(context.operation) or ""
    return encode(context.service.validator.known(shape, {**item, "LatestRevision": latest["Revision"]}))


def create_revenue_attribution(context: RequestContext) -> bytes:
    """Create an attribution; its name must be unique in the account and the catalog."""
    request, now = context.request, format_timestamp(context.now)
    for record in _ATTRIBUTIONS.records(context).values():
        if (record.account, record.item["Name"]) == (context.account, request["Name"]):
            raise conflict("RESOURCE_ALREADY_EXISTS")
    product = request.get("ProductIdentifier")
    members = {
        **chosen(context, "Name", "Description", "TenancyModel", "Context"),
        **({"MarketplaceProduct": {"ProductId": identifier_of(product)}} if product and identifier_of(product) else {}),
        "CreatedDate": now,
        "LastModifiedDate": now,
    }
    item = _ATTRIBUTIONS.add(context, members, tags=request.get("Tags", ()))
    return _shown(context, item, item)


def get_revenue_attribution(context: RequestContext) -> bytes:
    """Return a revision of an attribution, by default the latest."""
    record = _ATTRIBUTIONS.find(context, context.request["Identifier"])
    item = _ATTRIBUTIONS.revision(record, context.request.get("Revision"))
    return _shown(context, item, record.item)


def update_revenue_attribution(context: RequestContext) -> bytes:
    """Change the description or the context of an attribution."""
    record = _ATTRIBUTIONS.find(context, context.request["Identifier"])
    _ATTRIBUTIONS.check_revision(record, context.request["Revision"])
    changes = {**chosen(context, "Description", "Context"), "LastModifiedDate": format_timestamp(context.now)}
    item = _ATTRIBUTIONS.change(record, changes)
    return _shown(context, item, item)


def list_revenue_attributions(context: RequestContext) -> bytes:
    """Return a page of the caller's attributions."""
    request = context.request
    wanted = {identifier_of(each) for each in request.get("Identifiers", ())}

    def keep(item: dict[str, Any]) -> bool:
        told = item.get("Context", {})
        return (
            is_one_of(item["Id"], wanted)
            and is_created_within(item, request)
            and all(
                each["Key"] in told and is_one_of(told[each["Key"]], each.get("Values"))
                for each in request.get("ContextFilters", ())
            )
        )

    return _ATTRIBUTIONS.listed(
        context,
        result_key="RevenueAttributionSummaries",
        shape="AttributionSummary",
        keep=keep,
        order=by_update if "SortBy" in request else None,
        descending=request.get("SortOrder") == "DESCENDING",
        shown=lambda record: {**record.item, "LatestRevision": record.item["Revision"]},
    )
