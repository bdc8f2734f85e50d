"""The handlers of the service `marketing`; the emulator serves neither templates nor assets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.operations import resources
from aiopartnercentral.emulator.operations.marketing import campaigns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

    Handler = Callable[[RequestContext], bytes]

HANDLERS: Mapping[str, Handler] = {
    "CreateCampaign": campaigns.create_campaign,
    "DeleteCampaign": campaigns.delete_campaign,
    "GetCampaign": campaigns.get_campaign,
    "ListCampaigns": campaigns.list_campaigns,
    "ListTagsForResource": resources.list_tags_for_resource,
    "TagResource": resources.tag_resource,
    "UntagResource": resources.untag_resource,
    "UpdateCampaign": campaigns.update_campaign,
}
