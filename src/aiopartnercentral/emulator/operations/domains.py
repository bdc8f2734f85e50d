"""E-mail domains whose owners' trainings and certifications count for a partner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiopartnercentral.emulator.errors import business_rules_broken, invalid_field, not_found, quota_exceeded
from aiopartnercentral.emulator.operations.codes import check_code, use_code
from aiopartnercentral.emulator.operations.partners import find_partner
from aiopartnercentral.emulator.state.clock import stamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from aiopartnercentral.emulator.operations.context import Call

_DOMAINS: Final = "AwsTrainingCertificationEmailDomains"
# What the model allows a DomainName, but not the part of an Email that becomes one.
_LONGEST_DOMAIN: Final = 253


def associate_domain(call: Call) -> bytes:
    """Associate the domain of an e-mail address with a partner; to do so again changes nothing."""
    partner = find_partner(call)
    email: str = call.request["Email"]
    domain = email.rpartition("@")[2].lower()
    if len(domain) > _LONGEST_DOMAIN:
        raise invalid_field("Email", "has a domain that is too long")
    check_code(call, email)
    domains = partner.get(_DOMAINS, [])
    if not any(known["DomainName"] == domain for known in domains):
        _check_free(call, domain)
        if len(domains) >= call.world.quotas.email_domains:
            raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_DOMAIN")
        registered = {"DomainName": domain, "RegisteredAt": stamp(call.now)}
        call.catalog.partners.change(partner | {_DOMAINS: [*domains, registered]})
    use_code(call, email)
    return encode({})


def _check_free(call: Call, domain: str) -> None:
    """Raise ServiceFaultError if another account's partner has the domain."""
    for side in call.world.sides(call.catalog.name, call.now):
        partner = side.partner()
        if side is not call.catalog and partner and any(d["DomainName"] == domain for d in partner.get(_DOMAINS, ())):
            raise business_rules_broken({"INCOMPATIBLE_DOMAIN": "The domain belongs to another partner"})


def disassociate_domain(call: Call) -> bytes:
    """Take a domain from a partner."""
    partner = find_partner(call)
    domain = call.request["DomainName"].lower()
    domains = partner.get(_DOMAINS, [])
    left = [known for known in domains if known["DomainName"] != domain]
    if len(left) == len(domains):
        raise not_found("PARTNER_DOMAIN_NOT_FOUND")
    rest = {name: value for name, value in partner.items() if name != _DOMAINS}
    call.catalog.partners.change(rest | ({_DOMAINS: left} if left else {}))
    return encode({})
