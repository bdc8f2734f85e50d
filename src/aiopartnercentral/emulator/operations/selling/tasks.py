"""Tasks: several steps that one request starts, and whose status is final later."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.errors import EmulatedServiceError, not_found
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.selling.engagements import add_context, find_engagement, make_engagement
from aiopartnercentral.emulator.operations.selling.filters import list_items
from aiopartnercentral.emulator.operations.selling.invitations import accept, aws_invitation, find_received, invite
from aiopartnercentral.emulator.operations.selling.opportunities import add_opportunity, find_opportunity, submit
from aiopartnercentral.emulator.operations.selling.snapshots import make_job
from aiopartnercentral.emulator.operations.tagging import as_tags
from aiopartnercentral.emulator.seed.selling import AWS, LONGER_SALT, arn, opportunity_payload, project
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from aiopartnercentral.emulator.operations.context import RequestContext

    Steps = Callable[[], dict[str, str]]

_FROM_OPPORTUNITY: Final = "EngagementFromOpportunity"
_BY_ACCEPTING: Final = "EngagementByAcceptingInvitation"
_FROM_ENGAGEMENT: Final = "OpportunityFromEngagement"
_PROSPECTING: Final = "ProspectingFromEngagement"
_TITLE_LENGTH: Final = 40
_INVITED: Final = ("PENDING", "ACCEPTED")
# As AWS's sample programs show it.
_LEAD_CLOSES: Final = timedelta(days=90)


class TaskError(Exception):
    """A task that has failed, with one of the model's reasons."""


def _start(context: RequestContext, kind: str, known: dict[str, str], reason: str, steps: Steps) -> bytes:
    """Execute the steps of a task, and return the response to its start, with what they have made.

    Arguments:
        context: the request.
        kind: the kind of the task.
        known: what is known of the task before its steps.
        reason: the reason for which the task fails if one of its steps is refused.
        steps: executes the task, and returns what it has made, or changes nothing.
    """
    as_tags(context.request.get("Tags", ()), "Tags")
    identifier = context.selling.identifier("task")
    task = {
        "Id": identifier,
        "TaskId": identifier,
        "TaskArn": arn(context.account, context.selling.name, "task", identifier),
        "StartTime": format_timestamp(context.now),
        **known,
    }
    outcome = {"TaskStatus": "FAILED"}
    try:
        task |= steps()
    except TaskError as failure:
        outcome |= {"ReasonCode": str(failure), "Message": "The task does not allow this"}
    except EmulatedServiceError as error:
        outcome |= {"ReasonCode": reason, "Message": error.message}
    else:
        outcome = {"TaskStatus": "COMPLETE"}
    ended, tasks = {**task, **outcome}, context.own.tasks[kind]
    task_time = context.state.task_time
    begun = {**task, "TaskStatus": "IN_PROGRESS"} if task_time else ended
    tasks.add(begun)
    if task_time:
        context.selling.schedule(context.now + task_time, lambda _: tasks.change(ended))
    return encode(context.service.validator.known(context.service.output_shape(context.operation) or "", begun))


def start_engagement_from_opportunity_task(context: RequestContext) -> bytes:
    """Start to share an opportunity with AWS: engagement, snapshots, invitation, and submission."""
    opportunity = find_opportunity(context, context.request["Identifier"])["Id"]
    submission, tags = context.request["AwsSubmission"], as_tags(context.request.get("Tags", ()), "Tags")

    def steps() -> dict[str, str]:
        item = find_opportunity(context, opportunity)
        # First, as it is all that can be refused.
        submit(context, opportunity, submission["InvolvementType"], submission.get("Visibility", "Full"))
        payload = project(item)
        contexts = [{"Id": "1", "Type": "CustomerProject", "Payload": {"CustomerProject": payload}}]
        job = next(iter(context.own.jobs_of(opportunity)), None)
        if job is not None:
            # One that comes from an engagement stays in it.
            engagement = find_engagement(context, job["EngagementId"])
        else:
            title = item["Project"]["Title"][:_TITLE_LENGTH]
            engagement = make_engagement(context, title, None, contexts, Opportunity=opportunity)
            job = make_job(context, engagement["Id"], item, tags, status="Running")
        context.selling.run_job(job, context.now)
        made = {"EngagementId": engagement["Id"], "ResourceSnapshotJobId": job["Id"]}
        latest = context.selling.invitation_of(engagement["Id"], AWS)
        if latest is None or latest["Status"] not in _INVITED:
            sent = invite(context, engagement, aws_invitation(opportunity_payload(item)))
            made["EngagementInvitationId"] = sent["Id"]
        return made

    known = {"OpportunityId": opportunity}
    return _start(context, _FROM_OPPORTUNITY, known, "OpportunitySubmissionFailed", steps)


def start_engagement_by_accepting_invitation_task(context: RequestContext) -> bytes:
    """Start to accept an invitation, and to create the opportunity that it is about."""
    invitation = find_received(context, context.request["Identifier"])["Id"]
    tags = as_tags(context.request.get("Tags", ()), "Tags")

    def steps() -> dict[str, str]:
        received = find_received(context, invitation)
        payload = received["Payload"].get("OpportunityInvitation")
        if payload is None:
            raise TaskError("InvitationValidationFailed")
        engagement = accept(context, received)
        item = add_opportunity(context, _from_invitation(payload), origin="AWS Referral", review="Approved", tags={})
        job = make_job(context, engagement["Id"], item, tags, status="Running")
        context.selling.run_job(job, context.now)
        return {"OpportunityId": item["Id"], "ResourceSnapshotJobId": job["Id"]}

    known = {"EngagementInvitationId": invitation}
    return _start(context, _BY_ACCEPTING, known, "EngagementInvitationConflict", steps)


def _from_invitation(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the members of an opportunity that an invitation tells."""
    customer, details = payload["Customer"], payload["Project"]
    members: dict[str, Any] = {
        "Customer": {
            "Account": {
                "Industry": customer["Industry"],
                "CompanyName": customer["CompanyName"],
                "WebsiteUrl": customer["WebsiteUrl"],
                "Address": {"CountryCode": customer["CountryCode"]},
            }
        },
        "Project": {
            "Title": details["Title"],
            "CustomerBusinessProblem": details["BusinessProblem"],
            "ExpectedCustomerSpend": details["ExpectedCustomerSpend"],
        },
        "LifeCycle": {"Stage": "Qualified", "TargetCloseDate": details["TargetCompletionDate"]},
    }
    if "OpportunityType" in payload:
        members["OpportunityType"] = payload["OpportunityType"]
    return members


def start_opportunity_from_engagement_task(context: RequestContext) -> bytes:
    """Start to create an opportunity from a lead of an engagement."""
    engagement = find_engagement(context, context.request["Identifier"])["Id"]
    wanted, tags = context.request["ContextIdentifier"], as_tags(context.request.get("Tags", ()), "Tags")

    def steps() -> dict[str, str]:
        contexts = find_engagement(context, engagement)["Contexts"]
        found = next((each for each in contexts if each["Id"] == wanted), None)
        if found is None:
            raise TaskError("ContextNotFound")
        if found["Type"] != "Lead":
            raise TaskError("CustomerProjectContextNotPermitted")
        lead = found["Payload"]["Lead"]
        if lead.get("QualificationStatus") == "Disqualified":
            raise TaskError("DisqualifiedLeadNotPermitted")
        members = _from_lead(context, lead)
        item = add_opportunity(context, members, origin="Partner Referral", review="Pending Submission", tags={})
        job = make_job(context, engagement, item, tags, status="Running")
        context.selling.run_job(job, context.now)
        return {"OpportunityId": item["Id"], "ResourceSnapshotJobId": job["Id"]}

    known = {"EngagementId": engagement, "ContextId": wanted}
    return _start(context, _FROM_ENGAGEMENT, known, "OpportunityValidationFailed", steps)


def _from_lead(context: RequestContext, lead: dict[str, Any]) -> dict[str, Any]:
    """Return the members of an opportunity that a lead tells, without values that are invalid there."""
    fitting = context.service.validator.fitting
    customer, latest = lead["Customer"], lead["Interactions"][-1]
    problem = latest.get("BusinessProblem")
    members: dict[str, Any] = {
        "Customer": {
            "Account": fitting("Account", customer),
            "Contacts": [fitting("Contact", latest["Contact"])],
        },
        "Project": {
            "Title": "Converted from Lead",
            "ExpectedCustomerSpend": [],
            **fitting("Project", {"CustomerBusinessProblem": problem}),
        },
        "NationalSecurity": "No",
        "OpportunityType": "Net New Business",
        "LifeCycle": {"Stage": "Prospect", "TargetCloseDate": f"{context.now + _LEAD_CLOSES:%Y-%m-%d}"},
    }
    if "Address" in customer:
        members["Customer"]["Account"]["Address"] = fitting("Address", customer["Address"])
    return members


def _list(context: RequestContext, kind: str, shape: str, filters: dict[str, str]) -> bytes:
    """Return a page of the caller's tasks of a kind.

    Arguments:
        context: the request.
        kind: the kind of the tasks.
        shape: the shape of a task in the response.
        filters: the member of a task that each list of identifiers in the request is about.
    """
    request = context.request

    def is_wanted(task: dict[str, Any]) -> bool:
        wanted: Sequence[str] = request.get("TaskStatus", ())
        return is_one_of(task["TaskStatus"], wanted) and all(
            is_one_of(task.get(member), [identifier_of(each) for each in request.get(name, ())])
            for name, member in filters.items()
        )

    return list_items(
        context,
        context.own.tasks[kind],
        result_key="TaskSummaries",
        keep=is_wanted,
        order=(lambda task: (moment(task["StartTime"]), task["Id"])) if "Sort" in request else None,
        shape=shape,
    )


def list_engagement_from_opportunity_tasks(context: RequestContext) -> bytes:
    """Return a page of the tasks that share an opportunity with AWS."""
    filters = {
        "TaskIdentifier": "TaskId",
        "OpportunityIdentifier": "OpportunityId",
        "EngagementIdentifier": "EngagementId",
    }
    return _list(context, _FROM_OPPORTUNITY, "ListEngagementFromOpportunityTaskSummary", filters)


def list_engagement_by_accepting_invitation_tasks(context: RequestContext) -> bytes:
    """Return a page of the tasks that accept an invitation."""
    filters = {
        "TaskIdentifier": "TaskId",
        "OpportunityIdentifier": "OpportunityId",
        "EngagementInvitationIdentifier": "EngagementInvitationId",
    }
    return _list(context, _BY_ACCEPTING, "ListEngagementByAcceptingInvitationTaskSummary", filters)


def list_opportunity_from_engagement_tasks(context: RequestContext) -> bytes:
    """Return a page of the tasks that create an opportunity from an engagement."""
    filters = {
        "TaskIdentifier": "TaskId",
        "OpportunityIdentifier": "OpportunityId",
        "EngagementIdentifier": "EngagementId",
        "ContextIdentifier": "ContextId",
    }
    return _list(context, _FROM_ENGAGEMENT, "ListOpportunityFromEngagementTaskSummary", filters)


def start_prospecting_from_engagement_task(context: RequestContext) -> bytes:
    """Start to add a result of prospecting to each of some engagements."""
    request, tasks = context.request, context.own.tasks[_PROSPECTING]
    engagements = list(dict.fromkeys(find_engagement(context, each)["Id"] for each in request["Identifiers"]))
    identifier = context.selling.identifier("task", salt=LONGER_SALT)
    task = {
        "Id": identifier,
        "TaskId": identifier,
        "TaskArn": arn(context.account, context.selling.name, "task", identifier),
        "TaskName": request["TaskName"],
        "StartTime": format_timestamp(context.now),
        "TaskStatus": "IN_PROGRESS",
        "Identifiers": engagements,
        "Engagements": [{"EngagementIdentifier": each, "Status": "IN_PROGRESS"} for each in engagements],
    }
    tasks.add(task)

    def finish(due: datetime) -> None:
        ended = {**task, "TaskStatus": "COMPLETED", "EndTime": format_timestamp(due)}
        later = attrs.evolve(context, now=due)
        results = [{"EngagementIdentifier": each, **_prospect(later, each, ended)} for each in engagements]
        tasks.change({**ended, "Engagements": results})

    context.selling.schedule(context.now + context.state.task_time, finish)
    return encode(context.service.validator.known("StartProspectingFromEngagementTaskResponse", task))


def _prospect(context: RequestContext, identifier: str, task: dict[str, Any]) -> dict[str, str]:
    """Add what is known of the customer of an engagement to it, and return the outcome."""
    told = {name: task[name] for name in ("TaskId", "TaskArn", "TaskName", "StartTime", "EndTime")}
    try:
        engagement = find_engagement(context, identifier)
        payloads = [value for each in engagement["Contexts"] for value in each.get("Payload", {}).values()]
        customer = next((each["Customer"] for each in payloads if "Customer" in each), None)
        if customer is None:
            message = "The engagement has no context with a customer: add one"
            return {"Status": "FAILED", "ReasonCode": "CUSTOMER_NOT_FOUND", "Message": message}
        country = customer.get("CountryCode", customer.get("Address", {}).get("CountryCode"))
        known = {"AccountName": customer["CompanyName"], "Industry": customer.get("Industry"), "Country": country}
        result = {"Customer": context.service.validator.fitting("ProspectingResultCustomer", known), **told}
        add_context(context, engagement, "ProspectingResult", {"ProspectingResult": {"Aws": result}})
    except EmulatedServiceError as error:
        return {"Status": "FAILED", "ReasonCode": error.reason or error.shape, "Message": error.message}
    return {"Status": "COMPLETED", "EngagementContextId": context.selling.identifier("ctx", salt=LONGER_SALT)}


def get_prospecting_from_engagement_task(context: RequestContext) -> bytes:
    """Return one task of prospecting."""
    found = context.own.tasks[_PROSPECTING].find(context.request["TaskIdentifier"])
    if found is None:
        raise not_found("PROSPECTING_TASK_NOT_FOUND")
    return encode(context.service.validator.known("GetProspectingFromEngagementTaskResponse", found))


def _with_counts(task: dict[str, Any]) -> dict[str, Any]:
    statuses = [each["Status"] for each in task["Engagements"]]
    return task | {
        "TotalEngagementCount": len(statuses),
        "CompletedEngagementCount": statuses.count("COMPLETED"),
        "FailedEngagementCount": statuses.count("FAILED"),
    }


def list_prospecting_from_engagement_tasks(context: RequestContext) -> bytes:
    """Return a page of the caller's tasks of prospecting."""
    request = context.request
    after, before = (moment(request[name]) if name in request else None for name in ("StartAfter", "StartBefore"))

    def is_wanted(task: dict[str, Any]) -> bool:
        started = moment(task["StartTime"])
        return (
            is_one_of(task["TaskId"], request.get("TaskIdentifier"))
            and is_one_of(task["TaskName"], request.get("TaskName"))
            and (after is None or started > after)
            and (before is None or started < before)
        )

    orders: dict[str, Callable[[dict[str, Any]], Any]] = {
        "StartTime": lambda task: (moment(task["StartTime"]), task["Id"]),
        "TaskName": lambda task: (task["TaskName"], task["Id"]),
        "FailedEngagementCount": lambda task: (_with_counts(task)["FailedEngagementCount"], task["Id"]),
    }
    return list_items(
        context,
        context.own.tasks[_PROSPECTING],
        result_key="TaskSummaries",
        keep=is_wanted,
        order=orders[request["Sort"]["SortBy"]] if "Sort" in request else None,
        shape="ProspectingTaskSummary",
        shown=_with_counts,
    )
