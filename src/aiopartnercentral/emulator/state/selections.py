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


@attrs.define
class Selection:
    """The items that a filter has selected so far.

    Attributes:
        first: the index at which it began to look.
        end: the index at which it goes on.
        found: the indices of the selected items.
        keys: what the selected items are sorted by, until it is complete.
        is_complete: whether it has looked at all items, and they are sorted.
        is_kept: whether it continues where it was interrupted.
    """

    first: int
    end: int
    found: list[int] = attrs.field(factory=list)
    keys: dict[int, Any] = attrs.field(factory=dict)
    is_complete: bool = False
    is_kept: bool = True

    def look(self, indices: Sequence[int], keep: Callable[[int], bool], count: int | None) -> list[int]:
        """Look for more items until so many are selected, and return their indices.

        Arguments:
            indices: the sorted indices of all items.
            keep: returns whether the item at an index is selected.
            count: the number; None to look at all items.
        """
        position = bisect_left(indices, self.end)
        while position < len(indices) and (count is None or len(self.found) < count):
            if self.is_kept:
                step()
            index = indices[position]
            if keep(index):
                self.found.append(index)
            position, self.end = position + 1, index + 1
        return self.found


@attrs.define
class Selections:
    """What filters have selected of a collection: all pages of one listing use the same result.

    A key is that of a filter and an order. None stands for a result that is not kept.
    """

    _kept: OrderedDict[bytes, Selection] = attrs.field(factory=OrderedDict, init=False)

    def clear(self) -> None:
        """Forget all results."""
        self._kept.clear()

    def every(
        self,
        key: bytes | None,
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

            def kept(index: int) -> bool:
                if not keep(index):
                    return False
                if order is not None:
                    # A filter and an order look at the same item one after the other.
                    selection.keys[index] = order(index)
                return True

            found = selection.look(indices, kept, None)
            if order is not None:
                found.sort(key=selection.keys.__getitem__, reverse=descending)
                selection.keys.clear()
            selection.is_complete = True
        return selection.found

    def following(
        self, key: bytes | None, indices: Sequence[int], keep: Callable[[int], bool], first: int, count: int
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

    def _selection(self, key: bytes | None, first: int) -> Selection:
        """Return a selection that begins at an index or before, and has no gap up to it."""
        selection = None if key is None else self._kept.pop(key, None)
        if selection is None or not selection.first <= first <= selection.end:
            selection = Selection(first, first, is_kept=key is not None)
        if key is not None:
            self._kept[key] = selection
        if len(self._kept) > CACHED_FILTERS:
            self._kept.popitem(last=False)
        return selection
