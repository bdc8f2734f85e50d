"""The items of one kind of one account: seeded ones, made on first use, then changed and added ones."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from aiopartnercentral.emulator.seed.random import index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_CACHED_FILTERS = 64

_encoder = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """Return a value as compact JSON."""
    return _encoder.encode(value)


@cache
def shared(labels: frozenset[str]) -> frozenset[str]:
    """Return the same object for equal sets of labels: there are few sets and many items."""
    return labels


@attrs.frozen
class Facets:
    """The values that filters select an item by.

    Attributes:
        labels: values such as `SUBSIDIARY`, `SUBSIDIARY:ACTIVE`, `PENDING` and `SENDER`.
        others: identifiers of the other participant: its account, and its profiles if it shows them.
    """

    labels: frozenset[str]
    others: tuple[str, ...] = ()


@attrs.define
class ItemCollection:
    """The items of one kind that one account has in one catalog.

    Seeded items come first and are not stored: each is made when it is needed, and only its JSON is cached. Changed and
    added items are stored.

    Arguments:
        count: the number of seeded items.
        make: makes the seeded item at an index, with all members of its Get operations.
        summarise: reduces an item to the members of its List operation.
        facets_of: returns the facets of an item.
        index_of: returns the index of the seeded item with an identifier; any number for another identifier.
    """

    count: int
    _make: Callable[[int], dict[str, Any]]
    _summarise: Callable[[dict[str, Any]], dict[str, Any]]
    _facets_of: Callable[[dict[str, Any]], Facets] = lambda _: Facets(frozenset())
    _index_of: Callable[[str], int] = attrs.field(default=index_of, alias="index_of")
    _stored: dict[int, dict[str, Any]] = attrs.field(factory=dict, init=False, repr=False)
    _added: dict[str, int] = attrs.field(factory=dict, init=False, repr=False)
    _aliases: dict[int, tuple[str, ...]] = attrs.field(factory=dict, init=False, repr=False)
    _encoded: dict[int, bytes] = attrs.field(factory=dict, init=False, repr=False)
    _facets: list[Facets] | None = attrs.field(default=None, init=False, repr=False)
    _matches: OrderedDict[tuple[frozenset[str], frozenset[str]], Sequence[int]] = attrs.field(
        factory=OrderedDict, init=False, repr=False
    )

    _selections: OrderedDict[bytes, list[int]] = attrs.field(factory=OrderedDict, init=False, repr=False)

    def __len__(self) -> int:
        return self.count + len(self._added)

    def item(self, index: int) -> dict[str, Any]:
        """Return the item at an index; do not change it in place."""
        return self._stored.get(index) or self._make(index)

    def index(self, identifier: str) -> int | None:
        """Return the index of the item with this identifier, or None."""
        if identifier in self._added:
            return self._added[identifier]
        index = self._index_of(identifier)
        return index if index < self.count and self._make(index)["Id"] == identifier else None

    def find(self, identifier: str) -> dict[str, Any] | None:
        """Return the item with this identifier, or None; do not change it in place."""
        if identifier in self._added:
            return self._stored[self._added[identifier]]
        index = self._index_of(identifier)
        # A change never changes the identifier, so comparing it works for stored and for seeded items.
        item = self.item(index) if index < self.count else None
        return item if item and item["Id"] == identifier else None

    def add(self, item: dict[str, Any], *aliases: str) -> None:
        """Add an item at the end.

        Arguments:
            item: the item, with a new identifier.
            aliases: identifiers of the other participant that filters find it by, though the item does not show them.
        """
        index = len(self)
        self._added[item["Id"]] = index
        self._stored[index] = item
        self._aliases[index] = aliases
        if self._facets is not None:
            self._facets.append(self._facets_at(index))
        self._matches.clear()
        self._selections.clear()

    def change(self, item: dict[str, Any]) -> None:
        """Replace the item with the same identifier."""
        index = self.index(item["Id"])
        if index is None:
            raise KeyError(item["Id"])
        self._stored[index] = item
        self._encoded.pop(index, None)
        if self._facets is not None:
            self._facets[index] = self._facets_at(index)
        self._matches.clear()
        self._selections.clear()

    def summaries(self, indices: Sequence[int]) -> list[bytes]:
        """Return the summaries at these indices as JSON."""
        return [self._encoded.get(index) or self._encode(index) for index in indices]

    def _encode(self, index: int) -> bytes:
        encoded = self._encoded[index] = encode(self._summarise(self.item(index)))
        return encoded

    def _facets_at(self, index: int) -> Facets:
        facets = self._facets_of(self.item(index))
        aliases = self._aliases.get(index, ())
        return Facets(facets.labels, (*facets.others, *aliases)) if aliases else facets

    def matching(self, labels: frozenset[str], others: frozenset[str] = frozenset()) -> Sequence[int]:
        """Return the sorted indices of the items that have all labels and, unless it is empty, one of the others.

        The first filter visits every item; all pages of one listing use the same cached result.
        """
        if not labels and not others:
            return range(len(self))
        found = self._matches.pop((labels, others), None)
        if found is None:
            if self._facets is None:
                self._facets = [self._facets_at(index) for index in range(len(self))]
            found = [
                index
                for index, facets in enumerate(self._facets)
                if labels <= facets.labels and (not others or not others.isdisjoint(facets.others))
            ]
        self._matches[labels, others] = found
        if len(self._matches) > _CACHED_FILTERS:
            self._matches.popitem(last=False)
        return found

    def select(
        self,
        key: bytes,
        keep: Callable[[dict[str, Any]], bool],
        order: Callable[[dict[str, Any]], Any] | None = None,
        *,
        descending: bool = False,
    ) -> Sequence[int]:
        """Return the indices of the items to keep, in an order.

        The first time, this visits every item; all pages of one listing use the same cached result.

        Arguments:
            key: equal keys select the same items in the same order.
            keep: returns whether an item is selected.
            order: returns what to sort an item by; None for the order of the collection.
            descending: whether to sort in descending order.
        """
        found = self._selections.pop(key, None)
        if found is None:
            found = [index for index in range(len(self)) if keep(self.item(index))]
            if order is not None:
                found.sort(key=lambda index: order(self.item(index)), reverse=descending)
        self._selections[key] = found
        if len(self._selections) > _CACHED_FILTERS:
            self._selections.popitem(last=False)
        return found
