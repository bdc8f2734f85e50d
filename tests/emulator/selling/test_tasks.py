"""Tasks, resource snapshots and their jobs, settings and tags."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aiopartnercentral.emulator import Emulator
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.caller import Caller
from tests.emulator.selling.requests import AWS, engage, invitation, invite, lead, opportunity, project_context, token

pytestmark = pytest.mark.anyio
TASK = timedelta(seconds=60)
TEMPLATE = {"ResourceType": "Opportunity", "ResourceSnapshotTemplateIdentifier": "OpportunitySummary"}


async def create(caller, **members):
    return (await caller("CreateOpportunity", ClientToken=token(), **opportunity(**members)))["Id"]


async def outcome(caller, kind, task):
    """Return a task and its status, found by its identifier."""
    page = await caller(f"List{kind}Tasks", **AWS, TaskIdentifier=[task["TaskId"]])
    (found,) = page["TaskSummaries"]
    assert found == (await caller(f"List{kind}Tasks", **AWS, TaskIdentifier=[task["TaskArn"]]))["TaskSummaries"][0]
    assert (await caller(f"List{kind}Tasks", **AWS, TaskStatus=[found["TaskStatus"]]))["TaskSummaries"]
    return found


async def test_an_opportunity_is_shared_with_aws(ada, frozen):
    made = await create(ada)
    request = {"Identifier": made, "AwsSubmission": {"InvolvementType": "Co-Sell"}, "ClientToken": token()}
    started = await ada("StartEngagementFromOpportunityTask", **AWS, **request)
    assert (started["TaskStatus"], started["OpportunityId"]) == ("IN_PROGRESS", made)
    assert await ada("StartEngagementFromOpportunityTask", **AWS, **request) == started
    assert (await outcome(ada, "EngagementFromOpportunity", started))["TaskStatus"] == "IN_PROGRESS"
    frozen.clock.advance(TASK)
    task = await outcome(ada, "EngagementFromOpportunity", started)
    assert task["TaskStatus"] == "COMPLETE"
    names = ("EngagementId", "EngagementInvitationId", "ResourceSnapshotJobId")
    assert [started[name] for name in names] == [task[name] for name in names]
    engagement = await ada("GetEngagement", **AWS, Identifier=task["EngagementId"])
    assert engagement["Contexts"][0]["Type"] == "CustomerProject"
    told = await ada("GetEngagementInvitation", **AWS, Identifier=task["EngagementInvitationId"])
    assert told["Receiver"]["Account"]["AwsAccountId"] == "AWS"
    job = await ada("GetResourceSnapshotJob", **AWS, ResourceSnapshotJobIdentifier=task["ResourceSnapshotJobId"])
    assert (job["Status"], job["ResourceId"]) == ("Running", made)
    # The review began with the task.
    statuses = ["Submitted"]
    for _ in range(2):
        found = await ada("GetOpportunity", **AWS, Identifier=made)
        statuses.append(found["LifeCycle"]["ReviewStatus"])
        frozen.clock.advance(TASK)
    assert statuses == ["Submitted", "In review", "Approved"]
    # The running job has taken a snapshot of each of them.
    place = {**AWS, "EngagementIdentifier": task["EngagementId"], "ResourceIdentifier": made, **TEMPLATE}
    revisions = [await ada("GetResourceSnapshot", **place, Revision=number) for number in (1, 2, 3)]
    assert [each["Payload"]["OpportunitySummary"]["Lifecycle"]["ReviewStatus"] for each in revisions] == statuses
    assert await ada("GetResourceSnapshot", **place) == revisions[2]
    assert await ada.refused("GetResourceSnapshot", **place, Revision=4) == "ResourceNotFoundException"


async def test_a_task_that_cannot_submit_fails(ada, frozen):
    made = await create(ada, LifeCycle={"Stage": "Prospect"})
    request = {"Identifier": made, "AwsSubmission": {"InvolvementType": "Co-Sell"}, "ClientToken": token()}
    started = await ada("StartEngagementFromOpportunityTask", **AWS, **request)
    frozen.clock.advance(TASK)
    task = await outcome(ada, "EngagementFromOpportunity", started)
    assert (task["TaskStatus"], task["ReasonCode"]) == ("FAILED", "OpportunitySubmissionFailed")
    assert "LifeCycle.TargetCloseDate" in task["Message"]
    assert (await ada("ListEngagements", **AWS))["EngagementSummaryList"] == []
    request |= {"Identifier": "O0", "ClientToken": token()}
    refused = await ada.refused("StartEngagementFromOpportunityTask", **AWS, **request)
    assert refused == "ResourceNotFoundException"


async def test_an_invitation_becomes_an_opportunity(ada, bob, frozen):
    sent = await invite(ada, await engage(ada), bob.account)
    request = {"Identifier": sent, "ClientToken": token()}
    started = await bob("StartEngagementByAcceptingInvitationTask", **AWS, **request)
    frozen.clock.advance(TASK)
    task = await outcome(bob, "EngagementByAcceptingInvitation", started)
    assert (task["TaskStatus"], task["EngagementInvitationId"]) == ("COMPLETE", sent)
    made = await bob("GetOpportunity", **AWS, Identifier=task["OpportunityId"])
    assert made["Project"]["Title"] == invitation("x")["Payload"]["OpportunityInvitation"]["Project"]["Title"]
    assert made["LifeCycle"]["ReviewStatus"] == "Approved"
    # The sender sees the snapshot, and not the opportunity.
    (association,) = (await ada("ListEngagementResourceAssociations", **AWS))["EngagementResourceAssociationSummaries"]
    assert (association["ResourceId"], association["CreatedBy"]) == (made["Id"], bob.account)
    assert await ada.refused("GetOpportunity", **AWS, Identifier=made["Id"]) == "ResourceNotFoundException"


async def test_what_cannot_be_accepted(ada, bob, frozen):
    payload = lead()["Payload"]["Lead"]
    interaction = {"ContactBusinessTitle": "CTO"}
    customer = {"CompanyName": payload["Customer"]["CompanyName"]}
    sent = await invite(
        ada, await engage(ada), bob.account, LeadInvitation={"Customer": customer, "Interaction": interaction}
    )
    again = await invite(ada, await engage(ada), bob.account)
    task = await bob("StartEngagementByAcceptingInvitationTask", **AWS, Identifier=sent, ClientToken=token())
    assert "OpportunityId" not in task
    await bob("RejectEngagementInvitation", **AWS, Identifier=again)
    frozen.clock.advance(TASK)
    reason = (await outcome(bob, "EngagementByAcceptingInvitation", task))["ReasonCode"]
    assert reason == "InvitationValidationFailed"
    # The failed task has accepted nothing.
    told = await bob("GetEngagementInvitation", **AWS, Identifier=sent)
    assert told["Status"] == "PENDING"
    for account, problem in ((ada, {("Identifier", "ACTION_NOT_PERMITTED")}), (bob, "ConflictException")):
        refused = await account.refused(
            "StartEngagementByAcceptingInvitationTask", **AWS, Identifier=again, ClientToken=token()
        )
        assert refused == problem


async def test_a_lead_becomes_an_opportunity(ada, frozen):
    engagement = await engage(ada, Contexts=[lead(), project_context(), lead(QualificationStatus="Disqualified")])
    tasks = [
        await ada("StartOpportunityFromEngagementTask", **AWS, Identifier=engagement, ContextIdentifier=each,
                  ClientToken=token())
        for each in ("1", "2", "3", "9")
    ]  # fmt: skip
    # What a task makes is told by the response to its start, and is there.
    first = await ada("GetOpportunity", **AWS, Identifier=tasks[0]["OpportunityId"])
    assert first["Project"]["Title"]
    assert first["Project"]["ExpectedCustomerSpend"] == []
    assert all("OpportunityId" not in each for each in tasks[1:])
    frozen.clock.advance(TASK)
    done, *failed = [await outcome(ada, "OpportunityFromEngagement", task) for task in tasks]
    assert [task["ReasonCode"] for task in failed] == [
        "CustomerProjectContextNotPermitted",
        "DisqualifiedLeadNotPermitted",
        "ContextNotFound",
    ]
    made = await ada("GetOpportunity", **AWS, Identifier=done["OpportunityId"])
    assert made["Customer"]["Account"] == {"CompanyName": "Byron Ltd", "WebsiteUrl": "https://byron.example"}
    assert (made["LifeCycle"]["Stage"], made["LifeCycle"]["ReviewStatus"]) == ("Prospect", "Pending Submission")


async def test_a_task_without_duration_is_complete_in_the_response_to_its_start(http):
    async with Emulator({"AWS": 0}, task_seconds=0) as emulator:
        ada = Caller("111111111111", emulator.endpoint_url, http, SELLING)
        engagement = await engage(ada, Contexts=[lead(), project_context()])
        place = {**AWS, "Identifier": engagement}
        done, failed = [
            await ada("StartOpportunityFromEngagementTask", **place, ContextIdentifier=each, ClientToken=token())
            for each in ("1", "2")
        ]
        assert await outcome(ada, "OpportunityFromEngagement", done) == done
        assert (done["TaskStatus"], failed["ReasonCode"]) == ("COMPLETE", "CustomerProjectContextNotPermitted")


async def test_a_lead_is_completed_and_shared_in_its_engagement(ada, frozen):
    engagement = await engage(ada, Contexts=[lead()])
    for is_first in (True, False):
        place = {**AWS, "Identifier": engagement, "ContextIdentifier": "1"}
        started = await ada("StartOpportunityFromEngagementTask", **place, ClientToken=token())
        item = await ada("GetOpportunity", **AWS, Identifier=started["OpportunityId"])
        assert await ada.refused("SubmitOpportunity", **AWS, Identifier=item["Id"], InvolvementType="Co-Sell")
        # A program that adds what a lead does not have, and leaves the rest as it is.
        missing = opportunity()
        kept = {name: item[name] for name in ("NationalSecurity", "OpportunityType", "LifeCycle", "LastModifiedDate")}
        project = {**missing["Project"], "Title": item["Project"]["Title"]}
        changes = {**missing, **kept, "Project": project, "Identifier": item["Id"]}
        await ada("UpdateOpportunity", **changes)
        request = {"Identifier": item["Id"], "AwsSubmission": {"InvolvementType": "Co-Sell"}, "ClientToken": token()}
        shared = await ada("StartEngagementFromOpportunityTask", **AWS, **request)
        frozen.clock.advance(TASK)
        assert (await outcome(ada, "EngagementFromOpportunity", shared))["TaskStatus"] == "COMPLETE"
        names = ("EngagementId", "ResourceSnapshotJobId")
        assert [shared[name] for name in names] == [started[name] for name in names]
        # AWS is invited once to an engagement.
        assert ("EngagementInvitationId" in shared) == is_first
    (only,) = (await ada("ListEngagements", **AWS))["EngagementSummaryList"]
    assert only["Id"] == engagement


async def test_jobs_are_started_stopped_and_deleted(ada, bob):
    engagement, made = await engage(ada), await create(ada)
    place = {**AWS, "EngagementIdentifier": engagement, "ResourceIdentifier": made, **TEMPLATE}
    tags = [{"Key": "a", "Value": "1"}]
    job = await ada("CreateResourceSnapshotJob", **place, ClientToken=token(), Tags=tags)
    assert (await ada("ListTagsForResource", ResourceArn=job["Arn"]))["Tags"] == tags
    assert await ada.refused("CreateResourceSnapshotJob", **place, ClientToken=token()) == "ConflictException"
    same = {**AWS, "ResourceSnapshotJobIdentifier": job["Id"]}

    async def state():
        found = await ada("GetResourceSnapshotJob", **same)
        snapshots = await ada("ListResourceSnapshots", **AWS, EngagementIdentifier=engagement)
        return found["Status"], len(snapshots["ResourceSnapshotSummaries"])

    assert await state() == ("Stopped", 0)
    for _ in range(2):
        await ada("StartResourceSnapshotJob", **same)
        assert await state() == ("Running", 1)
    assert await ada.refused("DeleteResourceSnapshotJob", **same) == "ConflictException"
    place_of = {**AWS, "OpportunityIdentifier": made, "RelatedEntityType": "AwsProducts"}
    for name in ("A", "A", "B"):
        await ada("AssociateOpportunity", **place_of, RelatedEntityIdentifier=name)
    assert await state() == ("Running", 3)
    await ada("StopResourceSnapshotJob", **same)
    await ada("AssociateOpportunity", **place_of, RelatedEntityIdentifier="C")
    assert await state() == ("Stopped", 3)
    for status, count in (("Stopped", 1), ("Running", 0)):
        page = await ada("ListResourceSnapshotJobs", **AWS, Status=status, EngagementIdentifier=engagement)
        assert len(page["ResourceSnapshotJobSummaries"]) == count
    assert await bob.refused("GetResourceSnapshotJob", **same) == "ResourceNotFoundException"
    await ada("DeleteResourceSnapshotJob", **same)
    for operation in ("GetResourceSnapshotJob", "DeleteResourceSnapshotJob", "StartResourceSnapshotJob"):
        assert await ada.refused(operation, **same) == "ResourceNotFoundException"


async def test_snapshots_belong_to_an_engagement(ada, bob):
    engagement, made = await engage(ada), await create(ada)
    await bob("AcceptEngagementInvitation", **AWS, Identifier=await invite(ada, engagement, bob.account))
    place = {**AWS, "EngagementIdentifier": engagement, "ResourceIdentifier": made, **TEMPLATE}
    assert await ada.refused("GetResourceSnapshot", **place) == "ResourceNotFoundException"
    taken = [await ada("CreateResourceSnapshot", **place, ClientToken=token()) for _ in range(2)]
    assert [each["Revision"] for each in taken] == [1, 2]
    assert (await bob("GetResourceSnapshot", **place))["Revision"] == 2
    assert await bob.refused("CreateResourceSnapshot", **place, ClientToken=token()) == "ResourceNotFoundException"
    wrong = place | {"ResourceSnapshotTemplateIdentifier": "Novelty"}
    assert await ada.refused("CreateResourceSnapshot", **wrong, ClientToken=token()) == {
        ("ResourceSnapshotTemplateIdentifier", "INVALID_VALUE")
    }

    async def listed(**filters):
        page = await bob("ListResourceSnapshots", **AWS, EngagementIdentifier=engagement, **filters)
        return [each["Revision"] for each in page["ResourceSnapshotSummaries"]]

    assert await listed() == await listed(CreatedBy=ada.account) == await listed(ResourceIdentifier=made) == [1, 2]
    assert await listed(CreatedBy=bob.account) == await listed(ResourceIdentifier="O0") == []
    assert await listed(ResourceSnapshotTemplateIdentifier="Novelty") == []
    page = await bob("ListEngagementResourceAssociations", **AWS, EngagementIdentifier=engagement)
    assert len(page["EngagementResourceAssociationSummaries"]) == 1


async def test_settings_and_tags(ada, bob):
    assert await ada("GetSellingSystemSettings", **AWS) == AWS
    for role in ("Jobs", f"arn:aws:iam::{ada.account}:role/Jobs"):
        told = await ada("PutSellingSystemSettings", **AWS, ResourceSnapshotJobRoleIdentifier=role)
        assert told == await ada("GetSellingSystemSettings", **AWS)
        assert told["ResourceSnapshotJobRoleArn"] == f"arn:aws:iam::{ada.account}:role/Jobs"
    assert await bob("GetSellingSystemSettings", **AWS) == await ada("PutSellingSystemSettings", **AWS) == AWS
    found = await ada("GetOpportunity", **AWS, Identifier=await create(ada))
    await ada("TagResource", ResourceArn=found["Arn"], Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    await ada("TagResource", ResourceArn=found["Arn"], Tags=[{"Key": "a", "Value": "3"}])
    await ada("UntagResource", ResourceArn=found["Arn"], TagKeys=["b", "c"])
    assert (await ada("ListTagsForResource", ResourceArn=found["Arn"]))["Tags"] == [{"Key": "a", "Value": "3"}]
    for caller, arn in ((bob, found["Arn"]), (ada, found["Arn"] + "0"), (ada, found["Arn"].replace("AWS", "Other"))):
        assert await caller.refused("ListTagsForResource", ResourceArn=arn) == "ResourceNotFoundException"
