"""The handlers of the service `selling`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.operations.selling import (
    associations,
    bulk_jobs,
    customers,
    engagements,
    filters,
    invitations,
    opportunities,
    search,
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
    "CreateCustomerAccount": customers.create_customer_account,
    "CreateEngagement": engagements.create_engagement,
    "CreateEngagementContext": engagements.create_engagement_context,
    "CreateEngagementInvitation": invitations.create_engagement_invitation,
    "CreateOpportunity": opportunities.create_opportunity,
    "CreateResourceSnapshot": snapshots.create_resource_snapshot,
    "CreateResourceSnapshotJob": snapshots.create_resource_snapshot_job,
    "DeleteCustomerAccount": customers.delete_customer_account,
    "DeleteResourceSnapshotJob": snapshots.delete_resource_snapshot_job,
    "DisassociateOpportunity": associations.disassociate_opportunity,
    "GetAwsOpportunitySummary": opportunities.get_aws_opportunity_summary,
    "GetCustomerAccount": customers.get_customer_account,
    "GetCustomerAccountBulkJob": bulk_jobs.get_customer_account_bulk_job,
    "GetCustomerAccountBulkJobReportUrl": bulk_jobs.get_customer_account_bulk_job_report_url,
    "GetCustomerAccountStatistics": search.get_customer_account_statistics,
    "GetEngagement": engagements.get_engagement,
    "GetEngagementInvitation": invitations.get_engagement_invitation,
    "GetOpportunity": opportunities.get_opportunity,
    "GetOpportunityBulkJobReportUrl": bulk_jobs.get_opportunity_bulk_job_report_url,
    "GetProspectingFromEngagementTask": tasks.get_prospecting_from_engagement_task,
    "GetResourceSnapshot": snapshots.get_resource_snapshot,
    "GetResourceSnapshotJob": snapshots.get_resource_snapshot_job,
    "GetSellingSystemSettings": settings.get_selling_system_settings,
    "ListCustomerAccountBulkJobResults": bulk_jobs.list_customer_account_bulk_job_results,
    "ListCustomerAccountBulkJobs": bulk_jobs.list_customer_account_bulk_jobs,
    "ListEngagementByAcceptingInvitationTasks": tasks.list_engagement_by_accepting_invitation_tasks,
    "ListEngagementFromOpportunityTasks": tasks.list_engagement_from_opportunity_tasks,
    "ListEngagementGroups": search.list_engagement_groups,
    "ListEngagementInvitations": invitations.list_engagement_invitations,
    "ListEngagementMembers": engagements.list_engagement_members,
    "ListEngagementResourceAssociations": snapshots.list_engagement_resource_associations,
    "ListEngagements": engagements.list_engagements,
    "ListOpportunities": filters.list_opportunities,
    "ListOpportunityBulkJobResults": bulk_jobs.list_opportunity_bulk_job_results,
    "ListOpportunityBulkJobs": bulk_jobs.list_opportunity_bulk_jobs,
    "ListOpportunityFromEngagementTasks": tasks.list_opportunity_from_engagement_tasks,
    "ListProspectingFromEngagementTasks": tasks.list_prospecting_from_engagement_tasks,
    "ListResourceSnapshotJobs": snapshots.list_resource_snapshot_jobs,
    "ListResourceSnapshots": snapshots.list_resource_snapshots,
    "ListSolutions": filters.list_solutions,
    "ListTagsForResource": settings.list_tags_for_resource,
    "PutSellingSystemSettings": settings.put_selling_system_settings,
    "RejectEngagementInvitation": invitations.reject_engagement_invitation,
    "SearchCustomerAccounts": search.search_customer_accounts,
    "SearchEngagements": search.search_engagements,
    "SearchOpportunities": search.search_opportunities,
    "StartCustomerAccountBulkJob": bulk_jobs.start_customer_account_bulk_job,
    "StartEngagementByAcceptingInvitationTask": tasks.start_engagement_by_accepting_invitation_task,
    "StartEngagementFromOpportunityTask": tasks.start_engagement_from_opportunity_task,
    "StartOpportunityBulkJob": bulk_jobs.start_opportunity_bulk_job,
    "StartOpportunityFromEngagementTask": tasks.start_opportunity_from_engagement_task,
    "StartProspectingFromEngagementTask": tasks.start_prospecting_from_engagement_task,
    "StartResourceSnapshotJob": snapshots.start_resource_snapshot_job,
    "StopResourceSnapshotJob": snapshots.stop_resource_snapshot_job,
    "SubmitOpportunity": opportunities.submit_opportunity,
    "TagResource": settings.tag_resource,
    "UntagResource": settings.untag_resource,
    "UpdateCustomerAccount": customers.update_customer_account,
    "UpdateEngagementContext": engagements.update_engagement_context,
    "UpdateOpportunity": opportunities.update_opportunity,
}
