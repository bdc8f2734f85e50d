"""Partners: an account's registration in a catalog, its alliance lead contact and the visibility of its profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import business_rule_violation, conflict, not_found, quota_exceeded
from aiopartnercentral.emulator.operations.account.codes import check_code, use_code
from aiopartnercentral.emulator.operations.tagging import as_tags
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode
from aiopartnercentral.emulator.state.tasks import BUSINESS, REGISTRANT

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiopartnercentral.emulator.operations.context import RequestContext

_CONTACT = ("Catalog", "Arn", "Id", "AllianceLeadContact")
_VISIBILITY = ("Catalog", "Arn", "Id", "Visibility")
_PARTNER = ("Catalog", "Arn", "Id", "LegalName", "CreatedAt", "Profile", "AwsTrainingCertificationEmailDomains")
_CREATED = (*_PARTNER, "AllianceLeadContact")
_VISIBILITY_UPDATES: Final = "visibility updates"


def find_partner(context: RequestContext) -> dict[str, Any]:
    """Return the caller's partner with an id or ARN; do not change it in place."""
    identifier: str = context.request["Identifier"]
    partner = context.catalog.partners.find(identifier.rpartition("/")[2])
    if partner is None or identifier not in (partner["Id"], partner["Arn"]):
        raise not_found("PARTNER_NOT_FOUND")
    return partner


def _response(partner: dict[str, Any], members: Collection[str]) -> bytes:
    return encode({name: value for name, value in partner.items() if name in members})


def create_partner(context: RequestContext) -> bytes:
    """Register the account as a partner in a catalog, with a private and minimal profile.

    Business and registrant must be verified, and the legal name must be the verified one:
    https://docs.aws.amazon.com/partner-central/latest/developer-guide/working-with-partner-verification.html
    """
    request, catalog = context.request, context.catalog
    tags = as_tags(request.get("Tags", []), "Tags")
    contact = request["AllianceLeadContact"]
    _check_new(context)
    _check_verified(context)
    check_code(context, contact["Email"])
    identifier, profile_id = context.state.identifier("partner"), context.state.identifier("pprofile")
    partner = {
        "Catalog": catalog.name,
        "Arn": f"arn:aws:partnercentral:us-east-1:{context.account}:catalog/{catalog.name}/partner/{identifier}",
        "Id": identifier,
        "LegalName": request["LegalName"],
        "CreatedAt": format_timestamp(context.now),
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
    use_code(context, contact["Email"])
    return _response(partner, _CREATED)


def _check_new(context: RequestContext) -> None:
    """Raise EmulatedServiceError if the account is a partner already, or another partner has the legal name."""
    for catalog in context.state.catalogs(context.catalog.name, context.now):
        partner = catalog.partner()
        if partner and (catalog is context.catalog or partner["LegalName"] == context.request["LegalName"]):
            raise conflict("DUPLICATE_PARTNER")


def _check_verified(context: RequestContext) -> None:
    """Raise EmulatedServiceError if the business or the registrant is not verified."""
    broken = {}
    business, registrant = (context.state.verifications.get((context.account, kind)) for kind in (BUSINESS, REGISTRANT))
    if business is None or business.status(context.now) != "SUCCEEDED":
        broken["INCOMPATIBLE_KNOW_YOUR_BUSINESS_STATUS"] = "The business verification has not succeeded"
    elif business.legal_name != context.request["LegalName"]:
        broken["INCOMPATIBLE_LEGAL_NAME"] = "The legal name is not the verified one"
    if registrant is None or registrant.status(context.now) != "SUCCEEDED":
        broken["INCOMPATIBLE_IDENTITY_VERIFICATION_STATUS"] = "The registrant verification has not succeeded"
    if broken:
        raise business_rule_violation(broken)


def get_partner(context: RequestContext) -> bytes:
    """Return one partner."""
    return _response(find_partner(context), _PARTNER)


def get_alliance_lead_contact(context: RequestContext) -> bytes:
    """Return the alliance lead contact of a partner."""
    return _response(find_partner(context), _CONTACT)


def put_alliance_lead_contact(context: RequestContext) -> bytes:
    """Replace the alliance lead contact; a new e-mail address must be verified."""
    partner, contact = find_partner(context), context.request["AllianceLeadContact"]
    if contact["Email"] != partner["AllianceLeadContact"]["Email"] or "EmailVerificationCode" in context.request:
        check_code(context, contact["Email"])
        use_code(context, contact["Email"])
    changed = partner | {"AllianceLeadContact": contact}
    context.catalog.partners.change(changed)
    return _response(changed, _CONTACT)


def get_profile_visibility(context: RequestContext) -> bytes:
    """Return the visibility of a partner's profile."""
    return _visibility(find_partner(context))


def put_profile_visibility(context: RequestContext) -> bytes:
    """Set the visibility of a partner's profile."""
    partner = find_partner(context)
    updates = context.catalog.usage[_VISIBILITY_UPDATES]
    if updates.count(context.now) >= context.state.quotas.visibility_updates_per_day:
        raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_PROFILE_VISIBILITY_UPDATE_PER_DAY")
    updates.add(context.now)
    changed = partner | {"Visibility": context.request["Visibility"]}
    context.catalog.partners.change(changed)
    return _visibility(changed)


def _visibility(partner: dict[str, Any]) -> bytes:
    return _response(partner | {"ProfileId": partner["Profile"]["ProfileId"]}, (*_VISIBILITY, "ProfileId"))
