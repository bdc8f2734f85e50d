"""Engagements, their contexts and members, and the invitations of other accounts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.emulator.selling.requests import AWS, engage, invitation, invite, lead, project_context, token

pytestmark = pytest.mark.anyio


async def status(caller, identifier):
    return (await caller("GetEngagementInvitation", **AWS, Identifier=identifier))["Status"]


async def seen(caller, role, **filters):
    page = await caller("ListEngagementInvitations", **AWS, ParticipantType=role, **filters)
    return [item["Id"] for item in page["EngagementInvitationSummaries"]]


async def test_an_engagement_has_contexts_and_one_member(ada, bob):
    made = await ada(
        "CreateEngagement", **AWS, ClientToken=token(), Title="Engine", Contexts=[project_context(), lead()]
    )
    found = await ada("GetEngagement", **AWS, Identifier=made["Arn"])
    assert found == await ada("GetEngagement", **AWS, Identifier=made["Id"])
    assert (found["Title"], found["CreatedBy"], found["MemberCount"]) == ("Engine", ada.account, 1)
    assert [(each["Id"], each["Type"]) for each in found["Contexts"]] == [("1", "CustomerProject"), ("2", "Lead")]
    members = await ada("ListEngagementMembers", **AWS, Identifier=made["Id"])
    assert members["EngagementMemberList"] == [{"AccountId": ada.account, "CompanyName": f"Account {ada.account}"}]
    for operation in ("GetEngagement", "ListEngagementMembers"):
        for identifier in (made["Id"], "eng-00000000000000", "arn:", "arn:x/é-!!!!!"):
            refused = await bob.refused(operation, **AWS, Identifier=identifier)
            assert refused == "ResourceNotFoundException"
    assert (await bob("ListEngagements", **AWS))["EngagementSummaryList"] == []


async def test_contexts_are_added_and_updated(ada, frozen):
    identifier = await engage(ada)
    place = {**AWS, "EngagementIdentifier": identifier}
    frozen.clock.advance(timedelta(seconds=1))
    added = await ada("CreateEngagementContext", **place, ClientToken=token(), **lead(QualificationStatus="New"))
    assert (added["ContextId"], added["EngagementLastModifiedAt"]) == ("1", "2025-10-01T00:00:01.000Z")
    update = {
        **place,
        "ContextIdentifier": "1",
        "EngagementLastModifiedAt": added["EngagementLastModifiedAt"],
        "Type": "Lead",
        "Payload": {"Lead": {"Customer": {"CompanyName": "Loom"}, "Interaction": {
            "Contact": {"BusinessTitle": "CFO", "Email": "b@b.example", "FirstName": "B", "LastName": "B"},
        }}},
    }  # fmt: skip
    frozen.clock.advance(timedelta(seconds=1))
    await ada("UpdateEngagementContext", **update)
    (found,) = (await ada("GetEngagement", **AWS, Identifier=identifier))["Contexts"]
    changed = found["Payload"]["Lead"]
    assert changed["Customer"] == {"CompanyName": "Loom"}
    assert [each["Contact"]["BusinessTitle"] for each in changed["Interactions"]] == ["CTO", "CFO"]
    assert "QualificationStatus" not in changed
    # The engagement has changed since.
    assert await ada.refused("UpdateEngagementContext", **update) == "ConflictException"
    late = update | {"EngagementLastModifiedAt": "2025-10-01T00:00:02Z"}
    unknown = late | {"ContextIdentifier": "9"}
    assert await ada.refused("UpdateEngagementContext", **unknown) == "ResourceNotFoundException"
    wrong = late | {"Type": "CustomerProject"}
    assert await ada.refused("UpdateEngagementContext", **wrong) == {("Payload", "INVALID_VALUE")}
    wrong |= {"Payload": {"CustomerProject": {}}}
    assert await ada.refused("UpdateEngagementContext", **wrong) == {("Type", "INVALID_VALUE")}
    for _ in range(8):
        late |= {"EngagementLastModifiedAt": (await ada("GetEngagement", **AWS, Identifier=identifier))["ModifiedAt"]}
        await ada("UpdateEngagementContext", **late)
    # On a stopped clock, too, each change has another time.
    assert await ada.refused("UpdateEngagementContext", **late) == "ConflictException"
    late |= {"EngagementLastModifiedAt": (await ada("GetEngagement", **AWS, Identifier=identifier))["ModifiedAt"]}
    assert await ada.refused("UpdateEngagementContext", **late) == "ServiceQuotaExceededException"
    for _ in range(4):
        await ada("CreateEngagementContext", **place, ClientToken=token(), **project_context())
    refused = await ada.refused("CreateEngagementContext", **place, ClientToken=token(), **project_context())
    assert refused == "ServiceQuotaExceededException"


async def test_engagements_are_filtered(ada, bob, frozen):
    plain = await engage(ada)
    frozen.clock.advance(timedelta(seconds=1))
    leading = await engage(ada, Contexts=[lead()])
    joined = await engage(bob, Contexts=[project_context()])
    await ada("AcceptEngagementInvitation", **AWS, Identifier=await invite(bob, joined, ada.account))

    async def found(**filters):
        return [each["Id"] for each in (await ada("ListEngagements", **AWS, **filters))["EngagementSummaryList"]]

    assert await found() == [plain, leading, joined]
    assert await found(CreatedBy=[bob.account]) == [joined]
    assert await found(ExcludeCreatedBy=[bob.account]) == [plain, leading]
    assert await found(ContextTypes=["Lead", "CustomerProject"]) == [leading, joined]
    assert await found(ExcludeContextTypes=["Lead"]) == [plain, joined]
    assert await found(EngagementIdentifier=[leading]) == [leading]
    assert (await found(Sort={"SortBy": "CreatedDate", "SortOrder": "DESCENDING"}))[-1] == plain


async def test_an_accepted_invitation_makes_a_member(ada, bob, caller):
    engagement = await engage(ada, Title="Engine")
    sent = await invite(ada, engagement, bob.account)
    for account, role in ((ada, "SENDER"), (bob, "RECEIVER")):
        (summary,) = (await account("ListEngagementInvitations", **AWS, ParticipantType=role))[
            "EngagementInvitationSummaries"
        ]
        assert (summary["Id"], summary["ParticipantType"], summary["Status"]) == (sent, role, "PENDING")
        told = await account("GetEngagementInvitation", **AWS, Identifier=sent)
        assert (told["EngagementTitle"], told["SenderAwsAccountId"]) == ("Engine", ada.account)
        assert len(told["ExistingMembers"]) == 1
    assert await seen(ada, "RECEIVER") == await seen(bob, "SENDER") == []
    stranger = caller("333333333333")
    assert await stranger.refused("GetEngagementInvitation", **AWS, Identifier=sent) == "ResourceNotFoundException"
    assert await bob.refused("GetEngagement", **AWS, Identifier=engagement) == "ResourceNotFoundException"
    for operation in ("AcceptEngagementInvitation", "RejectEngagementInvitation"):
        assert await ada.refused(operation, **AWS, Identifier=sent) == {("Identifier", "ACTION_NOT_PERMITTED")}
    assert await bob("AcceptEngagementInvitation", **AWS, Identifier=sent) == {}
    assert (await bob("GetEngagement", **AWS, Identifier=engagement))["MemberCount"] == 2
    for account in (ada, bob):
        assert await status(account, sent) == "ACCEPTED"
        assert len((await account("ListEngagements", **AWS))["EngagementSummaryList"]) == 1
    for operation in ("AcceptEngagementInvitation", "RejectEngagementInvitation"):
        assert await bob.refused(operation, **AWS, Identifier=sent) == "ConflictException"
    for member, receiver, problem in (
        (bob, ada.account, "ConflictException"),
        (bob, bob.account, {("Invitation.Receiver.Account.AwsAccountId", "INVALID_VALUE")}),
        (stranger, ada.account, "ResourceNotFoundException"),
    ):
        request = {"EngagementIdentifier": engagement, "Invitation": invitation(receiver), "ClientToken": token()}
        assert await member.refused("CreateEngagementInvitation", **AWS, **request) == problem


async def test_a_rejected_invitation_can_be_sent_again(ada, bob):
    engagement = await engage(ada)
    sent = await invite(ada, engagement, bob.account)
    request = {"EngagementIdentifier": engagement, "Invitation": invitation(bob.account), "ClientToken": token()}
    assert await ada.refused("CreateEngagementInvitation", **AWS, **request) == "ConflictException"
    await bob("RejectEngagementInvitation", **AWS, Identifier=sent, RejectionReason="Other")
    told = await ada("GetEngagementInvitation", **AWS, Identifier=sent)
    assert (told["Status"], told["RejectionReason"]) == ("REJECTED", "Other")
    again = await invite(ada, engagement, bob.account)
    assert await seen(bob, "RECEIVER", Status=["PENDING"]) == [again]
    assert await seen(bob, "RECEIVER", SenderAwsAccountId=[ada.account], EngagementIdentifier=[engagement]) == [
        sent,
        again,
    ]
    assert await seen(bob, "RECEIVER", PayloadType=["LeadInvitation"]) == []


async def test_an_invitation_expires_after_fifteen_days(ada, bob, frozen):
    sent = await invite(ada, await engage(ada), bob.account)
    frozen.clock.advance(timedelta(days=15) - timedelta(seconds=1))
    assert await status(bob, sent) == "PENDING"
    frozen.clock.advance(timedelta(seconds=1))
    assert await status(ada, sent) == "EXPIRED"
    assert await bob.refused("AcceptEngagementInvitation", **AWS, Identifier=sent) == "ConflictException"


async def test_seeded_invitations_are_answered_or_expire(owner, frozen):
    pending = await seen(owner, "RECEIVER", Status=["PENDING"])
    expired = await seen(owner, "RECEIVER", Status=["EXPIRED"])
    assert len(pending) >= 2
    told = await owner("GetEngagementInvitation", **AWS, Identifier=pending[0])
    assert await owner.refused("GetEngagement", **AWS, Identifier=told["EngagementId"]) == "ResourceNotFoundException"
    await owner("AcceptEngagementInvitation", **AWS, Identifier=pending[0])
    assert (await owner("GetEngagement", **AWS, Identifier=told["EngagementId"]))["MemberCount"] == 2
    frozen.clock.advance(timedelta(days=15))
    assert await seen(owner, "RECEIVER", Status=["PENDING"]) == []
    assert set(await seen(owner, "RECEIVER", Status=["EXPIRED"])) == {*expired, *pending[1:]}
