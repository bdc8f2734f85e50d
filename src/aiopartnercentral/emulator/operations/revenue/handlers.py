"""The handlers of the service `revenue-measurement`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.operations import resources
from aiopartnercentral.emulator.operations.revenue import attributions, shares

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

    Handler = Callable[[RequestContext], bytes]

HANDLERS: Mapping[str, Handler] = {
    "CreateMarketplaceRevenueShare": shares.create_marketplace_revenue_share,
    "CreateMarketplaceRevenueShareAllocation": shares.create_marketplace_revenue_share_allocation,
    "CreateRevenueAttribution": attributions.create_revenue_attribution,
    "GetMarketplaceRevenueShare": shares.get_marketplace_revenue_share,
    "GetMarketplaceRevenueShareAllocation": shares.get_marketplace_revenue_share_allocation,
    "GetRevenueAttribution": attributions.get_revenue_attribution,
    "GetRevenueAttributionAllocation": attributions.get_revenue_attribution_allocation,
    "GetRevenueAttributionAllocationsTask": attributions.get_revenue_attribution_allocations_task,
    "ListMarketplaceRevenueShareAllocations": shares.list_marketplace_revenue_share_allocations,
    "ListMarketplaceRevenueShares": shares.list_marketplace_revenue_shares,
    "ListRevenueAttributionAllocations": attributions.list_revenue_attribution_allocations,
    "ListRevenueAttributions": attributions.list_revenue_attributions,
    "ListTagsForResource": resources.list_tags_for_resource,
    "StartRevenueAttributionAllocationsTask": attributions.start_revenue_attribution_allocations_task,
    "TagResource": resources.tag_resource,
    "UntagResource": resources.untag_resource,
    "UpdateMarketplaceRevenueShare": shares.update_marketplace_revenue_share,
    "UpdateMarketplaceRevenueShareAllocation": shares.update_marketplace_revenue_share_allocation,
    "UpdateRevenueAttribution": attributions.update_revenue_attribution,
}
