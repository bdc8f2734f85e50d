"""What the filters and orders of listings select of a collection, and how much of it is known."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiopartnercentral.emulator.state.steps import step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

CACHED_FILTERS: Final = 64
"""Of how many filters a collection keeps the results."""
_NO, _YES = 1, 2


@attrs.define
class Selection:
    """The items that a filter has selected so far.

    Attributes:
        first: the index at which it began to look.
        end: the index at which it goes on.
        found: the indices of the selected items.
        keys: what the selected items are sorted by, until it is complete.
        verdicts: by the index of an item, 0 if it has not been looked at, 1 if it is not selected, 2 if it is. They
            outlive changes of other items, which could otherwise make it begin again for ever.
        is_complete: whether it has looked at all items, and they are sorted.
        is_outdated: whether it has to look again, at all items without a verdict.
    """

    first: int
    end: int
    found: list[int] = attrs.field(factory=list)
    keys: dict[int, Any] = attrs.field(factory=dict)
    verdicts: bytearray = attrs.field(factory=bytearray)
    is_complete: bool = False
    is_outdated: bool = False

    def restart(self, first: int) -> None:
        """Begin to look again at an index."""
        self.first = self.end = first
        self.found, self.is_complete, self.is_outdated = [], False, False

    def forget(self, index: int) -> None:
        """Look again because of a change of the item at an index."""
        self.is_outdated = True
        if index < len(self.verdicts):
            self.verdicts[index] = 0
        self.keys.pop(index, None)

    def look(
        self,
        indices: Sequence[int],
        keep: Callable[[int], bool],
        count: int | None,
        order: Callable[[int], Any] | None = None,
    ) -> list[int]:
        """Look for more items until so many are selected, and return their indices.

        Arguments:
            indices: the sorted indices of all items.
            keep: returns whether the item at an index is selected.
            count: the number; None to look at all items.
            order: returns what to sort the item at an index by; None for the order of the collection.
        """
        if len(indices):
            self.verdicts.extend(bytes(max(0, indices[len(indices) - 1] + 1 - len(self.verdicts))))
        position, verdicts = bisect_left(indices, self.end), self.verdicts
        while position < len(indices) and (count is None or len(self.found) < count):
            index = indices[position]
            is_kept = verdicts[index] == _YES
            if not verdicts[index] or (is_kept and order is not None and index not in self.keys):
                step()
                is_kept = keep(index)
                if is_kept and order is not None:
                    # A filter and an order look at the same item one after the other.
                    self.keys[index] = order(index)
                verdicts[index] = _YES if is_kept else _NO
            if is_kept:
                self.found.append(index)
            position, self.end = position + 1, index + 1
        return self.found


@attrs.define
class Selections:
    """What filters have selected of a collection: all pages of one listing use the same result.

    A key is that of a filter and an order.
    """

    _kept: OrderedDict[bytes, Selection] = attrs.field(factory=OrderedDict, init=False)

    def clear(self) -> None:
        """Forget all results."""
        self._kept.clear()

    def forget(self, index: int) -> None:
        """Forget the results after a change of the item at an index, but not what was found out about other items."""
        for selection in self._kept.values():
            selection.forget(index)

    def every(
        self,
        key: bytes,
        indices: Sequence[int],
        keep: Callable[[int], bool],
        order: Callable[[int], Any] | None = None,
        *,
        descending: bool = False,
    ) -> Sequence[int]:
        """Return the indices of the items to keep, in an order; the first time, this visits every item.

        Arguments:
            key: equal keys select the same items in the same order.
            indices: the sorted indices of all items.
            keep: returns whether the item at an index is selected.
            order: returns what to sort the item at an index by; None for the order of the collection.
            descending: whether to sort in descending order.
        """
        selection = self._selection(key, 0)
        if not selection.is_complete:
            found = selection.look(indices, keep, None, order)
            if order is not None:
                found.sort(key=selection.keys.__getitem__, reverse=descending)
                selection.keys.clear()
            selection.is_complete = True
        return selection.found

    def following(
        self, key: bytes, indices: Sequence[int], keep: Callable[[int], bool], first: int, count: int
    ) -> Sequence[int]:
        """Return the indices of the next items to keep; this visits no more items than it has to.

        Arguments:
            key: equal keys select the same items.
            indices: the sorted indices of all items.
            keep: returns whether the item at an index is selected.
            first: the least index.
            count: the maximum number of items.
        """
        selection = self._selection(key, first)
        start = bisect_left(selection.found, first)
        return selection.look(indices, keep, start + count)[start : start + count]

    def _selection(self, key: bytes, first: int) -> Selection:
        """Return a selection that begins at an index or before, and has no gap up to it."""
        selection = self._kept.pop(key, None)
        if selection is None:
            selection = Selection(first, first)
        elif selection.is_outdated or not selection.first <= first <= selection.end:
            selection.restart(first)
        self._kept[key] = selection
        if len(self._kept) > CACHED_FILTERS:
            self._kept.popitem(last=False)
        return selection
