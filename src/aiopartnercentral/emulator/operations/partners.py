"""Partners: an account's registration in a catalog, its alliance lead contact and the visibility of its profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import business_rules_broken, conflict, not_found, quota_exceeded
from aiopartnercentral.emulator.operations.codes import check_code, use_code
from aiopartnercentral.emulator.operations.tags import as_tags
from aiopartnercentral.emulator.state.clock import stamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.tasks import BUSINESS, REGISTRANT

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiopartnercentral.emulator.operations.context import Call

_CONTACT = ("Catalog", "Arn", "Id", "AllianceLeadContact")
_VISIBILITY = ("Catalog", "Arn", "Id", "Visibility")
_PARTNER = ("Catalog", "Arn", "Id", "LegalName", "CreatedAt", "Profile", "AwsTrainingCertificationEmailDomains")
_CREATED = (*_PARTNER, "AllianceLeadContact")
_VISIBILITY_UPDATES: Final = "visibility updates"


def find_partner(call: Call) -> dict[str, Any]:
    """Return the partner of the caller that an id or an ARN stands for; not to be changed in place."""
    identifier: str = call.request["Identifier"]
    partner = call.catalog.partners.find(identifier.rpartition("/")[2])
    if partner is None or identifier not in (partner["Id"], partner["Arn"]):
        raise not_found("PARTNER_NOT_FOUND")
    return partner


def _told(partner: dict[str, Any], members: Collection[str]) -> bytes:
    return encode({name: value for name, value in partner.items() if name in members})


def create_partner(call: Call) -> bytes:
    """Register the account as a partner in a catalog; its profile is private and says little until it is updated.

    Business and registrant must have been verified before, and the legal name be the verified one:
    https://docs.aws.amazon.com/partner-central/latest/developer-guide/working-with-partner-verification.html
    """
    request, catalog = call.request, call.catalog
    tags = as_tags(request.get("Tags", []), "Tags")
    contact = request["AllianceLeadContact"]
    _check_new(call)
    _check_verified(call)
    check_code(call, contact["Email"])
    identifier, profile_id = call.world.identifier("partner"), call.world.identifier("pprofile")
    partner = {
        "Catalog": catalog.name,
        "Arn": f"arn:aws:partnercentral:us-east-1:{call.account}:catalog/{catalog.name}/partner/{identifier}",
        "Id": identifier,
        "LegalName": request["LegalName"],
        "CreatedAt": stamp(call.now),
        "Profile": {
            "DisplayName": request["LegalName"],
            "Description": f"{request['LegalName']} is a new AWS partner.",
            "WebsiteUrl": f"https://{identifier}.example/",
            "LogoUrl": f"https://{identifier}.example/logo.png",
            "PrimarySolutionType": request["PrimarySolutionType"],
            "IndustrySegments": ["OTHER"],
            "TranslationSourceLocale": "en-US",
            "ProfileId": profile_id,
        },
        "AllianceLeadContact": contact,
        "Visibility": "PRIVATE",
    }
    catalog.partners.add(partner)
    catalog.tags[str(partner["Arn"])] = tags
    use_code(call, contact["Email"])
    return _told(partner, _CREATED)


def _check_new(call: Call) -> None:
    """Raise ServiceFaultError if the account is a partner already, or another one has the legal name."""
    for side in call.world.sides(call.catalog.name, call.now):
        partner = side.partner()
        if partner and (side is call.catalog or partner["LegalName"] == call.request["LegalName"]):
            raise conflict("DUPLICATE_PARTNER")


def _check_verified(call: Call) -> None:
    """Raise ServiceFaultError for everything that has not been verified."""
    broken = {}
    business, registrant = (call.world.verifications.get((call.account, kind)) for kind in (BUSINESS, REGISTRANT))
    if business is None or business.status(call.now) != "SUCCEEDED":
        broken["INCOMPATIBLE_KNOW_YOUR_BUSINESS_STATUS"] = "The business verification has not succeeded"
    elif business.legal_name != call.request["LegalName"]:
        broken["INCOMPATIBLE_LEGAL_NAME"] = "The legal name is not the verified one"
    if registrant is None or registrant.status(call.now) != "SUCCEEDED":
        broken["INCOMPATIBLE_IDENTITY_VERIFICATION_STATUS"] = "The registrant verification has not succeeded"
    if broken:
        raise business_rules_broken(broken)


def get_partner(call: Call) -> bytes:
    """Return one partner."""
    return _told(find_partner(call), _PARTNER)


def get_alliance_lead_contact(call: Call) -> bytes:
    """Return whom to talk to at a partner."""
    return _told(find_partner(call), _CONTACT)


def put_alliance_lead_contact(call: Call) -> bytes:
    """Replace whom to talk to; another e-mail address has to be verified."""
    partner, contact = find_partner(call), call.request["AllianceLeadContact"]
    if contact["Email"] != partner["AllianceLeadContact"]["Email"] or "EmailVerificationCode" in call.request:
        check_code(call, contact["Email"])
        use_code(call, contact["Email"])
    changed = partner | {"AllianceLeadContact": contact}
    call.catalog.partners.change(changed)
    return _told(changed, _CONTACT)


def get_profile_visibility(call: Call) -> bytes:
    """Return whether a partner's profile can be seen."""
    return _visibility(find_partner(call))


def put_profile_visibility(call: Call) -> bytes:
    """Set whether a partner's profile can be seen."""
    partner = find_partner(call)
    updates = call.catalog.used[_VISIBILITY_UPDATES]
    if updates.at(call.now) >= call.world.quotas.visibility_updates_a_day:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_PROFILE_VISIBILITY_UPDATE_PER_DAY")
    updates.add(call.now)
    changed = partner | {"Visibility": call.request["Visibility"]}
    call.catalog.partners.change(changed)
    return _visibility(changed)


def _visibility(partner: dict[str, Any]) -> bytes:
    return _told(partner | {"ProfileId": partner["Profile"]["ProfileId"]}, (*_VISIBILITY, "ProfileId"))
