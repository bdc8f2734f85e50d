"""Opportunities: what can be changed when, their review by AWS, and their listing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aiopartnercentral.emulator import Emulator
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.caller import Caller
from tests.emulator.selling.requests import customer, opportunity, token

pytestmark = pytest.mark.anyio
TASK = timedelta(seconds=60)


async def create(caller, **members):
    return await caller("CreateOpportunity", ClientToken=token(), **opportunity(**members))


async def get(caller, identifier):
    return await caller("GetOpportunity", Catalog="AWS", Identifier=identifier)


async def review(caller, identifier):
    life_cycle = (await get(caller, identifier))["LifeCycle"]
    return life_cycle["ReviewStatus"], life_cycle.get("ReviewStatusReason")


def update_of(item, **members):
    """Return the request that replaces an opportunity by itself, with other members."""
    shapes = SELLING.shapes
    known = {name: item[name] for name in shapes["UpdateOpportunityRequest"]["members"] if name in item}
    return {**known, "Identifier": item["Id"], **members}


async def test_what_is_created_is_what_the_service_returns(ada, bob):
    given = opportunity(PartnerOpportunityIdentifier="crm-1", Tags=[{"Key": "team", "Value": "a"}])
    made = await ada("CreateOpportunity", ClientToken=token(), **given)
    assert made == {
        "Id": made["Id"],
        "PartnerOpportunityIdentifier": "crm-1",
        "LastModifiedDate": "2025-10-01T00:00:00.000Z",
    }
    found = await get(ada, made["Id"])
    for name in ("Catalog", "OpportunityType", "Customer", "Project", "PartnerOpportunityIdentifier"):
        assert found[name] == given[name]
    assert found["LifeCycle"] == given["LifeCycle"] | {"ReviewStatus": "Pending Submission"}
    tags = await ada("ListTagsForResource", ResourceArn=found["Arn"])
    assert tags == {"Tags": [{"Key": "team", "Value": "a"}]}
    # It belongs to one account in one catalog.
    assert await bob.refused("GetOpportunity", Catalog="AWS", Identifier=made["Id"]) == "ResourceNotFoundException"
    assert await ada.refused("GetOpportunity", Catalog="Sandbox", Identifier=made["Id"]) == "ResourceNotFoundException"


async def test_a_client_token_creates_one_opportunity(ada, bob):
    request = opportunity(ClientToken="once")
    first = await ada("CreateOpportunity", **request)
    assert await ada("CreateOpportunity", **request) == first
    assert (await bob("CreateOpportunity", **request))["Id"] != first["Id"]
    other = request | {"NationalSecurity": "No"}
    assert await ada.refused("CreateOpportunity", **other) == "ConflictException"
    assert len((await ada("ListOpportunities", Catalog="AWS"))["OpportunitySummaries"]) == 1


async def test_what_cannot_be_created(ada):
    for members, problems in (
        ({"Origin": "AWS Referral"}, {("Origin", "ACTION_NOT_PERMITTED")}),
        ({"LifeCycle": {"TargetCloseDate": "2025-09-30"}}, {("LifeCycle.TargetCloseDate", "INVALID_VALUE")}),
        ({"LifeCycle": {"Stage": "Closed Lost"}}, {("LifeCycle.ClosedLostReason", "REQUIRED_FIELD_MISSING")}),
        ({"Tags": [{"Key": "a", "Value": "1"}] * 2}, {("Tags", "DUPLICATE_KEY_VALUE")}),
        ({"NationalSecurity": "Maybe"}, {("NationalSecurity", "INVALID_ENUM_VALUE")}),
    ):
        assert await ada.refused("CreateOpportunity", ClientToken=token(), **opportunity(**members)) == problems
    made = await ada("CreateOpportunity", ClientToken=token(), **opportunity(Catalog="Sandbox", Origin="AWS Referral"))
    assert made["Id"]


async def test_an_update_replaces_everything_and_needs_the_latest_date(ada, frozen):
    item = await get(ada, (await create(ada, PartnerOpportunityIdentifier="crm-1"))["Id"])
    frozen.clock.advance(timedelta(seconds=1))
    changed = update_of(item, LifeCycle={"Stage": "Committed", "NextSteps": "Sign"})
    del changed["PartnerOpportunityIdentifier"]
    answer = await ada("UpdateOpportunity", **changed)
    assert answer == {"Id": item["Id"], "LastModifiedDate": "2025-10-01T00:00:01.000Z"}
    after = await get(ada, item["Id"])
    assert "PartnerOpportunityIdentifier" not in after
    assert after["LifeCycle"] == {
        "Stage": "Committed",
        "NextSteps": "Sign",
        "NextStepsHistory": [{"Value": "Sign", "Time": "2025-10-01T00:00:01.000Z"}],
        "ReviewStatus": "Pending Submission",
    }
    assert await ada.refused("UpdateOpportunity", **changed) == "ConflictException"
    # The same time in another notation is the same time.
    again = changed | {"LastModifiedDate": "2025-10-01T00:00:01Z"}
    assert (await ada("UpdateOpportunity", **again))["Id"] == item["Id"]


async def test_aws_reviews_what_is_submitted(ada, frozen):
    made = await create(ada)
    await ada("SubmitOpportunity", Catalog="AWS", Identifier=made["Id"], InvolvementType="Co-Sell")
    summary = {"Catalog": "AWS", "RelatedOpportunityIdentifier": made["Id"]}
    statuses = []
    for _ in range(3):
        statuses.append(await review(ada, made["Id"]))
        if statuses[-1][0] != "Approved":
            assert await ada.refused("GetAwsOpportunitySummary", **summary) == "ResourceNotFoundException"
            item = await get(ada, made["Id"])
            refused = await ada.refused("UpdateOpportunity", **update_of(item))
            assert refused == {("LifeCycle.ReviewStatus", "ACTION_NOT_PERMITTED")}
        frozen.clock.advance(TASK)
    assert statuses == [("Submitted", None), ("In review", None), ("Approved", None)]
    told = await ada("GetAwsOpportunitySummary", **summary)
    assert (told["InvolvementType"], told["Visibility"], told["LifeCycle"]["Stage"]) == ("Co-Sell", "Full", "Qualified")
    item = await get(ada, made["Id"])
    assert item["LastModifiedDate"] == "2025-10-01T00:02:00.000Z"
    await ada("UpdateOpportunity", **update_of(item))
    again = {"Catalog": "AWS", "Identifier": made["Id"], "InvolvementType": "Co-Sell"}
    assert await ada.refused("SubmitOpportunity", **again) == {("LifeCycle.ReviewStatus", "INVALID_RESOURCE_STATE")}


async def test_a_rejected_opportunity_cannot_be_changed(ada, frozen):
    made = await create(ada, Customer=customer(Duns="000000000"))
    await ada("SubmitOpportunity", Catalog="AWS", Identifier=made["Id"], InvolvementType="Co-Sell")
    frozen.clock.advance(2 * TASK)
    assert await review(ada, made["Id"]) == ("Rejected", "No register has this D-U-N-S number")
    item = await get(ada, made["Id"])
    assert await ada.refused("UpdateOpportunity", **update_of(item)) == {
        ("LifeCycle.ReviewStatus", "ACTION_NOT_PERMITTED")
    }


async def test_an_update_answers_a_required_action(ada, frozen):
    made = await create(ada, Customer=customer(WebsiteUrl="https://www.byron.invalid/"))
    await ada("SubmitOpportunity", Catalog="AWS", Identifier=made["Id"], InvolvementType="Co-Sell")
    frozen.clock.advance(2 * TASK)
    assert await review(ada, made["Id"]) == ("Action Required", "The website of the customer does not exist")
    item = await get(ada, made["Id"])
    await ada("UpdateOpportunity", **update_of(item, Customer=customer()))
    assert (await review(ada, made["Id"]))[0] == "Submitted"
    frozen.clock.advance(2 * TASK)
    assert await review(ada, made["Id"]) == ("Approved", None)


async def test_an_incomplete_opportunity_cannot_be_submitted(ada):
    lost = {"Stage": "Closed Lost", "ClosedLostReason": "Price"}
    made = await ada("CreateOpportunity", Catalog="AWS", ClientToken=token(), LifeCycle=lost)
    request = {"Catalog": "AWS", "Identifier": made["Id"], "InvolvementType": "Co-Sell"}
    problems = await ada.refused("SubmitOpportunity", **request)
    assert ("LifeCycle.Stage", "INVALID_VALUE") in problems
    missing = {name for name, code in problems if code == "REQUIRED_FIELD_MISSING"}
    assert {"Customer.Account.CompanyName", "Project.Title", "Customer.Account.WebsiteUrl"} < missing
    assert (await review(ada, made["Id"]))[0] == "Pending Submission"


async def test_associations(owner):
    active, inactive = [
        (await owner("ListSolutions", Catalog="AWS", Status=[status]))["SolutionSummaries"][0]["Id"]
        for status in ("Active", "Draft")
    ]
    made = await create(owner)
    place = {"Catalog": "AWS", "OpportunityIdentifier": made["Id"], "RelatedEntityType": "Solutions"}
    for _ in range(2):
        await owner("AssociateOpportunity", **place, RelatedEntityIdentifier=active)
    await owner(
        "AssociateOpportunity", **place | {"RelatedEntityType": "AwsProducts"}, RelatedEntityIdentifier="AmazonEC2"
    )
    related = (await get(owner, made["Id"]))["RelatedEntityIdentifiers"]
    assert related == {"Solutions": [active], "AwsProducts": ["AmazonEC2"]}
    await owner("DisassociateOpportunity", **place, RelatedEntityIdentifier=active)
    assert (await get(owner, made["Id"]))["RelatedEntityIdentifiers"]["Solutions"] == []
    for operation, kind, entity, problem in (
        ("AssociateOpportunity", "Solutions", "S-0", "ResourceNotFoundException"),
        ("AssociateOpportunity", "Solutions", inactive, {("RelatedEntityIdentifier", "INVALID_RESOURCE_STATE")}),
        ("AssociateOpportunity", "Solutions", "x", {("RelatedEntityIdentifier", "INVALID_STRING_FORMAT")}),
        ("DisassociateOpportunity", "Solutions", active, "ResourceNotFoundException"),
    ):
        request = place | {"RelatedEntityType": kind, "RelatedEntityIdentifier": entity}
        assert await owner.refused(operation, **request) == problem


async def test_an_assignee_is_the_first_of_the_team(ada):
    made = await create(ada)
    people = [
        {"Email": f"{name.lower()}@byron.example", "FirstName": name, "LastName": "Byron", "BusinessTitle": "Partner"}
        for name in ("Ada", "Anne")
    ]
    for person in (*people, people[0]):
        await ada("AssignOpportunity", Catalog="AWS", Identifier=made["Id"], Assignee=person)
    assert (await get(ada, made["Id"]))["OpportunityTeam"] == people


async def listed(caller, **request):
    """Return the identifiers of all pages."""
    found, token = [], {}
    while token is not None:
        page = await caller("ListOpportunities", Catalog="AWS", MaxResults=3, **request, **token)
        found += [item["Id"] for item in page["OpportunitySummaries"]]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    return found


async def test_filters_and_orders(ada, frozen):
    ids = []
    for name, stage in (("Cee", "Qualified"), ("Bee", "Committed"), ("Ace", "Qualified"), ("Bee", "Launched")):
        life_cycle = {"Stage": stage, "TargetCloseDate": f"2026-0{len(ids) + 1}-01"}
        made = await create(ada, Customer=customer(CompanyName=name), LifeCycle=life_cycle)
        ids.append(made["Id"])
        frozen.clock.advance(timedelta(hours=1))
    one, two, three, four = ids
    assert await listed(ada) == ids
    assert await listed(ada, LifeCycleStage=["Qualified"]) == [one, three]
    assert await listed(ada, CustomerCompanyName=["Bee", "Ace"]) == [two, three, four]
    assert await listed(ada, Identifier=[four, "O999"]) == [four]
    assert await listed(ada, LifeCycleReviewStatus=["Approved"]) == []
    after = {"AfterLastModifiedDate": "2025-10-01T01:00:00Z", "BeforeLastModifiedDate": "2025-10-01T03:00:00Z"}
    assert await listed(ada, LastModifiedDate=after) == [two, three]
    assert await listed(ada, CreatedDate={"AfterCreatedDate": "2025-10-01T02:00:00.001Z"}) == [four]
    assert await listed(ada, TargetCloseDate={"BeforeTargetCloseDate": "2026-03-01"}) == [one, two]

    def sort(by, order="ASCENDING"):
        return {"SortBy": by, "SortOrder": order}

    assert await listed(ada, Sort=sort("LastModifiedDate", "DESCENDING")) == ids[::-1]
    assert await listed(ada, Sort=sort("TargetCloseDate")) == ids
    assert await listed(ada, Sort=sort("Identifier")) == sorted(ids)
    by_name = await listed(ada, Sort=sort("CustomerCompanyName"))
    assert (by_name[0], by_name[-1], set(by_name)) == (three, one, set(ids))
    await ada("AssignOpportunity", Catalog="AWS", Identifier=two, Assignee={
        "Email": "a@b.example", "FirstName": "A", "LastName": "B", "BusinessTitle": "C",
    })  # fmt: skip
    assert (await listed(ada, Sort=sort("LastModifiedDate", "DESCENDING")))[0] == two
    assert await listed(ada, LastModifiedDate={"AfterLastModifiedDate": "2025-10-01T04:00:00Z"}) == [two]


async def test_pages_of_the_seeded_data_are_complete(http):
    async with Emulator({"AWS": 45, "Sandbox": 0}, seed=3) as emulator:
        owner = Caller("123456789012", emulator.endpoint_url, http, SELLING)
        page = await owner("ListOpportunities", Catalog="AWS")
        assert len(page["OpportunitySummaries"]) == 20  # as AWS documents
        found = await listed(owner)
        assert len(set(found)) == len(found) == 45
        by_date = await listed(owner, Sort={"SortBy": "LastModifiedDate", "SortOrder": "ASCENDING"})
        assert set(by_date) == set(found)
        dates = [datetime.fromisoformat((await get(owner, each))["LastModifiedDate"]) for each in by_date]
        assert dates == sorted(dates)
        assert dates[-1] - dates[0] > timedelta(days=100)
        assert dates[-1] <= datetime(2025, 10, 1, tzinfo=UTC)
        token = page["NextToken"]
        problem = await owner.refused("ListOpportunities", Catalog="AWS", NextToken=token, LifeCycleStage=["Qualified"])
        assert problem == {("NextToken", "INVALID_VALUE")}
