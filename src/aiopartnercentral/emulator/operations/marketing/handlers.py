"""The handlers of the service `marketing`; the emulator cannot make the archive that an export returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.operations import resources
from aiopartnercentral.emulator.operations.marketing import activation, assets, campaigns, social_connections, templates

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

    Handler = Callable[[RequestContext], bytes]

HANDLERS: Mapping[str, Handler] = {
    "BatchCreateCampaignAsset": assets.batch_create_campaign_asset,
    "CreateCampaign": campaigns.create_campaign,
    "CreateSocialConnectionAuthorizationUrl": social_connections.create_social_connection_authorization_url,
    "DeactivateCampaignAsset": activation.deactivate_campaign_asset,
    "DeleteCampaign": campaigns.delete_campaign,
    "DeleteCampaignAsset": assets.delete_campaign_asset,
    "DeleteSocialConnection": social_connections.delete_social_connection,
    "GetCampaign": campaigns.get_campaign,
    "GetCampaignAsset": assets.get_campaign_asset,
    "GetCampaignAssetActivationTask": activation.get_campaign_asset_activation_task,
    "GetCampaignTemplate": templates.get_campaign_template,
    "ListCampaignAssets": assets.list_campaign_assets,
    "ListCampaigns": campaigns.list_campaigns,
    "ListSocialConnections": social_connections.list_social_connections,
    "ListTagsForResource": resources.list_tags_for_resource,
    "SearchCampaignTemplates": templates.search_campaign_templates,
    "StartCampaignAssetActivationTask": activation.start_campaign_asset_activation_task,
    "TagResource": resources.tag_resource,
    "UntagResource": resources.untag_resource,
    "UpdateCampaign": campaigns.update_campaign,
    "UpdateCampaignAsset": assets.update_campaign_asset,
}
