"""What of an unfinished source is in the output, so that nothing of it goes there twice when it has to begin anew.

A source begins anew when the page token of an earlier run is not good any more. By then some of its items are in the
output, among those of other sources, and cannot be taken back; so they are recognised by what they are.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Self

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Written"]

_SIZE = 12  # bytes of a fingerprint: among a thousand million items no two that differ have the same


@attrs.define(eq=False)
class Written:
    """The fingerprints of one source's items.

    Attributes:
        met: of the items since the source began, or began anew; all of them are in the output, or noted as left out.
        left: of those from before it began anew that have not come again yet.
    """

    met: bytearray = attrs.field(factory=bytearray)
    left: Counter[bytes] = attrs.field(factory=Counter)

    @classmethod
    def read(cls, met: bytes, left: bytes) -> Self:
        """Make it of what was kept: `met`, and `left_over`.

        Raises:
            ValueError: these are no fingerprints.
        """
        if len(met) % _SIZE or len(left) % _SIZE:
            raise ValueError("fingerprints are cut off")
        return cls(bytearray(met), Counter(_split(left)))

    @property
    def left_over(self) -> bytes:
        """What is left, one after the other."""
        return b"".join(self.left.elements())

    def begin_anew(self) -> None:
        """Note that everything comes once more."""
        self.left.update(_split(bytes(self.met)))
        self.met.clear()

    def add(self, item: bytes) -> bool:
        """Note an item, and tell whether it is new to the output.

        Arguments:
            item: its JSON.
        """
        fingerprint = hashlib.blake2b(item, digest_size=_SIZE).digest()
        self.met += fingerprint
        if fingerprint not in self.left:
            return True
        self.left[fingerprint] -= 1
        if not self.left[fingerprint]:
            del self.left[fingerprint]
        return False


def _split(fingerprints: bytes) -> Iterator[bytes]:
    return (fingerprints[start : start + _SIZE] for start in range(0, len(fingerprints), _SIZE))
