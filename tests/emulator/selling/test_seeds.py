"""The seeded data of `selling`: deterministic, valid, related with each other, and of any size."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from datetime import datetime, timedelta

import pytest

from aiopartnercentral.emulator import Emulator
from aiopartnercentral.emulator.seed.items import SEED_DATE
from aiopartnercentral.emulator.seed.selling import OPPORTUNITIES_PER_ENGAGEMENT
from aiopartnercentral.emulator.seed.selling_work import SeededWork
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.caller import Caller
from tests.emulator.selling.requests import engage, opportunity, project_context, token

pytestmark = pytest.mark.anyio
OWNER = "123456789012"
KINDS = (
    "opportunity",
    "solution",
    "engagement",
    "invitation",
    "snapshot",
    "customer",
    "customer_job",
    "opportunity_job",
    "snapshot_job",
)
TASKS = {
    "ListEngagementFromOpportunityTasks": 13,
    "ListEngagementByAcceptingInvitationTasks": 5,
    "ListOpportunityFromEngagementTasks": 5,
    "ListProspectingFromEngagementTasks": 3,
}
READS = {
    "OpportunityId": "GetOpportunity",
    "EngagementId": "GetEngagement",
    "EngagementInvitationId": "GetEngagementInvitation",
    "ResourceSnapshotJobId": "GetResourceSnapshotJob",
}


def seeded(seed=0, catalog="AWS", opportunities=1000):
    return SeededWork(seed, catalog, OWNER, opportunities)


@pytest.mark.parametrize("kind", KINDS)
def test_an_item_depends_on_seed_catalog_and_index_only(kind):
    items = [getattr(seeded(), kind)(index) for index in range(20)]
    assert items == [getattr(seeded(), kind)(index) for index in reversed(range(20))][::-1]
    assert len({item["Id"] for item in items}) == 20
    for other in (seeded(seed=1), seeded(catalog="Sandbox")):
        assert {getattr(other, kind)(index)["Id"] for index in range(20)}.isdisjoint(item["Id"] for item in items)


def test_an_identifier_tells_its_index():
    data = seeded()
    for index in (0, 1, 999, 60_000_000):
        assert data.opportunity_ids.index(data.opportunity_ids.make(index)) == index
    for other in ("O", "Ox", "O-1", "O1234567890123456789"):
        assert isinstance(data.opportunity_ids.index(other), int)


def test_items_refer_to_each_other_and_times_are_in_order():
    data = seeded()
    solutions = {item["Id"]: item for item in map(data.solution, range(data.solutions))}
    updates = []
    for index in range(200):
        item = data.opportunity(index)
        (solution,) = item["RelatedEntityIdentifiers"]["Solutions"]
        assert solutions[solution]["Status"] == "Active"
        created, changed = (datetime.fromisoformat(item[name]) for name in ("CreatedDate", "LastModifiedDate"))
        assert created <= changed < SEED_DATE
        assert (item["LifeCycle"]["Stage"] == "Closed Lost") == ("ClosedLostReason" in item["LifeCycle"])
        updates.append(changed)
    assert max(updates) - min(updates) > timedelta(days=500)
    for index in range(40):
        engagement, sent = data.engagement(index), data.invitation(index)
        assert sent["EngagementId"] == engagement["Id"]
        is_member = OWNER in engagement["Members"]
        assert is_member == (sent["Status"] == "ACCEPTED")
        opportunity = data.opportunity(index * OPPORTUNITIES_PER_ENGAGEMENT)
        assert (
            engagement["Contexts"][0]["Payload"]["CustomerProject"]["Project"]["Title"]
            == (opportunity["Project"]["Title"])
        )
        assert opportunity["LifeCycle"]["ReviewStatus"] == "Approved"
        assert engagement["CreatedAt"] < sent["InvitationDate"]


async def test_every_response_about_the_seeded_data_conforms(http):
    async with Emulator({"AWS": 90, "Sandbox": 0}, seed=2) as emulator:
        owner = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        place = {"Catalog": "AWS"}
        for item in (await owner("ListOpportunities", **place, MaxResults=100))["OpportunitySummaries"]:
            await owner("GetOpportunity", **place, Identifier=item["Id"])
            if item["LifeCycle"]["ReviewStatus"] == "Approved":
                await owner("GetAwsOpportunitySummary", **place, RelatedOpportunityIdentifier=item["Id"])
        assert len((await owner("ListSolutions", **place))["SolutionSummaries"]) == 9
        engagements = (await owner("ListEngagements", **place, MaxResults=100))["EngagementSummaryList"]
        assert len(engagements) > 12
        for item in engagements:
            await owner("GetEngagement", **place, Identifier=item["Id"])
            members = (await owner("ListEngagementMembers", **place, Identifier=item["Id"]))["EngagementMemberList"]
            assert OWNER in {each["AccountId"] for each in members}
        for role in ("SENDER", "RECEIVER"):
            page = await owner("ListEngagementInvitations", **place, ParticipantType=role)
            for item in page["EngagementInvitationSummaries"]:
                await owner("GetEngagementInvitation", **place, Identifier=item["Id"])
        related = (await owner("ListEngagementResourceAssociations", **place))["EngagementResourceAssociationSummaries"]
        assert len(related) == 12
        for item in related:
            snapshot = {
                "EngagementIdentifier": item["EngagementId"],
                "ResourceIdentifier": item["ResourceId"],
                "ResourceType": "Opportunity",
                "ResourceSnapshotTemplateIdentifier": "OpportunitySummary",
            }
            await owner("GetResourceSnapshot", **place, **snapshot)


async def test_a_million_opportunities_take_no_memory_until_they_are_listed(http):
    async with Emulator({"AWS": 1_000_000}) as emulator:
        owner = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        await owner("ListOpportunities", Catalog="AWS", MaxResults=1)
        tracemalloc.start()
        try:
            page = await owner("ListOpportunities", Catalog="AWS", MaxResults=100)
            await owner("GetOpportunity", Catalog="AWS", Identifier=page["OpportunitySummaries"][-1]["Id"])
            assert tracemalloc.get_traced_memory()[1] < 20e6
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("operation", TASKS)
async def test_tasks_refer_to_what_there_is(http, operation):
    async with Emulator({"AWS": 100}) as emulator:
        owner = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        place = {"Catalog": "AWS"}
        listed = (await owner(operation, **place, MaxResults=100))["TaskSummaries"]
        assert len(listed) == TASKS[operation]
        for task in listed:
            for member, read in READS.items():
                if member in task:
                    name = "ResourceSnapshotJobIdentifier" if "Job" in member else "Identifier"
                    found = await owner(read, **place, **{name: task[member]})
                    created = found.get("CreatedAt", found.get("InvitationDate", found.get("CreatedDate")))
                    # Only the engagement, and what is in it, is younger than the task that has made it.
                    makes = operation == "ListEngagementFromOpportunityTasks" and member != "OpportunityId"
                    if makes or member in ("EngagementId", "EngagementInvitationId"):
                        assert (created > task["StartTime"]) == makes
            if "TotalEngagementCount" in task:
                told = await owner("GetProspectingFromEngagementTask", **place, TaskIdentifier=task["TaskId"])
                for each in told["Engagements"]:
                    engagement = await owner("GetEngagement", **place, Identifier=each["EngagementIdentifier"])
                    assert "ProspectingResult" in {context["Type"] for context in engagement["Contexts"]}
            if "ContextId" in task:
                engagement = await owner("GetEngagement", **place, Identifier=task["EngagementId"])
                assert "Lead" in {each["Type"] for each in engagement["Contexts"] if each["Id"] == task["ContextId"]}


@pytest.mark.parametrize("kind", ["Customer", "Opportunity"])
async def test_bulk_jobs_have_made_or_updated_what_their_results_say(http, kind):
    async with Emulator({"AWS": 300}) as emulator:
        owner = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        name, is_customer = ("CustomerAccount", True) if kind == "Customer" else ("Opportunity", False)
        (jobs,) = (await owner(f"List{name}BulkJobs", Catalog="AWS")).values()
        assert len(jobs) > 2
        for job in jobs:
            place = {"Identifier": job["Id"]} if is_customer else {"JobId": job["JobId"]}
            results = (await owner(f"List{name}BulkJobResults", Catalog="AWS", **place))["Results"]
            made = [each["ResourceIdentifier"] for each in results if each["Status"] == "SUCCEEDED"]
            assert (len(made), len(results)) == (job["SuccessCount"], job["TotalRecords"])
            for identifier in made:
                found = await owner(f"Get{name}", Catalog="AWS", Identifier=identifier)
                assert datetime.fromisoformat(found["LastModifiedDate"]) >= datetime.fromisoformat(job["CreatedAt"])


FILTERED = {
    "ListOpportunities": {"LastModifiedDate": {"AfterLastModifiedDate": "2024-06-01T00:00:00Z"}},
    "ListEngagements": {},
    "ListEngagementInvitations": {"ParticipantType": "RECEIVER"},
    "ListEngagementResourceAssociations": {},
    "SearchOpportunities": {"Keyword": "migration"},
}


@pytest.mark.parametrize("operation", FILTERED)
async def test_the_first_page_of_a_filter_does_not_make_all_items(http, operation, monkeypatch):
    made = Counter()
    for kind in ("opportunity", "engagement", "invitation", "snapshot"):
        make = getattr(SeededWork, kind)
        monkeypatch.setattr(
            SeededWork, kind, lambda self, index, kind=kind, make=make: made.update([kind]) or make(self, index)
        )
    async with Emulator({"AWS": 20_000}) as emulator:
        owner = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        request = {"Catalog": "AWS", "MaxResults": 50, **FILTERED[operation]}
        (first,) = (each for each in (await owner(operation, **request)).values() if isinstance(each, list))
        assert len(first) == 50
        assert 50 <= sum(made.values()) < 600
        made.clear()
        await owner(operation, **request)
        assert not made
        if operation in ("ListEngagements", "ListEngagementInvitations"):
            other = Caller("222222222222", emulator.endpoint_url, http, SELLING)
            assert list((await other(operation, **request)).values()) == [[]]
            assert not made


ORDERED = {
    "ListOpportunities": {"Sort": {"SortBy": "LastModifiedDate", "SortOrder": "DESCENDING"}},
    "ListEngagements": {"Sort": {"SortBy": "CreatedDate", "SortOrder": "DESCENDING"}},
    "SearchEngagements": {},
    "ListEngagementGroups": {},
}


@pytest.mark.parametrize("operation", ORDERED)
async def test_an_order_makes_all_items_once_and_not_after_each_change(http, operation, monkeypatch):
    made = Counter()
    for kind in ("opportunity", "engagement"):
        make = getattr(SeededWork, kind)
        monkeypatch.setattr(
            SeededWork, kind, lambda self, index, kind=kind, make=make: made.update([kind]) or make(self, index)
        )
    async with Emulator({"AWS": 400}) as emulator:
        owner = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        request = {"Catalog": "AWS", "MaxResults": 5, **ORDERED[operation]}
        before = await owner(operation, **request)
        # 400 opportunities, and those of 100 engagements that the owner has joined or started.
        assert sum(made.values()) > 60
        made.clear()
        await owner("CreateOpportunity", ClientToken=token(), **opportunity())
        engagement = await engage(owner, Contexts=[project_context()])
        after = await owner(operation, **request)
        assert after != before
        assert sum(made.values()) < 20
        if "Engagements" in operation:
            newest = next(iter(value for value in after.values() if isinstance(value, list)))[0]
            assert newest["Id"] == engagement
