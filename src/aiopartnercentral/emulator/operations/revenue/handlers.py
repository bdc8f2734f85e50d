"""The handlers of the service `revenue-measurement`; the emulator does not serve the allocations of attributions."""

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
    "ListMarketplaceRevenueShareAllocations": shares.list_marketplace_revenue_share_allocations,
    "ListMarketplaceRevenueShares": shares.list_marketplace_revenue_shares,
    "ListRevenueAttributions": attributions.list_revenue_attributions,
    "ListTagsForResource": resources.list_tags_for_resource,
    "TagResource": resources.tag_resource,
    "UntagResource": resources.untag_resource,
    "UpdateMarketplaceRevenueShare": shares.update_marketplace_revenue_share,
    "UpdateMarketplaceRevenueShareAllocation": shares.update_marketplace_revenue_share_allocation,
    "UpdateRevenueAttribution": attributions.update_revenue_attribution,
}
