"""boto3 sends every operation, and this library's client lists over two catalogs."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import anyio.to_thread
import pytest
from botocore.exceptions import ClientError

from aiopartnercentral import Emulator, selling
from aiopartnercentral.emulator import Clock
from aiopartnercentral.emulator.operations.registry import HANDLERS
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.conformance import assert_answer_conforms
from tests.emulator.dashboard_pages import without_a_page
from tests.emulator.model_values import ModelValues
from tests.emulator.selling.clients import ACCOUNT, boto3_client
from tests.emulator.selling.requests import invitation, lead, opportunity, project_context, token

pytestmark = pytest.mark.anyio
PERSON = {"FirstName": "Ada", "LastName": "Byron", "BusinessTitle": "OpportunityOwner"}


async def test_boto3_calls_every_operation():
    """A minimal valid request of each: whatever comes is an answer of the model."""

    def call_each(url):
        client, answered = boto3_client(url), {}
        for operation in HANDLERS[SELLING.name]:
            request = ModelValues(SELLING, Random(operation)).request(operation)
            try:
                client._make_api_call(operation, request)
            except ClientError as error:
                answered[operation] = error.response["Error"]["Code"]
        client.close()
        return answered

    async with Emulator({"AWS": 3, "Sandbox": 0}) as emulator:
        errors = await anyio.to_thread.run_sync(call_each, emulator.endpoint_url)
        assert {request.operation for request in emulator.requests} == set(HANDLERS[SELLING.name])
    assert set(errors.values()) <= {"ResourceNotFoundException", "ValidationException"}


class Scenario:
    """Calls operations with boto3, holds each answer against the model, and remembers which have succeeded."""

    def __init__(self, url, clock):
        self.client, self.clock, self.done = boto3_client(url), clock, set()

    def __call__(self, operation, **request):
        place = {} if "ResourceArn" in request else {"Catalog": "AWS"}
        answer = self.client._make_api_call(operation, {**place, **request})
        answer.pop("ResponseMetadata")
        assert_answer_conforms(operation, 200, answer, SELLING.name)
        self.done.add(operation)
        return answer

    def wait(self):
        self.clock.advance(timedelta(minutes=5))


def share_an_opportunity(call):
    made = call("CreateOpportunity", ClientToken=token(), Tags=[{"Key": "team", "Value": "one"}], **opportunity())
    place = {"Identifier": made["Id"]}
    latest = call("GetOpportunity", **place)
    changes = {name: value for name, value in opportunity().items() if name != "Catalog"}
    call("UpdateOpportunity", **place, LastModifiedDate=latest["LastModifiedDate"], **changes)
    call("AssignOpportunity", **place, Assignee={**PERSON, "Email": "ada@byron.example"})
    solution = call("ListSolutions", Status=["Active"])["SolutionSummaries"][0]["Id"]
    entity = {"RelatedEntityType": "Solutions", "RelatedEntityIdentifier": solution}
    call("AssociateOpportunity", OpportunityIdentifier=made["Id"], **entity)
    call("DisassociateOpportunity", OpportunityIdentifier=made["Id"], **entity)
    arn = latest["Arn"]
    call("TagResource", ResourceArn=arn, Tags=[{"Key": "region", "Value": "north"}])
    call("UntagResource", ResourceArn=arn, TagKeys=["team"])
    assert call("ListTagsForResource", ResourceArn=arn)["Tags"] == [{"Key": "region", "Value": "north"}]
    found = call("SearchOpportunities", Filter={"EqualsTo": {"Key": "Tags", "Value": {"StringValue": "region=north"}}})
    assert [each["Id"] for each in found["OpportunitySearchSummaries"]] == [made["Id"]]
    shared = call("CreateOpportunity", ClientToken=token(), **opportunity())
    submission = {"InvolvementType": "Co-Sell", "Visibility": "Full"}
    call("SubmitOpportunity", **place, InvolvementType="Co-Sell")
    task = {"Identifier": shared["Id"], "AwsSubmission": submission, "ClientToken": token()}
    call("StartEngagementFromOpportunityTask", **task)
    call.wait()
    call("GetAwsOpportunitySummary", RelatedOpportunityIdentifier=made["Id"])
    (task,) = call("ListEngagementFromOpportunityTasks", OpportunityIdentifier=[shared["Id"]])["TaskSummaries"]
    assert task["TaskStatus"] == "COMPLETE"
    assert len(call("ListOpportunities", LifeCycleReviewStatus=["Approved"])["OpportunitySummaries"]) > 2
    return made["Id"]


def work_in_an_engagement(call, opportunity_id):
    made = call("CreateEngagement", ClientToken=token(), Title="Looms", Description="Many", Contexts=[lead()])
    place = {"EngagementIdentifier": made["Id"]}
    context = call("CreateEngagementContext", **place, ClientToken=token(), **project_context())
    latest = call("GetEngagement", Identifier=made["Id"])["ModifiedAt"]
    known = {"ContextIdentifier": context["ContextId"], "EngagementLastModifiedAt": latest}
    call("UpdateEngagementContext", **place, **known, **project_context())
    newest = {"SortBy": "CreatedDate", "SortOrder": "DESCENDING"}
    assert call("ListEngagements", Sort=newest)["EngagementSummaryList"][0]["Id"] == made["Id"]
    call("ListEngagementMembers", Identifier=made["Id"])
    call("CreateEngagementInvitation", **place, ClientToken=token(), Invitation=invitation("111111111111"))
    named = {"Identifiers": [made["Id"]], "TaskName": "Prospects"}
    task = call("StartProspectingFromEngagementTask", ClientToken=token(), **named)
    call("StartOpportunityFromEngagementTask", ClientToken=token(), Identifier=made["Id"], ContextIdentifier="1")
    call.wait()
    result = call("GetProspectingFromEngagementTask", TaskIdentifier=task["TaskId"])["Engagements"]
    assert [each["Status"] for each in result] == ["COMPLETED"]
    assert call("ListProspectingFromEngagementTasks", TaskName=["Prospects"])["TaskSummaries"]
    call("ListOpportunityFromEngagementTasks")
    found = call("SearchEngagements", Keyword="looms")["EngagementSearchSummaries"]
    assert [each["Type"] for each in found[0]["Contexts"]] == ["Lead", "CustomerProject", "ProspectingResult"]
    group = call("ListEngagementGroups", MaxResults=1)["EngagementGroupSummaries"][0]
    found = call("SearchEngagements", GroupId=group["Id"], MaxResults=100)["EngagementSearchSummaries"]
    assert len(found) == group["Count"]
    snapshot = {**place, "ResourceType": "Opportunity", "ResourceIdentifier": opportunity_id}
    template = {"ResourceSnapshotTemplateIdentifier": "OpportunitySummary"}
    call("CreateResourceSnapshot", **snapshot, **template, ClientToken=token())
    call("GetResourceSnapshot", **snapshot, **template)
    call("ListResourceSnapshots", **place)
    call("ListEngagementResourceAssociations", **place)
    job = call("CreateResourceSnapshotJob", **snapshot, **template, ClientToken=token())["Id"]
    for operation in ("Start", "Get", "Stop"):
        call(f"{operation}ResourceSnapshotJob", ResourceSnapshotJobIdentifier=job)
    call("ListResourceSnapshotJobs", **place)
    call("DeleteResourceSnapshotJob", ResourceSnapshotJobIdentifier=job)
    call("PutSellingSystemSettings", ResourceSnapshotJobRoleIdentifier="jobs")
    call("GetSellingSystemSettings")


def answer_invitations(call):
    received = {"ParticipantType": "RECEIVER", "Status": ["PENDING"]}
    pending = call("ListEngagementInvitations", **received, MaxResults=100)["EngagementInvitationSummaries"]
    first, second, third = [each["Arn"] for each in pending][:3]
    call("GetEngagementInvitation", Identifier=first)
    call("AcceptEngagementInvitation", Identifier=first)
    call("RejectEngagementInvitation", Identifier=second, RejectionReason="Other")
    call("StartEngagementByAcceptingInvitationTask", Identifier=third, ClientToken=token())
    call("ListEngagementByAcceptingInvitationTasks")


def map_customers(call):
    account = {"CompanyName": "Byron Ltd", "Industry": "Retail", "Duns": "012345678"}
    made = call("CreateCustomerAccount", Account=account, ClientToken=token())
    call.wait()
    known = call("GetCustomerAccount", Identifier=made["Id"])
    assert known["AwsEnrichment"] == {"Customer": {"AccountName": "Byron Ltd", "Industry": "Retail"}}
    changed = {"Identifier": made["Arn"], "Account": account, "LastModifiedDate": known["LastModifiedDate"]}
    assert call("UpdateCustomerAccount", **changed)["Status"] == "PENDING"
    named = {"EqualsTo": {"Key": "COMPANY_NAME", "Value": {"StringValue": "Byron Ltd"}}}
    assert len(call("SearchCustomerAccounts", Filter=named)["CustomerAccountSummaries"]) == 1
    grouped = [{"GroupBy": ["ENRICHMENT_STATUS"]}]
    counts = call("GetCustomerAccountStatistics", Aggregations=grouped, IncludeMissing=True)
    assert sum(each["Count"] for each in counts["Aggregations"][0]["Buckets"]) == counts["TotalCount"]
    call("DeleteCustomerAccount", Identifier=made["Id"])
    job = call("StartCustomerAccountBulkJob", ClientToken=token(), FileUri="s3://mine/customers.csv")
    orders = {"ClientToken": token(), "FileURI": "s3://mine/opportunities.csv", "FileFormat": "CSV"}
    second = call("StartOpportunityBulkJob", **orders)["JobId"]
    call.wait()
    call.wait()
    call("GetCustomerAccountBulkJob", Identifier=job["Arn"])
    call("ListCustomerAccountBulkJobs", Filter={"Identifier": job["Arn"]})
    (result,) = call("ListCustomerAccountBulkJobResults", Identifier=job["Id"])["Results"]
    call("GetCustomerAccount", Identifier=result["ResourceIdentifier"])
    call("GetCustomerAccountBulkJobReportUrl", Identifier=job["Id"], ReportType="ALL_RECORDS")
    call("ListOpportunityBulkJobs", JobId=second)
    call("ListOpportunityBulkJobResults", JobId=second)
    call("GetOpportunityBulkJobReportUrl", JobId=second, ReportFormat="CSV")


async def test_each_operation_succeeds_in_a_scenario_of_boto3(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "customers.csv").write_text("Account.CompanyName\nLovelace Ltd\n", encoding="utf-8")
    (tmp_path / "mine" / "opportunities.csv").write_text("Project.Title\nEngine\n", encoding="utf-8")

    def play(url, clock):
        call = Scenario(url, clock)
        try:
            work_in_an_engagement(call, share_an_opportunity(call))
            answer_invitations(call)
            map_customers(call)
        finally:
            call.client.close()
        return call.done

    async with Emulator({"AWS": 400}, clock=Clock(running=False), files=tmp_path) as emulator:
        done = await anyio.to_thread.run_sync(play, emulator.endpoint_url, emulator.clock)
        assert await anyio.to_thread.run_sync(without_a_page, emulator) == {}
    assert done == set(HANDLERS[SELLING.name]) == set(SELLING.validator.operations)


async def test_boto3_creates_submits_and_pages():
    def work(url):
        client = boto3_client(url)
        made = client.create_opportunity(ClientToken=token(), **opportunity())
        client.submit_opportunity(Catalog="AWS", Identifier=made["Id"], InvolvementType="Co-Sell")
        status = client.get_opportunity(Catalog="AWS", Identifier=made["Id"])["LifeCycle"]["ReviewStatus"]
        pages = client.get_paginator("list_opportunities").paginate(Catalog="AWS", PaginationConfig={"PageSize": 7})
        found = [item["Id"] for page in pages for item in page["OpportunitySummaries"]]
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.get_opportunity(Catalog="AWS", Identifier="O0")
        client.close()
        return made["Id"], status, found

    async with Emulator({"AWS": 30}, clock=Clock(running=False)) as emulator:
        made, status, found = await anyio.to_thread.run_sync(work, emulator.endpoint_url)
    assert status == "Submitted"
    assert (len(set(found)), found[-1]) == (31, made)


async def test_the_librarys_client_lists_two_catalogs():
    async with (
        Emulator({"AWS": 250, "Sandbox": 40}) as emulator,
        selling.connect(endpoint_url=emulator.endpoint_url, **ACCOUNT) as client,
    ):
        found = {"AWS": set(), "Sandbox": set()}
        async with client.paginate.list_opportunities(catalogs=["AWS", "Sandbox"]) as stream:
            async for catalog, item in stream:
                assert item.catalog == catalog
                found[catalog].add(item.id)
        assert {name: len(ids) for name, ids in found.items()} == {"AWS": 250, "Sandbox": 40}
        engagement = (await client.list_engagements(catalog="AWS")).engagement_summary_list[0]
        told = await client.get_engagement(catalog="AWS", identifier=engagement.id)
        assert told.created_by == "123456789012"
        invitations = client.paginate.list_engagement_invitations(catalog="AWS", participant_type="RECEIVER")
        assert len([each async for each in invitations]) > 20
        solution = (await client.list_solutions(catalog="AWS", max_results=1)).solution_summaries[0]
        assert solution.status == "Active"
        opportunity_id = next(iter(found["AWS"]))
        with pytest.raises(selling.errors.ResourceNotFoundException):
            await client.get_opportunity(catalog="Sandbox", identifier=opportunity_id)
