"""Names of fictitious companies and people for the seeded data.

Names are not limited to ASCII, as real ones are not; addresses are in the reserved domain `.example`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Sequence


@attrs.frozen
class Country:
    """A country with its companies and people.

    Attributes:
        code: ISO 3166-1 alpha-2.
        locale: the locale of its companies' profiles.
        subdivisions: ISO 3166-2 codes without the country.
        legal_forms: endings of company names.
        roots: pairs of a company name and its spelling in a domain.
        given_names: pairs of a given name and its spelling in an e-mail address.
        family_names: pairs of a family name and its spelling in an e-mail address.
    """

    code: str
    locale: str
    subdivisions: Sequence[str]
    legal_forms: Sequence[str]
    roots: Sequence[tuple[str, str]]
    given_names: Sequence[tuple[str, str]]
    family_names: Sequence[tuple[str, str]]


def _plain(names: str) -> list[tuple[str, str]]:
    return [(name, name.lower()) for name in names.split()]


COUNTRIES: Sequence[Country] = (
    Country(
        "US",
        "en-US",
        ("CA", "NY", "TX", "WA", "VA"),
        ("Inc.", "LLC", "Corp."),
        _plain("Bluepeak Northgate Ironwood Clearwater Summitline Redcedar Lakefront Harborview"),
        _plain("Olivia James Maya Ethan Grace Noah"),
        _plain("Whitfield Carver Delgado Nguyen Brooks Hartman"),
    ),
    Country(
        "DE",
        "de-DE",
        ("BE", "BY", "HH", "NW"),
        ("GmbH", "AG", "SE & Co. KG"),
        [*_plain("Nordwind Falkenstein Rheintal Havelwerk"), ("Müller & Söhne", "mueller"), ("Grünfeld", "gruenfeld")],
        [*_plain("Anna Lukas Katharina Felix"), ("Jürgen", "juergen")],
        [*_plain("Keller Vogt Brandt Seidel"), ("Schröder", "schroeder")],
    ),
    Country(
        "JP",
        "ja-JP",
        ("13", "14", "27"),
        ("株式会社", "合同会社"),
        [
            ("青空クラウド", "aozora"),
            ("桜データ", "sakura"),
            ("富岳システム", "fugaku"),
            ("みなとソリューション", "minato"),
        ],
        [("結衣", "yui"), ("陽菜", "hina"), ("蓮", "ren"), ("大翔", "hiroto")],
        [("佐藤", "sato"), ("高橋", "takahashi"), ("渡辺", "watanabe"), ("小林", "kobayashi")],
    ),
    Country(
        "FR",
        "fr-FR",
        ("IDF", "OCC", "BRE"),
        ("SAS", "SA", "SARL"),
        [*_plain("Belvoir Montclair Atlantique"), ("Étoile Numérique", "etoile"), ("Forêt & Associés", "foret")],
        [*_plain("Claire Hugo Manon"), ("Chloé", "chloe"), ("Rémi", "remi")],
        [*_plain("Dubois Laurent Moreau"), ("Lefèvre", "lefevre")],
    ),
    Country(
        "BR",
        "pt-BR",
        ("SP", "RJ", "MG"),
        ("Ltda.", "S.A."),
        [*_plain("Araucaria Ipanema Cerrado"), ("Solução Digital", "solucao"), ("Pão de Açúcar Dados", "acucar")],
        [*_plain("Beatriz Rafael Camila"), ("João", "joao"), ("Antônio", "antonio")],
        [*_plain("Almeida Ferreira Barbosa"), ("Conceição", "conceicao")],
    ),
    Country(
        "PL",
        "pl-PL",
        ("MZ", "MA", "LD"),
        ("Sp. z o.o.", "S.A."),
        [*_plain("Wisla Bursztyn Tatry"), ("Łódź Software", "lodz"), ("Żuraw Systemy", "zuraw")],
        [*_plain("Zofia Jakub Hanna"), ("Paweł", "pawel")],
        [*_plain("Nowak Kowalska Lewandowski"), ("Wójcik", "wojcik")],
    ),
    Country(
        "IN",
        "en-IN",
        ("KA", "MH", "TN"),
        ("Pvt. Ltd.", "Limited"),
        _plain("Himadri Konark Saffron Vindhya Malabar Deccan"),
        _plain("Priya Arjun Ananya Rohan Kavya"),
        _plain("Iyer Sharma Banerjee Nair Kulkarni"),
    ),
    Country(
        "AU",
        "en-AU",
        ("NSW", "VIC", "QLD"),
        ("Pty Ltd", "Limited"),
        _plain("Wattlebank Coolabah Southern-Cross Billabong Outback"),
        _plain("Charlotte Liam Matilda Jack"),
        _plain("McKenzie Fraser Sinclair O'Connor"),
    ),
)

FIELDS: Sequence[str] = (
    "Cloud", "Data", "Analytics", "Security", "Software", "Digital", "Networks", "Robotics", "Health", "Logistics",
)  # fmt: skip

TITLES: Sequence[str] = (
    "Head of Alliances", "Partner Manager", "VP Business Development", "Alliance Director", "Chief Technology Officer",
)  # fmt: skip

SOLUTIONS: Sequence[str] = (
    "SOFTWARE_PRODUCTS", "CONSULTING_SERVICES", "PROFESSIONAL_SERVICES", "MANAGED_SERVICES", "TRAINING_SERVICES",
)  # fmt: skip

INDUSTRIES: Sequence[str] = (
    "COMPUTER_SOFTWARE", "FINANCIAL_SERVICES", "HEALTHCARE", "MANUFACTURING", "RETAIL", "TELECOMMUNICATIONS",
    "ENERGY_UTILITIES", "GOVERNMENT", "EDUCATION", "TRANSPORTATION_LOGISTICS",
)  # fmt: skip

MESSAGES: Sequence[str] = (
    "We would like to work on joint opportunities with you.",
    "Following up on our call last week:\nplease accept so that we can share our pipeline.",
    "Linking our subsidiary, as agreed with your alliance team.",
    "Let us register our collaboration — looking forward to it!",
)
