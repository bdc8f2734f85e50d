"""Invitations and connections, as both accounts see them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from aiopartnercentral.emulator import Clock, Emulator, Quotas
from tests.emulator.caller import Caller
from tests.emulator.workflows import connected, invitation, partner, token

pytestmark = pytest.mark.anyio


async def listed(caller, catalog="AWS", **filters):
    page = await caller("ListConnectionInvitations", Catalog=catalog, **filters)
    return page["ConnectionInvitationSummaries"]


async def test_an_invitation_is_seen_by_both_accounts_and_no_other(ada, bob, caller):
    sent = await ada("CreateConnectionInvitation", **invitation(bob.account))
    received = await bob("GetConnectionInvitation", Catalog="AWS", Identifier=sent["Id"])
    assert (sent["ParticipantType"], sent["OtherParticipantIdentifier"]) == ("SENDER", bob.account)
    assert (received["ParticipantType"], received["OtherParticipantIdentifier"]) == ("RECEIVER", ada.account)
    roles = ("ParticipantType", "OtherParticipantIdentifier")
    assert {n: v for n, v in sent.items() if n not in roles} == {n: v for n, v in received.items() if n not in roles}
    for one in (ada, bob):
        assert [item["Id"] for item in await listed(one)] == [sent["Id"]]
        assert await listed(one, "Sandbox") == []
    assert [item["Id"] for item in await listed(bob, OtherParticipantIdentifiers=[ada.account])] == [sent["Id"]]
    carol = caller("333333333333")
    assert await listed(carol) == []
    refused = await carol.refused("GetConnectionInvitation", Catalog="AWS", Identifier=sent["Id"])
    assert refused == "CONNECTION_INVITATION_NOT_FOUND"
    assert await bob.refused("GetConnectionInvitation", Catalog="Sandbox", Identifier=sent["Id"]) == refused


async def test_acceptance_makes_one_connection_that_both_accounts_see(ada, bob):
    sent = await ada("CreateConnectionInvitation", **invitation(bob.account))
    answer = await bob("AcceptConnectionInvitation", Catalog="AWS", Identifier=sent["Id"], ClientToken=token())
    seen = {
        one.account: await one("GetConnection", Catalog="AWS", Identifier=answer["Connection"]["Id"])
        for one in (ada, bob)
    }
    assert answer["Connection"] == seen[bob.account]
    for one, other in ((ada, bob), (bob, ada)):
        connection = seen[one.account]
        assert connection["OtherParticipantAccountId"] == other.account
        kind = connection["ConnectionTypes"]["OPPORTUNITY_COLLABORATION"]
        assert kind["Status"] == "ACTIVE"
        assert kind["OtherParticipant"] == {"Account": {"Name": f"Account {other.account}"}}
        (invited,) = await listed(one, Status="ACCEPTED")
        assert invited["ConnectionId"] == connection["Id"]
        assert "ExpiresAt" not in invited
        (summary,) = (await one("ListConnections", Catalog="AWS"))["ConnectionSummaries"]
        assert summary["Id"] == connection["Id"]
        assert (await one("ListConnections", Catalog="Sandbox"))["ConnectionSummaries"] == []


async def test_a_second_type_joins_the_same_connection_and_each_is_canceled_independently(ada, bob):
    first = await connected(ada, bob)
    second = await connected(bob, ada, kind="SUBSIDIARY")
    assert first["Id"] == second["Id"]
    assert set(second["ConnectionTypes"]) == {"OPPORTUNITY_COLLABORATION", "SUBSIDIARY"}
    end = {"Catalog": "AWS", "Identifier": first["Id"], "ConnectionType": "SUBSIDIARY", "Reason": "Done"}
    ended = await ada("CancelConnection", **end, ClientToken=token())
    assert ended["ConnectionTypes"]["SUBSIDIARY"]["CanceledBy"] == ada.account
    for one in (ada, bob):
        listing = await one("ListConnections", Catalog="AWS", ConnectionType="SUBSIDIARY:CANCELED")
        assert [item["Id"] for item in listing["ConnectionSummaries"]] == [first["Id"]]
        listing = await one("ListConnections", Catalog="AWS", ConnectionType="OPPORTUNITY_COLLABORATION:ACTIVE")
        assert [item["Id"] for item in listing["ConnectionSummaries"]] == [first["Id"]]
    assert await bob.refused("CancelConnection", **end, ClientToken=token()) == "INCOMPATIBLE_CONNECTION_STATE"
    again = await connected(ada, bob, kind="SUBSIDIARY")
    assert again["Id"] == first["Id"]
    assert again["ConnectionTypes"]["SUBSIDIARY"]["Status"] == "ACTIVE"
    assert "CanceledBy" not in again["ConnectionTypes"]["SUBSIDIARY"]


@pytest.mark.parametrize(
    ("operation", "by_receiver", "status"),
    [("RejectConnectionInvitation", True, "REJECTED"), ("CancelConnectionInvitation", False, "CANCELED")],
)
async def test_rejected_and_canceled_invitations_are_final(operation, by_receiver, status, *, ada, bob):
    answering, waiting = (bob, ada) if by_receiver else (ada, bob)
    sent = await ada("CreateConnectionInvitation", **invitation(bob.account))
    place = {"Catalog": "AWS", "Identifier": sent["Id"]}
    not_permitted = await waiting.refused(operation, **place, ClientToken=token())
    assert not_permitted == {("Identifier", "ACTION_NOT_PERMITTED")}
    answer = await answering(operation, **place, ClientToken=token())
    assert answer["Status"] == status
    for one in (ada, bob):
        assert (await one("GetConnectionInvitation", **place))["Status"] == status
        assert (await one("ListConnections", Catalog="AWS"))["ConnectionSummaries"] == []
    for late in (operation, "AcceptConnectionInvitation"):
        one = bob if late != "CancelConnectionInvitation" else ada
        assert await one.refused(late, **place, ClientToken=token()) == "INCOMPATIBLE_CONNECTION_INVITATION_STATE"
    await ada("CreateConnectionInvitation", **invitation(bob.account))


async def test_an_invitation_expires_for_both_accounts(ada, bob, frozen):
    sent = await ada("CreateConnectionInvitation", **invitation(bob.account))
    left = datetime.fromisoformat(sent["ExpiresAt"]) - frozen.clock.now()
    frozen.clock.advance(left - timedelta(seconds=1))
    assert len(await listed(bob, Status="PENDING")) == 1
    frozen.clock.advance(timedelta(seconds=1))
    for one in (ada, bob):
        assert await listed(one, Status="PENDING") == []
        (expired,) = await listed(one, Status="EXPIRED")
        assert expired["UpdatedAt"] == sent["ExpiresAt"]
    refused = await bob.refused("AcceptConnectionInvitation", Catalog="AWS", Identifier=sent["Id"], ClientToken=token())
    assert refused == "INCOMPATIBLE_CONNECTION_INVITATION_STATE"


async def test_seeded_invitations_expire(owner, frozen):
    pending = await listed(owner, Status="PENDING")
    assert pending
    half = sorted(item["ExpiresAt"] for item in pending)[len(pending) // 2]
    frozen.clock.advance(datetime.fromisoformat(half) - frozen.clock.now())
    assert await listed(owner, Status="PENDING") == [item for item in pending if item["ExpiresAt"] > half]
    frozen.clock.advance(timedelta(days=20))
    assert await listed(owner, Status="PENDING") == []
    assert {item["Id"] for item in pending} <= {item["Id"] for item in await listed(owner, Status="EXPIRED")}


async def test_seeded_items_can_be_changed(owner):
    everything = (await owner("ListConnections", Catalog="AWS"))["ConnectionSummaries"]
    one = next(item for item in everything if item["ConnectionTypes"].get("SUBSIDIARY", {}).get("Status") == "ACTIVE")
    end = {"Catalog": "AWS", "Identifier": one["Id"], "ConnectionType": "SUBSIDIARY", "Reason": ""}
    await owner("CancelConnection", **end, ClientToken=token())
    after = (await owner("ListConnections", Catalog="AWS"))["ConnectionSummaries"]
    assert [item["Id"] for item in after] == [item["Id"] for item in everything]
    assert [item for item in after if item not in everything] == [item for item in after if item["Id"] == one["Id"]]
    for received in await listed(owner, Status="PENDING", ParticipantType="RECEIVER"):
        place = {"Catalog": "AWS", "Identifier": received["Id"]}
        answer = await owner("AcceptConnectionInvitation", **place, ClientToken=token())
        kind = answer["Connection"]["ConnectionTypes"][received["ConnectionType"]]
        known_by = {answer["Connection"]["OtherParticipantAccountId"]}
        known_by |= {shown.get("Id") for shown in kind["OtherParticipant"].values()}
        assert received["OtherParticipantIdentifier"] in known_by
    for sent in await listed(owner, Status="PENDING", ParticipantType="SENDER"):
        await owner("CancelConnectionInvitation", Catalog="AWS", Identifier=sent["Id"], ClientToken=token())
    assert await listed(owner, Status="PENDING") == []


async def test_the_participant_of_a_seeded_connection_can_be_invited_by_its_profile(owner):
    everything = (await owner("ListConnections", Catalog="AWS"))["ConnectionSummaries"]
    profile, account, free = next(
        (kind["OtherParticipant"]["PartnerProfile"]["Id"], item["OtherParticipantAccountId"], missing)
        for item in everything
        for kind in item["ConnectionTypes"].values()
        for missing in {"SUBSIDIARY", "OPPORTUNITY_COLLABORATION"} - set(item["ConnectionTypes"])
        if "PartnerProfile" in kind["OtherParticipant"]
    )
    sent = await owner("CreateConnectionInvitation", **invitation(profile, kind=free))
    theirs = Caller(account, owner.url, owner.http)
    (received,) = await listed(theirs)
    assert received["Id"] == sent["Id"]
    answer = await theirs("AcceptConnectionInvitation", Catalog="AWS", Identifier=sent["Id"], ClientToken=token())
    assert (
        free in (await owner("GetConnection", Catalog="AWS", Identifier=answer["Connection"]["Id"]))["ConnectionTypes"]
    )


async def test_wrong_invitations_are_refused(ada, bob):
    nobody = await ada.refused("CreateConnectionInvitation", **invitation("pprofile-0000000000000"))
    assert nobody == "RECEIVER_PROFILE_NOT_FOUND"
    itself = await ada.refused("CreateConnectionInvitation", **invitation(ada.account))
    assert itself == {"INCOMPATIBLE_CONNECTION_INVITATION_REQUEST"}
    await ada("CreateConnectionInvitation", **invitation(bob.account))
    for one, other in ((ada, bob), (bob, ada)):
        again = await one.refused("CreateConnectionInvitation", **invitation(other.account))
        assert again == "DUPLICATE_CONNECTION_INVITATION"
    await ada("CreateConnectionInvitation", **invitation(bob.account, catalog="Sandbox"))
    await connected(ada, bob, kind="SUBSIDIARY")
    for one, other in ((ada, bob), (bob, ada)):
        again = await one.refused("CreateConnectionInvitation", **invitation(other.account, kind="SUBSIDIARY"))
        assert again == "DUPLICATE_CONNECTION"


async def test_partners_are_invited_and_shown_by_their_profiles(ada, bob, frozen, http):
    ours = await partner(ada, frozen, http, name="Ours")
    theirs = await partner(bob, frozen, http, name="Theirs")
    profile = theirs["Profile"]["ProfileId"]
    sent = await ada("CreateConnectionInvitation", **invitation(profile))
    assert sent["OtherParticipantIdentifier"] == profile
    (received,) = await listed(bob, OtherParticipantIdentifiers=[ours["Profile"]["ProfileId"]])
    assert (
        await ada.refused("CreateConnectionInvitation", **invitation(bob.account)) == "DUPLICATE_CONNECTION_INVITATION"
    )
    answer = await bob("AcceptConnectionInvitation", Catalog="AWS", Identifier=received["Id"], ClientToken=token())
    kind = answer["Connection"]["ConnectionTypes"]["OPPORTUNITY_COLLABORATION"]
    assert kind["OtherParticipant"]["PartnerProfile"] == {"Id": ours["Profile"]["ProfileId"], "Name": "Ours"}


async def test_preferences_limit_who_may_invite(ada, bob, caller):
    async def prefer(access, *excluded):
        before = await bob("GetConnectionPreferences", Catalog="AWS")
        more = {"ExcludedParticipantIdentifiers": list(excluded)} if excluded else {}
        after = await bob(
            "UpdateConnectionPreferences", Catalog="AWS", Revision=before["Revision"], AccessType=access, **more
        )
        assert after["Revision"] > before["Revision"]
        assert after == await bob("GetConnectionPreferences", Catalog="AWS")

    assert (await bob("GetConnectionPreferences", Catalog="AWS"))["AccessType"] == "ALLOW_ALL"
    await prefer("DENY_ALL")
    refused = await ada.refused("CreateConnectionInvitation", **invitation(bob.account))
    assert refused == "INCOMPATIBLE_CONNECTION_INVITATION_RECEIVER"
    await ada("CreateConnectionInvitation", **invitation(bob.account, catalog="Sandbox"))
    await prefer("ALLOW_BY_DEFAULT_DENY_SOME", ada.account)
    assert await ada.refused("CreateConnectionInvitation", **invitation(bob.account)) == refused
    await caller("333333333333")("CreateConnectionInvitation", **invitation(bob.account))
    await prefer("ALLOW_ALL")
    await ada("CreateConnectionInvitation", **invitation(bob.account))


async def test_preferences_are_changed_with_the_latest_revision_only(bob):
    before = await bob("GetConnectionPreferences", Catalog="AWS")
    change = {"Catalog": "AWS", "AccessType": "DENY_ALL", "Revision": before["Revision"]}
    await bob("UpdateConnectionPreferences", **change)
    refused = await bob.refused("UpdateConnectionPreferences", **change)
    assert refused == "INCOMPATIBLE_CONNECTION_PREFERENCES_REVISION"
    for access, excluded, code in (
        ("DENY_ALL", ["1"], "ACTION_NOT_PERMITTED"),
        ("ALLOW_BY_DEFAULT_DENY_SOME", ["1", "1"], "DUPLICATE_VALUE"),
    ):
        wrong = change | {"AccessType": access, "ExcludedParticipantIdentifiers": excluded}
        field = await bob.refused("UpdateConnectionPreferences", **wrong)
        assert field == {("ExcludedParticipantIdentifiers", code)}


async def test_quotas_limit_invitations_and_connections(http):
    quotas = Quotas(active_connections=1, open_invitations=2, invitations_per_day=3)
    async with Emulator({"AWS": 0, "Sandbox": 0}, clock=Clock(running=False), quotas=quotas) as emulator:
        ada, *others = [Caller(f"{n:012d}", emulator.endpoint_url, http) for n in range(1, 6)]
        sent = [await ada("CreateConnectionInvitation", **invitation(other.account)) for other in others[:2]]
        refused = await ada.refused("CreateConnectionInvitation", **invitation(others[2].account))
        assert refused == "LIMIT_EXCEEDED_NUMBER_OF_OPEN_CONNECTION_INVITATION"
        for one, item in zip(others[:1], sent[:1], strict=True):
            await one("AcceptConnectionInvitation", Catalog="AWS", Identifier=item["Id"], ClientToken=token())
        place = {"Catalog": "AWS", "Identifier": sent[1]["Id"]}
        refused = await others[1].refused("AcceptConnectionInvitation", **place, ClientToken=token())
        assert refused == "LIMIT_EXCEEDED_NUMBER_OF_ACTIVE_CONNECTION"
        await others[1]("RejectConnectionInvitation", **place, ClientToken=token())
        await ada("CreateConnectionInvitation", **invitation(others[2].account))
        refused = await ada.refused("CreateConnectionInvitation", **invitation(others[3].account))
        assert refused == "LIMIT_EXCEEDED_NUMBER_OF_CONNECTION_INVITATION_PER_DAY"
        await ada("CreateConnectionInvitation", **invitation(others[3].account, catalog="Sandbox"))
        emulator.clock.advance(timedelta(days=1))
        await ada("CreateConnectionInvitation", **invitation(others[3].account))


async def test_pages_do_not_shift_while_items_change(caller):
    ada = caller("111111111111")
    others = [caller(f"{number:012d}") for number in range(20)]
    sent = [await ada("CreateConnectionInvitation", **invitation(other.account)) for other in others[:10]]
    first = await ada("ListConnectionInvitations", Catalog="AWS", Status="PENDING", MaxResults=4)
    for item in sent[1:3]:
        await ada("CancelConnectionInvitation", Catalog="AWS", Identifier=item["Id"], ClientToken=token())
    await ada("CreateConnectionInvitation", **invitation(others[10].account))
    rest = await ada("ListConnectionInvitations", Catalog="AWS", Status="PENDING", NextToken=first["NextToken"])
    listed_ids = [item["Id"] for item in rest["ConnectionInvitationSummaries"]]
    assert listed_ids[:6] == [item["Id"] for item in sent[4:]]
    assert len(listed_ids) == 7
    other = caller("222222222222")
    refused = await other.refused(
        "ListConnectionInvitations", Catalog="AWS", Status="PENDING", NextToken=first["NextToken"]
    )
    assert refused == {("NextToken", "INVALID_VALUE")}
