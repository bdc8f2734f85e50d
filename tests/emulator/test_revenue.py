"""The service `revenue-measurement`, in CBOR: attributions, marketplace revenue shares and their allocations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiopartnercentral import revenue
from aiopartnercentral.emulator.services import REVENUE, SELLING
from tests.emulator.caller import Caller
from tests.emulator.selling import requests
from tests.emulator.service_requests import PRODUCTS, allocation

pytestmark = pytest.mark.anyio
AWS = {"Catalog": "AWS"}


@pytest.fixture
def caller(http, frozen):
    return lambda account: Caller(account, frozen.endpoint_url, http, REVENUE)


async def attribute(caller, name, **members):
    return await caller("CreateRevenueAttribution", **AWS, Name=name, TenancyModel="MULTI_TENANT", **members)


async def test_an_attribution_has_revisions(ada, bob, frozen):
    made = await attribute(ada, "Engine", Description="a", ProductIdentifier="prod-1", Context={"team": "a"})
    place = {**AWS, "Identifier": made["Arn"]}
    frozen.clock.advance(timedelta(seconds=1.5))
    changed = await ada("UpdateRevenueAttribution", **place, Revision="1", Description="b")
    assert changed["LastModifiedDate"] == datetime(2025, 10, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    assert await ada.refused("UpdateRevenueAttribution", **place, Revision="1") == "REVISION_MISMATCH"
    found = [await ada("GetRevenueAttribution", **place, **more) for more in ({}, {"Revision": "1"})]
    told = [(each["Description"], each["Revision"], each["LatestRevision"]) for each in found]
    assert told == [("b", "2", "2"), ("a", "1", "2")]
    assert found[0]["CreatedDate"] == datetime(2025, 10, 1, tzinfo=UTC)
    assert await ada.refused("GetRevenueAttribution", **place, Revision="3") == "RESOURCE_NOT_FOUND"
    assert await bob.refused("GetRevenueAttribution", **place) == "RESOURCE_NOT_FOUND"
    again = {"Name": "Engine", "TenancyModel": "SINGLE_TENANT"}
    assert await ada.refused("CreateRevenueAttribution", **AWS, **again) == "RESOURCE_ALREADY_EXISTS"
    assert (await attribute(bob, "Engine"))["Id"] != made["Id"]


async def test_a_client_token_creates_one_attribution(ada):
    first = await attribute(ada, "Engine", ClientToken="once")
    assert await attribute(ada, "Engine", ClientToken="once") == first
    other = {"Name": "Loom", "TenancyModel": "MULTI_TENANT", "ClientToken": "once"}
    assert await ada.refused("CreateRevenueAttribution", **AWS, **other) == "CONFLICT_CLIENT_TOKEN"


async def test_attributions_are_filtered_and_ordered(ada, frozen):
    ids = []
    for team in ("a", "b", "a"):
        ids.append((await attribute(ada, f"Engine {len(ids)}", Context={"team": team}))["Id"])
        frozen.clock.advance(timedelta(hours=1))

    async def found(**filters):
        page = await ada("ListRevenueAttributions", **AWS, **filters)
        return [each["Id"] for each in page["RevenueAttributionSummaries"]]

    one = datetime(2025, 10, 1, 1, tzinfo=UTC)
    assert await found() == ids
    assert await found(ContextFilters=[{"Key": "team", "Values": ["a"]}]) == [ids[0], ids[2]]
    assert await found(CreatedAfter=one) == ids[1:]
    assert await found(CreatedBefore=one) == ids[:1]
    assert await found(Identifiers=ids[2:]) == ids[2:]
    assert await found(SortBy="LastModifiedDate", SortOrder="DESCENDING") == ids[::-1]
    page = await ada("ListRevenueAttributions", **AWS, MaxResults=2)
    assert await found(NextToken=page["NextToken"], MaxResults=2) == ids[2:]


async def test_tags_belong_to_a_resource(ada, bob):
    made = await attribute(ada, "Engine", Tags=[{"Key": "a", "Value": "1"}])
    place = {"resourceArn": made["Arn"]}
    await ada("TagResource", **place, tags=[{"Key": "b", "Value": "2"}])
    await ada("UntagResource", **place, tagKeys=["a"])
    assert await ada("ListTagsForResource", **place) == {"tags": [{"Key": "b", "Value": "2"}]}
    await ada("UntagResource", **place, tagKeys=["b"])
    assert await ada("ListTagsForResource", **place) == {}
    assert await bob.refused("ListTagsForResource", **place) == "RESOURCE_NOT_FOUND"


async def test_a_share_is_allocated_by_months(ada, frozen):
    share = await ada("CreateMarketplaceRevenueShare", **AWS, Products=PRODUCTS)
    assert share["Products"] == [{"ProductId": "prod-abc", "Accounts": [{"AccountType": "DEPLOYMENT", "Count": 1}]}]
    place = {**AWS, "MarketplaceRevenueShareIdentifier": share["Id"], "MarketplaceRevenueShareRevision": "1"}

    def months(first, last):
        return {"EffectiveFrom": first, "EffectiveUntil": last, "RevenueSharePercent": "12.5"}

    made = await ada("CreateMarketplaceRevenueShareAllocation", **place, **months("2025-11-01", "2025-12-31"))
    for first, last, problem in (
        ("2025-11-02", "2025-12-31", {("EffectiveFrom", "INVALID_VALUE")}),
        ("2026-01-01", "2026-02-30", {("EffectiveUntil", "INVALID_VALUE")}),
        ("2026-03-01", "2026-02-28", {("EffectiveUntil", "INVALID_VALUE")}),
        ("2025-12-01", "2026-01-31", "RESOURCE_ALREADY_EXISTS"),
    ):
        refused = await ada.refused("CreateMarketplaceRevenueShareAllocation", **place, **months(first, last))
        assert refused == problem
    told = await ada("GetMarketplaceRevenueShare", **AWS, Identifier=share["Id"])
    assert (told["EffectiveFrom"], told["EffectiveUntil"]) == ("2025-11-01", "2025-12-31")
    one = {**place, "MarketplaceRevenueShareAllocationId": made["MarketplaceRevenueShareAllocationId"]}
    changed = await ada("UpdateMarketplaceRevenueShareAllocation", **one, Status="INACTIVE")
    assert changed["Status"] == (await ada("GetMarketplaceRevenueShareAllocation", **one))["Status"] == "INACTIVE"
    (summary,) = (await ada("ListMarketplaceRevenueShares", **AWS, ProductIds=["prod-abc"]))[
        "MarketplaceRevenueShareSummaries"
    ]
    assert summary["TotalMarketplaceRevenueShareAllocationCount"] == 1
    assert summary["TotalActiveMarketplaceRevenueShareAllocationCount"] == 0
    page = await ada("ListMarketplaceRevenueShareAllocations", **place, StatusFilter="ACTIVE")
    assert page["MarketplaceRevenueShareAllocationSummaries"] == []
    frozen.clock.advance(timedelta(days=40))
    refused = await ada.refused("UpdateMarketplaceRevenueShareAllocation", **one, Status="ACTIVE")
    assert refused == {("EffectiveFrom", "INVALID_VALUE")}
    update = {**AWS, "Identifier": share["Id"], "Products": []}
    assert (await ada("UpdateMarketplaceRevenueShare", **update, Revision="1"))["LatestRevision"] == "2"
    assert await ada.refused("UpdateMarketplaceRevenueShare", **update, Revision="1") == "REVISION_MISMATCH"


async def test_the_librarys_client_speaks_cbor_with_it(frozen):
    keys = {"aws_access_key_id": "111111111111", "aws_secret_access_key": "any"}
    async with revenue.connect(endpoint_url=frozen.endpoint_url, **keys) as client:
        made = await client.create_revenue_attribution(catalog="AWS", name="Engine", tenancy_model="MULTI_TENANT")
        found = [each async for each in client.paginate.list_revenue_attributions(catalog="AWS")]
        assert [(each.id, each.created_date) for each in found] == [(made.id, datetime(2025, 10, 1, tzinfo=UTC))]
        with pytest.raises(revenue.errors.ConflictException) as caught:
            await client.create_revenue_attribution(catalog="AWS", name="Engine", tenancy_model="MULTI_TENANT")
        assert caught.value.reason == "RESOURCE_ALREADY_EXISTS"


async def test_a_closed_share_stays_closed(ada):
    share = await ada("CreateMarketplaceRevenueShare", **AWS, Products=PRODUCTS)
    place = {**AWS, "Identifier": share["Id"]}
    await ada("UpdateMarketplaceRevenueShare", **place, Revision="1", Products=[])
    refused = await ada.refused("UpdateMarketplaceRevenueShare", **place, Revision="2", Products=PRODUCTS)
    assert refused == {("Identifier", "ACTION_NOT_PERMITTED")}


async def allocate(caller, attribution, *changes, revision="1"):
    place = {**AWS, "RevenueAttributionIdentifier": attribution, "RevenueAttributionRevision": revision}
    return await caller("StartRevenueAttributionAllocationsTask", **place, RevenueShareAllocations=list(changes))


async def outcome(caller, frozen, attribution):
    """Return the task of an attribution once it has ended."""
    place = {**AWS, "RevenueAttributionIdentifier": attribution}
    assert (await caller("GetRevenueAttributionAllocationsTask", **place))["Status"] == "IN_PROGRESS"
    frozen.clock.advance(timedelta(seconds=60))
    return await caller("GetRevenueAttributionAllocationsTask", **place)


async def below(caller, attribution, **filters):
    place = {**AWS, "RevenueAttributionIdentifier": attribution}
    page = await caller("ListRevenueAttributionAllocations", **place, **filters)
    return page["RevenueAttributionAllocationSummaries"]


async def test_a_task_creates_and_changes_allocations(ada, bob, frozen):
    made = (await attribute(ada, "Engine"))["Id"]
    place = {**AWS, "RevenueAttributionIdentifier": made}
    assert await ada.refused("GetRevenueAttributionAllocationsTask", **place) == "RESOURCE_NOT_FOUND"
    other = {"CustomerAwsAccountId": "4" * 12, "EffectiveFrom": "2026-01-01", "EffectiveUntil": "2026-01-31"}
    started = await allocate(ada, made, allocation(), allocation(**other))
    assert (started["Status"], started["TotalRevenueAttributionAllocationRecords"]) == ("IN_PROGRESS", 2)
    again = {**place, "RevenueAttributionRevision": "1", "RevenueShareAllocations": [allocation()]}
    refused = await ada.refused("StartRevenueAttributionAllocationsTask", **again)
    assert refused == "CONCURRENT_MODIFICATION"
    update = {**AWS, "Identifier": made, "Revision": "1", "Description": "a"}
    assert await ada.refused("UpdateRevenueAttribution", **update) == "CONCURRENT_MODIFICATION"
    assert await below(ada, made) == []
    done = await outcome(ada, frozen, made)
    assert (done["Status"], done["RevenueAttributionLatestRevision"]) == ("COMPLETE", "2")
    first, second = await below(ada, made)
    assert await below(ada, made, RevenueAttributionRevision="1") == []
    assert await below(ada, made, CustomerAwsAccountIdFilters=["4" * 12]) == [second]
    assert await below(ada, made, AfterEffectiveFrom="2025-12-01", StatusFilter="ACTIVE") == [second]
    assert await below(ada, made, EntityTypeFilters=["OPPORTUNITY"]) == []
    assert await below(ada, made, SortBy="EffectiveFrom", SortOrder="DESCENDING") == [second, first]
    told = await ada("GetRevenueAttribution", **AWS, Identifier=made)
    assert (told["LatestRevision"], told["TotalActiveRevenueAttributionAllocationCount"]) == ("2", 2)
    identifier = first["RevenueAttributionAllocationId"]
    change = allocation("UPDATE", RevenueAttributionAllocationId=identifier, Status="INACTIVE")
    refused = await ada.refused("StartRevenueAttributionAllocationsTask", **again)
    assert refused == "REVISION_MISMATCH"
    await allocate(ada, made, change, revision="2")
    assert (await outcome(ada, frozen, made))["Status"] == "COMPLETE"
    one = {**place, "RevenueAttributionAllocationId": identifier}
    states = [await ada("GetRevenueAttributionAllocation", **one, RevenueAttributionRevision=each) for each in "23"]
    assert [each["Status"] for each in states] == ["ACTIVE", "INACTIVE"]
    assert states[0]["RevenueAttributionLatestRevision"] == "3"
    early = {**one, "RevenueAttributionRevision": "1"}
    assert await ada.refused("GetRevenueAttributionAllocation", **early) == "RESOURCE_NOT_FOUND"
    assert await bob.refused("GetRevenueAttributionAllocation", **one) == "RESOURCE_NOT_FOUND"


async def test_a_task_that_fails_changes_nothing(ada, frozen):
    made = (await attribute(ada, "Engine"))["Id"]
    past = {"EffectiveFrom": "2025-09-01", "EffectiveUntil": "2025-09-30"}
    await allocate(ada, made, allocation(**past))
    await outcome(ada, frozen, made)
    (begun,) = await below(ada, made)
    known = {"RevenueAttributionAllocationId": begun["RevenueAttributionAllocationId"]}
    changes = [
        allocation(),
        allocation(),
        allocation("UPDATE", **known, **past),
        allocation("UPDATE", RevenueAttributionAllocationId="alloc-0123456789abc"),
        allocation(EntityType="OPPORTUNITY", EntityIdentifier="O1234567"),
    ]
    await allocate(ada, made, *changes, revision="2")
    done = await outcome(ada, frozen, made)
    assert (done["Status"], "RevenueAttributionLatestRevision" in done) == ("FAILED", False)
    codes = ["ALLOCATION_CAP_EXCEEDED", "IMMUTABLE_ALLOCATION", "RESOURCE_NOT_FOUND", "RESOURCE_NOT_FOUND"]
    assert [each["ErrorCode"] for each in done["ErrorDetailList"]] == codes
    assert await below(ada, made) == [begun]
    for change, problem in (
        (allocation(RevenueSharePercent="100.01"), ("RevenueSharePercent", "INVALID_VALUE")),
        (allocation(EffectiveFrom="2025-11-02"), ("EffectiveFrom", "INVALID_VALUE")),
        (allocation("UPDATE"), ("RevenueAttributionAllocationId", "REQUIRED_FIELD_MISSING")),
    ):
        place = {**AWS, "RevenueAttributionIdentifier": made, "RevenueAttributionRevision": "2"}
        refused = await ada.refused("StartRevenueAttributionAllocationsTask", **place, RevenueShareAllocations=[change])
        assert refused == {(f"RevenueShareAllocations[0].{problem[0]}", problem[1])}


async def test_an_opportunity_of_the_account_is_allocated(ada, frozen, http):
    seller = Caller(ada.account, frozen.endpoint_url, http, SELLING)
    opportunity = await seller("CreateOpportunity", **requests.opportunity(), ClientToken="a")
    made = (await attribute(ada, "Engine"))["Id"]
    await allocate(ada, made, allocation(EntityType="OPPORTUNITY", EntityIdentifier=opportunity["Id"]))
    assert (await outcome(ada, frozen, made))["Status"] == "COMPLETE"
