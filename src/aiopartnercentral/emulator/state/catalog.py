"""What one account has in one catalog."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any, Self

import attrs

from aiopartnercentral.emulator.seed.items import EARLIEST_EXPIRY
from aiopartnercentral.emulator.state.collection import Facets, Shelf, encode, shared
from aiopartnercentral.emulator.state.quotas import DayCount

if TYPE_CHECKING:
    from aiopartnercentral.emulator.seed.companies import Company
    from aiopartnercentral.emulator.seed.items import Seed
    from aiopartnercentral.emulator.state.tasks import PartnerTasks

__all__ = ["Catalog", "SentCode", "encode"]


def _connection_summary(connection: dict[str, Any]) -> dict[str, Any]:
    types = connection["ConnectionTypes"]
    return connection | {
        "ConnectionTypes": {
            name: {"Status": kind["Status"], "OtherParticipant": kind["OtherParticipant"]}
            for name, kind in types.items()
        }
    }


def _connection_facets(connection: dict[str, Any]) -> Facets:
    labels = set()
    others = {connection["OtherParticipantAccountId"]}
    for name, kind in connection["ConnectionTypes"].items():
        labels |= {name, f"{name}:{kind['Status']}", kind["Status"]}
        others |= {other["Id"] for other in kind["OtherParticipant"].values() if "Id" in other}
    return Facets(shared(frozenset(labels)), tuple(others))


def _invitation_summary(invitation: dict[str, Any]) -> dict[str, Any]:
    hidden = ("InvitationMessage", "InviterEmail", "InviterName")
    return {name: value for name, value in invitation.items() if name not in hidden}


def _invitation_facets(invitation: dict[str, Any]) -> Facets:
    labels = frozenset(invitation[name] for name in ("ConnectionType", "Status", "ParticipantType"))
    return Facets(shared(labels), (invitation["OtherParticipantIdentifier"],))


def _partner_summary(partner: dict[str, Any]) -> dict[str, Any]:
    return {name: partner[name] for name in ("Catalog", "Arn", "Id", "LegalName", "CreatedAt")}


def _partner_facets(partner: dict[str, Any]) -> Facets:
    return Facets(frozenset(), (partner["Id"], partner["Profile"]["ProfileId"]))


@attrs.frozen
class SentCode:
    """A verification code as it went out by e-mail.

    Attributes:
        account: the account that asked for it.
        catalog: the catalog that it is good in.
        email: where it went, and what it verifies.
        code: six digits.
        expires_at: from when on it is good no longer.
    """

    account: str
    catalog: str
    email: str
    code: str = attrs.field(repr=False)
    expires_at: datetime


@attrs.define(eq=False)
class Catalog:
    """What one account has in one catalog.

    Attributes:
        seed: what it began with.
        connections: its connections, as it sees them.
        invitations: the connection invitations that it sent or received, as it sees them.
        partners: its partners, with everything that the Get operations of partners tell.
        preferences: its connection preferences.
        tasks: what was started for a partner, by the partner's identifier.
        tags: the tags of each resource, by its ARN.
        codes: the latest verification code for each e-mail address.
        used: how often something with a daily quota was done.
        counterparts: the account on the other side of each invitation that is not seeded.
    """

    seed: Seed
    connections: Shelf
    invitations: Shelf
    partners: Shelf
    preferences: dict[str, Any]
    tasks: dict[str, PartnerTasks] = attrs.field(factory=dict)
    tags: dict[str, dict[str, str]] = attrs.field(factory=dict)
    codes: dict[str, SentCode] = attrs.field(factory=dict)
    used: defaultdict[str, DayCount] = attrs.field(factory=lambda: defaultdict(DayCount))
    counterparts: dict[str, str] = attrs.field(factory=dict)
    _expiries: list[tuple[datetime, str]] = attrs.field(factory=list)
    _seed_expiries_known: bool = False

    @classmethod
    def of(cls, seed: Seed) -> Self:
        """Return the catalog whose items this seed makes."""
        return cls(
            seed,
            Shelf(seed.connections, seed.connection, _connection_summary, _connection_facets),
            Shelf(seed.invitations, seed.invitation, _invitation_summary, _invitation_facets),
            Shelf(seed.partners, seed.partner, _partner_summary, _partner_facets),
            seed.preferences() if seed.connections else seed.open_preferences(),
        )

    @property
    def name(self) -> str:
        """The catalog's name."""
        return self.seed.catalog

    @property
    def account(self) -> str:
        """The account that has all this."""
        return self.seed.account_id

    def partner(self) -> dict[str, Any] | None:
        """Return the partner that the account is: its first, or None; not to be changed in place."""
        return self.partners.item(0) if len(self.partners) else None

    def seeded_company(self, invitation: str) -> Company | None:
        """Return the company on the other side of a seeded invitation that led to nothing; None for any other."""
        index = self.invitations.index(invitation)
        return None if index is None or index >= self.invitations.count else self.seed.invited_company(index)

    def add_invitation(self, invitation: dict[str, Any], counterpart: str, expires_at: datetime) -> None:
        """Take in a pending invitation, which will expire."""
        self.invitations.add(invitation, counterpart)
        self.counterparts[invitation["Id"]] = counterpart
        heappush(self._expiries, (expires_at, invitation["Id"]))

    def settle(self, now: datetime) -> None:
        """Let happen what happens by itself: invitations expire, and profiles are replaced."""
        self._expire(now)
        self.update_profiles(now)

    def update_profiles(self, now: datetime) -> None:
        """Let the tasks that have succeeded replace the profiles that they update."""
        for identifier, tasks in self.tasks.items():
            task = tasks.profile
            if task and not task.applied and task.status(now) == "SUCCEEDED":
                partner = self.partners.find(identifier)
                if partner:
                    profile = task.details | {"ProfileId": partner["Profile"]["ProfileId"]}
                    self.partners.change(partner | {"Profile": profile})
                task.applied = True

    def _expire(self, now: datetime) -> None:
        if now >= EARLIEST_EXPIRY and not self._seed_expiries_known:
            self._seed_expiries_known = True
            self._expiries += [
                (datetime.fromisoformat(item["ExpiresAt"]), item["Id"])
                for item in map(self.invitations.item, range(self.invitations.count))
                if item["Status"] == "PENDING"
            ]
            heapify(self._expiries)
        while self._expiries and self._expiries[0][0] <= now:
            _, identifier = heappop(self._expiries)
            invitation = self.invitations.find(identifier)
            if invitation and invitation["Status"] == "PENDING":
                self.invitations.change(invitation | {"Status": "EXPIRED", "UpdatedAt": invitation["ExpiresAt"]})
