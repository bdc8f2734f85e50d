"""Which items of an unfinished source are in the output, so that none is written twice when the source restarts.

A source restarts from its first page when the page token of an earlier run has expired. By then some of its items are
in the output, among those of other sources, and cannot be removed; so fingerprints of their JSON recognise them.
"""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b
from typing import TYPE_CHECKING, Self

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["SeenItems"]

_SIZE = 12  # bytes of a fingerprint: among a thousand million items no two that differ have the same


@attrs.define(eq=False)
class SeenItems:
    """The fingerprints of one source's items.

    Attributes:
        seen: of the items since the source started or restarted; all are in the output, or noted as left out.
        expected: of those from before it restarted that have not come again yet.
    """

    seen: bytearray = attrs.field(factory=bytearray)
    expected: Counter[bytes] = attrs.field(factory=Counter)

    @classmethod
    def load(cls, seen: bytes, expected: bytes) -> Self:
        """Make it of what was stored: `seen`, and `stored_expected`.

        Raises:
            ValueError: these are not fingerprints.
        """
        if len(seen) % _SIZE or len(expected) % _SIZE:
            raise ValueError("fingerprints are cut off")
        return cls(bytearray(seen), Counter(_split(expected)))

    @property
    def stored_expected(self) -> bytes:
        """The expected fingerprints, one after the other."""
        return b"".join(self.expected.elements())

    def restart(self) -> None:
        """Note that everything comes once more."""
        self.expected.update(_split(bytes(self.seen)))
        self.seen.clear()

    def add(self, item: bytes) -> bool:
        """Note an item by its JSON, and return whether it is new to the output."""
        fingerprint = blake2b(item, digest_size=_SIZE).digest()
        self.seen += fingerprint
        if not self.expected or fingerprint not in self.expected:
            return True
        self.expected[fingerprint] -= 1
        if not self.expected[fingerprint]:
            del self.expected[fingerprint]
        return False

    def add_all(self, items: Iterable[bytes]) -> Sequence[bool]:
        """Note items by their JSON, and return for each whether it is new to the output."""
        if self.expected:
            return [self.add(item) for item in items]
        fingerprints = [blake2b(item, digest_size=_SIZE).digest() for item in items]
        self.seen += b"".join(fingerprints)
        return [True] * len(fingerprints)


def _split(fingerprints: bytes) -> Iterator[bytes]:
    return (fingerprints[start : start + _SIZE] for start in range(0, len(fingerprints), _SIZE))
