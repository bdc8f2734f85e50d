"""The calls of integrations that others have published, with the members that they send, through boto3.

Read for this: thatmikereed/hubspot-aws-partner-central-sync (Python), and the Java programs in
aws-samples/partner-crm-integration-samples. The requests below are our own, and have the same members.
"""

from __future__ import annotations

from datetime import timedelta

import anyio.to_thread
import pytest
from botocore.exceptions import ParamValidationError

from aiopartnercentral.emulator import Clock, Emulator
from tests.emulator.selling.clients import boto3_client
from tests.emulator.selling.requests import AWS, token

pytestmark = pytest.mark.anyio

CONTACT = {
    "Email": "ada@byron.example",
    "FirstName": "Ada",
    "LastName": "Byron",
    "Phone": "+442012345678",
    "BusinessTitle": "Executive",
}
SPEND = {"Amount": "12500", "CurrencyCode": "USD", "Frequency": "Monthly", "TargetCompany": "AWS"}


def account(**members):
    address = {"CountryCode": "US", "PostalCode": "10001", "StateOrRegion": "New York"}
    return {
        "CompanyName": "Byron Ltd",
        "Industry": "Automotive",
        "WebsiteUrl": "www.byron.example",
        "Address": address,
        **members,
    }


def project(**members):
    return {
        "Title": "Analytical engine",
        "CustomerBusinessProblem": "The difference engine is too slow for all tables.",
        "DeliveryModels": ["SaaS or PaaS"],
        "ExpectedCustomerSpend": [SPEND],
        "SalesActivities": ["Initialized discussions with customer"],
        **members,
    }


def of_hubspot():
    """Return an opportunity with the members that the integration of HubSpot sends."""
    return {
        **AWS,
        "ClientToken": token(),
        "Origin": "Partner Referral",
        "OpportunityType": "Net New Business",
        "NationalSecurity": "No",
        "PartnerOpportunityIdentifier": "4711",
        "PrimaryNeedsFromAws": ["Co-Sell - Architectural Validation"],
        "Customer": {"Account": account(), "Contacts": [CONTACT]},
        "LifeCycle": {
            "Stage": "Prospect",
            "TargetCloseDate": "2026-10-07",
            "NextSteps": "Call them.",
            "ReviewStatus": "Pending Submission",
        },
        "Project": project(OtherSolutionDescription="An engine"),
    }


def of_java():
    """Return an opportunity with the members that the Java programs send."""
    return {
        **of_hubspot(),
        "Customer": {"Account": account(Duns="111100111", AwsAccountId="111111111111"), "Contacts": [CONTACT]},
        "Marketing": {
            "AwsFundingUsed": "Yes",
            "CampaignName": "Looms",
            "Channels": ["Content Syndication"],
            "Source": "Marketing Activity",
            "UseCases": ["Serverless"],
        },
        "OpportunityTeam": [{**CONTACT, "BusinessTitle": "PartnerAccountManager"}],
        "Project": project(
            CompetitorName="*Other",
            CustomerUseCase="Archiving",
            OtherSolutionDescription="An engine",
            SalesActivities=["Conducted POC / Demo"],
        ),
        "SoftwareRevenue": {
            "DeliveryModel": "Pay-as-you-go",
            "EffectiveDate": "2025-10-31",
            "ExpirationDate": "2026-03-31",
            "Value": {"Amount": "10000.0", "CurrencyCode": "USD"},
        },
    }


def submit(client, clock, identifier):
    """Submit an opportunity as both do, and return the engagement that its task has made once AWS has decided."""
    submission = {"InvolvementType": "Co-Sell", "Visibility": "Full"}
    task = client.start_engagement_from_opportunity_task(
        **AWS, Identifier=identifier, ClientToken=token(), AwsSubmission=submission
    )
    assert (task["TaskStatus"], task["OpportunityId"]) == ("IN_PROGRESS", identifier)
    clock.advance(timedelta(minutes=3))
    (found,) = client.list_engagement_from_opportunity_tasks(**AWS, TaskIdentifier=[task["TaskId"]])["TaskSummaries"]
    assert found["TaskStatus"] == "COMPLETE"
    assert client.get_opportunity(**AWS, Identifier=identifier)["LifeCycle"]["ReviewStatus"] == "Approved"
    return found["EngagementId"]


def solutions_of(client):
    found = client.list_solutions(**AWS, MaxResults=50, Status=["Active"], Category=["Software Product"])
    return [each["Id"] for each in found["SolutionSummaries"]]


def accept(client, clock):
    """Accept the latest invitation of AWS as both do, and return the opportunity."""
    pending = []
    request = {"ParticipantType": "RECEIVER", "PayloadType": ["OpportunityInvitation"], "MaxResults": 50}
    sort = {"SortBy": "InvitationDate", "SortOrder": "DESCENDING"}
    page = client.list_engagement_invitations(**AWS, **request, Sort=sort)
    while True:
        pending += [each["Id"] for each in page["EngagementInvitationSummaries"] if each["Status"] == "PENDING"]
        if "NextToken" not in page:
            break
        page = client.list_engagement_invitations(**AWS, **request, Sort=sort, NextToken=page["NextToken"])
    accepted, rejected = pending[:2]
    detail = client.get_engagement_invitation(**AWS, Identifier=accepted)
    assert (detail["PayloadType"], detail["Status"]) == ("OpportunityInvitation", "PENDING")
    task = client.start_engagement_by_accepting_invitation_task(**AWS, Identifier=accepted, ClientToken=token())
    assert task["TaskStatus"] == "IN_PROGRESS"
    clock.advance(timedelta(minutes=3))
    client.reject_engagement_invitation(**AWS, Identifier=rejected, RejectionReason="Unable to support")
    assert client.get_engagement_invitation(**AWS, Identifier=rejected)["Status"] == "REJECTED"
    return client.get_opportunity(**AWS, Identifier=task["OpportunityId"])


def play_hubspot(client, clock):
    made = client.create_opportunity(**of_hubspot())["Id"]
    for solution in solutions_of(client)[:2]:
        entity = {"RelatedEntityType": "Solutions", "RelatedEntityIdentifier": solution}
        client.associate_opportunity(**AWS, OpportunityIdentifier=made, **entity)
    assignee = {"Email": CONTACT["Email"], "FirstName": "Ada", "LastName": "Byron", "BusinessTitle": "CTO"}
    client.assign_opportunity(**AWS, Identifier=made, Assignee=assignee)
    known = client.get_opportunity(**AWS, Identifier=made)
    assert len(known["RelatedEntityIdentifiers"]["Solutions"]) == 2
    names = ("Customer", "LifeCycle", "Project", "NationalSecurity", "PrimaryNeedsFromAws", "OpportunityType")
    kept = {name: known[name] for name in names}
    kept["LifeCycle"] = {name: known["LifeCycle"][name] for name in ("Stage", "TargetCloseDate")}
    kept["LifeCycle"]["NextSteps"] = f"{known['LifeCycle']['NextSteps']}\n\n[Note]\nThey agree."
    changed = {"Identifier": made, "LastModifiedDate": known["LastModifiedDate"], **kept}
    client.update_opportunity(**AWS, **changed)
    engagement = submit(client, clock, made)
    summary = client.get_aws_opportunity_summary(**AWS, RelatedOpportunityIdentifier=made)
    assert summary["RelatedOpportunityId"] == made
    assert client.get_engagement(**AWS, Identifier=engagement)["Id"] == engagement
    assert client.list_engagement_members(**AWS, Identifier=engagement)["EngagementMemberList"]
    found = client.list_engagement_resource_associations(**AWS, EngagementIdentifier=engagement)
    assert [each["ResourceId"] for each in found["EngagementResourceAssociationSummaries"]] == [made]
    newest = {"SortBy": "CreatedDate", "SortOrder": "DESCENDING"}
    assert client.list_engagements(**AWS, Sort=newest)["EngagementSummaryList"][0]["Id"] == engagement
    resource = {"ResourceType": "Opportunity", "ResourceIdentifier": made}
    template = {"ResourceSnapshotTemplateIdentifier": "OpportunitySummary"}
    snapshot = client.get_resource_snapshot(**AWS, EngagementIdentifier=engagement, **resource, **template)
    assert snapshot["ResourceId"] == made
    assert accept(client, clock)["LifeCycle"]["ReviewStatus"] == "Approved"


def play_java(client, clock):
    first = client.list_opportunities(**AWS, MaxResults=5)
    second = client.list_opportunities(**AWS, MaxResults=5, NextToken=first["NextToken"])
    assert len({each["Id"] for page in (first, second) for each in page["OpportunitySummaries"]}) == 10
    filters = {"LifeCycleReviewStatus": ["Approved"], "LifeCycleStage": ["Qualified"]}
    for each in client.list_opportunities(**AWS, **filters, MaxResults=5)["OpportunitySummaries"]:
        assert (each["LifeCycle"]["ReviewStatus"], each["LifeCycle"]["Stage"]) == ("Approved", "Qualified")
    made = client.create_opportunity(**of_java())["Id"]
    known = client.get_opportunity(**AWS, Identifier=made)
    for name in ("Marketing", "OpportunityTeam", "SoftwareRevenue"):
        assert known[name] == of_java()[name]
    old, new = solutions_of(client)[:2]
    entity = {**AWS, "OpportunityIdentifier": made, "RelatedEntityType": "Solutions"}
    client.associate_opportunity(**entity, RelatedEntityIdentifier=old)
    client.disassociate_opportunity(**entity, RelatedEntityIdentifier=old)
    client.associate_opportunity(**entity, RelatedEntityIdentifier=new)
    known = client.get_opportunity(**AWS, Identifier=made)
    assert known["RelatedEntityIdentifiers"]["Solutions"] == [new]
    created_only = ("ClientToken", "Origin", "OpportunityTeam")
    request = {name: value for name, value in of_java().items() if name not in created_only}
    place = {"Identifier": made}
    client.update_opportunity(**request, **place, LastModifiedDate=known["LastModifiedDate"])
    client.assign_opportunity(**AWS, **place, Assignee={name: CONTACT[name] for name in CONTACT if name != "Phone"})
    submit(client, clock, made)
    launched = {**request, "LifeCycle": {**of_java()["LifeCycle"], "Stage": "Launched", "ReviewStatus": "Approved"}}
    known = client.get_opportunity(**AWS, **place)
    client.update_opportunity(**launched, **place, LastModifiedDate=known["LastModifiedDate"])
    assert client.get_opportunity(**AWS, **place)["LifeCycle"]["Stage"] == "Launched"
    assert client.get_aws_opportunity_summary(**AWS, RelatedOpportunityIdentifier=made)["LifeCycle"]
    assert len(client.list_solutions(**AWS, MaxResults=5)["SolutionSummaries"]) == 5
    invited = client.list_engagement_invitations(**AWS, ParticipantType="RECEIVER", MaxResults=5)
    assert len(invited["EngagementInvitationSummaries"]) == 5
    accepted = accept(client, clock)
    summary = client.get_aws_opportunity_summary(**AWS, RelatedOpportunityIdentifier=accepted["Id"])
    assert summary["Origin"] == "AWS Referral"


def play_what_aws_does_not_have(client, _):
    """The integration of HubSpot also makes calls that the model does not have; an SDK does not send them."""
    for name in ("get_solution", "get_engagement_from_opportunity_task", "get_engagement_by_accepting_invitation_task"):
        assert not hasattr(client, name)
    for name, request in (
        ("update_opportunity", {"Identifier": "O1", "LifeCycle": {"NextSteps": "Call them."}}),
        ("list_engagements", {"Identifier": ["O1"]}),
        ("list_engagements", {"OpportunityIdentifier": ["O1"]}),
        ("list_engagement_resource_associations", {"OpportunityIdentifier": "O1"}),
        ("get_resource_snapshot", {"EngagementIdentifier": "eng-1"}),
        ("create_resource_snapshot", {"ResourceType": "Document", "Name": "Looms", "Url": "https://byron.example"}),
    ):
        with pytest.raises(ParamValidationError):
            getattr(client, name)(**AWS, **request)


@pytest.mark.parametrize("play", [play_hubspot, play_java, play_what_aws_does_not_have], ids=lambda each: each.__name__)
async def test_the_calls_of_published_integrations_work(play):
    def work():
        client = boto3_client(emulator.endpoint_url, parameter_validation=True)
        try:
            play(client, emulator.clock)
        finally:
            client.close()

    async with Emulator({"AWS": 200}, clock=Clock(running=False), task_seconds=60) as emulator:
        await anyio.to_thread.run_sync(work)
        assert {each.error for each in emulator.requests} <= {None}
