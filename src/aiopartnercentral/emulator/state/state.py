"""Every account's side of every catalog, and what an account is beyond catalogs."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.options import ACCOUNT
from aiopartnercentral.emulator.seed.items import Seed
from aiopartnercentral.emulator.seed.random import MAX_ITEMS, Dice, make_identifier
from aiopartnercentral.emulator.state.catalog import Catalog
from aiopartnercentral.emulator.state.idempotency import TokenBook
from aiopartnercentral.emulator.state.quotas import Quotas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiopartnercentral.emulator.state.catalog import SentCode
    from aiopartnercentral.emulator.state.tasks import Verification


@attrs.define(eq=False)
class World:
    """Everything that the emulator knows.

    It is a function of its arguments and of the requests that changed something, with their times: what only reads,
    fails, or comes again with its token, changes nothing that anybody could see.

    Arguments:
        seed: the number that determines the seeded data.
        sizes: number of the owner's connections by catalog.
        owner: the account that has the seeded data; all others begin with nothing.
        quotas: how much an account may have and do.
        task_time: how long tasks and verifications are in progress.
    """

    seed: int
    sizes: Mapping[str, int]
    owner: str
    quotas: Quotas = attrs.field(factory=Quotas)
    task_time: timedelta = timedelta(seconds=1)
    tokens: TokenBook = attrs.field(factory=TokenBook, init=False)
    verifications: dict[tuple[str, str], Verification] = attrs.field(factory=dict, init=False)
    _sides: dict[tuple[str, str], Catalog] = attrs.field(factory=dict, init=False)
    _made: Counter[str] = attrs.field(factory=Counter, init=False)

    def begin(self) -> None:
        """Forget everything that was changed."""
        self.tokens = TokenBook()
        self.verifications.clear()
        self._sides.clear()
        self._made.clear()

    def side(self, catalog: str, account: str, now: datetime) -> Catalog:
        """Return what an account has in a catalog at a time.

        Raises:
            KeyError: there is no such catalog.
        """
        side = self._side(catalog, account)
        side.settle(now)
        return side

    def _side(self, catalog: str, account: str) -> Catalog:
        key = (catalog, account)
        if key not in self._sides:
            connections = self.sizes[catalog] if account == self.owner else 0
            self._sides[key] = Catalog.of(Seed(self.seed, catalog, account, connections))
        return self._sides[key]

    def sides(self, catalog: str, now: datetime) -> Iterator[Catalog]:
        """Yield what each account has in a catalog at a time, for those that ever asked or were asked for.

        The owner comes first, the others follow by their number: who asked first, be it to read only, is nobody's
        business.
        """
        for side in self.sides_as_they_stand(catalog):
            side.settle(now)
            yield side

    def sides_as_they_stand(self, catalog: str) -> Iterator[Catalog]:
        """Yield the same, but for what has happened by itself since, which takes long to find in a large catalog."""
        others = sorted(account for name, account in self._sides if name == catalog and account != self.owner)
        for account in (self.owner, *others):
            yield self._side(catalog, account)

    def codes(self) -> Iterator[SentCode]:
        """Yield the latest verification code for each address in each catalog and account, to any thread."""
        for _, side in sorted(self._sides.items()):
            yield from list(side.codes.values())

    def registrant(self, secret: str) -> Verification | None:
        """Return the verification whose completion URL ends in a secret, or None."""
        return next((found for found in self.verifications.values() if found.secret == secret), None)

    def dice(self, kind: str) -> Dice:
        """Return dice of their own for each thing of a kind that is made."""
        self._made[kind] += 1
        return Dice(f"{self.seed}/made/{kind}/{self._made[kind]}")

    def identifier(self, prefix: str) -> str:
        """Return an identifier that nothing has; seeded ones count from the other end."""
        dice = self.dice(prefix)
        return make_identifier(prefix, dice, MAX_ITEMS - self._made[prefix])

    def account_behind(self, identifier: str, side: Catalog, now: datetime) -> str | None:
        """Return the account that a participant identifier stands for, seen from one side; None if it is nobody's.

        Every account exists, whether it was heard of or not. A profile exists when a partner has it, or the other
        participant of a connection.
        """
        if ACCOUNT.fullmatch(identifier):
            return identifier
        wanted = frozenset({identifier})
        for other in self.sides(side.name, now):
            if other.partners.matching(frozenset(), wanted):
                return other.account
        for index in side.connections.matching(frozenset(), wanted):
            account: str = side.connections.item(index)["OtherParticipantAccountId"]
            return account
        return None

    def profile_id(self, account: str, side: Catalog, now: datetime) -> str | None:
        """Return the partner profile of an account, seen from one side; None if it has none."""
        partner = self.side(side.name, account, now).partner()
        if partner is not None:
            profile_id: str = partner["Profile"]["ProfileId"]
            return profile_id
        for index in side.connections.matching(frozenset(), frozenset({account})):
            for kind in side.connections.item(index)["ConnectionTypes"].values():
                profile = kind["OtherParticipant"].get("PartnerProfile")
                if profile:
                    shown: str = profile["Id"]
                    return shown
        return None

    def participant(self, account: str, catalog: str, now: datetime) -> dict[str, Any]:
        """Return an account as the other side of its connections sees it: its profile, or a bare account."""
        partner = self.side(catalog, account, now).partner()
        if partner is None:
            return {"Account": {"Name": f"Account {account}"}}
        profile = partner["Profile"]
        return {"PartnerProfile": {"Id": profile["ProfileId"], "Name": profile["DisplayName"]}}
