"""The companies of the seeded data, as participants and as partner profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.seed import vocabulary

if TYPE_CHECKING:
    from aiopartnercentral.emulator.seed.random import DeterministicRandom

_ID_LENGTH = 13


@attrs.frozen
class Company:
    """The other company of a connection or an invitation.

    Attributes:
        name: its name.
        domain: its domain, below `.example`.
        country: its country.
        account_id: its AWS account.
        profile_id: its partner profile.
        seller_id: its seller profile.
        contact: full name and e-mail address of a person there.
    """

    name: str
    domain: str
    country: vocabulary.Country
    account_id: str
    profile_id: str
    seller_id: str
    contact: tuple[str, str]


def make_company(random: DeterministicRandom) -> Company:
    """Return a random company."""
    country = random.choice(vocabulary.COUNTRIES)
    root, address = random.choice(country.roots)
    field = random.choice(vocabulary.FIELDS)
    domain = f"{address}-{field.lower()}.example"
    given, given_address = random.choice(country.given_names)
    family, family_address = random.choice(country.family_names)
    code = random.text(_ID_LENGTH)
    return Company(
        name=f"{root} {field} {random.choice(country.legal_forms)}",
        domain=domain,
        country=country,
        account_id=f"{10**11 + random.below(9 * 10**11)}",
        profile_id=f"pprofile-{code}",
        seller_id=f"seller-{code}",
        contact=(f"{given} {family}", f"{given_address}.{family_address}@{domain}"),
    )


def participant(company: Company, random: DeterministicRandom) -> dict[str, Any]:
    """Return a company as a random one of the three kinds of participants."""
    kind = random.below(5)
    if kind == 0:
        return {"Account": {"Name": company.name}}
    if kind == 1:
        return {"SellerProfile": {"Id": company.seller_id, "Name": company.name}}
    return {"PartnerProfile": {"Id": company.profile_id, "Name": company.name}}


def as_participant(company: Company, identifier: str) -> dict[str, Any]:
    """Return a company as the participant with an identifier: its partner profile or its account."""
    if identifier == company.profile_id:
        return {"PartnerProfile": {"Id": company.profile_id, "Name": company.name}}
    return {"Account": {"Name": company.name}}


def profile(company: Company, random: DeterministicRandom) -> dict[str, Any]:
    """Return a company's partner profile, with or without a translation and headquarters."""
    country = company.country
    first_industry = random.below(len(vocabulary.INDUSTRIES))
    content = {
        "DisplayName": company.name,
        "Description": f"{company.name} builds and runs solutions on AWS for customers in {country.code}.",
        "WebsiteUrl": f"https://www.{company.domain}/",
        "LogoUrl": f"https://www.{company.domain}/logo.png",
    }
    members: dict[str, Any] = {
        **content,
        "PrimarySolutionType": random.choice(vocabulary.SOLUTIONS),
        "IndustrySegments": list(vocabulary.INDUSTRIES[first_industry : first_industry + 1 + random.below(3)]),
        "TranslationSourceLocale": country.locale,
        "ProfileId": company.profile_id,
    }
    if country.locale != "en-US":
        members["LocalizedContents"] = [{**content, "Locale": "en-US"}]
    if random.below(3):
        members["Headquarters"] = {"CountryCode": country.code, "SubdivisionCode": random.choice(country.subdivisions)}
    return members
