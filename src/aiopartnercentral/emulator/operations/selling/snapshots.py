"""Resource snapshots: what members of an engagement see of an opportunity, and the jobs that take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiopartnercentral.emulator.errors import conflict, invalid_field, not_found
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import moment
from aiopartnercentral.emulator.operations.selling.engagements import find_engagement
from aiopartnercentral.emulator.operations.selling.filters import list_items
from aiopartnercentral.emulator.operations.selling.opportunities import find_opportunity
from aiopartnercentral.emulator.operations.tagging import as_tags
from aiopartnercentral.emulator.seed.selling import TEMPLATE, arn
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext

_TEMPLATE_FIELD = "ResourceSnapshotTemplateIdentifier"


def create_resource_snapshot(context: RequestContext) -> bytes:
    """Take a snapshot of an opportunity of the caller."""
    request = context.request
    engagement = find_engagement(context, request["EngagementIdentifier"])
    opportunity = find_opportunity(context, request["ResourceIdentifier"])
    _check_template(request[_TEMPLATE_FIELD])
    snapshot = context.selling.take_snapshot(engagement["Id"], context.account, opportunity, context.now)
    return encode({"Arn": _shown(context, snapshot)["Arn"], "Revision": snapshot["Revision"]})


def _check_template(name: str) -> None:
    if name != TEMPLATE:
        raise invalid_field(_TEMPLATE_FIELD, f"must be {TEMPLATE}")


def _shown(context: RequestContext, snapshot: dict[str, Any]) -> dict[str, Any]:
    """Return a snapshot with the members of responses."""
    path = f"engagement/{snapshot['Engagement']}/resource/Opportunity/{snapshot['Resource']}/template/{TEMPLATE}"
    content = snapshot["Content"]
    return {
        "Catalog": context.selling.name,
        "Arn": arn(snapshot["CreatedBy"], context.selling.name, path, f"resource-snapshot/{snapshot['Revision']}"),
        "EngagementId": snapshot["Engagement"],
        "ResourceType": "Opportunity",
        "ResourceId": snapshot["Resource"],
        "ResourceSnapshotTemplateName": TEMPLATE,
        "Payload": {"OpportunitySummary": {**content, "Lifecycle": content["LifeCycle"]}},
        **{name: snapshot[name] for name in ("Revision", "CreatedBy", "CreatedAt")},
    }


def get_resource_snapshot(context: RequestContext) -> bytes:
    """Return one revision of a snapshot, by default the latest."""
    request, catalog = context.request, context.selling
    engagement = find_engagement(context, request["EngagementIdentifier"])
    _check_template(request[_TEMPLATE_FIELD])
    found = catalog.snapshots_of(engagement["Id"], request["ResourceIdentifier"])
    revision = request.get("Revision", len(found))
    if not 1 <= revision <= len(found):
        raise not_found("RESOURCE_SNAPSHOT_NOT_FOUND")
    shown = _shown(context, catalog.snapshots.item(found[revision - 1]))
    return encode(context.service.validator.known("GetResourceSnapshotResponse", shown))


def list_resource_snapshots(context: RequestContext) -> bytes:
    """Return a page of the snapshots of an engagement."""
    request, catalog = context.request, context.selling
    engagement = find_engagement(context, request["EngagementIdentifier"])
    has_template = request.get(_TEMPLATE_FIELD, TEMPLATE) == TEMPLATE

    def keep(item: dict[str, Any]) -> bool:
        return bool(
            has_template
            and item["Resource"] == request.get("ResourceIdentifier", item["Resource"])
            and item["CreatedBy"] == request.get("CreatedBy", item["CreatedBy"])
        )

    return list_items(
        context,
        catalog.snapshots,
        result_key="ResourceSnapshotSummaries",
        keep=keep,
        shape="ResourceSnapshotSummary",
        shown=lambda item: _shown(context, item),
        among=catalog.snapshots_in(engagement["Id"]),
    )


def list_engagement_resource_associations(context: RequestContext) -> bytes:
    """Return a page of the resources that have a snapshot in an engagement of which the caller is a member."""
    request, catalog = context.request, context.selling

    def keep(item: dict[str, Any]) -> bool:
        engagement = catalog.engagements.find(item["Engagement"])
        return (
            item["Revision"] == 1
            and engagement is not None
            and context.account in engagement["Members"]
            and item["Engagement"] == request.get("EngagementIdentifier", item["Engagement"])
            and item["Resource"] == request.get("ResourceIdentifier", item["Resource"])
            and item["CreatedBy"] == request.get("CreatedBy", item["CreatedBy"])
        )

    engagement = request.get("EngagementIdentifier")
    return list_items(
        context,
        catalog.snapshots,
        result_key="EngagementResourceAssociationSummaries",
        keep=keep,
        shape="EngagementResourceAssociationSummary",
        shown=lambda item: _shown(context, item),
        # Members of engagements change.
        state=catalog.engagements.changes,
        among=None if engagement is None else catalog.snapshots_in(engagement),
    )


def create_resource_snapshot_job(context: RequestContext) -> bytes:
    """Create a job, which has to be started."""
    request = context.request
    tags = as_tags(request.get("Tags", ()), "Tags")
    engagement = find_engagement(context, request["EngagementIdentifier"])
    opportunity = find_opportunity(context, request["ResourceIdentifier"])
    _check_template(request[_TEMPLATE_FIELD])
    wanted = (engagement["Id"], opportunity["Id"])
    if any((job["EngagementId"], job["ResourceId"]) == wanted for job in context.own.jobs_of(opportunity["Id"])):
        raise conflict("RESOURCE_HAS_A_JOB_IN_THE_ENGAGEMENT")
    job = make_job(context, engagement["Id"], opportunity, tags)
    return encode({"Id": job["Id"], "Arn": job["Arn"]})


def make_job(
    context: RequestContext, engagement: str, opportunity: dict[str, Any], tags: dict[str, str], status: str = "Stopped"
) -> dict[str, Any]:
    """Add a job, and return it."""
    identifier = context.selling.identifier("job")
    job = {
        "Catalog": context.selling.name,
        "Id": identifier,
        "Arn": arn(context.account, context.selling.name, "resource-snapshot-job", identifier),
        "Account": context.account,
        "EngagementId": engagement,
        "ResourceType": "Opportunity",
        "ResourceId": opportunity["Id"],
        "ResourceArn": opportunity["Arn"],
        "ResourceSnapshotTemplateName": TEMPLATE,
        "CreatedAt": format_timestamp(context.now),
        "Status": status,
    }
    context.own.add_job(job)
    context.own.tags[job["Arn"]] = tags
    return job


def _find_job(context: RequestContext) -> dict[str, Any]:
    job = context.own.jobs.find(identifier_of(context.request["ResourceSnapshotJobIdentifier"]))
    if job is None:
        raise not_found("RESOURCE_SNAPSHOT_JOB_NOT_FOUND")
    return job


def get_resource_snapshot_job(context: RequestContext) -> bytes:
    """Return one job."""
    return encode(context.service.validator.known("GetResourceSnapshotJobResponse", _find_job(context)))


def list_resource_snapshot_jobs(context: RequestContext) -> bytes:
    """Return a page of the caller's jobs."""
    request = context.request

    def keep(job: dict[str, Any]) -> bool:
        return bool(
            job["EngagementId"] == request.get("EngagementIdentifier", job["EngagementId"])
            and job["Status"] == request.get("Status", job["Status"])
        )

    return list_items(
        context,
        context.own.jobs,
        result_key="ResourceSnapshotJobSummaries",
        keep=keep,
        order=(lambda job: (moment(job["CreatedAt"]), job["Id"])) if "Sort" in request else None,
        shape="ResourceSnapshotJobSummary",
    )


def start_resource_snapshot_job(context: RequestContext) -> bytes:
    """Start a job: it takes a snapshot at once, and then after each change of the opportunity."""
    job = _find_job(context)
    find_engagement(context, job["EngagementId"])
    context.selling.run_job(job, context.now)
    return encode({})


def stop_resource_snapshot_job(context: RequestContext) -> bytes:
    """Stop a job; a stopped one stays stopped."""
    context.own.jobs.change(_find_job(context) | {"Status": "Stopped"})
    return encode({})


def delete_resource_snapshot_job(context: RequestContext) -> bytes:
    """Delete a stopped job."""
    job = _find_job(context)
    if job["Status"] != "Stopped":
        raise conflict("RESOURCE_SNAPSHOT_JOB_IS_RUNNING")
    context.own.jobs.remove(job["Id"])
    context.own.tags.pop(job["Arn"], None)
    return encode({})
