"""Work on many items lets other requests be served in between."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from types import SimpleNamespace

import anyio
import pytest

from aiopartnercentral.emulator import Clock, Denial, Emulator, Fault, Latency, Quotas
from aiopartnercentral.emulator.services import ACCOUNT, BENEFITS, SELLING
from aiopartnercentral.emulator.state import steps
from aiopartnercentral.emulator.state.collection import ItemCollection
from tests.emulator.caller import Caller
from tests.emulator.selling.requests import opportunity, token

pytestmark = pytest.mark.anyio

OWNER = "123456789012"
NOTHING = {"EqualsTo": {"Key": "CustomerCompanyName", "Value": {"StringValue": "Nobody"}}}
GROUPED = {"Aggregations": [{"GroupBy": ["ENRICHMENT_STATUS"]}, {"GroupBy": ["AWS_INDUSTRY"]}]}
MODIFIED = {"Sort": {"SortBy": "LastModifiedDate", "SortOrder": "DESCENDING"}}
YEARS = timedelta(days=3000)


def invitation(client_token):
    """Return a CreateConnectionInvitation request for another account."""
    return {
        "ClientToken": client_token,
        "ConnectionType": "OPPORTUNITY_COLLABORATION",
        "Email": "invite@example.com",
        "Message": "Let us work together",
        "Name": "Example",
        "ReceiverIdentifier": "999999999999",
    }


@pytest.fixture(autouse=True)
def short_steps(monkeypatch):
    """Let each step examine as few items as it may."""
    monkeypatch.setattr(steps, "STEP_SECONDS", 0.0)


async def served_meanwhile(emulator, http, work):
    """Do some work, and return what it returns, and the number of other requests that were answered meanwhile."""
    other = Caller("999999999999", emulator.endpoint_url, http, BENEFITS)
    await other("ListBenefits", Catalog="AWS")  # the connection is open from now on
    results = []

    async def worked():
        results.append(await work())
        scope.cancel()

    count = 0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worked)
        with anyio.CancelScope() as scope:
            while True:
                await other("ListBenefits", Catalog="Sandbox")
                count += 1
    return results[0], count


@pytest.mark.parametrize(
    ("service", "operation", "request_"),
    [
        (SELLING, "ListOpportunities", MODIFIED),
        (SELLING, "ListOpportunities", {"CustomerCompanyName": ["Nobody"]}),
        (SELLING, "SearchOpportunities", {"Filter": NOTHING}),
        (SELLING, "ListEngagementGroups", {}),
        (SELLING, "GetCustomerAccountStatistics", GROUPED),
        (ACCOUNT, "ListConnections", {"OtherParticipantIdentifiers": ["000000000001"]}),
    ],
    ids=lambda each: each if isinstance(each, str) else None,
)
async def test_other_requests_are_served_during_the_first_use_of_a_filter_or_order(service, operation, request_, http):
    async with Emulator({"AWS": 6000, "Sandbox": 1}, clock=Clock(running=False)) as emulator:
        call = Caller(OWNER, emulator.endpoint_url, http, service)
        first, count = await served_meanwhile(emulator, http, lambda: call(operation, Catalog="AWS", **request_))
        assert count >= 2
        assert await call(operation, Catalog="AWS", **request_) == first
    async with Emulator({"AWS": 6000, "Sandbox": 1}, clock=Clock(running=False)) as emulator:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(steps, "LEAST", 10**9)
            patch.setattr(steps, "STEP_SECONDS", 1e9)
            at_once = await Caller(OWNER, emulator.endpoint_url, http, service)(operation, Catalog="AWS", **request_)
    for each in (first, at_once):
        each.pop("NextToken", None)  # it is bound to the emulator
    assert first == at_once


async def test_other_requests_are_served_during_the_first_invitation_of_a_large_catalog(http, tmp_path):
    options = {"clock": Clock(running=False), "quotas": Quotas(active_connections=10**6)}
    async with Emulator({"AWS": 4000, "Sandbox": 1}, state=tmp_path / "state", **options) as emulator:
        call = Caller(OWNER, emulator.endpoint_url, http, ACCOUNT)
        request = invitation(token())
        created, count = await served_meanwhile(
            emulator, http, lambda: call("CreateConnectionInvitation", Catalog="AWS", **request)
        )
        assert count >= 10
        assert await call("CreateConnectionInvitation", Catalog="AWS", **request) == created
        receiver = Caller("999999999999", emulator.endpoint_url, http, ACCOUNT)
        received = await receiver("ListConnectionInvitations", Catalog="AWS")
        assert [each["Id"] for each in received["ConnectionInvitationSummaries"]] == [created["Id"]]
    async with Emulator({"AWS": 4000, "Sandbox": 1}, **options) as emulator:
        call = Caller(OWNER, emulator.endpoint_url, http, ACCOUNT)
        invitations = (await call("ListConnectionInvitations", Catalog="AWS"))["ConnectionInvitationSummaries"]
        roles = {(each["ParticipantType"], each["Status"]): each["Id"] for each in invitations}
        request = {"Catalog": "AWS", "ClientToken": token(), "Identifier": roles["RECEIVER", "PENDING"]}
        accepted, count = await served_meanwhile(emulator, http, lambda: call("AcceptConnectionInvitation", **request))
        assert count >= 10
        assert await call("AcceptConnectionInvitation", **request) == accepted


async def test_a_request_whose_client_disconnects_between_two_steps_is_recorded_as_not_executed(http, monkeypatch):
    async def disconnect():
        scope.cancel()
        await anyio.sleep_forever()  # until the emulator notices

    async with Emulator({"AWS": 6000, "Sandbox": 1}, clock=Clock(running=False)) as emulator:
        call = Caller(OWNER, emulator.endpoint_url, http, ACCOUNT)
        with monkeypatch.context() as patch, anyio.CancelScope() as scope:
            patch.setattr(steps, "anyio", SimpleNamespace(lowlevel=SimpleNamespace(checkpoint=disconnect)))
            await call("CreateConnectionInvitation", Catalog="AWS", **invitation(token()))
        with anyio.fail_after(10):
            while not emulator.requests:
                await anyio.sleep(0.01)
        (recorded,) = emulator.requests
        assert (recorded.operation, recorded.status) == ("CreateConnectionInvitation", 0)
        assert await Caller("999999999999", emulator.endpoint_url, http, ACCOUNT)(
            "ListConnectionInvitations", Catalog="AWS"
        ) == {"ConnectionInvitationSummaries": []}


async def test_other_requests_are_served_after_the_clock_was_moved_by_years(http):
    async with Emulator({"AWS": 6000, "Sandbox": 1}, clock=Clock(running=False)) as emulator:
        url = emulator.endpoint_url
        call = Caller(OWNER, url, http, SELLING)
        made = opportunity(ClientToken=token(), LifeCycle={"Stage": "Qualified", "TargetCloseDate": "2040-01-01"})
        emulator.clock.advance(YEARS)
        created, count = await served_meanwhile(emulator, http, lambda: call("CreateOpportunity", **made))
        assert count >= 2
        assert (await call("CreateOpportunity", **made))["Id"] == created["Id"]
        page = await call("ListEngagementInvitations", Catalog="AWS", ParticipantType="SENDER", MaxResults=100)
        assert "PENDING" not in {each["Status"] for each in page["EngagementInvitationSummaries"]}


async def test_other_requests_are_served_while_a_page_of_the_dashboard_settles_the_state(http):
    async with Emulator({"AWS": 6000, "Sandbox": 1}, clock=Clock(running=False)) as emulator:
        emulator.clock.advance(YEARS)
        page, count = await served_meanwhile(emulator, http, lambda: http.get(emulator.endpoint_url))
        assert page.status_code == 200
        assert count >= 2


async def test_an_order_is_complete_though_items_change_while_it_is_made(http):
    async with Emulator({"AWS": 2000, "Sandbox": 1}, clock=Clock(running=False)) as emulator:
        call = Caller(OWNER, emulator.endpoint_url, http, SELLING)
        sort = {"SortBy": "CreatedDate", "SortOrder": "DESCENDING"}
        found, made = [], []

        async def listed():
            found.append(await call("ListOpportunities", Catalog="AWS", Sort=sort, MaxResults=100))
            scope.cancel()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listed)
            with anyio.CancelScope() as scope:
                for _ in range(5):
                    created = await call("CreateOpportunity", **opportunity(ClientToken=token()))
                    made.append(created["Id"])
        dates = [each["CreatedDate"] for each in found[0]["OpportunitySummaries"]]
        assert dates == sorted(dates, reverse=True)
        assert made
        assert set(made) & {each["Id"] for each in found[0]["OpportunitySummaries"]}


async def test_work_that_begins_again_for_ever_ends_in_one_step(monkeypatch):
    monkeypatch.setattr(steps, "MOST_STEPS", 3)
    begun = []

    def work():
        begun.append(None)
        for _ in range(steps.LEAST + 1):
            steps.step()
        return len(begun)

    assert await steps.in_steps(work) == 4


async def test_a_search_ends_although_items_change_in_each_step(monkeypatch):
    monkeypatch.setattr(steps, "MOST_STEPS", 10**9)
    made = []

    def make(index):
        made.append(index)
        return {"Id": str(index), "Number": index % 7}

    collection = ItemCollection(1000, make, dict, index_of=int)

    def selected(order):
        collection.change({"Id": "900", "Number": len(made) % 7})
        collection.add({"Id": f"new {len(made)}", "Number": 3})
        keep = lambda index: collection.item(index)["Number"] == 3  # noqa: E731
        if order is None:
            return collection.select_from(b"unordered", keep, 0, 10**6)
        return collection.select(b"ordered", keep, order, name="Number")

    for order in (None, lambda item: (item["Number"], item["Id"])):
        with anyio.fail_after(30):
            found = await steps.in_steps(partial(selected, order))
        wanted = [index for index in collection.indices if collection.item(index)["Number"] == 3]
        assert sorted(found) == wanted
        made.clear()
        collection.remove(str(wanted[0]))
        assert sorted(await steps.in_steps(partial(selected, order))) == [
            index for index in collection.indices if collection.item(index)["Number"] == 3
        ]


@pytest.mark.parametrize(("key", "each"), [("denial", {}), ("fault", {"kind": "latency", "seconds": 0})])
async def test_more_rules_than_each_request_can_be_compared_with_are_refused(key, each, frozen, http):
    for count, status in ((1000, 200), (1001, 400), (10_000, 400)):
        url = f"{frozen.endpoint_url}/_emulator/scenario"
        response = await http.post(url, json={key: [each] * count})
        assert response.status_code == status
    assert response.json()["Message"] == f"{key} must have at most 1000 elements, not 10000"
    assert len(frozen.scenario[key]) == 1000
    with pytest.raises(ValueError, match="denials must have at most 1000 elements, not 1001"):
        frozen.denials = [Denial()] * 1001
    with pytest.raises(ValueError, match="faults must have at most 1000 elements, not 1001"):
        Emulator(faults=[Fault(Latency(seconds=0))] * 1001)
