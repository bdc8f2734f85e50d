"""E-mail domains whose training and certifications count for a partner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiopartnercentral.emulator.errors import business_rule_violation, invalid_field, not_found, quota_exceeded
from aiopartnercentral.emulator.operations.account.codes import check_code, use_code
from aiopartnercentral.emulator.operations.account.partners import find_partner
from aiopartnercentral.emulator.state.clock import format_timestamp
from aiopartnercentral.emulator.state.collection import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiopartnercentral.emulator.operations.context import RequestContext

_DOMAINS: Final = "AwsTrainingCertificationEmailDomains"
# The longest DomainName in the model, which does not limit the domain of an Email.
_MAX_DOMAIN_LENGTH: Final = 253


def associate_domain(context: RequestContext) -> bytes:
    """Associate the domain of an e-mail address with a partner; doing so again has no effect."""
    partner = find_partner(context)
    email: str = context.request["Email"]
    domain = email.rpartition("@")[2].lower()
    if len(domain) > _MAX_DOMAIN_LENGTH:
        raise invalid_field("Email", "has a domain that is too long")
    check_code(context, email)
    domains = partner.get(_DOMAINS, [])
    if domain not in _names(partner):
        _check_free(context, domain)
        if len(domains) >= context.state.quotas.email_domains:
            raise quota_exceeded("LIMIT_EXCEEDED_NUMBER_OF_DOMAIN")
        registered = {"DomainName": domain, "RegisteredAt": format_timestamp(context.now)}
        context.catalog.partners.change(partner | {_DOMAINS: [*domains, registered]})
    use_code(context, email)
    return encode({})


def _check_free(context: RequestContext, domain: str) -> None:
    """Raise EmulatedServiceError if another account's partner has the domain."""
    for catalog in context.state.catalogs(context.catalog.name, context.now):
        partner = catalog.partner()
        if catalog is not context.catalog and partner and domain in _names(partner):
            raise business_rule_violation({"INCOMPATIBLE_DOMAIN": "The domain belongs to another partner"})


def _names(partner: Mapping[str, Any]) -> list[str]:
    return [registered["DomainName"] for registered in partner.get(_DOMAINS, ())]


def disassociate_domain(context: RequestContext) -> bytes:
    """Remove a domain from a partner."""
    partner = find_partner(context)
    domain = context.request["DomainName"].lower()
    domains = partner.get(_DOMAINS, [])
    remaining = [known for known in domains if known["DomainName"] != domain]
    if len(remaining) == len(domains):
        raise not_found("PARTNER_DOMAIN_NOT_FOUND")
    partial_line = {name: value for name, value in partner.items() if name != _DOMAINS}
    context.catalog.partners.change(partial_line | ({_DOMAINS: remaining} if remaining else {}))
    return encode({})
