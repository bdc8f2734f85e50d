"""The service `revenue-measurement`, in CBOR: attributions, marketplace revenue shares and their allocations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiopartnercentral import revenue
from aiopartnercentral.emulator.services import REVENUE
from tests.emulator.caller import Caller

pytestmark = pytest.mark.anyio
AWS = {"Catalog": "AWS"}
PRODUCTS = [{"ProductId": "prod-abc", "Accounts": [{"AccountType": "DEPLOYMENT", "AccountIds": ["1" * 12]}]}]


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
