"""Items of one kind that one account sees: seeded ones made on first use, others laid over and after them."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from functools import cache
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from aiopartnercentral.emulator.seed.random import index_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_REMEMBERED_FILTERS = 64

_encoder = msgspec.json.Encoder()


def encode(value: object) -> bytes:
    """Return a value as compact JSON."""
    return _encoder.encode(value)


@cache
def shared(labels: frozenset[str]) -> frozenset[str]:
    """Return one and the same object for equal labels: there are few combinations and many items."""
    return labels


@attrs.frozen
class Facets:
    """What an item can be found by.

    Attributes:
        labels: what filters name, such as `SUBSIDIARY`, `SUBSIDIARY:ACTIVE`, `PENDING` and `SENDER`.
        others: identifiers of the other participant: its account, and profiles where it shows them.
    """

    labels: frozenset[str]
    others: tuple[str, ...] = ()


@attrs.define
class Shelf:
    """The items of one kind that one account sees in one catalog.

    The seeded items come first and are never stored: one is made, encoded and forgotten. A change of one, and an item
    that was added, is kept and takes its place.

    Arguments:
        count: how many seeded items there are.
        make: makes the seeded item at an index, with everything that its Get operations tell.
        summarise: cuts an item down to what its List operation tells.
        facets_of: says what an item can be found by.
    """

    count: int
    _make: Callable[[int], dict[str, Any]]
    _summarise: Callable[[dict[str, Any]], dict[str, Any]]
    _facets_of: Callable[[dict[str, Any]], Facets]
    _kept: dict[int, dict[str, Any]] = attrs.field(factory=dict, init=False, repr=False)
    _added: dict[str, int] = attrs.field(factory=dict, init=False, repr=False)
    _aliases: dict[int, tuple[str, ...]] = attrs.field(factory=dict, init=False, repr=False)
    _encoded: dict[int, bytes] = attrs.field(factory=dict, init=False, repr=False)
    _facets: list[Facets] | None = attrs.field(default=None, init=False, repr=False)
    _matches: OrderedDict[tuple[frozenset[str], frozenset[str]], Sequence[int]] = attrs.field(
        factory=OrderedDict, init=False, repr=False
    )

    def __len__(self) -> int:
        return self.count + len(self._added)

    def item(self, index: int) -> dict[str, Any]:
        """Return the item at an index; it is not to be changed in place."""
        return self._kept.get(index) or self._make(index)

    def index(self, identifier: str) -> int | None:
        """Return where the item with this identifier is, or None."""
        if identifier in self._added:
            return self._added[identifier]
        index = index_of(identifier)
        return index if index < self.count and self._make(index)["Id"] == identifier else None

    def find(self, identifier: str) -> dict[str, Any] | None:
        """Return the item with this identifier, or None; it is not to be changed in place."""
        if identifier in self._added:
            return self._kept[self._added[identifier]]
        index = index_of(identifier)
        # Whether it was made just now or kept because it was changed, its identifier is the one that it was made with.
        item = self.item(index) if index < self.count else None
        return item if item and item["Id"] == identifier else None

    def add(self, item: dict[str, Any], *aliases: str) -> None:
        """Put an item behind the others.

        Arguments:
            item: the item; its identifier is new.
            aliases: identifiers of the other participant that it can be found by and does not show.
        """
        index = len(self)
        self._added[item["Id"]] = index
        self._kept[index] = item
        self._aliases[index] = aliases
        if self._facets is not None:
            self._facets.append(self._facets_at(index))
        self._matches.clear()

    def change(self, item: dict[str, Any]) -> None:
        """Put an item in the place of the one with the same identifier, which is there."""
        index = self.index(item["Id"])
        if index is None:
            raise KeyError(item["Id"])
        self._kept[index] = item
        self._encoded.pop(index, None)
        if self._facets is not None:
            self._facets[index] = self._facets_at(index)
        self._matches.clear()

    def summaries(self, indices: Sequence[int]) -> list[bytes]:
        """Return the summaries at these indices as JSON."""
        return [self._encoded.get(index) or self._encode(index) for index in indices]

    def _encode(self, index: int) -> bytes:
        made = self._encoded[index] = encode(self._summarise(self.item(index)))
        return made

    def _facets_at(self, index: int) -> Facets:
        facets = self._facets_of(self.item(index))
        aliases = self._aliases.get(index, ())
        return Facets(facets.labels, (*facets.others, *aliases)) if aliases else facets

    def matching(self, labels: frozenset[str], others: frozenset[str] = frozenset()) -> Sequence[int]:
        """Return the indices of the items that have all labels and, if there are others, one of them, in order.

        The first filter walks every item; the pages of one list are then cut from one remembered answer.
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
        if len(self._matches) > _REMEMBERED_FILTERS:
            self._matches.popitem(last=False)
        return found

    def page(self, indices: Sequence[int], start: int, size: int) -> Sequence[int]:
        """Return so many of the indices from `start` on: items that are added or drop out move no page."""
        first = bisect_left(indices, start)
        return indices[first : first + size]
