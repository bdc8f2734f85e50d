"""What the seeded items of the services without a module of their own have in common."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.seed.items import DAY, OLDEST_DAYS, SEED_DATE
from aiopartnercentral.emulator.seed.random import DeterministicRandom, index_of, make_identifier, timestamp
from aiopartnercentral.emulator.seed.selling import SeededSelling, arn

if TYPE_CHECKING:
    from collections.abc import Callable

Item = dict[str, Any]

OF_AWS: Final = ""
"""The account of what AWS publishes."""
GOALS: Final = ("Migration", "Modernization", "Data Analytics", "Generative AI", "Security", "Resilience")
_MONEY: Final = "USD"


@attrs.frozen
class SeededKind:
    """The seeded items of one kind.

    Arguments:
        count: their number.
        make: makes the revisions of the item at an index, the latest last.
        account: the account that owns them.
        identify: returns the identifier of the item at an index.
        parents: the kind above it, if it has one.
        per_parent: how many items are below each of the kind above.
    """

    count: int
    make: Callable[[int], list[Item]]
    account: str
    identify: Callable[[int], str]
    parents: SeededKind | None = None
    per_parent: int = 0

    def index(self, identifier: str) -> int | None:
        """Return the index of the item with an identifier, or None."""
        index = index_of(identifier)
        return index if index < self.count and self.identify(index) == identifier else None

    def below(self, parent: str) -> range:
        """Return the indices of the items below the one with an identifier."""
        index = None if self.parents is None else self.parents.index(parent)
        return range(0) if index is None else range(index * self.per_parent, (index + 1) * self.per_parent)


NOTHING: Final = SeededKind(0, lambda _: [], OF_AWS, str)
"""The kind of which nothing is seeded."""


def month(now: datetime, offset: int, length: int = 1) -> tuple[str, str]:
    """Return the first and the last day of some months, so many months after that of a time."""
    first, last = now.year * 12 + now.month - 1 + offset, now.year * 12 + now.month - 2 + offset + length
    until = (last // 12, last % 12 + 1)
    return f"{first // 12:04d}-{first % 12 + 1:02d}-01", f"{until[0]:04d}-{until[1]:02d}-{monthrange(*until)[1]:02d}"


def money(amount: float) -> Item:
    """Return an amount of money."""
    return {"Amount": f"{amount:.2f}", "CurrencyCode": _MONEY}


@attrs.frozen(slots=False)
class SeededItems:
    """The seeded items of one catalog.

    Arguments:
        seed: seed of the generated data.
        catalog: the catalog's name.
        account_id: the AWS account that owns the items.
        size: the number of opportunities that the account has; the other numbers follow from it.
    """

    seed: int
    catalog: str
    account_id: str
    size: int

    def _random(self, kind: str, index: int) -> DeterministicRandom:
        return DeterministicRandom(f"{self.seed}/{self.catalog}/{kind}/{index}")

    def _kind(
        self, prefix: str, count: int, make: Callable[[int], list[Item]], *, salt: int = 8, account: str | None = None,
        parents: SeededKind | None = None, per_parent: int = 0,
    ) -> SeededKind:  # fmt: skip
        def identify(index: int) -> str:
            return make_identifier(prefix, self._random(f"id-{prefix}", index), index, salt)

        owner = self.account_id if account is None else account
        return SeededKind(count, make, owner, identify, parents, per_parent)

    def _every(self, number: int) -> int:
        return -(-self.size // number)

    def _times(self, random: DeterministicRandom, revisions: int = 1) -> list[str]:
        """Return when an item was created and then changed, in order."""
        age = timedelta(seconds=random.below(OLDEST_DAYS * DAY) + DAY)
        return [timestamp(SEED_DATE - age * (1 - step / (revisions + 1)), random) for step in range(revisions)]

    def _begin(self, path: str, kind: SeededKind, index: int, **names: str) -> Item:
        """Return identifier, ARN and catalog of an item, in PascalCase or under other names."""
        identifier = kind.identify(index)
        return {
            names.get("id", "Id"): identifier,
            names.get("arn", "Arn"): arn(kind.account, self.catalog, path, identifier),
            names.get("catalog", "Catalog"): self.catalog,
        }

    @cached_property
    def _selling(self) -> SeededSelling:
        return SeededSelling(self.seed, self.catalog, self.account_id, self.size)
