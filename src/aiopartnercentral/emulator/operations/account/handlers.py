"""The handler of each operation of the service `account`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiopartnercentral.emulator.operations.account import (
    codes,
    connections,
    domains,
    invitations,
    lists,
    partners,
    preferences,
    profiles,
    qualifications,
    tags,
    verification,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

    Handler = Callable[[RequestContext], bytes]

HANDLERS: Mapping[str, Handler] = {
    "AcceptConnectionInvitation": invitations.accept_connection_invitation,
    "AssociateAwsTrainingCertificationEmailDomain": domains.associate_domain,
    "CancelConnection": connections.cancel_connection,
    "CancelConnectionInvitation": invitations.cancel_connection_invitation,
    "CancelProfileUpdateTask": profiles.cancel_profile_update_task,
    "CreateConnectionInvitation": invitations.create_connection_invitation,
    "CreatePartner": partners.create_partner,
    "DisassociateAwsTrainingCertificationEmailDomain": domains.disassociate_domain,
    "GetAllianceLeadContact": partners.get_alliance_lead_contact,
    "GetConnection": connections.get_connection,
    "GetConnectionInvitation": invitations.get_connection_invitation,
    "GetConnectionPreferences": preferences.get_connection_preferences,
    "GetPartner": partners.get_partner,
    "GetProfileUpdateTask": profiles.get_profile_update_task,
    "GetProfileVisibility": partners.get_profile_visibility,
    "GetQualificationsAssociationDetails": qualifications.get_association_details,
    "GetQualificationsAssociationTask": qualifications.get_association_task,
    "GetQualificationsDisassociationTask": qualifications.get_disassociation_task,
    "GetVerification": verification.get_verification,
    "ListConnectionInvitations": lists.list_connection_invitations,
    "ListConnections": lists.list_connections,
    "ListPartners": lists.list_partners,
    "ListTagsForResource": tags.list_tags_for_resource,
    "PutAllianceLeadContact": partners.put_alliance_lead_contact,
    "PutProfileVisibility": partners.put_profile_visibility,
    "RejectConnectionInvitation": invitations.reject_connection_invitation,
    "SendEmailVerificationCode": codes.send_email_verification_code,
    "StartProfileUpdateTask": profiles.start_profile_update_task,
    "StartQualificationsAssociationTask": qualifications.start_association_task,
    "StartQualificationsDisassociationTask": qualifications.start_disassociation_task,
    "StartVerification": verification.start_verification,
    "TagResource": tags.tag_resource,
    "UntagResource": tags.untag_resource,
    "UpdateConnectionPreferences": preferences.update_connection_preferences,
}
