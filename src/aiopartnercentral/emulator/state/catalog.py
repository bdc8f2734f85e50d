"""The items of one account in one catalog."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, Self

import attrs

from aiopartnercentral.emulator.seed.items import EARLIEST_EXPIRY
from aiopartnercentral.emulator.state.collection import Facets, ItemCollection, encode, shared
from aiopartnercentral.emulator.state.quotas import DailyCounter
from aiopartnercentral.emulator.state.steps import step

if TYPE_CHECKING:
    from aiopartnercentral.emulator.seed.companies import Company
    from aiopartnercentral.emulator.seed.items import SeededCatalog
    from aiopartnercentral.emulator.state.tasks import PartnerTasks

__all__ = ["AccountCatalog", "VerificationCode", "encode"]

# The members of a profile that an update leaves as they are if it does not have them.
_KEPT_BY_UPDATES = ("Headquarters", "ProfileId")


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
class VerificationCode:
    """A verification code that was sent by e-mail.

    Attributes:
        account: the account that requested it.
        catalog: the catalog that it is valid in.
        email: the address that it was sent to and verifies.
        code: six digits.
        expires_at: when it expires.
    """

    account: str
    catalog: str
    email: str
    code: str = attrs.field(repr=False)
    expires_at: datetime


@attrs.define(eq=False)
class AccountCatalog:
    """The items of one account in one catalog.

    Attributes:
        seed: the seeded items.
        connections: its connections, from its point of view.
        invitations: the connection invitations that it sent or received, from its point of view.
        partners: its partners, with the members of all Get operations of partners.
        preferences: its connection preferences.
        tasks: the tasks of each partner, by the partner's identifier.
        tags: the tags of each resource, by its ARN.
        codes: the latest verification code for each e-mail address.
        usage: counters of the daily quotas.
        counterparts: the other account of each invitation that is not seeded.
    """

    seed: SeededCatalog
    connections: ItemCollection
    invitations: ItemCollection
    partners: ItemCollection
    preferences: dict[str, Any]
    tasks: dict[str, PartnerTasks] = attrs.field(factory=dict)
    tags: dict[str, dict[str, str]] = attrs.field(factory=dict)
    codes: dict[str, VerificationCode] = attrs.field(factory=dict)
    usage: defaultdict[str, DailyCounter] = attrs.field(factory=lambda: defaultdict(DailyCounter))
    counterparts: dict[str, str] = attrs.field(factory=dict)
    _expiries: list[tuple[datetime, str]] = attrs.field(factory=list)
    _seed_expiries: int = 0

    @classmethod
    def of(cls, seed: SeededCatalog) -> Self:
        """Return a catalog with these seeded items."""
        return cls(
            seed,
            ItemCollection(seed.connections, seed.connection, _connection_summary, _connection_facets),
            ItemCollection(seed.invitations, seed.invitation, _invitation_summary, _invitation_facets),
            ItemCollection(seed.partners, seed.partner, _partner_summary, _partner_facets),
            seed.preferences() if seed.connections else seed.default_preferences(),
        )

    @property
    def name(self) -> str:
        """The catalog's name."""
        return self.seed.catalog

    @property
    def account(self) -> str:
        """The account."""
        return self.seed.account_id

    def partner(self) -> dict[str, Any] | None:
        """Return the first partner of the account, or None; do not change it in place."""
        return self.partners.item(0) if len(self.partners) else None

    def seeded_company(self, invitation: str) -> Company | None:
        """Return the other company of a seeded invitation that was not accepted; None for any other invitation."""
        index = self.invitations.index(invitation)
        return None if index is None or index >= self.invitations.count else self.seed.invited_company(index)

    def add_invitation(self, invitation: dict[str, Any], counterpart: str, expires_at: datetime) -> None:
        """Add a pending invitation, which will expire."""
        self.invitations.add(invitation, counterpart)
        self.counterparts[invitation["Id"]] = counterpart
        heappush(self._expiries, (expires_at, invitation["Id"]))

    def settle(self, now: datetime) -> None:
        """Apply changes by time until now: expired invitations and finished profile updates."""
        self._expire(now)
        self.update_profiles(now)

    def update_profiles(self, now: datetime) -> None:
        """Apply the profile updates that have succeeded."""
        for identifier, tasks in self.tasks.items():
            task = tasks.profile
            if task and not task.applied and task.status(now) == "SUCCEEDED":
                partner = self.partners.find(identifier)
                if partner:
                    kept = {name: value for name, value in partner["Profile"].items() if name in _KEPT_BY_UPDATES}
                    self.partners.change(partner | {"Profile": kept | task.details})
                task.applied = True

    def _expire(self, now: datetime) -> None:
        while now >= EARLIEST_EXPIRY and self._seed_expiries < self.invitations.count:
            step()
            item = self.invitations.item(self._seed_expiries)
            if item["Status"] == "PENDING":
                heappush(self._expiries, (datetime.fromisoformat(item["ExpiresAt"]), item["Id"]))
            self._seed_expiries += 1
        while self._expiries and self._expiries[0][0] <= now:
            step()
            _, identifier = heappop(self._expiries)
            invitation = self.invitations.find(identifier)
            if invitation and invitation["Status"] == "PENDING":
                self.invitations.change(invitation | {"Status": "EXPIRED", "UpdatedAt": invitation["ExpiresAt"]})
