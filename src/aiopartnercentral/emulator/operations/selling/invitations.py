"""Engagement invitations: a member of an engagement invites another account, which accepts or rejects."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import conflict, invalid_field, not_found
from aiopartnercentral.emulator.operations.arns import identifier_of
from aiopartnercentral.emulator.operations.matching import is_one_of, moment
from aiopartnercentral.emulator.operations.selling.engagements import (
    change_engagement,
    company_name,
    find_engagement,
)
from aiopartnercentral.emulator.operations.selling.filters import list_items
from aiopartnercentral.emulator.seed.selling import AWS, VALID_DAYS, invitation_arn
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import RequestContext

_VALID_FOR: Final = timedelta(days=VALID_DAYS)


def create_engagement_invitation(context: RequestContext) -> bytes:
    """Invite an account to an engagement."""
    invitation = context.request["Invitation"]
    engagement = find_engagement(context, context.request["EngagementIdentifier"])
    receiver = invitation["Receiver"]["Account"]["AwsAccountId"]
    if receiver == context.account:
        raise invalid_field("Invitation.Receiver.Account.AwsAccountId", "must be another account")
    item = invite(context, engagement, invitation)
    return encode({"Id": item["Id"], "Arn": item["Arn"]})


def invite(context: RequestContext, engagement: dict[str, Any], invitation: dict[str, Any]) -> dict[str, Any]:
    """Add an invitation to an engagement, and return it; raises EmulatedServiceError if there is one already."""
    catalog, receiver = context.selling, invitation["Receiver"]["Account"]["AwsAccountId"]
    if receiver in engagement["Members"]:
        raise conflict("RECEIVER_IS_A_MEMBER_OF_THE_ENGAGEMENT")
    before = catalog.invitation_of(engagement["Id"], receiver)
    if before is not None and before["Status"] == "PENDING":
        raise conflict("RECEIVER_HAS_A_PENDING_INVITATION_TO_THE_ENGAGEMENT")
    identifier = context.selling.identifier("engi")
    item = {
        "Catalog": catalog.name,
        "Id": identifier,
        "Arn": invitation_arn(context.account, catalog.name, identifier),
        "PayloadType": next(iter(invitation["Payload"])),
        "EngagementId": engagement["Id"],
        **({"EngagementTitle": engagement["Title"]} if "Title" in engagement else {}),
        **({"EngagementDescription": engagement["Description"]} if "Description" in engagement else {}),
        "Status": "PENDING",
        "InvitationDate": format_timestamp(context.now),
        "ExpirationDate": format_timestamp(context.now + _VALID_FOR),
        "SenderAwsAccountId": context.account,
        "SenderCompanyName": company_name(context, context.account),
        "Receiver": invitation["Receiver"],
        "InvitationMessage": invitation["Message"],
        "Payload": invitation["Payload"],
    }
    catalog.add_invitation(item)
    return item


def receiver_of(invitation: dict[str, Any]) -> str:
    """Return the account that was invited."""
    receiver: str = invitation["Receiver"]["Account"]["AwsAccountId"]
    return receiver


def find_invitation(context: RequestContext, identifier: str) -> dict[str, Any]:
    """Return an invitation that the caller has sent or received, or raise EmulatedServiceError."""
    found = context.selling.invitations.find(identifier_of(identifier))
    if found is None or context.account not in (found["SenderAwsAccountId"], receiver_of(found)):
        raise not_found("ENGAGEMENT_INVITATION_NOT_FOUND")
    return found


def find_received(context: RequestContext, identifier: str) -> dict[str, Any]:
    """Return a pending invitation that the caller has received, or raise EmulatedServiceError."""
    found = find_invitation(context, identifier)
    if receiver_of(found) != context.account:
        message = "is of an invitation that only its receiver can answer"
        raise invalid_field("Identifier", message, "ACTION_NOT_PERMITTED")
    if found["Status"] != "PENDING":
        raise conflict(f"INVITATION_IS_{found['Status']}")
    return found


def get_engagement_invitation(context: RequestContext) -> bytes:
    """Return one invitation."""
    found = find_invitation(context, context.request["Identifier"])
    engagement = context.selling.engagements.find(found["EngagementId"])
    members = engagement["Members"] if engagement else []
    shown = found | {"ExistingMembers": [{"CompanyName": company_name(context, each)} for each in members]}
    return encode(context.service.validator.known("GetEngagementInvitationResponse", shown))


def list_engagement_invitations(context: RequestContext) -> bytes:
    """Return a page of the invitations that the caller has sent, or of those that it has received."""
    request = context.request
    role = request["ParticipantType"]
    wanted = {identifier_of(each) for each in request.get("EngagementIdentifier", ())}

    def keep(item: dict[str, Any]) -> bool:
        return (
            context.account == (item["SenderAwsAccountId"] if role == "SENDER" else receiver_of(item))
            and is_one_of(item["Status"], request.get("Status"))
            and is_one_of(item["PayloadType"], request.get("PayloadType"))
            and is_one_of(item["SenderAwsAccountId"], request.get("SenderAwsAccountId"))
            and is_one_of(item["EngagementId"], wanted)
        )

    def may_keep(index: int) -> bool:
        return context.selling.may_have_invitation(context.account, index, role)

    return list_items(
        context,
        context.selling.invitations,
        result_key="EngagementInvitationSummaries",
        keep=keep,
        order=(lambda item: (moment(item["InvitationDate"]), item["Id"])) if "Sort" in request else None,
        shape="EngagementInvitationSummary",
        shown=lambda item: item | {"ParticipantType": role},
        kind=role,
        may_keep=may_keep,
    )


def accept_engagement_invitation(context: RequestContext) -> bytes:
    """Accept an invitation: the caller becomes a member of the engagement."""
    accept(context, find_received(context, context.request["Identifier"]))
    return encode({})


def accept(context: RequestContext, invitation: dict[str, Any]) -> dict[str, Any]:
    """Accept a pending invitation of the caller, and return the engagement."""
    engagement = context.selling.engagements.find(invitation["EngagementId"])
    if engagement is None:
        raise not_found("ENGAGEMENT_NOT_FOUND")
    context.selling.invitations.change(invitation | {"Status": "ACCEPTED"})
    return change_engagement(context, engagement, Members=[*engagement["Members"], context.account])


def reject_engagement_invitation(context: RequestContext) -> bytes:
    """Reject an invitation."""
    invitation = find_received(context, context.request["Identifier"])
    reason = {name: context.request[name] for name in ("RejectionReason",) if name in context.request}
    context.selling.invitations.change(invitation | {"Status": "REJECTED"} | reason)
    return encode({})


def aws_invitation(payload: dict[str, Any]) -> dict[str, Any]:
    """Return an invitation of AWS to an opportunity."""
    return {
        "Message": "Please review this opportunity.",
        "Receiver": {"Account": {"AwsAccountId": AWS}},
        "Payload": {"OpportunityInvitation": payload},
    }
