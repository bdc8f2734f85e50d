"""The items of one kind of one account: seeded ones, made on first use, then changed and added ones."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import msgspec

from aiopartnercentral.emulator.seed.random import index_of
from aiopartnercentral.emulator.state.selections import CACHED_FILTERS, Selections
from aiopartnercentral.emulator.state.steps import step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

_VERSIONS = 20

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
class EncodedItems:
    """The JSON of items, as listings show them, by the name of what they show and by the index of the item."""

    _kept: defaultdict[str, dict[int, bytes]] = attrs.field(factory=lambda: defaultdict(dict), init=False)

    def of(self, kind: str, indices: Sequence[int], show: Callable[[int], dict[str, Any]]) -> list[bytes]:
        """Return the JSON of the items at some indices.

        Arguments:
            kind: the name of what is shown.
            indices: the indices.
            show: returns what is shown of the item at an index; its results are kept under that name.
        """
        kept = self._kept[kind]
        for index in indices:
            if index not in kept:
                kept[index] = encode(show(index))
        return [kept[index] for index in indices]

    def forget(self, index: int) -> None:
        """Forget what is shown of the item at an index."""
        for kept in self._kept.values():
            kept.pop(index, None)

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()


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

    Attributes:
        changes: the number of changes; as long as it is the same, the items are.
        refreshes: the number of times that the seeded items were replaced.
    """

    count: int
    _make: Callable[[int], dict[str, Any]]
    _summarise: Callable[[dict[str, Any]], dict[str, Any]]
    _facets_of: Callable[[dict[str, Any]], Facets] = lambda _: Facets(frozenset())
    _index_of: Callable[[str], int] = attrs.field(default=index_of, alias="index_of")
    changes: int = attrs.field(default=0, init=False)
    _stored: dict[int, dict[str, Any]] = attrs.field(factory=dict, init=False, repr=False)
    _added: dict[str, int] = attrs.field(factory=dict, init=False, repr=False)
    _aliases: dict[int, tuple[str, ...]] = attrs.field(factory=dict, init=False, repr=False)
    _removed: set[int] = attrs.field(factory=set, init=False, repr=False)
    _encoded: EncodedItems = attrs.field(factory=EncodedItems, init=False, repr=False)
    _made: tuple[int, dict[str, Any]] = attrs.field(default=(-1, {}), init=False, repr=False)
    refreshes: int = attrs.field(default=0, init=False, repr=False)
    _earlier: dict[int, deque[dict[str, Any]]] = attrs.field(factory=dict, init=False, repr=False)
    _facets: dict[int, Facets] = attrs.field(factory=dict, init=False, repr=False)
    _matches: OrderedDict[tuple[frozenset[str], frozenset[str]], Sequence[int]] = attrs.field(
        factory=OrderedDict, init=False, repr=False
    )
    _selections: Selections = attrs.field(factory=Selections, init=False, repr=False)
    _facts: defaultdict[str, dict[int, Any]] = attrs.field(factory=lambda: defaultdict(dict), init=False, repr=False)

    def __len__(self) -> int:
        return self.count + len(self._added)

    def is_stored(self, index: int) -> bool:
        """Return whether the item at an index was added or changed."""
        return index in self._stored

    @property
    def indices(self) -> Sequence[int]:
        """The indices of all items, without the removed ones."""
        everything = range(len(self))
        return [index for index in everything if index not in self._removed] if self._removed else everything

    def item(self, index: int) -> dict[str, Any]:
        """Return the item at an index; do not change it in place."""
        stored = self._stored.get(index)
        if stored is not None:
            return stored
        # A filter and an order look at the same item one after the other.
        if index != self._made[0]:
            self._made = (index, self._make(index))
        return self._made[1]

    def stored(self, index: int) -> dict[str, Any] | None:
        """Return the item at an index if it was changed or added; do not change it in place."""
        return self._stored.get(index)

    def versions(self, identifier: str) -> list[dict[str, Any]]:
        """Return the item with this identifier after its latest changes, oldest first; empty if it does not exist."""
        index = self.index(identifier)
        return [] if index is None else [*self._earlier.get(index, ()), self.item(index)]

    def index(self, identifier: str) -> int | None:
        """Return the index of the item with this identifier, or None."""
        index = self._added[identifier] if identifier in self._added else self._index_of(identifier)
        is_one = identifier in self._added or (index < self.count and self._make(index)["Id"] == identifier)
        return index if is_one and index not in self._removed else None

    def find(self, identifier: str) -> dict[str, Any] | None:
        """Return the item with this identifier, or None; do not change it in place."""
        index = self._added[identifier] if identifier in self._added else self._index_of(identifier)
        # A change never changes the identifier, so comparing it works for stored and for seeded items.
        item = self.item(index) if index < len(self) and index not in self._removed else None
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
        self._forget(index)

    def change(self, item: dict[str, Any]) -> None:
        """Replace the item with the same identifier."""
        index = self.index(item["Id"])
        if index is None:
            raise KeyError(item["Id"])
        self._earlier.setdefault(index, deque(maxlen=_VERSIONS)).append(self.item(index))
        self._stored[index] = item
        self._forget_item(index)
        self._forget(index)

    def touch(self, identifier: str) -> None:
        """Forget what is cached of an item, because something that its summaries or filters depend on has changed."""
        index = self.index(identifier)
        if index is not None:
            self._forget_item(index)
            self._forget(index)

    def _forget_item(self, index: int) -> None:
        """Forget what is cached of the item at an index alone."""
        self._encoded.forget(index)
        self._facets.pop(index, None)
        for kept in self._facts.values():
            kept.pop(index, None)

    def remove(self, identifier: str) -> None:
        """Remove the item with an identifier; no index of another item changes."""
        index = self.index(identifier)
        if index is None:
            raise KeyError(identifier)
        self._removed.add(index)
        self._stored.pop(index, None)
        self._forget(index)

    def refresh(self, make: Callable[[int], dict[str, Any]]) -> None:
        """Replace how seeded items are made, because they have changed."""
        self._make, self._made = make, (-1, {})
        self.refreshes += 1
        self._encoded.clear()
        self._facets.clear()
        self._facts.clear()
        self._forget(None)

    def _forget(self, index: int | None) -> None:
        """Forget what filters have selected, because the item at an index has changed; None for all items."""
        self.changes += 1
        self._matches.clear()
        if index is None:
            self._selections.clear()
        else:
            self._selections.forget(index)

    def summaries(
        self,
        indices: Sequence[int],
        kind: str = "",
        summarise: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
    ) -> list[bytes]:
        """Return the summaries at these indices as JSON.

        Arguments:
            indices: the indices.
            kind: a name for the function, whose results are cached under it.
            summarise: reduces an item to a summary; by default the function of the collection.
        """
        reduce = summarise or self._summarise
        return self._encoded.of(kind, indices, lambda index: reduce(self.item(index)))

    def fact(self, name: str, index: int, of: Callable[[dict[str, Any]], T]) -> T:
        """Return what a function returns for the item at an index, and keep it until this item changes.

        Arguments:
            name: a name for the function.
            index: the index.
            of: the function.
        """
        kept = self._facts[name]
        if index not in kept:
            step()
            kept[index] = of(self.item(index))
        found: T = kept[index]
        return found

    def has(self, index: int, labels: frozenset[str], others: frozenset[str]) -> bool:
        """Return whether the item at an index has all labels and, unless it is empty, one of the others."""
        facets = self._facets.get(index)
        if facets is None:
            step()
            facets = self._facets_of(self.item(index))
            aliases = self._aliases.get(index, ())
            self._facets[index] = facets = Facets(facets.labels, (*facets.others, *aliases)) if aliases else facets
        return labels <= facets.labels and (not others or not others.isdisjoint(facets.others))

    def matching(self, labels: frozenset[str], others: frozenset[str] = frozenset()) -> Sequence[int]:
        """Return the sorted indices of the items that have all labels and, unless it is empty, one of the others.

        The first use visits every item; the result is cached until an item changes.
        """
        if not labels and not others:
            return self.indices
        found = self._matches.pop((labels, others), None)
        if found is None:
            found = [index for index in self.indices if self.has(index, labels, others)]
        self._matches[labels, others] = found
        if len(self._matches) > CACHED_FILTERS:
            self._matches.popitem(last=False)
        return found

    def select(
        self,
        key: bytes,
        keep: Callable[[int], bool],
        order: Callable[[dict[str, Any]], Any],
        *,
        name: str,
        descending: bool = False,
    ) -> Sequence[int]:
        """Return the indices of the items to keep, in an order of a name; see `Selections.every`."""
        return self._selections.every(
            key, self.indices, keep, lambda index: self.fact(name, index, order), descending=descending
        )

    def select_from(self, key: bytes, keep: Callable[[int], bool], first: int, count: int) -> Sequence[int]:
        """Return the indices of the next items to keep, from an index on; see `Selections.following`."""
        return self._selections.following(
            key, range(len(self)), lambda index: index not in self._removed and keep(index), first, count
        )
