"""Realistic items as a pure function of (seed, catalog, kind, index).

Nothing is kept here: an item can be made at any time, in any order, and again, and is always the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs

from aiopartnercentral.emulator.seed import vocabulary
from aiopartnercentral.emulator.seed.companies import Company, company, participant, profile
from aiopartnercentral.emulator.seed.random import Dice, index_of, make_identifier, timestamp

# The day on which the seeded world stands still, so that the same seed is the same data next year.
TODAY = datetime(2025, 10, 1, tzinfo=UTC)

_TODAY_WRITTEN = f"{TODAY:%Y-%m-%dT%H:%M:%S}Z"
_DAY = 24 * 60 * 60
_OLDEST_DAYS = 900
_VALID_DAYS = 15
# Less than _VALID_DAYS, so that an invitation is answered, or still pending, before it expires.
_ANSWER_DAYS = 13
# The oldest pending invitation was made a day and _ANSWER_DAYS before TODAY at the most.
EARLIEST_EXPIRY = TODAY + timedelta(days=_VALID_DAYS - 1 - _ANSWER_DAYS)
_CONNECTIONS_PER_INVITATION = 4
_CONNECTIONS_PER_PARTNER = 10
_TYPES = ("OPPORTUNITY_COLLABORATION", "SUBSIDIARY")
_INVITATION_STATUSES = ("PENDING", "ACCEPTED", "ACCEPTED", "REJECTED", "CANCELED", "EXPIRED")


@attrs.frozen
class Seed:
    """All items of one catalog.

    Arguments:
        seed: any number; another one is another world.
        catalog: the catalog's name, in letters.
        account_id: the AWS account that owns the catalog's items.
        connections: how many connections there are; invitations are a quarter, partners a tenth of them.
    """

    seed: int
    catalog: str
    account_id: str
    connections: int

    @property
    def invitations(self) -> int:
        """How many connection invitations there are."""
        return -(-self.connections // _CONNECTIONS_PER_INVITATION)

    @property
    def partners(self) -> int:
        """How many partners there are."""
        return -(-self.connections // _CONNECTIONS_PER_PARTNER)

    def _dice(self, kind: str, index: int) -> Dice:
        return Dice(f"{self.seed}/{self.catalog}/{kind}/{index}")

    def _identifier(self, prefix: str, index: int) -> str:
        return make_identifier(prefix, self._dice(f"id-{prefix}", index), index)

    def connection(self, index: int) -> dict[str, Any]:
        """Return a connection with all that GetConnection tells."""
        dice = self._dice("connection", index)
        other = company(dice)
        identifier = self._identifier("pac", index)
        both = dice.roll(6) == 0
        kinds = _TYPES if both else (_TYPES[dice.roll(5) == 0],)
        types, changes = {}, []
        for kind in kinds:
            types[kind], changed = self._connection_type(other, dice)
            changes.append(changed)
        return {
            "Catalog": self.catalog,
            "Id": identifier,
            "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{self.catalog}/connection/{identifier}",
            "OtherParticipantAccountId": other.account_id,
            "UpdatedAt": max(changes),
            "ConnectionTypes": types,
        }

    def _connection_type(self, other: Company, dice: Dice) -> tuple[dict[str, Any], str]:
        """Return one type of a connection and when it last changed."""
        age = timedelta(seconds=dice.roll(_OLDEST_DAYS * _DAY) + _DAY)
        created = timestamp(TODAY - age, dice)
        name, email = other.contact
        kind: dict[str, Any] = {"CreatedAt": created, "InviterEmail": email, "InviterName": name, "Status": "ACTIVE"}
        changed = created
        if dice.roll(5) == 0:
            changed = timestamp(TODAY - age * (dice.roll(90) / 100), dice)
            canceled_by = (self.account_id, other.account_id)[dice.roll(2)]
            kind |= {"Status": "CANCELED", "CanceledAt": changed, "CanceledBy": canceled_by}
        kind["OtherParticipant"] = participant(other, dice)
        return kind, changed

    def invitation(self, index: int) -> dict[str, Any]:
        """Return an invitation with all that GetConnectionInvitation tells; an accepted one led to a connection."""
        dice = self._dice("invitation", index)
        status = dice.choice(_INVITATION_STATUSES)
        identifier = self._identifier("pacinv", index)
        if status == "ACCEPTED":
            story = self._accepted(self.connection(index * _CONNECTIONS_PER_INVITATION))
        else:
            story, _ = self._unaccepted(status, dice)
        return {
            "Catalog": self.catalog,
            "Id": identifier,
            "Arn": f"arn:aws:partnercentral:us-east-1::catalog/{self.catalog}/connection-invitation/{identifier}",
            "Status": status,
            "ParticipantType": ("SENDER", "RECEIVER")[dice.roll(2)],
            "InvitationMessage": dice.choice(vocabulary.MESSAGES),
            **story,
        }

    def invited_company(self, index: int) -> Company | None:
        """Return the company on the other side of an invitation that led to nothing; None for an accepted one."""
        dice = self._dice("invitation", index)
        status = dice.choice(_INVITATION_STATUSES)
        return None if status == "ACCEPTED" else self._unaccepted(status, dice)[1]

    def _unaccepted(self, status: str, dice: Dice) -> tuple[dict[str, Any], Company]:
        """Return when an invitation that led to nothing was made and changed, and with whom."""
        age = timedelta(seconds=_DAY + dice.roll(_ANSWER_DAYS * _DAY))
        if status != "PENDING":
            age += timedelta(days=_VALID_DAYS + dice.roll(_OLDEST_DAYS))
        created = TODAY - age
        expires = created + timedelta(days=_VALID_DAYS)
        changed = {
            "PENDING": created + timedelta(seconds=1),
            "EXPIRED": expires + timedelta(seconds=1),
        }.get(status, created + timedelta(seconds=60 + dice.roll(_ANSWER_DAYS * _DAY)))
        other = company(dice)
        name, email = other.contact
        story: dict[str, Any] = {
            "ConnectionType": dice.choice(_TYPES),
            "CreatedAt": timestamp(created, dice),
            "UpdatedAt": timestamp(changed, dice),
            "OtherParticipantIdentifier": other.profile_id if dice.roll(2) else other.account_id,
            "InviterEmail": email,
            "InviterName": name,
        }
        if status in ("PENDING", "EXPIRED"):
            story["ExpiresAt"] = timestamp(expires, dice)
        return story, other

    def _accepted(self, connection: dict[str, Any]) -> dict[str, Any]:
        """Return what an accepted invitation has in common with the connection that it led to."""
        name, kind = next(iter(connection["ConnectionTypes"].items()))
        dice = self._dice("accepted", index_of(connection["Id"]))
        accepted = datetime.fromisoformat(kind["CreatedAt"])
        return {
            "ConnectionId": connection["Id"],
            "ConnectionType": name,
            "CreatedAt": timestamp(accepted - timedelta(seconds=60 + dice.roll(_ANSWER_DAYS * _DAY)), dice),
            "UpdatedAt": kind["CreatedAt"],
            "OtherParticipantIdentifier": connection["OtherParticipantAccountId"],
            "InviterEmail": kind["InviterEmail"],
            "InviterName": kind["InviterName"],
        }

    def partner(self, index: int) -> dict[str, Any]:
        """Return a partner with all that the Get operations of partners tell together."""
        dice = self._dice("partner", index)
        itself = company(dice)
        identifier = self._identifier("partner", index)
        created = TODAY - timedelta(seconds=dice.roll(_OLDEST_DAYS * _DAY) + _DAY)
        given, family = itself.contact[0].rsplit(" ", 1)
        partner: dict[str, Any] = {
            "Catalog": self.catalog,
            "Arn": f"arn:aws:partnercentral:us-east-1:{self.account_id}:catalog/{self.catalog}/partner/{identifier}",
            "Id": identifier,
            "LegalName": itself.name,
            "CreatedAt": timestamp(created, dice),
            "Profile": profile(itself, dice),
            "AllianceLeadContact": {
                "FirstName": given,
                "LastName": family,
                "Email": itself.contact[1],
                "BusinessTitle": dice.choice(vocabulary.TITLES),
            },
            "Visibility": ("PUBLIC", "PRIVATE")[dice.roll(3) == 0],
        }
        if dice.roll(2):
            registered = timestamp(created + timedelta(days=1), dice)
            partner["AwsTrainingCertificationEmailDomains"] = [
                {"DomainName": itself.domain, "RegisteredAt": registered}
            ]
        return partner

    def _preferences_arn(self) -> str:
        return f"arn:aws:partnercentral:us-east-1:{self.account_id}:catalog/{self.catalog}/connection-preferences"

    def preferences(self) -> dict[str, Any]:
        """Return the catalog's connection preferences."""
        dice = self._dice("preferences", 0)
        access = dice.choice(("ALLOW_ALL", "DENY_ALL", "ALLOW_BY_DEFAULT_DENY_SOME"))
        preferences: dict[str, Any] = {
            "Catalog": self.catalog,
            "Arn": self._preferences_arn(),
            "AccessType": access,
            "UpdatedAt": timestamp(TODAY - timedelta(seconds=dice.roll(_OLDEST_DAYS * _DAY)), dice),
            "Revision": 1 + dice.roll(20),
        }
        if access == "ALLOW_BY_DEFAULT_DENY_SOME":
            preferences["ExcludedParticipantIds"] = [company(dice).account_id for _ in range(1 + dice.roll(3))]
        return preferences

    def open_preferences(self) -> dict[str, Any]:
        """Return the connection preferences of an account that has never set any: anybody may invite it."""
        return {
            "Catalog": self.catalog,
            "Arn": self._preferences_arn(),
            "AccessType": "ALLOW_ALL",
            "UpdatedAt": _TODAY_WRITTEN,
            "Revision": 1,
        }
