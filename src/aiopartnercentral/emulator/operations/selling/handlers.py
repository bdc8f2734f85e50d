"""The handlers of the service `selling`; the emulator does not serve its other operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.operations.selling import (
    associations,
    engagements,
    filters,
    invitations,
    opportunities,
    settings,
    snapshots,
    tasks,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

    Handler = Callable[[RequestContext], bytes]

HANDLERS: Mapping[str, Handler] = {
    "AcceptEngagementInvitation": invitations.accept_engagement_invitation,
    "AssignOpportunity": opportunities.assign_opportunity,
    "AssociateOpportunity": associations.associate_opportunity,
    "CreateEngagement": engagements.create_engagement,
    "CreateEngagementContext": engagements.create_engagement_context,
    "CreateEngagementInvitation": invitations.create_engagement_invitation,
    "CreateOpportunity": opportunities.create_opportunity,
    "CreateResourceSnapshot": snapshots.create_resource_snapshot,
    "CreateResourceSnapshotJob": snapshots.create_resource_snapshot_job,
    "DeleteResourceSnapshotJob": snapshots.delete_resource_snapshot_job,
    "DisassociateOpportunity": associations.disassociate_opportunity,
    "GetAwsOpportunitySummary": opportunities.get_aws_opportunity_summary,
    "GetEngagement": engagements.get_engagement,
    "GetEngagementInvitation": invitations.get_engagement_invitation,
    "GetOpportunity": opportunities.get_opportunity,
    "GetResourceSnapshot": snapshots.get_resource_snapshot,
    "GetResourceSnapshotJob": snapshots.get_resource_snapshot_job,
    "GetSellingSystemSettings": settings.get_selling_system_settings,
    "ListEngagementByAcceptingInvitationTasks": tasks.list_engagement_by_accepting_invitation_tasks,
    "ListEngagementFromOpportunityTasks": tasks.list_engagement_from_opportunity_tasks,
    "ListEngagementInvitations": invitations.list_engagement_invitations,
    "ListEngagementMembers": engagements.list_engagement_members,
    "ListEngagementResourceAssociations": snapshots.list_engagement_resource_associations,
    "ListEngagements": engagements.list_engagements,
    "ListOpportunities": filters.list_opportunities,
    "ListOpportunityFromEngagementTasks": tasks.list_opportunity_from_engagement_tasks,
    "ListResourceSnapshotJobs": snapshots.list_resource_snapshot_jobs,
    "ListResourceSnapshots": snapshots.list_resource_snapshots,
    "ListSolutions": filters.list_solutions,
    "ListTagsForResource": settings.list_tags_for_resource,
    "PutSellingSystemSettings": settings.put_selling_system_settings,
    "RejectEngagementInvitation": invitations.reject_engagement_invitation,
    "StartEngagementByAcceptingInvitationTask": tasks.start_engagement_by_accepting_invitation_task,
    "StartEngagementFromOpportunityTask": tasks.start_engagement_from_opportunity_task,
    "StartOpportunityFromEngagementTask": tasks.start_opportunity_from_engagement_task,
    "StartResourceSnapshotJob": snapshots.start_resource_snapshot_job,
    "StopResourceSnapshotJob": snapshots.stop_resource_snapshot_job,
    "SubmitOpportunity": opportunities.submit_opportunity,
    "TagResource": settings.tag_resource,
    "UntagResource": settings.untag_resource,
    "UpdateEngagementContext": engagements.update_engagement_context,
    "UpdateOpportunity": opportunities.update_opportunity,
}
