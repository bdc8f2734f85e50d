"""A plain store of the items of a service in one catalog, for services without seeded data."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import attrs

from aiopartnercentral.emulator.seed.random import MAX_ITEMS, DeterministicRandom, make_identifier

Item = dict[str, Any]


@attrs.define
class Record:
    """An item and its earlier revisions.

    Attributes:
        account: the account that owns it.
        item: the item; it is replaced, and never changed in place.
        revisions: all its revisions, the latest last.
    """

    account: str
    item: Item
    revisions: list[Item] = attrs.field(factory=list)

    def replace(self, item: Item) -> None:
        """Make an item the latest revision."""
        self.item = item
        self.revisions.append(item)


@attrs.define(eq=False)
class RecordStore:
    """The items of all accounts.

    Arguments:
        key: equal keys give equal identifiers.

    Attributes:
        records: the items of each kind by identifier, oldest first.
        tags: the tags of each resource, by its ARN.
    """

    key: str
    records: defaultdict[str, dict[str, Record]] = attrs.field(factory=lambda: defaultdict(dict), init=False)
    tags: dict[str, dict[str, str]] = attrs.field(factory=dict, init=False)
    _counts: Counter[str] = attrs.field(factory=Counter, init=False)

    def identifier(self, prefix: str, salt: int) -> str:
        """Return an unused identifier with so many random letters and digits before those of its index."""
        self._counts[prefix] += 1
        random = DeterministicRandom(f"{self.key}/{prefix}/{self._counts[prefix]}")
        return make_identifier(prefix, random, MAX_ITEMS - self._counts[prefix], salt)
