"""The seeded data of `selling`: deterministic, valid, related with each other, and of any size."""

from __future__ import annotations

import tracemalloc
from datetime import datetime, timedelta

import pytest

from aiopartnercentral.emulator import Emulator
from aiopartnercentral.emulator.seed.items import SEED_DATE
from aiopartnercentral.emulator.seed.selling import OPPORTUNITIES_PER_ENGAGEMENT, SeededSelling
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.caller import Caller

pytestmark = pytest.mark.anyio
OWNER = "123456789012"
KINDS = ("opportunity", "solution", "engagement", "invitation", "snapshot")


def seeded(seed=0, catalog="AWS", opportunities=1000):
    return SeededSelling(seed, catalog, OWNER, opportunities)


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
