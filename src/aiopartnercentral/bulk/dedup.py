"""Fingerprints of the items that are in the output, so that none is written twice when a source restarts.

A source restarts from its first page when the page token of an earlier run has expired. Some of its items are in the
output by then, between those of other sources, and cannot be removed. Fingerprints of their JSON recognise them.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["SeenItems", "fingerprint", "split_fingerprints"]

_SIZE = 12  # bytes of a fingerprint, so that a collision among a billion items is practically impossible
_BLANK = blake2b(digest_size=_SIZE)  # which is copied, as reading its options again takes a fifth of the time


@attrs.define(eq=False)
class SeenItems:
    """The fingerprints of one source's items.

    Attributes:
        seen: fingerprints of the items since the source started or restarted; each is in the output, or was omitted.
        expected: fingerprints of the items from before a restart that have not been fetched again yet.
        written: number of items in the output, since the service may not have those any more that were fetched before
            a restart; None without a restart.
    """

    seen: bytearray = attrs.field(factory=bytearray)
    expected: Counter[bytes] = attrs.field(factory=Counter)
    written: int | None = None

    @classmethod
    def load(cls, seen: bytes, expected: bytes, written: int | None = None) -> Self:
        """Load the stored `seen`, `stored_expected` and `written`.

        Raises:
            ValueError: the data are not fingerprints.
        """
        split_fingerprints(seen)
        return cls(bytearray(seen), Counter(split_fingerprints(expected)), written)

    @property
    def stored_expected(self) -> bytes:
        """The expected fingerprints as bytes, to be stored."""
        return b"".join(self.expected.elements())

    def restart(self, written: int = 0) -> None:
        """Expect all seen items again, as the source restarts.

        Arguments:
            written: number of items that were written before the first restart.
        """
        if self.written is None:
            self.written = written
        self.expected.update(split_fingerprints(bytes(self.seen)))
        self.seen.clear()

    def add(self, item: bytes) -> bool:
        """Add an item by its JSON, and return whether it is not in the output yet."""
        found = fingerprint(item)
        self.seen += found
        if not self.expected or found not in self.expected:
            return True
        self.expected[found] -= 1
        if not self.expected[found]:
            del self.expected[found]
        return False

    def add_all(self, items: Iterable[bytes]) -> Sequence[bool]:
        """Add items by their JSON, and return for each whether it is not in the output yet."""
        if self.expected:
            new = [self.add(item) for item in items]
        else:
            fingerprints = [fingerprint(item) for item in items]
            self.seen += b"".join(fingerprints)
            new = [True] * len(fingerprints)
        if self.written is not None:
            self.written += sum(new)
        return new


def fingerprint(item: bytes) -> bytes:
    """Return the fingerprint of an item's JSON."""
    state = _BLANK.copy()
    state.update(item)
    return state.digest()


def split_fingerprints(fingerprints: bytes) -> Iterator[bytes]:
    """Return the single ones of several fingerprints.

    Raises:
        ValueError: the data are not fingerprints.
    """
    if len(fingerprints) % _SIZE:
        raise ValueError("fingerprints are truncated")
    return (fingerprints[start : start + _SIZE] for start in range(0, len(fingerprints), _SIZE))
