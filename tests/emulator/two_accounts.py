"""A scenario of two accounts, for any client: one invites the other to an engagement and to a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator.selling.requests import AWS, invitation, lead, token

if TYPE_CHECKING:
    from collections.abc import Callable

ADA, BOB = "111111111111", "222222222222"
# Earlier models, such as that of the AWS CLI, require all of these.
_CAMPAIGN = {"SourceType": "Campaign", "SourceId": "1", "SourceName": "Looms", "CustomerAction": "Form"}
_CONTACT = {"BusinessTitle": "CTO", "Email": "ada@byron.example", "FirstName": "Ada", "LastName": "Byron"}
_LEAD = lead(
    Customer={"CompanyName": "Byron Ltd", "Address": {"CountryCode": "GB"}},
    Interactions=[{**_CAMPAIGN, "Contact": _CONTACT}],
)
OPERATIONS = {
    "partnercentral-account": {"CreateConnectionInvitation", "AcceptConnectionInvitation", "ListConnections"},
    "partnercentral-selling": {
        "CreateEngagement", "CreateEngagementInvitation", "ListEngagementInvitations", "GetEngagement",
        "AcceptEngagementInvitation", "ListEngagementMembers",
    },
}  # fmt: skip
"""The operations of each service that succeed in it."""


def play(call: Callable[..., Any], refuse: Callable[..., str]) -> None:
    """Play the scenario.

    Arguments:
        call: `call(account, service, operation, request)` returns the response.
        refuse: the same for a request that is refused; returns the name of the error.
    """
    selling, account = "partnercentral-selling", "partnercentral-account"
    made = call(
        ADA, selling, "CreateEngagement",
        {**AWS, "ClientToken": token(), "Title": "Looms", "Description": "Many", "Contexts": [_LEAD]},
    )  # fmt: skip
    place = {**AWS, "Identifier": made["Id"]}
    assert refuse(BOB, selling, "GetEngagement", place) == "ResourceNotFoundException"
    asked = {**AWS, "EngagementIdentifier": made["Id"], "ClientToken": token(), "Invitation": invitation(BOB)}
    sent = call(ADA, selling, "CreateEngagementInvitation", asked)
    received = call(BOB, selling, "ListEngagementInvitations", {**AWS, "ParticipantType": "RECEIVER"})
    assert [each["Id"] for each in received["EngagementInvitationSummaries"]] == [sent["Id"]]
    call(BOB, selling, "AcceptEngagementInvitation", {**AWS, "Identifier": sent["Arn"]})
    assert refuse(BOB, selling, "AcceptEngagementInvitation", {**AWS, "Identifier": sent["Arn"]}) == "ConflictException"
    assert call(BOB, selling, "GetEngagement", place)["MemberCount"] == 2
    members = call(ADA, selling, "ListEngagementMembers", place)["EngagementMemberList"]
    assert [each["AccountId"] for each in members] == [ADA, BOB]

    invited = call(
        ADA, account, "CreateConnectionInvitation",
        {**AWS, "ClientToken": token(), "ConnectionType": "SUBSIDIARY", "ReceiverIdentifier": BOB,
         "Email": "ada@byron.example", "Name": "Ada Byron", "Message": "Let us work together."},
    )  # fmt: skip
    answer = {**AWS, "Identifier": invited["Id"], "ClientToken": token()}
    assert refuse(ADA, account, "AcceptConnectionInvitation", answer) == "ValidationException"
    connection = call(BOB, account, "AcceptConnectionInvitation", answer)["Connection"]
    for who, other in ((ADA, BOB), (BOB, ADA)):
        (listed,) = call(who, account, "ListConnections", AWS)["ConnectionSummaries"]
        assert (listed["Id"], listed["OtherParticipantAccountId"]) == (connection["Id"], other)
        assert list(listed["ConnectionTypes"]) == ["SUBSIDIARY"]
