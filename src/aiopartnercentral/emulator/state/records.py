"""The items of a service in one catalog, of all accounts: seeded ones are made when needed, changed ones are stored."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, overload

import attrs

from aiopartnercentral.emulator.seed.kinds import NOTHING, SeededKind
from aiopartnercentral.emulator.seed.random import MAX_ITEMS, DeterministicRandom, make_identifier
from aiopartnercentral.emulator.state.collection import EncodedItems
from aiopartnercentral.emulator.state.selections import Selections
from aiopartnercentral.emulator.state.steps import step

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

Item = dict[str, Any]
Change = Callable[[datetime], None]
_NEVER = datetime.max.replace(tzinfo=UTC)


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
    _changed: Callable[[Record], None] | None = attrs.field(default=None, alias="changed", repr=False)

    def replace(self, item: Item) -> None:
        """Make an item the latest revision."""
        self.item = item
        self.revisions.append(item)
        if self._changed is not None:
            self._changed(self)


@attrs.frozen
class _Indices(Sequence[int]):
    """The sorted indices of seeded records that were not removed, and of added ones, without a list of the former."""

    seeded: int
    removed: Sequence[int]
    added: Sequence[int]

    def __len__(self) -> int:
        return self.seeded - len(self.removed) + len(self.added)

    @overload
    def __getitem__(self, position: int) -> int: ...
    @overload
    def __getitem__(self, position: slice) -> list[int]: ...
    def __getitem__(self, position: int | slice) -> int | list[int]:
        if isinstance(position, slice):
            return [self[each] for each in range(*position.indices(len(self)))]
        left = self.seeded - len(self.removed)
        if position >= left:
            return self.added[position - left]
        # Before the n-th removed index there are as many others as its index minus n.
        return position + bisect_right(range(len(self.removed)), position, key=lambda n: self.removed[n] - n)


@attrs.define(eq=False)
class RecordCollection:
    """The records of one kind of all accounts, by index: seeded ones first, then added ones in their order.

    Arguments:
        seed: the seeded records.

    Attributes:
        changes: the number of changes; as long as it is the same, the stored records are.
        selections: what filters have selected.
        encoded: the JSON of records.
    """

    seed: SeededKind
    changes: int = attrs.field(default=0, init=False)
    selections: Selections = attrs.field(factory=Selections, init=False)
    encoded: EncodedItems = attrs.field(factory=EncodedItems, init=False)
    _stored: dict[int, Record] = attrs.field(factory=dict, init=False)
    _added: dict[str, int] = attrs.field(factory=dict, init=False)
    _removed: list[int] = attrs.field(factory=list, init=False)
    _owned: defaultdict[str, list[int]] = attrs.field(factory=lambda: defaultdict(list), init=False)
    _children: defaultdict[str, list[int]] = attrs.field(factory=lambda: defaultdict(list), init=False)
    _parents: dict[int, str] = attrs.field(factory=dict, init=False)
    _additions: int = attrs.field(default=0, init=False)
    _depends_on: Hashable = attrs.field(default=None, init=False)
    _until: datetime = attrs.field(default=_NEVER, init=False)

    def get(self, identifier: str) -> Record | None:
        """Return the record with an identifier, or None."""
        index = self._index(identifier)
        return None if index is None else self.at(index)

    def _index(self, identifier: str) -> int | None:
        if identifier in self._added:
            return self._added[identifier]
        index = self.seed.index(identifier)
        return None if index is None or index in self._removed else index

    def at(self, index: int) -> Record:
        """Return the record at an index."""
        if index in self._stored:
            return self._stored[index]
        revisions = self.seed.make(index)
        return Record(self.seed.account, revisions[-1], revisions, changed=lambda record: self._keep(index, record))

    def _keep(self, index: int, record: Record) -> None:
        self._stored[index] = record
        self._forget(index)

    def _forget(self, index: int) -> None:
        """Forget what is cached and depends on the record at an index."""
        self.changes += 1
        self.selections.forget(index)
        self.encoded.forget(index)

    def refresh(self, depends_on: Hashable, now: datetime) -> None:
        """Forget everything that is cached, if what it depends on apart from the stored records has changed.

        Arguments:
            depends_on: anything that differs after a change of something else.
            now: the time.
        """
        if depends_on != self._depends_on or now >= self._until:
            self.selections.clear()
            self.encoded.clear()
            self._depends_on, self._until = depends_on, _NEVER

    def expire(self, due: datetime | None) -> None:
        """Let everything that is cached be forgotten at a time, when what is shown of a record changes by itself."""
        if due is not None:
            self._until = min(self._until, due)

    def add(self, identifier: str, account: str, item: Item, parent: str = "") -> None:
        """Add a record at the end.

        Arguments:
            identifier: its identifier.
            account: the account that owns it.
            item: its first revision.
            parent: the identifier of the record that it is below.
        """
        index = self.seed.count + self._additions
        self._additions += 1
        self._added[identifier] = index
        self._keep(index, Record(account, item, [item], changed=lambda record: self._keep(index, record)))
        self._owned[account].append(index)
        if parent:
            self._children[parent].append(index)
            self._parents[index] = parent

    def remove(self, identifier: str) -> None:
        """Remove the record with an identifier."""
        index = self._index(identifier)
        if index is None:
            raise KeyError(identifier)
        record = self._stored.pop(index, None)
        if index < self.seed.count:
            self._removed.insert(bisect_right(self._removed, index), index)
        elif record is not None:
            del self._added[identifier]
            self._owned[record.account].remove(index)
            if index in self._parents:
                self._children[self._parents.pop(index)].remove(index)
        self._forget(index)

    def stored(self, index: int) -> Item | None:
        """Return the item of the record at an index if it was changed or added."""
        return self._stored[index].item if index in self._stored else None

    def accounts(self) -> list[str]:
        """Return the accounts that own records; that of the seeded ones comes first."""
        return [self.seed.account, *sorted(account for account in self._owned if account != self.seed.account)]

    def of(self, account: str) -> Sequence[int]:
        """Return the indices of the records that an account owns."""
        if account != self.seed.account:
            return self._owned.get(account, ())
        return _Indices(self.seed.count, self._removed, self._owned[account])

    def all(self) -> Sequence[int]:
        """Return the indices of all records."""
        return _Indices(self.seed.count, self._removed, list(self._added.values()))

    def below(self, parent: str) -> list[int]:
        """Return the indices of the records below the record with an identifier, without visiting others."""
        seeded = (each for each in self.seed.below(parent) if each not in self._removed)
        return [*seeded, *self._children.get(parent, ())]

    def children(self, parent: str) -> list[Record]:
        """Return the records below the record with an identifier."""
        return [self.at(index) for index in self.below(parent)]


@attrs.define(eq=False)
class RecordStore:
    """The records of all accounts.

    Arguments:
        key: equal keys give equal identifiers.
        seeds: the seeded records by kind.

    Attributes:
        tags: the tags of each resource, by its ARN.
        tasks: the latest task of a resource, by the resource's identifier.
    """

    key: str
    seeds: Mapping[str, SeededKind] = attrs.field(factory=dict)
    tags: dict[str, dict[str, str]] = attrs.field(factory=dict, init=False)
    tasks: dict[str, Item] = attrs.field(factory=dict, init=False)
    _collections: dict[str, RecordCollection] = attrs.field(factory=dict, init=False)
    _counts: Counter[str] = attrs.field(factory=Counter, init=False)
    _changes: list[tuple[datetime, int, Change]] = attrs.field(factory=list, init=False)
    _scheduled: int = attrs.field(default=0, init=False)

    def kind(self, name: str) -> RecordCollection:
        """Return the records of a kind."""
        if name not in self._collections:
            self._collections[name] = RecordCollection(self.seeds.get(name, NOTHING))
        return self._collections[name]

    def identifier(self, prefix: str, salt: int) -> str:
        """Return an unused identifier with so many random letters and digits before those of its index."""
        self._counts[prefix] += 1
        random = DeterministicRandom(f"{self.key}/{prefix}/{self._counts[prefix]}")
        return make_identifier(prefix, random, MAX_ITEMS - self._counts[prefix], salt)

    def schedule(self, due: datetime, change: Change) -> None:
        """Apply a change at a time; it gets that time."""
        self._scheduled += 1
        heappush(self._changes, (due, self._scheduled, change))

    def settle(self, now: datetime) -> None:
        """Apply the changes that are due."""
        while self._changes and self._changes[0][0] <= now:
            step()
            due, _, change = heappop(self._changes)
            change(due)
