"""Realistic items as a pure function of (seed, catalog, kind, index).

Nothing is stored: an item can be made at any time and in any order, and is always the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from aiopartnercentral.emulator.seed import vocabulary
from aiopartnercentral.emulator.seed.companies import Company, make_company, participant, profile
from aiopartnercentral.emulator.seed.random import DeterministicRandom, index_of, make_identifier, timestamp

# The date of the seeded data, so that the same seed gives the same data next year.
SEED_DATE = datetime(2025, 10, 1, tzinfo=UTC)
# The seconds of a day, and how many days before that date the oldest items were made.
DAY = 24 * 60 * 60
OLDEST_DAYS = 900

_SEED_DATE_TEXT = f"{SEED_DATE:%Y-%m-%dT%H:%M:%S}Z"
_VALID_DAYS = 15
# Less than _VALID_DAYS, so that an invitation is answered, or still pending, before it expires.
_ANSWER_DAYS = 13
# The oldest pending invitation was made at most a day and _ANSWER_DAYS before SEED_DATE.
EARLIEST_EXPIRY = SEED_DATE + timedelta(days=_VALID_DAYS - 1 - _ANSWER_DAYS)
_CONNECTIONS_PER_INVITATION = 4
_CONNECTIONS_PER_PARTNER = 10
_TYPES = ("OPPORTUNITY_COLLABORATION", "SUBSIDIARY")
_INVITATION_STATUSES = ("PENDING", "ACCEPTED", "ACCEPTED", "REJECTED", "CANCELED", "EXPIRED")


@attrs.frozen
class SeededCatalog:
    """The seeded items of one catalog.

    Arguments:
        seed: seed of the generated data.
        catalog: the catalog's name.
        account_id: the AWS account that owns the items.
        connections: the number of connections; there are a quarter as many invitations and a tenth as many partners.
    """

    seed: int
    catalog: str
    account_id: str
    connections: int

    @property
    def invitations(self) -> int:
        """The number of connection invitations."""
        return -(-self.connections // _CONNECTIONS_PER_INVITATION)

    @property
    def partners(self) -> int:
        """The number of partners."""
        return -(-self.connections // _CONNECTIONS_PER_PARTNER)

    def _random(self, kind: str, index: int) -> DeterministicRandom:
        return DeterministicRandom(f"{self.seed}/{self.catalog}/{kind}/{index}")

    def _identifier(self, prefix: str, index: int) -> str:
        return make_identifier(prefix, self._random(f"id-{prefix}", index), index)

    def connection(self, index: int) -> dict[str, Any]:
        """Return a connection with all members of GetConnection."""
        random = self._random("connection", index)
        other = make_company(random)
        identifier = self._identifier("pac", index)
        both = random.below(6) == 0
        kinds = _TYPES if both else (_TYPES[random.below(5) == 0],)
        types, changes = {}, []
        for kind in kinds:
            types[kind], changed = self._connection_type(other, random)
            changes.append(changed)
        return {
            "Catalog": self.catalog,
            "Id": identifier,
            "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{self.catalog}/connection/{identifier}",
            "OtherParticipantAccountId": other.account_id,
            "UpdatedAt": max(changes),
            "ConnectionTypes": types,
        }

    def _connection_type(self, other: Company, random: DeterministicRandom) -> tuple[dict[str, Any], str]:
        """Return one type of a connection and when it last changed."""
        age = timedelta(seconds=random.below(OLDEST_DAYS * DAY) + DAY)
        created = timestamp(SEED_DATE - age, random)
        name, email = other.contact
        kind: dict[str, Any] = {"CreatedAt": created, "InviterEmail": email, "InviterName": name, "Status": "ACTIVE"}
        changed = created
        if random.below(5) == 0:
            changed = timestamp(SEED_DATE - age * (random.below(90) / 100), random)
            canceled_by = (self.account_id, other.account_id)[random.below(2)]
            kind |= {"Status": "CANCELED", "CanceledAt": changed, "CanceledBy": canceled_by}
        kind["OtherParticipant"] = participant(other, random)
        return kind, changed

    def invitation(self, index: int) -> dict[str, Any]:
        """Return an invitation with all members of GetConnectionInvitation; an accepted one belongs to a connection."""
        random = self._random("invitation", index)
        status = random.choice(_INVITATION_STATUSES)
        identifier = self._identifier("pacinv", index)
        if status == "ACCEPTED":
            members = self._accepted(self.connection(index * _CONNECTIONS_PER_INVITATION))
        else:
            members, _ = self._unaccepted(status, random)
        return {
            "Catalog": self.catalog,
            "Id": identifier,
            "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{self.catalog}/connection-invitation/{identifier}",
            "Status": status,
            "ParticipantType": ("SENDER", "RECEIVER")[random.below(2)],
            "InvitationMessage": random.choice(vocabulary.MESSAGES),
            **members,
        }

    def invited_company(self, index: int) -> Company | None:
        """Return the other company of an invitation; None for an accepted one."""
        random = self._random("invitation", index)
        status = random.choice(_INVITATION_STATUSES)
        return None if status == "ACCEPTED" else self._unaccepted(status, random)[1]

    def _unaccepted(self, status: str, random: DeterministicRandom) -> tuple[dict[str, Any], Company]:
        """Return the members that depend on the dates of an invitation that was not accepted, and its other company."""
        age = timedelta(seconds=DAY + random.below(_ANSWER_DAYS * DAY))
        if status != "PENDING":
            age += timedelta(days=_VALID_DAYS + random.below(OLDEST_DAYS))
        created = SEED_DATE - age
        expires = created + timedelta(days=_VALID_DAYS)
        changed = {
            "PENDING": created + timedelta(seconds=1),
            "EXPIRED": expires + timedelta(seconds=1),
        }.get(status, created + timedelta(seconds=60 + random.below(_ANSWER_DAYS * DAY)))
        other = make_company(random)
        name, email = other.contact
        members: dict[str, Any] = {
            "ConnectionType": random.choice(_TYPES),
            "CreatedAt": timestamp(created, random),
            "UpdatedAt": timestamp(changed, random),
            "OtherParticipantIdentifier": other.profile_id if random.below(2) else other.account_id,
            "InviterEmail": email,
            "InviterName": name,
        }
        if status in ("PENDING", "EXPIRED"):
            members["ExpiresAt"] = timestamp(expires, random)
        return members, other

    def _accepted(self, connection: dict[str, Any]) -> dict[str, Any]:
        """Return the members that an accepted invitation shares with its connection."""
        name, kind = next(iter(connection["ConnectionTypes"].items()))
        random = self._random("accepted", index_of(connection["Id"]))
        accepted = datetime.fromisoformat(kind["CreatedAt"])
        return {
            "ConnectionId": connection["Id"],
            "ConnectionType": name,
            "CreatedAt": timestamp(accepted - timedelta(seconds=60 + random.below(_ANSWER_DAYS * DAY)), random),
            "UpdatedAt": kind["CreatedAt"],
            "OtherParticipantIdentifier": connection["OtherParticipantAccountId"],
            "InviterEmail": kind["InviterEmail"],
            "InviterName": kind["InviterName"],
        }

    def partner(self, index: int) -> dict[str, Any]:
        """Return a partner with the members of all Get operations of partners."""
        random = self._random("partner", index)
        company = make_company(random)
        identifier = self._identifier("partner", index)
        created = SEED_DATE - timedelta(seconds=random.below(OLDEST_DAYS * DAY) + DAY)
        given, family = company.contact[0].rsplit(" ", 1)
        partner: dict[str, Any] = {
            "Catalog": self.catalog,
            "Arn": f"arn:aws:partnercentral:us-east-1:{self.account_id}:catalog/{self.catalog}/partner/{identifier}",
            "Id": identifier,
            "LegalName": company.name,
            "CreatedAt": timestamp(created, random),
            "Profile": profile(company, random),
            "AllianceLeadContact": {
                "FirstName": given,
                "LastName": family,
                "Email": company.contact[1],
                "BusinessTitle": random.choice(vocabulary.TITLES),
            },
            "Visibility": ("PUBLIC", "PRIVATE")[random.below(3) == 0],
        }
        if random.below(2):
            registered = timestamp(created + timedelta(days=1), random)
            partner["AwsTrainingCertificationEmailDomains"] = [
                {"DomainName": company.domain, "RegisteredAt": registered}
            ]
        return partner

    def _preferences_arn(self) -> str:
        return f"arn:aws:partnercentral:us-east-1:{self.account_id}:catalog/{self.catalog}/connection-preferences"

    def preferences(self) -> dict[str, Any]:
        """Return the catalog's connection preferences."""
        random = self._random("preferences", 0)
        access = random.choice(("ALLOW_ALL", "DENY_ALL", "ALLOW_BY_DEFAULT_DENY_SOME"))
        preferences: dict[str, Any] = {
            "Catalog": self.catalog,
            "Arn": self._preferences_arn(),
            "AccessType": access,
            "UpdatedAt": timestamp(SEED_DATE - timedelta(seconds=random.below(OLDEST_DAYS * DAY)), random),
            "Revision": 1 + random.below(20),
        }
        if access == "ALLOW_BY_DEFAULT_DENY_SOME":
            preferences["ExcludedParticipantIds"] = [
                make_company(random).account_id for _ in range(1 + random.below(3))
            ]
        return preferences

    def default_preferences(self) -> dict[str, Any]:
        """Return the connection preferences of an account that has never set any: every account may invite it."""
        return {
            "Catalog": self.catalog,
            "Arn": self._preferences_arn(),
            "AccessType": "ALLOW_ALL",
            "UpdatedAt": _SEED_DATE_TEXT,
            "Revision": 1,
        }
