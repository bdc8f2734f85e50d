"""Everything in the state is on a page of the dashboard."""

from __future__ import annotations

import attrs
import pytest

from aiopartnercentral.emulator.dashboard.kinds import collections
from aiopartnercentral.emulator.services import MARKETING, REVENUE, SELLING
from aiopartnercentral.emulator.state.collection import ItemCollection
from aiopartnercentral.emulator.state.records import RecordCollection
from tests.emulator.service_requests import allocation
from tests.emulator.workflows import PROFILE, connected, partner, token

pytestmark = pytest.mark.anyio

ADA, OWNER = "111111111111", "123456789012"
LISTS = "/catalogs/AWS/partnercentral-"


def found_in(value):
    """Yield the collections in a part of the state."""
    if isinstance(value, ItemCollection | RecordCollection):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from found_in(each)
    elif type(value).__module__.startswith("aiopartnercentral.emulator.state"):
        for field in attrs.fields(type(value)):
            yield from found_in(getattr(value, field.name))


async def test_every_collection_of_the_state_has_a_list(frozen, ada, bob, of_service):
    await connected(ada, bob)
    await of_service(SELLING)("ListOpportunities", Catalog="AWS")
    state, now = frozen._dispatcher.state, frozen.clock.now()
    listed = list(collections(state, now))
    shown = {id(each.items) for each in listed}
    kept = list(found_in(state))
    missing = [each for each in kept if id(each) not in shown]
    # Those of social connections also follow from the verifications of an account.
    assert missing == [state.records(MARKETING.name, name, now).kind("social-connection") for name in state.sizes]
    assert len(kept) > 70
    names = [(each.service.name, each.kind, each.catalog, each.account) for each in listed]
    assert len(set(names)) == len(names)


async def test_tasks_of_partners_have_lists_and_pages(frozen, ada, bob, http, shown):
    made = await partner(ada, frozen, http)
    place = {"Catalog": "AWS", "Identifier": made["Id"]}
    task = await ada("StartProfileUpdateTask", **place, ClientToken=token(), TaskDetails=PROFILE)
    listed = await shown(f"{LISTS}account/profile-update-tasks")
    assert [(each["id"], each["status"], each["account"]) for each in listed["rows"]] == [
        (task["TaskId"], "IN_PROGRESS", ADA)
    ]
    page = await shown(f"/items/{task['TaskId']}")
    assert page["places"][0]["item"]["PartnerId"] == made["Id"]
    other = await partner(bob, frozen, http, name="Babbage")
    await connected(bob, ada, kind="SUBSIDIARY")
    members = {"Association": "PrimaryPartner", "Disassociation": "AssociatedPartner"}
    for kind, member in members.items():
        frozen.clock.advance(frozen._dispatcher.state.task_time)
        primary = {member: {"ProfileId": other["Profile"]["ProfileId"]}}
        started = await ada(f"StartQualifications{kind}Task", **place, ClientToken=token(), **primary)
        rows = (await shown(f"{LISTS}account/qualifications-{kind.lower()}-tasks"))["rows"]
        assert [each["id"] for each in rows] == [started["TaskId"]]


async def test_tasks_of_records_have_lists_and_pages(of_service, shown):
    call = of_service(REVENUE)
    made = await call(
        "CreateRevenueAttribution", Catalog="AWS", Name="Engine", TenancyModel="MULTI_TENANT", ClientToken=token()
    )
    started = await call(
        "StartRevenueAttributionAllocationsTask",
        Catalog="AWS",
        ClientToken=token(),
        RevenueAttributionIdentifier=made["Id"],
        RevenueAttributionRevision="1",
        RevenueShareAllocations=[allocation()],
    )
    (row,) = (await shown(f"{LISTS}revenue-measurement/revenue-attribution-allocations-tasks"))["rows"]
    assert (row["id"], row["status"], row["account"]) == (started["TaskId"], "IN_PROGRESS", ADA)
    assert (await shown(f"/items/{started['TaskId']}"))["places"][0]["item"]["RevenueAttributionArn"] == made["Arn"]


async def test_engagement_groups_have_a_list_and_pages(of_service, shown):
    answer = await of_service(SELLING, OWNER)("ListEngagementGroups", Catalog="AWS")
    rows = (await shown(f"{LISTS}selling/engagement-groups"))["rows"]
    told = {each["Id"] for each in answer["EngagementGroupSummaries"]}
    assert told
    assert told <= {each["id"] for each in rows}
    assert (await shown(f"/items/{rows[0]['id']}"))["places"][0]["item"]["Name"] == rows[0]["name"]


async def test_opened_authorizations_are_listed_as_social_connections(frozen, of_service, shown, http):
    call = of_service(MARKETING)
    url = (await call("CreateSocialConnectionAuthorizationUrl", Catalog="AWS", Platform="X"))["AuthorizationUrl"]
    inbox = await shown("/inbox")
    assert [each["kind"] for each in inbox["verifications"]] == ["SOCIAL_CONNECTION"]
    secret = url.rpartition("/")[2]
    assert secret not in (await http.get(f"{frozen.endpoint_url}/accounts/{ADA}")).text
    assert (await http.get(url)).status_code == 200
    (item,) = (await call("ListSocialConnections", Catalog="AWS"))["Items"]
    listed = await shown(f"{LISTS}marketing/social-connection?account={ADA}")
    assert [(each["id"], each["status"]) for each in listed["rows"]] == [(item["Id"], "AUTHORIZED")]


async def test_tags_are_on_the_page_of_their_item(frozen, of_service, shown, http):
    call = of_service(REVENUE)
    made = await call(
        "CreateRevenueAttribution", Catalog="AWS", Name="Engine", TenancyModel="MULTI_TENANT", ClientToken=token()
    )
    await call("TagResource", resourceArn=made["Arn"], tags=[{"Key": "team", "Value": "<looms>"}])
    assert (await shown(f"/items/{made['Id']}"))["places"][0]["tags"] == {"team": "<looms>"}
    page = await http.get(f"{frozen.endpoint_url}/items/{made['Id']}")
    assert "<dt>team</dt><dd>&lt;looms&gt;</dd>" in page.text


async def test_the_role_of_snapshot_jobs_is_on_the_page_of_the_account(of_service, shown):
    assert (await shown(f"/accounts/{ADA}"))["roles"] == []
    await of_service(SELLING)("PutSellingSystemSettings", Catalog="AWS", ResourceSnapshotJobRoleIdentifier="looms")
    assert (await shown(f"/accounts/{ADA}"))["roles"] == [{"catalog": "AWS", "role": f"arn:aws:iam::{ADA}:role/looms"}]
