"""Nights that change seeded data, for incremental collection."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from aiopartnercentral import Emulator, selling
from aiopartnercentral.bulk import Collection, Source
from aiopartnercentral.emulator import Clock
from aiopartnercentral.emulator.seed.items import SEED_DATE
from aiopartnercentral.emulator.seed.random import nightly_changes
from aiopartnercentral.emulator.services import SELLING
from tests.emulator.caller import Caller
from tests.emulator.killable_process import running
from tests.emulator.selling.requests import opportunity, token

pytestmark = pytest.mark.anyio
OWNER = "123456789012"
PLACE = {"Catalog": "AWS", "MaxResults": 100}
NIGHT = timedelta(days=1)


@given(st.floats(0, 1), st.integers(0, 4000), st.text(max_size=5))
def test_an_item_changes_in_regular_nights_only(share, night, key):
    before, after = (nightly_changes(key, share, each) for each in (night, night + 1))
    assert after[0] - before[0] in (0, 1)
    assert after[1] == (night + 1 if after[0] > before[0] else before[1])
    assert abs(before[0] - share * night) <= 1


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_each_night_changes_a_share_of_all_items(share):
    for night in (1, 2, 300):
        changed = sum(nightly_changes(f"{index}", share, night)[1] == night for index in range(2_000))
        assert changed == pytest.approx(2_000 * share, rel=0.25)


async def everything(caller, operation, key, **request):
    found, token = {}, {}
    while token is not None:
        page = await caller(operation, **PLACE, **request, **token)
        found |= {item["Id"]: item for item in page[key]}
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    return found


LISTINGS = {
    "ListOpportunities": ("OpportunitySummaries", "LastModifiedDate"),
    "SearchOpportunities": ("OpportunitySearchSummaries", "LastModifiedDate"),
    "SearchEngagements": ("EngagementSearchSummaries", "ModifiedAt"),
    "SearchCustomerAccounts": ("CustomerAccountSummaries", "LastModifiedDate"),
}


@pytest.mark.parametrize("operation", LISTINGS)
async def test_a_night_changes_some_items_and_the_time_of_their_latest_change(http, operation):
    key, time = LISTINGS[operation]
    clock = Clock(running=False)
    async with Emulator({"AWS": 600}, clock=clock, nightly_changes=0.1) as emulator:
        caller = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        before = await everything(caller, operation, key)
        assert await everything(caller, operation, key) == before
        for number in (1, 2):
            clock.advance(NIGHT)
            after = await everything(caller, operation, key)
            changed = {name for name, item in after.items() if item != before[name]}
            assert before.keys() == after.keys()
            assert 0.02 * len(after) < len(changed) < 0.25 * len(after)
            times = {datetime.fromisoformat(after[name][time]) for name in changed}
            assert times == {SEED_DATE + number * NIGHT}
            before = after


async def test_a_collection_since_the_last_night_finds_what_has_changed_and_nothing_else():
    clock = Clock(running=False)
    async with (
        Emulator({"AWS": 500}, clock=clock, nightly_changes=0.1) as emulator,
        selling.connect(
            endpoint_url=emulator.endpoint_url, aws_access_key_id=OWNER, aws_secret_access_key="any"
        ) as client,
    ):

        async def listed(**filters):
            listing = client.paginate.list_opportunities(catalog="AWS", **filters)
            return {item.id: item async for item in listing}

        before = await listed()
        clock.advance(NIGHT)
        since = selling.LastModifiedDate(after_last_modified_date=SEED_DATE + NIGHT)
        after, found = await listed(), await listed(last_modified_date=since)
    assert found == {name: item for name, item in after.items() if item != before[name]}
    assert len(found) > 20


async def test_an_incremental_collection_continues_by_the_clock_of_the_emulator(http, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", OWNER)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    async with Emulator({"AWS": 500}, nightly_changes=0.1) as emulator:
        call = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        source = Source("AWS", endpoint_url=emulator.endpoint_url)

        async def night(since):
            return await Collection(selling.listings.list_opportunities(), [source], since=since).collect()

        first = await night(None)
        assert (await night(first.report)).report.items == 0
        emulator.clock.advance(NIGHT)
        second = await night(first.report)
        made = await call("CreateOpportunity", ClientToken=token(), **opportunity())
        third = await night(second.report)
    assert first.report.items == 500
    assert 20 < second.report.items < 100
    assert [item.id for _, item in third] == [made["Id"]]


async def test_an_item_that_a_request_has_changed_is_no_longer_changed_by_nights(http):
    clock = Clock(running=False)
    async with Emulator({"AWS": 8}, clock=clock, nightly_changes=1.0) as emulator:
        caller = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        first = (await caller("ListOpportunities", **PLACE, LifeCycleReviewStatus=["Approved"]))["OpportunitySummaries"]
        place = {"Catalog": "AWS", "Identifier": first[0]["Id"]}
        assignee = {"Email": "a@b.example", "FirstName": "A", "LastName": "B", "BusinessTitle": "OpportunityOwner"}
        await caller("AssignOpportunity", **place, Assignee=assignee)
        changed = await caller("GetOpportunity", **place)
        clock.advance(5 * NIGHT)
        assert await caller("GetOpportunity", **place) == changed
        other = await caller("GetOpportunity", Catalog="AWS", Identifier=first[1]["Id"])
        assert other["LastModifiedDate"] == "2025-10-06T00:00:00Z"


async def test_the_nights_are_those_of_the_state_file(tmp_path, http):
    clock, options = Clock(running=False), {"state": tmp_path / "state.log", "nightly_changes": 0.5}
    async with Emulator({"AWS": 40}, clock=clock, **options) as emulator:
        caller = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        first = await everything(caller, "ListOpportunities", "OpportunitySummaries")
        clock.advance(3 * NIGHT)
        before = await everything(caller, "ListOpportunities", "OpportunitySummaries")
        assert before != first
    async with Emulator({"AWS": 40}, clock=Clock(running=False), **options) as emulator:
        caller = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        assert await everything(caller, "ListOpportunities", "OpportunitySummaries") == before
    with pytest.raises(Exception, match=r"nightly_changes 0\.5, not 0\.0"):
        async with Emulator({"AWS": 40}, clock=Clock(running=False), state=options["state"]):
            pass


async def test_the_command_has_nightly_changes(http):
    with running("--catalog", "AWS=40", "--freeze-time", "--nightly-changes", "1") as emulator:
        caller = Caller(OWNER, emulator.url, http, SELLING)
        await http.post(f"{emulator.url}/_emulator/clock", json={"AdvanceSeconds": 86_400})
        found = await everything(caller, "ListOpportunities", "OpportunitySummaries")
    assert {item["LastModifiedDate"] for item in found.values()} == {"2025-10-02T00:00:00Z"}


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(share):
    with pytest.raises(ValueError, match="nightly_changes"):
        Emulator(nightly_changes=share)
