"""The state of all accounts: their catalogs, verifications and idempotency tokens."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from aiopartnercentral.emulator.iam import ACCOUNT_ID
from aiopartnercentral.emulator.seed.items import SeededCatalog
from aiopartnercentral.emulator.seed.random import MAX_ITEMS, DeterministicRandom, make_identifier
from aiopartnercentral.emulator.seed.records import SeededRecords
from aiopartnercentral.emulator.seed.selling_work import SeededWork
from aiopartnercentral.emulator.state.catalog import AccountCatalog
from aiopartnercentral.emulator.state.idempotency import IdempotencyStore
from aiopartnercentral.emulator.state.quotas import Quotas
from aiopartnercentral.emulator.state.records import RecordStore
from aiopartnercentral.emulator.state.selling import SellingCatalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiopartnercentral.emulator.state.catalog import VerificationCode
    from aiopartnercentral.emulator.state.tasks import Verification


@attrs.define(eq=False)
class State:
    """The complete state of the emulated service.

    It depends only on its arguments and on the requests that changed it, with their times. Reads, failed requests and
    repetitions with the same ClientToken have no visible effect, so replaying the others restores the state.

    Arguments:
        seed: seed of the generated data.
        sizes: number of the owner's connections by catalog.
        owner: the account that owns the seeded data; all others are empty at first.
        quotas: the quotas of each account.
        task_time: how long tasks and verifications are in progress.
        nightly_changes: the share of the seeded items of `selling` that each midnight changes.
    """

    seed: int
    sizes: Mapping[str, int]
    owner: str
    quotas: Quotas = attrs.field(factory=Quotas)
    task_time: timedelta = timedelta(seconds=1)
    nightly_changes: float = 0.0
    idempotency: IdempotencyStore = attrs.field(factory=IdempotencyStore, init=False)
    verifications: dict[tuple[str, str], Verification] = attrs.field(factory=dict, init=False)
    _catalogs: dict[tuple[str, str], AccountCatalog] = attrs.field(factory=dict, init=False)
    _selling: dict[str, SellingCatalog] = attrs.field(factory=dict, init=False)
    _records: dict[tuple[str, str], RecordStore] = attrs.field(factory=dict, init=False)
    _counts: Counter[str] = attrs.field(factory=Counter, init=False)

    def reset(self) -> None:
        """Undo all changes."""
        self.idempotency = IdempotencyStore()
        self.verifications.clear()
        self._catalogs.clear()
        self._selling.clear()
        self._records.clear()
        self._counts.clear()

    def catalog(self, name: str, account: str, now: datetime) -> AccountCatalog:
        """Return the catalog of an account as it is at a time.

        Raises:
            KeyError: the catalog does not exist.
        """
        catalog = self._catalog(name, account)
        catalog.settle(now)
        return catalog

    def _catalog(self, name: str, account: str) -> AccountCatalog:
        key = (name, account)
        if key not in self._catalogs:
            connections = self.sizes[name] if account == self.owner else 0
            self._catalogs[key] = AccountCatalog.of(SeededCatalog(self.seed, name, account, connections))
        return self._catalogs[key]

    def catalogs(self, name: str, now: datetime) -> Iterator[AccountCatalog]:
        """Yield the catalogs of this name of all accounts that have been used, as they are at a time.

        The owner's comes first, the others are sorted by account id: the order in which accounts were first used, which
        reads influence too, must have no effect.
        """
        for catalog in self.catalogs_unsettled(name):
            catalog.settle(now)
            yield catalog

    def catalogs_unsettled(self, name: str) -> Iterator[AccountCatalog]:
        """Yield the same catalogs without `settle`, which is slow for a large catalog."""
        others = sorted(account for each, account in self._catalogs if each == name and account != self.owner)
        for account in (self.owner, *others):
            yield self._catalog(name, account)

    def selling(self, name: str, now: datetime) -> SellingCatalog:
        """Return the catalog of the service `selling` as it is at a time.

        Raises:
            KeyError: the catalog does not exist.
        """
        if name not in self._selling:
            self._selling[name] = SellingCatalog(
                SeededWork(self.seed, name, self.owner, self.sizes[name], self.nightly_changes)
            )
        catalog = self._selling[name]
        catalog.settle(now)
        return catalog

    def settle(self, name: str, now: datetime) -> None:
        """Apply the changes by time until now that may be many: those of seeded items; they are kept if a step ends."""
        self.catalog(name, self.owner, now)
        self.selling(name, now)

    def records(self, service: str, name: str, now: datetime) -> RecordStore:
        """Return the plain items of a service in a catalog as they are at a time."""
        if (service, name) not in self._records:
            seeds = SeededRecords(self.seed, name, self.owner, self.sizes[name]).of(service)
            self._records[service, name] = RecordStore(f"{self.seed}/{service}/{name}", seeds)
        store = self._records[service, name]
        store.settle(now)
        return store

    def codes(self) -> Iterator[VerificationCode]:
        """Yield the latest verification code for each address of each catalog and account; any thread may iterate."""
        for _, catalog in sorted(self._catalogs.items()):
            yield from list(catalog.codes.values())

    def registrant(self, secret: str) -> Verification | None:
        """Return the verification whose completion URL ends in a secret, or None."""
        return next((found for found in self.verifications.values() if found.secret == secret), None)

    def random(self, kind: str) -> DeterministicRandom:
        """Return new random numbers for the next thing of a kind."""
        self._counts[kind] += 1
        return DeterministicRandom(f"{self.seed}/made/{kind}/{self._counts[kind]}")

    def identifier(self, prefix: str) -> str:
        """Return an unused identifier; their indices count down, while those of seeded items count up."""
        random = self.random(prefix)
        return make_identifier(prefix, random, MAX_ITEMS - self._counts[prefix])

    def account_of_participant(self, identifier: str, catalog: AccountCatalog, now: datetime) -> str | None:
        """Return the account of a participant identifier, as one account sees it; None if it is unknown.

        Every account exists. A profile exists if a partner has it, or the other participant of a connection.
        """
        if re.fullmatch(ACCOUNT_ID, identifier):
            return identifier
        wanted = frozenset({identifier})
        for other in self.catalogs(catalog.name, now):
            if other.partners.matching(frozenset(), wanted):
                return other.account
        for index in catalog.connections.matching(frozenset(), wanted):
            account: str = catalog.connections.item(index)["OtherParticipantAccountId"]
            return account
        return None

    def profile_id(self, account: str, catalog: AccountCatalog, now: datetime) -> str | None:
        """Return the partner profile of an account, as another account sees it; None if it has none."""
        partner = self.catalog(catalog.name, account, now).partner()
        if partner is not None:
            profile_id: str = partner["Profile"]["ProfileId"]
            return profile_id
        for index in catalog.connections.matching(frozenset(), frozenset({account})):
            for kind in catalog.connections.item(index)["ConnectionTypes"].values():
                profile = kind["OtherParticipant"].get("PartnerProfile")
                if profile:
                    shown: str = profile["Id"]
                    return shown
        return None

    def participant(self, account: str, name: str, now: datetime) -> dict[str, Any]:
        """Return an account as a participant: its partner profile, or only the account if it has none."""
        partner = self.catalog(name, account, now).partner()
        if partner is None:
            return {"Account": {"Name": f"Account {account}"}}
        profile = partner["Profile"]
        return {"PartnerProfile": {"Id": profile["ProfileId"], "Name": profile["DisplayName"]}}
