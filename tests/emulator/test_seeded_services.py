"""The seeded data of `benefits`, `channel`, `marketing` and `revenue`: valid, related, spread, and of any size."""

from __future__ import annotations

import tracemalloc
from datetime import datetime, timedelta
from itertools import chain

import pytest

from aiopartnercentral.emulator import Clock, Emulator
from aiopartnercentral.emulator.seed.items import SEED_DATE
from aiopartnercentral.emulator.seed.records import SeededRecords
from aiopartnercentral.emulator.seed.selling import SeededSelling
from aiopartnercentral.emulator.services import BENEFITS, CHANNEL, MARKETING, REVENUE
from tests.emulator.caller import Caller

pytestmark = pytest.mark.anyio
OWNER = "123456789012"
SERVICES = (BENEFITS, CHANNEL, MARKETING, REVENUE)
IDS = ("Id", "id", "CampaignId", "RevenueAttributionAllocationId", "MarketplaceRevenueShareAllocationId")
KINDS = [(service.name, kind) for service in SERVICES for kind in SeededRecords(0, "AWS", OWNER, 9).of(service.name)]
HANDSHAKES = {"handshakeType": "PROGRAM_MANAGEMENT_ACCOUNT", "participantType": "SENDER"}
ATTESTATIONS = {"contractType": "MANAGED_SERVICES_ATTESTATION"}
# Service, listing, members of its request, its items, operations for each item and the member that has its identifier.
LISTINGS = [
    (BENEFITS, "ListBenefits", {}, "BenefitSummaries", "GetBenefit", "Identifier"),
    (BENEFITS, "ListBenefitApplications", {}, "BenefitApplicationSummaries", "GetBenefitApplication", "Identifier"),
    (BENEFITS, "ListBenefitAllocations", {}, "BenefitAllocationSummaries", "GetBenefitAllocation", "Identifier"),
    (CHANNEL, "ListProgramManagementAccounts", {}, "items", None, None),
    (CHANNEL, "ListRelationships", {}, "items", None, None),
    (CHANNEL, "ListChannelHandshakes", HANDSHAKES, "items", None, None),
    (CHANNEL, "ListChannelContracts", ATTESTATIONS, "items", "GetChannelContract", "identifier"),
    (MARKETING, "SearchCampaignTemplates", {}, "CampaignTemplates", "GetCampaignTemplate", "Identifier"),
    (MARKETING, "ListCampaigns", {}, "Items", "GetCampaign", "CampaignIdentifier"),
    (MARKETING, "ListSocialConnections", {}, "Items", None, None),
    (REVENUE, "ListRevenueAttributions", {}, "RevenueAttributionSummaries", "GetRevenueAttribution", "Identifier"),
    (REVENUE, "ListMarketplaceRevenueShares", {}, "MarketplaceRevenueShareSummaries", "GetMarketplaceRevenueShare",
     "Identifier"),
]  # fmt: skip
# The same, for listings below an item of another one; the identifier of that item has the same name in both requests.
BELOW = [
    (MARKETING, "ListCampaigns", "Items", "ListCampaignAssets", "CampaignIdentifier", "Items", "GetCampaignAsset",
     "CampaignAssetIdentifier"),
    (REVENUE, "ListRevenueAttributions", "RevenueAttributionSummaries", "ListRevenueAttributionAllocations",
     "RevenueAttributionIdentifier", "RevenueAttributionAllocationSummaries", "GetRevenueAttributionAllocation",
     "RevenueAttributionAllocationId"),
    (REVENUE, "ListMarketplaceRevenueShares", "MarketplaceRevenueShareSummaries",
     "ListMarketplaceRevenueShareAllocations", "MarketplaceRevenueShareIdentifier",
     "MarketplaceRevenueShareAllocationSummaries", "GetMarketplaceRevenueShareAllocation",
     "MarketplaceRevenueShareAllocationId"),
]  # fmt: skip


def seeded(seed=0, catalog="AWS", size=100):
    return SeededRecords(seed, catalog, OWNER, size)


def identifier_of(item):
    return next(item[name] for name in IDS if name in item)


def catalog_of(service):
    return {"catalog" if service is CHANNEL else "Catalog": "AWS"}


async def every(caller, operation, result_key, **request):
    """Return the items of all pages."""
    service, items, token = caller.service, [], {}
    name = service.page_token(operation)
    while token is not None:
        page = await caller(operation, **catalog_of(service), **request, **token)
        items += page[result_key]
        token = {name: page[name]} if name in page else None
    return items


@pytest.mark.parametrize(("service", "kind"), KINDS)
def test_an_item_depends_on_seed_catalog_and_index_only(service, kind):
    found, few = seeded().of(service)[kind], seeded(size=60).of(service)[kind]
    indices = range(min(found.count, 20))
    items = [found.make(index) for index in indices]
    assert items == [found.make(index) for index in reversed(indices)][::-1]
    assert items[: few.count] == [few.make(index) for index in indices[: few.count]]
    ids = [identifier_of(revisions[-1]) for revisions in items]
    assert ids == [found.identify(index) for index in indices]
    assert [found.index(identifier) for identifier in ids] == list(indices)
    assert found.index("x") is None
    for other in (seeded(seed=1), seeded(catalog="Sandbox")):
        assert {other.of(service)[kind].identify(index) for index in indices}.isdisjoint(ids)


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda each: each[1])
async def test_every_listing_and_detail_of_the_seeded_data_conforms(listing, http):
    service, operation, request_members, result_key, detail, member = listing
    async with Emulator({"AWS": 73, "Sandbox": 0}) as emulator:
        owner, other = (Caller(each, emulator.endpoint_url, http, service) for each in (OWNER, "1" * 12))
        items = await every(owner, operation, result_key, **request_members)
        assert items
        for item in items if detail else ():
            await owner(detail, **catalog_of(service), **{member: identifier_of(item)})
        # Others see only what AWS publishes.
        seen = await every(other, operation, result_key, **request_members)
        assert seen == (items if operation in ("ListBenefits", "SearchCampaignTemplates") else [])


@pytest.mark.parametrize("listing", BELOW, ids=lambda each: each[3])
async def test_what_is_below_a_seeded_item_conforms(listing, http):
    service, above, key, operation, parent, result_key, detail, member = listing
    async with Emulator({"AWS": 73}) as emulator:
        owner = Caller(OWNER, emulator.endpoint_url, http, service)
        for item in await every(owner, above, key):
            place = {parent: identifier_of(item)}
            below = await every(owner, operation, result_key, **place)
            assert below
            for each in below:
                await owner(detail, **catalog_of(service), **place, **{member: identifier_of(each)})


async def test_filters_orders_and_pages_select_from_seeded_and_from_changed_items(http):
    async with Emulator({"AWS": 400}) as emulator:
        owner = Caller(OWNER, emulator.endpoint_url, http, REVENUE)
        place, key = {"Catalog": "AWS"}, "RevenueAttributionSummaries"
        items = await every(owner, "ListRevenueAttributions", key, MaxResults=7)
        assert len(items) == len({each["Id"] for each in items}) == 100
        changed = items[40]["Id"]
        revision = items[40]["LatestRevision"]
        await owner("UpdateRevenueAttribution", **place, Identifier=changed, Revision=revision, Context={"team": "x"})
        team = {"ContextFilters": [{"Key": "team", "Values": ["x"]}]}
        assert [each["Id"] for each in await every(owner, "ListRevenueAttributions", key, **team)] == [changed]
        order = {"SortBy": "LastModifiedDate", "SortOrder": "DESCENDING"}
        ordered = await every(owner, "ListRevenueAttributions", key, MaxResults=9, **order)
        assert ordered[0]["Id"] == changed
        assert {each["Id"] for each in ordered} == {each["Id"] for each in items}
        made = await owner("CreateRevenueAttribution", **place, Name="Engine", TenancyModel="MULTI_TENANT")
        assert (await every(owner, "ListRevenueAttributions", key))[-1]["Id"] == made["Id"]


async def test_a_deleted_seeded_item_stays_away_and_shifts_no_page(http):
    async with Emulator({"AWS": 100}) as emulator:
        owner, place = Caller(OWNER, emulator.endpoint_url, http, MARKETING), {"Catalog": "AWS"}
        page = await owner("ListCampaigns", **place, MaxResults=4)
        ids = [each["CampaignId"] for each in await every(owner, "ListCampaigns", "Items")]
        unused = next(each["CampaignId"] for each in page["Items"] if each["State"] == "DRAFT")
        await owner("DeleteCampaign", **place, CampaignIdentifier=unused)
        assert await owner.refused("GetCampaign", **place, CampaignIdentifier=unused) == "ResourceNotFoundException"
        rest = await every(owner, "ListCampaigns", "Items", NextToken=page["NextToken"])
        assert [each["CampaignId"] for each in rest] == ids[4:]
        assert [each["CampaignId"] for each in await every(owner, "ListCampaigns", "Items")] == [
            each for each in ids if each != unused
        ]


def test_items_refer_to_each_other_and_to_opportunities():
    data, selling = seeded(), SeededSelling(0, "AWS", OWNER, 100)
    opportunities = {selling.opportunity(index)["Id"] for index in range(100)}
    kinds = {name: kind for service in SERVICES for name, kind in data.of(service.name).items()}
    found = {name: {kind.identify(index): kind.make(index)[-1] for index in range(kind.count)}
             for name, kind in kinds.items()}  # fmt: skip
    for item in found["revenue-attribution-allocation"].values():
        assert item["EntityIdentifier"] in opportunities
        assert item["RevenueAttributionIdentifier"] in found["revenue-attribution"]
    for item in found["benefit-application"].values():
        assert item["AssociatedResources"][0].rpartition("/")[2] in opportunities
        assert item["BenefitId"] in found["benefit"]
    approved = {key for key, item in found["benefit-application"].items() if item["Status"] == "APPROVED"}
    assert {item["BenefitApplicationId"] for item in found["benefit-allocation"].values()} == approved
    for item in found["campaign"].values():
        assert item["CampaignTemplateId"] in found["campaign-template"]
    for item in found["relationship"].values():
        assert item["programManagementAccountId"] in found["program-management-account"]
        assert item.get("channelContractId") in (None, *found["channel-contract"])
    for item in found["channel-handshake"].values():
        account = found["program-management-account"][item["associatedResourceId"]]
        assert (item["status"] == "ACCEPTED") == (account["status"] == "ACTIVE")
        assert item["receiverAccountId"] == account["accountId"]
    for name, kind in kinds.items():
        if kind.parents is not None:
            (above,) = [key for key, each in kinds.items() if each is kind.parents]
            parents = {each for item in found[name].values() for each in item.values() if isinstance(each, str)}
            assert set(found[above]) <= parents


@pytest.mark.parametrize("kind", ["revenue-attribution", "benefit-application", "campaign", "relationship"])
def test_updates_are_in_order_and_spread(kind):
    (found,) = [each.of(service.name)[kind] for each in [seeded(size=2000)] for service in SERVICES
                if kind in each.of(service.name)]  # fmt: skip
    names = ("LastModifiedDate", "UpdatedAt", "updatedAt")
    revisions = [found.make(index) for index in range(200)]
    times = [[datetime.fromisoformat(next(item[name] for name in names if name in item)) for item in each]
             for each in revisions]  # fmt: skip
    assert all(each == sorted(each) for each in times)
    latest = [each[-1] for each in times]
    assert max(chain(latest)) < SEED_DATE
    assert max(latest) - min(latest) > timedelta(days=500)
    assert len({f"{each:%Y-%m}" for each in latest}) > 12


@pytest.mark.parametrize("service", SERVICES)
async def test_a_million_items_take_no_memory_until_they_are_listed(service, http):
    names = [each for each in LISTINGS if each[0] is service]
    async with Emulator({"AWS": 1_000_000}) as emulator:
        owner = Caller(OWNER, emulator.endpoint_url, http, service)
        size = {"maxResults" if service is CHANNEL else "MaxResults": 100}
        for _, operation, members, *_ in names:
            await owner(operation, **catalog_of(service), **members, **(size | dict.fromkeys(size, 1)))
            tracemalloc.start()
            try:
                await owner(operation, **catalog_of(service), **members, **size)
                assert tracemalloc.get_traced_memory()[1] < 20e6
            finally:
                tracemalloc.stop()


async def test_a_listing_shows_what_the_time_and_other_items_have_changed(http):
    """Pages are cached, but not beyond a change of what they depend on."""
    async with Emulator({"AWS": 100}, clock=Clock(running=False)) as emulator:
        channel, benefits, marketing, revenue = (
            Caller(OWNER, emulator.endpoint_url, http, service) for service in (CHANNEL, BENEFITS, MARKETING, REVENUE)
        )

        async def told():
            """Return all pages, whole and filtered, before and after they are cached."""
            found = []
            for caller, operation, key, members in (
                (channel, "ListChannelHandshakes", "items", HANDSHAKES | {"statuses": ["PENDING"]}),
                (channel, "ListChannelContracts", "items", ATTESTATIONS),
                (benefits, "ListBenefitAllocations", "BenefitAllocationSummaries", {"Status": ["ACTIVE"]}),
                (marketing, "ListCampaigns", "Items", {}),
                (marketing, "ListCampaigns", "Items", {"States": ["COMPLETED"]}),
                (revenue, "ListMarketplaceRevenueShares", "MarketplaceRevenueShareSummaries", {}),
            ):
                items = await every(caller, operation, key, **members)
                assert await every(caller, operation, key, **members) == items
                found.append(items)
            return found

        before = await told()
        assert before[0]
        emulator.clock.advance(timedelta(days=16))
        later = await told()
        assert later[0] == []
        emulator.clock.advance(timedelta(days=500))
        last = await told()
        assert [each["id"] for each in last[1]] == [each["id"] for each in before[1]]
        statuses = [[each["status"] for each in contracts] for contracts in (before[1], last[1])]
        assert statuses[0] != statuses[1]
        assert before[2]
        assert last[2] == []
        assert len(last[4]) > len(before[4])
        assert {each["State"] for each in last[3]} <= {"COMPLETED", "ACTIVE", "DRAFT"}

        share = last[5][0]
        given = {
            "MarketplaceRevenueShareIdentifier": share["Id"],
            "MarketplaceRevenueShareRevision": share["LatestRevision"],
        }
        months = {"EffectiveFrom": "2030-01-01", "EffectiveUntil": "2030-01-31"}
        await revenue(
            "CreateMarketplaceRevenueShareAllocation", Catalog="AWS", ClientToken="one", **given, **months,
            RevenueSharePercent="5",
        )  # fmt: skip
        changed = (await told())[5][0]
        total = "TotalMarketplaceRevenueShareAllocationCount"
        assert changed[total] == share[total] + 1
