"""The companies of the seeded world, and how they show themselves as participants and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.seed import vocabulary

if TYPE_CHECKING:
    from aiopartnercentral.emulator.seed.random import Dice

_ID_LENGTH = 13


@attrs.frozen
class Company:
    """The other side of a connection or an invitation.

    Attributes:
        name: as it stands in its profile.
        domain: its internet address, inside `.example`.
        country: where it sits.
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


def company(dice: Dice) -> Company:
    """Return a company."""
    country = dice.choice(vocabulary.COUNTRIES)
    root, address = dice.choice(country.roots)
    field = dice.choice(vocabulary.FIELDS)
    domain = f"{address}-{field.lower()}.example"
    given, given_address = dice.choice(country.given_names)
    family, family_address = dice.choice(country.family_names)
    code = dice.text(_ID_LENGTH)
    return Company(
        name=f"{root} {field} {dice.choice(country.legal_forms)}",
        domain=domain,
        country=country,
        account_id=f"{10**11 + dice.roll(9 * 10**11)}",
        profile_id=f"pprofile-{code}",
        seller_id=f"seller-{code}",
        contact=(f"{given} {family}", f"{given_address}.{family_address}@{domain}"),
    )


def participant(itself: Company, dice: Dice) -> dict[str, Any]:
    """Return a company as one of the three kinds of participants."""
    kind = dice.roll(5)
    if kind == 0:
        return {"Account": {"Name": itself.name}}
    if kind == 1:
        return {"SellerProfile": {"Id": itself.seller_id, "Name": itself.name}}
    return {"PartnerProfile": {"Id": itself.profile_id, "Name": itself.name}}


def shown_as(itself: Company, identifier: str) -> dict[str, Any]:
    """Return a company as a participant that is known by an identifier: its partner profile, or its account."""
    if identifier == itself.profile_id:
        return {"PartnerProfile": {"Id": itself.profile_id, "Name": itself.name}}
    return {"Account": {"Name": itself.name}}


def profile(itself: Company, dice: Dice) -> dict[str, Any]:
    """Return a company's partner profile; a translation, headquarters and the profile's id are there or not."""
    country = itself.country
    first_industry = dice.roll(len(vocabulary.INDUSTRIES))
    content = {
        "DisplayName": itself.name,
        "Description": f"{itself.name} builds and runs solutions on AWS for customers in {country.code}.",
        "WebsiteUrl": f"https://www.{itself.domain}/",
        "LogoUrl": f"https://www.{itself.domain}/logo.png",
    }
    made: dict[str, Any] = {
        **content,
        "PrimarySolutionType": dice.choice(vocabulary.SOLUTIONS),
        "IndustrySegments": list(vocabulary.INDUSTRIES[first_industry : first_industry + 1 + dice.roll(3)]),
        "TranslationSourceLocale": country.locale,
        "ProfileId": itself.profile_id,
    }
    if country.locale != "en-US":
        made["LocalizedContents"] = [{**content, "Locale": "en-US"}]
    if dice.roll(3):
        made["Headquarters"] = {"CountryCode": country.code, "SubdivisionCode": dice.choice(country.subdivisions)}
    return made
